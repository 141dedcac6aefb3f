//! Assistants and sessions.

use crate::fixture::{Fixture, names, new_assistant};
use mortise_domain::{
    AssistantFilter, Error, Message, MessageRole, NewSession, Order, OrderBy, PageRequest, SessionFilter, SessionPatch,
};

fn new_session(name: &str) -> NewSession {
    NewSession { name: name.into(), user_id: "u".into() }
}

fn message(role: MessageRole, content: &str) -> Message {
    let reference = (role == MessageRole::Assistant).then(|| serde_json::json!({"total": 1, "chunks": [{"id": "c"}]}));
    Message { id: Some("m".into()), role, content: content.into(), created: 1741941000.42, reference }
}

#[tokio::test]
async fn assistants_keep_their_settings_and_their_names_apart() {
    let f = Fixture::new().await;
    let made = f.own.insert_assistant(new_assistant("Helpdesk")).await.unwrap();
    let read = f.own.assistant(&made.id).await.unwrap().unwrap();
    assert_eq!(format!("{made:?}"), format!("{read:?}"));
    let same = f.own.insert_assistant(new_assistant("HELPDESK")).await;
    assert!(matches!(same, Err(Error::Conflict { noun: "assistant", .. })));
    let other = f.own.insert_assistant(new_assistant("Other")).await.unwrap();
    let taken = f.own.update_assistant(&other.id, new_assistant("helpdesk")).await;
    assert!(matches!(taken, Err(Error::Conflict { .. })));
    let mut settings = new_assistant("HelpDesk");
    settings.top_n = 9;
    let updated = f.own.update_assistant(&made.id, settings).await.unwrap().unwrap();
    assert_eq!((updated.settings.name.as_str(), updated.settings.top_n), ("HelpDesk", 9));
    assert_eq!(f.own.assistant_by_name("helpdesk").await.unwrap().unwrap().id, made.id);
    assert!(f.own.update_assistant(&"x".into(), new_assistant("z")).await.unwrap().is_none());

    let filter = AssistantFilter { name: Some("OTHER".into()), ..Default::default() };
    let found = f.own.list_assistants(&filter, &PageRequest::all()).await.unwrap();
    assert_eq!(names(&found.items, |a| &a.settings.name), ["Other"]);
    let all = f.own.list_assistants(&AssistantFilter::default(), &PageRequest::all()).await.unwrap();
    assert_eq!((all.total, names(&all.items, |a| &a.settings.name)), (2, vec!["Other".into(), "HelpDesk".into()]));
}

#[tokio::test]
async fn sessions_keep_their_messages_in_order() {
    let f = Fixture::new().await;
    let assistant = f.own.insert_assistant(new_assistant("a")).await.unwrap().id;
    let made = f.own.insert_session(&assistant, new_session("s"), Some("Hi".into())).await.unwrap();
    assert_eq!((made.messages.len(), made.messages[0].created), (1, 0.0));
    for n in 0..3 {
        let turn = [message(MessageRole::User, &format!("q{n}")), message(MessageRole::Assistant, &format!("a{n}"))];
        f.own.append_messages(&made.id, &turn).await.unwrap();
    }
    let read = f.own.session(&assistant, &made.id).await.unwrap().unwrap();
    assert_eq!(names(&read.messages, |m| &m.content), ["Hi", "q0", "a0", "q1", "a1", "q2", "a2"]);
    assert_eq!(read.messages[2].reference.as_ref().unwrap()["chunks"][0]["id"], "c");
    assert_eq!(read.messages[1].created, 1741941000.42);
    assert!(read.messages[1].reference.is_none() && read.messages[0].id.is_none());
    let nowhere = f.own.append_messages(&"x".into(), &[]).await;
    assert!(matches!(nowhere, Err(Error::NotFound { noun: "session", .. })));
    let none = f.own.insert_session(&"x".into(), new_session("s"), None).await;
    assert!(matches!(none, Err(Error::NotFound { noun: "assistant", .. })));
}

#[tokio::test]
async fn sessions_are_listed_changed_and_deleted() {
    let f = Fixture::new().await;
    let assistant = f.own.insert_assistant(new_assistant("a")).await.unwrap().id;
    let other = f.own.insert_assistant(new_assistant("b")).await.unwrap().id;
    let mut ids = Vec::new();
    for name in ["x", "y", "X"] {
        let session = f.own.insert_session(&assistant, new_session(name), Some(name.into())).await.unwrap();
        ids.push(session.id);
    }
    let list = async |filter: SessionFilter| {
        let request = PageRequest { page: 1, size: Some(2), by: OrderBy::Name, order: Order::Ascending };
        let page = f.own.list_sessions(&assistant, &filter, &request).await.unwrap();
        assert!(page.items.iter().all(|s| s.messages[0].content == s.name));
        (page.total, names(&page.items, |s| &s.name).join(" "))
    };
    assert_eq!(list(SessionFilter::default()).await, (3, "X x".into()));
    assert_eq!(list(SessionFilter { name: Some("x".into()), ..Default::default() }).await, (1, "x".into()));
    assert_eq!(list(SessionFilter { user_id: Some("v".into()), ..Default::default() }).await, (0, String::new()));

    let patch = SessionPatch { user_id: Some("v".into()), ..Default::default() };
    let changed = f.own.update_session(&assistant, &ids[0], patch.clone()).await.unwrap().unwrap();
    assert_eq!((changed.user_id.as_str(), changed.name.as_str(), changed.messages.len()), ("v", "x", 1));
    assert!(f.own.update_session(&other, &ids[0], patch).await.unwrap().is_none(), "of another assistant");
    assert!(f.own.session(&other, &ids[0]).await.unwrap().is_none());
    f.own.delete_sessions(&other, &ids).await.unwrap();
    f.own.delete_sessions(&assistant, &[ids[1].clone(), "unknown".into()]).await.unwrap();
    assert_eq!(list(SessionFilter::default()).await, (2, "X x".into()));

    f.own.delete_assistants(&[assistant.clone(), "unknown".into()]).await.unwrap();
    assert!(f.own.assistant(&assistant).await.unwrap().is_none());
    assert!(f.own.session(&assistant, &ids[0]).await.unwrap().is_none());
    assert!(f.own.insert_assistant(new_assistant("A")).await.is_ok(), "the name is free again");
}
