//! Changes of storages that throws need and the database refuses: what needs them is quarantined, and everything
//! else goes on.

use std::time::{Duration, Instant};

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_storage_that_cannot_be_created_quarantines_its_records,
    a_field_that_cannot_be_added_quarantines_only_records_that_have_it,
    a_storage_whose_table_was_changed_by_hand_can_be_deleted,
];

const FACTORY: &str = "/api/v1/factory/storage/";

/// A throw that needs a refused change is answered like any other.
const QUICK: Duration = Duration::from_secs(3);

async fn throw(server: &Server, source: &str, record: &Json) -> Json {
    let began = Instant::now();
    let response = server.post(&format!("/throw/{source}"), record).await;
    assert!(began.elapsed() < QUICK, "it took {:?}: {response:?}", began.elapsed());
    assert!([200, 202].contains(&response.status), "{response:?}");
    response.json()
}

/// Returns the versions of a storage, which show whether a change was attempted again.
async fn versions(server: &Server, storage: &str) -> Json {
    server.get(&format!("{FACTORY}{storage}/versions/")).await.is(200).json()["results"].clone()
}

async fn replayed(server: &Server, source: &str) -> Json {
    let filters = json!({"filters": {"source": source}});
    server.post("/api/v1/quarantine/replay/", &filters).await.is(200).json()
}

async fn a_storage_that_cannot_be_created_quarantines_its_records(server: Server) {
    server.database().execute("CREATE TABLE storage_taken (x INTEGER)").await;
    let receipt = throw(&server, "taken", &json!([{"n": 1}, {"n": 2}])).await;
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(2)), "{receipt}");
    let error = &receipt["errors"][0];
    assert_eq!(error["code"], "storage-change-failed", "{receipt}");
    assert!(error["detail"].as_str().unwrap().contains("already exists"), "{receipt}");
    let before = versions(&server, "taken").await;
    assert_eq!((&before[0]["state"], &before[1]), (&json!("failed"), &Json::Null));
    for n in 3..6 {
        assert_eq!(throw(&server, "taken", &json!({"n": n})).await["quarantined"], 1);
    }
    assert_eq!(versions(&server, "taken").await, before, "it was not attempted again");
    // Other storages are not affected.
    assert_eq!(throw(&server, "free", &json!({"n": 1})).await["accepted"], 1);
    // The storage can be deleted, which leaves the table alone: it is someone else's.
    server.delete(&format!("{FACTORY}taken/?confirm=taken")).await.is(204).ok();
    server.database().execute("DROP TABLE storage_taken").await;
    let state = replayed(&server, "taken").await;
    assert_eq!((&state["stored"], &state["failed"]), (&json!(5), &json!(0)), "{state}");
}

async fn a_field_that_cannot_be_added_quarantines_only_records_that_have_it(server: Server) {
    assert_eq!(throw(&server, "s", &json!({"_id": "a", "n": 1})).await["accepted"], 1);
    let database = server.database();
    if database.is_postgres() {
        database
            .execute(
                "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'no changes of tables today'; END $$; \
                 CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('ALTER TABLE') \
                 EXECUTE FUNCTION refuse()",
            )
            .await;
    } else {
        database.execute("ALTER TABLE storage_s ADD COLUMN later TEXT").await;
    }
    let receipt =
        throw(&server, "s", &json!([{"n": 2}, {"n": 3, "later": "x"}, {"n": 4, "later": null}])).await;
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(2), &json!(1)), "{receipt}");
    let error = &receipt["errors"][0];
    assert_eq!(
        (&error["index"], &error["code"], &error["field"]),
        (&json!(1), &json!("storage-change-failed"), &json!("later")),
        "{receipt}"
    );
    let reason = if database.is_postgres() { "no changes of tables today" } else { "already has a column" };
    assert!(error["detail"].as_str().unwrap().contains(reason), "{receipt}");
    let before = versions(&server, "s").await;
    assert_eq!(before[1]["state"], "failed", "{before}");
    for n in 5..8 {
        let receipt = throw(&server, "s", &json!([{"n": n}, {"n": n, "later": "y"}])).await;
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(1)), "{receipt}");
    }
    assert_eq!(versions(&server, "s").await, before, "it was not attempted again");
    // An update of a row that exists, too.
    assert_eq!(throw(&server, "s", &json!({"_id": "a", "n": 9})).await["accepted"], 1);
    // Once the cause is gone and the server was restarted, they can be replayed.
    let undo = if database.is_postgres() {
        "DROP EVENT TRIGGER refuse"
    } else {
        "ALTER TABLE storage_s DROP COLUMN later"
    };
    database.execute(undo).await;
    let server = server.kill().await;
    let server = server.0.start(server.1).await;
    let state = replayed(&server, "s").await;
    assert_eq!((&state["stored"], &state["failed"]), (&json!(4), &json!(0)), "{state}");
    let rows = server.get("/api/v1/storage/s/?later=x").await.is(200).json();
    assert_eq!((&rows["count"], &rows["results"][0]["n"]), (&json!(1), &json!(3)), "{rows}");
}

async fn a_storage_whose_table_was_changed_by_hand_can_be_deleted(server: Server) {
    for (place, statements) in [
        "DROP TABLE {}",
        "ALTER TABLE {} RENAME TO elsewhere",
        "DROP TABLE {}; CREATE VIEW {} AS SELECT 1 AS x",
        "ALTER TABLE {} DROP COLUMN n",
        "CREATE VIEW dependent AS SELECT n FROM {}",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("s{place}");
        throw(&server, &name, &json!({"n": 1})).await;
        let table = format!("storage_{name}");
        server.database().execute(&statements.replace("{}", &table)).await;
        let delete = format!("{FACTORY}{name}/?confirm={name}");
        let response = server.delete(&delete).await;
        assert_eq!(response.status, 204, "{statements}: {response:?}");
        server.get(&format!("{FACTORY}{name}/")).await.problem(404);
    }
}
