//! Names of files inside of a book.

/// The folder of a file; empty at the top.
pub(crate) fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last segment of a name.
pub(crate) fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What an address in a file of `folder` leads to, without its fragment: none if that is outside of the book. `..` is
/// followed, and cannot leave the archive.
pub(crate) fn resolve(folder: &str, address: &str) -> Option<String> {
    let address = address.split(['#', '?']).next().unwrap_or_default().trim();
    let is_elsewhere = address.split(['/', '.']).next().is_some_and(|first| first.contains(':'));
    if address.is_empty() || is_elsewhere {
        return None;
    }
    let address = unescape(&address.replace('\\', "/"));
    let base = if address.starts_with('/') { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for segment in base.split('/').chain(address.split('/')) {
        match segment {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    Some(path.join("/"))
}

/// `%20` → a blank; escapes that are none stay.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_inside() {
        assert_eq!(resolve("OEBPS/text", "../images/a%20b.png#x").as_deref(), Some("OEBPS/images/a b.png"));
        assert_eq!(resolve("OEBPS", "../../../etc/passwd").as_deref(), Some("etc/passwd"));
        assert_eq!(resolve("", "/a.xhtml").as_deref(), Some("a.xhtml"));
        assert_eq!(resolve("x", "https://example.com/a.png"), None);
        assert_eq!(resolve("x", "#top"), None);
        assert_eq!(unescape("100%"), "100%");
    }
}
