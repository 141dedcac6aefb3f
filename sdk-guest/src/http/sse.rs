//! Server-sent events, decoded as the HTML standard defines them
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>, "Interpreting an event stream").

use super::{Response, upstream};
use crate::Result;
use std::collections::VecDeque;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its type; `message` when the stream does not name one.
    pub event: String,
    /// Its data, lines joined by newlines.
    pub data: String,
}

/// The events of an answer, as they arrive. Ends with the body, or after the first error.
///
/// ```
/// use mortise_sdk::http::{Response, SseReader};
///
/// let answer = Response::from_parts(200, &[], [Ok(b"data: one\n\ndata: two\n\n".to_vec())]);
/// let data: Vec<String> = SseReader::new(answer).map(|event| event.map(|event| event.data)).collect::<Result<_, _>>()?;
/// assert_eq!(data, ["one", "two"]);
/// # Ok::<(), mortise_sdk::Error>(())
/// ```
pub struct SseReader {
    response: Response,
    decoder: SseDecoder,
    ready: VecDeque<SseEvent>,
    done: bool,
}

/// Turns bytes, cut anywhere, into events. For answers use [`SseReader`].
///
/// ```
/// use mortise_sdk::http::SseDecoder;
///
/// let mut decoder = SseDecoder::default();
/// assert!(decoder.push(b"event: delta\nda").is_empty());
/// let events = decoder.push(b"ta: Hello\n\n");
/// assert_eq!((events[0].event.as_str(), events[0].data.as_str()), ("delta", "Hello"));
/// ```
#[derive(Debug, Default)]
pub struct SseDecoder {
    /// Bytes of the line that is not yet complete.
    line: Vec<u8>,
    event: String,
    data: String,
    /// The last byte was a carriage return: a line feed right after it belongs to the same line end.
    after_cr: bool,
    /// A first line was seen, so that no byte order mark can follow.
    begun: bool,
}

/// The most that one event may hold, in bytes, before the stream is given up.
const MAX_EVENT: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl SseReader {
    /// Reads the body of an answer as an event stream.
    pub fn new(response: Response) -> Self {
        Self { response, decoder: SseDecoder::default(), ready: VecDeque::new(), done: false }
    }

    fn fill(&mut self) -> Result<()> {
        while self.ready.is_empty() && !self.done {
            match self.response.read()? {
                Some(bytes) => self.ready.extend(self.decoder.push(&bytes)),
                None => self.done = true,
            }
            if self.decoder.waiting() > MAX_EVENT {
                return Err(upstream(format!("an event of the stream is larger than {MAX_EVENT} bytes")));
            }
        }
        Ok(())
    }
}

impl Iterator for SseReader {
    type Item = Result<SseEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.fill() {
            self.done = true;
            self.ready.clear();
            return Some(Err(error));
        }
        self.ready.pop_front().map(Ok)
    }
}

impl SseDecoder {
    /// Takes the next bytes and gives the events they complete. An event that no blank line ends is never given.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<SseEvent> {
        let mut events = Vec::new();
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            self.line.extend_from_slice(&rest[..end]);
            let carriage_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if carriage_return {
                match rest {
                    [] => self.after_cr = true,
                    [b'\n', after @ ..] => rest = after,
                    _ => {}
                }
            }
            events.extend(self.end_line());
        }
        self.line.extend_from_slice(rest);
        events
    }

    /// Bytes held for an event that is not yet complete.
    fn waiting(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let bytes = std::mem::take(&mut self.line);
        let begun = std::mem::replace(&mut self.begun, true);
        let bytes = if begun { &bytes[..] } else { bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes) };
        let line = String::from_utf8_lossy(bytes);
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "event" => value.clone_into(&mut self.event),
            // Comments have an empty name; ids and reconnection times mean nothing to a single answer.
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        // Without the newline that the last data line added. No data line, no event.
        data.pop()?;
        Some(SseEvent { event: if event.is_empty() { "message".into() } else { event }, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event: &str, data: &str) -> SseEvent {
        SseEvent { event: event.into(), data: data.into() }
    }

    /// The same events must come out wherever the bytes are cut.
    fn decode(stream: &[u8]) -> Vec<SseEvent> {
        let whole = SseDecoder::default().push(stream);
        for size in 1..stream.len().min(7) {
            let mut decoder = SseDecoder::default();
            let pieces: Vec<_> = stream.chunks(size).flat_map(|piece| decoder.push(piece)).collect();
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn line_ends() {
        let expected = vec![event("message", "a"), event("message", "b\nc")];
        for end in ["\n", "\r\n", "\r"] {
            let stream = ["data: a", "", "data: b", "data:c", "", ""].join(end);
            assert_eq!(decode(stream.as_bytes()), expected, "{end:?}");
        }
        assert_eq!(decode(b"data: a\r\r\ndata: b\n\r"), vec![event("message", "a"), event("message", "b")]);
    }

    #[test]
    fn fields() {
        let stream =
            b": a comment\n:\nid: 7\nretry: 10\nevent: delta\ndata:  two blanks\nunknown: x\ndata\n\ndata: y\n\n";
        assert_eq!(decode(stream), vec![event("delta", " two blanks\n"), event("message", "y")]);
    }

    #[test]
    fn events_without_data_are_dropped_with_their_type() {
        assert_eq!(
            decode(b"event: ping\n\ndata: x\n\n\n\ndata:\n\n"),
            vec![event("message", "x"), event("message", "")]
        );
    }

    #[test]
    fn only_a_leading_byte_order_mark_is_dropped() {
        assert_eq!(decode(b"\xEF\xBB\xBFdata: x\n\n\xEF\xBB\xBFdata: y\n\ndata: z\n\n").len(), 2);
        assert_eq!(decode("\u{feff}\ndata: x\n\n".as_bytes()), vec![event("message", "x")]);
    }

    #[test]
    fn characters_may_be_cut_and_bad_bytes_are_replaced() {
        assert_eq!(decode("data: žluťoučký 🐎\n\n".as_bytes()), vec![event("message", "žluťoučký 🐎")]);
        assert_eq!(decode(b"data: \xff\n\n"), vec![event("message", "\u{fffd}")]);
    }

    #[test]
    fn an_unfinished_event_is_not_given() {
        assert_eq!(decode(b"data: x\n\ndata: half\n"), vec![event("message", "x")]);
    }

    #[test]
    fn a_reader_gives_events_then_the_error_then_nothing() {
        let pieces = [Ok(b"data: a\n\nda".to_vec()), Ok(b"ta: b\n\n".to_vec()), Err(upstream("reset"))];
        let mut reader = SseReader::new(Response::from_parts(200, &[], pieces));
        assert_eq!(reader.next().unwrap().unwrap().data, "a");
        assert_eq!(reader.next().unwrap().unwrap().data, "b");
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }

    #[test]
    fn an_endless_line_is_given_up() {
        let pieces = std::iter::repeat_n(b"x".repeat(1 << 20), 40).map(Ok);
        let mut reader = SseReader::new(Response::from_parts(200, &[], pieces));
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }
}
