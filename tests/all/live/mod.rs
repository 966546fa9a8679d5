//! Live streams deliver every committed change once and in order, despite disconnects and restarts.

mod bounds;
mod coalescing;
mod multiplexed;
mod notices;
mod reconnects;
mod websocket;

use std::time::Duration;

use datadump_tests::{Api, Database, EventStream, Server, ServerEvent, eventually, on_both};
use serde_json::{Value as Json, json};

const STREAM: &str = "/api/v1/stream";

on_both![
    commits_are_streamed,
    existing_rows_are_streamed_first_on_request,
    a_stop_ends_streams_which_resume_after_a_start,
    invalid_stream_parameters_are_refused,
    rows_of_a_source_are_streamed,
    streams_filter_by_fields_without_an_index,
];

fn dog() -> Json {
    json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
           "fields": [{"name": "size", "type": "integer", "default": 0, "db_index": true},
                      {"name": "name", "type": "text", "nullable": true}]})
}

async fn save(api: &Api, key: &str, size: i64) -> i64 {
    let saved = api.post("/api/v1/storage/dog/", &json!({"chip_id": key, "size": size})).await;
    assert!(saved.status < 300, "{saved:?}");
    saved.json()["version"].as_i64().unwrap()
}

/// Returns the kind of change, the key of the row, and its version.
fn summary(frame: &ServerEvent) -> (String, String, i64) {
    let event = frame.event.clone().unwrap();
    let key = frame.data["key"].as_str().unwrap().to_owned();
    (event, key, frame.data["version"].as_i64().unwrap())
}

async fn commits_are_streamed(server: Server) {
    server.declare(&dog()).await;
    let mut all = EventStream::open(&server, STREAM, None).await;
    let hello = all.next().await.unwrap();
    assert_eq!(hello.event.as_deref(), Some("hello"));
    assert!(hello.data["cursor"].is_string() && hello.data["now"].is_string(), "{hello:?}");
    let mut large = EventStream::open(&server, "/api/v1/stream?storage=dog&size__gte=3", None).await;
    let mut others = EventStream::open(&server, "/api/v1/stream?storage=cat,car", None).await;
    save(&server, "A", 1).await;
    save(&server, "A", 3).await;
    server.post("/throw/car", &json!([{"speed": 1.5}, {"speed": 2.5}])).await.is(200).ok();
    // Refused writes are not streamed.
    server.post("/api/v1/storage/dog/", &json!({"chip_id": "B", "size": "x"})).await.problem(400);
    server.delete("/api/v1/storage/dog/A/").await.ok();
    save(&server, "C", 5).await;

    let mut frames = Vec::new();
    for _ in 0..6 {
        frames.push(all.next_change().await.unwrap());
    }
    let events: Vec<_> = frames.iter().map(|frame| frame.event.as_deref().unwrap()).collect();
    assert_eq!(events, ["insert", "update", "insert", "insert", "delete", "insert"]);
    let ids: std::collections::BTreeSet<_> = frames.iter().map(|frame| frame.id.clone().unwrap()).collect();
    assert_eq!(ids.len(), 6, "each stands somewhere else");
    assert_eq!(frames[2].data["storage"], "car");
    assert_eq!(frames[3].data["row"]["speed"], 2.5);
    assert_eq!((&frames[4].data["key"], &frames[4].data["row"]), (&json!("A"), &Json::Null));
    assert_eq!(frames[5].data["row"]["chip_id"], "C");

    // Deletions pass every filter, because the deleted values are unknown.
    let mut words = vec![summary(&large.next_change().await.unwrap())];
    while words.last().unwrap().1 != "C" {
        words.push(summary(&large.next_change().await.unwrap()));
    }
    // The version of the row when earlier changes are delivered depends on timing.
    let words = words.split_off(words.len() - 2);
    assert_eq!(words, [("delete".into(), "A".into(), 2), ("insert".into(), "C".into(), 1)]);
    assert_eq!(others.next_change().await.unwrap().data["row"]["speed"], 1.5);
    assert_eq!(others.next_change().await.unwrap().data["row"]["speed"], 2.5);
}

