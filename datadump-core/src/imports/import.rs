//! One import: commits each chunk together with the progress that it makes.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    FilePart, Imports, Running, key_row,
    position::FilePosition,
    read_error::ReadError,
    reader::{ReadChunk, Reader},
    state::{End, ImportFailure, ImportRecord, ImportState, OnError},
    written,
};
use crate::{
    clock::Timestamp,
    error::{Error, Fault, Place, Result},
    idempotency::{RecordOutcome, Reservation},
    ingest::{
        chunks::PlainBody,
        commit::{CommitOptions, Committed, NewCommit, ReceiptRecord},
        source_cache::Source,
    },
    quarantine::Stage,
    store::{Expect, Write, WriteBatch},
};

/// An import in progress.
#[derive(Debug)]
pub struct Import {
    imports: Imports,
    source: Arc<Source>,
    body: PlainBody,
    reader: Reader,
    position: FilePosition,
    record: ImportRecord,
    updated_at: Timestamp,
    reservation: Reservation,
    /// The part of the file that the body holds.
    pub(super) part: FilePart,
    /// Number of bytes of the body that have arrived, decompressed.
    received: u64,
    /// True if the whole file is stored.
    is_done: bool,
    /// The idempotency key, if the import was begun or found by one, and the lock on it.
    pub(super) named: Option<Reservation>,
    /// Held by the writes in progress, too: they may outlive the import if its request is cut off.
    running: Arc<Running>,
}

impl Import {
    pub(super) fn new(
        imports: Imports,
        source: Arc<Source>,
        reader: Reader,
        position: FilePosition,
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
            part: FilePart::default(),
            received: 0,
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
        match self.body.push(bytes) {
            Ok(()) => self.read_body().await,
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// Ends the import because the rest of its body cannot be read. Returns the error, once it is recorded if sending
    /// the same file again would fail at the same place.
    pub async fn fail(&mut self, error: Error) -> Error {
        self.failed(error).await
    }

    async fn read_body(&mut self) -> Result<()> {
        loop {
            let bytes = match self.body.take() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.failed(error).await),
            };
            self.received += bytes.len() as u64;
            if self.part.length.is_some_and(|length| self.received > length) {
                return Err(self.wrong_length());
            }
            let new = self.position.skip(&bytes).map_err(|_| self.differs())?;
            if self.is_done && !new.is_empty() {
                return Err(self.mismatch("is complete, and its file was shorter; begin a new import"));
            }
            self.reader.push(new);
            self.commit_chunks().await?;
        }
    }

    /// Commits the rest, or what is complete of it if the file goes on. Returns the outcome, and whether an earlier
    /// attempt had stored the whole file.
    pub async fn finish(mut self) -> Result<(ImportState, bool), (Error, Box<ImportState>)> {
        let is_replayed = self.is_done;
        match self.end().await {
            Ok(()) => {
                let (imports, mut state) = (self.imports.clone(), self.stop());
                // The time is that of the database.
                if let Ok(Some(recorded)) = imports.get(state.id).await {
                    state.updated_at = recorded.updated_at;
                }
                Ok((state, is_replayed))
            }
            Err(error) => Err((error, Box::new(self.stop()))),
        }
    }

