//! Mail: `eml` (RFC 5322 with MIME) and `msg` (Outlook).
//!
//! | in the mail | gives |
//! |---|---|
//! | From, To, Cc, Bcc, Date, Subject | one `key-value` block each, decoded |
//! | body | blocks of the richer alternative that has text: HTML, else plain text (`format=flowed` undone) |
//! | quoted text of earlier mails | `quote` |
//! | `-- ` before a signature | an empty `separator`; the signature stays |
//! | inline pictures | `figure`, where the HTML shows them, else in the order of the mail |
//! | attached files and mails | handed to the host |
//! | delivery reports | their lines as `key-value` |
//!
//! The format is told by the file's first bytes. What is damaged is read as far as it goes, with a warning for what was
//! left out. Metadata: `subject`, `from`, `to`, `cc`, `bcc`, `date` (ISO 8601), `message_id`, `in_reply_to`,
//! `attachments`.

mod body;
mod charset;
mod emit;
mod header;
mod mime;
mod msg;
mod part;
mod rtf;
mod select;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result};

/// The parser.
pub struct Mail;

/// A mail is read whole, because its parts are found by looking for their boundaries.
const LONGEST: u64 = 80 << 20;

const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

impl Parser for Mail {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("mail", env!("CARGO_PKG_VERSION"), "Mails with their attachments: eml, msg")
    }

    fn accepts() -> Accepts {
        accepts(&["message/rfc822", "message/global", "application/vnd.ms-outlook"], &["eml", "msg"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if file.size() > LONGEST {
            return Err(Error::InvalidInput(format!("larger than {} MiB, the most for a mail", LONGEST >> 20)));
        }
        let bytes = file.read_all();
        if bytes.is_empty() {
            return Err(Error::invalid_input("the file is empty"));
        }
        if bytes.starts_with(OLE) { msg::parse(bytes, out) } else { mime::parse(&bytes, out) }
    }
}

mortise_sdk::export_parser!(Mail);
