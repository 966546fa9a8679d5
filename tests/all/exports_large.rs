//! Exports of many rows: completeness in every order, beside writes and new versions; their memory, and clients that do
//! not read.

use std::{collections::BTreeSet, time::Duration};

use datadump_tests::{Api, Database, Server, Setup, eventually, load::Process, on_both};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

on_both![
    all_rows_are_there_in_every_order,
    rows_whose_keys_have_different_types_are_there_once,
    rows_that_stay_are_there_once_beside_writes,
    columns_stay_the_same_when_a_field_is_added,
    an_export_breaks_off_when_a_field_is_dropped,
    exports_take_little_memory,
    exports_at_the_same_time_all_end,
];

const MIB: usize = 1 << 20;

/// Number of rows: more than a page with a filter goes through at once.
const ROWS: u64 = 45_000;

const EXPORT: &str = "/api/v1/storage/item/export/";

fn definition(fields: &[Json]) -> Json {
    let mut all = vec![
        json!({"name": "color", "type": "string", "max_length": 20, "nullable": true, "db_index": true}),
        json!({"name": "rest", "type": "integer"}),
        json!({"name": "text", "type": "text"}),
    ];
    all.extend_from_slice(fields);
    json!({"name": "item", "key": {"name": "id", "type": "long"}, "fields": all, "meta": {"scans": true}})
}

/// Stores rows with these keys. A third of them has no color, and the others have one of two.
async fn store(server: &Server, ids: impl Iterator<Item = u64>, text: &str) {
    let ids: Vec<u64> = ids.collect();
    for ids in ids.chunks(5_000) {
        let row = |id: &u64| {
            let color = [Json::Null, "red".into(), "blue".into()][(id % 3) as usize].clone();
            json!({"id": id, "color": color, "rest": id % 1000, "text": text}).to_string()
        };
        let body: Vec<String> = ids.iter().map(row).collect();
        let request = server.request("POST", "/throw/item?format=ndjson").body(body.join("\n"));
        let receipt = request.await.is(200).json();
        let stored = [&receipt["accepted"], &receipt["duplicates"]].map(|count| count.as_u64().unwrap());
        assert_eq!(stored.iter().sum::<u64>(), ids.len() as u64, "{receipt}");
    }
}

