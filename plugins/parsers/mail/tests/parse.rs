//! Whole mails in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_mail::Mail;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn parse(bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Mail::parse(&File::from_bytes("a.eml", "message/rfc822", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn texts(kept: &Kept) -> Vec<(BlockKind, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.text.as_str())).collect()
}

fn said(kept: &Kept) -> Vec<&str> {
    kept.blocks.iter().filter(|b| b.kind != KeyValue).map(|b| b.text.as_str()).collect()
}

fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return None;
    }
    Some(data)
}

/// A picture that is large enough to be one.
fn png() -> String {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(150, 7);
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |n: u32| char::from(digits[(n & 63) as usize]);
    let groups = bytes.chunks(3).flat_map(|c| {
        let n = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]);
        [digit(n >> 18), digit(n >> 12), digit(n >> 6), digit(n)]
    });
    groups.collect()
}

#[test]
fn headers_are_decoded_in_the_order_of_readers() {
    let mail = concat!(
        "Subject: =?utf-8?B?5riv?= =?utf-8?Q?=E5=8F=A3?=\r\n (new)\r\n",
        "To: =?gb2312?B?zfU=?= <w@example.com>,\r\n \"B, C\" <b@example.com>; crew: d@example.com, e@example.com;\r\n",
        "From: =?iso-8859-1?q?Andr=E9?= <a@example.com>\r\n",
        "Received: from x by y; Mon, 1 Jan 2024 10:00:00 +0000\r\n",
        "Date: Mon, 1 Jan 2024 10:00:00 +0200\r\n\r\nText.\r\n"
    );
    let kept = parse(mail.as_bytes()).unwrap();
    let shown = texts(&kept);
    assert_eq!(shown[0], (KeyValue, "From: André <a@example.com>"));
    assert!(shown[1].1.starts_with("To: 王 <w@example.com>, B, C <b@example.com>"), "{:?}", shown[1]);
    assert_eq!(shown[2], (KeyValue, "Date: Mon, 1 Jan 2024 10:00:00 +0200"));
    assert_eq!(shown[3], (KeyValue, "Subject: 港口 (new)"));
    assert_eq!(shown[4], (Paragraph, "Text."));
    assert_eq!(kept.metadata["date"], "2024-01-01T10:00:00+02:00");
}

#[test]
fn headers_and_bodies_without_declaration_are_read_in_the_encoding_they_look_like() {
    let mail = [
        b"Subject: \xc0\xc2\xc9\xfe\xba\xcd\xb5\xc6\xcb\xfe\xb5\xc4\xb9\xdc\xc0\xed\r\nFrom: a@b.c\r\n\r\n".as_slice(),
        b"\xc0\xc2\xc9\xfe\xba\xcd\xb5\xc6\xcb\xfe\xb5\xc4\xb9\xdc\xc0\xed\xb0\xec\xb7\xa8",
    ]
    .concat();
    let kept = parse(&mail).unwrap();
    assert_eq!(kept.metadata["subject"], "缆绳和灯塔的管理");
    assert_eq!(said(&kept), ["缆绳和灯塔的管理办法"]);
    let kept = parse(b"Content-Type: text/plain; charset=utf-7\r\nSubject: x\r\n\r\ncaf+AOk-").unwrap();
    assert_eq!(said(&kept), ["café"]);
}

fn alternative(plain: &str, html: &str) -> String {
    format!(
        "Subject: s\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n{plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\n"
    )
}

#[test]
fn one_alternative_is_told_the_richer_with_text() {
    let told = |plain: &str, html: &str| {
        let kept = parse(alternative(plain, html).as_bytes()).unwrap();
        said(&kept).join("|")
    };
    assert_eq!(told("Plain words.", "<p>Rich <b>words</b>."), "Rich words.");
    assert_eq!(told("Plain words.", "<img src=http://x/y.png>"), "Plain words.");
    assert_eq!(
        told("A long text in plain words, all of it.", "<p>See plain."),
        "A long text in plain words, all of it."
    );
    assert_eq!(told("", "<p>Rich."), "Rich.");
}

