//! One import: commits each chunk together with the progress that it makes.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Imports, Running,
    position::Position,
    reader::{ReadChunk, ReadError, Reader},
    state::{End, ImportFailure, ImportRecord, ImportState, OnError},
    written,
};
use crate::{
    clock::Timestamp,
    error::{Error, Fault, Place, Result},
    idempotency::{RecordOutcome, Reservation},
    ingest::{
        chunks::PlainBody,
        commit::{CommitOptions, Committed, ReceiptRecord},
        source_cache::Source,
    },
    store::WriteBatch,
};

/// An import in progress.
#[derive(Debug)]
pub struct Import {
    imports: Imports,
    source: Arc<Source>,
    body: PlainBody,
    reader: Reader,
    position: Position,
    record: ImportRecord,
    updated_at: Timestamp,
    reservation: Reservation,
    /// True if the whole file is stored.
    is_done: bool,
    /// Keeps the lock on the idempotency key.
    pub(super) named: Option<Reservation>,
    /// Held by the writes in progress, too: they may outlive the import if its request is cut off.
    running: Arc<Running>,
}

impl Import {
    pub(super) fn new(
        imports: Imports,
        source: Arc<Source>,
        reader: Reader,
        position: Position,
        record: ImportRecord,
        reservation: Reservation,
        running: Running,
    ) -> Self {
        Self {
            updated_at: imports.context.now(),
            imports,
            source,
            body: PlainBody::default(),
            reader,
            position,
            is_done: record.end == End::Done,
            record,
            reservation,
            named: None,
            running: Arc::new(running),
        }
    }

    /// Returns the progress so far.
    pub fn state(&self) -> ImportState {
        self.record.state(true, self.updated_at)
    }

    /// Ends the import and returns what is stored.
    pub fn stop(self) -> ImportState {
        self.record.state(false, self.updated_at)
    }

