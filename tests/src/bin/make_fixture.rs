//! Makes a fixture of the current version of the system tables in `tests/fixtures`, from which later releases test
//! that they upgrade it: `system-N.db` for SQLite, `system-N.sql` for PostgreSQL, and for each the responses of a
//! server on it, as JSON. N is the version. Run it (`tests/run fixture`) once for each new version, and commit the
//! files.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "it prints, and fails by panicking")]

use std::fs;

use datadump_tests::{Database, Server, cat, dog, record, snapshot, workspace};
use serde_json::json;
use tokio::process::Command;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = workspace::root().join("tests/fixtures");
    fs::create_dir_all(&folder).expect("the folder can be made");
    for database in [Database::sqlite(), Database::postgres().await] {
        let server = Server::start(database).await;
        fill(&server).await;
        let seen = snapshot(&server).await;
        assert!(!seen.to_string().contains(r#""locked":true"#), "a migration is pending: {seen}");
        let (_setup, database) = server.stop().await;
        let version = database.system_version().await;
        let file = |ending: &str| folder.join(format!("system-{version}.{ending}"));
        let kind = match &database {
            Database::Sqlite(_) => {
                fs::copy(database.file(), file("db")).expect("the file can be copied");
                "sqlite"
            }
            Database::Postgres { url, .. } | Database::External { url } => {
                fs::write(file("sql"), dump(url).await).expect("the file can be written");
                "postgres"
            }
        };
        let text = format!("{seen:#}\n");
        fs::write(file(&format!("{kind}.json")), text).expect("the file can be written");
        println!("made the {kind} fixture of version {version}");
    }
}

/// Fills the database: all field kinds, several versions of storages and rows, a dropped field, the hub.
async fn fill(server: &Server) {
    server.declare(&dog()).await;
    server.declare(&cat()).await;
    server.declare(&record()).await;
    for (chip, color, size) in [("CHIP1", "black", 40), ("CHIP2", "brown", 35), ("Ä/'\"", "", -1)] {
        let row = json!({"chip_id": chip, "color": color, "collar_size": size});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    server.patch("/api/v1/storage/dog/CHIP1/", &json!({"color": "white"})).await.is(200).ok();
    let whole = json!({
        "flag": true, "small": -5, "large": i64::MAX, "ratio": 0.1, "price": "12.30", "label": "ä🐕",
        "text": "line\nline", "other": "0198a7f2-3c1d-7e00-8000-0123456789ab", "day": "2024-02-29",
        "at": "23:59:59.999999", "moment": "2026-01-02T03:04:05.000006Z", "data": {"a": [1, null, "x"]},
        "bytes": "AP8=", "size": "l",
    });
    for row in [json!({"text": ""}), whole] {
        server.post("/api/v1/storage/record/", &row).await.is(201).ok();
    }
    let mut second = dog();
    let added = json!({"name": "good", "type": "boolean", "default": true});
    second["fields"].as_array_mut().expect("it is a list").push(added);
    server.declare(&second).await;
    let mut third = cat();
    third["fields"].as_array_mut().expect("it is a list").remove(1);
    let plan = server.post("/api/v1/factory/storage/cat/plan/", &third).await.is(200).json();
    let hash = plan["plan_hash"].as_str().expect("a plan has a hash");
    let path = format!("/api/v1/factory/storage/?allow=destructive&plan={hash}");
    server.post(&path, &third).await.is(201).ok();
    server.wait_until_applied("cat").await;
    for value in [json!(21.5), json!("wet"), json!(22)] {
        let push = json!({"device_id": "pico_w", "sensors": {"temperature": value, "温度": 1}});
        server.post("/api/data", &push).await.is(201).ok();
    }
    let settings = json!({"labels": {"room": "attic"}, "period_s": 3600});
    server.patch("/api/v1/device/pico_w/", &settings).await.is(200).ok();
    server.post("/api/v1/device/pico_w/command/", &json!({"method": "pump"})).await.is(202).ok();
}

async fn dump(url: &str) -> String {
    let options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments", "--dbname"];
    let output = Command::new("pg_dump").args(options).arg(url).output().await.expect("pg_dump is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("it is text");
    // Leaves out psql commands, comments and empty lines.
    let is_kept = |line: &&str| !line.starts_with('\\') && !line.starts_with("--") && !line.is_empty();
    text.lines().filter(is_kept).fold(String::new(), |text, line: &str| text + line + "\n")
}
