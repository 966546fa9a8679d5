//! Throw → records: the bytes are decompressed, recognised, decoded, and go through the source's
//! own program.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{
    entry::{Seed, Step, Trouble},
    keep::{Bound, Failed},
};
use crate::{
    dump::{
        Dump,
        capture::{Capture, sources::Source},
    },
    error::{Error, Fault, Place, Result},
    process::{
        self, Input, Output, Processor,
        decompress::{Encoding, decompress},
        vrl::{Mode, ProgramContext, ProgramInput, ProgramOutcome, Script},
    },
    record::{Failure, Record},
    schema::StorageName,
    throw::Throw,
};

/// A body up to this size is decoded where it arrived; a larger one on a thread for long work, and
/// a compressed one, whatever its size.
const AT_ONCE: usize = 16 << 10;

/// How long a processor may take for one throw.
const DEADLINE: Duration = Duration::from_secs(30);

/// What was read of a throw.
#[derive(Debug)]
pub(in crate::dump) struct Reading {
    /// The format it was read as.
    pub(in crate::dump) format: String,
    /// The bytes that the processor was given.
    pub(in crate::dump) body: Bytes,
    /// What came out, or why nothing did.
    pub(in crate::dump) output: Result<Output, Failure>,
}

/// What a throw came to before anything of it is stored.
#[derive(Debug)]
pub(in crate::dump) struct Sorted {
    pub(super) seed: Arc<Seed>,
    pub(super) bound: Vec<Bound>,
    pub(super) failed: Vec<Failed>,
    pub(super) dropped: u64,
}

impl Dump {
    /// Decodes a throw. Errs only when it asks for a format that there is not.
    pub(in crate::dump) async fn read(&self, throw: &Arc<Throw>, format: Option<&str>) -> Result<Reading> {
        let registry = &self.capture.registry;
        let explicit = throw.format.as_deref().or(format).filter(|name| !matches!(*name, "" | "auto"));
        let chosen = match explicit {
            None => None,
            Some(name) => Some(registry.get(name).ok_or_else(|| unknown_format(name, registry.names()))?),
        };
        if throw.body.len() <= AT_ONCE
            && Encoding::by_magic(&throw.body).is_none()
            && chosen.is_none_or(|chosen| !self.capture.native.contains(chosen.name()))
        {
            return enough_room(self.capture.decode(throw, chosen));
        }
        let format = chosen.map_or("unknown", |chosen| chosen.name()).to_owned();
        let (body, chosen) = (throw.body.clone(), chosen.cloned());
        let (capture, throw) = (self.capture.clone(), throw.clone());
        let work = move || capture.decode(&throw, chosen.as_ref());
        let reading = tokio::time::timeout(DEADLINE, tokio::task::spawn_blocking(work)).await;
        enough_room(match reading {
            Ok(Ok(reading)) => reading,
            Ok(Err(_)) => failed(format, body, Failure::new("panicked", "the processor panicked")),
            // Its thread goes on to its end; nobody waits for it any more.
            Err(_) => {
                let detail = format!("the processor took longer than {} s", DEADLINE.as_secs());
                failed(format, body, Failure::new("timeout", detail))
            }
        })
    }

    /// Everything between the bytes of a throw and the storages of its records. A program that is
    /// being edited takes the place of the source's own.
    pub(in crate::dump) async fn sort(
        &self,
        throw: Arc<Throw>,
        source: &Source,
        reading: Reading,
        edited: Option<&Script>,
    ) -> Result<Sorted> {
        let Reading { format, body, mut output } = reading;
        let share = output.as_mut().ok().and_then(|output| output.share.take());
        let named = source.settings.processor.as_deref().filter(|_| edited.is_none());
        let named = named.map(|name| self.capture.programs.find(name));
        let (named, missing) = match named {
            Some(Ok(named)) => (Some(named), None),
            Some(Err(error)) => (None, Some(Failure::new("unknown-processor", error.to_string()))),
            None => (None, None),
        };
        let processor = named.as_ref().map(|program| (program.name.clone(), program.number));
        let program = edited.or(named.as_ref().map(|named| &named.script));
        let seed = Arc::new(Seed {
            quarantine: self
                .store
                .catalogue()
                .system(crate::store::system_storages::SystemStorage::Quarantine)?,
            throw,
            body,
            format,
            processor,
            _share: share,
        });
        let mut sorted = Sorted { seed: seed.clone(), bound: Vec::new(), failed: Vec::new(), dropped: 0 };
        let output = match (output, missing) {
            (Ok(output), None) => output,
            (output, missing) => {
                let step = if output.is_err() { Step::Decode } else { Step::Program };
                let Some(failure) = output.err().or(missing) else { return Ok(sorted) };
                let trouble = Trouble::of(step, &failure);
                sorted.failed.push(Failed { origin: None, original: None, storage: None, trouble });
                return Ok(sorted);
            }
        };
        for rejected in output.rejected {
            let trouble = Trouble::of(Step::Decode, &rejected.failure);
            let origin = Some(rejected.origin);
            sorted.failed.push(Failed { origin, original: None, storage: None, trouble });
        }
        let transforms = program.is_some() || source.routes.has_routes();
        match program {
            None => {
                sorted.bound.reserve_exact(output.records.len());
                for record in output.records {
                    consume_budget().await;
                    let original = transforms.then(|| original(&record)).flatten();
                    sorted.route(source, record, original.as_ref());
                }
            }
            Some(script) => {
                let about = ProgramContext {
                    source: seed.throw.source.to_string(),
                    received_at: seed.throw.received_at,
                    format: Some(seed.format.clone()),
                    arguments: seed.throw.arguments.clone(),
                };
                let events = match script.mode {
                    Mode::Record => output.records.into_iter().map(ProgramInput::Record).collect(),
                    Mode::Throw => vec![ProgramInput::Throw {
                        body: seed.body.clone(),
                        content_type: seed.throw.content_type.clone(),
                    }],
                };
                // What a verdict is about is needed again when it is a failure.
                let given: Vec<(Option<crate::record::Origin>, Option<Arc<Json>>)> = events
                    .iter()
                    .map(|event| match event {
                        ProgramInput::Record(record) => (Some(record.origin.clone()), original(record)),
                        ProgramInput::Throw { .. } => (None, None),
                    })
                    .collect();
                let verdicts = Box::pin(self.capture.workers.run(script, &about, events)).await;
                for ((origin, original), verdict) in given.into_iter().zip(verdicts) {
                    match verdict {
                        ProgramOutcome::Dropped(_) => sorted.dropped += 1,
                        ProgramOutcome::Failed(failure) => {
                            let trouble = Trouble::of(Step::Program, &failure);
                            sorted.failed.push(Failed { origin, original, storage: None, trouble });
                        }
                        ProgramOutcome::Records(records) => {
                            for (place, mut record) in records.into_iter().enumerate() {
                                if origin.is_none() {
                                    record.origin.index = place;
                                }
                                sorted.route(source, record, original.as_ref());
                            }
                        }
                    }
                }
            }
        }
        Ok(sorted)
    }
}

