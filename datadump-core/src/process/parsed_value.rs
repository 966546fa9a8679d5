//! Values of typed formats before they become records: JSON, and numbers that JSON cannot represent.

use std::{collections::HashMap, fmt, ops::Range};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Number, Value as Json};

use super::Output;
use crate::{
    json::MAX_DEPTH,
    record::{Change, ChangeList, Failure, Fields, Record},
    schema::{DIGITS_LOST, DIGITS_LOST_DETAIL},
};

/// A value parsed from a format.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ParsedValue {
    /// A value that JSON can represent.
    Json(Json),
    /// The name of NaN or an infinity.
    NonFinite(&'static str),
    Array(Vec<ParsedValue>),
    /// Members in order. If a name is repeated, the last value wins, which is a change.
    Object(Vec<(String, ParsedValue)>),
    /// A value that differs from what was sent.
    Changed(Box<ChangedValue>),
}

/// A value that differs from what was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChangedValue {
    value: Json,
    code: &'static str,
    detail: &'static str,
    original: Json,
}

/// The place of a value in its record.
#[derive(Clone, Copy)]
enum Path<'p> {
    Field(&'p str),
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => formatter.write_str(name),
            Self::Member(object, name) => write!(formatter, "{object}.{name}"),
            Self::Item(list, index) => write!(formatter, "{list}[{index}]"),
        }
    }
}

fn repeated(at: Path<'_>, earlier: Json) -> Change {
    Change::repeated(at.to_string(), earlier)
}

impl ParsedValue {
    /// Converts a float; NaN and infinities become [`NonFinite`](Self::NonFinite).
    pub(super) fn float(float: f64) -> Self {
        match Number::from_f64(float) {
            Some(number) => Self::Json(Json::Number(number)),
            None => Self::NonFinite(non_finite_name(float)),
        }
    }

    /// Converts a 32-bit float to its shortest decimal form: `1.1` and not `1.100000023841858`.
    pub(super) fn float32(float: f32) -> Self {
        Self::float(float.to_string().parse().unwrap_or_else(|_| f64::from(float)))
    }

    /// Creates a value that differs from what was sent.
    pub(super) fn changed(value: Json, code: &'static str, detail: &'static str, original: Json) -> Self {
        Self::Changed(Box::new(ChangedValue { value, code, detail, original }))
    }

    /// Creates the float nearest to a number that has more digits.
    pub(super) fn rounded(float: f64, sent: &str) -> Self {
        // Not a negative zero.
        Self::changed((float + 0.0).into(), DIGITS_LOST, DIGITS_LOST_DETAIL, sent.into())
    }

    /// Converts an integer. One that needs more than 64 bits becomes text, because a JSON number would
    /// be rounded.
    pub(super) fn integer(number: i128) -> Self {
        let signed = i64::try_from(number).map(Json::from);
        let json = signed.or_else(|_| u64::try_from(number).map(Json::from));
        Self::Json(json.unwrap_or_else(|_| Json::String(number.to_string())))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Json(Json::String(text.into()))
    }

