//! A push: a throw whose records say what devices have measured. It goes the way of all throws, but for where
//! its records go, and for what a device may do: readings of a device that is not known may be refused.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{
    Incoming, Reading,
    entry::{Seed, Step, Trouble},
    keep::{Batch, Bound, Failed, How, Kept, Noting, Ready},
    once::{receipt, request},
    read::Sorted,
};
use crate::{
    dump::{
        Dump,
        hub::{Admitted, Becomes, Heard, Pushing, Who},
        once::Slot,
    },
    error::{Error, Result},
    hub::push::{self, Said},
    receipt::{Receipt, Remark},
    record::{Origin, Record},
    store::{Write, system_storages::SystemStorage},
    throw::{HUB, SourceName, Throw},
};

/// What is pushed.
#[derive(Debug, Clone, Default)]
pub struct Push {
    /// The throw it is.
    pub throw: Incoming,
    /// The token of the device that pushes, if it has one.
    pub token: Option<String>,
    /// How many commands are given to the device in return; of the device of the first reading.
    pub commands: usize,
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// What was accepted, quarantined, and refused.
    pub receipt: Receipt,
    /// Commands for the device.
    pub commands: Option<Vec<Json>>,
}

/// A push before anything of it is stored.
pub(super) struct Sifted {
    sorted: Sorted,
    /// Readings for storages as we make them.
    ready: Vec<Ready>,
    /// What is refused: it is neither stored nor in quarantine.
    refused: Vec<(Remark, Error)>,
    heard: Arc<[Heard]>,
}

