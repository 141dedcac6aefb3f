//! Registries that lie, leak, loop, stall and point inward. Each costs one fetch, and says so.

use crate::components::component;
use crate::scripted::{Asked, Scripted, answer, endless, manifest, stalled, with_header};
use axum::body::Body;
use axum::http::Response;
use mortise_supply::{
    Access, Credentials, Digest, Error, FetchOptions, Fetched, Metadata, PublishOptions, Reference, SIGNATURES, fetch,
    publish,
};
use serde_json::{Value, json};
use std::time::Duration;

fn reference(server: &Scripted) -> Reference {
    format!("oci://{}/acme/laws:1", server.host()).parse().unwrap()
}

async fn get(server: &Scripted) -> Result<Fetched, Error> {
    fetch(&reference(server), &FetchOptions::default()).await
}

/// A registry with one component, whose manifest and blob the test gives.
async fn registry(manifest: Value, blob: impl Fn() -> Response<Body> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| match asked.line.contains("/manifests/") {
        true => answer(200, manifest.to_string()),
        false => blob(),
    })
    .await
}

/// A registry whose every answer is this.
async fn always(response: impl Fn() -> Response<Body> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |_| response()).await
}

#[tokio::test]
async fn an_honest_one_is_believed() {
    let component = component(10);
    let blob = component.clone();
    let server = registry(manifest(&component), move || answer(200, blob.clone())).await;
    assert_eq!(get(&server).await.unwrap().component, component);
    let lines = server.lines();
    assert_eq!(lines[0], "GET /v2/acme/laws/manifests/1");
    assert_eq!(lines[1], format!("GET /v2/acme/laws/blobs/{}", Digest::of(&component)));
}

#[tokio::test]
async fn another_component_than_the_manifest_names() {
    let server = registry(manifest(&component(10)), || {
        let mut other = component(10).to_vec();
        *other.last_mut().unwrap() ^= 1;
        answer(200, other)
    })
    .await;
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error, Error::WrongDigest { .. }), "{error}");
}

#[tokio::test]
async fn another_manifest_than_the_digest_names() {
    let component = component(10);
    let server = registry(manifest(&component), || answer(500, "")).await;
    let asked: Reference = format!("{}@{}", reference(&server), Digest::of(b"another")).parse().unwrap();
    let error = fetch(&asked, &FetchOptions::default()).await.unwrap_err();
    assert!(
        matches!(error, Error::WrongDigest { actual, .. } if actual == Digest::of(manifest(&component).to_string().as_bytes()))
    );
    assert_eq!(server.lines().len(), 1, "nothing is downloaded after that");
    // It says one digest and sends another.
    let header = Digest::of(b"x").to_string();
    let server = always(move || with_header(200, "docker-content-digest", &header)).await;
    assert!(matches!(get(&server).await, Err(Error::WrongDigest { .. })));
}

#[tokio::test]
async fn endless_answers() {
    let component = component(10);
    // The blob, the manifest, an error.
    let server = registry(manifest(&component), endless).await;
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit, .. } if limit == component.len() as u64), "{error}");
    let error = get(&always(endless).await).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit, .. } if limit == 4 << 20), "{error}");
    let server = always(|| {
        let mut response = endless();
        *response.status_mut() = axum::http::StatusCode::BAD_GATEWAY;
        response
    });
    assert!(matches!(get(&server.await).await, Err(Error::Refused { status: 502, .. })));
    // It names a size that nobody has.
    let mut huge = manifest(&component);
    huge["layers"][0]["size"] = json!(u64::MAX);
    let server = registry(huge, endless).await;
    assert!(matches!(get(&server).await, Err(Error::TooLarge { limit, .. }) if limit == 256 << 20));
    assert_eq!(server.lines().len(), 1, "nothing is downloaded");
    // It announces more than the manifest says.
    let server = registry(manifest(&component), || answer(200, vec![0; 100_000])).await;
    assert!(matches!(get(&server).await, Err(Error::TooLarge { .. })));
}