    /// Takes the next bytes of the body and commits each chunk that is complete. An error ends the import; what was
    /// committed before stays.
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        self.imports.ingest.count_bytes(bytes.len());
        self.body.push(bytes)?;
        self.read_body().await
    }

    async fn read_body(&mut self) -> Result<()> {
        while let Some(bytes) = self.body.take()? {
            let new = self.position.skip(&bytes).map_err(|_| self.differs())?;
            if self.is_done && !new.is_empty() {
                return Err(self.mismatch("is complete, and its file was shorter; begin a new import"));
            }
            self.reader.push(new);
            self.commit_chunks().await?;
        }
        Ok(())
    }

    /// Commits the rest. Returns the outcome, and whether an earlier attempt had stored the whole file.
    pub async fn finish(mut self) -> Result<(ImportState, bool), (Error, Box<ImportState>)> {
        let is_replayed = self.is_done;
        match self.end().await {
            Ok(()) => {
                let (imports, state) = (self.imports.clone(), self.stop());
                // With the time that the database has recorded.
                let recorded = imports.get(state.id).await.ok().flatten();
                Ok((recorded.unwrap_or(state), is_replayed))
            }
            Err(error) => Err((error, Box::new(self.stop()))),
        }
    }

    async fn end(&mut self) -> Result<()> {
        self.body.finish();
        self.read_body().await?;
        if self.position.is_skipping() {
            return Err(self.mismatch("has stored more bytes than were sent; send the whole file"));
        }
        if self.is_done {
            return Ok(());
        }
        self.reader.finish();
        self.commit_chunks().await?;
        self.record.end = End::Done;
        self.record.failure = None;
        self.record(WriteBatch::independent(Vec::new())).await
    }

    async fn commit_chunks(&mut self) -> Result<()> {
        loop {
            let error = match self.reader.next().await {
                Ok(None) => return Ok(()),
                Ok(Some(chunk)) => match self.commit(chunk).await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Err(ReadError::Other(error)) => error,
                Err(ReadError::Malformed { line, code, detail }) => {
                    let text = format!("line {line}: {detail}");
                    let failure = ImportFailure { code: code.to_owned(), detail, line: Some(line) };
                    self.record.failure = Some(failure);
                    Error::Invalid(vec![Fault::new(Place::body(), code, text)])
                }
            };
            return Err(self.failed(error).await);
        }
    }

    /// Commits a chunk.
    async fn commit(&mut self, chunk: ReadChunk) -> Result<()> {
        let ReadChunk { bytes, throw, decoded, memory: _memory } = chunk;
        let position = self.position.advanced(&bytes);
        let mut next = self.record.clone();
        if let Some(format) = self.reader.format() {
            next.format = Some(format.name.clone());
            next.receipt.format.clone_from(&format.name);
            next.set_header(format.header.as_ref());
        }
        (next.records, next.lines) = (self.reader.records, self.reader.lines);
        next.segments = position.segments();
        next.process = self.imports.process;
        (next.end, next.failure) = (End::Running, None);
        let options = CommitOptions {
            all_or_nothing: next.settings.on_error == OnError::Stop,
            on_conflict: next.settings.on_conflict(),
            ..CommitOptions::of(&self.source)
        };
        let (recorder, template, running) = (self.reservation.clone(), next.clone(), self.running.clone());
        let row = move |receipt| {
            let _held = &running;
            let mut record = template.clone();
            record.receipt.add(receipt);
            recorder.row(None, serde_json::to_string(&record).ok())
        };
        let record = ReceiptRecord { reservation: self.reservation.clone(), row: Box::new(row) };
        let ingest = &self.imports.ingest;
        let is_first = self.position.bytes() == 0;
        let committed = ingest.commit_decoded(throw, &self.source, decoded, options, Some(record)).await?;
        let Committed::New(receipt, version) = committed else { return Err(Error::StillRunning) };
        if let Some(version) = version {
            self.reservation.advance(version);
        }
        ingest.count(None, u64::from(is_first), &receipt);
        next.receipt.add(receipt);
        (self.record, self.position) = (next, position);
        self.updated_at = self.imports.context.now();
        Ok(())
    }

    /// Records that the import failed, if sending the same file again would fail at the same place.
    async fn failed(&mut self, error: Error) -> Error {
        let error = match error {
            Error::Strict(receipt) => {
                let first = receipt.errors.first().cloned().unwrap_or_default();
                let line = first.line;
                let field =
                    first.field.as_ref().map(|field| format!("field `{field}`: ")).unwrap_or_default();
                let detail = format!("{field}{}", first.detail);
                self.record.failure = Some(ImportFailure { code: first.code, detail, line });
                Error::ImportStopped(receipt)
            }
            error @ (Error::Settings(_) | Error::Invalid(_) | Error::Encoding(_)) => {
                if self.record.failure.is_none() {
                    let code = error.faults().first().map_or("failed", |fault| fault.code).to_owned();
                    self.record.failure = Some(ImportFailure { code, detail: error.to_string(), line: None });
                }
                error
            }
            // It is interrupted, and can be continued.
            error => return error,
        };
        self.record.end = End::Failed;
        if let Err(error) = self.record(WriteBatch::independent(Vec::new())).await {
            tracing::warn!(import = %self.record.id, %error, "the failure of an import could not be recorded");
        }
        error
    }

    /// Commits the record beside the writes of a batch.
    pub(super) async fn record(&mut self, batch: WriteBatch) -> Result<()> {
        self.record.process = self.imports.process;
        let text = serde_json::to_string(&self.record).map_err(Error::internal)?;
        let row = self.reservation.row(None, Some(text));
        let batch = WriteBatch { idempotency: Some(self.reservation.record(move |_| row.clone())), ..batch };
        let outcomes = self.imports.context.store.write(batch).await?;
        let version = written(&RecordOutcome::of(outcomes.into_iter().last())?)?;
        self.reservation.advance(version);
        self.updated_at = self.imports.context.now();
        Ok(())
    }

    fn differs(&self) -> Error {
        self.mismatch("has stored other bytes than were sent; send the same file, or begin a new import")
    }

    fn mismatch(&self, why: &str) -> Error {
        Error::ImportMismatch(format!("import {} {why}", self.record.id))
    }
}
