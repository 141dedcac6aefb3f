//! The texts of a diagram (SmartArt).

use mortise_shared_packed::{Error, Package, Token};

/// Texts of a diagram's data part, one for each of its shapes, in the order of the file. Damage ends the list.
///
/// # Errors
/// Only what [`Error::is_hostile`] calls so.
pub fn diagram(package: &Package<'_>, part: &str) -> Result<Vec<String>, Error> {
    let mut texts: Vec<String> = Vec::new();
    let Ok(mut xml) = package.xml(part) else { return Ok(texts) };
    let mut current = String::new();
    let mut in_text = false;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => {
                in_text = tag.name() == "t" && tag.namespace() != mortise_shared_packed::Namespace::Diagram
            }
            Ok(Some(Token::Text(text))) if in_text => current.push_str(&text),
            Ok(Some(Token::Text(_))) => {}
            Ok(Some(Token::End(_, name))) => match &*name {
                "t" => in_text = false,
                "p" => current.push('\n'),
                "pt" => {
                    let text = std::mem::take(&mut current);
                    if !text.trim().is_empty() {
                        texts.push(text.trim().to_string());
                    }
                }
                _ => {}
            },
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => return Ok(texts),
        }
    }
}
