//! Delimited text: which character parts its fields, and records out of text that comes in pieces.

/// What parts fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between two fields.
    pub delimiter: char,
    /// Bytes at the start of the text that only name the delimiter (`sep=;` and its line end).
    pub skip: usize,
}

/// A field in quotes that is longer than this was never closed: its quote is an ordinary character.
const LONGEST_QUOTED: usize = 256 << 10;
/// A record that is longer than this is cut.
const LONGEST_RECORD: usize = 4 << 20;
/// Fields of a record at most.
const MOST_FIELDS: usize = 100_000;
/// Bytes and records that the delimiter is found by.
const SAMPLE: usize = 64 << 10;
const SAMPLE_RECORDS: usize = 200;

/// The dialect of a text by its beginning: the delimiter that gives most records the same number of fields. `usual` is
/// what the file's name promises; it is taken where the text does not say.
pub fn sniff(text: &str, usual: char) -> Dialect {
    let head = text.lines().next().unwrap_or_default();
    if let Some(named) = head.get(..4).filter(|p| p.eq_ignore_ascii_case("sep=")).and(head.get(4..))
        && let Some(delimiter) = named.trim_end_matches('\r').chars().next()
    {
        let end = text.find('\n').map_or(text.len(), |at| at + 1);
        return Dialect { delimiter, skip: end };
    }
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Where only several would do, semicolons stand before commas, which are also decimal points.
    let candidates = ['\t', ';', '|', ','];
    let best = candidates
        .into_iter()
        .filter_map(|delimiter| {
            let (share, fields) = agreement(&text[..end], delimiter);
            (fields > 1).then_some(((share * 20.0) as u32, u32::from(delimiter == usual), delimiter))
        })
        .rev()
        .max_by_key(|(share, usual, delimiter)| (*share, *usual * u32::from(*delimiter == '\t')));
    match best {
        Some((share, _, delimiter)) if share >= 6 => Dialect { delimiter, skip: 0 },
        _ => Dialect { delimiter: usual, skip: 0 },
    }
}

/// The share of records that have the most usual number of fields, and that number.
fn agreement(sample: &str, delimiter: char) -> (f64, usize) {
    let mut records = Records::new(delimiter);
    records.feed(sample);
    let mut counts: Vec<usize> = Vec::new();
    while let Some(record) = records.next_record() {
        if record.len() > 1 || record.iter().any(|f| !f.is_empty()) {
            counts.push(record.len());
        }
        if counts.len() >= SAMPLE_RECORDS {
            break;
        }
    }
    if counts.is_empty() {
        records.finish();
        counts.extend(records.next_record().map(|r| r.len()));
    }
    counts.sort_unstable();
    let usual = counts.chunk_by(|a, b| a == b).max_by_key(|run| (run.len(), run[0]));
    usual.map_or((0.0, 0), |run| (run.len() as f64 / counts.len() as f64, run[0]))
}

/// Records of delimited text (RFC 4180, read leniently): feed text, take records.
#[derive(Clone, Debug)]
pub struct Records {
    delimiter: char,
    buffer: String,
    used: usize,
    finished: bool,
    line: u64,
    /// Line of the first quote that never closes.
    unclosed: Option<u64>,
    cut: u64,
}

enum Scan {
    Record {
        fields: Vec<String>,
        end: usize,
        lines: u64,
    },
    /// The text so far does not tell where the record ends.
    Open,
}

impl Records {
    /// Without any text yet.
    pub fn new(delimiter: char) -> Self {
        Self { delimiter, buffer: String::new(), used: 0, finished: false, line: 1, unclosed: None, cut: 0 }
    }

    /// Adds text.
    pub fn feed(&mut self, text: &str) {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.buffer.push_str(text);
    }

    /// Says that there is no more text.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// 1-based line that the next record begins on.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Line of the first quote that never closes and was read as an ordinary character.
    pub fn unclosed(&self) -> Option<u64> {
        self.unclosed
    }

    /// Records that were too long and were cut.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// The next record; none if more text is needed, or at the end.
    pub fn next_record(&mut self) -> Option<Vec<String>> {
        if self.used >= self.buffer.len() {
            return None;
        }
        match self.scan() {
            Scan::Record { fields, end, lines } => {
                self.used = end;
                self.line += lines;
                Some(fields)
            }
            Scan::Open => None,
        }
    }

