//! `tokens`: counting is the host's, native and one for all plugins.

use crate::bindings::host::mortise::plugin::tokens::Host;
use crate::fault::refuse;
use crate::instance::State;
use mortise_domain::plugin::FaultReason;

/// Text up to this many bytes is counted where the guest runs: about a millisecond. More goes to the threads that may
/// block, so that the call can be cancelled meanwhile.
const INLINE: usize = 16 << 10;

impl Host for State {
    async fn count(&mut self, texts: Vec<String>) -> wasmtime::Result<Vec<u32>> {
        let size: usize = texts.iter().map(String::len).sum();
        let (control, wanted) = (self.control.clone(), texts.len());
        let count = move || -> Vec<u32> {
            // Stops between texts when nobody waits for the result any more.
            let counted = texts.iter().take_while(|_| control.due().is_none());
            counted.map(|text| saturated(mortise_text::tokens::count(text))).collect()
        };
        let counts = elsewhere(size, count).await?;
        if counts.len() < wanted {
            // Not handed over: a guest would stumble over the missing ones, and be blamed for it.
            return refuse(self.control.due().unwrap_or(FaultReason::Cancelled));
        }
        Ok(counts)
    }

    async fn cuts(&mut self, text: String, limit: u32) -> wasmtime::Result<Vec<u32>> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        elsewhere(text.len(), move || mortise_text::tokens::cuts(&text, limit).into_iter().map(saturated).collect())
            .await
    }
}

async fn elsewhere<T: Send + 'static>(size: usize, work: impl FnOnce() -> T + Send + 'static) -> wasmtime::Result<T> {
    if size <= INLINE { Ok(work()) } else { Ok(tokio::task::spawn_blocking(work).await?) }
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Cancel;

    #[tokio::test]
    async fn a_cancelled_count_ends_the_call() {
        let cancel = Cancel::new();
        let mut store = crate::instance::tests::store(cancel.clone(), None);
        cancel.cancel();
        let error = store.data_mut().count(vec!["tenon".into()]).await.unwrap_err();
        assert!(error.to_string().contains("cancelled"), "{error}");
        assert!(store.data_mut().count(vec![]).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn short_and_long_texts_count_alike() {
        let mut store = crate::instance::tests::store(Cancel::new(), None);
        let state = store.data_mut();
        let word = "tenon ".to_owned();
        let long = word.repeat(INLINE);
        let counts = state.count(vec![word.clone(), String::new(), long.clone()]).await.unwrap();
        assert_eq!(counts.len(), 3);
        assert!(counts[0] > 0 && counts[1] == 0 && counts[2] as usize >= INLINE, "{counts:?}");
        let cuts = state.cuts(long.clone(), 1000).await.unwrap();
        let ends: Vec<usize> = cuts.iter().map(|&cut| cut as usize).collect();
        assert!(ends.is_sorted() && ends.iter().all(|&end| long.is_char_boundary(end)));
        assert!(state.cuts(word, 1000).await.unwrap().is_empty());
    }
}
