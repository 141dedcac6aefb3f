//! CVs in English and Chinese, and texts that are none.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_resume::Resume;
use mortise_parser_text::Text;
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::Value;
use mortise_sdk::testing::{self, Document};
use serde_json::json;

const ENGLISH: &str = "Ada Byron King
Senior Software Engineer
London | +44 20 7946 0958 | ada.king@example.org

Summary
Engineer who likes machines.

Experience
Analytical Engines Ltd, London
Lead engineer, Jan 2012 - Jan 2016
Wrote programs for looms.
Difference Group Inc.
Engineer, 2008 to 2012

Education
University of London, M.Sc. in Mathematics, 2006
King's College, B.Sc. in Physics, 2004

Skills
Languages: Rust, Python, SQL
Looms; punched cards
";

const CHINESE: &str = "个人简历
姓名：王小明    性别：男
年龄：29岁
手机：138-0013-8000
邮箱：xiaoming@example.cn
现居地：厦门
求职意向：后端开发工程师
工作年限：6年

教 育 背 景
2013.09 - 2017.06 厦门大学 计算机科学与技术专业 本科

工作经历
2017年7月至2020年7月 厦门海港科技有限公司 软件工程师
负责码头调度系统的开发。

专业技能
Java、Rust、MySQL
";

fn chunks(name: &str, text: &str) -> Vec<Chunk> {
    let kept = testing::parse::<Text>(name, text.as_bytes(), json!({})).unwrap().kept;
    let document = Document::of_parse(name, &kept);
    let split = testing::split::<Resume>(&document, json!({})).unwrap();
    split.chunks.chunks
}

fn field(chunk: &Chunk, name: &str) -> String {
    match chunk.fields.iter().find(|field| field.name == name).map(|field| &field.value) {
        Some(Value::Text(text) | Value::Time(text)) => text.clone(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[test]
fn an_english_cv() {
    let chunks = chunks("cv.txt", ENGLISH);
    let first = &chunks[0];
    assert_eq!(first.kind, ChunkKind::Summary);
    for (name, wanted) in [
        ("name_kwd", "Ada Byron King"),
        ("phone_kwd", "+44 20 7946 0958"),
        ("email_tks", "ada.king@example.org"),
        ("position_name_tks", "Senior Software Engineer"),
        ("work_exp_flt", "8"),
        ("corp_nm_tks", "Analytical Engines Ltd, Difference Group Inc."),
        ("school_name_tks", "University of London, King's College"),
        ("degree_kwd", "Master, Bachelor"),
        ("major_tks", "Mathematics, Physics"),
        ("skill_tks", "Rust, Python, SQL, Looms, punched cards"),
    ] {
        assert_eq!(field(first, name), wanted, "{name}");
    }
    assert!(first.text.starts_with("Name: Ada Byron King\nPhone: "));
    assert_eq!(first.text.lines().count(), first.fields.len());
    // A section is a chunk at least.
    let begins: Vec<&str> = chunks[1..].iter().filter_map(|chunk| chunk.text.lines().next()).collect();
    assert_eq!(begins, ["Ada Byron King", "Summary", "Experience", "Education", "Skills"]);
}

#[test]
fn a_chinese_cv() {
    let chunks = chunks("cv.txt", CHINESE);
    let first = &chunks[0];
    for (name, wanted) in [
        ("name_kwd", "王小明"),
        ("gender_kwd", "男"),
        ("age_int", "29"),
        ("phone_kwd", "138-0013-8000"),
        ("email_tks", "xiaoming@example.cn"),
        ("city_kwd", "厦门"),
        ("position_name_tks", "后端开发工程师"),
        ("work_exp_flt", "6"),
        ("corp_nm_tks", "厦门海港科技有限公司"),
        ("school_name_tks", "厦门大学"),
        ("degree_kwd", "本科"),
        ("major_tks", "计算机科学与技术"),
        ("skill_tks", "Java、Rust、MySQL"),
    ] {
        assert_eq!(field(first, name), wanted, "{name}");
    }
    assert!(first.text.starts_with("姓名: 王小明\n性别: 男\n年龄: 29"));
}

#[test]
fn a_cv_in_a_table() {
    let document = Document::new("cv.docx")
        .table(&[&["姓 名", "李华", "性 别", "女"], &["电子邮箱", "lihua@example.cn", "学历", "硕士研究生"]], 0);
    let chunks = testing::split::<Resume>(&document, json!({})).unwrap().chunks.chunks;
    assert_eq!(field(&chunks[0], "name_kwd"), "李华");
    assert_eq!(field(&chunks[0], "gender_kwd"), "女");
    assert_eq!(field(&chunks[0], "degree_kwd"), "硕士");
    assert_eq!(chunks[1].kind, ChunkKind::Table);
}

#[test]
fn what_is_no_cv_gets_no_summary() {
    let chunks = chunks("a.txt", "The tide came in.\nWrite to port@example.org about it.\n");
    assert_eq!((chunks.len(), chunks[0].kind), (1, ChunkKind::Text));
}
