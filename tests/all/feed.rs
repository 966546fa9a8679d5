//! The change feed of a storage: complete, in commit order, and enough to rebuild the storage from.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use datadump_tests::{Api, EventStream, Server, Setup, eventually, on_both};
use serde_json::{Value as Json, json};

use crate::retention::retain;

on_both![
    changes_are_listed_in_commit_order,
    a_page_may_end_inside_a_commit,
    changes_of_other_storages_are_passed_over,
    a_request_can_wait_for_a_change,
    waiting_requests_do_not_delay_a_stop,
    invalid_requests_are_refused,
    changes_that_are_no_longer_kept_are_gone,
    a_storage_that_is_created_again_has_another_feed,
    rows_with_the_key_changes_can_be_reached,
    replaying_the_feed_rebuilds_the_storage,
];

const CHANGES: &str = "/api/v1/storage/dog/changes/";

fn dog() -> Json {
    json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
           "fields": [{"name": "size", "type": "integer", "default": 0},
                      {"name": "name", "type": "text", "nullable": true}]})
}

async fn save(api: &Api, key: &str, size: i64) {
    let saved = api.post("/api/v1/storage/dog/", &json!({"chip_id": key, "size": size})).await;
    assert!(saved.status < 300, "{saved:?}");
}

async fn page(api: &Api, path: &str, query: &str) -> (Vec<Json>, String) {
    let page = api.get(&format!("{path}?{query}")).await.is(200).json();
    let next = page["next"].as_str().unwrap().to_owned();
    (page["results"].as_array().unwrap().clone(), next)
}

/// Returns the position at the end of the feed.
async fn end(api: &Api, path: &str) -> String {
    let (changes, next) = page(api, path, "after=now").await;
    assert_eq!(changes, Vec::<Json>::new());
    next
}

/// Returns what a change did, and the size in its row.
fn summary(change: &Json) -> (&str, &str, Option<i64>) {
    (change["op"].as_str().unwrap(), change["key"].as_str().unwrap(), change["row"]["size"].as_i64())
}

async fn changes_are_listed_in_commit_order(server: Server) {
    server.declare(&dog()).await;
    let start = end(&server, CHANGES).await;
    let mut stream = EventStream::open(&server, "/api/v1/stream?storage=dog", None).await;
    stream.next().await.unwrap();
    save(&server, "A", 1).await;
    save(&server, "B", 2).await;
    server.post("/throw/car", &json!([{"speed": 1.5}, {"speed": 2.5}])).await.is(200).ok();
    save(&server, "A", 3).await;
    server.delete("/api/v1/storage/dog/B/").await.is(204).ok();
    server.post("/api/v1/storage/dog/", &json!({"chip_id": "C", "size": "x"})).await.problem(400);
    let expected =
        [("insert", "A", Some(3)), ("insert", "B", None), ("update", "A", Some(3)), ("delete", "B", None)];
    for after in [String::new(), format!("after={start}&")] {
        for limit in 1..=5 {
            let (mut changes, mut next) = page(&server, CHANGES, &format!("{after}limit={limit}")).await;
            assert_eq!(changes.len(), limit.min(4), "{changes:?}");
            while changes.len() < 4 {
                let (more, later) = page(&server, CHANGES, &format!("after={next}&limit={limit}")).await;
                assert!(!more.is_empty() && more.len() <= limit && later != next);
                (changes, next) = ([changes, more].concat(), later);
            }
            assert_eq!(changes.iter().map(summary).collect::<Vec<_>>(), expected);
            assert_eq!(changes[0]["row"]["version"], 2, "the row is the one of now: {changes:?}");
            let (none, same) = page(&server, CHANGES, &format!("after={next}")).await;
            assert_eq!((none, &same), (vec![], &next));
        }
    }
    // Positions are those of streams.
    let (changes, _) = page(&server, CHANGES, "").await;
    for change in &changes {
        let event = stream.next_change().await.unwrap();
        assert_eq!(event.id.as_deref(), change["position"].as_str());
    }
    let after = changes[1]["position"].as_str().unwrap();
    assert_eq!(page(&server, CHANGES, &format!("after={after}")).await.0, changes[2..]);
}