async fn existing_rows_are_streamed_first_on_request(server: Server) {
    server.declare(&dog()).await;
    for number in 0..5 {
        save(&server, &format!("old{number}"), number).await;
    }
    let mut stream =
        EventStream::open(&server, "/api/v1/stream?storage=dog&backfill=3&size__lt=4", None).await;
    let mut recent = EventStream::open(&server, "/api/v1/stream?storage=dog&backfill=10m", None).await;
    save(&server, "new", 1).await;
    let mut keys = Vec::new();
    for _ in 0..4 {
        let frame = stream.next_change().await.unwrap();
        assert_eq!(frame.event.as_deref(), Some("insert"));
        assert_eq!(frame.id.is_some(), frame.data["key"] == "new", "{frame:?}");
        keys.push(frame.data["key"].as_str().unwrap().to_owned());
    }
    assert_eq!(keys, ["old1", "old2", "old3", "new"]);
    for key in ["old0", "old1", "old2", "old3", "old4", "new"] {
        assert_eq!(recent.next_change().await.unwrap().data["key"], key);
    }
}

/// Returns the current position of the change log.
async fn position(api: &Api) -> String {
    let hello = EventStream::open(api, STREAM, None).await.next().await.unwrap();
    hello.data["cursor"].as_str().unwrap().to_owned()
}

/// A throw that creates a storage on one node is streamed on the other, which does not know the storage yet.
#[tokio::test]
async fn the_first_rows_of_a_new_storage_are_streamed_by_all_nodes() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    let mut stream = EventStream::open(&two, STREAM, None).await;
    for number in 0..30 {
        one.post(&format!("/throw/new{number}"), &json!({"n": number})).await.is(200).ok();
        let frame = stream.next_change().await.unwrap();
        assert_eq!(
            (&frame.data["storage"], &frame.data["row"]["n"]),
            (&json!(format!("new{number}")), &json!(number))
        );
    }
}

async fn a_stop_ends_streams_which_resume_after_a_start(server: Server) {
    server.declare(&dog()).await;
    let mut stream = EventStream::open(&server, STREAM, None).await;
    save(&server, "A", 1).await;
    let last = stream.next_change().await.unwrap().id.unwrap();
    let began = std::time::Instant::now();
    let (setup, database) = server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(stream.next().await, None);
    let server = setup.start(database).await;
    save(&server, "B", 1).await;
    let mut stream = EventStream::open(&server, STREAM, Some(&last)).await;
    assert_eq!(stream.next_change().await.unwrap().data["key"], "B");
    // A position from a different database is refused.
    let mut stranger = EventStream::open(&server, "/api/v1/stream?since=abc-7", None).await;
    stranger.next().await.unwrap();
    let gap = stranger.next().await.unwrap();
    assert_eq!((gap.event.as_deref(), &gap.data["from"]), (Some("gap"), &json!("abc-7")));
    save(&server, "C", 1).await;
    assert_eq!(stranger.next_change().await.unwrap().data["key"], "C");
    // A closed connection is noticed at the next event.
    drop((stream, stranger));
    let connections = || async {
        save(&server, "D", 1).await;
        server.get("/api/v1/status").await.json()["connections"].as_u64().unwrap()
    };
    eventually("the streams are closed", || async { (connections().await <= 1).then_some(()) }).await;
}

async fn invalid_stream_parameters_are_refused(server: Server) {
    server.declare(&dog()).await;
    for (query, status, about) in [
        ("since=7", 400, "since"),
        ("backfill=0", 400, "backfill"),
        ("backfill=1001", 400, "backfill"),
        ("backfill=x", 400, "backfill"),
        ("backfill=5", 400, "backfill"),
        ("size=1", 400, "storage"),
        ("storage=dog&storage=cat&size=1", 400, "storage"),
        ("storage=dog&sise=1", 400, "sise"),
        ("storage=dog&size=x", 400, "size"),
        ("storage=dog&limit=1", 400, "limit"),
        ("storage=_x", 400, "storage"),
        ("storage=none&size=1", 404, "none"),
        (&format!("storage={}", vec!["a"; 101].join(",")), 400, "storage"),
        (&format!("source={}", vec!["a"; 101].join(",")), 400, "source"),
        ("source=_x", 400, "source"),
        ("source=dog&storage=cat", 400, "source"),
        ("source=dog&sise=1", 400, "sise"),
        ("storage=dog&name=x&backfill=5", 400, "name"),
    ] {
        server.get(&format!("{STREAM}?{query}")).await.problem_about(status, &[about]);
    }
    server.get(STREAM).header("last-event-id", "x").await.problem_about(400, &["Last-Event-ID"]);
    server.post(STREAM, &json!({})).await.problem_about(405, &["GET"]);
}

