//! Replays: what they overwrite, and how they share the database with others.

mod edits;

use std::collections::BTreeMap;

use datadump_tests::{Server, dog, eventually, on_both};
use serde_json::{Value as Json, json};

on_both![
    newer_rows_are_kept_unless_overwriting_is_requested,
    newer_rows_are_kept_while_others_write_them,
    of_several_entries_with_a_key_the_last_wins,
    keys_are_equal_however_they_are_spelled,
    of_several_records_of_an_entry_with_a_key_the_last_wins,
    an_entry_none_of_whose_records_can_be_stored_keeps_waiting,
    a_replay_of_kept_throws_keeps_newer_rows,
    a_dry_run_knows_the_rows_of_records_without_a_key,
    many_entries_share_transactions,
    a_single_entry_does_not_wait_for_a_long_replay,
];

/// The program with which entries can be stored.
const FIXED: &str = ".collar_size = to_int!(.collar_size)";

/// Sets a program that accepts no sizes but numbers, for a source.
async fn set_program(server: &Server, source: &str) {
    let program = json!({"program": ".collar_size = int!(.collar_size)"});
    server.put("/api/v1/processor/sizes/", &program).await.ok();
    server.put(&format!("/api/v1/source/{source}/"), &json!({"processor": "sizes"})).await.is(201).ok();
}

/// Throws a record that goes to quarantine, and returns the id of its entry.
async fn quarantined(server: &Server, source: &str, record: &Json) -> String {
    let receipt = server.post(&format!("/throw/{source}"), record).await.is(202).json();
    receipt["errors"][0]["quarantine"].as_str().unwrap().to_owned()
}

/// Replays and returns the numbers of entries with each outcome.
async fn replay(server: &Server, query: &str, request: Json) -> BTreeMap<&'static str, u64> {
    let path = format!("/api/v1/quarantine/replay/{query}");
    let started = server.post(&path, &request).await;
    assert!(matches!(started.status, 200 | 202), "{started:?}");
    let path = format!("/api/v1/replay/{}/", started.json()["id"].as_str().unwrap());
    let ended = eventually("the replay ends", || async {
        let state = server.get(&path).await.is(200).json();
        (state["state"] != "running").then_some(state)
    })
    .await;
    assert_eq!(ended["state"], "done", "{ended}");
    outcomes(&ended)
}

