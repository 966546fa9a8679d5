//! InfluxDB line protocol: `measurement,tag=x field=1.5 1700000000000000000`, one record per line.
//!
//! VRL's `parse_influxdb` returns one metric per field, turns all numbers into floats and rejects
//! strings. This uses the crate beneath it, which preserves the line.

use std::collections::HashSet;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines, split_lines};
use serde_json::{Map, Value as Json};

use crate::{
    clock::Timestamp,
    process::{
        Input, Output, Processor, Splitting,
        lines::{Line, lines},
    },
    record::{Change, ChangeList, Failure, Record},
    schema::{CUT, CUT_DETAIL, infer},
};

/// Parses line protocol into `{measurement, timestamp, …tags, …fields}`.
///
/// A tag with the name of a field becomes `tag_<name>`. A tag or field named `measurement` or
/// `timestamp` gets the prefix `tag_` or `field_`.
///
/// The argument `precision` (`ns us ms s m h`) sets the unit of timestamps. Without it the unit is
/// inferred from the magnitude, as for all numeric times.
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
        for block in split_lines(text) {
            let line = Line { text: block.trim_end(), number, start };
            if !line.has_room([b'=', b','], output) {
                break;
            }
            match read(line.text, unit) {
                None => {}
                // A string may span several lines, but an unclosed quote must not swallow the lines
                // that follow: retry them one by one.
                Some(Err(_)) if block.contains('\n') => {
                    for line in lines(block) {
                        let line =
                            Line { number: number + line.number - 1, start: start + line.start, ..line };
                        if let Some(record) = read(line.text, unit) {
                            line.emit(record, output);
                        }
                    }
                }
                Some(record) => line.emit(record, output),
            }
            start += block.len() + 1;
            number += block.matches('\n').count() + 1;
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

/// Parses a line; returns `None` if it is blank or a comment.
fn read(text: &str, unit: Option<Unit>) -> Option<Result<Record, Failure>> {
    let mut parsed = parse_lines(text);
    Some(match (parsed.next()?, parsed.next()) {
        (Ok(line), None) => record(&line, unit),
        (Ok(_), Some(_)) => Err(Failure::unreadable("invalid line protocol: unclosed quote")),
        // The parser's message describes its internals.
        (Err(_), _) => Err(Failure::unreadable(
            "invalid line protocol: expected `measurement,tag=value field=value timestamp`",
        )),
    })
}

fn record(line: &ParsedLine<'_>, unit: Option<Unit>) -> Result<Record, Failure> {
    let (mut fields, mut changes) = (Map::new(), ChangeList::default());
    fields.insert("measurement".into(), Json::from(line.series.measurement.as_str()));
    if let Some(number) = line.timestamp {
        let moment = match unit {
            Some(unit) => unit.moment(number),
            None => infer::moment(&number.into()),
        };
        let moment =
            moment.ok_or_else(|| Failure::unreadable(format!("timestamp {number} is out of range")))?;
        fields.insert("timestamp".into(), Json::from(moment.to_string()));
        let is_nanoseconds = match unit {
            Some(unit) => matches!(unit, Unit::Nanoseconds),
            None => infer::is_nanoseconds(number),
        };
        if is_nanoseconds && number % 1_000 != 0 {
            changes.add(Change::new("timestamp", CUT, CUT_DETAIL, number.into()));
        }
    }
    let names: HashSet<&str> = line.field_set.iter().map(|(name, _)| name.as_str()).collect();
    for (name, value) in line.series.tag_set.iter().flatten() {
        let is_taken = is_reserved(name) || names.contains(name.as_str());
        let name = if is_taken { format!("tag_{name}") } else { name.to_string() };
        put(&mut fields, &mut changes, name, Json::from(value.as_str()));
    }
    for (name, value) in &line.field_set {
        let name = if is_reserved(name) { format!("field_{name}") } else { name.to_string() };
        put(&mut fields, &mut changes, name, field(value));
    }
    Ok(Record { changes: changes.into_vec(), ..Record::new(fields) })
}

/// Adds a member; of a repeated one, the last value is used.
fn put(fields: &mut Map<String, Json>, changes: &mut ChangeList, name: String, value: Json) {
    match fields.get_mut(&name) {
        Some(earlier) => changes.add(Change::repeated(name, std::mem::replace(earlier, value))),
        None => {
            fields.insert(name, value);
        }
    }
}

fn is_reserved(name: &str) -> bool {
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

/// The unit of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Nanoseconds,
    /// This many microseconds.
    Micros(i64),
}

impl Unit {
    fn parse(text: &str) -> Result<Self, Failure> {
        Ok(match text {
            "ns" | "n" => Self::Nanoseconds,
            "us" | "u" | "µs" | "µ" => Self::Micros(1),
            "ms" => Self::Micros(1000),
            "s" => Self::Micros(1_000_000),
            "m" => Self::Micros(60_000_000),
            "h" => Self::Micros(3_600_000_000),
            _ => {
                let detail = format!("unknown precision `{text}`: use ns, us, ms, s, m or h");
                return Err(Failure::new("precision", detail));
            }
        })
    }

    fn moment(self, number: i64) -> Option<Timestamp> {
        let micros = match self {
            Self::Nanoseconds => number.div_euclid(1000),
            Self::Micros(micros) => number.checked_mul(micros)?,
        };
        Timestamp::from_micros(micros)
    }
}
