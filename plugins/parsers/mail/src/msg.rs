//! Outlook's `msg`: an OLE container with MAPI properties (MS-OXMSG).

use crate::charset;
use crate::emit::emit;
use crate::header::{Headers, clean};
use crate::part::{Bytes, Item, Letter, Shown, file_name, picture_type};
use crate::rtf;
use cfb::CompoundFile;
use mail_parser::DateTime;
use mortise_sdk::parser::Output;
use mortise_sdk::{Error, Result};
use mortise_shared_html::declared_encoding;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

/// Recipients and attachments that are read.
const MOST: usize = 10_000;

/// Storages of an attached mail that are copied.
const MOST_COPIED: usize = 20_000;

type Container = CompoundFile<Cursor<Vec<u8>>>;

mod tag {
    pub(super) const SUBJECT: u16 = 0x0037;
    pub(super) const SUBMIT_TIME: u16 = 0x0039;
    pub(super) const HEADERS: u16 = 0x007D;
    pub(super) const SENDER_NAME: u16 = 0x0C1A;
    pub(super) const SENDER_ADDRESS: u16 = 0x0C1F;
    pub(super) const SENDER_SMTP: u16 = 0x5D01;
    pub(super) const REPRESENTING_NAME: u16 = 0x0042;
    pub(super) const REPRESENTING_ADDRESS: u16 = 0x0065;
    pub(super) const REPRESENTING_SMTP: u16 = 0x5D02;
    pub(super) const RECIPIENT_TYPE: u16 = 0x0C15;
    pub(super) const DISPLAY_TO: u16 = 0x0E04;
    pub(super) const DISPLAY_CC: u16 = 0x0E03;
    pub(super) const DISPLAY_BCC: u16 = 0x0E02;
    pub(super) const DELIVERY_TIME: u16 = 0x0E06;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const RTF: u16 = 0x1009;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const MESSAGE_ID: u16 = 0x1035;
    pub(super) const IN_REPLY_TO: u16 = 0x1042;
    pub(super) const NAME: u16 = 0x3001;
    pub(super) const ADDRESS: u16 = 0x3003;
    pub(super) const SMTP: u16 = 0x39FE;
    pub(super) const DATA: u16 = 0x3701;
    pub(super) const SHORT_FILE_NAME: u16 = 0x3704;
    pub(super) const LONG_FILE_NAME: u16 = 0x3707;
    pub(super) const MEDIA_TYPE: u16 = 0x370E;
    pub(super) const CONTENT_ID: u16 = 0x3712;
    pub(super) const CONTENT_LOCATION: u16 = 0x3713;
    pub(super) const INTERNET_CODE_PAGE: u16 = 0x3FDE;
    pub(super) const MESSAGE_CODE_PAGE: u16 = 0x3FFD;
}

/// The properties of one object: a mail, a recipient, an attachment.
struct Properties {
    path: String,
    /// Values that fit into eight bytes, by tag.
    fixed: BTreeMap<u16, (u16, u64)>,
    code_page: Option<String>,
}

impl Properties {
    /// `header`: bytes before the list of properties, which depend on the kind of object.
    fn read(container: &mut Container, path: &str, header: usize, code_page: Option<&str>) -> Self {
        let list = stream(container, &format!("{path}/__properties_version1.0")).unwrap_or_default();
        let mut fixed = BTreeMap::new();
        for entry in list.get(header..).unwrap_or_default().chunks_exact(16) {
            let word = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
            let mut value = [0; 8];
            value.copy_from_slice(&entry[8..16]);
            fixed.insert(word(2), (word(0), u64::from_le_bytes(value)));
        }
        let page = |tag: u16| fixed.get(&tag).and_then(|(_, value)| charset::of_code_page(*value as u32));
        let code_page = page(tag::MESSAGE_CODE_PAGE).or_else(|| code_page.map(String::from));
        let code_page = code_page.or_else(|| page(tag::INTERNET_CODE_PAGE));
        Self { path: path.into(), fixed, code_page }
    }