    async fn end(&mut self) -> Result<()> {
        self.body.finish();
        self.read_body().await?;
        if self.part.length.is_some_and(|length| self.received != length) {
            return Err(self.wrong_length());
        }
        if self.part.continues {
            self.reader.pause();
            return self.commit_chunks().await;
        }
        if self.position.is_skipping() {
            return Err(self.mismatch("has stored more bytes than were sent; send the whole file"));
        }
        if self.is_done {
            return Ok(());
        }
        self.reader.finish();
        self.commit_chunks().await?;
        if self.record.end == End::Done {
            return Ok(());
        }
        // The file has ended with an earlier chunk, or is empty.
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
        let ReadChunk { bytes, is_last, throw, decoded, guess, memory: _memory } = chunk;
        let position = self.position.advanced(&bytes);
        let mut next = self.record.clone();
        if let Some(format) = self.reader.format() {
            next.format = Some(format.name.clone());
            next.receipt.format.clone_from(&format.name);
            next.set_header(format.header.as_ref());
        }
        next.encoding = self.reader.encoding().map(|encoding| encoding.name().to_owned());
        if let Some(remark) = guess {
            next.receipt.warn(Stage::Decode, remark);
        }
        (next.records, next.lines) = (self.reader.records, self.reader.lines);
        next.segments = position.segments();
        next.process = self.imports.process;
        // The end is recorded with the last chunk: the rest of a JSON array could not be read by itself.
        (next.end, next.failure) = (if is_last { End::Done } else { End::Running }, None);
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
        let extra = self.renewal().into_iter().collect();
        let record = ReceiptRecord { reservation: self.reservation.clone(), row: Box::new(row), extra };
        let ingest = &self.imports.ingest;
        let is_first = self.position.bytes() == 0;
        let committed = ingest.commit_decoded(throw, &self.source, decoded, options, Some(record)).await?;
        let Committed::New(commit) = committed else { return Err(Error::StillRunning) };
        let NewCommit { receipt, version, .. } = *commit;
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
        // A file that is stored as a whole stays so, whatever is sent later.
        if self.is_done {
            return error;
        }
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
                    let code = match &error {
                        Error::Encoding(_) => "broken-encoding",
                        error => error.faults().first().map_or("failed", |fault| fault.code),
                    };
                    let code = code.to_owned();
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
        let mut batch = batch;
        batch.writes.extend(self.renewal());
        let batch = WriteBatch { idempotency: Some(self.reservation.record(move |_| row.clone())), ..batch };
        let outcomes = self.imports.context.store.write(batch).await?;
        let version = written(&RecordOutcome::of(outcomes.into_iter().last())?)?;
        self.reservation.advance(version);
        self.updated_at = self.imports.context.now();
        Ok(())
    }

    /// Returns the write that keeps the idempotency key for as long as the progress that is recorded beside it. The
    /// record of the progress excludes all others.
    fn renewal(&self) -> Option<Write> {
        let row = key_row(self.named.as_ref()?, self.record.id, self.imports.context.now())?;
        Some(Write::put(row, Expect::Anything))
    }

    fn wrong_length(&self) -> Error {
        let length = self.part.length.unwrap_or_default();
        let detail = format!(
            "the body has {} {} bytes, and the part of the file that it was said to be has {length}",
            if self.received > length { "at least" } else { "only" },
            self.received,
        );
        Error::Settings(vec![Fault::new(Place::body(), "length-mismatch", detail)])
    }

    fn differs(&self) -> Error {
        self.mismatch("has stored other bytes than were sent; send the same file, or begin a new import")
    }

    fn mismatch(&self, why: &str) -> Error {
        if self.named.is_some() {
            return Error::KeyReused;
        }
        Error::ImportMismatch(format!("import {} {why}", self.record.id))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::{Dump, ImportRequest};

    /// Cuts an import off after its last chunk, and sends the file again.
    #[tokio::test]
    async fn an_import_that_is_cut_off_after_its_last_chunk_is_complete() {
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        for (name, body) in [
            ("array", "[{\"n\": 1}, {\"n\": 2}]\n"),
            ("object", "{\n\"n\": 1}"),
            ("lines", "{\"n\": 1}\n{\"n\": 2}\n"),
            ("table", "n,m\n1,2\n"),
            ("empty_array", "[ ]"),
        ] {
            let request = ImportRequest { storage: name.into(), ..ImportRequest::default() };
            let mut import = dump.imports().begin(request.clone()).await.unwrap();
            import.push(Bytes::from_static(body.as_bytes())).await.unwrap();
            import.body.finish();
            import.read_body().await.unwrap();
            import.reader.finish();
            import.commit_chunks().await.unwrap();
            let before = import.stop();
            assert_eq!(before.bytes, body.len() as u64, "{name}");
            let request = ImportRequest { resume: Some(before.id), ..request };
            let mut import = dump.imports().begin(request).await.unwrap();
            import.push(Bytes::from_static(body.as_bytes())).await.unwrap();
            let (state, is_replayed) = import.finish().await.unwrap();
            let found = (state.state, state.rows.read, is_replayed);
            assert_eq!(found, ("done", before.rows.read, true), "{name}");
        }
        dump.close().await;
    }
}
