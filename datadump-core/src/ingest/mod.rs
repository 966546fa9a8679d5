//! Turns throws into committed rows and quarantine entries.
//!
//! ```text
//! throw ─► decode ─► transform (program, routes) ─► commit (validate, store) ─► receipt
//! ```

mod assembly;
mod auto_schema;
pub(crate) mod chunks;
pub(crate) mod commit;
pub(crate) mod counters;
pub(crate) mod decode;
pub(crate) mod dry_run;
pub(crate) mod format_choice;
mod idempotent;
pub(crate) mod imported;
pub(crate) mod keep_newer;
pub(crate) mod lineage;
pub(crate) mod originals;
mod outcomes;
pub(crate) mod programs;
pub(crate) mod prove;
pub(crate) mod recent;
pub(crate) mod recent_filter;
pub(crate) mod recent_records;
mod record_ids;
mod simulate;
pub(crate) mod source_cache;
pub(crate) mod sources;
mod stream;
mod stream_resume;
pub(crate) mod transform;

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

pub(crate) use self::idempotent::{replayed_receipt, throw_fingerprint};
pub use self::stream::Stream;
use self::{
    auto_schema::AutoSchema,
    commit::{CommitOptions, Committed, IngestBatch, ReceiptRecord},
    counters::{Counters, ThrowCounts},
    decode::{DecodedThrow, Decoder},
    programs::{Processors, Programs},
    recent::{RecentThrows, Trace},
    source_cache::{Source, SourceCache},
    sources::Sources,
};
use crate::{
    context::Context,
    definitions::Definitions,
    error::{Error, Fault, Place, Result},
    idempotency::{Idempotency, RequestKey},
    memory::MemoryBudget,
    notices::NoticeKind,
    process::{Registry, vrl::Workers},
    quarantine::KeptThrowRow,
    receipt::Receipt,
    schema::StorageName,
    store::{Expect, Write, system_storages::SystemStorage},
    throw::{RequestHead, SourceName, Throw},
};

/// Maximum pause after sources and programs have been reloaded.
const MAX_RELOAD_PAUSE: Duration = Duration::from_secs(1);

/// Pause before a failed reload of sources and programs is retried.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The pipeline that processes throws.
#[derive(Debug, Clone)]
pub struct Ingest {
    context: Context,
    idempotency: Idempotency,
    sources: Sources,
    programs: Programs,
    pub(crate) decoder: Decoder,
    auto_schema: AutoSchema,
    recent: Arc<RecentThrows>,
    /// The counters of all throws, those of deleted sources and pushes included.
    counters: Arc<Counters>,
    /// Number of bytes of all throws and pushes, as they arrived.
    received: Arc<AtomicU64>,
}

/// The parts and limits of the pipeline.
#[derive(Debug)]
pub(crate) struct IngestOptions {
    pub(crate) registry: Registry,
    /// Names of the processors that the embedding program has added.
    pub(crate) native: HashSet<String>,
    pub(crate) workers: Workers,
    /// Maximum size of a decompressed throw in bytes.
    pub(crate) max_throw: usize,
    /// Memory for all throws in progress.
    pub(crate) memory: MemoryBudget,
}

/// A throw as it arrives.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// Its id, if the thrower must know it before the throw is processed.
    pub id: Option<Uuid>,
    /// Its bytes. They are decompressed by the pipeline if they start with the signature of gzip or
    /// Zstandard.
    pub body: Bytes,
    /// The content type that was sent.
    pub content_type: Option<String>,
    /// The URL arguments, except those that control the throw.
    pub arguments: Vec<(String, String)>,
    /// The format to parse it as.
    pub format: Option<String>,
    /// The address of the sender.
    pub peer: Option<IpAddr>,
    /// The request that brought it.
    pub head: Option<Arc<RequestHead>>,
    /// Stores nothing if there is any error.
    pub strict: bool,
    /// Its idempotency key. Later throws with the same key get the first receipt again, marked as
    /// [`replayed`](Receipt::replayed).
    pub key: Option<RequestKey>,
}

impl Ingest {
    /// Opens the service: loads programs and sources, and reloads them whenever they change.
    pub(crate) async fn open(
        context: Context,
        definitions: Definitions,
        idempotency: Idempotency,
        options: IngestOptions,
    ) -> Result<Self> {
        let IngestOptions { registry, native, workers, max_throw, memory } = options;
        let processors = Arc::new(Processors { registry, native, workers });
        let (cache, recent) = (Arc::new(SourceCache::default()), Arc::new(RecentThrows::default()));
        let programs = Programs::new(context.clone(), processors.clone(), cache.clone());
        let sources = Sources::new(context.clone(), programs.clone(), cache, recent.clone());
        let ingest = Self {
            auto_schema: AutoSchema::new(context.clone(), definitions),
            decoder: Decoder::new(processors, max_throw, memory),
            context,
            idempotency,
            sources,
            programs,
            recent,
            counters: Arc::default(),
            received: Arc::default(),
        };
        ingest.reload().await?;
        ingest.follow_changes();
        Ok(ingest)
    }

    /// Returns the sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Returns the memory for all throws in progress.
    pub fn memory(&self) -> &MemoryBudget {
        self.decoder.budget()
    }

