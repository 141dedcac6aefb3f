//! RAGFlow's rule for names that are taken.

/// Names tried before giving up.
pub(crate) const TRIES: usize = 1000;

/// The first free name: `wanted` itself, else with `(1)`, `(2)`, … before the last dot-suffix. A stem that ends in
/// `(n)` counts up from there. `None` after a thousand tries.
pub(crate) fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> Option<String> {
    let mut name = wanted.to_owned();
    for _ in 0..TRIES {
        if !taken(&name) {
            return Some(name);
        }
        name = next_name(&name);
    }
    None
}

/// What every name that [`free_name`] may try begins with, `wanted` itself included.
pub(crate) fn common_stem(wanted: &str) -> &str {
    let (stem, _) = split_suffix(wanted);
    split_counter(stem).map_or(stem, |(main, _)| main)
}

fn next_name(name: &str) -> String {
    let (stem, suffix) = split_suffix(name);
    match split_counter(stem) {
        Some((main, n)) => format!("{main}({}){suffix}", n.saturating_add(1)),
        None => format!("{stem}(1){suffix}"),
    }
}

/// `a.tar.gz` → `a.tar`, `.gz`; a leading dot begins no suffix, a final dot neither.
fn split_suffix(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => name.split_at(at),
        _ => (name, ""),
    }
}

/// `a (7)` → `a`, 7.
fn split_counter(stem: &str) -> Option<(&str, u64)> {
    let (main, digits) = stem.strip_suffix(')')?.rsplit_once('(')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((main.trim_end(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &str, taken: &[&str], expected: &str) {
        let name = free_name(wanted, |n| taken.contains(&n)).unwrap();
        assert_eq!(name, expected);
        assert!(name.starts_with(common_stem(wanted)), "{name} begins with {}", common_stem(wanted));
        assert!(wanted.starts_with(common_stem(wanted)));
    }

    #[test]
    fn taken_names_count_up_before_the_suffix() {
        check("a.txt", &[], "a.txt");
        check("a.txt", &["a.txt"], "a(1).txt");
        check("a.txt", &["a.txt", "a(1).txt", "a(2).txt"], "a(3).txt");
        check("a(1).txt", &["a(1).txt"], "a(2).txt");
        check("a (7).txt", &["a (7).txt"], "a(8).txt");
        check("a(0).txt", &["a(0).txt"], "a(1).txt");
        check("a.tar.gz", &["a.tar.gz"], "a.tar(1).gz");
        check("contracts", &["contracts"], "contracts(1)");
        check(".txt", &[".txt"], ".txt(1)");
        check("a.", &["a."], "a.(1)");
        check("(1)", &["(1)"], "(2)");
        check("f(x)", &["f(x)"], "f(x)(1)");
        check("a()", &["a()"], "a()(1)");
        check("报告.pdf", &["报告.pdf"], "报告(1).pdf");
        check("a(99999999999999999999999).b", &["a(99999999999999999999999).b"], "a(99999999999999999999999)(1).b");
    }

    #[test]
    fn gives_up_after_a_thousand_tries() {
        assert_eq!(free_name("a.txt", |_| true), None);
    }
}
