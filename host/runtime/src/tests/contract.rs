//! The contract's versions: released ones stay as they are, all lines are served side by side, and what does not fit is
//! told why.

use super::*;
use crate::PackageError;
use mortise_domain::Role;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{ManglingAndAbi, Resolve, SourceMap};

/// The folder of the contract.
fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// The WIT files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "wit"));
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().into(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

/// The version in a package declaration.
fn version(files: &BTreeMap<String, String>) -> semver::Version {
    let text = files["types.wit"].lines().find_map(|line| line.strip_prefix("package mortise:plugin@"));
    text.unwrap().trim_end_matches(';').parse().unwrap()
}

fn released() -> Vec<semver::Version> {
    let entries = std::fs::read_dir(wit().join("released")).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut versions: Vec<_> = folders.map(|entry| entry.file_name().to_str().unwrap().parse().unwrap()).collect();
    versions.sort();
    versions
}

#[test]
fn released_versions_are_never_edited() {
    assert!(!released().is_empty());
    for version in released() {
        let folder = wit().join("released").join(version.to_string());
        let files = files(&folder);
        let digest = |text: &String| hex::encode(Sha256::digest(text));
        let found: String = files.iter().map(|(name, text)| format!("{}  {version}/{name}\n", digest(text))).collect();
        let kept = std::fs::read_to_string(folder.with_file_name(format!("{version}.sha256"))).unwrap();
        assert_eq!(
            found, kept,
            "wit/released/{version} has changed. Components built against it exist, so that a released version is \
             never edited: take the change back (git checkout wit/released/{version}). To change the contract, edit \
             wit/ under the next version; wit/README.md says how a version is released and how a line is begun."
        );
        assert_eq!(self::version(&files), version);
        let line = crate::lines::serving(&version);
        assert!(line.is_some_and(|line| line.version() >= version), "no line in lines.rs serves {version}");
    }
}

#[test]
fn the_contract_at_work_continues_the_released_ones() {
    let (working, released) = (files(&wit()), released());
    let version = version(&working);
    let newest = released.last().unwrap();
    assert!(version >= *newest, "wit/ holds {version}, and {newest} is released already");
    if version == *newest {
        let frozen = files(&wit().join("released").join(version.to_string()));
        assert_eq!(
            working, frozen,
            "wit/ says it is {version}, which is released, and differs from wit/released/{version}: raise the version \
             in every file of wit/ first (wit/README.md says to which), or take the change back"
        );
    }
}

#[tokio::test]
async fn lines_are_served_side_by_side() {
    let runtime = runtime();
    let earlier = install(&runtime, "earlier_line", json!({})).await.unwrap();
    assert_eq!((earlier.name.as_str(), earlier.role), ("earlier", Role::Chunker));
    install(&runtime, "third_party", json!({})).await.unwrap();
    let mut document = (*document(&[
        "Joinery",
        "A mortise is a hole. A tenon is a tongue! Do they fit? They are cut to.",
        "Glue helps.",
        "Tools",
        "A chisel. A saw.",
    ]))
    .clone();
    for heading in [0, 3] {
        document.blocks[heading].kind = BlockKind::Heading;
        document.blocks[heading].level = 1;
    }
    let document = Arc::new(document);
    for config in [json!({}), json!({"sentences_per_chunk": 2})] {
        let cut = async |method: &str| {
            let chunker = runtime.chunker(method).unwrap();
            let config = map(config.clone());
            chunker.check_config(&config).unwrap();
            chunker.split(file("joints.txt"), document.clone(), &config, CallContext::default()).await.unwrap()
        };
        let (present, earlier) = tokio::join!(cut("sentences"), cut("earlier"));
        assert!(present.chunks.len() > 2, "{present:?}");
        assert_eq!(format!("{present:?}"), format!("{earlier:?}"));
    }
    // Settings are checked by the schema that the line gives its components.
    let reason = split_reason(&runtime, "earlier", json!({"sentences_per_chunk": 0})).await;
    assert!(matches!(&reason, FaultReason::Config { field, .. } if field == "sentences_per_chunk"), "{reason}");
    let inspected = runtime.inspect(guest("earlier_line")).await.unwrap();
    assert_eq!((inspected.contract.as_str(), inspected.misfits.len()), ("0.0.5", 0));
}

#[tokio::test]
async fn a_line_that_is_not_served_is_named() {
    let runtime = runtime();
    let error = install(&runtime, "old_contract", json!({})).await.unwrap_err().to_string();
    let told = "built against mortise:plugin 0.0.9, this host offers 0.0.5 and 0.1.0: rebuild the plugin with a newer \
                mortise-sdk";
    assert_eq!(error, told);
    let inspected = runtime.inspect(guest("old_contract")).await.unwrap();
    assert_eq!((inspected.role, inspected.contract.as_str()), (Role::Chunker, "0.0.9"));
    assert!(inspected.info.is_none());
    assert_eq!(inspected.misfits, [told]);
    assert_eq!(inspected.exports, ["mortise:plugin/chunker@0.0.9"]);
}

/// A component of a role, made of the contract with texts replaced, whose functions all trap.
fn made(role: Role, edits: &[(&str, &str)]) -> Bytes {
    made_of(&wit().join("released/0.1.0"), role, edits)
}

fn made_of(folder: &Path, role: Role, edits: &[(&str, &str)]) -> Bytes {
    let mut files = files(folder);
    for (from, to) in edits {
        let mut found = 0;
        for text in files.values_mut() {
            found += text.matches(from).count();
            *text = text.replace(from, to);
        }
        assert!(found > 0, "{from:?} is not in the contract");
    }
    let mut map = SourceMap::default();
    for (name, text) in &files {
        map.push_str(name, text);
    }
    let mut resolve = Resolve::default();
    // What a guest may be built with beside the contract.
    resolve
        .push_source("cli.wit", "package wasi:cli@0.2.6;\ninterface environment { get-secrets: func() -> string; }")
        .unwrap();
    resolve.push_source("sockets.wit", "package wasi:sockets@0.2.6;\ninterface tcp { connect: func(); }").unwrap();
    let package = resolve.push_group(map.parse().map_err(|(_, error)| error).unwrap()).unwrap();
    let world = resolve.select_world(&[package], Some(&format!("{role}-plugin"))).unwrap();
    let mut module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap().into()
}

async fn refused(component: Bytes) -> InstallError {
    let runtime = runtime();
    runtime.install(Install { component, ..Install::default() }).await.unwrap_err()
}

/// What is told of a component made with these edits, without the lines before and after.
async fn told(role: Role, edits: &[(&str, &str)]) -> Vec<String> {
    let component = made(role, edits);
    let error = refused(component.clone()).await;
    let InstallError::Unfit { misfits, .. } = &error else { panic!("{error}") };
    let text = error.to_string();
    assert!(text.starts_with(&format!("this {role} was built against mortise:plugin 0.1.")), "{text}");
    for misfit in misfits {
        assert!(text.contains(&format!("\n- {misfit}\n")), "{text}");
    }
    let inspected = runtime().inspect(component).await.unwrap();
    assert!(inspected.info.is_none());
    assert_eq!((inspected.role, &inspected.misfits), (role, misfits));
    assert!(inspected.exports.iter().any(|name| name.starts_with(&format!("mortise:plugin/{role}@0.1."))));
    misfits.clone()
}

#[tokio::test]
async fn what_fits_is_not_called_a_misfit() {
    for role in Role::ALL {
        let error = refused(made(role, &[])).await;
        assert!(matches!(error, InstallError::Describe(FaultReason::Trapped(_))), "{role}: {error}");
    }
    // A later version of the line that asks for nothing new, and names of types that nobody links by.
    let error = refused(made(
        Role::Chunker,
        &[("plugin@0.1.0", "plugin@0.1.7"), ("record chunk {", "record piece {"), ("list<chunk>", "list<piece>")],
    ))
    .await;
    assert!(matches!(error, InstallError::Describe(FaultReason::Trapped(_))), "{error}");
}

#[tokio::test]
async fn records_are_told_field_by_field() {
    let edits = [
        ("    tags: list<string>,\n", ""),
        ("    fields: list<field>,\n", "    fields: list<field>,\n    mood: option<tuple<string, u8>>,\n"),
        ("    parent: option<u32>,\n  }\n  record chunks", "    parent: option<u64>,\n  }\n  record chunks"),
    ];
    assert_eq!(
        told(Role::Chunker, &edits).await,
        [
            "export mortise:plugin/chunker: record `chunk` lacks the field `tags: list<string>`",
            "export mortise:plugin/chunker: record `chunk` has a field `mood: option<tuple<string, u8>>` that is not in \
             the contract",
            "export mortise:plugin/chunker: record `chunk`: field `parent` is `option<u64>`, the contract says \
             `option<u32>`",
        ]
    );
    let edits = [("row: u32,\n    /// 0-based.\n    column: u32,", "column: u32,\n    /// 0-based.\n    row: u32,")];
    assert_eq!(
        told(Role::Parser, &edits).await,
        ["import mortise:plugin/blocks-out: record `cell`: the fields stand in another order: column, row, row-span, \
          column-span, header, text, value; the contract says row, column, row-span, column-span, header, text, value"]
    );
}

#[tokio::test]
async fn enums_and_variants_are_told_case_by_case() {
    let edits = [
        ("question-answer, summary }", "question-answer, audio }"),
        ("    integer(s64),\n", "    integer(s32),\n"),
        ("    none,\n    text(string),", "    none(bool),\n    text(string),"),
    ];
    let mut told = told(Role::Chunker, &edits).await;
    told.sort();
    assert_eq!(
        told,
        [
            "export mortise:plugin/chunker: enum `chunk-kind` has a case `audio` that is not in the contract",
            "export mortise:plugin/chunker: enum `chunk-kind` lacks the case `summary`",
            "export mortise:plugin/chunker: variant `value`: case `integer` carries `s32`, the contract says `s64`",
            "export mortise:plugin/chunker: variant `value`: case `none` carries `bool`, the contract says nothing",
        ]
    );
}

#[tokio::test]
async fn functions_are_told_with_both_signatures() {
    let edits = [
        ("split: func(input: borrow<reader>, config: json)", "split: func(input: borrow<reader>, config: list<u8>)"),
        ("count: func(texts: list<string>) -> list<u32>;", "count: func(text: string) -> u32;"),
        ("read: func(offset: u64, length: u32) -> list<u8>;", "read: func(offset: u32, length: u32) -> list<u8>;"),
    ];
    assert_eq!(
        told(Role::Chunker, &edits).await,
        [
            "export mortise:plugin/chunker: `split` is `func(input: borrow<reader>, config: list<u8>) -> \
             result<chunks, error>`, the contract says `func(input: borrow<reader>, config: json) -> result<chunks, \
             error>`",
            "import mortise:plugin/tokens: `count` is `func(text: string) -> u32`, the contract says `func(texts: \
             list<string>) -> list<u32>`",
            "import mortise:plugin/source: `file.read` is `func(offset: u32, length: u32) -> list<u8>`, the contract \
             says `func(offset: u64, length: u32) -> list<u8>`",
        ]
    );
    let edits = [("    embed: func(texts: list<string>, kind: input-kind) -> result<vectors, error>;\n", "")];
    assert_eq!(
        told(Role::Embedder, &edits).await,
        ["export mortise:plugin/embedder: `embedding-model.embed: func(texts: list<string>, kind: input-kind) -> \
          result<vectors, error>` is missing"]
    );
}

#[tokio::test]
async fn imports_of_a_later_version_ask_for_a_later_host() {
    let edits = [
        ("plugin@0.1.0", "plugin@0.1.4"),
        ("  progress: func(", "  shout: func(message: string) -> bool;\n  progress: func("),
        ("  resource reader {", "  resource lens { }\n  resource reader {\n    image: func(number: u32) -> list<u8>;"),
    ];
    let component = made(Role::Chunker, &edits);
    let text = refused(component).await.to_string();
    assert_eq!(
        text,
        "this chunker was built against mortise:plugin 0.1.4 and does not fit 0.1.0, which this host offers:\n\
         - import mortise:plugin/log: this host has no `shout: func(message: string) -> bool`\n\
         - import mortise:plugin/blocks-in: this host has no `reader.image: func(number: u32) -> list<u8>`\n\
         - import mortise:plugin/blocks-in: this host has no resource `lens`\n\
         install a Mortise that offers 0.1.4, or rebuild the plugin with mortise-sdk 0.1.0"
    );
}

#[tokio::test]
async fn imports_beyond_the_contract_are_told() {
    let import = |what: &'static str| [("  export chunker;", what)];
    assert_eq!(
        told(Role::Chunker, &import("  import wasi:cli/environment@0.2.6;\n  export chunker;")).await,
        ["import wasi:cli/environment: this host has no `get-secrets: func() -> string`"]
    );
    let error = refused(made(Role::Chunker, &import("  import wasi:sockets/tcp@0.2.6;\n  export chunker;"))).await;
    let told = "a chunker may not import wasi:sockets/tcp@0.2.6: plugins reach the network through wasi:http only";
    assert!(error.to_string().starts_with(told), "{error}");
    let error = refused(made(Role::Chunker, &import("  import inference;\n  export chunker;"))).await;
    assert!(
        matches!(&error, InstallError::Package(PackageError::Import { role: Role::Chunker, import })
            if import == "mortise:plugin/inference@0.1.0"),
        "{error}"
    );
}

#[tokio::test]
async fn misfits_of_an_earlier_line_are_told_in_its_own_words() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/earlier-line/wit");
    let component =
        made_of(&folder, Role::Chunker, &[("sentences: u16", "sentences: u8"), ("{ table, lone }", "{ table }")]);
    let text = refused(component).await.to_string();
    assert_eq!(
        text,
        "this chunker was built against mortise:plugin 0.0.5 and does not fit 0.0.5, which this host offers:\n\
         - export mortise:plugin/chunker: flags `marks` lacks the flag `lone`\n\
         - export mortise:plugin/chunker: `split` is `func(input: borrow<walk>, sentences: u8) -> list<piece>`, the \
         contract says `func(input: borrow<walk>, sentences: u16) -> list<piece>`\n\
         rebuild the plugin with mortise-sdk 0.0.5 unchanged, or ask its author to"
    );
}

#[tokio::test]
async fn a_component_that_cannot_describe_itself_is_inspected_all_the_same() {
    let runtime = runtime();
    let inspected = runtime.inspect(guest("mute")).await.unwrap();
    assert!(inspected.info.is_none() && inspected.size > 0 && inspected.digest.len() == 64);
    assert!(matches!(&inspected.misfits[..], [told] if told.contains("I do not know who I am")), "{inspected:?}");
    let inspected = runtime.inspect(guest("third_party")).await.unwrap();
    assert_eq!(inspected.info.unwrap().name, "sentences");
    assert!(inspected.misfits.is_empty());
    assert!(matches!(runtime.inspect(guest("wrong_world")).await, Err(InstallError::Package(PackageError::NoRole))));
}
