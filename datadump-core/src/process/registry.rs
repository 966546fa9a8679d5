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

/// Failure code of a processor whose output exceeds the memory available at the moment.
pub(crate) const NO_MEMORY: &str = "no-room";

/// Runs a processor like [`run`], but into an output that may have a memory budget.
pub(crate) fn run_into(
    mut output: Output,
    processor: &dyn Processor,
    input: &Input<'_>,
) -> Result<Output, Failure> {
    let work = || processor.process(input, &mut output).map(|()| output);
    // The output is the only state a panic can leave incomplete, and it is dropped.
    let output =
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(processor, &*panic)))?;
    if output.is_out_of_memory {
        return Err(Failure::new(
            NO_MEMORY,
            "other throws are using all the memory for records; try again later",
        ));
    }
    if output.is_full() {
        let detail =
            format!("the throw contains more than {MAX_RECORDS} records; send it in parts or as a stream");
        return Err(Failure::new("too-many-records", detail));
    }
    match output.rejected.first() {
        Some(first) if output.records.is_empty() => {
            let detail = match output.rejected.len() {
                1 => first.failure.detail.clone(),
                count => format!(
                    "none of {count} records could be read; the first failed with: {}",
                    first.failure.detail
                ),
            };
            Err(Failure::new(first.failure.code, detail))
        }
        _ => Ok(output),
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
    use crate::{clock::Timestamp, process::MemoryBudget, record::Record};

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
        let body = bytes::Bytes::from_static(b"1");
        let input = Input { body: &body, content_type: None, arguments: &[], received_at: Timestamp::MIN };
        let budget = MemoryBudget::new(8 << 20);
        let mut other = budget.share();
        assert!(other.grow(1 << 20));
        let failure = run_into(Output::within(&budget), &Custom("custom"), &input).unwrap_err();
        assert_eq!(failure.code, NO_MEMORY);
        drop(other);
        let failure = run_into(Output::within(&budget), &Custom("custom"), &input).unwrap_err();
        assert_eq!(failure.code, "too-many-records", "a single throw may use the whole budget");
    }
}
