//! The events of an answer: text in pieces of a few words, then the usage, then why it ended.

use mortise_sdk::chat_model::{Event, FinishReason, Message, Request, Usage};
use mortise_sdk::{Result, host};
use mortise_shared_text::word::is_unsegmented;
use std::collections::VecDeque;

/// Words of a piece; characters of scripts without blanks count as half.
const HALF_WORDS: u32 = 8;

/// Events, made when the first is asked for.
pub(crate) struct Stream<A> {
    /// Taken by the first call.
    begin: Option<(Request, A)>,
    events: VecDeque<Event>,
}

impl<A: FnOnce(&Request) -> Result<String>> Stream<A> {
    pub(crate) fn new(request: Request, answer: A) -> Self {
        Self { begin: Some((request, answer)), events: VecDeque::new() }
    }
}

impl<A: FnOnce(&Request) -> Result<String>> Iterator for Stream<A> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((request, answer)) = self.begin.take() {
            match answer(&request) {
                Ok(answer) => self.events = events(&request, answer),
                Err(error) => return Some(Err(error)),
            }
        }
        self.events.pop_front().map(Ok)
    }
}

fn events(request: &Request, mut answer: String) -> VecDeque<Event> {
    let mut reason = FinishReason::Stop;
    let stops = request.stop.iter().filter(|stop| !stop.is_empty());
    if let Some(end) = stops.filter_map(|stop| answer.find(stop.as_str())).min() {
        answer.truncate(end);
    }
    if let Some(most) = request.max_tokens {
        let end = if most == 0 { Some(0) } else { host::token_cuts(&answer, most).first().map(|&cut| cut as usize) };
        if let Some(end) = end.filter(|&end| end < answer.len() && answer.is_char_boundary(end)) {
            answer.truncate(end);
            reason = FinishReason::Length;
        }
    }
    let mut texts: Vec<String> = request.messages.iter().map(Message::text).collect();
    texts.push(answer.clone());
    let mut counts = host::count_tokens(&texts);
    let completion_tokens = counts.pop().unwrap_or(0);
    let prompt_tokens = counts.into_iter().fold(0_u32, u32::saturating_add);
    let mut events: VecDeque<Event> = pieces(&answer).map(|piece| Event::Text(piece.to_owned())).collect();
    events.push_back(Event::Usage(Usage { prompt_tokens, completion_tokens }));
    events.push_back(Event::Finish(reason));
    events
}

/// Pieces of a few words that concatenate to `text`. A citation is never torn.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (mut weight, mut in_brackets, mut before) = (0, false, ' ');
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            let starts = c.is_whitespace() && !before.is_whitespace();
            if weight >= HALF_WORDS && !in_brackets && (starts || is_unsegmented(c)) && at > 0 {
                end = at;
                break;
            }
            weight += if is_unsegmented(c) { 1 } else { u32::from(starts) * 2 };
            in_brackets = c == '[' || (in_brackets && c != ']');
            before = c;
        }
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_concatenate() {
        for text in [
            "",
            "one",
            "one two three four five six seven [ID:0]. eight",
            "灯塔管理员数了七艘船 [ID:12]。潮水上涨",
            " \n ",
        ] {
            let found: Vec<&str> = pieces(text).collect();
            assert_eq!(found.concat(), text);
            assert!(found.iter().all(|p| p.matches('[').count() == p.matches(']').count()), "{found:?}");
        }
        assert!(pieces("one two three four five six seven eight nine").count() >= 2);
    }
}
