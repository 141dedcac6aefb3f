//! What a CV says of its person.

use crate::lines::Line;
use crate::sections::Section;
use crate::vocabulary::{CHINESE_JOBS, COMPANIES, DEGREES, JOBS, Label, SCHOOLS, label};
use crate::{dates, person};
use mortise_sdk::document::Value;
use std::collections::BTreeMap;

/// A label with its values.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    /// As a reader sees it.
    pub(crate) label: &'static str,
    /// With the suffix of its type.
    pub(crate) field: &'static str,
    pub(crate) value: Value,
    /// Where it stands.
    pub(crate) blocks: Vec<u32>,
}

impl Fact {
    pub(crate) fn text(&self) -> String {
        match &self.value {
            Value::Text(text) | Value::Time(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            Value::None => String::new(),
        }
    }
}

/// In the order in which they are told.
pub(crate) type Facts = Vec<Fact>;

/// Labels and fields in English and Chinese, in the order in which they are told.
const TOLD: &[(Label, &str, &str, &str)] = &[
    (Label::Name, "Name", "姓名", "name_kwd"),
    (Label::Gender, "Gender", "性别", "gender_kwd"),
    (Label::Age, "Age", "年龄", "age_int"),
    (Label::Birth, "Date of birth", "出生日期", "birth_dt"),
    (Label::Phone, "Phone", "电话", "phone_kwd"),
    (Label::Email, "E-mail", "邮箱", "email_tks"),
    (Label::City, "City", "城市", "city_kwd"),
    (Label::Position, "Position", "职位", "position_name_tks"),
    (Label::Years, "Years of experience", "工作年限", "work_exp_flt"),
    (Label::Company, "Companies", "公司", "corp_nm_tks"),
    (Label::School, "Schools", "学校", "school_name_tks"),
    (Label::Degree, "Degrees", "学历", "degree_kwd"),
    (Label::Major, "Majors", "专业", "major_tks"),
    (Label::Skills, "Skills", "技能", "skill_tks"),
    (Label::Industry, "Industries", "行业", "industry_name_tks"),
    (Label::Language, "Languages", "语言", "language_tks"),
    (Label::Salary, "Expected salary", "期望薪资", "expect_salary_tks"),
    (Label::Website, "Website", "主页", "website_tks"),
];

/// Values of one label, and of all labels together, that are kept.
const MOST: usize = 20;

#[derive(Default)]
struct Found(BTreeMap<Label, Vec<(String, u32)>>);

impl Found {
    fn add(&mut self, label: Label, value: &str, block: u32) {
        let value =
            value.trim().trim_matches(|c: char| matches!(c, ',' | '，' | ';' | '；' | '|' | '-' | '–' | '。')).trim();
        let values = self.0.entry(label).or_default();
        let known = values.iter().any(|(known, _)| known.eq_ignore_ascii_case(value));
        if !value.is_empty() && value.chars().count() <= 160 && !known && values.len() < MOST {
            values.push((value.to_owned(), block));
        }
    }

    fn has(&self, label: Label) -> bool {
        self.0.get(&label).is_some_and(|values| !values.is_empty())
    }
}

/// Finds all facts.
pub(crate) fn find(lines: &[Line]) -> Facts {
    let mut found = Found::default();
    let mut section = None;
    let mut worked: Vec<(&str, u32)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(begun) = line.section {
            section = Some(begun);
            continue;
        }
        for email in person::emails(&line.text) {
            found.add(Label::Email, email, line.block);
        }
        let labelled = line.label.as_ref().and_then(|(name, value)| Some((label(name)?, value)));
        match labelled {
            // Skills are often sorted: «Languages: Rust, Python».
            Some((Label::Language | Label::Skills, value)) if section == Some(Section::Skills) => {
                list(&mut found, Label::Skills, value, line.block);
            }
            Some((label, value)) => by_label(&mut found, label, value, line.block),
            None => unlabelled(&mut found, line, section, at),
        }
        if section == Some(Section::Work) {
            worked.push((&line.text, line.block));
        }
    }
    if !found.has(Label::Years) {
        let texts: Vec<&str> = worked.iter().map(|(text, _)| *text).collect();
        if let (Some(years), Some((_, block))) = (dates::years(&texts), worked.first()) {
            found.add(Label::Years, &years.to_string(), *block);
        }
    }
    told(found, lines)
}

