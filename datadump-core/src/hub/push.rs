//! Pushes: throws whose records are readings of devices. They are decoded and committed like other throws, but
//! their records go to the storages of their devices, and readings of unknown devices may be refused.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{
    Hub,
    admit::{Admission, Reading, Sender, StoredAs},
    liveness::tracker::is_clock_off,
    rules::push::{PushReader, PushedReading},
};
use crate::{
    clock::UTC,
    error::{Error, Result},
    idempotency::Reservation,
    ingest::{
        Incoming,
        commit::{CommitOptions, Committed, IngestBatch, ProvenRow, ReceiptRecord},
        decode::DecodedThrow,
        keep_newer::KeepNewer,
        originals::{OriginalOf, Originals},
        prove::change_warning,
        replayed_receipt, throw_fingerprint,
    },
    memory::{MemoryShare, OutOfMemory},
    process,
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    receipt::{Receipt, Remark},
    record::{Changes, Names, Origin, Record, Records},
    store::{Write, system_storages::SystemStorage},
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

/// A push that is ready to be stored.
struct PreparedPush {
    context: Arc<ThrowContext>,
    /// Readings for storages with the built-in definition.
    rows: Vec<ProvenRow>,
    /// Readings for storages that were declared differently.
    records: Records,
    /// The reading of each of these records.
    record_readings: Vec<usize>,
    memory: MemoryShare,
    failed: Vec<FailedPart>,
    /// Refused readings, which are neither stored nor quarantined.
    refused: Vec<Remark>,
    /// Why the first of it is refused.
    refusal: Option<Error>,
    readings: Arc<[Reading]>,
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
        let outcome = self.push_with_key(&throw, Sender::Device(token.as_deref()), reservation).await;
        let (receipt, readings) = match outcome {
            Ok(pushed) => pushed,
            Err(error) => {
                let outcome = Err(error);
                self.ingest.remember(throw, &outcome);
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
        self.ingest.remember(throw, &receipt);
        Ok(Pushed { receipt: receipt?, commands })
    }

    async fn push_with_key(
        &self,
        throw: &Arc<Throw>,
        sender: Sender<'_>,
        reservation: Option<Reservation>,
    ) -> Result<(Receipt, Arc<[Reading]>)> {
        let decoded = self.ingest.decoder.decode(throw, None).await?;
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
        let complete = move |mut receipt: Receipt| {
            refused.iter().for_each(|remark| receipt.error(Stage::Route, remark.clone()));
            receipt
        };
        let record = reservation.as_ref().map(|reservation| ReceiptRecord::of(reservation, complete.clone()));
        let batch = prepared.into_batch(receipt, Vec::new());
        match (self.ingest.commit_with_key(batch, COMMIT_OPTIONS, record).await?, reservation) {
            (Committed::New(receipt, _), _) => {
                self.ingest.count(None, 1, &receipt);
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

    /// Turns the records of a push into readings for the storages of their devices.
    async fn prepare(
        &self,
        throw: Arc<Throw>,
        decoded: DecodedThrow,
        sender: Sender<'_>,
        receipt: &mut Receipt,
    ) -> Result<PreparedPush> {
        let DecodedThrow { format, body, output } = decoded;
        let received_at = throw.received_at;
        let quarantine = self.context.system(SystemStorage::Quarantine)?;
        let memory = self.ingest.decoder.memory(&throw.body);
        let context = ThrowContext { quarantine, throw, body, format, processor: None };
        let mut prepared = PreparedPush {
            context: Arc::new(context),
            rows: Vec::new(),
            records: Records::default(),
            record_readings: Vec::new(),
            memory,
            failed: Vec::new(),
            refused: Vec::new(),
            refusal: None,
            readings: Arc::default(),
        };
        let output = match output {
            Ok(output) => output,
            Err(failure) => {
                prepared.failed.push(FailedPart::whole(FailureReason::of(Stage::Decode, &failure)));
                return Ok(prepared);
            }
        };
        if let Some(memory) = output.meter.into_share() {
            prepared.memory = memory;
        }
        for (index, change) in output.changes.iter() {
            receipt.warn(Stage::Decode, change_warning(index, None, change));
        }
        for rejected in output.rejected {
            prepared.fail(rejected.origin, None, FailureReason::of(Stage::Decode, &rejected.failure));
        }
        let mut pushed = Vec::with_capacity(output.records.len());
        let (mut devices, mut reader) = (DeviceCounts::default(), PushReader::default());
        for record in output.records {
            consume_budget().await;
            let (before, text) = (pushed.len() + prepared.failed.len(), record.size());
            let Record { mut fields, non_finite, origin, .. } = record;
            fields.extend(non_finite);
            reader.read(fields, |one| match one {
                Ok(one) => {
                    let device = devices.count(&one.device);
                    pushed.push((origin.clone(), one, device));
                }
                Err(malformed) => {
                    let reason = FailureReason::of(Stage::Route, &malformed.failure);
                    let reason = FailureReason { field: malformed.field, ..reason };
                    prepared.fail(origin.clone(), Some(malformed.original), reason);
                }
            });
            let read = pushed.len() + prepared.failed.len() - before;
            match prepared.memory.grow(read * READING_BYTES + text) {
                Ok(()) => {}
                Err(OutOfMemory::InUse) => return Err(Error::Overloaded),
                Err(OutOfMemory::TooMuch) => {
                    let reason = FailureReason::of(Stage::Decode, &process::too_much_memory());
                    prepared.failed = vec![FailedPart::whole(reason)];
                    prepared.memory.shrink(usize::MAX);
                    return Ok(prepared);
                }
            }
        }
        let admitted = self.admit(devices.names.list(), &devices.counts, sender, received_at).await?;
        let accepted = pushed.iter().filter_map(|(_, pushed, device)| match admitted.get(*device) {
            Some(Ok(Admission::Accepted(device))) => Some((&device.device, pushed.sensor.as_str())),
            _ => None,
        });
        let mut sensors = self.sensors_named(&accepted.collect::<Vec<_>>()).await?.into_iter();
        let mut first_refused = None;
        let mut readings = Vec::with_capacity(sensors.len());
        prepared.rows.reserve_exact(sensors.len());
        for (origin, pushed, place) in pushed {
            let device = match admitted.get(place) {
                Some(Ok(Admission::Accepted(device))) => device,
                Some(Ok(Admission::Waiting(device))) => {
                    let detail = format!("device `{device}` is waiting to be adopted");
                    prepared.set_aside(origin, &pushed, "device-waiting", device.clone(), detail);
                    continue;
                }
                Some(Ok(Admission::Unstorable(device, refusal))) => {
                    let (code, detail) = (refusal.code, refusal.detail.clone());
                    prepared.set_aside(origin, &pushed, code, device.clone(), detail);
                    continue;
                }
                Some(Err(refusal)) => {
                    let remark = Remark {
                        index: Some(origin.index),
                        line: origin.line,
                        code: refusal.code.into(),
                        field: Some(pushed.sensor),
                        detail: refusal.error.to_string(),
                        ..Remark::default()
                    };
                    prepared.refused.push(remark);
                    first_refused.get_or_insert(place);
                    continue;
                }
                None => return Err(Error::internal("a reading without a device")),
            };
            let Some(sensor) = sensors.next().flatten() else {
                let detail = format!("device `{}` has too many sensors", pushed.device);
                prepared.set_aside(origin, &pushed, "too-many-sensors", pushed.sensor.clone(), detail);
                continue;
            };
            if pushed.at.is_some_and(|at| is_clock_off(at, received_at)) {
                let remark = Remark {
                    index: Some(origin.index),
                    line: origin.line,
                    code: "clock_off".into(),
                    field: Some("timestamp".into()),
                    detail: "the time is far from the server's; it is stored unchanged".into(),
                    quarantine: None,
                };
                receipt.warn(Stage::Route, remark);
            }
            let origin = Origin { byte_range: None, ..origin };
            let (stored_as, reading) = device.store(pushed, sensor, received_at)?;
            match stored_as {
                StoredAs::Row(row) => {
                    prepared.rows.push(ProvenRow { row, origin, index: readings.len() });
                }
                StoredAs::Record(storage, fields) => {
                    prepared.record_readings.push(readings.len());
                    prepared.records.push(Record { origin, storage: Some(storage), ..Record::new(fields) });
                }
            }
            readings.push(reading);
        }
        prepared.readings = readings.into();
        let refused = first_refused.and_then(|place| admitted.into_iter().nth(place)?.err());
        prepared.refusal = refused.map(|refusal| refusal.error);
        Ok(prepared)
    }
}

/// Approximate memory of a reading, from the record that it is read from to the row that it becomes.
const READING_BYTES: usize = 1 << 10;

/// Options for committing readings.
const COMMIT_OPTIONS: CommitOptions<'_> = CommitOptions {
    key: None,
    zone: &UTC,
    strict_fields: false,
    all_or_nothing: false,
    needs_rows: false,
    quarantine: true,
    newer: None,
};

impl PreparedPush {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.rows.is_empty() && self.failed.is_empty()
    }

    fn into_batch(self, receipt: Receipt, extra: Vec<Write>) -> IngestBatch {
        let Self { context, rows, records, record_readings, memory, failed, readings, .. } = self;
        let originals = Originals(Arc::new(move |of| {
            let reading = match of {
                OriginalOf::Record { place, .. } => *record_readings.get(place)?,
                OriginalOf::Row(index) => index,
                OriginalOf::Kept(_) => return None,
            };
            readings.get(reading).map(Reading::to_json)
        }));
        let changes = Changes::default();
        let originals = Some(originals);
        IngestBatch { context, receipt, records, changes, rows, originals, failed, extra, memory }
    }

    /// Sends a reading to quarantine because of one of its fields.
    fn set_aside(
        &mut self,
        origin: Origin,
        reading: &PushedReading,
        code: &str,
        field: String,
        detail: String,
    ) {
        let reason = FailureReason { stage: Stage::Route, code: code.into(), field: Some(field), detail };
        self.fail(origin, Some(reading.to_json()), reason);
    }

    /// Sends a part of the push to quarantine, in a form that can be pushed again.
    fn fail(&mut self, mut origin: Origin, original: Option<Json>, reason: FailureReason) {
        if original.is_some() {
            origin.byte_range = None;
        }
        let original = original.map(Arc::new);
        self.failed.push(FailedPart { origin: Some(origin), original, storage: None, reason });
    }
}

/// The devices named in a push, each with its number of readings.
#[derive(Default)]
struct DeviceCounts {
    names: Names,
    counts: Vec<usize>,
    last: usize,
}

impl DeviceCounts {
    /// Counts a reading of a device and returns the index of the device.
    fn count(&mut self, name: &str) -> usize {
        // Most readings are of the same device as the one before.
        if self.names.list().get(self.last).is_none_or(|last| last != name) {
            self.last = self.names.place(name).unwrap_or_else(|| {
                self.names.push(name.to_owned());
                self.counts.push(0);
                self.counts.len() - 1
            });
        }
        if let Some(readings) = self.counts.get_mut(self.last) {
            *readings += 1;
        }
        self.last
    }
}
