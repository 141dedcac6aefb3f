//! `source`: the bytes of the file, by range.

use crate::fault::refuse;
use crate::instance::State;
use mortise_domain::plugin::FaultReason;
use mortise_domain::source::SourceFile;
use wasmtime::component::Resource;

/// What a guest's `file` handle stands for.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct File(pub(crate) SourceFile);

/// Ranges up to this long are read where the guest runs, most often from the page cache; longer ones where threads may
/// block.
const INLINE: u64 = 1 << 20;

impl State {
    /// At most `length` bytes from `offset`; fewer only at the end of the file. Ends a call that was cancelled.
    pub(crate) async fn read_file(
        &mut self,
        file: &Resource<File>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Vec<u8>> {
        if self.control.cancelled() {
            return refuse(FaultReason::Cancelled);
        }
        let bytes = self.table.get(file)?.0.bytes.clone();
        let left = bytes.size().saturating_sub(offset);
        let length = left.min(u64::from(length));
        if length > self.limits.memory_bytes {
            return refuse(FaultReason::OutOfMemory(self.limits.memory_bytes));
        }
        let wanted = usize::try_from(length)?;
        let read = if length <= INLINE {
            bytes.read_at(offset, wanted)
        } else {
            tokio::task::spawn_blocking(move || bytes.read_at(offset, wanted)).await?
        };
        // Not the plugin's doing, but it ends this call.
        read.or_else(|error| refuse(FaultReason::Internal(format!("the file could not be read: {error}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Cancel;
    use mortise_domain::source::ByteSource;
    use std::sync::Arc;

    /// Larger than memory, and broken where it is read.
    struct Huge;

    impl ByteSource for Huge {
        fn size(&self) -> u64 {
            1 << 40
        }

        fn read_at(&self, _: u64, _: usize) -> std::io::Result<Vec<u8>> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }

    #[tokio::test]
    async fn ranges() {
        let mut store = crate::instance::tests::store(Cancel::new(), None);
        let state = store.data_mut();
        let mut open = |bytes: Arc<dyn ByteSource>| {
            let file = SourceFile { name: "a".into(), media_type: "b".into(), bytes };
            state.table.push(File(file)).unwrap().rep()
        };
        let (small, huge) = (open(Arc::new(b"0123456789".to_vec())), open(Arc::new(Huge)));
        let mut read = async |file, offset, length| state.read_file(&Resource::new_borrow(file), offset, length).await;
        assert_eq!(read(small, 3, 4).await.unwrap(), b"3456");
        assert_eq!(read(small, 8, u32::MAX).await.unwrap(), b"89");
        assert_eq!(read(small, u64::MAX, 1).await.unwrap(), b"");
        let error = read(huge, 0, u32::MAX).await.unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{error}");
        for length in [1, 2 << 20] {
            let error = read(huge, 0, length).await.unwrap_err();
            assert!(error.to_string().contains("the disk is gone"), "{error}");
        }
    }
}