    /// Converts binary data to base64.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::text(BASE64_STANDARD.encode(bytes))
    }

    /// Converts a point in time, if it is in range.
    pub(super) fn moment(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let moment = DateTime::from_timestamp(seconds, nanoseconds)?;
        Some(Self::text(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
    }

    /// Converts a map, whose names may be any values.
    pub(super) fn map(members: impl Iterator<Item = (Self, Self)>) -> Self {
        Self::Object(members.map(|(name, value)| (name.into_member_name(), value)).collect())
    }

    /// Converts to JSON; non-finite numbers become text.
    pub(super) fn into_json(self) -> Json {
        self.into_json_at(Path::Field(""), &mut ChangeList::default())
    }

    fn into_json_at(self, at: Path<'_>, changes: &mut ChangeList) -> Json {
        match self {
            Self::Json(json) => json,
            Self::NonFinite(name) => Json::String(name.to_owned()),
            Self::Array(items) => {
                let items = items.into_iter().enumerate();
                items.map(|(index, item)| item.into_json_at(Path::Item(&at, index), changes)).collect()
            }
            Self::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (name, value) in members {
                    let member = Path::Member(&at, &name);
                    let value = value.into_json_at(member, changes);
                    if let Some(earlier) = object.get_mut(&name) {
                        changes.add(repeated(member, std::mem::replace(earlier, value)));
                    } else {
                        object.insert(name, value);
                    }
                }
                Json::Object(object)
            }
            Self::Changed(changed) => {
                let ChangedValue { value, code, detail, original } = *changed;
                changes.add(Change::new(at.to_string(), code, detail, original));
                value
            }
        }
    }

    /// Converts to the name of an object member. Other formats have names that are not text.
    pub(super) fn into_member_name(self) -> String {
        match self.into_json() {
            Json::String(name) => name,
            other => {
                let mut name = String::new();
                write_name(&other, &mut name);
                name
            }
        }
    }

    /// Converts to a record. A value that is not an object becomes the field `value`.
    pub(super) fn into_record(self) -> Result<Record, Failure> {
        let members = match self {
            Self::Object(members) => members,
            value => vec![("value".to_owned(), value)],
        };
        if members.iter().any(|(_, value)| value.is_deeper_than(MAX_DEPTH - 1)) {
            return Err(too_deep());
        }
        // A name may occur once as a finite and once as a non-finite value: the last one wins in either map.
        let is_non_finite = |value: &Self| matches!(value, Self::NonFinite(_));
        let last_is_non_finite: HashMap<String, bool> =
            match members.iter().any(|(_, value)| is_non_finite(value)) {
                true => members.iter().map(|(name, value)| (name.clone(), is_non_finite(value))).collect(),
                false => HashMap::new(),
            };
        let (mut record, mut changes) = (Record::default(), ChangeList::default());
        for (name, value) in members {
            let is_finite = !is_non_finite(&value);
            let value = value.into_json_at(Path::Field(&name), &mut changes);
            if last_is_non_finite.get(&name).is_some_and(|last| *last == is_finite) {
                changes.add(repeated(Path::Field(&name), value));
                continue;
            }
            let target = if is_finite { &mut record.fields } else { &mut record.non_finite };
            if let Some(earlier) = target.get_mut(&name) {
                changes.add(repeated(Path::Field(&name), std::mem::replace(earlier, value)));
            } else {
                target.insert(name, value);
            }
        }
        record.changes = changes.into_vec();
        Ok(record)
    }

    /// Emits one record per array item, or one record for any other value, which is at `byte_range`.
    pub(super) fn emit(self, byte_range: Option<Range<usize>>, output: &mut Output) {
        match self {
            Self::Array(items) => items.into_iter().for_each(|item| item.emit_one(None, output)),
            value => value.emit_one(byte_range, output),
        }
    }

    /// Emits an item of a list as one record.
    pub(super) fn emit_item(self, byte_range: Option<Range<usize>>, output: &mut Output) {
        // Parsed on its own, a list would become several records, so it has no byte range.
        let byte_range = byte_range.filter(|_| !matches!(self, Self::Array(_)));
        self.emit_one(byte_range, output);
    }

    fn emit_one(self, byte_range: Option<Range<usize>>, output: &mut Output) {
        match self.into_record() {
            Ok(record) => output.record_at(record, None, byte_range),
            Err(failure) => output.reject(failure, None, byte_range),
        }
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        match self {
            Self::Json(_) | Self::NonFinite(_) | Self::Changed(_) => false,
            Self::Array(items) => levels == 0 || items.iter().any(|item| item.is_deeper_than(levels - 1)),
            Self::Object(members) => {
                levels == 0 || members.iter().any(|(_, member)| member.is_deeper_than(levels - 1))
            }
        }
    }
}

