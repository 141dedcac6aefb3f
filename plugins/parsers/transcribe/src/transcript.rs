//! What a transcription service answers: `json`, `verbose_json` with segments, or bare text.

use mortise_sdk::http::upstream;
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Result, serde_json};

/// A silence that begins a paragraph, in seconds.
const SILENCE: f64 = 2.0;
/// Characters after which the end of a sentence ends a paragraph.
const LONG: usize = 400;

/// Speech, written down.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Transcript {
    pub(crate) paragraphs: Vec<String>,
    pub(crate) language: Option<String>,
    pub(crate) seconds: Option<f64>,
}

#[derive(Deserialize)]
#[serde(crate = "mortise_sdk::serde")]
struct Answer {
    #[serde(default)]
    text: String,
    #[serde(default)]
    language: Option<String>,
    /// A number; some servers write it as a text.
    #[serde(default)]
    duration: Option<serde_json::Value>,
    #[serde(default)]
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
#[serde(crate = "mortise_sdk::serde")]
struct Segment {
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
    #[serde(default)]
    text: String,
}

/// Understands an answer of status 200.
///
/// # Errors
/// `upstream` when it is JSON without a transcript.
pub(crate) fn read(body: &[u8]) -> Result<Transcript> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with(['{', '[']) {
        return Ok(Transcript { paragraphs: lines(text), ..Transcript::default() });
    }
    let told = serde_json::from_str::<serde_json::Value>(text).ok();
    let told = told.filter(|answer| answer.get("text").is_some() || answer.get("segments").is_some());
    let answer = told.and_then(|answer| serde_json::from_value::<Answer>(answer).ok());
    let Some(answer) = answer else {
        let beginning: String = text.chars().take(200).collect();
        return Err(upstream(format!("the transcription service gave no transcript but {beginning}")));
    };
    let seconds = answer.duration.and_then(|d| d.as_f64().or_else(|| d.as_str()?.parse().ok()));
    let paragraphs = match answer.segments {
        Some(segments) if !segments.is_empty() => paragraphs(&segments),
        _ => lines(&answer.text),
    };
    Ok(Transcript { paragraphs, language: answer.language.filter(|l| !l.is_empty()), seconds })
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn paragraphs(segments: &[Segment]) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = String::new();
    let mut ended = f64::NEG_INFINITY;
    for segment in segments {
        let text = segment.text.trim();
        if text.is_empty() {
            continue;
        }
        let whole = open.chars().count() >= LONG && open.ends_with(['.', '!', '?', '…', '。', '！', '？']);
        if !open.is_empty() && (whole || segment.start - ended >= SILENCE) {
            paragraphs.push(std::mem::take(&mut open));
        }
        // Services begin a segment with a blank where the language has one.
        if !open.is_empty() && (segment.text.starts_with(char::is_whitespace) || open.is_ascii()) {
            open.push(' ');
        }
        open.push_str(text);
        ended = segment.end;
    }
    paragraphs.extend(Some(open).filter(|open| !open.is_empty()));
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, paragraphs: &[&str]) {
        assert_eq!(read(body.as_bytes()).unwrap().paragraphs, paragraphs, "{body}");
    }

    #[test]
    fn every_form_of_answer() {
        check(r#"{"text": " One. \n\nTwo. ", "usage": {"type": "tokens"}}"#, &["One.", "Two."]);
        check("plain words\r\nand more", &["plain words", "and more"]);
        check(r#"{"text": ""}"#, &[]);
        let verbose = r#"{"task": "transcribe", "language": "german", "duration": "8.5", "text": "A B C", "segments": [
            {"id": 0, "start": 0.0, "end": 1.0, "text": " A"}, {"id": 1, "start": 1.2, "end": 2.0, "text": " B"},
            {"id": 2, "start": 7.0, "end": 8.5, "text": " C"}]}"#;
        let transcript = read(verbose.as_bytes()).unwrap();
        assert_eq!(transcript.paragraphs, ["A B", "C"]);
        assert_eq!((transcript.language.as_deref(), transcript.seconds), (Some("german"), Some(8.5)));
        let error = read(br#"{"error": {"message": "no"}}"#).unwrap_err();
        assert!(format!("{error:?}").contains("no transcript"), "{error:?}");
        assert!(read(b"[1, 2").is_err() && read(b"{\"text\": 7}").is_err());
    }

    #[test]
    fn long_paragraphs_end_with_a_sentence_and_chinese_has_no_blanks() {
        let segment = |start: f64, text: &str| Segment { start, end: start + 1.0, text: text.into() };
        let segments: Vec<Segment> = (0..30).map(|n| segment(f64::from(n), " Twenty letters here.")).collect();
        let paragraphs = super::paragraphs(&segments);
        assert_eq!(paragraphs.len(), 2);
        assert!(paragraphs[0].ends_with('.') && paragraphs[0].len() >= LONG);
        assert_eq!(super::paragraphs(&[segment(0.0, "你好"), segment(1.0, "世界")]), ["你好世界"]);
    }
}
