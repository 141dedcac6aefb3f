//! The lines of the contract that this host serves. A line is all versions that follow one another without breaking:
//! 0.1.0, 0.1.1, …; what was built against any of them loads for ever.
//!
//! A line is one file under `lines/`: its bindings, and adapters between them and the domain's types. The rest of the
//! host speaks to the faces below, and knows no line. A further line is a WIT folder, a file, and an entry in [`LINES`];
//! see `wit/README.md`.

mod faces;
mod v0_1;

pub(crate) use faces::{
    Called, ChatModelWorld, ChunkerWorld, Described, Describes, EmbedderWorld, ModelWorld, OpenChatModel, OpenEmbedder,
    OpenReranker, PagesWorld, ParserWorld, RerankerWorld, Vectors,
};

use crate::instance::State;
use mortise_domain::Role;
use semver::Version;
use wasmtime::component::{InstancePre, Linker};

/// Every line that this host serves, oldest first.
static LINES: &[&dyn Line] = &[
    #[cfg(test)]
    &crate::tests::earlier_line::Line0_0_5,
    &v0_1::Line0_1,
];

/// What a linked component becomes: the face of its role.
pub(crate) type Face<W> = wasmtime::Result<Box<W>>;

/// One line of the contract.
pub(crate) trait Line: std::fmt::Debug + Send + Sync {
    /// The newest version of it that this host knows.
    fn version(&self) -> Version;

    /// The files of its WIT package, to explain misfits from.
    fn wit(&self) -> &'static [&'static str];

    /// Interfaces of the contract that a role may import; `None` where the line has no such role.
    fn room(&self, role: Role) -> Option<&'static [&'static str]>;

    /// Adds its imports to a linker.
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// A parser of this line. Roles that the line does not have never get here: [`Line::room`] is asked first.
    fn parser(&self, _linked: InstancePre<State>) -> Face<dyn ParserWorld> {
        absent(Role::Parser)
    }

    /// A chunker of this line.
    fn chunker(&self, _linked: InstancePre<State>) -> Face<dyn ChunkerWorld> {
        absent(Role::Chunker)
    }

    /// An embedder of this line.
    fn embedder(&self, _linked: InstancePre<State>) -> Face<EmbedderWorld> {
        absent(Role::Embedder)
    }

    /// A reranker of this line.
    fn reranker(&self, _linked: InstancePre<State>) -> Face<RerankerWorld> {
        absent(Role::Reranker)
    }

    /// A chat model of this line.
    fn chat_model(&self, _linked: InstancePre<State>) -> Face<ChatModelWorld> {
        absent(Role::ChatModel)
    }
}

impl dyn Line {
    /// A component of any role, to be asked who it is.
    pub(crate) fn describes(&self, role: Role, linked: InstancePre<State>) -> Face<dyn Describes> {
        let world: Box<dyn Describes> = match role {
            Role::Parser => self.parser(linked)?,
            Role::Chunker => self.chunker(linked)?,
            Role::Embedder => self.embedder(linked)?,
            Role::Reranker => self.reranker(linked)?,
            Role::ChatModel => self.chat_model(linked)?,
        };
        Ok(world)
    }

    /// Whether `version` belongs to this line. A later one than the host knows does: it may ask for nothing new.
    pub(crate) fn serves(&self, version: &Version) -> bool {
        let own = self.version();
        let same = match (own.major, own.minor) {
            (0, 0) => own.patch == version.patch && version.minor == 0 && version.major == 0,
            (0, minor) => version.major == 0 && version.minor == minor,
            (major, _) => version.major == major,
        };
        same && version.pre.is_empty()
    }
}

fn absent<W: ?Sized>(role: Role) -> Face<W> {
    Err(wasmtime::Error::msg(format!("this line of the contract has no {role}")))
}

/// All lines, oldest first.
pub(crate) fn all() -> impl Iterator<Item = &'static dyn Line> {
    LINES.iter().copied()
}

/// The line of a version.
pub(crate) fn serving(version: &Version) -> Option<&'static dyn Line> {
    all().find(|line| line.serves(version))
}

/// The newest contract of this host.
pub(crate) fn newest() -> Version {
    all().last().map_or(Version::new(0, 0, 0), |line| line.version())
}

/// The newest version of every line, as texts say it: `0.1.0`, `0.1.3 and 0.2.0`.
pub(crate) fn offered() -> String {
    let versions: Vec<String> = all().map(|line| line.version().to_string()).collect();
    match versions.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_belong_to_lines() {
        let check = |version: &str, line: Option<&str>| {
            let found = serving(&version.parse().unwrap()).map(|line| line.version().to_string());
            assert_eq!(found.as_deref(), line, "{version}");
        };
        check("0.1.0", Some("0.1.0"));
        check("0.1.7", Some("0.1.0"));
        check("0.0.5", Some("0.0.5"));
        check("0.0.6", None);
        check("0.2.0", None);
        check("1.0.0", None);
        check("1.1.0", None);
        check("0.1.0-rc.1", None);
    }

    #[test]
    fn the_newest_line_comes_last() {
        assert!(all().map(|line| line.version()).is_sorted());
        assert_eq!(offered(), "0.0.5 and 0.1.0");
        assert_eq!(newest(), Version::new(0, 1, 0));
    }
}
