//! Turns the records of a push into readings for the storages of their devices.

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
    error::{Error, Result},
    ingest::{
        commit::{IngestBatch, ProvenRow},
        decode::DecodedThrow,
        originals::{OriginalOf, Originals},
        prove::change_warning,
    },
    memory::{MemoryShare, OutOfMemory},
    process,
    quarantine::{FailedPart, FailureReason, Stage, ThrowContext},
    receipt::{Receipt, Remark},
    record::{Changes, Names, Origin, Record, Records},
    store::{Write, system_storages::SystemStorage},
    throw::Throw,
};

/// Approximate memory of a reading, from the record that it is read from to the row that it becomes.
const READING_BYTES: usize = 1 << 10;

/// A push that is ready to be stored.
pub(super) struct PreparedPush {
    context: Arc<ThrowContext>,
    /// Readings for storages with the built-in definition.
    rows: Vec<ProvenRow>,
    /// Readings for storages that were declared differently.
    records: Records,
    /// The reading of each of these records.
    record_readings: Vec<usize>,
    memory: MemoryShare,
    pub(super) failed: Vec<FailedPart>,
    /// Refused readings, which are neither stored nor quarantined.
    pub(super) refused: Vec<Remark>,
    /// The error of the first refused reading.
    pub(super) refusal: Option<Error>,
    pub(super) readings: Arc<[Reading]>,
}

impl Hub {
    /// Turns the records of a push into readings for the storages of their devices.
    pub(super) async fn prepare(
        &self,
        throw: Arc<Throw>,
        decoded: DecodedThrow,
        sender: Sender<'_>,
        receipt: &mut Receipt,
    ) -> Result<PreparedPush> {
        let DecodedThrow { format, body, output, .. } = decoded;
        let received_at = throw.received_at;
        let quarantine = self.context.system(SystemStorage::Quarantine)?;
        let memory = self.ingest.decoder.memory(&throw.body);
        let context = ThrowContext { quarantine, throw, body, format, processor: None, import: None };
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

impl PreparedPush {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.rows.is_empty() && self.failed.is_empty()
    }

    pub(super) fn into_batch(self, receipt: Receipt, extra: Vec<Write>) -> IngestBatch {
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
