//! The processors there are, by name, and how one is run.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{Input, MAX_RECORDS, Output, Processor, formats};
use crate::record::Failure;

/// The processors there are: one for each format, and those of the program.
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
    /// The processors that are built in. A new format is a line here.
    pub fn built_in() -> Self {
        let mut processors: Vec<Arc<dyn Processor>> = vec![
            Arc::new(formats::json::JsonDocument),
            Arc::new(formats::ndjson::Ndjson),
            Arc::new(formats::concatenated_json::ConcatenatedJson),
            Arc::new(formats::text::Text),
            Arc::new(formats::form::Form),
            Arc::new(formats::args::Arguments),
            Arc::new(formats::csv::Csv),
            Arc::new(formats::csv::Tsv),
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

    /// Adds a program's own processor. A name that is taken is an error: which of the two would
    /// read a throw could not be seen from outside.
    pub fn with(mut self, processor: Arc<dyn Processor>) -> Result<Self, String> {
        if self.get(processor.name()).is_some() {
            return Err(format!("a processor called `{}` is there already", processor.name()));
        }
        self.processors.push(processor);
        Ok(self)
    }

    /// The processor of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Processor>> {
        self.processors.iter().find(|processor| processor.name() == name)
    }

    /// All names, those built in first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.processors.iter().map(|processor| processor.name())
    }
}

/// Runs a processor: a panic is a failure, and so is more output than [`MAX_RECORDS`], or none but
/// what was rejected.
pub fn run(processor: &dyn Processor, input: &Input<'_>) -> Result<Output, Failure> {
    run_into(Output::default(), processor, input)
}

/// The failure of a processor that would have taken more room than there is now.
pub(crate) const NO_MEMORY: &str = "no-room";

/// The same, into an output that may be bounded.
pub(crate) fn run_into(
    mut output: Output,
    processor: &dyn Processor,
    input: &Input<'_>,
) -> Result<Output, Failure> {
    let work = || processor.process(input, &mut output).map(|()| output);
    // What a panic leaves half done is the output, and that is dropped.
    let output =
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(processor, &*panic)))?;
    if output.is_out_of_room() {
        return Err(Failure::new(NO_MEMORY, "the records of other throws take the memory there is"));
    }
    if output.is_full() {
        let detail = format!("it holds more than {MAX_RECORDS} records: send it in parts, or as a stream");
        return Err(Failure::new("too-many-records", detail));
    }
    match output.rejected.first() {
        Some(first) if output.records.is_empty() => {
            let detail = match output.rejected.len() {
                1 => first.failure.detail.clone(),
                count => format!("none of {count} could be read; the first: {}", first.failure.detail),
            };
            Err(Failure::new(first.failure.code, detail))
        }
        _ => Ok(output),
    }
}

fn panicked(processor: &dyn Processor, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say why");
    Failure::new("panicked", format!("the processor `{}` panicked: {text}", processor.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, process::MemoryBudget, record::Record};

    #[derive(Debug)]
    struct SystemStorage(&'static str);

    impl Processor for SystemStorage {
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
    fn a_name_is_there_once() {
        let registry = Registry::built_in().with(Arc::new(SystemStorage("own"))).unwrap();
        assert!(
            registry.get("own").is_some() && registry.get("json").is_some() && registry.get("").is_none()
        );
        assert!(registry.clone().with(Arc::new(SystemStorage("csv"))).is_err());
        let names: std::collections::HashSet<_> = registry.names().collect();
        assert_eq!(names.len(), registry.names().count());
    }

    #[test]
    fn panics_floods_and_nothing_but_rejections_are_failures() {
        for (body, code, detail) in [
            ("", "panicked", "the processor `own` panicked: nothing to read"),
            ("1", "too-many-records", "it holds more than 1000000 records: send it in parts, or as a stream"),
            ("12", "unreadable", "no"),
        ] {
            let body = bytes::Bytes::from(body);
            let input =
                Input { body: &body, content_type: None, arguments: &[], received_at: Timestamp::MIN };
            let failure = run(&SystemStorage("own"), &input).unwrap_err();
            assert_eq!((failure.code, failure.detail.as_str()), (code, detail));
        }
    }

    #[test]
    fn a_flood_is_stopped_where_the_room_ends() {
        let body = bytes::Bytes::from_static(b"1");
        let input = Input { body: &body, content_type: None, arguments: &[], received_at: Timestamp::MIN };
        let room = MemoryBudget::new(8 << 20);
        let mut of_another = room.share();
        assert!(of_another.grow(1 << 20));
        let failure = run_into(Output::within(&room), &SystemStorage("own"), &input).unwrap_err();
        assert_eq!(failure.code, NO_MEMORY);
        drop(of_another);
        let failure = run_into(Output::within(&room), &SystemStorage("own"), &input).unwrap_err();
        assert_eq!(failure.code, "too-many-records", "alone it may have as many as any throw");
    }
}
