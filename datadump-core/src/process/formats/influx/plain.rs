//! Lines without escapes, which are nearly all, in one pass. Consecutive lines of a measurement usually have the same
//! names; they share one list of names instead of allocating their own.

use std::sync::Arc;

use memchr::{memchr, memchr2, memchr3};
use serde_json::Value as Json;

use super::{Unit, moment};
use crate::record::{ChangeList, Failure, Fields, Names, Record};

/// Maximum number of measurements whose names are remembered.
const MAX_MEASUREMENTS: usize = 16;

/// The names of earlier lines, by measurement.
#[derive(Debug, Default)]
pub(super) struct PlainLines {
    known: Vec<(String, Arc<Names>)>,
    next_replaced: usize,
}

impl PlainLines {
    /// Remembers the names of a record.
    pub(super) fn learn(&mut self, record: &Record) {
        let (Some(names), Some(Json::String(measurement))) =
            (record.fields.names(), record.fields.get("measurement"))
        else {
            return;
        };
        let entry = (measurement.clone(), names.clone());
        if let Some(known) = self.known.iter_mut().find(|(known, _)| known == measurement) {
            *known = entry;
        } else if self.known.len() < MAX_MEASUREMENTS {
            self.known.push(entry);
        } else if let Some(replaced) = self.known.get_mut(self.next_replaced) {
            *replaced = entry;
            self.next_replaced = (self.next_replaced + 1) % MAX_MEASUREMENTS;
        }
    }

    /// Parses a line whose names are those of an earlier line with this measurement, and which has a timestamp and no
    /// escapes. Returns `None` for other lines, whether they are valid or not.
    pub(super) fn read(&self, text: &str, unit: Option<Unit>) -> Option<Result<Record, Failure>> {
        let bytes = text.as_bytes();
        if matches!(bytes.first(), None | Some(b' ' | b'#')) || memchr3(b'\\', b'\t', 0, bytes).is_some() {
            return None;
        }
        let (measurement, mut rest) = text.split_at(memchr2(b',', b' ', bytes)?);
        let (_, names) = self.known.iter().find(|(known, _)| known == measurement)?;
        let mut expected = names.list().iter();
        if expected.next()? != "measurement" || expected.next()? != "timestamp" {
            return None;
        }
        let mut values = Vec::with_capacity(names.list().len());
        values.push(Json::from(measurement));
        values.push(Json::Null);
        while let Some(tag) = rest.strip_prefix(',') {
            let (name, value) = tag.split_at(memchr(b'=', tag.as_bytes())?);
            let value = value.strip_prefix('=')?;
            let (value, after) = value.split_at(memchr2(b',', b' ', value.as_bytes())?);
            if value.is_empty() || name != expected.next()? {
                return None;
            }
            values.push(Json::from(value));
            rest = after;
        }
        let mut fields = rest.strip_prefix(' ')?;
        let timestamp = loop {
            let (name, value) = fields.split_at(memchr(b'=', fields.as_bytes())?);
            if name != expected.next()? || memchr3(b',', b'"', b' ', name.as_bytes()).is_some() {
                return None;
            }
            let value = value.strip_prefix('=')?;
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => {
                    let (value, after) = quoted.split_at(memchr(b'"', quoted.as_bytes())?);
                    (Json::from(value), after.strip_prefix('"')?)
                }
                None => {
                    let (value, after) = value.split_at(memchr2(b',', b' ', value.as_bytes())?);
                    (literal(value)?, after)
                }
            };
            values.push(value);
            match after.split_at_checked(1)? {
                (",", next) => fields = next,
                (" ", timestamp) => break timestamp,
                _ => return None,
            }
        };
        if expected.next().is_some() || !is_whole(timestamp) {
            return None;
        }
        let mut changes = ChangeList::default();
        let moment = match moment(timestamp.parse().ok()?, unit, &mut changes) {
            Ok(moment) => moment,
            Err(failure) => return Some(Err(failure)),
        };
        if let Some(place) = values.get_mut(1) {
            *place = moment;
        }
        let fields = Fields::with_names(names.clone(), values);
        Some(Ok(Record { changes: changes.into_vec(), ..Record::new(fields) }))
    }
}

/// Parses a number or a boolean.
fn literal(text: &str) -> Option<Json> {
    if let Some(digits) = text.strip_suffix('i').filter(|digits| is_whole(digits)) {
        return digits.parse::<i64>().ok().map(Json::from);
    }
    if let Some(digits) = text.strip_suffix('u').filter(|digits| has_digits(digits)) {
        return digits.parse::<u64>().ok().map(Json::from);
    }
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(true.into()),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(false.into()),
        _ => {}
    }
    is_float(text).then(|| text.parse::<f64>().ok()).flatten().map(Json::from)
}

fn has_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_whole(text: &str) -> bool {
    has_digits(text.strip_prefix('-').unwrap_or(text))
}

fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match memchr2(b'e', b'E', text.as_bytes()) {
        Some(at) => {
            let (mantissa, exponent) = text.split_at(at);
            (mantissa, exponent.get(1..))
        }
        None => (text, None),
    };
    let is_mantissa = match mantissa.split_once('.') {
        Some((whole, part)) => is_whole(whole) && has_digits(part),
        None => is_whole(mantissa),
    };
    is_mantissa
        && exponent.is_none_or(|exponent| has_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}
