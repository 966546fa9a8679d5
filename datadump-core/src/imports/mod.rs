//! Imports: files of any length whose records go to one storage. Each is committed chunk by chunk, and its progress is
//! recorded in the same transactions, so that an interrupted import continues where it stopped.
//!
//! ```text
//! bytes ─► position (skip what is stored) ─► reader (chunks, records) ─► ingest (validate, commit + progress)
//! ```

mod format;
mod import;
mod plan;
mod position;
mod read_error;
mod reader;
mod state;

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub use self::{
    import::Import,
    plan::{ImportPlan, PlannedColumn, PlannedImport},
    state::{ImportFailure, ImportRows, ImportState, OnError},
};
use self::{
    position::{FilePosition, WrongOffset},
    read_error::{FORMATS, unknown_format},
    reader::Reader,
    state::{End, ImportRecord, Settings},
};
use crate::{
    clock::Timestamp,
    context::Context,
    error::{Error, Fault, Place, Result},
    idempotency::{Fingerprint, Idempotency, RecordOutcome, RequestKey, Reservation, StoredAnswer},
    ingest::{Ingest, source_cache::Source},
    process::FileEncoding,
    receipt::Receipt,
    rows::OnConflict,
    rows::{Listing, Rows},
    schema::{Row, StorageName, Value},
    store::{WriteBatch, system_storages::SystemStorage},
    throw::{IMPORT, SourceName, Throw},
};

/// Time without progress, in microseconds, after which an import of another process counts as interrupted.
const STALL_TIMEOUT: i64 = 10_000_000;

/// The imports of a database.
#[derive(Debug, Clone)]
pub struct Imports {
    context: Context,
    ingest: Ingest,
    idempotency: Idempotency,
    /// The imports that this process carries out.
    running: Arc<Mutex<HashSet<Uuid>>>,
    /// Identifies this process.
    process: Uuid,
}

/// A request to import a file, without the file.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// The storage. If it does not exist, it is created as an inferred one.
    pub storage: String,
    /// The format; detected if there is none.
    pub format: Option<String>,
    /// The content type that was sent.
    pub content_type: Option<String>,
    /// Treatment of records whose key exists.
    pub on_conflict: OnConflict,
    /// Treatment of records that do not fit.
    pub on_error: OnError,
    /// True if apostrophes before formulas in tables belong to the text.
    pub raw: bool,
    /// The import that is continued.
    pub resume: Option<Uuid>,
    /// The part of the file that the body holds.
    pub part: FilePart,
    /// An idempotency key: a later request with the same key continues this import.
    pub key: Option<RequestKey>,
    /// The address of the sender.
    pub peer: Option<IpAddr>,
}

/// A part of a file. By default it is the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilePart {
    /// Position of its first byte in the file, decompressed.
    pub offset: u64,
    /// Its length in bytes, decompressed, if it is known. A body of another length is an error.
    pub length: Option<u64>,
    /// True if the file goes on after it. Then the import stores the lines, rows or items that are complete, and stays
    /// interrupted.
    pub continues: bool,
}

/// An import that this process carries out.
#[derive(Debug)]
struct Running {
    running: Arc<Mutex<HashSet<Uuid>>>,
    id: Uuid,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}

impl Imports {
    pub(crate) fn new(context: Context, ingest: Ingest, idempotency: Idempotency) -> Self {
        let process = context.ids.next();
        Self { context, ingest, idempotency, running: Arc::default(), process }
    }

    /// Begins or continues an import, whose body is passed to [`Import::push`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, ImportRequest};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let request = ImportRequest { storage: "dog".into(), ..ImportRequest::default() };
    /// let mut import = dump.imports().begin(request).await?;
    /// import.push("name,age\nRex,3\n".into()).await?;
    /// import.push("Fido,4\n".into()).await?;
    /// let (state, _) = import.finish().await.map_err(|(error, _)| error)?;
    /// assert_eq!((state.state, state.rows.stored), ("done", 2));
    /// assert_eq!(dump.storage("dog")?.list(&[]).await?.rows.len(), 2);
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn begin(&self, mut request: ImportRequest) -> Result<Import> {
        let (source, storage) = self.source(&request)?;
        let settings = Settings::new(request.on_conflict, request.on_error, request.raw);
        let mut named = None;
        if let Some(key) = request.key.take().filter(|_| request.resume.is_none()) {
            let text = serde_json::to_string(&settings).map_err(Error::internal)?;
            let format = request.format.clone().unwrap_or_default();
            let fingerprint = Fingerprint::of(["import by key", storage.as_str(), &text, &format]);
            let (reservation, found) = self.idempotency.reserve(key, fingerprint).await?;
            request.resume = found.as_ref().and_then(import_of);
            if found.is_some() && request.resume.is_none() {
                return Err(Error::KeyReused);
            }
            named = Some(reservation);
        }
        match request.resume {
            Some(id) => self.resume(id, request, source, &storage, &settings, named).await,
            None => self.start(request, source, storage, settings, named).await,
        }
    }

