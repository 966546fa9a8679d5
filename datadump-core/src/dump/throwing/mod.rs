//! Throws: the one function that runs all stages.
//!
//! ```text
//! throw ─► read (decode) ─► sort (program, routes) ─► keep (validate, store) ─► receipt
//! ```

mod again;
mod entry;
mod grow;
mod keep;
mod once;
mod parts;
mod push;
mod read;
mod rehearse;
mod resume;
mod stream;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Dump,
    capture::{recent, sources::Source},
    once::Once,
};
use crate::{
    error::{Error, Result},
    receipt::Receipt,
    schema::{Row, Value},
    store::{Expect, Write, system_storages::SystemStorage},
    throw::{SourceName, Throw},
};
pub(super) use again::Again;
pub(super) use grow::Growth;
use keep::{Batch, How, Kept, Noting};
pub use push::{Push, Pushed};
pub(super) use read::{Reading, storage_name};
pub use stream::Stream;

/// A throw that is about to be made.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// Its id, when its thrower has to know it before anything has become of it.
    pub id: Option<Uuid>,
    /// Its bytes; decompressed here when they say by themselves that they are compressed.
    pub body: Bytes,
    /// What it says its content type is.
    pub content_type: Option<String>,
    /// The arguments of its address, without those that say how to throw.
    pub arguments: Vec<(String, String)>,
    /// The format it asks to be read as.
    pub format: Option<String>,
    /// The address of who sends it.
    pub peer: Option<IpAddr>,
    /// Whether any error means that nothing is stored.
    pub strict: bool,
    /// That it is to be stored once, however often it is thrown: then [`Receipt::again`] says of the
    /// later receipts that they are the first one.
    pub once: Option<Once>,
}

impl Dump {
    /// Throws something at a source. What it became is committed when this returns.
    ///
    /// With `strict` and anything wrong, [`Error::Strict`] says what, and nothing was stored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, SourceName};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let inbox = SourceName::parse("inbox").unwrap();
    /// let body = r#"{"speed": "1.75"}"#.into();
    /// let receipt = dump.throw(&inbox, Incoming { body, ..Incoming::default() }).await?;
    /// assert_eq!((receipt.format.as_str(), receipt.accepted), ("json", 1));
    /// let rows = dump.storage("inbox")?.list(&[]).await?.rows;
    /// assert_eq!(rows[0]["speed"], "1.75");
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn throw(&self, source: &SourceName, incoming: Incoming) -> Result<Receipt> {
        if incoming.body.len() > self.capture.max_throw {
            return Err(Error::TooLarge { limit: self.capture.max_throw });
        }
        if incoming.once.is_some() {
            return Box::pin(self.throw_once(source, incoming)).await;
        }
        let strict = incoming.strict;
        let throw = Arc::new(self.begin(source, incoming));
        let outcome = self.run(&throw, strict).await;
        self.capture.recent.put(throw, &outcome);
        outcome
    }

    /// A throw as it is from now on.
    fn begin(&self, source: &SourceName, incoming: Incoming) -> Throw {
        Throw {
            id: incoming.id.unwrap_or_else(|| self.ids.next()),
            source: source.clone(),
            received_at: self.clock.now(),
            body: recent::owned(incoming.body),
            content_type: incoming.content_type,
            arguments: incoming.arguments,
            format: incoming.format,
            peer: incoming.peer,
        }
    }

    async fn run(&self, throw: &Arc<Throw>, strict: bool) -> Result<Receipt> {
        match self.run_once(throw, strict, None).await? {
            Kept::Now(receipt, _) => Ok(receipt),
            Kept::Before(_) => Err(Error::internal("a record that nobody asked for")),
        }
    }

    async fn run_once(&self, throw: &Arc<Throw>, strict: bool, noting: Option<Noting>) -> Result<Kept> {
        let known = self.capture.sources.find(throw.source.as_str());
        let settled = known.as_ref().and_then(|source| source.settings.format.as_deref());
        let reading = self.read(throw, settled).await?;
        let source = match known {
            Some(source) => source,
            // Only what can be read at all makes a source.
            None => Box::pin(self.source_of(&throw.source, &reading.format)).await?,
        };
        let kept = self.keep_reading(throw.clone(), &source, reading, strict, noting).await?;
        if let Kept::Now(receipt, _) = &kept {
            source.count(receipt);
        }
        Ok(kept)
    }

    /// From what was read of a throw to its receipt.
    async fn keep_reading(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        reading: Reading,
        strict: bool,
        noting: Option<Noting>,
    ) -> Result<Kept> {
        source.note_format(&reading.format);
        let mut receipt = Receipt::new(throw.id, throw.source.clone(), reading.format.clone());
        let mut beside = Vec::new();
        if source.settings.keep_raw {
            beside.push(Write::put(self.kept(&throw, &reading.format)?, Expect::Anything));
        }
        let sorted = self.sort(throw, source, reading, None).await?;
        receipt.dropped = sorted.dropped;
        let batch = Batch {
            seed: sorted.seed,
            receipt,
            bound: sorted.bound,
            ready: Vec::new(),
            heard: Arc::default(),
            failed: sorted.failed,
            beside,
        };
        let how = How {
            key: source.settings.key.as_deref(),
            strict_fields: source.settings.strict,
            whole: strict,
            quarantine: true,
        };
        self.keep_once(batch, how, noting).await
    }

    /// The throw as it came, to be kept.
    fn kept(&self, throw: &Throw, format: &str) -> Result<Row> {
        let in_force = self.store.catalogue().system(SystemStorage::KeptThrow)?;
        let text = |text: &str| Value::Text(text.replace('\0', "\u{fffd}"));
        let arguments: Vec<Json> =
            throw.arguments.iter().map(|(name, value)| Json::from(vec![name.as_str(), value])).collect();
        let mut arguments = Json::from(arguments);
        crate::schema::infer::replace_nul(&mut arguments);
        let values = vec![
            text(throw.source.as_str()),
            text(format),
            throw.content_type.as_deref().map_or(Value::Null, text),
            Value::Json(arguments.to_string()),
            throw.peer.map_or(Value::Null, |peer| Value::Text(peer.to_string())),
            Value::Timestamp(throw.received_at),
            Value::Binary(throw.body.to_vec()),
        ];
        Ok(Row::proven(in_force, Some(Value::Uuid(throw.id)), values))
    }
}