async fn a_page_may_end_inside_a_commit(server: Server) {
    const ROWS: usize = 2_500;
    let rows: Vec<Json> = (0..ROWS).map(|number| json!({"number": number})).collect();
    server.post("/throw/many", &json!(rows)).await.is(200).ok();
    let path = "/api/v1/storage/many/changes/";
    for limit in [1_000, 700] {
        let (mut numbers, mut query) = (Vec::new(), format!("limit={limit}"));
        while numbers.len() < ROWS {
            let (changes, next) = page(&server, path, &query).await;
            assert_eq!(changes.len(), limit.min(ROWS - numbers.len()));
            numbers.extend(changes.iter().map(|change| change["row"]["number"].as_u64().unwrap()));
            query = format!("limit={limit}&after={next}");
        }
        assert!(numbers.iter().copied().eq(0..ROWS as u64), "{limit}");
        assert_eq!(page(&server, path, &query).await.0, Vec::<Json>::new());
    }
    // Large rows end a page before the limit does.
    let text = "x".repeat(300_000);
    let start = end(&server, path).await;
    let rows: Vec<Json> = (0..10).map(|number| json!({"number": number, "text": text})).collect();
    server.post("/throw/many", &json!(rows)).await.is(200).ok();
    let (changes, next) = page(&server, path, &format!("after={start}&limit=1000")).await;
    assert!((1..10).contains(&changes.len()), "{}", changes.len());
    let (rest, _) = page(&server, path, &format!("after={next}&limit=1000")).await;
    assert_eq!(rest[0]["row"]["number"], changes.len());
}

async fn changes_of_other_storages_are_passed_over(server: Server) {
    server.declare(&dog()).await;
    save(&server, "A", 1).await;
    let (_, first) = page(&server, CHANGES, "").await;
    for round in 0..300 {
        let rows: Vec<Json> = (0..40).map(|number| json!({"number": number, "round": round})).collect();
        server.post("/throw/many", &json!(rows)).await.is(200).ok();
    }
    let (none, passed) = page(&server, CHANGES, &format!("after={first}")).await;
    assert_eq!(none, Vec::<Json>::new());
    assert_ne!(passed, first, "the position moves on");
    save(&server, "B", 2).await;
    for after in [&first, &passed] {
        let (changes, _) = page(&server, CHANGES, &format!("after={after}&limit=1")).await;
        assert_eq!(changes.iter().map(summary).collect::<Vec<_>>(), [("insert", "B", Some(2))]);
    }
}

