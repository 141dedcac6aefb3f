//! Chinese and Japanese runs: words by dictionary, pairs of characters for what no dictionary knows.

use super::fold::{Class, class};
use super::runs::{Folded, Sink, spell};
use super::{Kind, stop};
use jieba_rs::Jieba;
use std::collections::HashSet;
use std::sync::OnceLock;

/// The dictionary takes a moment and some memory, so it is loaded when the first Chinese text comes.
fn jieba() -> &'static Jieba {
    static JIEBA: OnceLock<Jieba> = OnceLock::new();
    JIEBA.get_or_init(Jieba::new)
}

/// Adds the terms of a run of Chinese characters and Kana and gives its number of characters.
pub(super) fn split(run: &[Folded], sink: &mut Sink) -> usize {
    // Characters that belong to stop words; pairs with them say nothing.
    let mut empty = HashSet::new();
    let mut at = 0;
    for part in run.chunk_by(|a, b| class(a.ch) == class(b.ch)) {
        if class(part[0].ch) == Class::Han {
            words(part, at, sink, &mut empty);
        }
        at += part.len();
    }
    for (at, pair) in run.windows(2).enumerate() {
        if !(sink.query && (empty.contains(&at) || empty.contains(&(at + 1)))) {
            let kana = pair.iter().all(|c| class(c.ch) == Class::Kana);
            sink.push_as_is(pair, at, if kana { Kind::Word } else { Kind::Part });
        }
    }
    for (at, single) in run.chunks(1).enumerate() {
        let alone = run.len() == 1;
        let han = class(single[0].ch) == Class::Han;
        if alone || (han && !sink.query) {
            sink.push_as_is(single, at, if alone { Kind::Word } else { Kind::Character });
        }
    }
    run.len()
}

/// Adds the dictionary words of `part`, which begins `at` characters into its run, and the words of three characters
/// in longer ones (those of two are among the pairs).
fn words(part: &[Folded], at: usize, sink: &mut Sink, empty: &mut HashSet<usize>) {
    if part.len() < 2 {
        return;
    }
    for token in jieba().cut(&spell(part), true) {
        let characters = &part[token.start..token.end];
        let kind = if stop::is_chinese(token.word) { Kind::Stop } else { Kind::Word };
        if kind == Kind::Stop {
            empty.extend(at + token.start..at + token.end);
        }
        sink.push_as_is(characters, at + token.start, kind);
        if characters.len() > 3 {
            for (inside, three) in characters.windows(3).enumerate() {
                if jieba().has_word(&spell(three)) {
                    sink.push_as_is(three, at + token.start + inside, Kind::Part);
                }
            }
        }
    }
}
