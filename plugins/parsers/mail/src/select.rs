//! Which parts of a mail are its body, in which alternative, and which are attached to it.

use crate::body;
use crate::charset;
use crate::emit::letters;
use crate::header::Headers;
use crate::mime::Entity;
use crate::part::{Bytes, Item, Letter, Shown, file_name};
use mail_parser::HeaderName;
use mortise_shared_html::declared_encoding;

/// Bytes of a body that is read here. A longer one is a file that somebody pasted: it is handed on, and streamed by the
/// plugin of its kind.
const LARGEST: usize = 16 << 20;

/// Finds body and attachments of the mail that is the first of `entities`.
pub(crate) fn select<'a>(entities: &[Entity<'a>], letter: &mut Letter<'a>) {
    let mut selection = Selection { entities, letter, bodies: 0, attachments: Vec::new() };
    selection.walk(0);
    let names = std::mem::take(&mut selection.attachments);
    if !names.is_empty() {
        letter.metadata.insert("attachments".into(), names.into());
    }
}

/// What a part is to the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Html,
    Plain,
    Report,
    Picture,
    File,
}

struct Selection<'s, 'a> {
    entities: &'s [Entity<'a>],
    letter: &'s mut Letter<'a>,
    bodies: usize,
    attachments: Vec<String>,
}