#[tokio::test]
async fn short_and_broken_answers() {
    let component = component(10);
    let half = component.slice(..component.len() / 2);
    let server = registry(manifest(&component), move || answer(200, half.clone())).await;
    assert!(matches!(get(&server).await, Err(Error::WrongDigest { .. })));
    let server = registry(manifest(&component), || {
        let parts = [Ok(bytes::Bytes::from_static(b"\0asm")), Err(std::io::Error::other("gone"))];
        answer(200, Body::from_stream(futures_util::stream::iter(parts)))
    })
    .await;
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error, Error::Garbled { .. } | Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn answers_that_stall() {
    let mut access = Access { idle_timeout: Duration::from_millis(100), ..Default::default() };
    let server = registry(manifest(&component(10)), stalled).await;
    let options = FetchOptions { access: access.clone(), ..Default::default() };
    let error = fetch(&reference(&server), &options).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { allowed, .. } if allowed == access.idle_timeout), "{error}");
    // A byte now and then keeps no one for ever.
    let server = always(|| {
        let parts = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(bytes::Bytes::from_static(b" ")), ()))
        });
        answer(200, Body::from_stream(parts))
    })
    .await;
    access.idle_timeout = Duration::from_secs(30);
    access.timeout = Duration::from_millis(300);
    let options = FetchOptions { access: access.clone(), ..Default::default() };
    let error = fetch(&reference(&server), &options).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { allowed, .. } if allowed == access.timeout), "{error}");
}

#[tokio::test]
async fn answers_that_are_no_manifest() {
    for garbage in ["", "null", "[]", "hello", "<html></html>", "{\"schemaVersion\":", "\u{0}\u{1}", "{}"] {
        let error = get(&always(move || answer(200, garbage)).await).await.unwrap_err();
        assert!(matches!(&error, Error::Layout { why, .. } if why.contains("damaged")), "{garbage}: {error}");
    }
    let deep = "[".repeat(1 << 20);
    let error = get(&always(move || answer(200, deep.clone())).await).await.unwrap_err();
    assert!(matches!(error, Error::Layout { .. }), "{error}");
    let mut image = manifest(&component(10));
    image["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
    let error = get(&registry(image, || answer(500, "")).await).await.unwrap_err();
    assert!(error.to_string().contains("is not a WebAssembly component"), "{error}");
    // A digest that is a path.
    let mut path = manifest(&component(10));
    path["layers"][0]["digest"] = "sha256:../../../../admin".into();
    let server = registry(path, || answer(500, "")).await;
    assert!(matches!(get(&server).await, Err(Error::Layout { .. })));
    assert_eq!(server.lines().len(), 1);
    // A component that is none.
    let server = registry(manifest(b"hello"), || answer(200, "hello")).await;
    assert!(matches!(get(&server).await, Err(Error::NotAComponent { .. })));
    let mut signed = manifest(&component(10));
    signed["annotations"] = json!({SIGNATURES: "{\"version\":1}"});
    let error = get(&registry(signed, || answer(500, "")).await).await.unwrap_err();
    assert!(matches!(error, Error::Signatures { .. }), "{error}");
}

#[tokio::test]
async fn layers_from_elsewhere_are_not_fetched() {
    let inside = always(|| answer(200, component(10))).await;
    let mut layered = manifest(&component(10));
    layered["layers"][0]["urls"] = json!([format!("http://{}/secret", inside.host())]);
    let error = get(&registry(layered, || answer(404, "")).await).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(inside.lines().is_empty());
}

#[tokio::test]
async fn redirects_inward_are_not_followed() {
    let inside = always(|| answer(200, "secret")).await;
    let port = inside.host().split_once(':').unwrap().1.to_owned();
    let mut targets = vec![
        format!("http://{}/secret", inside.host()),
        format!("https://{}/secret", inside.host()),
        format!("https://localhost:{port}/secret"),
        format!("https://[::1]:{port}/secret"),
        format!("https://[::ffff:127.0.0.1]:{port}/secret"),
        format!("https://0x7f.1:{port}/secret"),
        format!("//localhost:{port}/secret"),
    ];
    targets.extend(
        [
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00:ec2::254]/",
            "https://0.0.0.0/",
            "http://example.com/blob",
            "https://user:password@example.com/",
            "file:///etc/passwd",
            "ftp://example.com/",
        ]
        .map(str::to_owned),
    );
    for target in targets {
        let location = target.clone();
        let server = registry(manifest(&component(10)), move || with_header(307, "location", &location)).await;
        let error = get(&server).await.unwrap_err();
        assert!(matches!(error, Error::NotFollowed { .. }), "{target}: {error}");
        assert_eq!(server.lines().len(), 2, "{target}");
    }
    assert!(inside.lines().is_empty(), "{:?}", inside.lines());
}

