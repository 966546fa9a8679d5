//! Requests that a visitor's browser sends for pages of other web sites: all are refused, except allowed throws.

use std::collections::BTreeSet;

use datadump_tests::{Database, Response, Server, WebSocket, dog};
use serde_json::{Value as Json, json};

type Headers = &'static [(&'static str, &'static str)];

/// The target of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A throw at a source without origins.
    Throw,
    /// A throw at a source that names `https://shop.example`.
    ShopThrow,
    /// A page to look at.
    Page,
    /// Anything else.
    Other,
}

use Target::{Other, Page, ShopThrow, Throw};

const ALL: &[Target] = &[Throw, ShopThrow, Page, Other];

/// The sender of a request, and the targets that are allowed to it.
const SENDERS: &[(&str, Headers, &[Target])] = &[
    ("a program", &[], ALL),
    ("a program with a content type", &[("content-type", "application/json")], ALL),
    ("a page of this server", &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")], ALL),
    ("an address that was typed", &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], ALL),
    (
        "a script",
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("origin", "https://evil.example")],
        &[],
    ),
    (
        "an image",
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
            ("referer", "https://evil.example/"),
        ],
        &[],
    ),
    ("an image without a referrer", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], &[]),
    ("a page on another subdomain", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")], &[]),
    (
        "a sandboxed page",
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("origin", "null")],
        &[],
    ),
    (
        "a link",
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("accept", "text/html"),
            ("referer", "https://evil.example/"),
        ],
        &[Page],
    ),
    (
        "a link without a referrer",
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[Page],
    ),
    ("a script, over plain HTTP", &[("origin", "http://evil.example")], &[]),
    ("a sandboxed page, over plain HTTP", &[("origin", "null")], &[]),
    ("an image, over plain HTTP", &[("referer", "http://evil.example/a?b")], &[Page]),
    ("a page of another port, over plain HTTP", &[("origin", "http://10.0.0.1:1")], &[]),
    (
        "a page of this computer",
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors"), ("origin", "http://localhost:3000")],
        &[Throw, ShopThrow],
    ),
    ("a page of this computer, in an old browser", &[("origin", "http://[::1]:3000")], &[Throw, ShopThrow]),
    (
        "an image on a page of this computer",
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
            ("referer", "http://127.0.0.1:3000/"),
        ],
        &[Throw, ShopThrow],
    ),
    (
        "a page of a named origin",
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("origin", "https://shop.example")],
        &[ShopThrow],
    ),
    ("a page of a named origin, over plain HTTP", &[("origin", "https://shop.example")], &[ShopThrow]),
    ("a page whose origin resembles a named one", &[("origin", "https://shop.example:444")], &[]),
];

const REQUESTS: &[(&str, &str, Target)] = &[
    ("POST", "/", Throw),
    ("PUT", "/", Throw),
    ("GET", "/throw/porch?speed=1", Throw),
    ("POST", "/throw/porch", Throw),
    ("PUT", "/throw/porch/", Throw),
    ("POST", "/throw/dog", Throw),
    ("GET", "/throw/shop/?speed=1", ShopThrow),
    ("POST", "/throw/shop", ShopThrow),
    ("POST", "/throw/sh%6Fp/", ShopThrow),
    ("GET", "/", Page),
    ("GET", "/docs", Page),
    ("GET", "/docs/", Page),
    ("HEAD", "/throw/porch", Other),
    ("GET", "/throw/a/b", Other),
    ("GET", "/docs/page.js", Other),
    ("GET", "/openapi.json", Other),
    ("GET", "/health", Other),
    ("GET", "/ready", Other),
    ("GET", "/metrics", Other),
    ("GET", "/api/v1/status/", Other),
    ("GET", "/api/v1/source/", Other),
    ("GET", "/api/v1/source/shop/recent/", Other),
    ("GET", "/api/v1/quarantine/", Other),
    ("GET", "/api/v1/storage/dog/", Other),
    ("GET", "/api/v1/stream", Other),
    ("GET", "/api/stream", Other),
    ("GET", "/api/v1/device/lamp/command/?wait=0", Other),
    ("GET", "/api/v1/device/lamp/command/stream", Other),
    ("POST", "/api/data", Other),
    ("POST", "/api/v1/storage/dog/", Other),
    ("PUT", "/api/v1/storage/dog/CHIP1/", Other),
    ("PATCH", "/api/v1/storage/dog/CHIP1/", Other),
    ("PUT", "/api/v1/source/porch/", Other),
    ("POST", "/api/v1/factory/storage/", Other),
    ("POST", "/api/v1/device/lamp/command/", Other),
    ("GET", "/no/such/path", Other),
];

const UPGRADES: &[(&str, Target)] = &[
    ("/", Throw),
    ("/throw/porch", Throw),
    ("/throw/shop", ShopThrow),
    ("/api/v1/stream", Other),
    ("/api/stream", Other),
    ("/api/v1/device/lamp/command/stream", Other),
];

async fn shop() -> Server {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let origins = json!({"origins": ["https://shop.example"]});
    let source = server.put("/api/v1/source/shop/", &origins).await.is(201).json();
    assert_eq!(source["settings"]["origins"], origins["origins"]);
    server.post("/api/data", &json!({"device_id": "lamp", "light": 1})).await.is(201).ok();
    server
}

/// Returns everything that a request could have changed.
async fn state(server: &Server) -> Vec<Json> {
    let mut state = Vec::new();
    for path in
        ["factory/storage", "storage/dog", "storage/readings", "source", "device/lamp/command", "quarantine"]
    {
        state.push(server.get(&format!("/api/v1/{path}/?limit=1000")).await.is(200).json());
    }
    state
}