/// Writes JSON as a member name. Nested names that are themselves JSON are copied without escaping:
/// escaping them at each level would double their length every time.
fn write_name(json: &Json, name: &mut String) {
    match json {
        Json::Array(items) => {
            name.push('[');
            for (index, item) in items.iter().enumerate() {
                name.push_str(if index == 0 { "" } else { "," });
                write_name(item, name);
            }
            name.push(']');
        }
        Json::Object(members) => {
            name.push('{');
            for (index, (inner, value)) in members.iter().enumerate() {
                name.push_str(if index == 0 { "" } else { "," });
                if inner.starts_with(['{', '[']) {
                    name.push_str(inner);
                } else {
                    name.push_str(&Json::from(inner.as_str()).to_string());
                }
                name.push(':');
                write_name(value, name);
            }
            name.push('}');
        }
        scalar => name.push_str(&scalar.to_string()),
    }
}

/// Returns the name of a float that is NaN or infinite.
pub(super) fn non_finite_name(float: f64) -> &'static str {
    if float.is_nan() {
        "NaN"
    } else if float > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Returns the failure for a value that exceeds the nesting limit.
pub(super) fn too_deep() -> Failure {
    Failure::new("too-deep", format!("the value is nested more than {MAX_DEPTH} levels deep"))
}

/// Converts one JSON value to a record. A value that is not an object becomes the field `value`.
pub(super) fn record_from_json(json: Json) -> Record {
    match json {
        Json::Object(fields) => Record::new(fields),
        value => Record::new(Fields::from_iter([("value".to_owned(), value)])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn non_finite_numbers_are_kept_apart_at_the_top_level_and_as_text_below() {
        let list = ParsedValue::Array(vec![ParsedValue::float(1.5), ParsedValue::float(f64::NAN)]);
        let object = |members: Vec<(&str, ParsedValue)>| {
            ParsedValue::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let found = object(vec![
            ("a", ParsedValue::float(f64::NEG_INFINITY)),
            ("b", list),
            ("c", ParsedValue::integer(-3)),
            ("c", ParsedValue::float(f64::INFINITY)),
            ("d", ParsedValue::float(f64::NAN)),
            ("d", ParsedValue::float32(1.1)),
            ("e", ParsedValue::integer(1 << 100)),
        ]);
        let record = found.into_record().unwrap();
        let expected = json!({"b": [1.5, "NaN"], "d": 1.1, "e": (1_i128 << 100).to_string()});
        assert_eq!(Json::from(record.fields), expected);
        assert_eq!(Json::from(record.non_finite), json!({"a": "-Infinity", "c": "Infinity"}));
    }

    #[test]
    fn many_repeated_names_take_linear_time() {
        let members = (0..100_000).flat_map(|number| {
            let name = number.to_string();
            [(name.clone(), ParsedValue::integer(1)), (name, ParsedValue::float(f64::NAN))]
        });
        let began = std::time::Instant::now();
        let record = ParsedValue::Object(members.collect()).into_record().unwrap();
        assert_eq!((record.fields.len(), record.non_finite.len()), (0, 100_000));
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    #[test]
    fn nested_names_grow_linearly() {
        let named =
            |name: ParsedValue| ParsedValue::Object(vec![(name.into_member_name(), ParsedValue::integer(1))]);
        assert_eq!(ParsedValue::text("a \"b\"").into_member_name(), "a \"b\"");
        let once = named(ParsedValue::text("a\""));
        assert_eq!(once.clone().into_member_name(), r#"{"a\"":1}"#);
        assert_eq!(
            ParsedValue::Array(vec![once.clone(), ParsedValue::text("x")]).into_member_name(),
            r#"[{"a\"":1},"x"]"#
        );
        assert_eq!(named(once).into_member_name(), r#"{{"a\"":1}:1}"#);
        let deep = (0..100).fold(ParsedValue::text("a"), |name, _| named(name));
        assert_eq!(deep.into_member_name().len(), 3 + 100 * 4);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| {
            (0..levels).fold(ParsedValue::integer(1), |found, _| ParsedValue::Array(vec![found]))
        };
        let object = |levels| ParsedValue::Object(vec![("a".to_owned(), nested(levels))]);
        assert!(object(MAX_DEPTH - 1).into_record().is_ok());
        assert_eq!(object(MAX_DEPTH).into_record().unwrap_err().code, "too-deep");
    }
}
