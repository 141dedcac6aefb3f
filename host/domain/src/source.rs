//! Bytes that plugins read by range.

/// Bytes of one file, readable by range from any thread.
pub trait ByteSource: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// At most `length` bytes from `offset`; fewer only at the end.
    ///
    /// # Errors
    /// Whatever the storage says.
    fn read_at(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>>;
}

impl ByteSource for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let end = start.saturating_add(length).min(self.len());
        Ok(self[start..end].to_vec())
    }
}

/// A file as a parser gets it.
#[derive(Clone)]
pub struct SourceFile {
    /// Name as uploaded, without folders.
    pub name: String,
    /// Media type, `application/octet-stream` when unknown.
    pub media_type: String,
    /// The bytes.
    pub bytes: std::sync::Arc<dyn ByteSource>,
}
