//! Multipart uploads, streamed part by part into blobs: no file is ever held in memory whole.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::http::header::CONTENT_DISPOSITION;
use bytes::{Bytes, BytesMut};
use mortise_domain::{BlobId, Error};
use mortise_service::Service;

/// A part of a form.
pub(crate) struct Part<'a> {
    /// Name of the field.
    pub(crate) field: String,
    /// Name of the file as sent, which may be empty; `None` for a part that is no file.
    pub(crate) file_name: Option<String>,
    content: Field<'a>,
}

/// What went wrong with a form.
#[derive(Debug)]
pub(crate) enum UploadFault {
    /// The form breaks off, breaks its format or is over the limit.
    Form(String),
    /// The bytes could not be stored.
    Storage(Error),
}

impl From<MultipartError> for UploadFault {
    fn from(error: MultipartError) -> Self {
        Self::Form(error.body_text())
    }
}

/// The next part of the form.
pub(crate) async fn next_part(form: &mut Multipart) -> Result<Option<Part<'_>>, UploadFault> {
    let Some(content) = form.next_field().await? else { return Ok(None) };
    let field = content.name().unwrap_or_default().to_owned();
    let file_name = file_name(&content);
    Ok(Some(Part { field, file_name, content }))
}

impl Part<'_> {
    /// The bytes, in memory.
    ///
    /// # Errors
    /// `TooLarge` beyond `limit`, `Invalid` when the form breaks off.
    pub(crate) async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.content.chunk().await.map_err(|error| Error::invalid("form", error.body_text()))? {
            if bytes.len() + piece.len() > limit {
                return Err(Error::TooLarge { limit: limit as u64 });
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// Stores the bytes: their blob and their number.
    pub(crate) async fn store(mut self, service: &Service) -> Result<(BlobId, u64), UploadFault> {
        let mut writer = service.begin_upload().await.map_err(UploadFault::Storage)?;
        while let Some(piece) = self.content.chunk().await? {
            writer.write(&piece).await.map_err(UploadFault::Storage)?;
        }
        writer.finish().await.map_err(UploadFault::Storage)
    }
}

/// The file name in the older form `filename=` or, as some clients send it, in `filename*=UTF-8''…`.
fn file_name(part: &Field<'_>) -> Option<String> {
    if let Some(name) = part.file_name() {
        return Some(name.to_owned());
    }
    let header = part.headers().get(CONTENT_DISPOSITION)?;
    extended_name(std::str::from_utf8(header.as_bytes()).ok()?)
}

fn extended_name(header: &str) -> Option<String> {
    let value = header.split(';').map(str::trim).find_map(|attribute| {
        let (name, value) = attribute.split_once('=')?;
        name.trim().eq_ignore_ascii_case("filename*").then(|| value.trim().trim_matches('"'))
    })?;
    let (charset, encoded) =
        value.split_once('\'').and_then(|(charset, rest)| Some((charset, rest.split_once('\'')?.1)))?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent_encoding::percent_decode_str(encoded).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_names_are_decoded() {
        let name = |header| extended_name(header);
        assert_eq!(name("form-data; name=\"file\"; filename*=utf-8''%E4%B8%AD.txt").as_deref(), Some("中.txt"));
        assert_eq!(name("form-data; filename*=latin1''a.txt"), None);
        assert_eq!(name("form-data; name=\"file\""), None);
    }
}
