//! `/health` and `/ready`: liveness and readiness probes.

use std::time::Duration;

use datadump_core::Dump;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::{Object as ApiObject, OpenApi};
use serde::Serialize;

use super::tag::Tag;
use crate::{answer::Reply, problem::Problem};

/// How long the readiness probe waits for the database.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Liveness and readiness probes.
pub(crate) struct Health {
    pub(crate) dump: Dump,
}

/// The response of a live process.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Health")]
pub(crate) struct HealthAnswer {
    /// Always `ok`.
    status: String,
}

/// The response of a ready server.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Ready")]
pub(crate) struct ReadyAnswer {
    /// Always `ready`.
    status: String,
    /// Number of storages with a running migration. Their rows are served meanwhile.
    migrating: u64,
}

#[OpenApi(tag = "Tag::Operation")]
impl Health {
    /// Check that the process is alive
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> Result<Reply<HealthAnswer>, Problem> {
        Ok(Reply(HealthAnswer { status: "ok".into() }))
    }

    /// Check that the server can serve requests
    ///
    /// Checks that the database responds, can be written and, on SQLite, that its file is intact. After a failed write (507: no space left; 503:
    /// the disk or the database fails), each call tries to write again.
    ///
    /// System tables are migrated before the server accepts requests, and a migration of one storage does not
    /// block the others, so neither makes the server unready.
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> Result<Reply<ReadyAnswer>, Problem> {
        match tokio::time::timeout(PING_TIMEOUT, self.dump.ping()).await {
            Ok(answer) => answer?,
            Err(_) => return Err(too_slow()),
        }
        let migrating = self.dump.definitions().all().iter().filter(|storage| storage.is_migrating()).count();
        Ok(Reply(ReadyAnswer { status: "ready".into(), migrating: migrating as u64 }))
    }
}

fn too_slow() -> Problem {
    let detail = format!("the database did not respond within {} s", PING_TIMEOUT.as_secs());
    let problem =
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database is not available", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
}