async fn rows_of_a_source_are_streamed(server: Server) {
    let routes = json!({"routes": [{"storage": "Warm", "when": {"t": {"gte": 20}}}, {"storage": "frost", "when": {"t": {"lt": 0}}}]});
    server.put("/api/v1/source/weather/", &routes).await.is(201).ok();
    // Filters apply to the fields of an existing storage, whose name a route may spell in a different case.
    server.post("/throw/warm", &json!({"t": 20})).await.is(200).ok();
    server.post("/throw/weather", &json!({"t": 21})).await.is(200).ok();
    let mut weather = EventStream::open(&server, "/api/v1/stream?source=weather", None).await;
    let mut both = EventStream::open(&server, "/api/v1/stream?source=weather,later", None).await;
    let mut warm =
        EventStream::open(&server, "/api/v1/stream?source=weather&storage=warm&t__gt=30", None).await;
    for stream in [&mut weather, &mut both, &mut warm] {
        stream.next().await.unwrap();
    }
    for (source, record) in [
        ("other", json!({"t": 1})),
        ("weather", json!({"t": 25})),
        ("later", json!({"t": 2})),
        ("weather", json!({"t": -5})),
        ("weather", json!({"t": 10})),
        ("weather", json!({"t": 35})),
    ] {
        server.post(&format!("/throw/{source}"), &record).await.is(200).ok();
    }
    let receive = async |stream: &mut EventStream, changes: usize| {
        let mut events = Vec::new();
        for _ in 0..changes {
            let data = stream.next_change().await.unwrap().data;
            events.push((data["storage"].as_str().unwrap().to_owned(), data["row"]["t"].as_i64().unwrap()));
        }
        events
    };
    let of = |names: &[(&str, i64)]| -> Vec<(String, i64)> {
        names.iter().map(|(name, t)| ((*name).to_owned(), *t)).collect()
    };
    // Records that match no route go to the storage with the name of the source.
    let expected = of(&[("warm", 25), ("frost", -5), ("weather", 10), ("warm", 35)]);
    assert_eq!(receive(&mut weather, 4).await, expected);
    let expected = of(&[("warm", 25), ("later", 2), ("frost", -5), ("weather", 10), ("warm", 35)]);
    assert_eq!(receive(&mut both, 5).await, expected);
    assert_eq!(receive(&mut warm, 1).await, of(&[("warm", 35)]));
    let nowhere = json!({"unrouted": "drop", "routes": [{"storage": "frost", "when": {"t": {"lt": 0}}}]});
    server.put("/api/v1/source/weather/", &nowhere).await.is(200).ok();
    server.get("/api/v1/stream?source=weather&storage=weather").await.problem_about(400, &["source"]);
}

async fn streams_filter_by_fields_without_an_index(server: Server) {
    server.declare(&dog()).await;
    server.get("/api/v1/storage/dog/?name=Rex").await.problem_about(400, &["name"]);
    let mut rex = EventStream::open(&server, "/api/v1/stream?storage=dog&name__icontains=REX", None).await;
    let tree = [("storage", "dog"), ("where", r#"{"or": [{"name": "Ben"}, {"size": {"gt": 8}}]}"#)];
    let address = query(&tree);
    let mut or = EventStream::open(&server, &format!("{STREAM}?{address}"), None).await;
    for (key, name, size) in [("A", "Rex", 1), ("B", "Ben", 2), ("C", "T-Rex", 9), ("D", "Kim", 3)] {
        let row = json!({"chip_id": key, "name": name, "size": size});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    for (stream, expected) in [(&mut rex, ["A", "C"]), (&mut or, ["B", "C"])] {
        for key in expected {
            assert_eq!(stream.next_change().await.unwrap().data["key"], key);
        }
    }
}

fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", datadump_tests::segment(value)));
    pairs.collect::<Vec<_>>().join("&")
}
