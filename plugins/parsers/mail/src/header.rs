//! The header of a mail or of a part: encoded words, addresses, dates.

use mail_parser::{Address, ContentType, Header, HeaderName, HeaderValue, Message, MessageParser};
use mortise_shared_encoding::decode;

/// Bytes of a header at most.
const LONGEST: usize = 1 << 20;

/// A header block, as text.
pub(crate) struct Headers(String);

impl Headers {
    /// Bytes that are no UTF-8 are read in the encoding that they look like: old programs write them unencoded.
    pub(crate) fn new(block: &[u8]) -> Self {
        let block = block.get(..LONGEST).unwrap_or(block);
        let mut text = match std::str::from_utf8(block) {
            Ok(text) => text.to_owned(),
            Err(_) => decode(block, None).text,
        };
        text.push_str("\r\n\r\n");
        Self(text)
    }

    pub(crate) fn read(&self) -> Fields<'_> {
        Fields {
            message: MessageParser::new()
                .with_mime_headers()
                .with_date_headers()
                .with_address_headers()
                .header_text(HeaderName::Subject)
                .header_text(HeaderName::ContentDescription)
                .header_id(HeaderName::MessageId)
                .header_id(HeaderName::InReplyTo)
                .default_header_raw()
                .parse_headers(self.0.as_bytes()),
            text: &self.0,
        }
    }
}

/// The fields of a header.
pub(crate) struct Fields<'h> {
    message: Option<Message<'h>>,
    text: &'h str,
}

impl<'h> Fields<'h> {
    fn headers(&self) -> &[Header<'h>] {
        self.message.as_ref().map_or(&[], |m| m.headers())
    }

    /// The first field of that name with a value.
    pub(crate) fn value(&self, name: &HeaderName<'static>) -> Option<&HeaderValue<'h>> {
        self.headers().iter().find(|h| &h.name == name && !matches!(h.value, HeaderValue::Empty)).map(|h| &h.value)
    }

    /// The content of the field as written, unfolded.
    pub(crate) fn raw(&self, name: &HeaderName<'static>) -> Option<String> {
        let header = self.headers().iter().find(|h| &h.name == name)?;
        let raw = self.text.get(header.offset_start as usize..header.offset_end as usize)?;
        let unfolded = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        (!unfolded.is_empty()).then_some(unfolded)
    }

    /// Text, decoded; lists are joined.
    pub(crate) fn text(&self, name: &HeaderName<'static>) -> Option<String> {
        let text = match self.value(name)? {
            HeaderValue::Text(text) => text.to_string(),
            HeaderValue::TextList(list) => list.join(", "),
            _ => return None,
        };
        let text = clean(&text);
        (!text.is_empty()).then_some(text)
    }

    /// `Content-Type` or `Content-Disposition`.
    pub(crate) fn content(&self, name: &HeaderName<'static>) -> Option<&ContentType<'h>> {
        self.value(name)?.as_content_type()
    }

    /// Addresses as people write them: `Anna <anna@example.com>, Berta <berta@example.com>`.
    pub(crate) fn addresses(&self, name: &HeaderName<'static>) -> Option<String> {
        // A field may come twice, although it must not.
        let all = self.headers().iter().filter(|h| &h.name == name).filter_map(|h| h.value.as_address());
        let shown: Vec<String> = all.map(shown).filter(|a| !a.is_empty()).collect();
        if shown.is_empty() { self.raw(name) } else { Some(shown.join(", ")) }
    }

    /// The date as written, and as ISO 8601 where it is one.
    pub(crate) fn date(&self) -> Option<(String, Option<String>)> {
        let date = self.value(&HeaderName::Date).and_then(HeaderValue::as_datetime).filter(|d| d.is_valid());
        match date {
            Some(date) => Some((date.to_rfc822(), Some(date.to_rfc3339()))),
            None => self.raw(&HeaderName::Date).map(|raw| (raw, None)),
        }
    }

    /// True if this is the header of a mail rather than lines of a text that happen to have colons.
    pub(crate) fn is_of_mail(&self) -> bool {
        let known = |h: &Header<'_>| {
            let name = h.name.as_str();
            !matches!(h.name, HeaderName::Other(_))
                || ["x-", "delivered-to", "dkim-", "arc-", "authentication-results", "thread-"]
                    .iter()
                    .any(|p| name.get(..p.len()).is_some_and(|n| n.eq_ignore_ascii_case(p)))
        };
        self.headers().iter().any(known)
    }
}

fn shown(address: &Address<'_>) -> String {
    let one = |a: &mail_parser::Addr<'_>| match (a.name().map(clean), a.address().map(clean)) {
        (Some(name), Some(address)) if !name.is_empty() && name != address => format!("{name} <{address}>"),
        (_, Some(address)) => address,
        (Some(name), None) => name,
        (None, None) => String::new(),
    };
    let many =
        |list: &[mail_parser::Addr<'_>]| list.iter().map(one).filter(|a| !a.is_empty()).collect::<Vec<_>>().join(", ");
    match address {
        Address::List(list) => many(list),
        Address::Group(groups) => {
            let named = groups.iter().map(|group| match group.name.as_deref().map(clean) {
                Some(name) if !name.is_empty() => format!("{name}: {}", many(&group.addresses)),
                _ => many(&group.addresses),
            });
            named.filter(|g| !g.is_empty()).collect::<Vec<_>>().join(", ")
        }
    }
}

/// One line, without controls.
pub(crate) fn clean(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