fn by_label(found: &mut Found, label: Label, value: &str, block: u32) {
    match label {
        Label::Email => {}
        Label::Phone => match person::phone(value) {
            Some(phone) => found.add(label, &phone, block),
            None => person::emails(value).into_iter().for_each(|email| found.add(Label::Email, email, block)),
        },
        Label::Age | Label::Years => {
            let digits: String = value
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            found.add(label, digits.trim_end_matches('.'), block);
        }
        Label::Gender => {
            let lower = value.to_lowercase();
            // The longer word first: there is a `male` in `female`.
            let gender = ["female", "male", "女", "男"].into_iter().find(|word| lower.starts_with(word));
            found.add(label, gender.unwrap_or(value), block);
        }
        Label::Skills | Label::Industry | Label::Language => list(found, label, value, block),
        Label::Degree => match degree(value) {
            Some(_) => degrees(found, value, block),
            None => found.add(label, value, block),
        },
        _ => found.add(label, value, block),
    }
}

fn list(found: &mut Found, label: Label, value: &str, block: u32) {
    for item in value.split([',', '，', '、', ';', '；']).filter(|item| item.chars().count() <= 40) {
        found.add(label, item.trim_end_matches(['.', '。']), block);
    }
}

/// A line without a label says what its section is about, or whose CV it is.
fn unlabelled(found: &mut Found, line: &Line, section: Option<Section>, at: usize) {
    let text = line.text.as_str();
    if section.is_none() || section == Some(Section::Summary) {
        if at < 6 && !found.has(Label::Name) && !text.contains('@') && person::is_name(text) && !is_job(text) {
            return found.add(Label::Name, text, line.block);
        }
        if let Some(phone) = person::phone(text).filter(|_| !found.has(Label::Phone)) {
            found.add(Label::Phone, &phone, line.block);
        }
        if at < 8 && !found.has(Label::Position) && is_job(text) && text.split_whitespace().count() <= 6 {
            found.add(Label::Position, text, line.block);
        }
        if matches!(text, "男" | "女") {
            found.add(Label::Gender, text, line.block);
        }
    }
    match section {
        Some(Section::Education) => {
            school(found, text, line.block);
            degrees(found, text, line.block);
            major(found, text, line.block);
        }
        Some(Section::Work) => company(found, text, line.block),
        Some(Section::Skills) => {
            let value = line.label.as_ref().map_or(text, |(_, value)| value.as_str());
            list(found, Label::Skills, value, line.block);
        }
        _ => {}
    }
}

fn is_job(text: &str) -> bool {
    let lower = text.to_lowercase();
    let word = |job: &&str| lower.split(|c: char| !c.is_alphabetic()).any(|word| word == *job);
    text.chars().count() <= 60 && (JOBS.iter().any(word) || CHINESE_JOBS.iter().any(|job| text.contains(job)))
}

/// Pieces of a line between commas, dashes and wide gaps.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、', ';', '；', '(', ')', '（', '）', '–', '—'])
        .flat_map(|piece| piece.split("  "))
        .flat_map(|piece| piece.split(" - "))
        .map(str::trim)
        .filter(|piece| !piece.is_empty() && piece.chars().count() <= 80)
}

fn school(found: &mut Found, text: &str, block: u32) {
    for piece in pieces(text) {
        let lower = piece.to_lowercase();
        if SCHOOLS.iter().any(|word| lower.contains(word)) {
            found.add(Label::School, piece, block);
        }
        let chinese = piece.split_whitespace().find(|word| word.contains("大学") || word.ends_with("学院"));
        if let Some(word) = chinese {
            let end = word.find("大学").map_or(word.len(), |at| at + "大学".len());
            let start = word[..end]
                .rfind(|c: char| c.is_ascii() || c == '月' || c == '今')
                .map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
            found.add(Label::School, &word[start..end], block);
        }
    }
}

