//! Databases whose system tables have an older version are upgraded when they are opened, newer ones are refused. There
//! is a fixture of each version in `tests/fixtures`; `tests/run fixture` makes that of the current version.

use std::{fs, path::PathBuf};

use datadump_tests::{Database, Server, Setup, on_both, snapshot, workspace};
use serde_json::{Value as Json, json};

on_both![a_newer_database_is_refused, the_current_version_has_a_fixture];

#[tokio::test]
async fn sqlite_databases_of_every_version_open() {
    for (version, file) in fixtures("db") {
        let database = Database::sqlite();
        fs::copy(file, database.file()).unwrap();
        check(version, "sqlite", database).await;
    }
}

#[tokio::test]
async fn postgres_databases_of_every_version_open() {
    for (version, file) in fixtures("sql") {
        let database = Database::postgres().await;
        database.execute(&fs::read_to_string(file).unwrap()).await;
        check(version, "postgres", database).await;
    }
}

async fn check(version: i64, kind: &str, database: Database) {
    assert_eq!(database.system_version().await, version);
    let expected: Json =
        serde_json::from_str(&workspace::read(&format!("tests/fixtures/system-{version}.{kind}.json")))
            .unwrap();
    let server = Server::start(database).await;
    let found = snapshot(&server).await;
    assert_eq!(found, expected, "the responses are those of the release that made the fixture");
    let row = json!({"chip_id": "NEW", "color": "red", "collar_size": 1});
    assert_eq!(server.post("/api/v1/storage/dog/", &row).await.is(201).json()["good"], true);
    let again = json!({"chip_id": "CHIP1", "color": "red", "collar_size": 1, "version": 2});
    assert_eq!(server.post("/api/v1/storage/dog/", &again).await.is(201).json()["version"], 3);
    // Every system storage can be written and read in its current layout.
    let bad =
        server.request("POST", "/throw/bad").header("x-event", "push").body("{\"x\":1").await.is(202).json();
    let entry = bad["errors"][0]["quarantine"].as_str().unwrap();
    let entry = server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).json();
    assert!(entry["headers"].as_array().unwrap().contains(&json!(["x-event", "push"])), "{entry}");
    server.put("/api/v1/source/kept/", &json!({"keep_raw": true})).await.is(201).ok();
    server.post("/throw/kept", &json!({"n": 1})).await.is(200).ok();
    let replay = server.post("/api/v1/quarantine/replay/", &json!({"kept": true})).await.is(200).json();
    assert_eq!((&replay["total"], &replay["failed"]), (&json!(1), &json!(0)), "{replay}");
    let mut dropped = expected["cat"]["storage"]["definition"].clone();
    dropped["name"] = json!("cat");
    dropped["fields"].as_array_mut().unwrap().push(json!({"name": "lives", "type": "text", "default": ""}));
    server.post("/api/v1/factory/storage/", &dropped).await.problem_about(400, &["lives"]);
}

async fn a_newer_database_is_refused(server: Server) {
    let (_, database) = server.stop().await;
    let supported = database.system_version().await;
    database.execute("UPDATE datadump_info SET system_version = 4711").await;
    let arguments = ["--listen".to_owned(), "127.0.0.1:0".into(), "--database".into(), database.address()];
    let exit = Setup::default().arguments(arguments).run().await;
    assert!(!exit.status.success() && exit.stdout.is_empty(), "{exit:?}");
    for word in ["4711", &supported.to_string(), "newer"] {
        assert!(exit.stderr.contains(word), "{word:?} is missing: {exit:?}");
    }
    database.execute(&format!("UPDATE datadump_info SET system_version = {supported}")).await;
    Server::start(database).await.get("/ready").await.is(200).ok();
}

async fn the_current_version_has_a_fixture(server: Server) {
    let version = server.database().system_version().await;
    let ending = if server.database().is_postgres() { "sql" } else { "db" };
    let known: Vec<i64> = fixtures(ending).into_iter().map(|(version, _)| version).collect();
    assert!(
        known.contains(&version),
        "version {version} has no fixture, only {known:?}: run tests/run fixture"
    );
}

/// Returns the fixtures with this file extension: version and path.
fn fixtures(ending: &str) -> Vec<(i64, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace::root().join("tests/fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let version = name.strip_prefix("system-").and_then(|name| name.strip_suffix(&format!(".{ending}")));
        if let Some(version) = version {
            found.push((version.parse().unwrap(), path.clone()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there is no fixture `*.{ending}`");
    found
}
