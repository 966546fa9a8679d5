//! Pushes: throws whose records are readings of devices. They are decoded and committed like other throws, but
//! their records go to the storages of their devices, and readings of unknown devices may be refused.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    Hub,
    admit::{Reading, Sender},
};
use crate::{
    clock::UTC,
    error::{Error, Result},
    idempotency::Reservation,
    ingest::{
        Incoming,
        commit::{CommitOptions, Committed, NewCommit, ReceiptRecord},
        decode::DecodedThrow,
        keep_newer::KeepNewer,
        recent::Trace,
        replayed_receipt, throw_fingerprint,
    },
    quarantine::Stage,
    receipt::{Receipt, Remark},
    rows::OnConflict,
    store::Write,
    throw::{HUB, SourceName, Throw},
};

/// A push.
#[derive(Debug, Clone, Default)]
pub struct Push {
    /// The throw with the readings.
    pub throw: Incoming,
    /// The token of the device, if it has one.
    pub token: Option<String>,
    /// Maximum number of commands to lease to the device of the first reading.
    pub commands: usize,
}

/// The response to a push.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Counts of accepted, quarantined and refused readings.
    pub receipt: Receipt,
    /// The leased commands, if any were requested.
    pub commands: Option<Vec<Json>>,
}

impl Hub {
    /// Takes the readings of devices. When this returns, the resulting rows and quarantine entries are
    /// committed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, Push};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let body = r#"{"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}}"#.into();
    /// let push = Push { throw: Incoming { body, ..Incoming::default() }, ..Push::default() };
    /// let pushed = dump.hub().push(push).await?;
    /// assert_eq!(pushed.receipt.accepted, 2);
    /// let readings = dump.hub().fetch_device("pico_w", &[]).await?;
    /// assert_eq!(readings.to_json()[0]["device"], "pico_w");
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn push(&self, push: Push) -> Result<Pushed> {
        let Push { mut throw, token, commands } = push;
        self.ingest.decoder.check_size(&throw.body)?;
        let source = SourceName::reserved(HUB);
        let reservation = match throw.key.take() {
            None => None,
            Some(key) => {
                let fingerprint = throw_fingerprint("push", &source, &throw);
                match self.idempotency.reserve(key, fingerprint).await? {
                    (_, Some(answer)) => {
                        return Ok(Pushed { receipt: replayed_receipt(answer)?, commands: None });
                    }
                    (reservation, None) => Some(reservation),
                }
            }
        };
        let throw = Arc::new(self.ingest.receive(&source, throw));
        let mut trace = Trace::default();
        let sender = Sender::Device(token.as_deref());
        let outcome = self.push_with_key(&throw, sender, reservation, &mut trace).await;
        let (receipt, readings) = match outcome {
            Ok(pushed) => pushed,
            Err(error) => {
                let outcome = Err(error);
                self.ingest.remember(throw, &outcome, trace);
                return outcome.map(|receipt| Pushed { receipt, commands: None });
            }
        };
        self.mark_seen(&readings, throw.received_at);
        let commands = match readings.first().filter(|_| commands > 0) {
            // The readings are committed: an error here would make the device push them again.
            Some(first) => Some(self.lease_now(&first.device, commands).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "commands could not be leased to a device that pushed");
                Vec::new()
            })),
            None => (commands > 0).then(Vec::new),
        };
        let receipt = Ok(receipt);
        self.ingest.remember(throw, &receipt, trace);
        Ok(Pushed { receipt: receipt?, commands })
    }

    async fn push_with_key(
        &self,
        throw: &Arc<Throw>,
        sender: Sender<'_>,
        reservation: Option<Reservation>,
        trace: &mut Trace,
    ) -> Result<(Receipt, Arc<[Reading]>)> {
        let decoded = self.ingest.decoder.decode(throw, None).await?;
        trace.choice = Some(decoded.choice);
        let mut receipt = Receipt::new(throw.id, throw.source.clone(), decoded.format.clone());
        let mut prepared = self.prepare(throw.clone(), decoded, sender, &mut receipt).await?;
        // All of it is refused.
        if prepared.is_empty()
            && let Some(error) = prepared.refusal.take()
        {
            return Err(error);
        }
        let readings = prepared.readings.clone();
        let refused: Arc<[Remark]> = std::mem::take(&mut prepared.refused).into();
        let refused_readings = refused.clone();
        let complete = move |mut receipt: Receipt| {
            refused.iter().for_each(|remark| receipt.error(Stage::Route, remark.clone()));
            receipt
        };
        let record = reservation.as_ref().map(|reservation| ReceiptRecord::of(reservation, complete.clone()));
        let batch = prepared.into_batch(receipt, Vec::new());
        match (self.ingest.commit_with_key(batch, COMMIT_OPTIONS, record).await?, reservation) {
            (Committed::New(commit), _) => {
                let NewCommit { receipt, lineage, .. } = *commit;
                self.ingest.count(None, 1, &receipt);
                trace.lineage = lineage;
                for remark in refused_readings.iter() {
                    trace.lineage.refuse(remark.index.unwrap_or_default(), remark.line);
                }
                Ok((complete(receipt), readings))
            }
            (Committed::Existing(row), Some(reservation)) => {
                Ok((replayed_receipt(reservation.read(&row)?)?, Arc::default()))
            }
            (Committed::Existing(_), None) => Err(Error::internal("an idempotency record without a key")),
        }
    }

    /// Replays a quarantined part of a push, in one transaction with the writes in `extra`. Returns `None` if
    /// another replay was faster.
    pub(crate) async fn replay_push(
        &self,
        throw: Arc<Throw>,
        decoded: DecodedThrow,
        dry_run: bool,
        extra: Vec<Write>,
        newer: Option<KeepNewer<'_>>,
    ) -> Result<Option<Receipt>> {
        let mut receipt = Receipt::new(throw.id, throw.source.clone(), decoded.format.clone());
        let mut prepared = self.prepare(throw, decoded, Sender::Replay, &mut receipt).await?;
        if let Some(error) = prepared.refusal.take() {
            return Err(error);
        }
        if let Some(failed) = prepared.failed.first() {
            receipt.error(failed.reason.stage, failed.remark(None));
            return Ok(Some(receipt));
        }
        if dry_run {
            return Ok(Some(receipt));
        }
        let options = CommitOptions { all_or_nothing: true, newer, ..COMMIT_OPTIONS };
        match self.ingest.commit(prepared.into_batch(receipt, extra), options).await {
            Ok(receipt) => {
                self.ingest.count(None, 0, &receipt);
                Ok(Some(receipt))
            }
            Err(Error::Strict(receipt)) => Ok(Some(*receipt)),
            Err(Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Options for committing readings.
const COMMIT_OPTIONS: CommitOptions<'_> = CommitOptions {
    key: None,
    zone: &UTC,
    strict_fields: false,
    all_or_nothing: false,
    needs_rows: false,
    quarantine: true,
    on_conflict: OnConflict::Merge,
    newer: None,
};
