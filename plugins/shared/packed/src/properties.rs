//! Author, title and dates of an office document.

use crate::error::Error;
use crate::package::Package;
use crate::xml::Token;
use serde_json::{Map, Value};

/// What `docProps/core.xml` says, under these keys: `title`, `subject`, `author`, `keywords`, `description`,
/// `last_modified_by`, `created`, `modified` (ISO 8601), `category`, `language`, `revision`, `version`. Empty fields are
/// left out; a missing or damaged part gives an empty map.
///
/// # Errors
/// Only what [`Error::is_hostile`] calls so.
pub fn core_properties(package: &Package<'_>) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    let links = package.relationships("")?;
    let part = links.of_kind("core-properties").next().map_or("docProps/core.xml", |r| r.target.as_str());
    let Ok(mut xml) = package.xml(part) else { return Ok(fields) };
    let mut field = None;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => field = field_name(tag.name()),
            Ok(Some(Token::Text(text))) => {
                if let Some(field) = field {
                    // References break a text into pieces.
                    match fields.get_mut(field) {
                        Some(Value::String(known)) => known.push_str(&text),
                        _ => drop(fields.insert(field.into(), text.into())),
                    }
                }
            }
            Ok(Some(Token::End(..))) => field = None,
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    for value in fields.values_mut() {
        *value = value.as_str().unwrap_or_default().trim().into();
    }
    fields.retain(|_, value| value.as_str() != Some(""));
    Ok(fields)
}

fn field_name(element: &str) -> Option<&'static str> {
    Some(match element {
        "title" => "title",
        "subject" => "subject",
        "creator" => "author",
        "keywords" => "keywords",
        "description" => "description",
        "lastModifiedBy" => "last_modified_by",
        "created" => "created",
        "modified" => "modified",
        "category" => "category",
        "language" => "language",
        "revision" => "revision",
        "version" => "version",
        _ => return None,
    })
}
