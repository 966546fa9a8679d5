//! The conformance suite on both databases.

use datadump_core::store::conformance::CHECKS;

use crate::databases::{Backend, Database};

async fn conforms(backend: Backend) {
    let mut failed = Vec::new();
    for check in CHECKS {
        let database = Database::new(backend).await;
        let started = std::time::Instant::now();
        let result = check.run(&database).await;
        println!("{:8.1} ms  {}", started.elapsed().as_secs_f64() * 1000.0, check.name);
        if let Err(error) = result {
            failed.push(format!("{}: {error}", check.name));
        }
    }
    assert!(failed.is_empty(), "{backend:?} does not conform:\n{}", failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_conforms() {
    conforms(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conforms() {
    conforms(Backend::Postgres).await;
}
