//! Imports over HTTP: bodies of any length, of which each chunk is committed before the next one is read.

use std::fmt::Write as _;

use bytes::Bytes;
use datadump_core::{Error as CoreError, Import, ImportPlan, ImportRequest, ImportState, PlannedImport};
use poem::{
    Body,
    http::{HeaderName, HeaderValue},
};
use serde_json::json;

use super::{
    Thrower,
    stream::{STREAM_MEMORY, Sink, decompressor, push_chunks},
};
use crate::{
    extract::{Chunks, ThrowHead},
    problem::Problem,
};

/// The header with the ID of an import.
const IMPORT_ID: HeaderName = HeaderName::from_static("import-id");

/// The outcome of an import.
pub(crate) struct Imported {
    pub(crate) state: ImportState,
    /// True if an earlier request had stored the whole file.
    pub(crate) is_replayed: bool,
}

impl Sink for Import {
    fn push(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), CoreError>> + Send {
        self.push(bytes)
    }

    fn fail(&mut self, error: CoreError) -> impl Future<Output = CoreError> + Send {
        self.fail(error)
    }
}

impl Sink for ImportPlan {
    fn push(&mut self, bytes: Bytes) -> impl Future<Output = Result<(), CoreError>> + Send {
        self.push(bytes)
    }
}

impl Thrower {
    /// Imports a body.
    pub(crate) async fn import(
        &self,
        request: ImportRequest,
        head: ThrowHead,
        body: Body,
    ) -> Result<Imported, Problem> {
        let mut lease = self.memory.lease();
        lease.grow(self.stream_memory(&head))?;
        let decompressor = decompressor(&head)?;
        let mut import = Box::pin(self.dump.imports().begin(request)).await?;
        let chunks = Chunks::endless(body, self.stall_timeout);
        if let Err(problem) = push_chunks(&mut import, chunks, decompressor).await {
            return Err(with_state(problem, &import.stop()));
        }
        match import.finish().await {
            Ok((state, is_replayed)) => Ok(Imported { state, is_replayed }),
            Err((error, state)) => Err(with_state(error.into(), &state)),
        }
    }

    /// Reads a body and returns what its import would do.
    pub(crate) async fn plan_import(
        &self,
        request: &ImportRequest,
        head: ThrowHead,
        body: Body,
    ) -> Result<PlannedImport, Problem> {
        let mut lease = self.memory.lease();
        lease.grow(self.stream_memory(&head))?;
        let decompressor = decompressor(&head)?;
        let mut plan = self.dump.imports().plan(request)?;
        push_chunks(&mut plan, Chunks::endless(body, self.stall_timeout), decompressor).await?;
        Ok(plan.finish().await?)
    }

    /// Returns the memory that is counted for a body of any length.
    pub(super) fn stream_memory(&self, head: &ThrowHead) -> usize {
        let decompression: usize = head.encodings.iter().map(|encoding| encoding.memory()).sum();
        STREAM_MEMORY.min(self.max_throw) + decompression
    }
}

/// Adds to a problem what the import has stored, and how it is continued.
fn with_state(problem: Problem, state: &ImportState) -> Problem {
    let (id, rows, bytes) = (state.id, state.rows, state.bytes);
    let mut hint = format!(
        "{} rows and {} quarantine entries of the first {bytes} bytes were stored before",
        rows.stored, rows.quarantined,
    );
    // Another file does not continue the import, however often it is sent.
    if !matches!(problem.code.as_str(), "import-mismatch" | "idempotency-key-reused") {
        let _ = write!(hint, "; send the file again with `resume={id}` to continue");
    }
    let problem = problem.with_hint(&hint).with_receipt(json!(state));
    match HeaderValue::from_str(&id.to_string()) {
        Ok(id) => problem.with_header(IMPORT_ID, id),
        Err(_) => problem,
    }
}