    async fn start(
        &self,
        request: ImportRequest,
        source: Arc<Source>,
        storage: StorageName,
        settings: Settings,
        named: Option<Reservation>,
    ) -> Result<Import> {
        if request.part.offset > 0 {
            let detail = "an offset applies to an import that is continued: name it with `resume`";
            return Err(parameter("offset", "not-applicable", detail.into()));
        }
        let (id, now) = (self.context.ids.next(), self.context.now());
        let (reservation, _) = self.reserve(id).await?;
        let receipt = Receipt::new(id, SourceName::reserved(IMPORT), "");
        let content_type = request.content_type.clone();
        let record =
            ImportRecord::new(receipt, storage.to_string(), self.process, settings, content_type, now);
        let running = self.run(id);
        let throw = throw(&request, &record);
        let reader = Reader::new(self.ingest.clone(), storage, throw, request.raw);
        let mut import =
            Import::new(self.clone(), source, reader, FilePosition::default(), record, reservation, running);
        import.part = request.part;
        // The key leads to the import from now on.
        let by_key = named.as_ref().and_then(|named| Some(named.write(key_row(named, id, now)?)));
        import.record(WriteBatch::atomic(by_key.into_iter().collect())).await?;
        import.named = named;
        Ok(import)
    }

    async fn resume(
        &self,
        id: Uuid,
        request: ImportRequest,
        source: Arc<Source>,
        storage: &StorageName,
        settings: &Settings,
        named: Option<Reservation>,
    ) -> Result<Import> {
        let (reservation, found) = self.reserve(id).await?;
        let Some(record) = found.as_ref().map(record).transpose()? else {
            return Err(Error::UnknownImport(id.to_string()));
        };
        let same_storage =
            StorageName::parse(&record.storage).is_ok_and(|other| other.folded() == storage.folded());
        if !same_storage {
            let detail = format!("import {id} is into storage `{}`", record.storage);
            return Err(parameter("resume", "not-applicable", detail));
        }
        let format =
            request.format.as_ref().filter(|format| record.format.as_ref().is_some_and(|f| f != *format));
        if record.settings != *settings || format.is_some() {
            let Settings { on_conflict, on_error, raw } = &record.settings;
            let detail = format!(
                "import {id} was begun with other parameters: send format={}, on_conflict={on_conflict}, on_error={}, \
                 raw={} again",
                record.format.as_deref().unwrap_or_default(),
                json!(on_error).as_str().unwrap_or_default(),
                u8::from(*raw),
            );
            return Err(parameter("resume", "not-applicable", detail));
        }
        let segments = record.segments.clone();
        let stored = position::total(&segments);
        let position = FilePosition::at_offset(segments, request.part.offset).map_err(|why| match why {
            WrongOffset::Gap => {
                let detail =
                    format!("import {id} has stored {stored} bytes; send the file from there or from before");
                Error::ImportMismatch(detail)
            }
            WrongOffset::TooManyAttempts => {
                let detail =
                    format!("import {id} was continued too often from an offset; send the whole file");
                Error::ImportMismatch(detail)
            }
        })?;
        let throw = throw(&request, &record);
        let mut reader = Reader::new(self.ingest.clone(), storage.clone(), throw, settings.raw);
        if let (Some(format), true) = (&record.format, stored > 0) {
            let encoding = record.encoding.as_deref().and_then(FileEncoding::named);
            reader.resume(format.clone(), record.header()?, encoding, (record.records, record.lines));
        }
        let running = self.run(id);
        let mut import = Import::new(self.clone(), source, reader, position, record, reservation, running);
        (import.named, import.part) = (named, request.part);
        Ok(import)
    }

    /// Returns a plan of an import, which stores nothing. The body is passed to [`ImportPlan::push`].
    pub fn plan(&self, request: &ImportRequest) -> Result<ImportPlan> {
        let detail = "a plan reads a whole file and continues no import";
        if request.resume.is_some() {
            return Err(parameter("resume", "not-applicable", detail.into()));
        }
        if request.part != FilePart::default() {
            return Err(parameter("offset", "not-applicable", detail.into()));
        }
        let (source, storage) = self.source(request)?;
        let (id, now) = (self.context.ids.next(), self.context.now());
        let settings = Settings::new(request.on_conflict, request.on_error, request.raw);
        let receipt = Receipt::new(id, SourceName::reserved(IMPORT), "");
        let record = ImportRecord::new(
            receipt,
            storage.to_string(),
            self.process,
            settings,
            request.content_type.clone(),
            now,
        );
        let reader = Reader::new(self.ingest.clone(), storage.clone(), throw(request, &record), request.raw);
        ImportPlan::new(self.context.clone(), &self.ingest, source, storage, reader, request)
    }

    /// Returns the progress or outcome of an import. It is kept for a day after its last progress.
    pub async fn get(&self, id: Uuid) -> Result<Option<ImportState>> {
        let in_force = self.context.system(SystemStorage::IdempotencyKey)?;
        let key = Value::Text(key(id).as_str().to_owned());
        let Some(row) = self.context.store.get(&in_force, &key).await? else { return Ok(None) };
        let answer: StoredAnswer = crate::system_rows::decode(&in_force.definition, &row)?;
        Ok(Some(self.state(&record(&answer)?, row.updated_at)))
    }