    /// Returns the processors.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    async fn reload(&self) -> Result<()> {
        self.programs.reload().await?;
        self.sources.reload().await
    }

    /// Reloads sources and programs whenever this or another process has changed them.
    fn follow_changes(&self) {
        let (ingest, mut changes) = (self.clone(), self.context.store.config_signal());
        self.context.background.spawn(async move {
            while changes.changed().await.is_ok() {
                let began = Instant::now();
                match ingest.reload().await {
                    // Writers of sources wait during a reload, so reloads take at most a fifth of the time.
                    Ok(()) => tokio::time::sleep((4 * began.elapsed()).min(MAX_RELOAD_PAUSE)).await,
                    Err(error) => {
                        tracing::warn!(%error, "sources and programs could not be reloaded; retrying");
                        tokio::time::sleep(RETRY_DELAY).await;
                        changes.mark_changed();
                    }
                }
            }
        });
    }

    /// Processes a throw at a source. When this returns, its rows and quarantine entries are committed.
    pub(crate) async fn throw(&self, source: &SourceName, incoming: Incoming) -> Result<Receipt> {
        self.decoder.check_size(&incoming.body)?;
        if incoming.key.is_some() {
            return Box::pin(self.throw_with_key(source, incoming)).await;
        }
        let strict = incoming.strict;
        let throw = Arc::new(self.receive(source, incoming));
        let mut trace = Trace::default();
        let committed = self.run_with_key(&throw, strict, None, &mut trace).await;
        let outcome = committed.and_then(Committed::new_commit).map(|commit| {
            trace.lineage = commit.lineage;
            commit.receipt
        });
        self.remember(throw, &outcome, trace);
        outcome
    }

    /// Returns the source of imports into a storage.
    pub(crate) fn source_of_import(&self, storage: &str) -> Result<Arc<Source>> {
        let fault =
            |why| Error::Settings(vec![Fault::new(Place::Parameter("name".into()), "invalid-name", why)]);
        let storage = StorageName::parse(storage).map_err(fault)?;
        Ok(Arc::new(Source::of_import(storage, self.context.now())?))
    }

    /// Assigns an incoming throw its id and time of receipt.
    pub(crate) fn receive(&self, source: &SourceName, incoming: Incoming) -> Throw {
        self.count_bytes(incoming.body.len());
        Throw {
            id: incoming.id.unwrap_or_else(|| self.context.ids.next()),
            source: source.clone(),
            received_at: self.context.now(),
            body: recent::owned(incoming.body),
            content_type: incoming.content_type,
            arguments: incoming.arguments,
            format: incoming.format,
            peer: incoming.peer,
            head: incoming.head,
        }
    }

    /// Adds the outcomes of a throw to the counters. `throws` is 0 if they are further outcomes of a throw that
    /// was counted before.
    pub(crate) fn count(&self, source: Option<&Source>, throws: u64, receipt: &Receipt) {
        let of_source = source.map(Source::counters);
        of_source
            .into_iter()
            .chain([self.counters.as_ref()])
            .for_each(|counters| counters.add(throws, receipt));
    }

    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the number of bytes of all throws, pushes and imports, as they arrived: before they are decompressed.
    pub fn received_bytes(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns the counters of all throws, pushes included.
    pub fn counted(&self) -> ThrowCounts {
        self.counters.read()
    }

    /// Returns the last throws of all sources.
    pub fn recent_throws(&self) -> &RecentThrows {
        &self.recent
    }

    /// Adds a throw to the list of recent throws, and publishes a notice with its id.
    pub(crate) fn remember(&self, throw: Arc<Throw>, outcome: &Result<Receipt>, trace: Trace) {
        let id = throw.id;
        self.recent.put(throw, outcome, trace);
        self.context.notices.publish(NoticeKind::Throw, move || json!({"id": id}));
    }

    async fn run_with_key(
        &self,
        throw: &Arc<Throw>,
        strict: bool,
        record: Option<ReceiptRecord>,
        trace: &mut Trace,
    ) -> Result<Committed> {
        let known = self.sources.find(throw.source.as_str());
        let format = known.as_ref().and_then(|source| source.settings.format.as_deref());
        let decoded = self.decoder.decode(throw, format).await?;
        trace.choice = Some(decoded.choice);
        let source = match known {
            Some(source) => source,
            // Only a throw whose format is known creates a source.
            None => Box::pin(self.sources.get_or_create(&throw.source, &decoded.format)).await?,
        };
        let options = CommitOptions { all_or_nothing: strict, ..CommitOptions::of(&source) };
        let committed = self.commit_decoded(throw.clone(), &source, decoded, options, record).await?;
        if let Committed::New(commit) = &committed {
            self.count(Some(&source), 1, &commit.receipt);
        }
        Ok(committed)
    }

    /// Transforms and commits a decoded throw.
    pub(crate) async fn commit_decoded(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        decoded: DecodedThrow,
        options: CommitOptions<'_>,
        record: Option<ReceiptRecord>,
    ) -> Result<Committed> {
        source.note_format(&decoded.format);
        let mut receipt = Receipt::new(throw.id, throw.source.clone(), decoded.format.clone());
        let mut extra = Vec::new();
        if source.settings.keep_raw {
            let in_force = self.context.system(SystemStorage::KeptThrow)?;
            let row = KeptThrowRow::encode(&in_force, &throw, &decoded.format)?;
            extra.push(Write::put(row, Expect::Anything));
        }
        let transformed = self.transform(throw, source, decoded, None).await?;
        receipt.dropped = transformed.dropped;
        let is_of_program = transformed.is_of_program;
        let batch = IngestBatch { extra, ..IngestBatch::of(transformed, receipt) };
        let mut committed = self.commit_with_key(batch, options, record).await?;
        if let Committed::New(commit) = &mut committed {
            commit.lineage.is_of_program = is_of_program;
        }
        Ok(committed)
    }
}
