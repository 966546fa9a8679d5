//! InfluxDB line protocol: `measurement,tag=x field=1.5 1700000000000000000`, one record per line.
//!
//! VRL's `parse_influxdb` returns one metric per field, turns all numbers into floats and rejects
//! strings. This uses the crate beneath it, which preserves the line.

mod plain;

use std::collections::HashSet;

use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines, split_lines};
use serde_json::{Map, Value as Json};

use self::plain::PlainLines;
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
        let mut plain = PlainLines::default();
        let (mut start, mut number) = (0, 1);
        while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
            let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            let line = Line { text: rest.get(..end).unwrap_or(rest).trim_end(), number, start };
            if !line.has_room([b'=', b','], output) {
                break;
            }
            if let Some(record) = plain.read(line.text, unit) {
                line.emit(record, output);
                start += end + 1;
                number += 1;
                continue;
            }
            // A string may span several lines.
            let block = split_lines(rest).next().unwrap_or(rest);
            let line = Line { text: block.trim_end(), ..line };
            if !line.has_room([b'=', b','], output) {
                break;
            }
            match read(line.text, unit) {
                None => {}
                // An unclosed quote must not swallow the lines that follow: retry them one by one.
                Some(Err(_)) if block.contains('\n') => {
                    for line in lines(block) {
                        let line =
                            Line { number: number + line.number - 1, start: start + line.start, ..line };
                        if let Some(record) = read(line.text, unit) {
                            line.emit(record, output);
                        }
                    }
                }
                Some(record) => {
                    if let Ok(record) = &record {
                        plain.learn(record);
                    }
                    line.emit(record, output);
                }
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
        let moment = moment(number, unit, &mut changes)?;
        fields.insert("timestamp".into(), moment);
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

/// Returns the timestamp of a line.
fn moment(number: i64, unit: Option<Unit>, changes: &mut ChangeList) -> Result<Json, Failure> {
    let moment = match unit {
        Some(unit) => unit.moment(number),
        None => infer::moment(&number.into()),
    };
    let moment = moment.ok_or_else(|| Failure::unreadable(format!("timestamp {number} is out of range")))?;
    let is_nanoseconds = match unit {
        Some(unit) => matches!(unit, Unit::Nanoseconds),
        None => infer::is_nanoseconds(number),
    };
    if is_nanoseconds && number % 1_000 != 0 {
        changes.add(Change::new("timestamp", CUT, CUT_DETAIL, number.into()));
    }
    Ok(moment.to_string().into())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines that make each other known.
    const LINES: &[&str] = &[
        "cpu,host=a,region=eu load=1.5,user=3i 1700000000000000000",
        "cpu,host=b,region=us load=-2e-3,user=-4i 1700000000000000001",
        "cpu,host=b,region=us load=2,user=5i",
        "cpu,host=b,region=us load=2,user=5u 1700000000000",
        "cpu,region=us,host=b load=2,user=5i 1700000000",
        "mem used=t,note=\"a, b=c d\",free=12u 1700000000000000000",
        "mem used=False,note=\"\",free=0u -1",
        "mem used=T,note=\"two\nlines\",free=1u 1700000000000000000",
        "mem used=T,note=\"a\\\"b\",free=1u 1700000000000000000",
        "mem used=T,note=\"unclosed,free=1u 1700000000000000000",
        "mem,measurement=x used=1,used=2 1700000000000000000",
        "mem,used=x used=1 1700000000000000000",
        "# comment",
        "",
        " cpu load=1 1",
        "cpu load=1e999 1",
        "cpu load=9223372036854775808i 1",
        "cpu load=1.,user=1i 1",
        "cpu load=,user=1i 1",
        "cpu,host= load=1,user=1i 1",
        "cpu,=a load=1 1",
        "cpu,host=a=b,region=\"q\" load=1.5,user=3i 1700000000000000000  ",
        "cpu,host=a,region=eu  load=1.5,user=3i 1700000000000000000",
        "cpu,host=a,region=eu load=1.5,user=3i 99999999999999999999",
        "cpu,host=a,region=eu load=1.5,user=3i 1 2",
    ];

    fn records(text: &str, is_one_by_one: bool) -> Vec<String> {
        let unit = None;
        let (mut plain, mut all) = (PlainLines::default(), Vec::new());
        for line in text.split_inclusive('\n').map(str::trim_end) {
            let quick = if is_one_by_one { None } else { plain.read(line, unit) };
            let record = quick.or_else(|| read(line, unit));
            if let Some(Ok(record)) = &record {
                plain.learn(record);
            }
            all.extend(
                record.map(|record| format!("{:?}", record.map(|record| (record.fields, record.changes)))),
            );
        }
        all
    }

    proptest! {
        #[test]
        fn lines_with_known_names_are_read_like_others(places in prop::collection::vec(0..LINES.len(), 1..12), cut in 0..80_usize) {
            let mut text: String = places.iter().filter_map(|place| LINES.get(*place)).map(|line| format!("{line}\r\n")).collect();
            if cut < text.len() && text.is_char_boundary(cut) {
                text.remove(cut);
            }
            prop_assert_eq!(records(&text, false), records(&text, true));
        }
    }

    #[test]
    fn names_are_shared_with_earlier_lines() {
        let mut plain = PlainLines::default();
        let line = LINES.first().copied().unwrap_or_default();
        let first = read(line, None).unwrap().unwrap();
        assert!(plain.read(line, None).is_none());
        plain.learn(&first);
        let second = plain.read(line, None).unwrap().unwrap();
        assert_eq!(second.fields, first.fields);
        assert!(std::ptr::eq(second.fields.names().unwrap().list(), first.fields.names().unwrap().list()));
    }
}
