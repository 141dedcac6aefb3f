//! Whole books in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_epub::Epub;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};

fn parse(bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Epub::parse(&File::from_bytes("a.epub", "application/epub+zip", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const CONTAINER: (&str, &str) = (
    "META-INF/container.xml",
    "<container><rootfiles><rootfile full-path='OPS/book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>",
);

const OPF: (&str, &str) = (
    "OPS/book.opf",
    "<?xml version='1.0'?><package><metadata><dc:title>Harbours</dc:title><dc:creator>Anna</dc:creator><dc:creator>Bo</dc:creator>\
     <dc:language>en</dc:language></metadata><manifest><item id='n' href='nav.xhtml' properties='nav' media-type='application/xhtml+xml'/>\
     <item id='b' href='b.xhtml' media-type='application/xhtml+xml'/><item id='a' href='text/a%201.xhtml' media-type='application/xhtml+xml'/>\
     <item id='p' href='crane.png' media-type='image/png'/></manifest>\
     <spine><itemref idref='a'/><itemref idref='gone'/><itemref idref='b'/></spine></package>",
);

const NAV: (&str, &str) = (
    "OPS/nav.xhtml",
    "<html xmlns:epub='x'><nav epub:type='toc'><ol><li><a href='text/a%201.xhtml'>Cranes</a></li><li><a href='b.xhtml'>Ships</a></li></ol></nav></html>",
);

const A: (&str, &str) = (
    "OPS/text/a 1.xhtml",
    "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body><p class='head'>Cranes</p>\
     <p>They lift<a epub:type='noteref' href='#f1'>1</a>.</p><p><img src='../crane.png' alt='A crane'/></p>\
     <aside epub:type='footnote' id='f1'><p>Five tons.</p></aside></body></html>",
);

const B: (&str, &str) = ("OPS/b.xhtml", "<html><body><h2>Ships</h2><p>They dock.</p></body></html>");

#[test]
fn chapters_come_in_the_order_of_the_spine_with_their_headings() {
    let kept = parse(&zip(&[CONTAINER, OPF, NAV, A, B, ("OPS/crane.png", "\u{89}PNG not really")])).unwrap();
    let told: Vec<(BlockKind, u32, u32, &str)> =
        kept.blocks.iter().map(|b| (b.kind, b.level, b.part, b.text.as_str())).collect();
    let want = [
        (Title, 0, 0, "Harbours"),
        (Heading, 1, 0, "Cranes"),
        (Paragraph, 0, 0, "They lift1."),
        (Figure, 0, 0, "A crane"),
        (Footnote, 0, 0, "Five tons."),
        (Heading, 2, 1, "Ships"),
        (Paragraph, 0, 1, "They dock."),
    ];
    assert_eq!(told, want);
    assert_eq!(kept.blocks[3].image, Some(0));
    assert_eq!(kept.parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Cranes", "Ships"]);
    assert_eq!((&kept.metadata["author"], &kept.metadata["language"]), (&"Anna, Bo".into(), &"en".into()));
    assert!(kept.warnings[0].1.contains("\"gone\""), "{:?}", kept.warnings);
}

#[test]
fn broken_books_are_made_up_for() {
    let texts = |files: &[(&str, &str)]| {
        let kept = parse(&zip(files)).unwrap();
        assert!(!kept.warnings.is_empty());
        kept.blocks.into_iter().map(|b| b.text).collect::<Vec<_>>().join("|")
    };
    let cut = ("OPS/book.opf", &OPF.1[..OPF.1.find("<spine>").unwrap()]);
    assert!(texts(&[CONTAINER, ("OPS/book.opf", "<package>"), A, B]).contains("They dock."));
    assert!(texts(&[CONTAINER, cut, NAV, A]).contains("They lift1."));
    assert!(texts(&[OPF, NAV, A, B]).contains("They lift1.|A crane|Five tons.|Ships|They dock."));
    assert!(texts(&[A, B]).contains("They dock.|Cranes"));
    assert!(matches!(parse(&zip(&[CONTAINER])), Err(Error::InvalidInput(_))));
    assert!(matches!(parse(&zip(&[CONTAINER, OPF])), Err(Error::InvalidInput(_))));
    assert!(matches!(parse(b"no zip at all"), Err(Error::InvalidInput(_))));
    assert!(parse(b"").is_err());
}

#[test]
fn protected_books_are_refused_by_name_and_fonts_do_not_count() {
    let of = |algorithm: &str, file: &str| {
        format!(
            "<encryption><EncryptedData><EncryptionMethod Algorithm='{algorithm}'/><CipherData><CipherReference URI='{file}'/></CipherData></EncryptedData></encryption>"
        )
    };
    let locked = of("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/b.xhtml");
    let book = zip(&[CONTAINER, OPF, NAV, A, B, ("META-INF/encryption.xml", &locked), ("META-INF/rights.xml", "<r/>")]);
    assert!(matches!(parse(&book), Err(Error::Unsupported(why)) if why.contains("Adobe DRM")));
    let fonts = of("http://www.idpf.org/2008/embedding", "OPS/font.otf");
    assert!(parse(&zip(&[CONTAINER, OPF, NAV, A, B, ("META-INF/encryption.xml", &fonts)])).is_ok());
}

fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return None;
    }
    Some(data)
}

#[test]
fn test_documents_give_their_ground_truth() {
    let Some(data) = data() else { return };
    for name in
        ["childrens-literature-en", "gutenberg-winter-sports-en", "law-zh-urban-planning", "regime-anticancer-ar"]
    {
        let kept = parse(&std::fs::read(data.join(format!("epub/{name}.epub"))).unwrap()).unwrap();
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/epub__{name}.epub.txt"))).unwrap();
        let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        let got: String = kept.blocks.iter().map(|b| letters(&b.text)).collect();
        let lines: Vec<String> = truth.lines().map(letters).filter(|l| l.chars().count() > 20).collect();
        let found = lines.iter().filter(|l| got.contains(l.chars().take(20).collect::<String>().as_str())).count();
        assert!(found * 100 >= lines.len() * 98, "{name}: {found} of {} lines", lines.len());
        assert!(kept.warnings.is_empty() && kept.blocks.iter().any(|b| b.kind == Heading), "{name}");
        assert!(kept.metadata["title"].is_string() && !kept.parts.is_empty(), "{name}");
    }
    for name in ["zip-slip.epub", "nested.zip"] {
        let _ = parse(&std::fs::read(data.join("hostile").join(name)).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_description_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<package>", "<metadata>", "<dc:title>", "</dc:title>", "<manifest>", "<item id='a' href='a.xhtml' fallback='a'/>", "<spine toc='a'>",
        "<itemref idref='a'/>", "</spine>", "<item href='../../x'/>", "&x;", "<", "text", "<!DOCTYPE x [", "]>",
    ]), 0..30), chapter in "\\PC{0,80}") {
        let opf = parts.concat();
        let _ = parse(&zip(&[CONTAINER, ("OPS/book.opf", &opf), ("OPS/a.xhtml", &chapter), NAV]));
    }

    #[test]
    fn no_damage_panics(at in 0usize..13_000, byte in any::<u8>(), cut in 0usize..13_000) {
        let Some(data) = data() else { return Ok(()) };
        let mut bytes = std::fs::read(data.join("epub/law-zh-urban-planning.epub")).unwrap();
        bytes[at] = byte;
        let _ = parse(&bytes);
        bytes.truncate(cut);
        let _ = parse(&bytes);
    }
}
