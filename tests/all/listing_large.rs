//! Lists of large rows: pages end early, and what is being sent has a common limit.

use std::time::Duration;

use datadump_tests::{Api, Database, Server, Setup, eventually, load::Process, on_both};
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

on_both![
    pages_end_at_a_size_and_go_on_there,
    many_large_pages_share_their_memory,
    a_page_of_versions_is_all_that_is_read,
    a_large_row_is_read_within_the_same_memory,
];

const MIB: usize = 1 << 20;

async fn declare_notes(server: &Server) {
    let definition = json!({"name": "note", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "text", "type": "text"}, {"name": "data", "type": "json", "nullable": true}]});
    server.declare(&definition).await;
}

/// Stores rows of 1 MiB each.
async fn store_notes(server: &Server, count: usize) {
    let text = "x".repeat(MIB);
    for first in (0..count).step_by(10) {
        let rows: Vec<Json> =
            (first..count.min(first + 10)).map(|id| json!({"id": id, "text": text})).collect();
        server.post("/throw/note", &Json::Array(rows)).await.is(200).ok();
    }
}

/// Follows a list to its end, and returns the number of rows on each page and all keys.
async fn follow(server: &Server, path: &str, key: &str) -> (Vec<usize>, Vec<i64>) {
    let (mut pages, mut keys, mut next) = (Vec::new(), Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = server.get(path.trim_start_matches(server.base())).await.is(200).json();
        let rows = page["results"].as_array().unwrap();
        pages.push(rows.len());
        keys.extend(rows.iter().map(|row| row[key].as_i64().unwrap()));
        next = page["next"].as_str().map(str::to_owned);
    }
    (pages, keys)
}

async fn pages_end_at_a_size_and_go_on_there(server: Server) {
    declare_notes(&server).await;
    store_notes(&server, 70).await;
    // One row alone is larger than a page.
    server.post("/throw/note", &json!({"id": 70, "text": "y".repeat(33 * MIB)})).await.is(200).ok();
    let ascending: Vec<i64> = (0..=70).collect();
    for paging in ["limit=1000", "limit=1000&cursor="] {
        let (pages, keys) =
            follow(&server, &format!("/api/v1/storage/note/?ordering=id&{paging}"), "id").await;
        assert_eq!((pages, &keys), (vec![31, 31, 8, 1], &ascending), "{paging}");
    }
    let first = server.get("/api/v1/storage/note/?ordering=id&limit=1000").await.is(200).json();
    assert_eq!(first["count"], 71);
    // Backwards, the page ends early at its other end.
    let path = "/api/v1/storage/note/?ordering=id&cursor=&limit=40&fields=id";
    let second = server.get(path).await.json()["next"].as_str().unwrap().to_owned();
    let second = server.get(second.trim_start_matches(server.base())).await.json();
    let previous = second["previous"].as_str().unwrap().trim_start_matches(server.base());
    let previous = server.get(&previous.replace("&fields=id", "")).await.is(200).json();
    let keys: Vec<_> = previous["results"].as_array().unwrap().iter().map(|row| row["id"].as_i64()).collect();
    assert_eq!(keys, (9..40).map(Some).collect::<Vec<_>>());
    // Without the long field, a page has all rows.
    let short = server.get("/api/v1/storage/note/?limit=1000&fields=id").await.is(200).json();
    assert_eq!((short["results"].as_array().unwrap().len(), &short["next"]), (71, &Json::Null));
    // Quarantine entries and readings are pages of rows as well.
    let rejected: Vec<Json> =
        (0..40).map(|id| json!({"id": id, "text": 7, "data": "z".repeat(MIB)})).collect();
    server.post("/throw/note", &Json::Array(rejected)).await.is(202).ok();
    let (pages, _) = follow(&server, "/api/v1/quarantine/?limit=1000", "index").await;
    assert_eq!(pages, [40], "entries are listed without their bytes");
    for number in 0..40 {
        let push = json!({"device_id": "pico", "sensor_type": "log", "value": format!("{number}{}", "r".repeat(MIB))});
        server.post("/api/data", &push).await.is(201).ok();
    }
    let readings = server.get("/api/v1/device/pico/reading/?limit=1000").await.is(200).json();
    assert_eq!(readings["results"].as_array().unwrap().len(), 31);
    assert!(readings["next"].is_string());
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let fetched =
            server.get(&format!("/api/fetch/device?pico&limit=1000&offset={offset}")).await.is(200).json();
        let fetched = fetched.as_array().unwrap();
        if fetched.is_empty() {
            break;
        }
        assert!(fetched.len() <= 32, "{}", fetched.len());
        seen.extend(fetched.iter().map(|reading| reading["read_id"].as_i64().unwrap()));
        offset += fetched.len();
    }
    assert_eq!(seen.len(), 40);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first: {seen:?}");
}

