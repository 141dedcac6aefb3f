//! Documents' bytes: upload and download.

use super::documents::MAX_NAME;
use super::envelope::{CODE_SERVER, OrRefuse, Refusal, Reply, data};
use super::{Key, Surface, wire};
use crate::upload::{UploadFault, next_part};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::stream;
use mortise_domain::source::ByteSource;
use mortise_domain::{BlobId, Caller, DatasetId, DocumentId, DocumentType, NewDocument};
use mortise_service::Service;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io;
use std::sync::Arc;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new()
        .route("/datasets/{dataset}/documents", post(upload))
        .route("/datasets/{dataset}/documents/{document}", get(download))
}

/// A file whose bytes are stored, or the reason why it is refused.
enum Received {
    Stored { name: String, kind: DocumentType, method: Option<&'static str>, blob: BlobId, size: u64 },
    Refused(String),
}

async fn upload(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path(id): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    // Known before the bytes arrive, told after the form was found right: without a dataset nothing is stored.
    let known = service.get_dataset(&caller, &dataset).await.found()?.is_some();
    let Ok(mut form) = form else { return Err(no_file_part()) };
    let received = receive(service, &caller, &mut form, known).await?;
    if received.is_empty() {
        return Err(no_file_part());
    }
    if !known {
        return Err(Refusal::exception("LookupError", &format!("Can't find the dataset with ID {dataset}!")));
    }
    let (mut documents, mut refused) = (vec![], vec![]);
    for file in received {
        match file {
            Received::Refused(reason) => refused.push(reason),
            Received::Stored { name, kind, method, blob, size } => {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                let new = NewDocument { name, kind, size, blob, chunk_method: method.map(Into::into) };
                documents.push(wire::uploaded(&service.add_document(&caller, &dataset, new).await?));
            }
        }
    }
    if refused.is_empty() { data(documents.into()) } else { Err(Refusal::new(CODE_SERVER, refused.join("\n"))) }
}

/// Reads the whole form. A file with a bad name spoils all of it; one of an unknown type only itself.
async fn receive(
    service: &Service,
    caller: &Caller,
    form: &mut Multipart,
    store: bool,
) -> Result<Vec<Received>, Refusal> {
    let mut received = vec![];
    let mut spoilt = None;
    while let Some(part) = next_part(form).await.map_err(|fault| form_refusal(fault, received.is_empty()))? {
        let Some(name) = part.file_name.clone().filter(|_| part.field == "file") else { continue };
        if name.is_empty() {
            spoilt = spoilt.or(Some(Refusal::argument("No file selected!")));
        } else if name.len() > MAX_NAME {
            let fault = Refusal::argument(format!("File name must be {MAX_NAME} bytes or less."));
            spoilt = spoilt.or(Some(fault));
        }
        let kind = known_type(&name).or_else(|| service.has_parser_for(caller, &name).then_some(DocumentType::Other));
        received.push(match kind {
            None => Received::Refused(format!("{name}: This type of file has not been supported yet!")),
            Some(kind) if store && spoilt.is_none() => {
                let (blob, size) = part.store(service).await.map_err(|fault| form_refusal(fault, false))?;
                Received::Stored { method: method_for(&name, kind), name, kind, blob, size }
            }
            Some(_) => Received::Refused(String::new()),
        });
    }
    spoilt.map_or(Ok(received), Err)
}

fn no_file_part() -> Refusal {
    Refusal::argument("No file part!")
}

fn form_refusal(fault: UploadFault, nothing_yet: bool) -> Refusal {
    match fault {
        UploadFault::Form(_) if nothing_yet => no_file_part(),
        UploadFault::Form(reason) => Refusal::argument(reason),
        UploadFault::Storage(error) => error.into(),
    }
}

const TEXTS: &[&str] = &[
    "msg", "eml", "ppt", "pptx", "pages", "doc", "docx", "yml", "xml", "htm", "html", "json", "jsonl", "ldjson", "csv",
    "txt", "ini", "xls", "xlsx", "wps", "rtf", "hlp", "numbers", "key", "md", "mdx", "py", "js", "java", "c", "cpp",
    "h", "php", "go", "ts", "sh", "cs", "kt", "sql",
];
const SOUNDS: &[&str] = &["wav", "flac", "ape", "alac", "wavpack", "wv", "mp3", "aac", "ogg", "vorbis", "opus"];
const PICTURES: &[&str] = &[
    "jpg", "jpeg", "png", "tif", "gif", "pcx", "tga", "exif", "fpx", "svg", "psd", "cdr", "pcd", "dxf", "ufo", "eps",
    "ai", "raw", "webp", "avif", "apng", "icon", "ico", "mpg", "mpeg", "avi", "rm", "rmvb", "mov", "wmv", "asf", "dat",
    "asx", "wvx", "mpe", "mpa", "mp4", "mkv",
];

/// RAGFlow's type of a file name; `None` for extensions that it refuses.
fn known_type(name: &str) -> Option<DocumentType> {
    let (_, extension) = name.rsplit_once('.')?;
    let extension = extension.to_lowercase();
    let extension = extension.as_str();
    if extension == "pdf" {
        Some(DocumentType::Pdf)
    } else if TEXTS.contains(&extension) {
        Some(DocumentType::Doc)
    } else if SOUNDS.contains(&extension) {
        Some(DocumentType::Aural)
    } else if PICTURES.contains(&extension) {
        Some(DocumentType::Visual)
    } else {
        None
    }
}

/// The chunk method that a kind of file has whatever its dataset says. Mail and slides are known by lower-case
/// extensions only.
fn method_for(name: &str, kind: DocumentType) -> Option<&'static str> {
    match kind {
        DocumentType::Visual => return Some("picture"),
        DocumentType::Aural => return Some("audio"),
        _ => {}
    }
    match name.rsplit_once('.')?.1 {
        "msg" | "eml" => Some("email"),
        "ppt" | "pptx" | "pages" => Some("presentation"),
        _ => None,
    }
}