#[tokio::test]
async fn redirects_in_circles_end() {
    let server = always(|| with_header(302, "location", "/v2/again")).await;
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error, Error::NotFollowed { .. }), "{error}");
    assert_eq!(server.lines().len(), 6);
    assert!(matches!(get(&always(|| with_header(302, "location", "http://")).await).await, Err(Error::Garbled { .. })));
    assert!(matches!(get(&always(|| answer(302, "")).await).await, Err(Error::Refused { status: 302, .. })));
}

/// Answers with `component` to whoever shows `authorization`, and challenges everyone else.
async fn guarded(challenge: String, authorization: &'static str) -> Scripted {
    Scripted::start_knowing(|host| {
        let challenge = challenge.replace("{host}", &host);
        move |asked: &Asked| match asked {
            _ if asked.line.contains("/token") => answer(200, "{\"token\":\"good\"}"),
            _ if asked.authorization() != Some(authorization) => with_header(401, "www-authenticate", &challenge),
            _ if asked.line.contains("/manifests/") => answer(200, manifest(&component(10)).to_string()),
            _ => answer(200, component(10)),
        }
    })
    .await
}

fn with_password(server: &Scripted) -> FetchOptions {
    let credentials = [(server.host(), Credentials::password("anna", "secret"))].into();
    FetchOptions { access: Access { credentials, ..Default::default() }, ..Default::default() }
}

const BASIC: &str = "Basic YW5uYTpzZWNyZXQ=";

#[tokio::test]
async fn challenges_are_answered() {
    // With a token of the registry's own service, without and with a password.
    let bearer = "Bearer realm=\"http://{host}/token?a=b\",service=\"laws\"".to_owned();
    let server = guarded(bearer.clone(), "Bearer good").await;
    get(&server).await.unwrap();
    let token = &server.asked()[1];
    assert_eq!(token.line, "GET /token?a=b&service=laws&scope=repository%3Aacme%2Flaws%3Apull");
    assert_eq!(token.authorization(), None);
    assert_eq!(server.lines().len(), 4, "the token is used again");
    let server = guarded(bearer, "Bearer good").await;
    fetch(&reference(&server), &with_password(&server)).await.unwrap();
    assert_eq!(server.asked()[0].authorization(), None, "a password is not shown before it is asked for");
    assert_eq!(server.asked()[1].authorization(), Some(BASIC));
    // With the password itself.
    let server = guarded("Basic realm=\"laws\"".to_owned(), BASIC).await;
    fetch(&reference(&server), &with_password(&server)).await.unwrap();
    let error = get(&server).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { given: false, .. }), "{error}");
}

#[tokio::test]
async fn challenges_that_cannot_be_answered() {
    for challenge in ["Negotiate", "Bearer", "\"", "Bearer realm=\"http://{host}/token\""] {
        let server = guarded(challenge.to_owned(), "nothing is good enough").await;
        let error = fetch(&reference(&server), &with_password(&server)).await.unwrap_err();
        assert!(matches!(error, Error::Unauthorized { given: true, .. }), "{challenge}: {error}");
        assert!(server.lines().len() <= 3, "{challenge}: it is asked once more at most");
    }
    for tokens in ["", "[]", "{}", "{\"token\":5}", "{\"token\":\"a\\r\\nX-Evil: 1\"}", "{\"token\":null}"] {
        let server = Scripted::start_knowing(|host| {
            let challenge = format!("Bearer realm=\"http://{host}/token\"");
            move |asked: &Asked| match asked.line.contains("/token") {
                true => answer(200, tokens),
                false => with_header(401, "www-authenticate", &challenge),
            }
        })
        .await;
        let error = get(&server).await.unwrap_err();
        assert!(matches!(error, Error::Garbled { .. }), "{tokens}: {error}");
    }
}