    /// Returns a page of imports, newest first. The parameters are `limit` and `offset`.
    pub async fn list(&self, mut parameters: Vec<(String, String)>) -> Result<Listing<Vec<ImportState>>> {
        let own = [
            ("id__gte", RequestKey::IMPORT),
            ("id__lt", RequestKey::AFTER_IMPORTS),
            ("ordering", "-id"),
            ("fields", "progress,updated_at"),
        ];
        parameters.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let page = Rows::system(&self.context, SystemStorage::IdempotencyKey).list(&parameters).await?;
        let mut states = Vec::with_capacity(page.rows.len());
        for row in &page.rows {
            let record: ImportRecord = serde_json::from_str(row["progress"].as_str().unwrap_or_default())
                .map_err(Error::internal)?;
            let updated_at = row["updated_at"].as_str().and_then(Timestamp::parse);
            states.push(self.state(&record, updated_at.unwrap_or(record.started_at)));
        }
        let is_own = |(name, _): &(String, String)| own.iter().any(|(own, _)| own == name);
        let without_own = |parameters: Vec<(String, String)>| -> Vec<(String, String)> {
            parameters.into_iter().filter(|parameter| !is_own(parameter)).collect()
        };
        let Listing { rows: _, count, estimated, next, previous } = page;
        let (next, previous) = (next.map(without_own), previous.map(without_own));
        Ok(Listing { rows: states, count, estimated, next, previous })
    }

    fn state(&self, record: &ImportRecord, updated_at: Timestamp) -> ImportState {
        let age = self.context.now().micros().saturating_sub(updated_at.micros());
        let is_elsewhere =
            record.end == End::Running && record.process != self.process && age < STALL_TIMEOUT;
        // The last writes may still be held in memory.
        let is_running =
            record.end != End::Done && (is_elsewhere || self.running.lock().contains(&record.id));
        record.state(is_running, updated_at)
    }

    fn run(&self, id: Uuid) -> Running {
        self.running.lock().insert(id);
        Running { running: self.running.clone(), id }
    }

    /// Checks what can be checked before the body is read.
    fn source(&self, request: &ImportRequest) -> Result<(Arc<Source>, StorageName)> {
        let source = self.ingest.source_of_import(&request.storage)?;
        let storage =
            source.import().cloned().ok_or_else(|| Error::internal("an import without a storage"))?;
        if storage.is_of_hub() {
            return Err(Error::HubStorage(storage.to_string()));
        }
        if let Some(format) = request.format.as_deref().filter(|format| !FORMATS.contains(format)) {
            return Err(unknown_format(&format!("{format:?} cannot be imported")));
        }
        Ok((source, storage))
    }

    async fn reserve(&self, id: Uuid) -> Result<(Reservation, Option<StoredAnswer>)> {
        let fingerprint = Fingerprint::of([b"import".as_slice(), id.as_bytes()]);
        self.idempotency.reserve(key(id), fingerprint).await
    }
}

/// Returns the key of the record of an import.
fn key(id: Uuid) -> RequestKey {
    RequestKey::of_import(id)
}

/// Reads the record of an import.
fn record(answer: &StoredAnswer) -> Result<ImportRecord> {
    serde_json::from_str(answer.progress.as_deref().unwrap_or_default()).map_err(Error::internal)
}

/// Returns the row that makes an idempotency key lead to an import. Each one differs from the one before, so that it
/// is stored and the key is kept for another day.
fn key_row(named: &Reservation, id: Uuid, now: Timestamp) -> Option<Row> {
    named.row(None, Some(json!({"import": id, "renewed_at": now}).to_string()))
}

/// Returns the import that an idempotency key leads to.
fn import_of(answer: &StoredAnswer) -> Option<Uuid> {
    let progress: Json = serde_json::from_str(answer.progress.as_deref()?).ok()?;
    Uuid::parse_str(progress["import"].as_str()?).ok()
}

/// Returns an import as a throw, without a body.
fn throw(request: &ImportRequest, record: &ImportRecord) -> Throw {
    Throw {
        id: record.id,
        source: SourceName::reserved(IMPORT),
        received_at: record.started_at,
        body: bytes::Bytes::new(),
        content_type: record.content_type.clone(),
        arguments: Vec::new(),
        format: request.format.clone(),
        peer: request.peer,
        head: None,
    }
}

fn parameter(name: &str, code: &'static str, detail: String) -> Error {
    Error::Settings(vec![Fault::new(Place::Parameter(name.into()), code, detail)])
}

/// Makes sure that a record was written.
fn written(outcome: &RecordOutcome) -> Result<i32> {
    match outcome {
        RecordOutcome::Written(Some(version)) => Ok(*version),
        // Another process continues the import, or has begun one with the same key.
        RecordOutcome::Written(None) | RecordOutcome::Existing(_) => Err(Error::StillRunning),
    }
}
