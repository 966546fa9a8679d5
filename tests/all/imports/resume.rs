//! Interrupted imports: sent again, they continue where they stopped. Nothing is stored twice and nothing is missing,
//! whether rows have keys or not.

use datadump_tests::{Database, Response, Server, eventually, on_both};
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{array, count, lines, table};

on_both![
    an_import_that_is_cut_off_is_resumed,
    an_import_survives_kills_of_the_server,
    the_rest_of_a_file_is_sent_from_an_offset,
    a_file_is_sent_in_parts,
    a_part_of_another_length_is_refused,
    a_request_with_the_same_key_continues_the_import,
    generated_keys_are_not_doubled,
];

/// Begins an import, and returns while the body is incomplete.
async fn begin(server: &Server, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/storage/{path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: 100000000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    socket
}

async fn state(server: &Server, id: &str) -> Json {
    server.get(&format!("/api/v1/import/{id}/")).await.is(200).json()
}

/// Waits until the newest import, into this storage, has stored at least so many rows, and returns its state.
async fn progress(server: &Server, storage: &str, at_least: u64) -> Json {
    eventually("more rows are stored", || async {
        let list = server.get("/api/v1/import/?limit=1").await.is(200).json();
        let found = &list["results"][0];
        let stored = found["rows"]["stored"].as_u64().unwrap_or(0);
        (stored >= at_least && found["storage"] == storage).then(|| found.clone())
    })
    .await
}

async fn interrupted(server: &Server, id: &str) -> Json {
    eventually("the import is interrupted", || async {
        let state = state(server, id).await;
        (state["state"] == "interrupted").then_some(state)
    })
    .await
}

/// Checks that every number from 0 is stored once.
async fn check(server: &Server, storage: &str, number: usize) {
    assert_eq!(count(server, storage).await, number as u64, "{storage}");
    let path = format!(
        "/api/v1/storage/{storage}/aggregate/?agg=count_distinct(n):different,min(n):least,max(n):greatest"
    );
    let found = server.get(&path).await.is(200).json();
    let expected = json!({"different": number, "least": 0, "greatest": number - 1});
    assert_eq!(found["results"][0], expected, "{storage}");
}

async fn an_import_that_is_cut_off_is_resumed(server: Server) {
    let number = 20_000;
    for (name, body) in [("lines", lines(number)), ("array", array(number)), ("table", table(number))] {
        let path = format!("{name}/import/");
        let cut = |tenths: usize| {
            let end = body.len() * tenths / 10;
            &body[..end]
        };
        // Before the first chunk, in the middle, at the same place again, and near the end.
        let socket = begin(&server, &path, "", &body[..1000]).await;
        let first = progress(&server, name, 0).await;
        let id = first["id"].as_str().unwrap().to_owned();
        assert_eq!((&first["storage"], &first["state"]), (&json!(name), &json!("running")), "{first}");
        drop(socket);
        assert_eq!(interrupted(&server, &id).await["bytes"], 0);
        let mut stored = 0;
        for tenths in [4, 4, 7, 9] {
            let socket = begin(&server, &format!("{path}?resume={id}"), "", cut(tenths)).await;
            let at_least = (number * tenths / 10) as u64 / 2;
            let running = eventually("more rows are stored", || async {
                let state = state(&server, &id).await;
                (state["state"] == "running" && state["rows"]["stored"].as_u64() >= Some(at_least))
                    .then_some(state)
            });
            running.await;
            drop(socket);
            let state = interrupted(&server, &id).await;
            let now = state["rows"]["stored"].as_u64().unwrap();
            assert!(now >= stored && state["bytes"].as_u64().unwrap() <= cut(tenths).len() as u64, "{state}");
            assert_eq!(count(&server, name).await, now, "the progress counts exactly what is stored");
            stored = now;
        }
        // Another file is noticed.
        let other = body.replacen("quick", "quack", 1);
        let problem =
            server.request("POST", &format!("/api/v1/storage/{path}?resume={id}")).body(other).await;
        assert_eq!(problem.problem(409)["code"], "import-mismatch");
        let request =
            server.request("POST", &format!("/api/v1/storage/{path}?resume={id}")).body(body.clone());
        let state = request.await.is(200).json();
        let expected = json!({"read": number, "stored": number, "ignored": 0, "quarantined": 0});
        assert_eq!(
            (&state["rows"], &state["bytes"], &state["id"]),
            (&expected, &json!(body.len()), &json!(id))
        );
        check(&server, name, number).await;
        // The answer to a complete import is repeated.
        let request =
            server.request("POST", &format!("/api/v1/storage/{path}?resume={id}")).body(body.clone());
        let again = request.await.is(200);
        assert_eq!((again.json(), again.header("idempotent-replayed")), (state, Some("true")));
        check(&server, name, number).await;
    }
}

async fn an_import_survives_kills_of_the_server(mut server: Server) {
    let number = 20_000;
    let body = lines(number);
    let mut query = String::new();
    for round in 1..5 {
        let path = format!("s/import/{query}");
        let socket = begin(&server, &path, "", &body[..body.len() * round / 5]).await;
        let at_least = (number * round / 5) as u64 / 2;
        let id = progress(&server, "s", at_least).await["id"].as_str().unwrap().to_owned();
        let (setup, database) = server.kill().await;
        drop(socket);
        server = setup.start(database).await;
        let state = interrupted(&server, &id).await;
        assert_eq!(state["rows"]["stored"], count(&server, "s").await, "{state}");
        query = format!("?resume={id}");
    }
    let request = server.request("POST", &format!("/api/v1/storage/s/import/{query}")).body(body);
    assert_eq!(request.await.is(200).json()["rows"]["stored"], number);
    check(&server, "s", number).await;
}

async fn the_rest_of_a_file_is_sent_from_an_offset(server: Server) {
    let number = 20_000;
    for (name, body) in [("lines", lines(number)), ("array", array(number)), ("table", table(number))] {
        let socket = begin(&server, &format!("{name}/import/"), "", &body[..body.len() / 3]).await;
        let id = progress(&server, name, 3_000).await["id"].as_str().unwrap().to_owned();
        drop(socket);
        let bytes = usize::try_from(interrupted(&server, &id).await["bytes"].as_u64().unwrap()).unwrap();
        // From exactly there, and from before.
        let path = format!("{name}/import/?resume={id}&offset={bytes}");
        let socket = begin(&server, &path, "", &body[bytes..body.len() * 2 / 3]).await;
        eventually("more rows are stored", || async { (count(&server, name).await > 9_000).then_some(()) })
            .await;
        drop(socket);
        let bytes = usize::try_from(interrupted(&server, &id).await["bytes"].as_u64().unwrap()).unwrap();
        let from = bytes - 1000;
        let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
        let request = server.request("POST", &format!("/api/v1/storage/{name}/import/?resume={id}"));
        let state =
            request.header("content-range", &range).body(body[from..].to_owned()).await.is(200).json();
        assert_eq!(
            (&state["rows"]["stored"], &state["bytes"]),
            (&json!(number), &json!(body.len())),
            "{state}"
        );
        check(&server, name, number).await;
        // The whole file is compared with all its parts.
        let request =
            server.request("POST", &format!("/api/v1/storage/{name}/import/?resume={id}")).body(body);
        assert_eq!(request.await.is(200).header("idempotent-replayed"), Some("true"));
    }
}

/// Imports bytes of a file as a part of it.
async fn send_part(
    server: &Server,
    path: &str,
    (first, last, total): (usize, usize, usize),
    bytes: &str,
) -> Response {
    let range = format!("bytes {first}-{last}/{total}");
    let request = server.request("POST", &format!("/api/v1/storage/{path}"));
    request.header("content-range", &range).body(bytes.to_owned()).await
}

async fn a_file_is_sent_in_parts(server: Server) {
    let number = 20_000;
    for (name, body) in [("lines", lines(number)), ("array", array(number)), ("table", table(number))] {
        let (mut query, mut first) = (String::new(), 0);
        // The end of each part is in the middle of a line, and the first one is shorter than a chunk.
        for end in [1_003, 2_011, body.len() / 2, body.len()] {
            let path = format!("{name}/import/{query}");
            let state = send_part(&server, &path, (first, end - 1, body.len()), &body[first..end])
                .await
                .is(200)
                .json();
            let is_last = end == body.len();
            let expected = if is_last { "done" } else { "interrupted" };
            assert_eq!(state["state"], expected, "{name}, up to {end}: {state}");
            first = usize::try_from(state["bytes"].as_u64().unwrap()).unwrap();
            assert!(first <= end && first + 200 > end, "{name}, up to {end}: {state}");
            assert_eq!(state["rows"]["stored"], count(&server, name).await, "{name}: {state}");
            query = format!("?resume={}", state["id"].as_str().unwrap());
        }
        check(&server, name, number).await;
    }
}

async fn a_part_of_another_length_is_refused(server: Server) {
    let body = lines(10);
    let end = body.len();
    let problem = send_part(&server, "s/import/", (0, end - 1, end), &body[..end - 10]).await.problem(400);
    assert_eq!(problem["code"], "length-mismatch", "{problem}");
    assert_eq!(problem["receipt"]["state"], "interrupted", "{problem}");
    assert_eq!(problem["receipt"]["rows"]["stored"], 0, "{problem}");
    let path = format!("s/import/?resume={}", problem["receipt"]["id"].as_str().unwrap());
    send_part(&server, &path, (0, end - 2, end), &body).await.problem_about(400, &["at least", "bytes"]);
    let state = send_part(&server, &path, (0, end - 1, end), &body).await.is(200).json();
    assert_eq!((&state["state"], &state["rows"]["stored"]), (&json!("done"), &json!(10)), "{state}");
    let path = format!("{path}&offset=5");
    send_part(&server, &path, (0, end - 1, end), &body)
        .await
        .problem_about(400, &["offset", "Content-Range"]);
}

async fn a_request_with_the_same_key_continues_the_import(server: Server) {
    let body = lines(20_000);
    let socket = begin(&server, "s/import/", "idempotency-key: k\r\n", &body[..body.len() / 2]).await;
    let id = progress(&server, "s", 5_000).await["id"].clone();
    drop(socket);
    interrupted(&server, id.as_str().unwrap()).await;
    let keyed = |path: &str, body: &str| {
        server.request("POST", path).header("idempotency-key", "k").body(body.to_owned())
    };
    let problem = keyed("/api/v1/storage/other/import/", &body).await.problem(422);
    assert_eq!(problem["code"], "idempotency-key-reused");
    let first = keyed("/api/v1/storage/s/import/", &body).await.is(200);
    assert_eq!((&first.json()["id"], &first.json()["rows"]["stored"]), (&id, &json!(20_000)));
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = keyed("/api/v1/storage/s/import/", &body).await.is(200);
    assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), Some("true")));
    // Another file: shorter, longer, and different.
    for other in [lines(10), lines(20_001), body.replacen("quick", "quack", 1)] {
        let problem = keyed("/api/v1/storage/s/import/", &other).await.problem(422);
        assert_eq!(problem["code"], "idempotency-key-reused");
        assert!(!problem["detail"].as_str().unwrap().contains("resume="), "{problem}");
    }
    check(&server, "s", 20_000).await;
}

