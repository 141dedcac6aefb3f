//! Every reference reads what it writes, and every wrong one says what is wrong.

use super::*;
use proptest::prelude::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn read(text: &str) -> Reference {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn fault(text: &str) -> ReferenceFault {
    text.parse::<Reference>().map(|read| panic!("{text} was read as {read:?}")).unwrap_err().fault
}

fn oci(text: &str) -> OciReference {
    match read(text).source {
        Source::Oci(reference) => reference,
        Source::File(path) => panic!("{}", path.display()),
    }
}

#[test]
fn files() {
    for (text, path) in [
        ("./a/x.wasm", "./a/x.wasm"),
        ("../x.wasm", "../x.wasm"),
        ("/opt/x.wasm", "/opt/x.wasm"),
        ("x.wasm", "./x.wasm"),
        ("plugins/x.wasm", "./plugins/x.wasm"),
        ("file:x.wasm", "./x.wasm"),
        ("file:./x", "./x"),
        ("file:/opt/x", "/opt/x"),
        ("file:///opt/a%20b.wasm", "/opt/a b.wasm"),
        ("file://localhost/opt/x", "/opt/x"),
        ("./with space.wasm", "./with space.wasm"),
        ("./über.wasm", "./über.wasm"),
    ] {
        assert_eq!(read(text), Reference::file(path), "{text}");
    }
}

#[test]
fn artifacts() {
    let reference = oci(&format!("oci://GHCR.io:8443/acme/rag/law-chunker:1.2.0-rc.1@sha256:{HEX}"));
    assert_eq!(reference.registry(), "ghcr.io:8443");
    assert_eq!(reference.host(), "ghcr.io");
    assert_eq!(reference.repository(), "acme/rag/law-chunker");
    assert_eq!(reference.tag(), Some("1.2.0-rc.1"));
    assert_eq!(reference.digest().unwrap().hex(), HEX);
    assert_eq!(reference.wanted(), format!("sha256:{HEX}"));
    assert_eq!(oci("oci://localhost/x:1").wanted(), "1");
    assert_eq!(oci("oci://[::1]:5000/x").wanted(), "latest");
    assert_eq!(oci("oci://[::1]:5000/x").host(), "::1");
    assert_eq!(oci("oci://127.0.0.1:5000/a__b--c.d/e_f").repository(), "a__b--c.d/e_f");
}

#[test]
fn pins() {
    for place in ["./x.wasm", "oci://h/r:1", &format!("oci://h/r@sha256:{HEX}"), "file:x"] {
        let reference = read(&format!("{place}#sha256:{HEX}"));
        assert_eq!(reference.pin.unwrap().hex(), HEX);
        assert_eq!(reference.source, read(place).source);
    }
    assert_eq!(fault("./x.wasm#sha256:12"), ReferenceFault::Pin(DigestError::Length(2)));
    assert_eq!(read("./x#1.wasm").pin, None);
}

#[test]
fn wrong_ones_say_what_is_wrong() {
    use ReferenceFault as F;
    for text in ["", "  ", "file:", "file://localhost"] {
        assert!(matches!(fault(text), F::Empty | F::RemoteFile), "{text}");
    }
    assert_eq!(fault("./a\nb.wasm"), F::Control);
    assert_eq!(fault("file:./a%00b"), F::Control);
    assert_eq!(fault("file:./a%ff"), F::Encoding);
    assert_eq!(fault("file://nas/x.wasm"), F::RemoteFile);
    assert!(matches!(fault("ghcr.io/acme/x:1"), F::Unclear { .. }));
    assert!(matches!(fault("https://x/y.wasm"), F::Scheme { scheme } if scheme == "https"));
    assert_eq!(fault(&format!("./x.wasm@sha256:{HEX}")), F::FileManifest);
    assert_eq!(fault("oci://h/r@sha512:00"), F::ManifestDigest(DigestError::Algorithm));
    assert_eq!(fault(&format!("oci://h/r@{HEX}")), F::ManifestDigest(DigestError::Algorithm));
    for registry in [
        "", "a b", "h:0", "h:65536", "h:", "u@h", "u:p@h", "-h", "a..b", "::1", "[::1", "[x]", "0x7f.1", "1.2.3",
        "h:+5",
    ] {
        let found = fault(&format!("oci://{registry}/r"));
        assert!(matches!(found, F::Registry { .. } | F::ManifestDigest(_)), "{registry}: {found:?}");
    }
    for bare in ["oci://ghcr.io", "oci://ghcr.io/", "oci://ghcr.io/:1"] {
        assert!(matches!(fault(bare), F::NoRepository { .. }), "{bare}");
    }
    for repository in ["A", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a-", "a b", "..", "a/../b", "a%2e", "a?b", "é"]
    {
        assert!(matches!(fault(&format!("oci://h/{repository}:1")), F::Repository { .. }), "{repository}");
    }
    let long = "t".repeat(129);
    for tag in ["", ".1", "-1", "a/b", "a:b", "1+2", "é", &long] {
        assert!(matches!(fault(&format!("oci://h/r:{tag}")), F::Tag { .. }), "{tag}");
    }
    let text = "ghcr.io/acme/x:1".parse::<Reference>().unwrap_err().to_string();
    assert!(text.contains("oci://ghcr.io/acme/x:1"), "{text}");
}

/// References as people write them.
fn references() -> impl Strategy<Value = String> {
    let component = "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}";
    let host = prop_oneof!["[a-z0-9]{1,5}\\.[a-z]{2,4}", Just("localhost".to_owned()), Just("[fd00::1]".to_owned())];
    let oci = (
        host,
        proptest::option::of(1_u16..),
        proptest::collection::vec(component, 1..4),
        proptest::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,12}"),
        proptest::option::of("[0-9a-f]{64}"),
    )
        .prop_map(|(host, port, path, tag, digest)| {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            let digest = digest.map(|digest| format!("@sha256:{digest}")).unwrap_or_default();
            format!("oci://{host}{port}/{}{tag}{digest}", path.join("/"))
        });
    let file = prop_oneof!["(\\./|/|\\.\\./)[^\\x00-\\x1f\\x7f-\\x9f]{1,20}", "[a-z]{1,8}\\.wasm"];
    (prop_oneof![oci, file], proptest::option::of("[0-9a-f]{64}"))
        .prop_map(|(place, pin)| place + &pin.map(|pin| format!("#sha256:{pin}")).unwrap_or_default())
}

proptest! {
    #[test]
    fn written_is_read_again(text in references()) {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string().parse(), Ok(reference));
        } else {
            prop_assert!(!text.starts_with("oci:"), "{}", text);
        }
    }

    #[test]
    fn any_path_is_read_again(path in "[^\\x00-\\x1f\\x7f-\\x9f]{1,24}") {
        let reference = Reference::file(&path);
        prop_assert_eq!(reference.to_string().parse(), Ok(reference.clone()));
        let pinned = reference.pinned(Digest::of(path.as_bytes()));
        prop_assert_eq!(pinned.to_string().parse(), Ok(pinned));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}", scheme in "(oci://|file:|\\./)?") {
        let text = scheme + &text;
        match text.parse::<Reference>() {
            Ok(reference) => prop_assert_eq!(reference.to_string().parse(), Ok(reference)),
            Err(error) => prop_assert!(error.to_string().contains("does not name a component")),
        }
    }
}