impl<'a> Selection<'_, 'a> {
    // Parts stand at most as deep as `mime` lets them.
    fn walk(&mut self, at: usize) {
        let entities = self.entities;
        let entity = &entities[at];
        if !entity.is_multipart() {
            return self.leaf(entity);
        }
        match entity.media_type.as_str() {
            "multipart/alternative" => {
                let best = self.best(&entity.children);
                for child in entity.children.iter().copied() {
                    if Some(child) == best { self.walk(child) } else { self.files_only(child) }
                }
            }
            "multipart/related" => {
                // The root may stand anywhere, and is what the others are shown in.
                let named = entity.start.as_ref().and_then(|start| {
                    entity.children.iter().copied().find(|c| entities[*c].content_id.as_ref() == Some(start))
                });
                let root = named.or_else(|| entity.children.first().copied());
                root.into_iter().for_each(|root| self.walk(root));
                entity.children.iter().copied().filter(|c| Some(*c) != root).for_each(|child| self.walk(child));
            }
            kind => {
                if kind == "multipart/encrypted" {
                    self.letter.warnings.push("the mail is encrypted; its text cannot be read".into());
                }
                entity.children.iter().copied().for_each(|child| self.walk(child));
            }
        }
    }

    /// The richest alternative with text. HTML that says much less than the plain text is an excuse, not a body.
    fn best(&self, children: &[usize]) -> Option<usize> {
        let mut html: Option<(usize, usize)> = None;
        let mut plain: Option<(usize, usize)> = None;
        for child in children.iter().copied() {
            let (rich, said) = self.said(child);
            let slot = if rich { &mut html } else { &mut plain };
            if said > 0 && slot.is_none_or(|(_, before)| said >= before) {
                *slot = Some((child, said));
            }
        }
        match (html, plain) {
            (Some((html, rich)), Some((_, plain))) if rich * 2 >= plain => Some(html),
            (_, Some((plain, _))) => Some(plain),
            (Some((html, _)), None) => Some(html),
            // Nothing has text: pictures, perhaps.
            (None, None) => children.last().copied(),
        }
    }

    /// Whether a part is HTML, and how many letters and digits it says.
    fn said(&self, at: usize) -> (bool, usize) {
        let entity = &self.entities[at];
        if entity.is_multipart() {
            let inner = entity.children.iter().map(|child| self.said(*child));
            return inner.fold((false, 0), |(rich, sum), (r, n)| (rich || (r && n > 0), sum + n));
        }
        match self.role(entity) {
            role @ (Role::Html | Role::Plain) if entity.body.len() > LARGEST => {
                (role == Role::Html, entity.body.len() / 2)
            }
            Role::Html => (true, letters(&body::html(&text_of(entity), false))),
            Role::Plain => (false, text_of(entity).chars().filter(|c| c.is_alphanumeric()).count()),
            _ => (false, 0),
        }
    }

    /// Of an alternative that was not chosen, only what has a name of its own is kept.
    fn files_only(&mut self, at: usize) {
        let entities = self.entities;
        let entity = &entities[at];
        if entity.is_multipart() {
            entity.children.iter().copied().for_each(|child| self.files_only(child));
            return;
        }
        let is_file = self.role(entity) == Role::File && (entity.name.is_some() || entity.attached);
        if is_file || self.role(entity) == Role::Picture {
            self.leaf(entity);
        }
    }

    fn role(&self, entity: &Entity<'_>) -> Role {
        let kind = entity.media_type.as_str();
        let is_file = entity.attached || (entity.name.is_some() && self.bodies > 0);
        match kind {
            "text/html" | "application/xhtml+xml" if !is_file => Role::Html,
            "text/calendar" | "text/x-amp-html" | "text/vcard" | "text/x-vcard" | "text/csv" | "text/xml" => Role::File,
            "message/delivery-status" | "message/disposition-notification" | "text/rfc822-headers"
                if !entity.attached =>
            {
                Role::Report
            }
            _ if (kind.starts_with("text/") || !kind.contains('/')) && !is_file => Role::Plain,
            _ if kind.starts_with("image/") && !entity.attached => Role::Picture,
            // Some programs send pictures as unknown bytes, and show them by their id all the same.
            "application/octet-stream" if entity.content_id.is_some() && !entity.attached => Role::Picture,
            _ => Role::File,
        }
    }

    fn leaf(&mut self, entity: &Entity<'a>) {
        let role = self.role(entity);
        match role {
            Role::Html | Role::Plain if entity.body.len() > LARGEST => {
                let most = LARGEST >> 20;
                self.letter.warnings.push(format!("a body of more than {most} MiB was read as an attached file"));
                self.attach(entity);
            }
            Role::Html => {
                self.bodies += 1;
                self.letter.items.push(Item::Html(text_of(entity)));
            }
            Role::Plain => {
                self.bodies += 1;
                let (flowed, joined) = (entity.flowed, entity.joined);
                self.letter.items.push(Item::Plain { text: text_of(entity), flowed, joined });
            }
            Role::Report => self.letter.items.push(Item::Report(text_of(entity))),
            Role::Picture => {
                self.letter.items.push(Item::Picture(self.letter.shown.len()));
                self.letter.shown.push(Shown {
                    content_id: entity.content_id.clone(),
                    location: entity.location.clone(),
                    name: entity.name.clone().unwrap_or_default(),
                    media_type: entity.media_type.clone(),
                    bytes: Bytes::Encoded(entity.transfer, entity.body),
                });
            }
            Role::File => self.attach(entity),
        }
    }

    fn attach(&mut self, entity: &Entity<'a>) {
        let mut media_type = entity.media_type.clone();
        let is_mail = matches!(media_type.as_str(), "message/rfc822" | "message/global" | "message/news");
        if is_mail {
            media_type = "message/rfc822".into();
        } else if media_type == "application/pkcs7-mime" || media_type == "application/x-pkcs7-mime" {
            self.letter.warnings.push("the mail is encrypted or sealed (S/MIME); its text cannot be read".into());
        } else if matches!(media_type.as_str(), "message/partial" | "message/external-body") {
            self.letter.warnings.push(format!("a part stands elsewhere ({media_type}) and was not read"));
            return;
        }
        let subject = || {
            let decoded = entity.transfer.decode(entity.body.get(..64 << 10).unwrap_or(entity.body));
            Headers::new(&decoded).read().text(&HeaderName::Subject)
        };
        let given = match &entity.name {
            // The host chooses the parser by the name.
            Some(name) if is_mail && !name.to_ascii_lowercase().ends_with(".eml") => Some(format!("{name}.eml")),
            Some(name) => Some(name.clone()),
            None if is_mail => subject().map(|subject| subject.replace(['/', '\\'], "-") + ".eml"),
            None => None,
        };
        let name = file_name(given.as_deref(), &media_type, self.attachments.len() + 1);
        self.attachments.push(name.clone());
        let bytes = Bytes::Encoded(entity.transfer, entity.body);
        self.letter.items.push(Item::Attached { name, media_type, bytes });
    }
}

fn text_of(entity: &Entity<'_>) -> String {
    let bytes = entity.transfer.decode(entity.body);
    let declared = entity.charset.clone().or_else(|| {
        (entity.media_type == "text/html").then(|| declared_encoding(bytes.get(..4096).unwrap_or(&bytes))).flatten()
    });
    charset::text(&bytes, declared.as_deref())
}