impl Dump {
    /// Takes what devices have measured. What it became is committed when this returns.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, Push};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let body = r#"{"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}}"#.into();
    /// let pushed = dump.push(Push { throw: Incoming { body, ..Incoming::default() }, ..Push::default() }).await?;
    /// assert_eq!(pushed.receipt.accepted, 2);
    /// let readings = dump.fetch_device("pico_w", &[]).await?;
    /// assert_eq!(readings[0]["device"], "pico_w");
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn push(&self, push: Push) -> Result<Pushed> {
        let Push { mut throw, token, commands } = push;
        if throw.body.len() > self.capture.max_throw {
            return Err(Error::TooLarge { limit: self.capture.max_throw });
        }
        let source = SourceName::reserved(HUB);
        let slot = match throw.once.take() {
            None => None,
            Some(once) => match self.slot(once, request("push", &source, &throw)).await? {
                (_, Some(record)) => return Ok(Pushed { receipt: receipt(record)?, commands: None }),
                (slot, None) => Some(slot),
            },
        };
        let throw = Arc::new(self.begin(&source, throw));
        let outcome = self.push_once(&throw, Who::Device(token.as_deref()), slot).await;
        let (receipt, heard) = match outcome {
            Ok(pushed) => pushed,
            Err(error) => {
                let outcome = Err(error);
                self.capture.recent.put(throw, &outcome);
                return outcome.map(|receipt| Pushed { receipt, commands: None });
            }
        };
        self.beat(&heard, throw.received_at);
        let commands = match heard.first().filter(|_| commands > 0) {
            // The readings are committed: who hears of an error here would push them again.
            Some(first) => Some(self.pending(first, commands).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "a device is not given its commands with the answer to its push");
                Vec::new()
            })),
            None => (commands > 0).then(Vec::new),
        };
        let receipt = Ok(receipt);
        self.capture.recent.put(throw, &receipt);
        Ok(Pushed { receipt: receipt?, commands })
    }

    async fn push_once(
        &self,
        throw: &Arc<Throw>,
        who: Who<'_>,
        slot: Option<Slot>,
    ) -> Result<(Receipt, Arc<[Heard]>)> {
        let reading = self.read(throw, None).await?;
        let mut begun = Receipt::new(throw.id, throw.source.clone(), reading.format.clone());
        let mut sifted = self.sift(throw.clone(), reading, who, &mut begun).await?;
        if sifted.is_empty() && !sifted.refused.is_empty() {
            // Nothing of it is taken.
            return Err(sifted.refused.swap_remove(0).1);
        }
        let Sifted { sorted, ready, refused, heard } = sifted;
        let Sorted { seed, bound, failed, .. } = sorted;
        let (heard_here, beside) = (heard.clone(), Vec::new());
        let batch = Batch { seed, receipt: begun, bound, ready, heard: heard_here, failed, beside };
        let refused: Vec<Remark> = refused.into_iter().map(|(remark, _)| remark).collect();
        let whole = move |mut receipt: Receipt| {
            refused.iter().for_each(|remark| receipt.error(remark.clone()));
            receipt
        };
        let noting = slot.clone().map(|slot| {
            let (whole, maker) = (whole.clone(), slot.clone());
            let row = move |receipt| Some(maker.row(serde_json::to_string(&whole(receipt)).ok(), None));
            Noting { slot, row: Box::new(row) }
        });
        match (self.keep_once(batch, HOW, noting).await?, slot) {
            (Kept::Now(receipt, _), _) => Ok((whole(receipt), heard)),
            (Kept::Before(row), Some(slot)) => Ok((receipt(slot.read(&row)?)?, Arc::default())),
            (Kept::Before(_), None) => Err(Error::internal("a record that nobody asked for")),
        }
    }

    /// From the records of a push to readings on their way to the storages of their devices.
    pub(super) async fn sift(
        &self,
        throw: Arc<Throw>,
        reading: Reading,
        who: Who<'_>,
        receipt: &mut Receipt,
    ) -> Result<Sifted> {
        let Reading { format, body, mut output } = reading;
        let share = output.as_mut().ok().and_then(|output| output.share.take());
        let received_at = throw.received_at;
        let quarantine = self.store.catalogue().system(SystemStorage::Quarantine)?;
        let seed = Arc::new(Seed { quarantine, throw, body, format, processor: None, _share: share });
        let sorted = Sorted { seed, bound: Vec::new(), failed: Vec::new(), dropped: 0 };
        let (ready, refused) = (Vec::new(), Vec::new());
        let mut sifted = Sifted { sorted, ready, refused, heard: Arc::default() };
        let output = match output {
            Ok(output) => output,
            Err(failure) => {
                let trouble = Trouble::of(Step::Decode, &failure);
                sifted.sorted.failed.push(Failed { origin: None, original: None, storage: None, trouble });
                return Ok(sifted);
            }
        };
        for rejected in output.rejected {
            sifted.fail(rejected.origin, None, Trouble::of(Step::Decode, &rejected.failure));
        }
        let mut said = Vec::with_capacity(output.records.len());
        let (mut devices, mut reader) = (Devices::default(), push::Reader::default());
        for record in output.records {
            consume_budget().await;
            let Record { mut fields, non_finite, origin, .. } = record;
            fields.extend(non_finite);
            reader.read(fields, |one| match one {
                Ok(one) => {
                    let device = devices.place(&one.device);
                    said.push((origin.clone(), one, device));
                }
                Err(unread) => {
                    let trouble =
                        Trouble { field: unread.field, ..Trouble::of(Step::Route, &unread.failure) };
                    sifted.fail(origin.clone(), Some(unread.original), trouble);
                }
            });
        }
        let admitted = self.admit(&devices.named, who, received_at).await?;
        let taken = said.iter().filter_map(|(_, said, device)| match admitted.get(*device) {
            Some(Ok(Admitted::Taken(device))) => Some((device, said)),
            _ => None,
        });
        let mut sensors = self.recognise(taken).await?.into_iter();
        let mut heard = Vec::with_capacity(sensors.len());
        sifted.ready.reserve_exact(sensors.len());
        for (origin, said, device) in said {
            let device = match admitted.get(device) {
                Some(Ok(Admitted::Taken(device))) => device,
                Some(Ok(Admitted::Waiting(device))) => {
                    let detail = format!("device `{device}` waits to be adopted");
                    sifted.set_aside(origin, &said, "device-waiting", device.clone(), detail);
                    continue;
                }
                Some(Err(refusal)) => {
                    let remark = Remark {
                        index: Some(origin.index),
                        line: origin.line,
                        code: refusal.code().into(),
                        field: Some(said.sensor),
                        detail: refusal.error().to_string(),
                        quarantine: None,
                    };
                    sifted.refused.push((remark, refusal.error()));
                    continue;
                }
                None => return Err(Error::internal("a reading of no device")),
            };
            let Some(sensor) = sensors.next().flatten() else {
                let detail = format!("device `{}` has too many sensors", said.device);
                sifted.set_aside(origin, &said, "too-many-sensors", said.sensor.clone(), detail);
                continue;
            };
            let pushing = Pushing::new(said, device, sensor, received_at);
            if pushing.is_clock_off {
                receipt.warn(Remark {
                    index: Some(origin.index),
                    line: origin.line,
                    code: "clock_off".into(),
                    field: Some("timestamp".into()),
                    detail: "its time is far from the server's; it is kept as it is".into(),
                    quarantine: None,
                });
            }
            let origin = Origin { byte_range: None, ..origin };
            let (becomes, this) = pushing.kept(received_at);
            match becomes {
                Becomes::Row(row) => sifted.ready.push(Ready { row, origin, heard: heard.len() }),
                Becomes::Record(storage, fields) => sifted.sorted.bound.push(Bound {
                    storage,
                    record: Record { origin, ..Record::new(fields) },
                    original: Some(Arc::new(this.to_json())),
                }),
            }
            heard.push(this);
        }
        sifted.heard = heard.into();
        Ok(sifted)
    }

    /// Keeps what waited in quarantine, together with the entry that says so.
    pub(super) async fn push_again(
        &self,
        throw: Arc<Throw>,
        reading: Reading,
        dry_run: bool,
        beside: Vec<Write>,
    ) -> Result<Option<Receipt>> {
        let mut receipt = Receipt::new(throw.id, throw.source.clone(), reading.format.clone());
        let sifted = self.sift(throw, reading, Who::Replay, &mut receipt).await?;
        if let Some((_, error)) = sifted.refused.into_iter().next() {
            return Err(error);
        }
        if let Some(failed) = sifted.sorted.failed.first() {
            receipt.error(failed.remark(None));
            return Ok(Some(receipt));
        }
        if dry_run {
            return Ok(Some(receipt));
        }
        let Sifted { sorted, ready, heard, .. } = sifted;
        let Sorted { seed, bound, failed, .. } = sorted;
        let batch = Batch { seed, receipt, bound, ready, heard, failed, beside };
        match self.keep(batch, How { whole: true, ..HOW }).await {
            Ok(receipt) => Ok(Some(receipt)),
            Err(Error::Strict(receipt)) => Ok(Some(*receipt)),
            // Another replay was faster.
            Err(Error::Precondition { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The devices that a push names, each once, and how many readings it has of each.
#[derive(Default)]
struct Devices {
    named: Vec<(String, usize)>,
    /// Where they stand; of a few that is not noted.
    places: HashMap<String, usize>,
    last: usize,
}

/// How many devices are a few.
const FEW: usize = 8;

impl Devices {
    /// The place of one that has another reading.
    fn place(&mut self, name: &str) -> usize {
        // Mostly it is the one before.
        if self.named.get(self.last).is_none_or(|(last, _)| last != name) {
            let few = self.named.iter().take(FEW).position(|(few, _)| few == name);
            self.last = few.or_else(|| self.places.get(name).copied()).unwrap_or_else(|| {
                let place = self.named.len();
                if place >= FEW {
                    self.places.insert(name.to_owned(), place);
                }
                self.named.push((name.to_owned(), 0));
                place
            });
        }
        if let Some((_, readings)) = self.named.get_mut(self.last) {
            *readings += 1;
        }
        self.last
    }
}

/// How readings are kept.
const HOW: How<'_> = How { key: None, strict_fields: false, whole: false, quarantine: true };

impl Sifted {
    fn is_empty(&self) -> bool {
        self.sorted.bound.is_empty() && self.ready.is_empty() && self.sorted.failed.is_empty()
    }

    /// Puts a reading into quarantine, because of what is said of this field.
    fn set_aside(&mut self, origin: Origin, said: &Said, code: &str, field: String, detail: String) {
        let trouble = Trouble { step: Step::Route, code: code.into(), field: Some(field), detail };
        self.fail(origin, Some(said.to_json()), trouble);
    }

    /// Puts a part of the push into quarantine: what it says, in a form that can be pushed again.
    fn fail(&mut self, origin: Origin, original: Option<Json>, trouble: Trouble) {
        let origin = match &original {
            Some(_) => Origin { byte_range: None, ..origin },
            None => origin,
        };
        self.sorted.failed.push(Failed {
            origin: Some(origin),
            original: original.map(Arc::new),
            storage: None,
            trouble,
        });
    }
}