#[tokio::test]
async fn pages_of_other_sites_may_only_do_what_they_are_allowed() {
    let server = shop().await;
    let command = server.post("/api/v1/device/lamp/command/", &json!({"method": "on"})).await.is(202).json();
    for (sender, headers, allowed) in SENDERS {
        let before = state(&server).await;
        let mut is_same = true;
        for (method, path, target) in REQUESTS {
            let may = allowed.contains(target);
            is_same &= !may || *target == Page;
            if may && *target == Other {
                // Requests of programs and of the server's own page are what all other tests are about.
                continue;
            }
            let mut request = server.request(method, path);
            for (name, value) in *headers {
                request = request.header(name, value);
            }
            if !["GET", "HEAD"].contains(method) {
                request = request.body("{\"speed\": 1}");
            }
            let response = request.stream().await.unwrap();
            let status = response.status().as_u16();
            assert_eq!(status != 403, may, "{sender}: {method} {path} was answered with {status}");
            assert!(!may || status < 400, "{sender}: {method} {path} was answered with {status}");
            if !may {
                assert!(response.headers().get("access-control-allow-origin").is_none());
            }
        }
        if is_same {
            assert_eq!(state(&server).await, before, "{sender}");
        }
    }
    let path = format!("/api/v1/command/{}/", command["id"].as_str().unwrap_or_default());
    assert_eq!(server.get(&path).await.is(200).json()["state"], "queued", "{command}");
}

#[tokio::test]
async fn other_sites_open_no_websockets() {
    let server = shop().await;
    for (sender, headers, allowed) in SENDERS {
        for (path, target) in UPGRADES {
            let expected = if allowed.contains(target) { None } else { Some(403) };
            let refused = WebSocket::try_connect(&server, path, headers).await.err();
            assert_eq!(refused, expected, "{sender}: {path}");
        }
    }
}

/// Returns the names in a comma-separated header.
fn names(response: &Response, header: &str) -> BTreeSet<String> {
    let values = response.headers.get_all(header).iter().map(|value| value.to_str().unwrap());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_lowercase()).collect()
}

#[tokio::test]
async fn allowed_pages_may_read_the_receipts_of_their_throws() {
    let server = shop().await;
    for (origin, path, may) in [
        ("https://shop.example", "/throw/shop", true),
        ("https://shop.example", "/throw/porch", false),
        ("https://shop.example", "/", false),
        ("http://localhost:3000", "/throw/shop", true),
        ("http://127.0.0.1:5173", "/throw/porch", true),
        ("http://localhost:3000", "/", true),
        ("http://localhost:3000", "/api/v1/source/", false),
        ("https://evil.example", "/throw/shop", false),
        ("null", "/throw/shop", false),
    ] {
        let allowed = may.then_some(origin);
        let asked = server
            .request("OPTIONS", path)
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site")
            .header("sec-fetch-mode", "cors")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,idempotency-key,x-mine")
            .await;
        assert_eq!(asked.status, if may { 204 } else { 403 }, "{origin} {path}: {asked:?}");
        assert_eq!(asked.header("access-control-allow-origin"), allowed, "{asked:?}");
        if may {
            let methods = names(&asked, "access-control-allow-methods");
            assert!(["get", "post", "put"].iter().all(|method| methods.contains(*method)), "{asked:?}");
            assert!(names(&asked, "access-control-allow-headers").contains("*"), "{asked:?}");
            assert!(names(&asked, "vary").contains("origin"), "{asked:?}");
        }
        for (query, body, status) in [("", "{\"speed\": 1}", 200), ("?strict=maybe", "{}", 400)] {
            let request =
                server.request("POST", &format!("{path}{query}")).header("origin", origin).body(body);
            let thrown = request.await;
            assert_eq!(thrown.status, if may { status } else { 403 }, "{origin} {path}: {thrown:?}");
            assert_eq!(thrown.header("access-control-allow-origin"), allowed, "{thrown:?}");
            assert_eq!(thrown.header("access-control-allow-credentials"), None, "{thrown:?}");
            assert_eq!(names(&thrown, "vary").contains("origin"), !path.starts_with("/api/"), "{thrown:?}");
            if may {
                assert!(names(&thrown, "access-control-expose-headers").contains("idempotent-replayed"));
            }
        }
    }
    let plain = server.request("POST", "/throw/shop").body("{}").await.is(200);
    assert_eq!(plain.header("access-control-allow-origin"), None);
    assert!(names(&plain, "vary").contains("origin"), "{plain:?}");
    server.request("OPTIONS", "/throw/shop").await.problem(405);

    // An origin that is removed may no longer throw.
    server.patch("/api/v1/source/shop/", &json!({"origins": null})).await.is(200).ok();
    let request = server.request("POST", "/throw/shop").header("origin", "https://shop.example").body("{}");
    request.await.problem_about(403, &["https://shop.example", "shop", "origins"]);
}

#[tokio::test]
async fn origins_are_checked() {
    let server = Server::start(Database::sqlite()).await;
    let many: Vec<String> = (0..101).map(|number| format!("https://{number}.example")).collect();
    for (origins, pointer, word) in [
        (json!(["*"]), "/origins/0", "*"),
        (json!(["https://a.example", "null"]), "/origins/1", "null"),
        (json!(["https://Shop.example/"]), "/origins/0", "https://Shop.example/"),
        (json!(["https://Shop.example:443"]), "/origins/0", "https://shop.example"),
        (json!(["shop.example"]), "/origins/0", "https://"),
        (json!([7]), "/origins/0", "string"),
        (json!("https://shop.example"), "/origins", "sequence"),
        (json!(many), "/origins", "100"),
    ] {
        let problem = server.put("/api/v1/source/shop/", &json!({"origins": origins})).await;
        let problem = problem.problem_about(400, &[word]);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}
