//! Rows that cannot be read, because something else than the server has damaged them.

use datadump_tests::{Server, on_both};
use serde_json::json;

on_both![current_rows_that_cannot_be_read_are_left_out];

async fn current_rows_that_cannot_be_read_are_left_out(server: Server) {
    let definition = json!({
        "name": "pup", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "color", "type": "text", "nullable": true}],
    });
    server.declare(&definition).await;
    server.post("/api/v1/storage/pup/", &json!({"id": 1, "color": "red"})).await.is(201).ok();
    // Neither is read by a write of another field.
    let damage = match server.database().is_postgres() {
        true => "ALTER TABLE storage_pup RENAME COLUMN color TO colour",
        false => "UPDATE storage_pup SET color = CAST(x'ff' AS TEXT)",
    };
    server.database().execute(damage).await;
    let path = "/api/v1/storage/pup/bulk/?on_conflict=error";
    let sent = json!([{"id": 1}, {"id": 2}]);
    let keyed = || server.post(path, &sent).header("idempotency-key", "k");
    let first = keyed().await.is(200).json();
    let statuses = [0, 1].map(|place: usize| first["results"][place]["status"].clone());
    assert_eq!(statuses, [409, 201]);
    assert_eq!((&first["results"][0]["code"], first["results"][0].get("current")), (&json!("exists"), None));
    // The recorded answer, too.
    assert_eq!(keyed().await.is(200).json(), first);
    let problem = server.post(&format!("{path}&atomic=1"), &sent).await.problem(409);
    assert_eq!(problem.get("current"), None, "{problem}");
}
