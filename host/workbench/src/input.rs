//! What a plugin is given, read from one file as its role needs it.
//!
//! | role | the file is |
//! |---|---|
//! | parser | any file |
//! | chunker | any file that a built-in parser reads, or `*.json`: blocks as `mortise plugin run --json` prints them |
//! | embedder | a text a line |
//! | reranker | the query in the first line, a text in every other |
//! | chat model | the question in the first paragraph, a passage in every other; or `*.json`: messages and passages |

use crate::{Error, Result, Workbench, form};
use mortise_domain::block::Parsed;
use mortise_domain::chat::{ChatMessage, ChatRequest, ChatRole, Passage};
use mortise_domain::role::CallContext;
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, Role, media_type};
use std::path::Path;
use std::sync::Arc;

/// An input of any role.
#[derive(Clone)]
pub(crate) enum Input {
    File(SourceFile),
    Document(SourceFile, Arc<Parsed>),
    Texts(Vec<String>),
    Ranking { query: String, texts: Vec<String> },
    Chat(ChatRequest),
}

impl Input {
    /// Reads a file for a role.
    pub(crate) async fn read(bench: &Workbench, role: Role, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::file(path))?;
        Self::of(bench, role, path, bytes).await
    }

    /// As [`Input::read`], of bytes that are there already; `path` names them.
    pub(crate) async fn of(bench: &Workbench, role: Role, path: &Path, bytes: Vec<u8>) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let json = path.extension().is_some_and(|extension| extension == "json");
        match role {
            Role::Parser => Ok(Self::File(file(name, bytes))),
            Role::Chunker if json => {
                let text = text(path, bytes)?;
                let parsed = form::read_document(&text).map_err(|error| Error::input(path, error))?;
                Ok(Self::Document(file(name, text.into_bytes()), Arc::new(parsed)))
            }
            Role::Chunker => {
                let file = file(name, bytes);
                let Some(parser) = bench.parser_for(&file.name, &file.media_type).await? else {
                    let reason = "no built-in parser reads such files; a chunker's input can also be blocks in JSON";
                    return Err(Error::input(path, reason));
                };
                let parsed = parser.parse(file.clone(), &JsonMap::new(), CallContext::default()).await?;
                Ok(Self::Document(file, Arc::new(parsed)))
            }
            Role::Embedder => Ok(Self::Texts(lines(&text(path, bytes)?))),
            Role::Reranker => {
                let mut lines = lines(&text(path, bytes)?);
                if lines.is_empty() {
                    return Err(Error::input(path, "it is empty: the first line is the query, every other one a text"));
                }
                Ok(Self::Ranking { query: lines.remove(0), texts: lines })
            }
            Role::ChatModel if json => {
                form::read_request(&text(path, bytes)?).map(Self::Chat).map_err(|error| Error::input(path, error))
            }
            Role::ChatModel => Ok(Self::Chat(request(&text(path, bytes)?, &name))),
        }
    }

    /// Bytes that the plugin works on: of files the bytes, of everything else the texts.
    pub(crate) fn bytes(&self) -> u64 {
        let lengths = |texts: &[String]| texts.iter().map(|text| text.len() as u64).sum::<u64>();
        match self {
            Self::File(file) => file.bytes.size(),
            Self::Document(_, parsed) => parsed.blocks.iter().map(|block| block.text.len() as u64).sum(),
            Self::Texts(texts) => lengths(texts),
            Self::Ranking { query, texts } => query.len() as u64 + lengths(texts),
            Self::Chat(request) => {
                let messages = request.messages.iter().map(|message| message.text.len() as u64);
                messages.chain(request.passages.iter().map(|passage| passage.text.len() as u64)).sum()
            }
        }
    }
}

pub(crate) fn file(name: String, bytes: Vec<u8>) -> SourceFile {
    SourceFile { media_type: media_type::by_name(&name).to_owned(), name, bytes: Arc::new(bytes) }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|_| Error::input(path, "it is not UTF-8 text"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The question with its passages; models that write prose find these in the system message too, as on a server.
fn request(text: &str, title: &str) -> ChatRequest {
    let text = text.replace("\r\n", "\n");
    let mut paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let question = paragraphs.next().unwrap_or_default().to_owned();
    let passage = |(number, text): (u32, &str)| Passage { number, title: title.into(), text: text.into() };
    let passages: Vec<Passage> = (0..).zip(paragraphs).map(passage).collect();
    let mut messages = Vec::new();
    if !passages.is_empty() {
        let passages = passages.iter().map(|passage| format!("ID: {}\n{}\n", passage.number, passage.text));
        let text = format!(
            "Answer from these passages alone, and cite each one you use as [ID:number].\n\n{}",
            passages.collect::<Vec<_>>().join("\n")
        );
        messages.push(ChatMessage::new(ChatRole::System, text));
    }
    messages.push(ChatMessage::new(ChatRole::User, question));
    ChatRequest { messages, passages, ..ChatRequest::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_question_and_passages() {
        let asked = request("Why?\nReally?\r\n\r\nOne.\n\n\n\nTwo.\n", "a.txt");
        assert_eq!(asked.messages.len(), 2);
        assert_eq!((asked.messages[1].role, asked.messages[1].text.as_str()), (ChatRole::User, "Why?\nReally?"));
        let passages: Vec<_> = asked.passages.iter().map(|p| (p.number, p.text.as_str())).collect();
        assert_eq!(passages, [(0, "One."), (1, "Two.")]);
        assert!(asked.messages[0].text.contains("ID: 1\nTwo."));
        assert_eq!(request("Why?", "").messages.len(), 1);
    }

    #[test]
    fn lines_are_texts() {
        assert_eq!(lines(" a \n\n\tb\r\n"), ["a", "b"]);
        assert!(text(Path::new("x"), vec![0xff]).unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(text(Path::new("x"), "\u{feff}a".into()).unwrap(), "a");
    }
}
