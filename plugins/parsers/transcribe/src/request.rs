//! The form that carries a recording (RFC 7578).

use crate::Config;

/// A body and its type.
pub(crate) struct Form {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn form(config: &Config, name: &str, media_type: &str, audio: &[u8]) -> Form {
    let boundary = boundary(audio);
    let format = if config.timestamps { "verbose_json" } else { "json" };
    let fields = [
        ("model", config.model.trim()),
        ("response_format", format),
        ("language", config.language.trim()),
        ("prompt", config.prompt.trim()),
    ];
    let mut body = Vec::with_capacity(audio.len() + 1024);
    for (field, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        body.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    let kind = if media_type.is_empty() { "application/octet-stream" } else { media_type };
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{}\"\r\ncontent-type: {kind}\r\n\r\n",
        quoted(name)
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(audio);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Form { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

/// A name that ends neither the header nor the quotes, as browsers write it.
fn quoted(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '"' => "%22".to_owned(),
            '\r' => "%0D".to_owned(),
            '\n' => "%0A".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// A line that does not occur in the recording. Parsers have no randomness, so that it is counted up until one fits.
fn boundary(audio: &[u8]) -> String {
    let mut number = audio.len();
    loop {
        let boundary = format!("mortise-{number:016x}-boundary");
        let bytes = boundary.as_bytes();
        let mut starts = audio.windows(bytes.len().min(audio.len()).max(1));
        if !starts.any(|window| window == bytes) {
            return boundary;
        }
        number = number.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_the_fields_that_are_set_and_the_bytes_as_they_are() {
        let config = Config { model: "whisper-1".into(), language: "de".into(), ..Config::default() };
        let audio = [0, 13, 10, 255, b'-', b'-'];
        let form = form(&config, "a \"b\"\r\n.mp3", "audio/mpeg", &audio);
        let boundary = form.content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let body = form.body;
        let text = String::from_utf8_lossy(&body);
        let parts: Vec<&str> = text.split(&format!("--{boundary}")).collect();
        assert_eq!(parts.len(), 6, "{text}");
        assert_eq!(parts[1], "\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n");
        assert!(parts[2].ends_with("\r\n\r\njson\r\n") && parts[3].ends_with("\r\n\r\nde\r\n"));
        assert!(parts[4].contains("filename=\"a %22b%22%0D%0A.mp3\"\r\ncontent-type: audio/mpeg\r\n\r\n"));
        assert_eq!(parts[5], "--\r\n");
        assert!(body.windows(audio.len()).any(|window| window == audio));
    }

    #[test]
    fn a_recording_cannot_hold_its_own_boundary() {
        let first = boundary(&[7; 40]);
        let mut audio = first.clone().into_bytes();
        audio.resize(40, 7);
        assert_ne!(boundary(&audio), first);
        assert!(!boundary(&[]).is_empty());
    }
}