async fn many_large_pages_share_their_memory(server: Server) {
    const AT_ONCE: usize = 12;
    declare_notes(&server).await;
    store_notes(&server, 40).await;
    let process = Process(server.process_id());
    let before = process.resident();
    let path = "/api/v1/storage/note/?limit=1000";
    let pages = join_all((0..AT_ONCE).map(|_| server.get(path).send())).await;
    for page in pages {
        let page = page.unwrap();
        match page.status {
            200 => assert!(page.text().len() > 31 * MIB),
            _ => {
                assert!(page.header("retry-after").is_some(), "{page:?}");
                page.problem(503);
            }
        }
    }
    let more = process.peak_resident().saturating_sub(before) / 1024;
    assert!(more < 200, "{more} MiB more");
    // Clients that do not read hold the memory of large pages, and lists of small rows go on.
    let mut slow = Vec::new();
    for _ in 0..AT_ONCE {
        let mut socket = TcpStream::connect(server.address()).await.unwrap();
        socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        slow.push(socket);
    }
    eventually("most of the memory is used", || async { (used(&server).await > 60 * MIB).then_some(()) })
        .await;
    for _ in 0..20 {
        let page = timeout(Duration::from_secs(2), server.get("/api/v1/storage/note/?limit=1000&fields=id"));
        assert_eq!(page.await.unwrap().is(200).json()["results"].as_array().unwrap().len(), 40);
    }
    let more = process.peak_resident().saturating_sub(before) / 1024;
    assert!(more < 200, "{more} MiB more");
    drop(slow);
    eventually("the memory is released", || async { (used(&server).await == 0).then_some(()) }).await;
    server.get(path).await.is(200).ok();
}

async fn used(api: &Api) -> usize {
    let text = api.get("/metrics").await.is(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix("datadump_answer_memory_bytes "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_client_that_reads_a_long_answer_slowly_is_cut_off() {
    let setup = Setup::default().arguments(["--blocked-timeout", "300ms"]);
    let server = setup.start(Database::sqlite()).await;
    declare_notes(&server).await;
    store_notes(&server, 30).await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request = b"GET /api/v1/storage/note/?limit=30 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(request).await.unwrap();
    // It never stops reading for longer than the timeout.
    let (mut piece, mut read) = (vec![0; 200_000], 0);
    let ended = timeout(Duration::from_secs(20), async {
        while let Ok(length @ 1..) = socket.read(&mut piece).await {
            read += length;
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    });
    ended.await.expect("the client is disconnected");
    assert!((MIB..29 * MIB).contains(&read), "{read}");
    eventually("the memory is released", || async { (used(&server).await == 0).then_some(()) }).await;
}

async fn a_page_of_versions_is_all_that_is_read(server: Server) {
    // Each version has one field more.
    let field = |number: usize| json!({"name": format!("f{number}_{}", "n".repeat(50)), "type": "integer", "default": 0});
    let definition = |fields: usize| {
        let fields: Vec<Json> = (0..fields).map(field).collect();
        json!({"name": "grown", "key": {"name": "id", "type": "long"}, "fields": fields})
    };
    for fields in [1, 100, 200, 300] {
        server.declare(&definition(fields)).await;
    }
    let path = "/api/v1/factory/storage/grown/versions/";
    for (query, expected, next) in [
        ("", vec![1, 2, 3, 4], false),
        ("?limit=1", vec![1], true),
        ("?limit=2&offset=1", vec![2, 3], true),
        ("?limit=2&offset=2", vec![3, 4], false),
        ("?offset=4", vec![], false),
    ] {
        let page = server.get(&format!("{path}{query}")).await.is(200).json();
        let results = page["results"].as_array().unwrap();
        let versions: Vec<_> = results.iter().map(|version| version["version"].as_i64().unwrap()).collect();
        assert_eq!(
            (&page["count"], versions, page["next"].is_string()),
            (&json!(4), expected, next),
            "{query}"
        );
        for version in results {
            let fields = version["definition"]["fields"].as_array().unwrap().len();
            let number = usize::try_from(version["version"].as_u64().unwrap()).unwrap();
            assert_eq!(fields, [1, 100, 200, 300][number - 1]);
        }
    }
}

async fn a_large_row_is_read_within_the_same_memory(server: Server) {
    const AT_ONCE: usize = 12;
    declare_notes(&server).await;
    server.post("/throw/note", &json!({"id": 1, "text": "x".repeat(40 * MIB)})).await.is(200).ok();
    // A whole throw in quarantine.
    let broken = format!("{{\"id\": 2, \"text\": \"{}", "y".repeat(40 * MIB));
    let receipt = server.request("POST", "/throw/note?format=json").body(broken).await.is(202).json();
    let entry = format!("/api/v1/quarantine/{}/", receipt["errors"][0]["quarantine"].as_str().unwrap());
    let process = Process(server.process_id());
    let before = process.peak_resident();
    for path in ["/api/v1/storage/note/1/", &entry, &format!("{entry}?raw=1")] {
        let answers = join_all((0..AT_ONCE).map(|_| server.get(path).send())).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let whole =
            answers.iter().filter(|answer| answer.status == 200 && answer.text().len() > 40 * MIB).count();
        assert!(whole > 0, "{path}");
        assert!(answers.iter().all(|answer| [200, 503].contains(&answer.status)), "{path}");
    }
    let row = server.get("/api/v1/storage/note/1/").await.is(200);
    assert_eq!(
        (row.header("etag"), row.json()["text"].as_str().map(str::len)),
        (Some("\"1\""), Some(40 * MIB))
    );
    let entry = server.get(&entry).await.is(200).json();
    assert_eq!(entry["text"].as_str().map(str::len), Some(40 * MIB + 19));
    let more = process.peak_resident().saturating_sub(before) / 1024;
    // The driver of PostgreSQL keeps a copy of the row that it reads.
    assert!(more < 400, "{more} MiB more");
}