    fn scan(&mut self) -> Scan {
        let text = &self.buffer[self.used..];
        let mut fields = Vec::new();
        let mut lines = 0;
        let mut at = 0;
        loop {
            let mut field = String::new();
            if text[at..].starts_with('"') {
                match quoted(&text[at + 1..], &mut field) {
                    Quoted::Closed { used } => {
                        lines += field.bytes().filter(|b| *b == b'\n').count() as u64;
                        at += 1 + used;
                    }
                    Quoted::Open if !self.finished && text.len() - at <= LONGEST_QUOTED => return Scan::Open,
                    Quoted::Open | Quoted::TooLong => {
                        self.unclosed.get_or_insert(self.line + lines);
                        field.clear();
                    }
                }
            }
            let rest = &text[at..];
            let end = rest.find([self.delimiter, '\n', '\r']);
            let Some(end) = end else {
                if !self.finished && text.len() <= LONGEST_RECORD {
                    return Scan::Open;
                }
                self.cut += u64::from(!self.finished);
                field.push_str(rest);
                fields.push(field);
                return Scan::Record { fields, end: self.buffer.len(), lines };
            };
            field.push_str(&rest[..end]);
            fields.push(field);
            at += end;
            let over = at > LONGEST_RECORD || fields.len() >= MOST_FIELDS;
            if text[at..].starts_with(self.delimiter) && !over {
                at += self.delimiter.len_utf8();
                continue;
            }
            self.cut += u64::from(over);
            // Line ends are one or two characters, and the second may not have come yet.
            if text[at..].starts_with('\r') {
                if at + 1 == text.len() && !self.finished {
                    return Scan::Open;
                }
                at += if text[at + 1..].starts_with('\n') { 2 } else { 1 };
            } else {
                at += 1;
            }
            return Scan::Record { fields, end: self.used + at, lines: lines + 1 };
        }
    }
}

enum Quoted {
    /// Bytes up to and with the closing quote.
    Closed {
        used: usize,
    },
    Open,
    TooLong,
}

/// Reads a field in quotes; `text` begins after the opening one.
fn quoted(text: &str, field: &mut String) -> Quoted {
    let mut at = 0;
    loop {
        let Some(quote) = text[at..].find('"') else {
            return if text.len() > LONGEST_QUOTED { Quoted::TooLong } else { Quoted::Open };
        };
        field.push_str(&text[at..at + quote]);
        at += quote + 1;
        if field.len() > LONGEST_QUOTED {
            return Quoted::TooLong;
        }
        if !text[at..].starts_with('"') {
            return Quoted::Closed { used: at };
        }
        field.push('"');
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, delimiter: char) -> Vec<Vec<String>> {
        let mut records = Records::new(delimiter);
        records.feed(text);
        records.finish();
        std::iter::from_fn(|| records.next_record()).collect()
    }

    #[test]
    fn quotes_hold_delimiters_and_line_ends() {
        let text = "a,\"b, \"\"c\"\"\r\nd\",e\r\n\"f\" g,,\n";
        assert_eq!(read(text, ','), [vec!["a", "b, \"c\"\r\nd", "e"], vec!["f g", "", ""]]);
        assert_eq!(read("a\rb", ';'), [["a"], ["b"]]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_nothing() {
        let text = format!("1,\"open\n{}", "2,row\n".repeat(60_000));
        let mut records = Records::new(',');
        records.feed(&text);
        let mut count = 0;
        while records.next_record().is_some() {
            count += 1;
        }
        assert_eq!((count, records.unclosed()), (60_001, Some(1)));
    }

    #[test]
    fn delimiters_are_found() {
        for (text, usual, found) in [
            ("a,b\n1,2\n", ',', ','),
            ("a;b\n1,5;2,5\n", ',', ';'),
            ("1,5;2,5\n3,5;4,5\n", ',', ';'),
            ("a\tb, c\n1\t2\n", ',', '\t'),
            ("a|b|c\n1|2|3", ',', '|'),
            ("one column\nof words\n", ',', ','),
            ("\"a;b\",c\n\"d;e\",f\n", ',', ','),
            ("a b\n1 2\n", '\t', '\t'),
            ("sep=|\na,b|c\n", ',', '|'),
        ] {
            assert_eq!(sniff(text, usual).delimiter, found, "{text}");
        }
        assert_eq!(sniff("sep=;\r\na;b", ',').skip, 7);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in proptest::collection::vec(proptest::collection::vec("[a,\"\n é]{0,6}", 2..5), 1..8), cut in 0usize..200) {
            let quote = |f: &String| format!("\"{}\"", f.replace('"', "\"\""));
            let text = rows.iter().map(|r| r.iter().map(quote).collect::<Vec<_>>().join(",")).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(&read(&text, ','), &rows);
            // The same in two pieces.
            let cut = (0..=cut.min(text.len())).rev().find(|c| text.is_char_boundary(*c)).unwrap_or(0);
            let mut records = Records::new(',');
            let mut got = Vec::new();
            records.feed(&text[..cut]);
            got.extend(std::iter::from_fn(|| records.next_record()));
            records.feed(&text[cut..]);
            records.finish();
            got.extend(std::iter::from_fn(|| records.next_record()));
            prop_assert_eq!(got, rows);
        }

        #[test]
        fn no_text_panics(text in "[a;,\"\r\n\t|é]{0,80}") {
            let dialect = sniff(&text, ',');
            let kept: usize = read(&text, dialect.delimiter).iter().flatten().map(String::len).sum();
            prop_assert!(kept <= text.len());
        }
    }
}
