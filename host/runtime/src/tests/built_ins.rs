//! The built-in plugins come in by the same door, and each role does its work through it.

use super::*;
use futures_util::StreamExt;
use mortise_domain::Role;
use mortise_domain::chat::{ChatEvent, ChatMessage, ChatRequest, ChatRole, FinishReason, Passage};
use mortise_domain::role::InputKind;
use serde_json::json;

async fn all(runtime: &Runtime) {
    for built_in in mortise_plugins::BUILT_INS {
        let component = Bytes::from_static(built_in.component);
        let install = Install { component, built_in: true, ..Install::default() };
        let info = runtime.install(install).await.unwrap_or_else(|error| panic!("{}: {error}", built_in.name));
        assert_eq!((info.role.as_str(), info.name.as_str()), (built_in.role, built_in.name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_works() {
    let runtime = runtime();
    all(&runtime).await;
    let text = "# Leave\n\nThe notice period is four weeks.\n\nA day of leave is eight hours.\n";
    let file = SourceFile {
        name: "Leave.MD".into(),
        media_type: "text/markdown".into(),
        bytes: Arc::new(text.as_bytes().to_vec()),
    };
    let parser = runtime.parser_for(&file.name, "application/octet-stream").unwrap();
    assert_eq!(parser.info().name, "markdown");
    let parsed = Arc::new(parser.parse(file.clone(), &JsonMap::new(), CallContext::default()).await.unwrap());
    assert!(parsed.blocks.iter().any(|block| block.kind == BlockKind::Heading || block.kind == BlockKind::Title));

    let chunker = runtime.chunker("naive").unwrap();
    let config = map(json!({"chunk_token_num": 16}));
    chunker.check_config(&config).unwrap();
    let chunks = chunker.split(file, parsed, &config, CallContext::default()).await.unwrap().chunks;
    let texts: Vec<String> = chunks.into_iter().map(|chunk| chunk.text).collect();
    assert!(texts.iter().any(|text| text.contains("four weeks")), "{texts:?}");

    let embedder = runtime.embedder("hashed").unwrap();
    let space = embedder.space().await.unwrap();
    let vectors = embedder.embed(texts.clone(), InputKind::Passage).await.unwrap();
    assert_eq!(vectors.len(), texts.len());
    assert!(vectors.iter().all(|vector| vector.len() == space.dimensions as usize));
    assert_eq!(vectors, embedder.embed(texts.clone(), InputKind::Passage).await.unwrap());
    assert!(embedder.embed(vec![], InputKind::Query).await.unwrap().is_empty());
    assert_eq!(embedder.identity().len(), 64);

    let question = "How long is the notice period?";
    let passages = vec!["A day of leave is eight hours.".into(), "The notice period is four weeks.".into()];
    let scores = runtime.reranker("overlap").unwrap().score(question, passages).await.unwrap();
    assert!(scores[1] > scores[0], "{scores:?}");

    let model = runtime.chat_model("extract").unwrap();
    assert!(model.abilities().await.unwrap().context_tokens > 0);
    let request = ChatRequest {
        messages: vec![ChatMessage::new(ChatRole::User, question)],
        passages: vec![Passage { number: 0, title: "Leave".into(), text: "The notice period is four weeks.".into() }],
        ..ChatRequest::default()
    };
    let events: Vec<_> = model.complete(request).await.unwrap().map(Result::unwrap).collect().await;
    assert!(matches!(events.last(), Some(ChatEvent::Finish(FinishReason::Stop))), "{events:?}");
    let said: String =
        events.iter().filter_map(|e| if let ChatEvent::Text(t) = e { Some(t.as_str()) } else { None }).collect();
    assert!(said.contains("four weeks"), "{said}");
}

#[tokio::test]
async fn one_identity_one_space() {
    let runtime = runtime();
    all(&runtime).await;
    let component = mortise_plugins::BUILT_INS.iter().find(|b| b.role == "embedder").unwrap().component;
    let named = async |name: &str, config: serde_json::Value| {
        let component = Bytes::from_static(component);
        runtime
            .install(Install { name: Some(name.into()), component, config: map(config), ..Install::default() })
            .await
            .unwrap();
        runtime.embedder(name).unwrap().identity().to_owned()
    };
    let of_built_in = runtime.embedder("hashed").unwrap().identity().to_owned();
    assert_eq!(named("other-name", json!({})).await, of_built_in, "the name does not matter");
    let unknown = named("third", json!({"unknown to it": 1})).await;
    assert_ne!(unknown, of_built_in, "settings do");
}

#[tokio::test]
async fn a_built_in_without_its_settings_says_which_is_missing() {
    let runtime = runtime();
    all(&runtime).await;
    assert!(runtime.has(Role::ChatModel, "openai"));
    let model = runtime.chat_model("openai").unwrap();
    let fault = model.complete(ChatRequest::default()).await.map(|_| ()).unwrap_err();
    assert!(matches!(&fault.reason, FaultReason::Config { field, .. } if field == "model"), "{fault}");
}