    fn bytes(&self, container: &mut Container, tag: u16, kind: u16) -> Option<Vec<u8>> {
        stream(container, &format!("{}/__substg1.0_{tag:04X}{kind:04X}", self.path))
    }

    fn text(&self, container: &mut Container, tag: u16) -> Option<String> {
        let text = match self.bytes(container, tag, 0x001F) {
            Some(wide) => {
                let units: Vec<u16> = wide.chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
                String::from_utf16_lossy(&units)
            }
            None => charset::text(&self.bytes(container, tag, 0x001E)?, self.code_page.as_deref()),
        };
        let text = text.trim_end_matches('\0');
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    fn number(&self, tag: u16) -> Option<u64> {
        self.fixed.get(&tag).map(|(_, value)| *value)
    }

    /// A time in 100 ns since 1601.
    fn time(&self, tag: u16) -> Option<DateTime> {
        let (kind, value) = self.fixed.get(&tag)?;
        let seconds = i64::try_from(value / 10_000_000).ok()? - 11_644_473_600;
        // Programs that do not know a time write the largest one, in the year 4500.
        (*kind == 0x0040 && (0..=32_503_680_000).contains(&seconds)).then(|| DateTime::from_timestamp(seconds))
    }
}

fn stream(container: &mut Container, path: &str) -> Option<Vec<u8>> {
    let stream = container.open_stream(path).ok()?;
    let mut bytes = Vec::new();
    // What can be read of a damaged stream is better than nothing.
    let _ = stream.take(crate::LONGEST).read_to_end(&mut bytes);
    Some(bytes)
}

/// Reads a mail of Outlook.
pub(crate) fn parse(bytes: Vec<u8>, out: &mut Output) -> Result<()> {
    let damaged = |error: std::io::Error| Error::InvalidInput(format!("damaged file: {error}"));
    let mut container = CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
    if !container.exists("/__properties_version1.0") {
        let what = if container.exists("/EncryptedPackage") {
            return Err(Error::unsupported("encrypted document: a password is needed"));
        } else if container.exists("/WordDocument") {
            "this is a Word document, not a mail"
        } else if container.exists("/Workbook") || container.exists("/Book") {
            "this is a spreadsheet, not a mail"
        } else if container.exists("/PowerPoint Document") {
            "this is a presentation, not a mail"
        } else {
            "this is no mail of Outlook: its properties are missing"
        };
        return Err(Error::invalid_input(what));
    }
    let container = &mut container;
    let mail = Properties::read(container, "", 32, None);
    let mut letter = Letter::default();
    describe(container, &mail, &mut letter);
    attachments(container, &mail, &mut letter);
    if let Some(body) = body(container, &mail) {
        letter.items.insert(0, body);
    }
    emit(letter, out);
    Ok(())
}

fn describe(container: &mut Container, mail: &Properties, letter: &mut Letter<'_>) {
    let headers = mail.text(container, tag::HEADERS).map(|text| Headers::new(text.as_bytes()));
    let sent = headers.as_ref().and_then(|h| h.read().date());
    let mut set = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.map(|v| clean(&v)).filter(|v| !v.is_empty()) {
            letter.metadata.insert(name.to_ascii_lowercase(), value.clone().into());
            letter.fields.push((name, value));
        }
    };
    let mut sender = |name, smtp, address| {
        let shown = mail.text(container, name);
        // Addresses inside of an organisation (`/o=…/cn=…`) tell a reader nothing.
        let address = mail.text(container, smtp).or_else(|| mail.text(container, address));
        person(shown, address.filter(|a| a.contains('@')))
    };
    let from = sender(tag::REPRESENTING_NAME, tag::REPRESENTING_SMTP, tag::REPRESENTING_ADDRESS)
        .or_else(|| sender(tag::SENDER_NAME, tag::SENDER_SMTP, tag::SENDER_ADDRESS));
    set("From", from);
    let people = recipients(container, mail);
    for (kind, name, display) in [(1, "To", tag::DISPLAY_TO), (2, "Cc", tag::DISPLAY_CC), (3, "Bcc", tag::DISPLAY_BCC)]
    {
        let named: Vec<&str> = people.iter().filter(|(k, _)| *k == kind).map(|(_, who)| who.as_str()).collect();
        let shown = if named.is_empty() { mail.text(container, display) } else { Some(named.join(", ")) };
        set(name, shown);
    }
    let time = mail.time(tag::SUBMIT_TIME).or_else(|| mail.time(tag::DELIVERY_TIME));
    let date = sent.or_else(|| time.map(|t| (t.to_rfc822(), Some(t.to_rfc3339()))));
    set("Date", date.as_ref().map(|(shown, _)| shown.clone()));
    set("Subject", mail.text(container, tag::SUBJECT));
    if let Some((_, Some(iso))) = date {
        letter.metadata.insert("date".into(), iso.into());
    }
    for (key, tag) in [("message_id", tag::MESSAGE_ID), ("in_reply_to", tag::IN_REPLY_TO)] {
        if let Some(id) = mail.text(container, tag) {
            letter.metadata.insert(key.into(), id.trim_matches(['<', '>', ' ']).into());
        }
    }
}

