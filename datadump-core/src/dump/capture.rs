//! What surrounds throws: sources, programs, quarantine, recent throws, simulation.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Dump, Listing};
use crate::{
    error::{Error, Result},
    source::Settings,
    throw::SourceName,
};

/// A source, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// What it does with what is thrown at it.
    pub settings: Settings,
    /// The format of the last throw.
    pub last_format: Option<String>,
    /// How often its settings were written.
    pub version: i32,
    /// When it was made: RFC 3339.
    pub created_at: String,
    /// When its settings were last written.
    pub updated_at: String,
    /// What this process has counted since it started: throws accepted quarantined dropped duplicates.
    pub counted: Counted,
}

/// What was counted at a source.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counted {
    /// Throws.
    pub throws: u64,
    /// Rows written.
    pub accepted: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// Records dropped.
    pub dropped: u64,
    /// Records that were there already.
    pub duplicates: u64,
}

/// A processor, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessorInfo {
    /// Its name.
    pub name: String,
    /// `built-in`, `program` (written here) or `native` (of the program that embeds the library).
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// For a program, what it takes: `record` or `throw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// For a program, its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// For a program, what its compiler warns of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Json>,
}

/// How far a replay is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayState {
    /// Its id.
    pub id: Uuid,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    /// Whether nothing is stored.
    pub dry_run: bool,
    /// Entries looked at.
    pub done: u64,
    /// Entries there are to look at.
    pub total: u64,
    /// Entries that became rows now.
    pub stored: u64,
    /// Entries that still fail, or whose records still do.
    pub failed: u64,
    /// Entries that were replayed before.
    pub skipped: u64,
    /// The first failures: `{quarantine, code, detail}`.
    pub errors: Vec<Json>,
}

/// Which entries to replay, and how.
#[derive(Debug, Clone, Default)]
pub struct ReplayRequest {
    /// Filters on the entries, as parameters of a list (`source=…`, `code=…`, `throw=…`); waiting
    /// entries only. For a single entry: `id=…`.
    pub filters: Vec<(String, String)>,
    /// Whether to store nothing.
    pub dry_run: bool,
    /// A program to use in the place of the source's: its text.
    pub program: Option<String>,
    /// Whether to replay kept throws instead of quarantine.
    pub kept: bool,
}

impl Dump {
    /// All sources, by name.
    pub fn sources(&self) -> Vec<SourceInfo> {
        Vec::new()
    }

    /// A source.
    pub fn source(&self, name: &str) -> Result<SourceInfo> {
        Err(Error::UnknownSource(name.to_owned()))
    }

    /// Makes a source, or changes all its settings. Whether it is new. `expect` is a version.
    pub async fn set_source(
        &self,
        name: &SourceName,
        settings: &Json,
        expect: Option<i32>,
    ) -> Result<(SourceInfo, bool)> {
        let _ = (name, settings, expect);
        Err(Error::internal("not yet"))
    }

    /// Changes some settings of a source: a JSON merge patch.
    pub async fn patch_source(&self, name: &str, patch: &Json, expect: Option<i32>) -> Result<SourceInfo> {
        let _ = (name, patch, expect);
        Err(Error::internal("not yet"))
    }

    /// Forgets a source; its rows stay.
    pub async fn remove_source(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(Error::internal("not yet"))
    }

    /// The last throws at a source, newest first: `{throw, received_at, content_type, peer, size,
    /// body | body_base64, cut, format, receipt | error}`.
    pub fn recent(&self, source: &str) -> Result<Vec<Json>> {
        Err(Error::UnknownSource(source.to_owned()))
    }

    /// All processors: built in, native, and programs written here, by name.
    pub fn processors(&self) -> Vec<ProcessorInfo> {
        Vec::new()
    }

    /// A processor.
    pub fn processor(&self, name: &str) -> Result<ProcessorInfo> {
        Err(Error::UnknownProcessor(name.to_owned()))
    }

    /// All versions of a program written here, first to last.
    pub async fn processor_versions(&self, name: &str) -> Result<Vec<ProcessorInfo>> {
        Err(Error::UnknownProcessor(name.to_owned()))
    }

    /// Makes a program, or its next version. Whether it is new. One that does not compile is
    /// [`Error::Program`] with the compiler's messages.
    pub async fn set_processor(
        &self,
        name: &SourceName,
        takes: &str,
        program: &str,
    ) -> Result<(ProcessorInfo, bool)> {
        let _ = (name, takes, program);
        Err(Error::internal("not yet"))
    }

    /// Deletes a program. One that a source uses is refused.
    pub async fn remove_processor(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(Error::internal("not yet"))
    }

    /// What would become of sample throws; stores nothing. Request: `{source?, processor?: name,
    /// program?: text, takes?, format?, routes?, unrouted?, throws: [{body | body_base64,
    /// content_type?, args?}]}`. Answer: `{throws: [{format, records, rejected, program, routed,
    /// rows, violations, …}]}`.
    pub async fn simulate(&self, request: &Json) -> Result<Json> {
        let _ = request;
        Err(Error::internal("not yet"))
    }

    /// Entries of quarantine, as rows are listed: filters, order, pages. Without their bytes.
    pub async fn quarantine(&self, parameters: &[(String, String)]) -> Result<Listing> {
        let _ = parameters;
        Err(Error::internal("not yet"))
    }

    /// One entry, its bytes as base64, and as text when they are text.
    pub async fn quarantined(&self, id: &str) -> Result<Json> {
        let _ = id;
        Err(Error::internal("not yet"))
    }

    /// The bytes of an entry, with their content type.
    pub async fn quarantined_bytes(&self, id: &str) -> Result<(Vec<u8>, Option<String>)> {
        let _ = id;
        Err(Error::internal("not yet"))
    }

    /// Forgets an entry.
    pub async fn discard(&self, id: &str) -> Result<()> {
        let _ = id;
        Err(Error::internal("not yet"))
    }

    /// Starts a replay; it runs by itself.
    pub async fn replay(&self, request: ReplayRequest) -> Result<Arc<ReplayState>> {
        let _ = request;
        Err(Error::internal("not yet"))
    }

    /// How far a replay is, or how it ended.
    pub fn replay_state(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        let _ = id;
        None
    }

    /// All replays this process remembers, newest first.
    pub fn replays(&self) -> Vec<Arc<ReplayState>> {
        Vec::new()
    }

    /// Stops a replay after the entry it is at; waits until it has.
    pub async fn stop_replay(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.replay_state(id)
    }

    /// Waits until a replay has ended, at most so long.
    pub async fn replay_ended(&self, id: Uuid, patience: std::time::Duration) -> Option<Arc<ReplayState>> {
        let _ = patience;
        self.replay_state(id)
    }
}