async fn generated_keys_are_not_doubled(server: Server) {
    for (name, kind) in [("numbered", "long"), ("random", "uuid")] {
        let definition = json!({"name": name, "key": {"name": "key_of_row", "type": kind, "generated": true},
                                "fields": [{"name": "n", "type": "integer", "db_index": true}, {"name": "text", "type": "text"}]});
        server.declare(&definition).await;
        let body = lines(15_000);
        let socket = begin(&server, &format!("{name}/import/"), "", &body[..body.len() / 2]).await;
        let id = progress(&server, name, 3_000).await["id"].as_str().unwrap().to_owned();
        // The next attempt waits until the server has noticed that the first one is gone.
        let path = format!("/api/v1/storage/{name}/import/?resume={id}");
        let request = server.request("POST", &path).body(body);
        let second = tokio::spawn(async move { request.await });
        drop(socket);
        assert_eq!(second.await.unwrap().is(200).json()["rows"]["stored"], 15_000);
        assert_eq!(count(&server, name).await, 15_000);
        let last = server.get(&format!("/api/v1/storage/{name}/?ordering=-n&limit=1")).await.is(200).json();
        assert_eq!(last["results"][0]["n"], 14_999);
    }
}

/// An import that another node carries out is shown as running, and is not carried out twice.
#[tokio::test]
async fn an_import_is_continued_at_another_node() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    let body = lines(20_000);
    let socket = begin(&one, "s/import/", "", &body[..body.len() / 2]).await;
    let id = progress(&two, "s", 5_000).await["id"].as_str().unwrap().to_owned();
    assert_eq!(state(&two, &id).await["state"], "running");
    drop(socket);
    interrupted(&one, &id).await;
    let path = format!("/api/v1/storage/s/import/?resume={id}");
    let done = two.request("POST", &path).body(body).await.is(200).json();
    assert_eq!(done["rows"]["stored"], 20_000);
    assert_eq!(state(&one, &id).await["state"], "done");
    check(&one, "s", 20_000).await;
}
