//! Decodes a throw: decompresses its bytes, detects the format, and runs the processor of that format.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{format_choice::FormatChoice, programs::Processors};
use crate::{
    error::{Error, Fault, Place, Result},
    memory::{MemoryBudget, MemoryShare, OutOfMemory},
    process::{
        self, Input, Output, Processor, Splitting,
        decompress::{DecompressError, Encoding, decompress_into},
    },
    record::Failure,
    throw::Throw,
};

/// Bodies up to this size are decoded on the caller's task. Larger and compressed ones are decoded on a
/// blocking thread.
const MAX_INLINE_BYTES: usize = 16 << 10;

/// Maximum time that a processor may take for one throw.
const DECODE_TIMEOUT: Duration = Duration::from_secs(30);

/// A throw after its processor has run.
#[derive(Debug)]
pub(crate) struct DecodedThrow {
    /// The format it was parsed as.
    pub(crate) format: String,
    /// Reason for the format.
    pub(crate) choice: FormatChoice,
    /// The bytes that the processor was given.
    pub(crate) body: Bytes,
    /// The records, or why there are none.
    pub(crate) output: Result<Output, Failure>,
}

/// A processor that was chosen by name.
#[derive(Clone, Copy)]
struct Chosen<'p> {
    processor: &'p Arc<dyn Processor>,
    choice: FormatChoice,
}

/// The part of a body that is decoded at once.
#[derive(Debug, Clone, Copy)]
enum BodyPart {
    Whole,
    Part,
}

/// Decodes throws.
#[derive(Debug, Clone)]
pub(crate) struct Decoder {
    processors: Arc<Processors>,
    max_throw: usize,
    memory: MemoryBudget,
}

impl Decoder {
    pub(super) fn new(processors: Arc<Processors>, max_throw: usize, memory: MemoryBudget) -> Self {
        Self { processors, max_throw, memory }
    }

    /// Fails if a body is too large for a throw.
    pub(crate) fn check_size(&self, body: &Bytes) -> Result<()> {
        if body.len() > self.max_throw {
            return Err(Error::TooLarge { limit: self.max_throw });
        }
        Ok(())
    }

    /// Returns the memory of a throw with this body, which its sender has counted.
    pub(crate) fn memory(&self, body: &Bytes) -> MemoryShare {
        self.memory.share(body.len())
    }

    /// Returns the memory for all throws.
    pub(crate) fn budget(&self) -> &MemoryBudget {
        &self.memory
    }

    /// Returns whether a format, or a native processor, has this name.
    pub(crate) fn knows(&self, format: &str) -> bool {
        self.processors.registry.get(format).is_some()
    }

    /// Returns how bodies of a format can be split into chunks.
    pub(super) fn cuts(&self, format: &str) -> Splitting {
        self.processors.registry.get(format).map_or(Splitting::None, |processor| processor.splitting())
    }

