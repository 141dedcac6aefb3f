//! Thoughts that a server leaves in the text: models that reason write `<think>…</think>` before their answer, and a
//! server that does not know the model passes it on as it is.

use mortise_sdk::chat_model::Event;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Parts the text of one answer into thoughts and answer. Only a mark at the very beginning counts; later ones are
/// text about marks.
#[derive(Debug, Default)]
pub(crate) struct Thoughts {
    state: State,
    /// Text that may still turn out to be part of a mark.
    held: String,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Start,
    Inside,
    /// Between the thoughts and the first letter of the answer.
    Between,
    Answer,
}

impl Thoughts {
    /// Takes the next piece of text.
    pub(crate) fn push(&mut self, text: &str, events: &mut Vec<Event>) {
        if matches!(self.state, State::Answer) {
            events.push(Event::Text(text.into()));
            return;
        }
        self.held.push_str(text);
        if matches!(self.state, State::Start) {
            let begun = self.held.trim_start();
            if let Some(inside) = begun.strip_prefix(OPEN) {
                self.held = inside.to_owned();
                self.state = State::Inside;
            } else if !OPEN.starts_with(begun) {
                self.state = State::Answer;
                self.flush(events);
            }
        }
        if matches!(self.state, State::Inside) {
            self.think(events);
        }
        if matches!(self.state, State::Between) {
            self.held = self.held.trim_start().to_owned();
            if !self.held.is_empty() {
                self.state = State::Answer;
                self.flush(events);
            }
        }
    }

    fn think(&mut self, events: &mut Vec<Event>) {
        if let Some((thoughts, answer)) = self.held.split_once(CLOSE) {
            if !thoughts.is_empty() {
                events.push(Event::Thinking(thoughts.into()));
            }
            self.held = answer.to_owned();
            self.state = State::Between;
            return;
        }
        let mark = (1..CLOSE.len()).rev().find(|&n| self.held.ends_with(&CLOSE[..n])).unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - mark);
        let thoughts = std::mem::replace(&mut self.held, rest);
        if !thoughts.is_empty() {
            events.push(Event::Thinking(thoughts));
        }
    }

    /// Gives what is held, at the end of the answer.
    pub(crate) fn flush(&mut self, events: &mut Vec<Event>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            events.push(if matches!(self.state, State::Inside) { Event::Thinking(held) } else { Event::Text(held) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thoughts and answer; the same wherever the text is cut.
    fn parted(text: &str) -> (String, String) {
        let part = |size: usize| {
            let (mut thoughts, mut events) = (Thoughts::default(), Vec::new());
            let letters: Vec<char> = text.chars().collect();
            for piece in letters.chunks(size) {
                thoughts.push(&piece.iter().collect::<String>(), &mut events);
            }
            thoughts.flush(&mut events);
            let mut out = (String::new(), String::new());
            for event in events {
                match event {
                    Event::Thinking(text) => out.0.push_str(&text),
                    Event::Text(text) => out.1.push_str(&text),
                    other => panic!("{other:?}"),
                }
            }
            out
        };
        let whole = part(text.len().max(1));
        for size in 1..9 {
            assert_eq!(part(size), whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn marked_thoughts_are_parted_from_the_answer() {
        let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(parted("<think>hm, 1 < 2 </thin</think>\n\nYes."), both("hm, 1 < 2 </thin", "Yes."));
        assert_eq!(parted("\n<think></think>Yes. </think> too"), both("", "Yes. </think> too"));
        assert_eq!(parted("<think>never done </thi"), both("never done </thi", ""));
    }

    #[test]
    fn everything_else_is_text() {
        for text in ["Yes.", " <thing>", "<thi", "Use <think>x</think> for it.", "", "  "] {
            assert_eq!(parted(text), (String::new(), text.to_owned()));
        }
    }

    #[test]
    fn ordinary_text_is_not_held_back() {
        let (mut thoughts, mut events) = (Thoughts::default(), Vec::new());
        thoughts.push("Y", &mut events);
        assert!(matches!(&events[..], [Event::Text(t)] if t == "Y"));
    }
}