#[test]
fn pictures_stand_where_the_html_shows_them_and_files_are_handed_on() {
    let png = png();
    let mail = format!(
        "Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"out er\"\n\n--out er\n\
         Content-Type: multipart/related; boundary=in\n\n--in\nContent-Type: text/html\n\n\
         <p>Before<p><img src='cid:crane%40x' alt='A crane'><p>After\n--in\nContent-Type: image/png\n\
         Content-ID: <crane@x>\nContent-Transfer-Encoding: base64\n\n{png}\n--in--\n--out er\n\
         Content-Type: application/pdf; name*=utf-8''%E6%8A%A5.pdf\nContent-Disposition: attachment\n\
         Content-Transfer-Encoding: base64\n\nJVBERg==\n--out er\nContent-Type: image/png\nContent-Disposition: inline\n\
         Content-Transfer-Encoding: base64\n\n{png}\n--out er\nContent-Type: message/rfc822\n\nSubject: Inner/one\n\nHi\n\
         --out er--\n"
    );
    let kept = parse(mail.as_bytes()).unwrap();
    let want =
        [(KeyValue, "Subject: s"), (Paragraph, "Before"), (Figure, "A crane"), (Paragraph, "After"), (Figure, "")];
    assert_eq!(texts(&kept), want);
    assert_eq!((kept.blocks[2].image, kept.blocks[4].image), (Some(0), Some(1)));
    assert_eq!(kept.images[0].0, "image/png");
    let files: Vec<_> = kept.attachments.iter().map(|(n, t, b)| (n.as_str(), t.as_str(), b.as_slice())).collect();
    let want = [
        ("报.pdf", "application/pdf", b"%PDF".as_slice()),
        ("Inner-one.eml", "message/rfc822", b"Subject: Inner/one\n\nHi".as_slice()),
    ];
    assert_eq!(files, want);
    assert_eq!(kept.metadata["attachments"].as_array().unwrap().len(), 2);
}

#[test]
fn reports_encrypted_mails_and_quotes_in_html() {
    let mail = "Subject: s\nContent-Type: multipart/report; boundary=b\n\n--b\n\nFailed.\n--b\n\
                Content-Type: message/delivery-status\n\nAction: failed\nDiagnostic-Code: x\n  more\n--b--\n";
    let want = [
        (KeyValue, "Subject: s"),
        (Paragraph, "Failed."),
        (KeyValue, "Action: failed"),
        (KeyValue, "Diagnostic-Code: x more"),
    ];
    assert_eq!(texts(&parse(mail.as_bytes()).unwrap()), want);
    let mail = "Subject: s\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\
                Content-Type: application/octet-stream\n\nxx\n--b--\n";
    assert!(parse(mail.as_bytes()).unwrap().warnings[0].1.contains("encrypted"));
    let mail = "Subject: s\nContent-Type: text/html\n\n<p>Yes.<blockquote type=cite>Coming?</blockquote>";
    assert_eq!(texts(&parse(mail.as_bytes()).unwrap())[1..], [(Paragraph, "Yes."), (Quote, "Coming?")]);
}

#[test]
fn malformed_mails_are_read_as_far_as_they_go() {
    // No blank line after the header, no boundary declared, a boundary that never closes.
    let kept = parse(b"From: a@b.c\nno header at all\n\nmore").unwrap();
    assert_eq!(said(&kept), ["no header at all", "more"]);
    let kept = parse(b"From: a@b.c\nContent-Type: multipart/mixed\n\n--boundary1\n\none\n--boundary1\n\ntwo").unwrap();
    assert_eq!(said(&kept), ["one", "two"]);
    let kept = parse(b"From: a@b.c\nContent-Type: multipart/mixed; boundary=zz\n\nnothing of it").unwrap();
    assert_eq!((said(&kept), kept.warnings.len()), (vec!["nothing of it"], 1));
    let kept = parse(b"\n\nFrom a@b.c Mon Jan 1\nSubject: x\n\nbody").unwrap();
    assert_eq!(said(&kept), ["body"]);
}