async fn exported(api: &Api, query: &str) -> Vec<Json> {
    let text = api.get(&format!("{EXPORT}?{query}")).await.is(200).text();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(rows: &[Json]) -> Vec<u64> {
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

async fn all_rows_are_there_in_every_order(server: Server) {
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS, "x").await;
    let all = || (0..ROWS).collect::<Vec<_>>();
    let color = |id: &u64| ["", "red", "blue"][(id % 3) as usize];
    for (query, keep, descending) in [
        ("", None, false),
        ("ordering=-id", None, true),
        ("rest=7", Some(7), false),
        ("rest=7&ordering=-id", Some(7), true),
        ("rest=7&id__gte=30000", Some(7), false),
        ("rest=7&ordering=updated_at", Some(7), false),
        ("rest=7&color__isnull=false", Some(7), false),
    ] {
        let mut expected = all();
        expected.retain(|id| keep.is_none_or(|rest| id % 1000 == rest));
        if query.contains("id__gte") {
            expected.retain(|id| *id >= 30_000);
        }
        if query.contains("isnull") {
            expected.retain(|id| id % 3 != 0);
        }
        if descending {
            expected.reverse();
        }
        assert!(ids(&exported(&server, &format!("fields=id&{query}")).await) == expected, "{query}");
    }
    for (query, descending) in [("ordering=color", false), ("ordering=-color", true)] {
        let mut expected = all();
        expected.sort_by_key(|id| (color(id), *id));
        if descending {
            expected.reverse();
        }
        assert!(ids(&exported(&server, &format!("fields=id&{query}")).await) == expected, "{query}");
        // With a filter, too, most of whose rows have the same value.
        expected.retain(|id| id % 1000 == 7 && id % 3 != 1);
        let query = format!("fields=id&rest=7&color__ne=red&{query}");
        let mut found = exported(&server, &query).await;
        found.retain(|row| row["id"].as_u64().unwrap() % 3 != 1);
        assert!(ids(&found).iter().all(|id| expected.contains(id)) && !found.is_empty(), "{query}");
    }
    let by_time = exported(&server, "ordering=updated_at").await;
    assert!(
        by_time.is_sorted_by_key(|row| (row["updated_at"].as_str().unwrap().to_owned(), row["id"].as_u64()))
    );
    assert_eq!(ids(&by_time).into_iter().collect::<BTreeSet<_>>().len() as u64, ROWS);
    // Pages end in the middle of a value, and in the middle of a window.
    let file = server.get(&format!("{EXPORT}?format=parquet&color=red")).await.is(200);
    let reader = SerializedFileReader::new(bytes::Bytes::from(file.body.clone())).unwrap();
    assert_eq!(reader.get_row_iter(None).unwrap().count() as u64, ROWS / 3);
    let json = server.get(&format!("{EXPORT}?format=json&fields=id&limit=30000")).await.is(200).json();
    assert!(ids(json.as_array().unwrap()) == (0..30_000).collect::<Vec<_>>());
}

async fn rows_whose_keys_have_different_types_are_there_once(server: Server) {
    // The keys of an auto storage are UUIDs and other texts.
    let row = |number: u64| match number % 3 {
        0 => json!({"number": number}),
        1 => json!({"_id": format!("k{number}"), "number": number}),
        _ => json!({"_id": format!("00000000-0000-7000-8000-{number:012}"), "number": number}),
    };
    let rows: Vec<Json> = (0..3_000).map(row).collect();
    server.post("/throw/mixed", &Json::Array(rows)).await.is(200).ok();
    for query in ["", "number__gte=0", "ordering=-_id", "ordering=_updated_at", "ordering=-_updated_at"] {
        let path = format!("/api/v1/storage/mixed/export/?format=json&{query}");
        let rows = server.get(&path).await.is(200).json();
        let mut numbers: Vec<u64> =
            rows.as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert!(numbers == (0..3_000).collect::<Vec<_>>(), "{query}: {} rows", numbers.len());
    }
}

async fn rows_that_stay_are_there_once_beside_writes(server: Server) {
    server.declare(&definition(&[])).await;
    // Even keys stay; odd ones come and go.
    store(&server, (0..ROWS).step_by(2), "stays").await;
    let writes = async {
        for round in 0_u64.. {
            let odd = (0..200).map(|n| ((round * 7919 + n * 211) % ROWS) | 1);
            let added: Vec<u64> =
                odd.chain([ROWS * 10 + round]).collect::<BTreeSet<_>>().into_iter().collect();
            store(&server, added.iter().copied(), "comes").await;
            for id in added.iter().step_by(20) {
                server.delete(&format!("/api/v1/storage/item/{id}/")).await.is(204).ok();
            }
        }
    };
    let exports = async {
        for query in
            ["", "ordering=-id", "text=stays", "ordering=color", "ordering=-color", "color__isnull=false"]
        {
            let rows = exported(&server, &format!("fields=id,color&{query}")).await;
            let (stable, all): (Vec<u64>, Vec<u64>) =
                (ids(&rows).into_iter().filter(|id| id % 2 == 0 && *id < ROWS).collect(), ids(&rows));
            let distinct: BTreeSet<u64> = stable.iter().copied().collect();
            assert_eq!(distinct.len(), stable.len(), "{query}: doubled rows");
            let expected = (0..ROWS).step_by(2).filter(|id| !query.contains("isnull") || id % 3 != 0).count();
            assert_eq!(stable.len(), expected, "{query}: missing rows among {}", all.len());
        }
    };
    tokio::select! {
        () = exports => {}
        () = writes => unreachable!("it goes on forever"),
    }
}

/// Begins an export of some 90 MB and returns it after its first piece.
async fn begun(server: &Server) -> (reqwest::Response, Vec<u8>) {
    server.declare(&definition(&[])).await;
    store(server, 0..ROWS, &"x".repeat(2_000)).await;
    let mut response = server.get(EXPORT).stream().await.unwrap();
    assert_eq!(response.status(), 200);
    let first = response.chunk().await.unwrap().unwrap().to_vec();
    (response, first)
}

async fn columns_stay_the_same_when_a_field_is_added(server: Server) {
    let (mut response, mut body) = begun(&server).await;
    let longer = json!({"name": "more", "type": "integer", "default": 1, "db_index": true});
    server.declare(&definition(&[longer])).await;
    while let Some(piece) = response.chunk().await.unwrap() {
        body.extend_from_slice(&piece);
    }
    let text = String::from_utf8(body).unwrap();
    assert!(text.lines().all(|line| !line.contains("\"more\"")));
    assert_eq!(text.lines().count() as u64, ROWS);
    assert_eq!(exported(&server, "limit=1").await[0]["more"], 1);
}

async fn an_export_breaks_off_when_a_field_is_dropped(server: Server) {
    let (mut response, mut body) = begun(&server).await;
    let mut without = definition(&[]);
    without["fields"].as_array_mut().unwrap().remove(1);
    let plan = server.post("/api/v1/factory/storage/item/plan/", &without).await.is(200).json();
    let path =
        format!("/api/v1/factory/storage/?allow=destructive&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &without).await.is(201).ok();
    server.wait_until_applied("item").await;
    let ended = loop {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(ended.is_err(), "it ends like a complete file, after {} bytes", body.len());
    assert!((String::from_utf8(body).unwrap().lines().count() as u64) < ROWS);
}

async fn exports_take_little_memory(server: Server) {
    const MAX_MORE_MIB: u64 = 64;
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS, &"x".repeat(2_000)).await;
    // What storing them took does not count.
    let server = server.restart().await;
    let process = Process(server.process_id());
    for format in ["ndjson", "csv", "parquet"] {
        let before = process.resident();
        process.reset_peak();
        let mut response = server.get(&format!("{EXPORT}?format={format}")).stream().await.unwrap();
        let mut length = 0;
        while let Some(piece) = response.chunk().await.unwrap() {
            length += piece.len();
        }
        assert!(length > 85 * MIB || format == "parquet", "{format}: {length} bytes");
        let more = process.peak_resident().saturating_sub(before) / 1024;
        println!("{format}: {length} bytes, {more} MiB more");
        assert!(more < MAX_MORE_MIB, "{format}: {more} MiB more");
    }
}

async fn used(api: &Api) -> usize {
    let text = api.get("/metrics").await.is(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix("datadump_answer_memory_bytes "));
    line.unwrap().parse().unwrap()
}

/// A server that is impatient with clients, and a connection on which an export has begun.
async fn stalled() -> (Server, TcpStream) {
    let setup = Setup::default().arguments(["--blocked-timeout", "500ms"]);
    let server = setup.start(Database::sqlite()).await;
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS, &"x".repeat(2_000)).await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(format!("GET {EXPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    (server, socket)
}

#[tokio::test]
async fn a_client_that_stops_reading_an_export_is_disconnected() {
    let (server, mut socket) = stalled().await;
    let mut read = vec![0; 100_000];
    socket.read_exact(&mut read).await.unwrap();
    eventually("the export waits for the client", || async { (used(&server).await > 0).then_some(()) }).await;
    eventually("its memory is released", || async { (used(&server).await == 0).then_some(()) }).await;
    // What is in flight is not the end of the file.
    let ended = timeout(Duration::from_secs(20), socket.read_to_end(&mut read));
    let _ = ended.await.expect("the client is disconnected");
    assert!(!read.ends_with(b"\r\n0\r\n\r\n") && read.len() < 60 * MIB, "{}", read.len());
}

#[tokio::test]
async fn a_client_that_reads_an_export_slowly_gets_all_of_it() {
    let (server, mut socket) = stalled().await;
    let (mut piece, mut tail, mut length) = (vec![0; MIB], Vec::new(), 0);
    // It takes longer than a long answer may, and never stops for long.
    let began = tokio::time::Instant::now();
    while !tail.ends_with(b"\r\n0\r\n\r\n") {
        let read = timeout(Duration::from_secs(20), socket.read(&mut piece)).await.unwrap().unwrap();
        assert!(read > 0, "the connection was closed after {length} bytes");
        length += read;
        tail = [tail.as_slice(), &piece[..read]].concat();
        tail.drain(..tail.len().saturating_sub(10));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert!(length > 85 * MIB && began.elapsed() > Duration::from_secs(5), "{:?}", began.elapsed());
    eventually("its memory is released", || async { (used(&server).await == 0).then_some(()) }).await;
}

async fn exports_at_the_same_time_all_end(server: Server) {
    const EXPORTS: usize = 8;
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS / 2, &"x".repeat(2_000)).await;
    // Together their row groups are larger than the memory for answers.
    let exports = (0..EXPORTS).map(|_| async {
        let file = server.get(&format!("{EXPORT}?format=parquet")).await.is(200);
        let reader = SerializedFileReader::new(bytes::Bytes::from(file.body.clone())).unwrap();
        reader.metadata().file_metadata().num_rows()
    });
    let rows = timeout(Duration::from_secs(50), futures_util::future::join_all(exports)).await.unwrap();
    assert_eq!(rows, vec![i64::try_from(ROWS / 2).unwrap(); EXPORTS]);
    assert_eq!(used(&server).await, 0);
}

/// Sends a request for an export on a connection of its own, and reads the beginning of the response.
async fn requested(server: &Server, version: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {EXPORT} HTTP/{version}\r\nHost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    socket.read_exact(&mut begin).await.unwrap();
    assert!(begin.ends_with(b" 200"), "{}", String::from_utf8_lossy(&begin));
    socket
}

#[tokio::test]
async fn exports_beyond_the_limit_are_refused() {
    const MAX_EXPORTS: usize = 16;
    let server = Server::start(Database::sqlite()).await;
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS, &"x".repeat(2_000)).await;
    let mut stalled = Vec::new();
    for _ in 0..MAX_EXPORTS {
        stalled.push(requested(&server, "1.1").await);
    }
    for format in ["ndjson", "parquet"] {
        let refused = server.get(&format!("{EXPORT}?format={format}")).await;
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.problem(503)["code"], "overloaded");
    }
    // They do not take the memory of small lists.
    assert_eq!(server.get("/api/v1/storage/item/?limit=400").await.is(200).json()["count"], ROWS);
    drop(stalled);
    let ends = || async {
        let response = server.get(&format!("{EXPORT}?limit=1")).await;
        (response.status == 200).then_some(())
    };
    eventually("there is room for an export", ends).await;
}

/// HTTP/1.0 has no chunks: only the end of the connection says that a response is complete.
#[tokio::test]
async fn an_export_over_http_1_0_that_breaks_off_resets_the_connection() {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&definition(&[])).await;
    store(&server, 0..ROWS, &"x".repeat(2_000)).await;
    let mut body = Vec::new();
    requested(&server, "1.0").await.read_to_end(&mut body).await.unwrap();
    assert_eq!(body.iter().filter(|byte| **byte == b'{').count() as u64, ROWS);
    let mut socket = requested(&server, "1.0").await;
    let mut without = definition(&[]);
    without["fields"].as_array_mut().unwrap().remove(1);
    let plan = server.post("/api/v1/factory/storage/item/plan/", &without).await.is(200).json();
    let path =
        format!("/api/v1/factory/storage/?allow=destructive&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &without).await.is(201).ok();
    server.wait_until_applied("item").await;
    let ended = timeout(Duration::from_secs(20), socket.read_to_end(&mut body)).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}
