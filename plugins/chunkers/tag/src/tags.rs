//! The tags of a cell.

/// Tags split at commas of either width and semicolons, each once. A full stop in a tag becomes `_`: names of rank
/// features have none.
pub fn split(cell: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in cell.split([',', '，', '、', ';', '；', '\n']) {
        let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ").replace('.', "_");
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}
