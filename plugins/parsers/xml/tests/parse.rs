//! Whole files in, blocks out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by failing")]

use mortise_parser_xml::Xml;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;

fn parse(bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Xml::parse(&File::from_bytes("a.xml", "application/xml", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn told(text: &str) -> Vec<(BlockKind, u32, String)> {
    parse(text.as_bytes()).unwrap().blocks.into_iter().map(|b| (b.kind, b.level, b.text)).collect()
}

fn texts(text: &str) -> Vec<String> {
    told(text).into_iter().map(|(kind, _, text)| if kind == Separator { "---".into() } else { text }).collect()
}

#[test]
fn data_becomes_records() {
    let text = "<?xml version='1.0'?><woods xmlns='urn:x'><wood id='1'><name>Oak &amp; ash</name><price currency='EUR'>720</price></wood><!-- c --><wood id='2'><name><![CDATA[Pine <soft>]]></name><uses><use>masts</use><use>keels</use></uses></wood></woods>";
    let want = [
        "wood.id: 1",
        "wood.name: Oak & ash",
        "wood.price.currency: EUR",
        "wood.price: 720",
        "---",
        "wood.id: 2",
        "wood.name: Pine <soft>",
        "wood.uses.use: masts",
        "wood.uses.use: keels",
    ];
    assert_eq!(texts(text), want);
    let feed =
        "<rss><channel><title>News</title><item><title>A</title></item><item><title>B</title></item></channel></rss>";
    assert_eq!(texts(feed), ["channel.title: News", "item.title: A", "---", "item.title: B"]);
    assert_eq!(
        texts("<a><b>&lt;p&gt;One &lt;b&gt;two&lt;/b&gt;&lt;p&gt;three &lt; 4</b></a>"),
        ["b: One two\nthree < 4"]
    );
}

#[test]
fn mixed_content_is_one_paragraph_in_order() {
    let text = "<notes><note><b>Bold</b> words, <i>then</i>\n  more</note><note>plain</note></notes>";
    assert_eq!(told(text), [(Paragraph, 0, "Bold words, then more".into()), (Paragraph, 0, "plain".into())]);
}

#[test]
fn texts_have_headings_paragraphs_and_tables() {
    let text = "<article><info><author>Anna</author></info><title>Port</title><section id='s'><title>Cranes</title>\
                <para>Seven <emphasis>tall</emphasis>&nbsp;ones.</para><para/><table><tr><th>k</th><th>v</th></tr>\
                <tr><td>a</td><td>1</td></tr></table><section><title>Load</title><para>5 t<br/>each</para></section>\
                </section></article>";
    let want = [
        (KeyValue, 0, "info.author: Anna"),
        (Heading, 1, "Port"),
        (Heading, 2, "Cranes"),
        (Paragraph, 0, "Seven tall ones."),
        (Table, 0, "k\tv\na\t1"),
        (Heading, 3, "Load"),
        (Paragraph, 0, "5 t\neach"),
    ];
    assert_eq!(told(text), want.map(|(k, l, t)| (k, l, t.to_owned())));
}

#[test]
fn laws_of_any_vocabulary_are_texts() {
    let text = "<bill id='b1'><section id='s1'><num>1</num><heading>Title</heading><content>It may be <q>cited</q> so.</content></section></bill>";
    let want = [(KeyValue, 0, "section.num: 1"), (Heading, 1, "Title"), (Paragraph, 0, "It may be cited so.")];
    assert_eq!(told(text), want.map(|(k, l, t)| (k, l, t.to_owned())));
}

#[test]
fn encodings_entities_and_their_bombs() {
    let bytes = b"<?xml version='1.0' encoding='gb2312'?><a><b>\xb8\xdb\xbf\xda</b></a>";
    let kept = parse(bytes).unwrap();
    assert_eq!((kept.blocks[0].text.as_str(), kept.metadata["encoding"].as_str()), ("b: 港口", Some("GBK")));
    let wide: Vec<u8> = "\u{feff}<?xml version='1.0' encoding='utf-16'?><a><b>x</b></a>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(parse(&wide).unwrap().blocks[0].text, "b: x");
    let text = "<!DOCTYPE a [<!ENTITY who 'Anna'><!ENTITY out SYSTEM 'file:///etc/passwd'>]><a><b>&who; &out; &nope; AT&T</b></a>";
    let kept = parse(text.as_bytes()).unwrap();
    assert_eq!(kept.blocks[0].text, "b: Anna &out; &nope; AT&T");
    assert!(kept.warnings[0].1.contains("outside of itself"));
    let mut bomb = String::from("<!DOCTYPE a [<!ENTITY l0 'lol'>");
    for level in 1..10 {
        bomb.push_str(&format!("<!ENTITY l{level} '{}'>", format!("&l{};", level - 1).repeat(10)));
    }
    let kept = parse(format!("{bomb}]><a><b>&l9;</b><c>&l9;</c></a>").as_bytes()).unwrap();
    assert!(kept.blocks.iter().map(|b| b.text.len()).sum::<usize>() < 3 << 20);
    assert!(kept.warnings.iter().any(|(_, w)| w.contains("megabytes")));
}

#[test]
fn broken_files_are_read_as_far_as_they_go() {
    let kept = parse(b"<a><b>one</b><c>two").unwrap();
    let texts: Vec<_> = kept.blocks.iter().map(|b| b.text.as_str()).collect();
    assert_eq!((texts, kept.warnings.len()), (vec!["b: one", "c: two"], 1));
    let kept = parse(b"<a><b>one</x></b></z><c>1 < 2</c></a>").unwrap();
    assert_eq!(kept.blocks[0].text, "b: one");
    for bytes in [b"no markup".as_slice(), b"<", b"<!-- only -->", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"] {
        assert!(matches!(parse(bytes), Err(Error::InvalidInput(_))), "{bytes:?}");
    }
    assert!(parse(b"").unwrap().blocks.is_empty());
}

#[test]
fn depth_is_refused_and_size_costs_no_memory() {
    let start = std::time::Instant::now();
    let Err(Error::InvalidInput(why)) = parse("<a>".repeat(1_000_000).as_bytes()) else { panic!() };
    assert!(why.contains("1000 elements in each other"));
    let many: String = (0..100_000).map(|i| format!("<r><n>{i}</n></r>")).collect();
    assert_eq!(parse(format!("<a>{many}</a>").as_bytes()).unwrap().blocks.len(), 200_000 - 1);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = parse(&[b"<a>".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_structure_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<a>", "</a>", "<p>", "</p>", "<b x='1'>", "<table>", "<tr>", "<td>", "</tr>", "</table>", "<title>", "<section>", "text", "&amp;", "&x;",
        "<!DOCTYPE a [<!ENTITY x '&y;'>]>", "<![CDATA[", "]]>", "<!--", "-->", "<?pi", "?>", "<", ">", "&", "<br/>",
    ]), 0..60)) {
        let _ = parse(parts.concat().as_bytes());
    }
}
