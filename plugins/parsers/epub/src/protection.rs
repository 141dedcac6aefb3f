//! Books that only their seller's program opens.

use crate::DESCRIPTION;
use crate::opf::Book;
use crate::path::resolve;
use crate::xml::{Token, tokens};
use mortise_sdk::{Error, Result};
use mortise_shared_packed::Package;

/// Refuses a book whose chapters are encrypted, by the name of the protection. Fonts may be obfuscated.
pub(crate) fn check(package: &Package<'_>, book: &Book) -> Result<()> {
    let Ok(bytes) = package.read("META-INF/encryption.xml", DESCRIPTION) else { return Ok(()) };
    let mut algorithm = String::new();
    let mut locked = false;
    for token in tokens(&bytes).tokens {
        let Token::Start(element) = token else { continue };
        match element.name.as_str() {
            "EncryptedData" => algorithm.clear(),
            "EncryptionMethod" => algorithm = element.attr("Algorithm").unwrap_or_default().into(),
            "CipherReference" => {
                let is_font =
                    algorithm.contains("idpf.org/2008/embedding") || algorithm.contains("ns.adobe.com/pdf/enc");
                let file = element.attr("URI").and_then(|uri| resolve("", uri)).unwrap_or_default();
                locked |= !is_font && book.contents().any(|chapter| chapter.eq_ignore_ascii_case(&file));
            }
            _ => {}
        }
    }
    if !locked {
        return Ok(());
    }
    let protection = if package.contains("META-INF/license.lcpl") {
        "Readium LCP"
    } else if package.contains("META-INF/sinf.xml") {
        "Apple FairPlay"
    } else if package.contains("META-INF/rights.xml") {
        "Adobe DRM"
    } else {
        "digital rights management"
    };
    Err(Error::Unsupported(format!("encrypted e-book ({protection}): it can be read only by its seller's program")))
}