    /// Decodes a throw. Fails only if it requests an unknown format, or if there is not enough memory for its
    /// records.
    pub(crate) fn decode<'d>(
        &'d self,
        throw: &'d Arc<Throw>,
        format: Option<&'d str>,
    ) -> impl Future<Output = Result<DecodedThrow>> + Send + 'd {
        self.decode_body_part(throw, format, BodyPart::Whole)
    }

    /// Decodes a part of a body, in which records may all be rejected.
    pub(crate) fn decode_part<'d>(
        &'d self,
        throw: &'d Arc<Throw>,
    ) -> impl Future<Output = Result<DecodedThrow>> + Send + 'd {
        self.decode_body_part(throw, None, BodyPart::Part)
    }

    async fn decode_body_part(
        &self,
        throw: &Arc<Throw>,
        format: Option<&str>,
        part: BodyPart,
    ) -> Result<DecodedThrow> {
        let Processors { registry, native, .. } = self.processors.as_ref();
        let by_sender = throw.format.as_deref().map(|name| (name, FormatChoice::Sender));
        let explicit = by_sender.or(format.map(|name| (name, FormatChoice::Source)));
        let chosen = match explicit.filter(|(name, _)| !matches!(*name, "" | "auto")) {
            None => None,
            Some((name, choice)) => {
                let processor = registry.get(name).ok_or_else(|| unknown_format(name, registry.names()))?;
                Some(Chosen { processor, choice })
            }
        };
        if throw.body.len() <= MAX_INLINE_BYTES
            && Encoding::by_magic(&throw.body).is_none()
            && chosen.is_none_or(|chosen| !native.contains(chosen.processor.name()))
        {
            return check_memory(self.decode_now(throw, chosen, part));
        }
        let format = chosen.map_or("unknown", |chosen| chosen.processor.name()).to_owned();
        let choice = chosen.map_or(FormatChoice::Unfinished, |chosen| chosen.choice);
        let (body, chosen) =
            (throw.body.clone(), chosen.map(|chosen| (chosen.processor.clone(), chosen.choice)));
        let (decoder, throw) = (self.clone(), throw.clone());
        let work = move || {
            let chosen = chosen.as_ref().map(|(processor, choice)| Chosen { processor, choice: *choice });
            decoder.decode_now(&throw, chosen, part)
        };
        let decoded = tokio::time::timeout(DECODE_TIMEOUT, tokio::task::spawn_blocking(work)).await;
        check_memory(match decoded {
            Ok(Ok(decoded)) => decoded,
            Ok(Err(_)) => {
                failed_output(format, choice, body, Failure::new("panicked", "the processor panicked"))
            }
            // The thread keeps running until the processor returns, but nothing waits for it.
            Err(_) => {
                let detail = format!("the processor took longer than {} s", DECODE_TIMEOUT.as_secs());
                failed_output(format, choice, body, Failure::new("timeout", detail))
            }
        })
    }

    /// Decodes a throw on the current thread.
    fn decode_now(&self, throw: &Throw, chosen: Option<Chosen<'_>>, part: BodyPart) -> DecodedThrow {
        let registry = &self.processors.registry;
        let mut memory = self.memory(&throw.body);
        let (chosen, choice) = chosen.map(|chosen| (chosen.processor, chosen.choice)).unzip();
        let prepared = decompressed(&throw.body, chosen.map(AsRef::as_ref), self.max_throw, &mut memory)
            .and_then(|body| {
                count_conversion(&throw.body, &body, &mut memory).map_err(process::memory_failure)?;
                Ok(body)
            });
        let body = match prepared {
            Ok(body) => body,
            Err(failure) => {
                let format = chosen.map_or("binary", |chosen| chosen.name()).to_owned();
                let choice = choice.unwrap_or(FormatChoice::Compressed);
                return failed_output(format, choice, throw.body.clone(), failure);
            }
        };
        let content_type = throw.content_type.as_deref();
        let (processor, body, choice) = match chosen.zip(choice) {
            Some((chosen, choice)) => {
                (Some(chosen), process::body_for(chosen.name(), &body, content_type), choice)
            }
            None => {
                let detected = process::detect(&body, content_type, !throw.arguments.is_empty());
                (registry.get(detected.format), detected.body, FormatChoice::Detected(detected.basis))
            }
        };
        let Some(processor) = processor else {
            let failure = Failure::new("unknown-format", "there is no processor for it");
            return failed_output("binary".into(), choice, body, failure);
        };
        let input =
            Input { body: &body, content_type, arguments: &throw.arguments, received_at: throw.received_at };
        let format = processor.name().to_owned();
        let output = match part {
            BodyPart::Whole => Output::within(memory),
            BodyPart::Part => Output::within(memory).of_part(),
        };
        let mut output = process::run_into(output, processor.as_ref(), &input);
        if let (Ok(output), true) = (&mut output, process::is_untyped(&format)) {
            output.records.update(|record| record.untyped = true);
        }
        DecodedThrow { format, choice, body, output }
    }
}

/// Converts a failure for lack of memory to an error: the throw may succeed once others have completed.
fn check_memory(decoded: DecodedThrow) -> Result<DecodedThrow> {
    match &decoded.output {
        Err(failure) if failure.code == process::MEMORY_IN_USE => Err(Error::Overloaded),
        _ => Ok(decoded),
    }
}

/// Returns a throw whose processor failed.
fn failed_output(format: String, choice: FormatChoice, body: Bytes, failure: Failure) -> DecodedThrow {
    DecodedThrow { format, choice, body, output: Err(failure) }
}

/// Decompresses a body whose first bytes are the signature of a compression format; returns any other body
/// unchanged.
fn decompressed(
    body: &Bytes,
    chosen: Option<&dyn Processor>,
    limit: usize,
    memory: &mut MemoryShare,
) -> Result<Bytes, Failure> {
    if chosen.is_some_and(|chosen| chosen.name() == "binary") {
        return Ok(body.clone());
    }
    let Some(encoding) = Encoding::by_magic(body) else { return Ok(body.clone()) };
    let reserve = |bytes| memory.ensure(bytes);
    let plain = decompress_into(&[encoding], body, limit, reserve).map_err(|refusal| match refusal {
        DecompressError::Memory(why) => process::memory_failure(why),
        refusal => Failure::new("compressed", refusal.to_string()),
    })?;
    memory.grow(plain.len()).map_err(process::memory_failure)?;
    Ok(plain)
}

/// Counts the copy of a body that is converted to UTF-8.
fn count_conversion(sent: &Bytes, body: &Bytes, memory: &mut MemoryShare) -> Result<(), OutOfMemory> {
    /// Maximum growth of a byte of another encoding.
    const GROWTH: usize = 3;
    // Text in UTF-16 may be valid UTF-8, with many U+0000.
    let may_be_converted = std::str::from_utf8(body).is_err() || memchr::memchr(0, body).is_some();
    if sent.len() <= MAX_INLINE_BYTES && body.len() <= MAX_INLINE_BYTES || !may_be_converted {
        return Ok(());
    }
    memory.grow(GROWTH * body.len())
}

fn unknown_format<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<Vec<_>>().join(", ");
    let detail = format!("{name:?} is not a format: use one of {known}");
    Error::Settings(vec![Fault::new(Place::Parameter("format".into()), "unknown-format", detail)])
}