fn degree(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let has = |word: &&str| match word.is_ascii() {
        // Whole words only: there is a `ba` in many.
        true => lower.match_indices(*word).any(|(at, found)| {
            let before = lower[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
            let after = lower[at + found.len()..].trim_start_matches(['\'', '’']);
            before
                && (found.ends_with('.')
                    || after.is_empty()
                    || !after.starts_with(|c: char| c.is_alphabetic() && c != 's'))
        }),
        false => lower.contains(*word),
    };
    DEGREES.iter().find(|(_, words)| words.iter().any(has)).map(|(degree, _)| *degree)
}

fn degrees(found: &mut Found, text: &str, block: u32) {
    if let Some(degree) = degree(text) {
        let chinese =
            ["博士", "硕士", "研究生", "本科", "学士", "大专", "专科"].into_iter().find(|word| text.contains(word));
        found.add(Label::Degree, chinese.unwrap_or(degree), block);
    }
}

/// `B.Sc. in Physics`, `Master of Science, Physics`, `物理学专业`.
fn major(found: &mut Found, text: &str, block: u32) {
    if degree(text).is_some()
        && let Some(at) = text.find(" in ")
        && let Some(major) = pieces(&text[at + 4..]).next()
        && major.chars().next().is_some_and(char::is_uppercase)
    {
        found.add(Label::Major, major, block);
    }
    if let Some(at) = text.find("专业") {
        let front = text[..at].rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        let front = front.rsplit("大学").next().unwrap_or(front);
        if front.chars().count() > 1 {
            found.add(Label::Major, front, block);
        }
    }
}

fn company(found: &mut Found, text: &str, block: u32) {
    if text.chars().count() > 120 {
        return;
    }
    for piece in pieces(text) {
        let last = piece.trim_end_matches('.').rsplit(' ').next().unwrap_or_default().to_lowercase();
        if COMPANIES.contains(&last.as_str()) && piece.contains(' ') {
            found.add(Label::Company, piece, block);
        }
        let chinese = piece
            .split_whitespace()
            .find(|word| ["公司", "集团", "银行", "研究院"].iter().any(|end| word.ends_with(end)));
        if let Some(word) = chinese {
            let start = word
                .rfind(|c: char| c.is_ascii() || c == '月' || c == '今')
                .map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
            found.add(Label::Company, &word[start..], block);
        }
    }
}

/// The facts with their labels, in the language of most of the text.
fn told(found: Found, lines: &[Line]) -> Facts {
    let letters = |chinese: bool| {
        let all = lines.iter().flat_map(|line| line.text.chars()).filter(|c| c.is_alphabetic());
        all.filter(|c| ('\u{4E00}'..='\u{9FFF}').contains(c) == chinese).count()
    };
    let chinese = letters(true) * 4 > letters(false);
    let mut facts = Vec::new();
    for (label, english, han, field) in TOLD {
        let Some(values) = found.0.get(label).filter(|values| !values.is_empty()) else { continue };
        // One of a kind, or all of them.
        let single = matches!(
            label,
            Label::Name | Label::Gender | Label::Age | Label::Birth | Label::Years | Label::City | Label::Position
        );
        let values = if single { &values[..1] } else { &values[..] };
        let text =
            values.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>().join(if chinese { "、" } else { ", " });
        let value = match label {
            Label::Age => text.parse().map_or(Value::Text(text), Value::Integer),
            Label::Years => text.parse().map_or(Value::Text(text), Value::Number),
            Label::Birth => mortise_shared_records::date::read(&text)
                .and_then(|date| date.iso)
                .map_or(Value::Text(text), Value::Time),
            _ => Value::Text(text),
        };
        let blocks = values.iter().map(|(_, block)| *block).collect();
        facts.push(Fact { label: if chinese { han } else { english }, field, value, blocks });
    }
    facts
}