async fn download(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id)): Path<(String, String)>,
) -> Reply {
    let service = &surface.service;
    let (dataset, id) = (DatasetId::new(dataset), DocumentId::new(id));
    let owned = service.get_dataset(&caller, &dataset).await;
    owned.or_refuse(|| Refusal::data(format!("You do not own the dataset {dataset}.")))?;
    let open = service.open_document(&caller, &dataset, &id).await;
    let open = open.or_refuse(|| Refusal::data(format!("The dataset not own the document {id}.")))?;
    let size = open.bytes.size();
    if size == 0 {
        return Err(Refusal::data("This file is empty."));
    }
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, size.to_string()),
        (CONTENT_DISPOSITION, disposition(&open.document.name)),
    ];
    Ok((headers, Body::from_stream(pieces(open.bytes))).into_response())
}

/// Bytes read at once for a download.
const PIECE: usize = 1 << 20;

/// The bytes in pieces, each read where blocking is allowed.
fn pieces(source: Arc<dyn ByteSource>) -> impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((source, 0_u64), async |(source, offset)| {
        if offset >= source.size() {
            return Ok(None);
        }
        let reader = source.clone();
        let read = tokio::task::spawn_blocking(move || reader.read_at(offset, PIECE));
        let piece = read.await.map_err(io::Error::other)??;
        if piece.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let next = offset + piece.len() as u64;
        Ok(Some((Bytes::from(piece), (source, next))))
    })
}

/// RFC 6266: a plain name for old clients, the real one beside it when they differ.
fn disposition(name: &str) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
    let plain: String = name
        .chars()
        .map(|c| if c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\') { c } else { '_' })
        .collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, &KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;

    #[test]
    fn types_go_by_extension_in_any_case() {
        assert_eq!(known_type("a.PDF"), Some(DocumentType::Pdf));
        assert_eq!(known_type(".txt"), Some(DocumentType::Doc));
        assert_eq!(known_type("a.b.kt"), Some(DocumentType::Doc));
        assert_eq!(known_type("a.mp3"), Some(DocumentType::Aural));
        assert_eq!(known_type("a.mp4"), Some(DocumentType::Visual));
        for refused in ["a.yaml", "a.bmp", "a.exe", "noextension", "a."] {
            assert_eq!(known_type(refused), None, "{refused}");
        }
    }

    #[test]
    fn some_kinds_have_their_own_method() {
        assert_eq!(method_for("a.eml", DocumentType::Doc), Some("email"));
        assert_eq!(method_for("a.EML", DocumentType::Doc), None);
        assert_eq!(method_for("a.pptx", DocumentType::Doc), Some("presentation"));
        assert_eq!(method_for("a.PNG", DocumentType::Visual), Some("picture"));
        assert_eq!(method_for("a.mp3", DocumentType::Aural), Some("audio"));
        assert_eq!(method_for("a.txt", DocumentType::Doc), None);
    }

    #[test]
    fn names_survive_in_headers() {
        assert_eq!(disposition("a b.txt"), "attachment; filename=\"a b.txt\"");
        assert_eq!(disposition("é\"\n.txt"), "attachment; filename=\"___.txt\"; filename*=UTF-8''%C3%A9%22%0A.txt");
        assert!(axum::http::HeaderValue::from_str(&disposition("é\r\n中.txt")).is_ok());
    }

    #[tokio::test]
    async fn downloads_come_in_pieces() {
        let bytes: Vec<u8> = (0..PIECE * 2 + 7).map(|i| (i % 251) as u8).collect();
        let pieces: Vec<Bytes> = pieces(Arc::new(bytes.clone())).try_collect().await.unwrap();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), bytes);
    }
}