async fn a_request_can_wait_for_a_change(server: Server) {
    server.declare(&dog()).await;
    let start = end(&server, CHANGES).await;
    let began = Instant::now();
    let (none, _) = page(&server, CHANGES, &format!("after={start}&wait=0.3")).await;
    assert!(none.is_empty() && began.elapsed() >= Duration::from_millis(300));
    let waiting = async { page(&server, CHANGES, &format!("after={start}&wait=30")).await };
    let writing = async {
        // A change of another storage does not end the wait.
        server.post("/throw/car", &json!({"speed": 1.5})).await.is(200).ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
        save(&server, "A", 1).await;
    };
    let ((changes, _), ()) = tokio::join!(waiting, writing);
    assert_eq!(changes.iter().map(summary).collect::<Vec<_>>(), [("insert", "A", Some(1))]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

async fn waiting_requests_do_not_delay_a_stop(server: Server) {
    server.declare(&dog()).await;
    let api = Api::new(server.base());
    let waiting = tokio::spawn(async move { page(&api, CHANGES, "after=now&wait=30").await });
    let requests = async || server.get("/api/v1/status").await.is(200).json()["connections"].as_u64();
    eventually("the request waits", || async { (requests().await >= Some(2)).then_some(()) }).await;
    let began = Instant::now();
    server.stop().await;
    let (changes, _) = waiting.await.unwrap();
    assert_eq!(changes, Vec::<Json>::new());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

async fn invalid_requests_are_refused(server: Server) {
    server.declare(&dog()).await;
    save(&server, "A", 1).await;
    let position = end(&server, CHANGES).await;
    let (epoch, number) = position.split_once('-').unwrap();
    let (number, storage) = number.split_once('~').unwrap();
    let ahead = format!("after={epoch}-{}~{storage}", number.parse::<u64>().unwrap() + 1);
    for (query, words) in [
        ("after=x", ["after", "is not a position"]),
        ("after=", ["after", "is not a position"]),
        ("after=0123456789-1", ["after", "belongs to another database"]),
        (ahead.as_str(), ["after", "after the end of the change log"]),
        ("limit=0", ["limit", "from 1 to 1000"]),
        ("limit=1001", ["limit", "from 1 to 1000"]),
        ("wait=31", ["wait", "from 0 to 30"]),
        ("wait=x", ["wait", "from 0 to 30"]),
        ("before=1", ["before", "after, limit, wait"]),
    ] {
        let problem = server.get(&format!("{CHANGES}?{query}")).await.problem(400);
        let [parameter, detail] = words;
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    server.get("/api/v1/storage/none/changes/").await.problem(404);
}

async fn changes_that_are_no_longer_kept_are_gone(server: Server) {
    let (_, database) = server.stop().await;
    // The check interval is a tenth of the time limit, which no entry reaches.
    let setup = Setup::default().arguments(["--change-log-size=200", "--change-log-time=40s"]);
    let server = setup.start(database).await;
    server.declare(&dog()).await;
    let start = end(&server, CHANGES).await;
    for number in 0..30 {
        save(&server, &format!("old{number}"), number).await;
    }
    eventually("the oldest changes are removed", || async {
        // On SQLite the writer removes them.
        save(&server, "tick", 1).await;
        (server.get(&format!("{CHANGES}?after={start}")).await.status == 410).then_some(())
    })
    .await;
    let problem = server.get(&format!("{CHANGES}?after={start}")).await.problem(410);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("read the storage anew") && detail.contains("after=now"), "{detail}");
    // Without a position the feed begins at the oldest change that is kept.
    let (changes, next) = page(&server, CHANGES, "limit=1").await;
    assert_eq!(changes.len(), 1);
    let (rest, _) = page(&server, CHANGES, &format!("after={next}&limit=1000")).await;
    assert_eq!(rest.last().unwrap()["key"], "tick");
}

async fn a_storage_that_is_created_again_has_another_feed(server: Server) {
    server.declare(&dog()).await;
    let start = end(&server, CHANGES).await;
    save(&server, "A", 1).await;
    let (changes, next) = page(&server, CHANGES, &format!("after={start}")).await;
    assert_eq!(changes.len(), 1);
    // A request that is waiting meanwhile is answered alike.
    let waiting = server.get(&format!("{CHANGES}?after={next}&wait=20"));
    let change = async {
        server.delete("/api/v1/factory/storage/dog/?confirm=dog").await.is(204).ok();
        server.declare(&dog()).await;
        save(&server, "B", 2).await;
    };
    let (waited, ()) = tokio::join!(waiting, change);
    assert!([404, 410].contains(&waited.status), "{waited:?}");
    for after in [&start, &next] {
        let problem = server.get(&format!("{CHANGES}?after={after}")).await.problem(410);
        assert_eq!(problem["code"], "too-old", "{problem}");
    }
    let (changes, _) = page(&server, CHANGES, "limit=10").await;
    assert_eq!(summary(&changes[0]), ("insert", "B", Some(2)));
}

async fn rows_with_the_key_changes_can_be_reached(server: Server) {
    server.declare(&dog()).await;
    server.put(CHANGES, &json!({"size": 7})).await.is(200).ok();
    let (changes, _) = page(&server, CHANGES, "").await;
    assert_eq!(changes.iter().map(summary).collect::<Vec<_>>(), [("insert", "changes", Some(7))]);
    assert_eq!(server.get("/api/v1/storage/dog/key/changes/").await.is(200).json()["size"], 7);
    server.delete(CHANGES).await.is(204).ok();
}

/// A copy of a storage, made from its feed.
#[derive(Default)]
struct Copy {
    rows: BTreeMap<String, Json>,
    query: String,
    trims: usize,
}

impl Copy {
    /// Takes over the next page, of at most this many changes; returns whether there was one.
    async fn follow(&mut self, api: &Api, limit: u64) -> bool {
        let (changes, next) = page(api, CHANGES, &format!("{}limit={limit}", self.query)).await;
        self.query = format!("after={next}&");
        for change in &changes {
            self.apply(change);
        }
        !changes.is_empty()
    }

    fn apply(&mut self, change: &Json) {
        if change["op"] == "trim" {
            // All of these texts have the same form, so they sort like the moments.
            let (after, until) = (change["trim"]["after"].as_str(), change["trim"]["until"].as_str());
            self.rows
                .retain(|_, row| row["updated_at"].as_str() <= after || row["updated_at"].as_str() > until);
            self.trims += 1;
            return;
        }
        let key = change["key"].as_str().unwrap().to_owned();
        match &change["row"] {
            Json::Null => self.rows.remove(&key),
            row => self.rows.insert(key, row.clone()),
        };
    }
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

async fn replaying_the_feed_rebuilds_the_storage(server: Server) {
    const ROUNDS: u64 = 250;
    server.declare(&dog()).await;
    let write = async |seed: u64| {
        let mut numbers = Numbers(seed);
        for round in 0..ROUNDS {
            let key = format!("K{}", numbers.below(120));
            let path = format!("/api/v1/storage/dog/{key}/");
            let size = numbers.below(1_000);
            let response = match numbers.below(6) {
                0 => server.delete(&path).await,
                1 => server.put(&path, &json!({"size": size, "name": "whole"})).await,
                2 => server.patch(&path, &json!({"name": format!("patched {round}")})).await,
                3 => server.post("/api/v1/storage/dog/", &json!({"chip_id": key, "size": size})).await,
                _ => {
                    let row =
                        |number| json!({"chip_id": format!("T{}", (size + number) % 200), "size": size});
                    let rows: Vec<Json> = (0..1 + numbers.below(20)).map(row).collect();
                    server.post("/throw/dog", &json!(rows)).await
                }
            };
            assert!(matches!(response.status, 200 | 201 | 204 | 404), "{response:?}");
        }
    };
    let change = async {
        retain(&server, "dog", json!({"rows": 60})).await;
        let mut next = server.get("/api/v1/factory/storage/dog/").await.is(200).json()["definition"].clone();
        next["name"] = json!("dog");
        next["fields"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "weight", "type": "float", "default": 1.5}));
        server.declare(&next).await;
    };
    let live = async {
        let (mut copy, mut numbers, began) = (Copy::default(), Numbers(9), Instant::now());
        while copy.trims < 3 && began.elapsed() < Duration::from_secs(30) {
            copy.follow(&server, 1 + numbers.below(50)).await;
        }
        copy
    };
    let (mut live, ..) = tokio::join!(live, change, write(1), write(2), write(3));
    assert!(live.trims >= 3, "retention has removed rows");
    // Whatever retention still removes is in the feed, too.
    let (first, _) = page(&server, CHANGES, "limit=1").await;
    assert_eq!(first.len(), 1);
    eventually("the copies equal the storage", || async {
        let status = server.get("/api/v1/status").await.is(200).json();
        let dog =
            status["retention"].as_array().unwrap().iter().find(|one| one["storage"] == "dog").cloned()?;
        (dog["rows"].as_u64()? <= 60 && dog["next"].is_null()).then_some(())
    })
    .await;
    let (mut replayed, mut numbers) = (Copy::default(), Numbers(4));
    while replayed.follow(&server, 1 + numbers.below(200)).await {}
    while live.follow(&server, 1_000).await {}
    let list = server.get("/api/v1/storage/dog/?limit=1000").await.is(200).json();
    let rows = list["results"].as_array().unwrap().iter();
    let rows: BTreeMap<String, Json> =
        rows.map(|row| (row["chip_id"].as_str().unwrap().to_owned(), row.clone())).collect();
    assert!(!rows.is_empty() && rows.values().all(|row| row["weight"] == 1.5));
    assert_eq!(replayed.rows, rows, "the whole feed, after it");
    // Rows that were copied before the migration have not been copied again.
    let without_weight = |rows: &BTreeMap<String, Json>| {
        let mut rows = rows.clone();
        rows.values_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("weight")));
        rows
    };
    assert_eq!(without_weight(&live.rows), without_weight(&rows), "the feed, while it was written");
}
