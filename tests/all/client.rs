//! The generated client and the command line.

use std::{
    process::Output,
    time::{Duration, Instant},
};

use datadump_client::{Client, Throw, done};
use datadump_tests::{Database, Server, dog, on_both, workspace};
use futures_util::StreamExt as _;
use serde_json::{Map, Value as Json, json};
use tokio::{process::Command, time::timeout};

on_both![
    the_generated_client_declares_writes_and_reads,
    the_command_line_declares_writes_and_reads,
    client_and_command_line_throw_data,
    streams_and_long_polls_outlast_the_time_limit,
];

async fn the_generated_client_declares_writes_and_reads(server: Server) {
    let client = Client::new(server.base());
    let declared = done(client.declare_storage().body(object(dog())).send().await).await.unwrap();
    assert_eq!((declared.name.as_str(), declared.version, declared.locked), ("dog", 1, true));
    server.wait_until_applied("dog").await;
    for (chip, color) in [("CHIP1", "red"), ("a/b", "blue")] {
        let row = object(json!({"chip_id": chip, "color": color, "collar_size": 40}));
        let saved = done(client.save_row().name("dog").body(row).send().await).await.unwrap();
        assert_eq!(saved["version"], 1);
    }
    let red = client.list_rows().name("dog").where_(r#"{"color": {"eq": "red"}}"#).count("exact");
    let red = done(red.send().await).await.unwrap();
    assert_eq!((red.count, red.results[0]["chip_id"].as_str()), (Some(1), Some("CHIP1")));
    let row = done(client.get_row().name("dog").key("a/b").send().await).await.unwrap();
    assert_eq!(row["color"], "blue");

    let stale = object(json!({"chip_id": "CHIP1", "color": "x", "collar_size": 1, "version": 7}));
    let failure = done(client.save_row().name("dog").body(stale).send().await).await.unwrap_err();
    let problem = failure.problem().unwrap_or_else(|| panic!("{failure}"));
    assert_eq!((problem.status, problem.code.as_str()), (409, "conflict"));
    assert_eq!(problem.current.as_ref().unwrap()["version"], 1);
    let failure = done(client.list_rows().name("dog").limit(5000_u64).send().await).await.unwrap_err();
    assert_eq!(failure.problem().unwrap().errors[0].parameter.as_deref(), Some("limit"));
    let failure = done(client.get_storage().name("nope").send().await).await.unwrap_err();
    assert_eq!(failure.problem().unwrap().status, 404);

    let status = done(client.status().send().await).await.unwrap();
    assert_eq!(status.storages[0].name, "dog");
    let changes =
        done(client.plan_storage().name("dog").body(object(dog())).send().await).await.unwrap().changes;
    assert!(changes.is_empty(), "{changes:?}");
    let gone = client.delete_row().name("dog").key("CHIP1").version(1).send().await;
    done(gone).await.unwrap();
    done(client.remove_storage().name("dog").confirm("dog").send().await).await.unwrap();
}

async fn the_command_line_declares_writes_and_reads(server: Server) {
    let declared = run_with_server(&server, &["storage", "declare", &dog().to_string()]).await.unwrap();
    assert_eq!(declared["name"], "dog");
    server.wait_until_applied("dog").await;
    let row = json!({"chip_id": "CHIP1", "color": "red", "collar_size": 40}).to_string();
    assert_eq!(run_with_server(&server, &["row", "save", "dog", &row]).await.unwrap()["version"], 1);
    let filter = r#"{"color": {"eq": "red"}}"#;
    let list = run_with_server(&server, &["row", "list", "dog", "--where", filter, "--ordering", "-chip_id"])
        .await
        .unwrap();
    assert_eq!(list["results"][0]["chip_id"], "CHIP1");
    assert_eq!(run_with_server(&server, &["row", "get", "dog", "CHIP1"]).await.unwrap()["color"], "red");
    assert_eq!(run_with_server(&server, &["storage", "list"]).await.unwrap()["count"], 1);
    assert_eq!(run_with_server(&server, &["storage", "get", "dog"]).await.unwrap()["locked"], false);
    assert!(run_with_server(&server, &["status"]).await.unwrap()["version"].is_string());
    let patched =
        run_with_server(&server, &["row", "patch", "dog", "CHIP1", r#"{"color": "black"}"#]).await.unwrap();
    assert_eq!((&patched["color"], &patched["version"]), (&"black".into(), &2.into()));
    run_with_server(&server, &["row", "delete", "dog", "CHIP1", "--version", "1"]).await.unwrap_err();
    run_with_server(&server, &["row", "delete", "dog", "CHIP1", "--version", "2"]).await.unwrap();
    let error = run_with_server(&server, &["row", "get", "dog", "CHIP1"]).await.unwrap_err();
    assert!(error.contains("CHIP1") && error.contains("404"), "{error}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, dog().to_string()).unwrap();
    let name = file.path().to_str().unwrap();
    for definition in [name, &format!("@{name}")] {
        let plan = run_with_server(&server, &["storage", "plan", "dog", definition]).await.unwrap();
        assert_eq!(plan["changes"], json!([]));
        assert_eq!(
            run_with_server(&server, &["storage", "declare", definition]).await.unwrap()["version"],
            1
        );
    }
    assert_eq!(run_with_server(&server, &["storage", "versions", "dog"]).await.unwrap()["count"], 1);
    assert_eq!(run_with_server(&server, &["storage", "status", "dog"]).await.unwrap()["applied"], true);
    let error =
        run_with_server(&server, &["storage", "remove", "dog", "--confirm", "cat"]).await.unwrap_err();
    assert!(error.contains("confirm"), "{error}");
    run_with_server(&server, &["storage", "remove", "dog", "--confirm", "dog"]).await.unwrap();
    for definition in ["no-such-file.json", "[]", "{"] {
        let error = run_with_server(&server, &["storage", "declare", definition]).await.unwrap_err();
        assert!(error.contains(definition), "{error}");
    }
}

async fn client_and_command_line_throw_data(server: Server) {
    let client = Client::new(server.base());
    let receipt = done(client.throw().body("{\"a\": 1}").send().await).await.unwrap();
    assert_eq!((receipt.source.as_str(), receipt.accepted), ("inbox", 1));
    let table = Throw::new("a,b\n1,2\n").source("table").content_type("text/csv").argument("unit", "km");
    let receipt = table.send(&client).await.unwrap();
    assert_eq!((receipt.source.as_str(), receipt.format.as_str(), receipt.accepted), ("table", "csv", 1));
    let failure = Throw::new("{").format("json").strict().send(&client).await.unwrap_err();
    assert_eq!(failure.problem().unwrap_or_else(|| panic!("{failure}")).status, 422);

    let receipt = run_with_server(&server, &["throw", r#"{"a": 2}"#, "--source", "shell"]).await.unwrap();
    assert_eq!((&receipt["source"], &receipt["accepted"]), (&json!("shell"), &json!(1)));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "{\"n\": 1}\n".repeat(100_000)).unwrap();
    let name = file.path().to_str().unwrap();
    for more in [&["--stream"][..], &[]] {
        let arguments = [&["throw", name, "--source", "shell"], more].concat();
        assert_eq!(run_with_server(&server, &arguments).await.unwrap()["accepted"], 100_000);
    }
    let sources = run_with_server(&server, &["sources"]).await.unwrap();
    assert_eq!(sources["count"], 3, "{sources}");
    assert_eq!(run_with_server(&server, &["sources", "shell"]).await.unwrap()["last_format"], "ndjson");
    run_with_server(&server, &["throw", "{", "--format", "json", "--source", "bad"]).await.unwrap();
    let waiting = run_with_server(&server, &["quarantine", "--source", "bad"]).await.unwrap();
    let id = waiting["results"][0]["id"].as_str().unwrap();
    assert_eq!(run_with_server(&server, &["quarantine", id]).await.unwrap()["text"], "{");
    for arguments in [&["replay", id][..], &["replay", "--source", "bad", "--dry-run"], &["replay"]] {
        assert_eq!(run_with_server(&server, arguments).await.unwrap()["failed"], 1, "{arguments:?}");
    }
    let error = run_with_server(&server, &["throw", "no-such-file.csv"]).await.unwrap_err();
    assert!(error.contains("no-such-file.csv"), "{error}");
}

/// A server that stops or dies ends a stream.
async fn streams_and_long_polls_outlast_the_time_limit(server: Server) {
    const LIMIT: Duration = Duration::from_millis(200);
    let limited = reqwest::Client::builder().timeout(LIMIT).build().unwrap();
    let client = Client::new_with_client(server.base(), limited);
    server.post("/api/data", &json!({"device_id": "lamp", "light": 1})).await.is(201).ok();

    let mut changes = done(client.stream().send().await).await.unwrap();
    let mut readings = done(client.stream_readings().send().await).await.unwrap();
    let mut commands = done(client.stream_commands().id("lamp").send().await).await.unwrap();
    let began = Instant::now();
    let polled = done(client.list_commands().id("lamp").wait(1.0).send().await).await;
    assert!(polled.is_ok() && began.elapsed() > 2 * LIMIT, "{polled:?} after {:?}", began.elapsed());
    server.post("/api/data", &json!({"device_id": "lamp", "light": 2})).await.is(201).ok();
    server.post("/api/v1/device/lamp/command/", &json!({"method": "on"})).await.is(202).ok();
    for (stream, expected) in
        [(&mut changes, "\"value\":2"), (&mut readings, "\"value\":2"), (&mut commands, "\"on\"")]
    {
        let mut text = String::new();
        while !text.contains(expected) {
            let piece = timeout(Duration::from_secs(30), stream.next()).await.unwrap();
            text += &String::from_utf8_lossy(&piece.unwrap_or_else(|| panic!("{text}")).unwrap());
        }
    }
    server.kill().await;
    for mut stream in [changes, readings, commands] {
        let rest = async {
            let mut errors = 0;
            while let Some(piece) = stream.next().await {
                errors += usize::from(piece.is_err());
                assert!(errors <= 1);
            }
        };
        timeout(Duration::from_secs(30), rest).await.unwrap();
    }
}

#[tokio::test]
async fn the_command_line_finds_the_server_or_names_the_address() {
    let server = Server::start(Database::sqlite()).await;
    let named = run(&["status"], server.address()).await;
    assert!(named.unwrap()["version"].is_string(), "from the environment, without a scheme");
    // A port that was free a moment ago has no listener.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let error = run(&["status"], &free).await.unwrap_err();
    let expected = format!("cannot reach http://{free}: connection refused; is the server running?");
    assert!(error.contains(&expected), "{error}");
}

async fn run_with_server(server: &Server, arguments: &[&str]) -> Result<Json, String> {
    let arguments = [&["--server", server.base()], arguments].concat();
    run(&arguments, "nowhere.invalid").await
}

async fn run(arguments: &[&str], environment: &str) -> Result<Json, String> {
    let mut command = Command::new(workspace::program("datadump"));
    command.env("DATADUMP_SERVER", environment).args(arguments);
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    if status.success() {
        Ok(serde_json::from_slice(&stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&stderr).into_owned())
    }
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(members) => members,
        other => panic!("{other}"),
    }
}