fn person(name: Option<String>, address: Option<String>) -> Option<String> {
    match (name.map(|n| clean(&n)), address.map(|a| clean(&a))) {
        (Some(name), Some(address)) if name != address => Some(format!("{name} <{address}>")),
        (name, address) => name.or(address),
    }
}

/// Everybody that the mail went to: 1 for To, 2 for Cc, 3 for Bcc.
fn recipients(container: &mut Container, mail: &Properties) -> Vec<(u64, String)> {
    let mut people = Vec::new();
    for path in children(container, mail, "__recip_version1.0_") {
        let one = Properties::read(container, &path, 8, mail.code_page.as_deref());
        let address = one.text(container, tag::SMTP).or_else(|| one.text(container, tag::ADDRESS));
        let name = one.text(container, tag::NAME);
        if let Some(person) = person(name, address.filter(|a| a.contains('@'))) {
            people.push((one.number(tag::RECIPIENT_TYPE).unwrap_or(1) & 0xF, person));
        }
    }
    people
}

/// Storages of one kind, in the order of their numbers.
fn children(container: &Container, mail: &Properties, prefix: &str) -> Vec<String> {
    let path = if mail.path.is_empty() { "/" } else { &mail.path };
    let Ok(entries) = container.read_storage(path) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter(|entry| entry.is_storage() && entry.name().starts_with(prefix))
        .map(|entry| format!("{}/{}", mail.path, entry.name()))
        .take(MOST)
        .collect();
    names.sort();
    names
}

/// The richest body that the mail has: HTML, HTML within RTF, plain text, RTF.
fn body(container: &mut Container, mail: &Properties) -> Option<Item<'static>> {
    let plain = mail.text(container, tag::BODY);
    let item = |text: String| Item::Plain { text, flowed: false, joined: false };
    let html = match mail.bytes(container, tag::HTML, 0x0102) {
        Some(bytes) => {
            let page = mail.number(tag::INTERNET_CODE_PAGE).and_then(|page| charset::of_code_page(page as u32));
            let head = bytes.get(..4096).unwrap_or(&bytes);
            let label = declared_encoding(head).or(page).or_else(|| mail.code_page.clone());
            Some(charset::text(&bytes, label.as_deref()))
        }
        None => mail.text(container, tag::HTML),
    };
    let says = |html: &String| crate::emit::letters(&crate::body::html(html, false)) > 0;
    if let Some(html) = html.filter(says) {
        return Some(Item::Html(html));
    }
    let rtf =
        mail.bytes(container, tag::RTF, 0x0102).and_then(|packed| rtf::unpack(&packed)).map(|rtf| rtf::read(&rtf));
    match (rtf, plain) {
        (Some(rtf::Text::Html(html)), _) if says(&html) => Some(Item::Html(html)),
        (_, Some(plain)) => Some(item(plain)),
        (Some(rtf::Text::Plain(text)), None) if !text.trim().is_empty() => Some(item(text)),
        _ => None,
    }
}