fn outcomes(state: &Json) -> BTreeMap<&'static str, u64> {
    let counts =
        ["stored", "failed", "skipped", "superseded"].map(|name| (name, state[name].as_u64().unwrap()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

async fn row(server: &Server, storage: &str, key: &str) -> Json {
    server.get(&format!("/api/v1/storage/{storage}/{key}/")).await.is(200).json()
}

async fn newer_rows_are_kept_unless_overwriting_is_requested(server: Server) {
    server.declare(&dog()).await;
    // In a declared storage, and in an inferred one whose records name their keys.
    for (storage, key) in [("dog", "chip_id"), ("animal", "_id")] {
        set_program(&server, storage).await;
        let path = format!("/api/v1/storage/{storage}/");
        let record =
            |id: &str, color: &str, size: Json| json!({key: id, "color": color, "collar_size": size});
        // Rows that are older and newer than their entries.
        server.post(&format!("/throw/{storage}"), &record("old", "blue", json!(1))).await.is(200).ok();
        let mut entries = Vec::new();
        for id in ["old", "new", "none"] {
            entries.push(quarantined(&server, storage, &record(id, "red", json!("2"))).await);
        }
        server.post(&path, &record("new", "blue", json!(1))).await.is(201).ok();
        let before = row(&server, storage, "new").await;

        let fixed = json!({"filters": {"source": storage}, "program": FIXED});
        let mut dry_run = fixed.clone();
        dry_run["dry_run"] = json!(true);
        let expected = BTreeMap::from([("stored", 2), ("superseded", 1)]);
        assert_eq!(replay(&server, "", dry_run).await, expected, "{storage}");
        assert_eq!(replay(&server, "", fixed.clone()).await, expected, "{storage}");
        for (id, color) in [("old", "red"), ("new", "blue"), ("none", "red")] {
            assert_eq!(row(&server, storage, id).await["color"], color, "{storage} {id}");
        }
        assert_eq!(row(&server, storage, "new").await, before);

        // The entry keeps waiting, and says why.
        let path = format!("/api/v1/quarantine/{}/replay/", entries[1]);
        let state = server.post(&path, &json!({"program": FIXED})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::from([("superseded", 1)]), "{state}");
        assert_eq!(
            (&state["errors"][0]["quarantine"], &state["errors"][0]["code"]),
            (&json!(entries[1]), &json!("superseded")),
            "{state}"
        );
        let state =
            server.post(&format!("{path}?overwrite=1"), &json!({"program": FIXED})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::from([("stored", 1)]), "{state}");
        assert_eq!(row(&server, storage, "new").await["color"], "red");
        assert_eq!(replay(&server, "?overwrite=1", fixed).await, BTreeMap::new(), "{storage}");
    }
    server.request("POST", "/api/v1/quarantine/replay/?overwrite=x").await.problem(400);
}

/// The decision that a row is newer is made when it is written, not before.
async fn newer_rows_are_kept_while_others_write_them(server: Server) {
    server.declare(&dog()).await;
    set_program(&server, "dog").await;
    let record = |n: usize, color: &str, size: Json| json!({"chip_id": format!("C{n}"), "color": color, "collar_size": size});
    let batch: Vec<Json> = (0..600).map(|n| record(n, "red", json!("2"))).collect();
    server.post("/throw/dog", &json!(batch)).await.is(202).ok();
    let writing = (0..4).map(|client| {
        let api = (*server).clone();
        tokio::spawn(async move {
            for n in (client..600).step_by(8) {
                api.post("/api/v1/storage/dog/", &record(n, "blue", json!(1))).await.is(201).ok();
            }
        })
    });
    let writing: Vec<_> = writing.collect();
    let counts = replay(&server, "", json!({"program": FIXED})).await;
    for writer in writing {
        writer.await.unwrap();
    }
    assert_eq!(counts.values().sum::<u64>(), 600, "{counts:?}");
    let blue = server.get("/api/v1/storage/dog/?color=blue&limit=1&count=exact").await.is(200).json();
    assert_eq!(blue["count"], 300, "{counts:?}");
    let red = server.get("/api/v1/storage/dog/?color=red&limit=1&count=exact").await.is(200).json();
    assert_eq!(red["count"], 300, "{counts:?}");
}

async fn of_several_entries_with_a_key_the_last_wins(server: Server) {
    server.declare(&dog()).await;
    set_program(&server, "dog").await;
    for n in 0..60 {
        let record = json!({"chip_id": format!("C{}", n % 3), "color": "red", "collar_size": n.to_string()});
        quarantined(&server, "dog", &record).await;
    }
    assert_eq!(replay(&server, "", json!({"program": FIXED})).await, BTreeMap::from([("stored", 60)]));
    for key in 0..3 {
        let row = row(&server, "dog", &format!("C{key}")).await;
        assert_eq!((&row["collar_size"], &row["version"]), (&json!(57 + key), &json!(20)), "{row}");
    }
    // The entries of one throw are in the order of its records.
    let batch: Vec<Json> =
        (0..60).map(|n| json!({"chip_id": "B", "color": "red", "collar_size": n.to_string()})).collect();
    server.post("/throw/dog", &json!(batch)).await.is(202).ok();
    assert_eq!(replay(&server, "", json!({"program": FIXED})).await, BTreeMap::from([("stored", 60)]));
    let row = row(&server, "dog", "B").await;
    assert_eq!((&row["collar_size"], &row["version"]), (&json!(59), &json!(60)), "{row}");
}

/// In storages that do not exist before the replay, and in declared ones.
async fn keys_are_equal_however_they_are_spelled(server: Server) {
    for (name, key) in [("number", "long"), ("uuids", "uuid")] {
        let fields = json!([{"name": "n", "type": "integer"}]);
        server.declare(&json!({"name": name, "key": {"name": "id", "type": key}, "fields": fields})).await;
    }
    let uuid = "0190a3b4-0000-7000-8000-00000000000a";
    for (storage, settings, key, spelled, stored) in [
        ("plain", json!({}), "_id", [json!("7"), json!(7), json!("7")], "7"),
        ("uuids", json!({}), "id", [json!(uuid), json!(uuid.to_uppercase()), json!(uuid)], uuid),
        ("tagged", json!({"key": "tag"}), "tag", [json!(1.5), json!("1.5"), json!(1.5)], "1.5"),
        ("number", json!({}), "id", [json!(7), json!(7), json!(7)], "7"),
    ] {
        let mut settings = settings;
        settings["processor"] = json!("never");
        server.put("/api/v1/processor/never/", &json!({"program": "assert!(false)"})).await.ok();
        server.put(&format!("/api/v1/source/{storage}/"), &settings).await.is(201).ok();
        for n in 0..30 {
            quarantined(&server, storage, &json!({key: spelled[n % 3], "n": n})).await;
        }
        let request = json!({"filters": {"source": storage}, "program": "."});
        assert_eq!(replay(&server, "", request).await, BTreeMap::from([("stored", 30)]), "{storage}");
        let list = server.get(&format!("/api/v1/storage/{storage}/")).await.is(200).json();
        assert_eq!((&list["count"], &list["results"][0]["n"]), (&json!(1), &json!(29)), "{list}");
        let row = row(&server, storage, stored).await;
        let version = row.get("version").or(row.get("_version"));
        assert_eq!(version, Some(&json!(30)), "{row}");
    }
}

/// In entries of whole throws, in kept throws, and in a record that a program splits.
async fn of_several_records_of_an_entry_with_a_key_the_last_wins(server: Server) {
    server.declare(&dog()).await;
    let color = async |key: &str| row(&server, "dog", key).await["color"].clone();
    let lines = |key: &str| {
        let line = |color: &str| format!(r#"{{"chip_id": "{key}", "color": "{color}", "collar_size": 1}}"#);
        [line("red"), line("blue"), line("green")].join("\n")
    };
    server.put("/api/v1/source/dog/", &json!({"keep_raw": true})).await.is(201).ok();
    server
        .request("POST", "/throw/dog?format=yaml")
        .body(format!("{{\n{}", lines("whole")))
        .await
        .is(202)
        .ok();
    // The row is older than the entry.
    server.request("POST", "/throw/dog").body(lines("kept")).await.is(200).ok();
    assert_eq!(color("kept").await, "green");
    let program = ". = map_values([\"red\", \"blue\", \"green\"]) -> |color| \
                   { {\"chip_id\": \"split\", \"color\": color, \"collar_size\": 1} }";
    set_program(&server, "splitting").await;
    server.patch("/api/v1/source/splitting/", &json!({"routes": [{"storage": "dog"}]})).await.is(200).ok();
    quarantined(&server, "splitting", &json!({"collar_size": "x"})).await;
    let request = json!({"filters": {"source": "splitting"}, "program": program});
    assert_eq!(replay(&server, "", request).await, BTreeMap::from([("stored", 1)]));
    assert_eq!(color("split").await, "green");

    server.patch("/api/v1/source/dog/", &json!({"format": "text"})).await.is(200).ok();
    let whole =
        format!(". = map_values(split({:?}, \"\\n\")) -> |line| {{ parse_json!(line) }}", lines("whole"));
    let request = json!({"filters": {"source": "dog"}, "program": whole, "takes": "throw"});
    assert_eq!(replay(&server, "", request).await, BTreeMap::from([("stored", 1)]));
    assert_eq!(color("whole").await, "green");
    assert_eq!(row(&server, "dog", "whole").await["version"], 3);

    server.patch("/api/v1/source/dog/", &json!({"format": "ndjson"})).await.is(200).ok();
    let request = json!({"kept": true, "filters": {"source": "dog"}, "program": ".collar_size = 2"});
    let counts = replay(&server, "", request).await;
    assert_eq!(color("kept").await, "green", "{counts:?}");
    assert_eq!(row(&server, "dog", "kept").await["collar_size"], 2, "{counts:?}");
}

/// If some can be stored, the others get entries of their own.
async fn an_entry_none_of_whose_records_can_be_stored_keeps_waiting(server: Server) {
    server.declare(&dog()).await;
    let line = |id: &str, size: Json| json!({"chip_id": id, "color": "red", "collar_size": size}).to_string();
    let newer = |id: &str| line(&format!("newer-{id}"), json!(1));
    for (number, (lines, counts, waiting, codes)) in [
        (vec![newer("a"), newer("b")], [("superseded", 1)], 1, vec!["unreadable"]),
        (vec![line("x", json!("x")), line("y", json!("y"))], [("failed", 1)], 1, vec!["unreadable"]),
        (vec![line("x", json!("x")), newer("c"), "[]".into()], [("failed", 1)], 1, vec!["unreadable"]),
        (vec!["{".into(), newer("d")], [("failed", 1)], 1, vec!["unreadable"]),
        (
            vec![line("good", json!(1)), line("x", json!("x")), newer("e")],
            [("stored", 1)],
            2,
            vec!["mistyped", "superseded"],
        ),
        (vec![line("other", json!(1)), line("good", json!(1))], [("stored", 1)], 0, vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let source = format!("s{number}");
        let routes = json!({"routes": [{"storage": "dog"}]});
        server.put(&format!("/api/v1/source/{source}/"), &routes).await.is(201).ok();
        let thrown =
            server.request("POST", &format!("/throw/{source}?format=json")).body(lines.join("\n")).await;
        let receipt = thrown.is(202).json();
        let entry = receipt["errors"][0]["quarantine"].as_str().unwrap().to_owned();
        for id in ["a", "b", "c", "d", "e"] {
            let row = json!({"color": format!("blue {number}"), "collar_size": 3});
            let put = server.put(&format!("/api/v1/storage/dog/newer-{id}/"), &row).await;
            assert!(matches!(put.status, 200 | 201), "{put:?}");
        }
        let settings = json!({"format": "ndjson"});
        server.patch(&format!("/api/v1/source/{source}/"), &settings).await.is(200).ok();
        for dry_run in [true, false] {
            let request = json!({"filters": {"source": source}, "dry_run": dry_run});
            assert_eq!(replay(&server, "", request).await, BTreeMap::from(counts), "{lines:?} {dry_run}");
        }
        let path = format!("/api/v1/quarantine/?source={source}&state=waiting&ordering=code");
        let list = server.get(&path).await.is(200).json();
        assert_eq!(list["count"], waiting, "{lines:?}: {list}");
        let found: Vec<&Json> =
            list["results"].as_array().unwrap().iter().map(|entry| &entry["code"]).collect();
        assert_eq!(found, codes, "{lines:?}: {list}");
        let state = server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).json()["state"].clone();
        let expected = if counts[0].0 == "stored" { "replayed" } else { "waiting" };
        assert_eq!(state, expected, "{lines:?}");
        let row = row(&server, "dog", "newer-a").await;
        assert_eq!(row["color"], format!("blue {number}"), "{row}");
    }
    // Their storage cannot be created.
    server.database().execute("CREATE TABLE storage_taken (x INTEGER)").await;
    server.put("/api/v1/source/taken/", &json!({"format": "json"})).await.is(201).ok();
    server.request("POST", "/throw/taken").body("{\"n\": 1}\n{\"n\": 2}\n").await.is(202).ok();
    server.patch("/api/v1/source/taken/", &json!({"format": "ndjson"})).await.is(200).ok();
    for _ in 0..2 {
        let request = json!({"filters": {"source": "taken"}});
        assert_eq!(replay(&server, "", request).await, BTreeMap::from([("failed", 1)]));
    }
}

async fn a_dry_run_knows_the_rows_of_records_without_a_key(server: Server) {
    server.put("/api/v1/source/meter/", &json!({"keep_raw": true})).await.is(201).ok();
    server.post("/throw/meter", &json!([{"n": 1}, {"n": 2}])).await.is(200).ok();
    for dry_run in [true, false] {
        let counts = replay(&server, "", json!({"kept": true, "dry_run": dry_run})).await;
        assert_eq!(counts, BTreeMap::from([("skipped", 1)]), "dry run: {dry_run}");
        let edited = json!({"kept": true, "dry_run": dry_run, "program": ".n = int!(.n) + 1"});
        let expected = replay(&server, "", edited).await;
        assert_eq!(expected, BTreeMap::from([("stored", 1)]), "dry run: {dry_run}");
    }
}

async fn a_replay_of_kept_throws_keeps_newer_rows(server: Server) {
    server.put("/api/v1/source/car/", &json!({"keep_raw": true})).await.is(201).ok();
    for id in ["A", "B"] {
        server.post("/throw/car", &json!({"_id": id, "speed": 1})).await.is(200).ok();
    }
    server.patch("/api/v1/storage/car/B/", &json!({"speed": 7})).await.is(200).ok();
    let request = json!({"kept": true, "program": ".speed = 2"});
    let counts = replay(&server, "", request.clone()).await;
    assert_eq!(counts, BTreeMap::from([("stored", 1), ("superseded", 1)]));
    let speeds = || async {
        [row(&server, "car", "A").await["speed"].clone(), row(&server, "car", "B").await["speed"].clone()]
    };
    assert_eq!(speeds().await, [json!(2), json!(7)]);
    // The rows are equal already, or newer.
    let counts = replay(&server, "", request.clone()).await;
    assert_eq!(counts, BTreeMap::from([("skipped", 1), ("superseded", 1)]));
    let mut overwrite = request;
    overwrite["overwrite"] = json!(true);
    let counts = replay(&server, "", overwrite).await;
    assert_eq!(counts, BTreeMap::from([("skipped", 1), ("stored", 1)]));
    assert_eq!(speeds().await, [json!(2), json!(2)]);
}

async fn many_entries_share_transactions(server: Server) {
    set_program(&server, "scale").await;
    let batch: Vec<Json> = (0..2_000).map(|n| json!({"n": n, "collar_size": n.to_string()})).collect();
    server.post("/throw/scale", &json!(batch)).await.is(202).ok();
    let commits = || async {
        let metrics = server.get("/metrics").await.is(200).text();
        let commits = metrics.lines().find_map(|line| line.strip_prefix("datadump_commits_total "));
        commits.unwrap().parse::<u64>().unwrap()
    };
    let before = commits().await;
    assert_eq!(replay(&server, "", json!({"program": FIXED})).await, BTreeMap::from([("stored", 2_000)]));
    let taken = commits().await - before;
    println!("{taken} commits");
    assert!(taken < 400, "{taken} commits");
    let rows = server.get("/api/v1/storage/scale/?limit=1&count=exact").await.is(200).json();
    assert_eq!(rows["count"], 2_000);
}

async fn a_single_entry_does_not_wait_for_a_long_replay(server: Server) {
    set_program(&server, "scale").await;
    let batch: Vec<Json> = (0..3_000).map(|n| json!({"n": n, "collar_size": "x"})).collect();
    server.post("/throw/scale", &json!(batch)).await.is(202).ok();
    let single = quarantined(&server, "scale", &json!({"collar_size": "7"})).await;
    let slow =
        "for_each(split(\"a,\" * 40000, \",\")) -> |_i, _v| { .x = 1 }\n.collar_size = int!(.collar_size)";
    let bulk = server.post("/api/v1/quarantine/replay/", &json!({"program": slow})).await.is(202).json();
    let path = format!("/api/v1/quarantine/{single}/replay/");
    let state = server.post(&path, &json!({"program": FIXED})).await.is(200).json();
    assert_eq!((&state["state"], &state["stored"]), (&json!("done"), &json!(1)), "{state}");
    let path = format!("/api/v1/replay/{}/", bulk["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.is(200).json()["state"], "running");
    assert_eq!(server.delete(&path).await.is(200).json()["state"], "stopped");
}
