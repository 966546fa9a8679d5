//! PostgreSQL's log has no warnings without a reason.

use datadump_tests::{Database, Setup, dog, eventually};
use serde_json::json;

#[tokio::test]
async fn refused_rows_and_failed_migrations_end_only_transactions_that_exist() {
    // The server passes on the warnings that it gets.
    let setup = Setup::default().environment("DATADUMP_LOG_LEVEL", "info,sqlx=warn");
    let server = setup.start(Database::postgres().await).await;
    for n in 1..=3 {
        // From the second on, the row exists, which the first statement does not expect.
        let record = json!({"_id": "a", "n": n});
        assert_eq!(server.post("/throw/again", &record).await.is(200).json()["accepted"], 1);
    }
    server.declare(&dog()).await;
    for chip in ["A", "B"] {
        let row = json!({"chip_id": chip, "color": "red", "collar_size": 1});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    let mut unique = dog();
    unique["fields"][0]["unique"] = json!(true);
    let plan = server.post("/api/v1/factory/storage/dog/plan/", &unique).await.is(200).json();
    let hash = plan["plan_hash"].as_str().unwrap();
    let path = format!("/api/v1/factory/storage/?allow=breaking&plan={hash}");
    server.post(&path, &unique).await.is(201).ok();
    eventually("the migration has failed", || async {
        let status = server.get("/api/v1/factory/ready_status/dog/").await.is(200).json();
        (status["state"] == "failed").then_some(())
    })
    .await;
    let output = server.output();
    assert!(!output.contains("transaction in progress"), "{output}");
}