#[tokio::test]
async fn passwords_go_to_no_one_else() {
    let thief = always(|| answer(200, "{\"token\":\"good\"}")).await;
    // A token service inside.
    let server = guarded(format!("Bearer realm=\"http://{}/token\"", thief.host()), "Bearer good").await;
    let error = fetch(&reference(&server), &with_password(&server)).await.unwrap_err();
    assert!(matches!(error, Error::NotFollowed { .. }), "{error}");
    assert!(thief.lines().is_empty());
    // A redirect to a host that may be reached: without what the registry was shown.
    let storage = always(|| answer(200, component(10))).await;
    let target = format!("http://{}/blob?signature=1", storage.host());
    let server = Scripted::start(move |asked| match asked {
        _ if asked.authorization() != Some(BASIC) => with_header(401, "www-authenticate", "Basic realm=\"x\""),
        _ if asked.line.contains("/manifests/") => answer(200, manifest(&component(10)).to_string()),
        _ => with_header(307, "location", &target),
    })
    .await;
    let mut options = with_password(&server);
    options.access.insecure.insert(storage.host());
    fetch(&reference(&server), &options).await.unwrap();
    let asked = storage.asked();
    assert_eq!((asked.len(), asked[0].authorization()), (1, None));
    // An upload elsewhere.
    let target = format!("http://{}/upload", thief.host());
    let server = Scripted::start(move |asked| match asked.line.starts_with("POST") {
        true => with_header(202, "location", &target),
        false => answer(404, ""),
    })
    .await;
    let options = PublishOptions { access: with_password(&server).access, replace: false };
    let error = publish(&reference(&server), component(10), &Metadata::default(), &[], &options).await.unwrap_err();
    assert!(matches!(error, Error::NotFollowed { .. }), "{error}");
    assert!(thief.lines().is_empty());
}

#[tokio::test]
async fn refusals_are_told_in_one_clean_line() {
    let says = json!({"errors": [{"code": "DENIED", "message": format!("no\n\u{1b}[31m{}", "x".repeat(1000))}]});
    let error = get(&always(move || answer(403, says.to_string())).await).await.unwrap_err().to_string();
    assert!(error.contains("DENIED: no") && !error.chars().any(char::is_control) && error.len() < 500, "{error}");
    let error = get(&always(|| answer(503, "<html>down</html>")).await).await.unwrap_err();
    assert_eq!(error.to_string().matches("html").count(), 0, "{error}");
    assert!(matches!(error, Error::Refused { status: 503, .. }), "{error}");
}

#[tokio::test]
async fn only_loopback_and_listed_hosts_are_spoken_to_in_clear() {
    // Encrypted, so a plain server does not understand.
    let server = always(|| answer(200, "")).await;
    let port = server.host().split_once(':').unwrap().1.to_owned();
    let named: Reference = format!("oci://ip6-localhost:{port}/laws:1").parse().unwrap();
    let error = fetch(&named, &FetchOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(server.lines().is_empty());
    // Nobody there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody: Reference = format!("oci://127.0.0.1:{free}/laws:1").parse().unwrap();
    let error = fetch(&nobody, &FetchOptions::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { host, .. } if host == "127.0.0.1"), "{error}");
    let unknown: Reference = "oci://registry.invalid/laws:1".parse().unwrap();
    assert!(matches!(fetch(&unknown, &FetchOptions::default()).await, Err(Error::Unreachable { .. })));
    let metadata: Reference = "oci://169.254.169.254/laws:1".parse().unwrap();
    assert!(matches!(fetch(&metadata, &FetchOptions::default()).await, Err(Error::NotFollowed { .. })));
}

#[tokio::test]
async fn a_registry_that_keeps_something_else_than_it_was_given() {
    let header = Digest::of(b"something else").to_string();
    let server = Scripted::start(move |asked| match asked.line.split(' ').next() {
        Some("HEAD") => answer(200, ""),
        Some("PUT") => with_header(201, "docker-content-digest", &header),
        _ => answer(404, ""),
    })
    .await;
    let published =
        publish(&reference(&server), component(10), &Metadata::default(), &[], &PublishOptions::default()).await;
    assert!(matches!(published, Err(Error::WrongDigest { .. })));
    // Takes an upload and says nothing of where.
    let server = Scripted::start(|asked| answer(if asked.line.starts_with("POST") { 202 } else { 404 }, "")).await;
    let published =
        publish(&reference(&server), component(10), &Metadata::default(), &[], &PublishOptions::default()).await;
    assert!(matches!(published, Err(Error::Garbled { .. })));
}