#[test]
fn what_is_no_mail_is_refused() {
    for bytes in [b"".as_slice(), b"Just a text: with a colon.\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n"] {
        assert!(matches!(parse(bytes), Err(Error::InvalidInput(why)) if !why.is_empty()), "{bytes:?}");
    }
    assert!(matches!(parse(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 no more"), Err(Error::InvalidInput(_))));
}

/// A mail of Outlook: streams by name, within storages.
fn container(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write;
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    for (path, bytes) in streams {
        if let Some((folder, _)) = path.rsplit_once('/') {
            file.create_storage_all(format!("/{folder}")).unwrap();
        }
        file.create_stream(format!("/{path}")).unwrap().write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A list of properties: tag, type, value, after a header of that many bytes.
fn properties(header: usize, values: &[(u16, u16, u64)]) -> Vec<u8> {
    let entry = |(tag, kind, value): &(u16, u16, u64)| {
        [&kind.to_le_bytes()[..], &tag.to_le_bytes(), &[6, 0, 0, 0], &value.to_le_bytes()].concat()
    };
    [vec![0; header], values.iter().flat_map(entry).collect()].concat()
}

#[test]
fn mails_of_outlook_with_people_html_pictures_and_mails_in_them() {
    let sent = 133_485_408_000_000_000; // 1 January 2024
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(150, 7);
    let inner = "__attach_version1.0_#00000001/__substg1.0_3701000D";
    let streams = [
        ("__properties_version1.0", properties(32, &[(0x39, 0x40, sent), (0x3FDE, 3, 936), (0x3FFD, 3, 936)])),
        ("__substg1.0_0037001F", wide("Cranes\0")),
        ("__substg1.0_0C1A001E", b"\xb8\xdb".to_vec()),
        ("__substg1.0_5D01001F", wide("port@example.com")),
        ("__substg1.0_1000001F", wide("Plain.")),
        ("__substg1.0_10130102", b"<p>\xb5\xc6\xcb\xfe <b>rich</b><p><img src='cid:c1'>".to_vec()),
        ("__recip_version1.0_#00000000/__properties_version1.0", properties(8, &[(0x0C15, 3, 2)])),
        ("__recip_version1.0_#00000000/__substg1.0_3001001F", wide("Anna")),
        ("__recip_version1.0_#00000000/__substg1.0_39FE001F", wide("anna@example.com")),
        ("__attach_version1.0_#00000000/__properties_version1.0", properties(8, &[])),
        ("__attach_version1.0_#00000000/__substg1.0_37010102", png),
        ("__attach_version1.0_#00000000/__substg1.0_3712001F", wide("c1")),
        ("__attach_version1.0_#00000001/__properties_version1.0", properties(8, &[])),
        ("__attach_version1.0_#00000001/__substg1.0_3001001F", wide("Re: cranes")),
        (&format!("{inner}/__properties_version1.0"), properties(24, &[(0x39, 0x40, sent)])),
        (&format!("{inner}/__substg1.0_0037001F"), wide("Inner")),
        (&format!("{inner}/__substg1.0_1000001F"), wide("Within.")),
    ];
    let kept = parse(&container(&streams)).unwrap();
    let want = [
        (KeyValue, "From: 港 <port@example.com>"),
        (KeyValue, "Cc: Anna <anna@example.com>"),
        (KeyValue, "Date: Mon, 1 Jan 2024 00:00:00 +0000"),
        (KeyValue, "Subject: Cranes"),
        (Paragraph, "灯塔 rich"),
        (Figure, ""),
    ];
    assert_eq!(texts(&kept), want);
    assert_eq!((kept.blocks[5].image, &kept.metadata["date"]), (Some(0), &"2024-01-01T00:00:00Z".into()));
    let (name, media_type, bytes) = &kept.attachments[0];
    assert_eq!((name.as_str(), media_type.as_str()), ("Re: cranes.msg", "application/vnd.ms-outlook"));
    let want =
        [(KeyValue, "Date: Mon, 1 Jan 2024 00:00:00 +0000"), (KeyValue, "Subject: Inner"), (Paragraph, "Within.")];
    assert_eq!(texts(&parse(bytes).unwrap()), want);
}

#[test]
fn test_documents_give_their_ground_truth() {
    let Some(data) = data() else { return };
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    for name in [
        "attachment_pdf",
        "fake-email-b64",
        "fake-email-utf-16",
        "japanese_iso_2022",
        "ks_c_5601-1987",
        "openchain-notice-zh-gbk",
        "raw_email_with_nested_attachment",
    ] {
        let kept = parse(&std::fs::read(data.join(format!("eml/{name}.eml"))).unwrap()).unwrap();
        let got: String = kept.blocks.iter().map(|b| letters(&b.text)).collect();
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/eml__{name}.eml.txt"))).unwrap();
        for line in truth.lines() {
            assert!(got.contains(&letters(line)), "{name}: {line}");
        }
    }
    let kept = parse(&std::fs::read(data.join("msg/docling-msg-with-attachment.msg")).unwrap()).unwrap();
    let names: Vec<_> = kept.attachments.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["test.txt", "report.pdf"]);
    assert_eq!(said(&kept), ["This email contains an attachment."]);
    let kept = parse(&std::fs::read(data.join("msg/poi-chinese-traditional.msg")).unwrap()).unwrap();
    assert!(kept.metadata["subject"].as_str().unwrap().contains("格式測試"), "{}", kept.metadata);
    for name in ["nested-message.eml", "nested-multipart.eml", "fuzz-zzer-4848576776503296.msg"] {
        let start = std::time::Instant::now();
        let _ = parse(&std::fs::read(data.join("hostile").join(name)).unwrap());
        assert!(start.elapsed().as_secs() < 10, "{name}");
    }
}

#[test]
fn enormous_bodies_are_handed_on_as_files() {
    let body = "The keeper counted seven ships.\n".repeat(600_000);
    let kept = parse(format!("Subject: x\n\n{body}").as_bytes()).unwrap();
    assert_eq!((said(&kept).len(), kept.warnings.len()), (0, 1));
    assert_eq!((kept.attachments[0].0.as_str(), kept.attachments[0].2.len()), ("attachment-1.txt", body.len()));
}

#[test]
fn a_hundred_thousand_parts_cost_little() {
    let start = std::time::Instant::now();
    let deep: String =
        (0..20_000).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n")).collect();
    assert!(!parse(format!("Subject: x\n{deep}").as_bytes()).unwrap().warnings.is_empty());
    let wide = "--b\n\nx\n".repeat(100_000);
    let kept = parse(format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{wide}").as_bytes()).unwrap();
    assert!(kept.blocks.len() > 10_000 && kept.warnings.len() == 1);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&bytes);
        let _ = parse(&[b"Subject: x\nContent-Type: text/html\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_structure_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "From: a@b.c\n", "Subject: =?utf-8?B?", "?=\n", "Content-Type: multipart/mixed; boundary=b\n",
        "Content-Type: multipart/alternative; boundary=c\n", "Content-Type: text/html; charset=gbk\n",
        "Content-Type: message/rfc822\n", "Content-Transfer-Encoding: base64\n", "Content-Disposition: attachment; filename=x\n",
        "\n", "--b\n", "--c\n", "--b--\n", "--c--\n", "text\n", "> quoted\n", "<p>html</p>", "AAAA\n", ": \n", " folded\n", "\r",
    ]), 0..40)) {
        let _ = parse(("Subject: x\n".to_owned() + &parts.concat()).as_bytes());
    }

    #[test]
    fn no_damage_to_a_container_panics(at in 0usize..48_000, byte in any::<u8>(), cut in 0usize..48_000) {
        let Some(data) = data() else { return Ok(()) };
        let mut bytes = std::fs::read(data.join("msg/poi-chinese-traditional.msg")).unwrap();
        bytes[at] = byte;
        let _ = parse(&bytes);
        bytes.truncate(cut.max(8));
        let _ = parse(&bytes);
    }
}
