//! Where exactly an answer comes from: the sentence of a passage that a claim rests on, and the page it stands on.

use crate::Service;
use mortise_domain::block::{Block, Place};
use mortise_domain::{Caller, DatasetId, DocumentId, Result};
use mortise_text::analyzer;
use std::collections::HashSet;

/// The sentence of a passage that shares most terms with a claim; the first among equals, the passage's beginning when
/// nothing is shared.
pub fn best_sentence<'a>(passage: &'a str, claim: &str) -> &'a str {
    let wanted = analyzer::terms_for_index(claim);
    let shared = |sentence: &str| {
        let own = analyzer::terms_for_index(sentence);
        own.intersection(&wanted).count() as f64 / (1.0 + own.len() as f64).sqrt()
    };
    let mut best = ("", -1.0);
    for sentence in sentences(passage) {
        let score = shared(sentence);
        if score > best.1 {
            best = (sentence, score);
        }
    }
    best.0
}

/// Cuts at line ends and after sentence marks.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut cuts = vec![0];
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, c)| *c);
        let ends = match c {
            '\n' | '。' | '！' | '？' | '；' => true,
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            _ => false,
        };
        if ends {
            cuts.push(at + c.len_utf8());
        }
    }
    cuts.push(text.len());
    let pieces: Vec<&str> = cuts.windows(2).map(|pair| text[pair[0]..pair[1]].trim()).collect();
    pieces.into_iter().filter(|piece| !piece.is_empty())
}

impl Service {
    /// The place of a quotation in a document, found among the blocks of its last parse; `None` when the quotation or
    /// its place is not known.
    ///
    /// # Errors
    /// `NotFound` for the document.
    pub async fn locate(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        quotation: &str,
    ) -> Result<Option<Place>> {
        let document = self.get_document(caller, dataset, document).await?;
        let Some(parsed) = crate::ingest::kept_blocks(self, &*self.plugins_of(&caller.tenant), &document).await? else {
            return Ok(None);
        };
        Ok(place(&parsed.blocks, quotation))
    }
}

/// The block that holds the quotation whole, or else shares most of its words.
fn place(blocks: &[Block], quotation: &str) -> Option<Place> {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = squeeze(quotation);
    let whole = blocks.iter().filter(|b| !b.places.is_empty()).find(|b| squeeze(&b.text).contains(&wanted));
    if let Some(block) = whole {
        return block.places.first().copied();
    }
    let words: HashSet<&str> = wanted.split(' ').collect();
    let shared = |block: &Block| block.text.split_whitespace().collect::<HashSet<_>>().intersection(&words).count();
    let best = blocks.iter().filter(|b| !b.places.is_empty()).max_by_key(|b| shared(b))?;
    (shared(best) * 2 > words.len()).then(|| best.places.first().copied()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::BlockKind;

    #[test]
    fn the_sentence_that_says_it_is_found() {
        let passage = "Cranes lift 42 tonnes. A rope with six broken wires is replaced.\nLogs are blue.";
        assert_eq!(best_sentence(passage, "rope, broken wires"), "A rope with six broken wires is replaced.");
        assert_eq!(best_sentence("起重机很大。绳子断了。", "绳子"), "绳子断了。");
        assert_eq!(best_sentence("", "x"), "");
    }

    #[test]
    fn a_quotation_is_found_across_line_breaks() {
        let block = |page, text: &str| Block {
            id: page,
            kind: BlockKind::Paragraph,
            text: text.into(),
            level: 0,
            places: vec![Place { page, rect: None }],
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent: None,
        };
        let blocks = [block(1, "The first page."), block(2, "A rope with\nsix broken wires.")];
        assert_eq!(place(&blocks, "rope with six broken").map(|p| p.page), Some(2));
        assert_eq!(place(&blocks, "A rope with six cracked wires.").map(|p| p.page), Some(2));
        assert_eq!(place(&blocks, "nothing of this"), None);
    }
}
