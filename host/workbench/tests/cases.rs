//! Cases of real components: a chunk method on a file that a built-in parser reads, and an adapter of a remote model whose
//! service is a recording.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

use mortise_plugins::BUILT_INS;
use mortise_workbench::{Target, Verdict, Workbench, test};
use std::path::Path;

/// A folder of a built-in plugin with one case; building it copies nothing and succeeds.
fn folder(name: &str, role: &str, files: &[(&str, &str)], settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let built_in = BUILT_INS.iter().find(|built_in| built_in.role == role && built_in.name == name).unwrap();
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let toml = format!(
        "name = \"{name}\"\nrole = \"{role}\"\nlanguage = \"rust\"\n[build]\ncommand = \"true\"\ncomponent = \"it.wasm\"\n{settings}"
    );
    put("plugin.toml", toml.as_bytes());
    files.iter().for_each(|(path, text)| put(path, text.as_bytes()));
    put("it.wasm", built_in.component);
    folder
}

async fn cases(folder: &Path, only: &str, bless: bool) -> Verdict {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workbench");
    let target = Target::open(folder).unwrap();
    test(&Workbench::open(&cache).unwrap(), &cache, &target, Some(only), bless).await.unwrap()
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"Fourteen \"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"months.\"},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\n\
    data: [DONE]\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_is_tested_against_a_recording() {
    let settings = "[test]\nconfig = { model = \"m\", base_url = \"{upstream}/v1\" }\nsecrets = [\"openai\"]\n";
    let files = [("cases/leave/input.txt", "How long is leave?\n"), ("cases/leave/answer.http", ANSWER)];
    let folder = folder("openai", "chat-model", &files, settings);
    assert!(cases(folder.path(), "leave", true).await.passed());
    let expected = std::fs::read_to_string(folder.path().join("cases/leave/expected.json")).unwrap();
    assert!(expected.contains("\"Fourteen months.\"") && expected.contains("\"completion_tokens\": 3"), "{expected}");
    assert!(cases(folder.path(), "leave", false).await.passed());

    // Another answer is another outcome, and without one nothing is reached.
    std::fs::write(folder.path().join("cases/leave/answer.http"), ANSWER.replace("Fourteen", "Twelve")).unwrap();
    let told = cases(folder.path(), "leave", false).await;
    let text = told.print(mortise_workbench::Paint::default());
    assert!(!told.passed() && text.contains("+   \"answer\": \"Twelve months.\""), "{text}");
    std::fs::remove_file(folder.path().join("cases/leave/answer.http")).unwrap();
    assert!(!cases(folder.path(), "leave", false).await.passed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunker_gets_what_the_built_in_parsers_read_or_blocks() {
    let blocks = r#"[{"kind": "heading", "level": 1, "text": "Joints"}, {"text": "A tenon."}]"#;
    let files = [
        ("cases/file/input.md", "# Joints\n\nA tenon.\n"),
        ("cases/blocks/blocks.json", blocks),
        ("cases/unread/input.xyz", "?"),
    ];
    let folder = folder("naive", "chunker", &files, "");
    for case in ["file", "blocks"] {
        assert!(cases(folder.path(), case, true).await.passed(), "{case}");
        let expected = std::fs::read_to_string(folder.path().join(format!("cases/{case}/expected.json"))).unwrap();
        assert!(expected.contains("A tenon."), "{expected}");
        assert!(cases(folder.path(), case, false).await.passed(), "{case}");
    }
    let text = cases(folder.path(), "unread", false).await.print(mortise_workbench::Paint::default());
    assert!(text.contains("no built-in parser reads such files"), "{text}");
}