fn attachments(container: &mut Container, mail: &Properties, letter: &mut Letter<'_>) {
    let mut names = Vec::new();
    for (number, path) in children(container, mail, "__attach_version1.0_").into_iter().enumerate() {
        let one = Properties::read(container, &path, 8, mail.code_page.as_deref());
        let mut text = |tag| one.text(container, tag);
        let given = text(tag::LONG_FILE_NAME).or_else(|| text(tag::SHORT_FILE_NAME)).or_else(|| text(tag::NAME));
        let media_type = text(tag::MEDIA_TYPE).unwrap_or_else(|| "application/octet-stream".into()).to_lowercase();
        let content_id = text(tag::CONTENT_ID).map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
        let location = text(tag::CONTENT_LOCATION);
        let inner = format!("{path}/__substg1.0_{:04X}000D", tag::DATA);
        if let Some(bytes) = one.bytes(container, tag::DATA, 0x0102) {
            let name = file_name(given.as_deref(), &media_type, number + 1);
            let picture = picture_type(&bytes).is_some() && (content_id.is_some() || location.is_some());
            if picture {
                letter.items.push(Item::Picture(letter.shown.len()));
                let bytes = Bytes::Ready(bytes);
                letter.shown.push(Shown { content_id, location, name, media_type, bytes });
            } else {
                names.push(name.clone());
                letter.items.push(Item::Attached { name, media_type, bytes: Bytes::Ready(bytes) });
            }
        } else if container.exists(format!("{inner}/__properties_version1.0")) {
            let name = given.unwrap_or_else(|| format!("attachment-{}", number + 1));
            let name = if name.to_lowercase().ends_with(".msg") { name } else { format!("{name}.msg") };
            let name = file_name(Some(&name), "", number + 1);
            match standing_alone(container, &inner) {
                Some(bytes) => {
                    names.push(name.clone());
                    let media_type = "application/vnd.ms-outlook".into();
                    letter.items.push(Item::Attached { name, media_type, bytes: Bytes::Ready(bytes) });
                }
                None => letter.warnings.push(format!("{name}: an attached mail could not be read")),
            }
        } else {
            let name = given.unwrap_or_else(|| format!("attachment {}", number + 1));
            letter.warnings.push(format!("{}: an attachment without contents", clean(&name)));
        }
    }
    if !names.is_empty() {
        letter.metadata.insert("attachments".into(), names.into());
    }
}

/// Makes a file of its own of a mail that is attached as a folder inside of another.
fn standing_alone(container: &mut Container, path: &str) -> Option<Vec<u8>> {
    let entries: Vec<(String, bool)> = container
        .walk_storage(path)
        .ok()?
        .skip(1)
        .take(MOST_COPIED)
        .map(|entry| (entry.path().to_string_lossy().into_owned(), entry.is_stream()))
        .collect();
    let mut copy = CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    for (from, is_stream) in entries {
        let to = from.strip_prefix(path)?.to_owned();
        if !is_stream {
            copy.create_storage(&to).ok()?;
            continue;
        }
        let mut bytes = stream(container, &from)?;
        if to == "/__properties_version1.0" && bytes.len() >= 24 {
            // The header of a mail that is a file has eight more bytes than that of one in another.
            bytes.splice(24..24, [0; 8]);
        }
        copy.create_stream(&to).ok()?.write_all(&bytes).ok()?;
    }
    copy.flush().ok()?;
    Some(copy.into_inner().into_inner())
}
