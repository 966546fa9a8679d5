//! `/health` and `/ready`: for whatever watches the process.

use std::time::Duration;

use datadump_core::Dump;
use poem::http::{HeaderValue, StatusCode, header};
use poem_openapi::{Object as ApiObject, OpenApi};
use serde::Serialize;

use super::Tag;
use crate::{answer::Reply, problem::Problem};

/// A database that takes longer is as good as gone for whoever asks.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether it lives, and whether it can work.
pub(crate) struct Health {
    pub(crate) dump: Dump,
}

/// That it lives.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Health")]
pub(crate) struct HealthAnswer {
    /// `ok`.
    status: String,
}

/// That it can work.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Ready")]
pub(crate) struct ReadyAnswer {
    /// `ready`.
    status: String,
    /// Storages whose next version is on its way; their rows are served meanwhile.
    migrating: u64,
}

#[OpenApi(tag = "Tag::Operation")]
impl Health {
    /// Say that the process lives.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> Result<Reply<HealthAnswer>, Problem> {
        Ok(Reply(HealthAnswer { status: "ok".into() }))
    }

    /// Say whether requests can be served: whether the database answers, and takes what is written.
    ///
    /// After something could not be written (507: there is no room; 503: the disk or the database fails)
    /// each call tries to write again.
    ///
    /// The system tables are up to date as soon as anything is served, and a storage that is being
    /// migrated does not keep others from working, so neither makes the server unready.
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> Result<Reply<ReadyAnswer>, Problem> {
        match tokio::time::timeout(PATIENCE, self.dump.ping()).await {
            Ok(answer) => answer?,
            Err(_) => return Err(too_slow()),
        }
        let migrating = self.dump.storages().iter().filter(|storage| storage.is_migrating()).count();
        Ok(Reply(ReadyAnswer { status: "ready".into(), migrating: migrating as u64 }))
    }
}

fn too_slow() -> Problem {
    let detail = format!("the database did not answer within {} s", PATIENCE.as_secs());
    let problem =
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database is not available", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
}
