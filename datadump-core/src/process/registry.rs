//! The list of processors by name, and the function that runs one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{Input, MAX_RECORDS, Output, Processor, formats};
use crate::record::Failure;

/// All available processors: one per built-in format, and those added by the embedding program.
#[derive(Debug, Clone)]
pub struct Registry {
    processors: Vec<Arc<dyn Processor>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Registry {
    /// Returns the built-in processors. A new format adds one line here.
    pub fn built_in() -> Self {
        let mut processors: Vec<Arc<dyn Processor>> = vec![
            Arc::new(formats::json::JsonDocument),
            Arc::new(formats::ndjson::Ndjson),
            Arc::new(formats::concatenated_json::ConcatenatedJson),
            Arc::new(formats::text::Text),
            Arc::new(formats::form::Form),
            Arc::new(formats::args::Arguments),
            Arc::new(formats::csv::CSV),
            Arc::new(formats::csv::TSV),
            Arc::new(formats::xml::Xml),
            Arc::new(formats::yaml::Yaml),
            Arc::new(formats::toml::Toml),
            Arc::new(formats::msgpack::MessagePack),
            Arc::new(formats::cbor::Cbor),
            Arc::new(formats::prometheus::Prometheus),
            Arc::new(formats::binary::Binary),
            Arc::new(formats::logfmt::Logfmt),
            Arc::new(formats::influx::Influx),
            Arc::new(formats::syslog::syslog()),
            Arc::new(formats::access_log::access_log()),
            Arc::new(formats::cef::cef()),
        ];
        // A file in a multipart form may be in any of the other formats.
        let others = Self { processors: processors.clone() };
        processors.push(Arc::new(formats::multipart::Multipart::new(others)));
        Self { processors }
    }

    /// Adds a custom processor. Fails if the name is already taken, because it would be ambiguous which
    /// of the two processes a throw.
    pub fn with(mut self, processor: Arc<dyn Processor>) -> Result<Self, String> {
        if self.get(processor.name()).is_some() {
            return Err(format!("a processor named `{}` already exists", processor.name()));
        }
        self.processors.push(processor);
        Ok(self)
    }

    /// Returns the processor with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Processor>> {
        self.processors.iter().find(|processor| processor.name() == name)
    }

    /// Iterates over all names, built-in processors first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.processors.iter().map(|processor| processor.name())
    }
}

/// Runs a processor.
///
/// Fails if the processor panics, emits more than [`MAX_RECORDS`], or emits only rejections.
pub fn run(processor: &dyn Processor, input: &Input<'_>) -> Result<Output, Failure> {
    run_into(Output::default(), processor, input)
}

/// Runs a processor like [`run`], but into an output that may have a memory budget.
pub(crate) fn run_into(
    mut output: Output,
    processor: &dyn Processor,
    input: &Input<'_>,
) -> Result<Output, Failure> {
    run_on(&mut output, processor, input).map(|()| output)
}

/// Runs a processor on a part of a body, into an output of its own that shares the memory of `output`. Fails if the
/// memory is used up.
pub(super) fn run_on_part(
    output: &mut Output,
    processor: &dyn Processor,
    input: &Input<'_>,
) -> Result<Result<Output, Failure>, Failure> {
    let before = output.meter.used();
    let mut inner = Output { meter: std::mem::take(&mut output.meter), ..Output::default() };
    let read = run_on(&mut inner, processor, input);
    output.meter = std::mem::take(&mut inner.meter);
    // Records that are kept are counted when they are emitted again.
    output.meter.shrink(output.meter.used().saturating_sub(before));
    if let Some(failure) = inner.out_of_memory {
        output.out_of_memory = Some(failure.clone());
        return Err(failure);
    }
    Ok(read.map(|()| inner))
}

/// Runs a processor like [`run`]. What it has emitted before a failure is to be discarded.
fn run_on(output: &mut Output, processor: &dyn Processor, input: &Input<'_>) -> Result<(), Failure> {
    let work = || processor.process(input, output);
    // The output is the only state a panic can leave incomplete.
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(processor, &*panic)));
    if let Some(failure) = &output.out_of_memory {
        return Err(failure.clone());
    }
    done?;
    if output.is_full() {
        let detail =
            format!("the throw contains more than {MAX_RECORDS} records; send it in parts or as a stream");
        return Err(Failure::new("too-many-records", detail));
    }
    match output.rejected.first() {
        Some(first) if output.records.is_empty() && !output.is_part => {
            let detail = match output.rejected.len() {
                1 => first.failure.detail.clone(),
                count => format!(
                    "none of {count} records could be read; the first failed with: {}",
                    first.failure.detail
                ),
            };
            Err(Failure::new(first.failure.code, detail))
        }
        _ => Ok(()),
    }
}

fn panicked(processor: &dyn Processor, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Failure::new("panicked", format!("the processor `{}` panicked: {text}", processor.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        memory::MemoryBudget,
        process::meter::{MEMORY_IN_USE, TOO_MUCH_MEMORY},
        record::Record,
    };

    #[derive(Debug)]
    struct Custom(&'static str);

    impl Processor for Custom {
        fn name(&self) -> &str {
            self.0
        }

        fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
            match input.body.len() {
                0 => panic!("nothing to {}", "read"),
                1 => (0..=MAX_RECORDS).for_each(|_| output.record(Record::default())),
                3 => output.need(9 << 20)?,
                _ => output.reject(Failure::unreadable("no"), None, None),
            }
            Ok(())
        }
    }

    #[test]
    fn names_are_unique() {
        let registry = Registry::built_in().with(Arc::new(Custom("custom"))).unwrap();
        assert!(
            registry.get("custom").is_some() && registry.get("json").is_some() && registry.get("").is_none()
        );
        assert!(registry.clone().with(Arc::new(Custom("csv"))).is_err());
        let names: std::collections::HashSet<_> = registry.names().collect();
        assert_eq!(names.len(), registry.names().count());
    }

    #[test]
    fn panics_too_many_records_and_only_rejections_are_failures() {
        for (body, code, detail) in [
            ("", "panicked", "the processor `custom` panicked: nothing to read"),
            (
                "1",
                "too-many-records",
                "the throw contains more than 1000000 records; send it in parts or as a stream",
            ),
            ("12", "unreadable", "no"),
        ] {
            let body = bytes::Bytes::from(body);
            let input =
                Input { body: &body, content_type: None, arguments: &[], received_at: Timestamp::MIN };
            let failure = run(&Custom("custom"), &input).unwrap_err();
            assert_eq!((failure.code, failure.detail.as_str()), (code, detail));
        }
    }

    #[test]
    fn output_stops_at_the_memory_budget() {
        let run = |body: &'static [u8], budget: &MemoryBudget| {
            let (body, arguments) = (bytes::Bytes::from_static(body), &[]);
            let input = Input { body: &body, content_type: None, arguments, received_at: Timestamp::MIN };
            run_into(Output::within(budget.share(0)), &Custom("custom"), &input).unwrap_err().code
        };
        let budget = MemoryBudget::new(8 << 20);
        assert_eq!(run(b"1", &budget), "too-many-records", "empty records are packed");
        let mut other = budget.share(0);
        other.grow(7 << 20).unwrap();
        assert_eq!((run(b"1", &budget), run(b"123", &budget)), (MEMORY_IN_USE, TOO_MUCH_MEMORY));
        drop(other);
        assert_eq!((run(b"1", &MemoryBudget::new(1 << 20)), budget.used()), (TOO_MUCH_MEMORY, 0));
    }
}
