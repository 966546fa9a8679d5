//! Influx line protocol: `measurement,tag=x field=1.5 1700000000000000000`, a record per line.
//!
//! VRL's `parse_influxdb` gives a metric per field with all numbers as floats, and refuses texts;
//! the crate it is made from gives the line as it is.

use std::collections::HashSet;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines, split_lines};
use serde_json::{Map, Value as Json};

use crate::{
    clock::Timestamp,
    process::{
        Input, Output, Processor, Splitting,
        lines::{Line, lines},
    },
    record::{Failure, Record},
};

/// `{measurement, timestamp, …tags, …fields}`. A tag that is called like a field becomes
/// `tag_<name>`, and what is called `measurement` or `timestamp` itself `tag_…` or `field_…`.
///
/// `?precision=` (`ns us ms s m h`) says what the numbers of times count. Without it their size
/// does, as it does for other times that come as numbers.
#[derive(Debug, Clone, Copy)]
pub(in crate::process) struct Influx;

impl Processor for Influx {
    fn name(&self) -> &str {
        "influx"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let precision = input.arguments.iter().find(|(name, _)| name == "precision");
        let unit = precision.map(|(_, unit)| Unit::parse(unit)).transpose()?;
        let (mut start, mut number) = (0, 1);
        for byte_range in split_lines(text) {
            let line = Line { text: byte_range.trim_end(), number, start };
            match read(line.text, unit) {
                Ok(record) => put(record, line, output),
                // A text may go over several lines; but one with a quote too many would take the
                // lines behind it along.
                Err(_) if byte_range.contains('\n') => {
                    for line in lines(byte_range) {
                        let line =
                            Line { number: number + line.number - 1, start: start + line.start, ..line };
                        match read(line.text, unit) {
                            Ok(record) => put(record, line, output),
                            Err(failure) => output.reject(failure, Some(line.number), Some(line.byte_range())),
                        }
                    }
                }
                Err(failure) => output.reject(failure, Some(line.number), Some(line.byte_range())),
            }
            start += byte_range.len() + 1;
            number += byte_range.matches('\n').count() + 1;
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

/// The record of a line; none when it is blank or a comment.
fn read(text: &str, unit: Option<Unit>) -> Result<Option<Record>, Failure> {
    let mut parsed = parse_lines(text);
    let Some(line) = parsed.next() else { return Ok(None) };
    // What the parser says is about its own insides.
    let shape = "not line protocol: `measurement,tag=value field=value timestamp`";
    let line = line.map_err(|_| Failure::unreadable(shape))?;
    if parsed.next().is_some() {
        return Err(Failure::unreadable("not line protocol: a quote is not closed"));
    }
    record(&line, unit).map(Some)
}

fn put(record: Option<Record>, line: Line<'_>, output: &mut Output) {
    if let Some(record) = record {
        output.record_at(record, Some(line.number), Some(line.byte_range()));
    }
}

fn record(line: &ParsedLine<'_>, unit: Option<Unit>) -> Result<Record, Failure> {
    let mut fields = Map::new();
    fields.insert("measurement".into(), Json::from(line.series.measurement.as_str()));
    if let Some(number) = line.timestamp {
        let moment = unit.unwrap_or_else(|| Unit::guess(number)).moment(number);
        let moment = moment.ok_or_else(|| Failure::unreadable(format!("the time {number} is none")))?;
        fields.insert("timestamp".into(), Json::from(moment.to_string()));
    }
    let names: HashSet<&str> = line.field_set.iter().map(|(name, _)| name.as_str()).collect();
    for (name, value) in line.series.tag_set.iter().flatten() {
        let is_taken = is_ours(name) || names.contains(name.as_str());
        let name = if is_taken { format!("tag_{name}") } else { name.to_string() };
        fields.insert(name, Json::from(value.as_str()));
    }
    for (name, value) in &line.field_set {
        let name = if is_ours(name) { format!("field_{name}") } else { name.to_string() };
        fields.insert(name, field(value));
    }
    Ok(Record::new(fields))
}

fn is_ours(name: &str) -> bool {
    matches!(name, "measurement" | "timestamp")
}

fn field(value: &FieldValue<'_>) -> Json {
    match value {
        FieldValue::I64(integer) => Json::from(*integer),
        FieldValue::U64(integer) => Json::from(*integer),
        FieldValue::F64(float) => Json::from(*float),
        FieldValue::Boolean(boolean) => Json::from(*boolean),
        FieldValue::String(text) => Json::from(text.as_str()),
    }
}

/// What the number of a time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many of it are a microsecond.
    Parts(i64),
    /// It is so many microseconds.
    Micros(i64),
}

impl Unit {
    fn parse(text: &str) -> Result<Self, Failure> {
        Ok(match text {
            "ns" | "n" => Self::Parts(1000),
            "us" | "u" | "µs" | "µ" => Self::Micros(1),
            "ms" => Self::Micros(1000),
            "s" => Self::Micros(1_000_000),
            "m" => Self::Micros(60_000_000),
            "h" => Self::Micros(3_600_000_000),
            _ => {
                let detail = format!("the precision `{text}` is none of ns, us, ms, s, m, h");
                return Err(Failure::new("precision", detail));
            }
        })
    }

    fn guess(number: i64) -> Self {
        match number.unsigned_abs() {
            0..5_000_000_000 => Self::Micros(1_000_000),
            5_000_000_000..5_000_000_000_000 => Self::Micros(1000),
            5_000_000_000_000..5_000_000_000_000_000 => Self::Micros(1),
            _ => Self::Parts(1000),
        }
    }

    fn moment(self, number: i64) -> Option<Timestamp> {
        let micros = match self {
            Self::Parts(parts) => number.div_euclid(parts),
            Self::Micros(micros) => number.checked_mul(micros)?,
        };
        Timestamp::from_micros(micros)
    }
}
