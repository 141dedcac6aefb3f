//! Identifiers: one type per noun, so that they cannot be mixed up.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes any text: an id that names nothing is simply not found.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text of the id, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    };
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        id!($(#[$doc])* $name);

        impl $name {
            /// A new id: 32 lower-case hex digits of a version-1 UUID.
            pub fn generate() -> Self {
                Self(new_uuid1())
            }
        }
    };
}

uuid_id!(
    /// A tenant.
    TenantId
);
uuid_id!(
    /// A dataset.
    DatasetId
);
uuid_id!(
    /// A document.
    DocumentId
);
uuid_id!(
    /// A chat assistant.
    AssistantId
);
uuid_id!(
    /// A conversation.
    SessionId
);
uuid_id!(
    /// A background task.
    TaskId
);
id!(
    /// A chunk: 16 hex digits, see [`ChunkId::of`].
    ChunkId
);
id!(
    /// Stored bytes: the lower-case hex SHA-256 of their content.
    BlobId
);

impl ChunkId {
    /// The deterministic id of a chunk: xxHash64 (seed 0) of the text followed by the document id, as 16 hex digits
    /// (RAGFlow's rule). `repeat` tells equal texts of one document apart: 0 for the first, which alone keeps the
    /// plain rule.
    pub fn of(text: &str, document: &DocumentId, repeat: u32) -> Self {
        let mut hasher = xxhash_rust::xxh64::Xxh64::new(0);
        hasher.update(text.as_bytes());
        hasher.update(document.as_str().as_bytes());
        if repeat > 0 {
            hasher.update(&repeat.to_le_bytes());
        }
        Self(format!("{:016x}", hasher.digest()))
    }
}

/// 32 lower-case hex digits of a version-1 UUID with a random node of this process.
pub fn new_uuid1() -> String {
    static NODE: std::sync::OnceLock<[u8; 6]> = std::sync::OnceLock::new();
    let node = NODE.get_or_init(|| {
        let random = uuid::Uuid::new_v4();
        let mut node = [0; 6];
        node.copy_from_slice(&random.as_bytes()[..6]);
        node[0] |= 1; // the multicast bit marks a node that is not a network card (RFC 9562, 6.10)
        node
    });
    uuid::Uuid::now_v1(node).simple().to_string()
}

/// A version-4 UUID with dashes: ids of messages.
pub fn new_uuid4() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Normalises a version-1 UUID in any spelling to 32 lower-case hex digits.
pub fn parse_uuid1(text: &str) -> Option<String> {
    let uuid = uuid::Uuid::try_parse(text).ok()?;
    (uuid.get_version_num() == 1).then(|| uuid.simple().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_id_is_the_hash_of_text_and_document() {
        let id = ChunkId::of("a", &DocumentId::new("b"), 0);
        assert_eq!(id.as_str(), format!("{:016x}", xxhash_rust::xxh64::xxh64(b"ab", 0)));
        assert_ne!(id, ChunkId::of("a", &DocumentId::new("b"), 1));
    }

    #[test]
    fn generated_ids_are_version_1() {
        let id = DatasetId::generate();
        assert_eq!(parse_uuid1(id.as_str()).as_deref(), Some(id.as_str()));
        assert_eq!(parse_uuid1(&new_uuid4()), None);
        assert_ne!(DatasetId::generate(), DatasetId::generate());
    }
}