impl Sorted {
    fn route(&mut self, source: &Source, record: Record, original: Option<&Arc<Json>>) {
        if let (Some(home), None) = (source.routes.sole_storage(), &record.storage) {
            self.bound.push(Bound { storage: home.clone(), record, original: original.cloned() });
            return;
        }
        let routed = source.routes.route(record);
        if routed.is_empty() {
            self.dropped += 1;
        }
        for one in routed {
            match one.record {
                Ok(record) => {
                    let original = original.cloned();
                    self.bound.push(Bound { storage: one.storage, record, original });
                }
                Err(unfit) => self.failed.push(Failed {
                    origin: Some(unfit.record.origin),
                    original: original.cloned(),
                    storage: Some(one.storage.to_string()),
                    trouble: Trouble {
                        step: Step::Route,
                        code: unfit.fault.code.to_owned(),
                        field: Some(unfit.fault.at.to_string()),
                        detail: unfit.fault.detail,
                    },
                }),
            }
        }
    }
}

/// A record as it was read, where no piece of the body says it by itself.
fn original(record: &Record) -> Option<Arc<Json>> {
    if record.origin.byte_range.is_some() {
        return None;
    }
    let mut fields = record.fields.clone();
    fields.extend(record.non_finite.clone());
    Some(Arc::new(Json::from(fields)))
}

impl Capture {
    /// Decodes a throw, on whichever thread.
    fn decode(&self, throw: &Throw, chosen: Option<&Arc<dyn Processor>>) -> Reading {
        let Self { registry, room, max_throw, .. } = self;
        let body = match plain(&throw.body, chosen.map(AsRef::as_ref), *max_throw) {
            Ok(body) => body,
            Err(failure) => {
                let format = chosen.map_or("binary", |chosen| chosen.name()).to_owned();
                return failed(format, throw.body.clone(), failure);
            }
        };
        let content_type = throw.content_type.as_deref();
        let (processor, body) = match chosen {
            Some(chosen) => (Some(chosen), process::body_for(chosen.name(), &body, content_type)),
            None => {
                let detected = process::detect(&body, content_type, !throw.arguments.is_empty());
                (registry.get(detected.format), detected.body)
            }
        };
        let Some(processor) = processor else {
            return failed(
                "binary".into(),
                body,
                Failure::new("unknown-format", "there is no processor for it"),
            );
        };
        let input =
            Input { body: &body, content_type, arguments: &throw.arguments, received_at: throw.received_at };
        let format = processor.name().to_owned();
        let mut output = process::run_into(Output::within(room), processor.as_ref(), &input);
        if let (Ok(output), true) = (&mut output, process::is_untyped(&format)) {
            output.records.iter_mut().for_each(|record| record.untyped = true);
        }
        Reading { format, body, output }
    }
}

/// What is too much now may be thrown again.
fn enough_room(reading: Reading) -> Result<Reading> {
    match &reading.output {
        Err(failure) if failure.code == process::NO_MEMORY => Err(Error::Overloaded),
        _ => Ok(reading),
    }
}

fn failed(format: String, body: Bytes, failure: Failure) -> Reading {
    Reading { format, body, output: Err(failure) }
}

/// The bytes without the compression that they say they have by their first bytes.
fn plain(body: &Bytes, chosen: Option<&dyn Processor>, limit: usize) -> Result<Bytes, Failure> {
    if chosen.is_some_and(|chosen| chosen.name() == "binary") {
        return Ok(body.clone());
    }
    let Some(encoding) = Encoding::by_magic(body) else { return Ok(body.clone()) };
    match decompress(&[encoding], body, limit) {
        Ok(plain) => Ok(plain),
        Err(refusal) => Err(Failure::new("compressed", refusal.to_string())),
    }
}

fn unknown_format<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<Vec<_>>().join(", ");
    let detail = format!("{name:?} is not a format: use one of {known}");
    Error::Settings(vec![Fault::new(Place::Parameter("format".into()), "unknown-format", detail)])
}

/// A storage of this name can be made; the reason when it cannot.
pub(in crate::dump) fn storage_name(name: &str) -> Result<StorageName> {
    StorageName::parse(name)
        .map_err(|reason| Error::Settings(vec![Fault::new(Place::field("name"), "name", reason)]))
}
