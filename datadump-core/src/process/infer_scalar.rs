//! What a text says in a format that has no types: the one place where that is decided.

use serde_json::{Map, Number, Value as Json};

/// The formats that have no types.
const UNTYPED: [&str; 7] = ["csv", "tsv", "form", "multipart", "args", "xml", "logfmt"];

/// Whether all values of a format are texts, so that one that reads as a number may stand for it.
pub fn is_untyped(format: &str) -> bool {
    UNTYPED.contains(&format)
}

/// Reads one value.
///
/// * Empty is null.
/// * `true` and `false` are booleans.
/// * A whole number without leading zeros and without a plus is one, up to 64 bits. `007` is a text,
///   since its zeros may mean something, and so is a longer number, since it would be rounded.
/// * A decimal is a number when it is written as we would write it: then nothing is lost either way.
///   `1.10` stays the text it is, since it may be a release; in a field of numbers it is read as one
///   all the same, because the record says that its format has no types.
/// * Everything else is a text, as it was written.
pub(super) fn value(text: &str) -> Json {
    let trimmed = text.trim();
    match trimmed {
        "" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => number(trimmed).map_or_else(|| Json::String(text.to_owned()), Json::Number),
    }
}

/// The number a text is, when it is written as we would write it.
pub(super) fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Most texts are no numbers, and are told by their first byte.
    if !digits.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole(text, digits);
    }
    // An infinity is no number here.
    text.parse().ok().and_then(Number::from_f64).filter(|number| number.to_string() == text)
}

/// Puts fields together of which some may have the same name: those become a list.
pub(super) fn gather<'a>(pairs: impl IntoIterator<Item = (String, &'a str)>) -> Map<String, Json> {
    let mut fields = Map::new();
    for (name, text) in pairs {
        add(&mut fields, name, value(text));
    }
    fields
}

/// Adds a field; one whose name is there already makes a list of both.
pub(super) fn add(fields: &mut Map<String, Json>, name: String, value: Json) {
    match fields.get_mut(&name) {
        None => {
            fields.insert(name, value);
        }
        Some(Json::Array(values)) => values.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
    }
}

fn whole(text: &str, digits: &str) -> Option<Number> {
    // `-0` is no integer that could be written back.
    if !is_whole(digits) || text == "-0" {
        return None;
    }
    let signed = text.parse::<i64>().ok().map(Number::from);
    signed.or_else(|| text.parse::<u64>().ok().map(Number::from))
}

fn is_whole(digits: &str) -> bool {
    is_digits(digits) && (digits == "0" || !digits.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_numbers_only_when_nothing_is_lost() {
        let text = |text: &'static str| (text, json!(text));
        for (given, expected) in [
            ("", json!(null)),
            ("  ", json!(null)),
            ("true", json!(true)),
            ("false", json!(false)),
            text("True"),
            ("0", json!(0)),
            ("-17", json!(-17)),
            (" 42 ", json!(42)),
            text("007"),
            text("-07"),
            text("+5"),
            text("-0"),
            text("-"),
            ("9223372036854775807", json!(i64::MAX)),
            ("18446744073709551615", json!(u64::MAX)),
            text("18446744073709551616"),
            text("-9223372036854775809"),
            ("1.5", json!(1.5)),
            text("1.50"),
            ("-0.0625", json!(-0.0625)),
            text("00.5"),
            text(".5"),
            text("5."),
            text("1.2.3"),
            text("1,5"),
            ("0.30000000000000004", json!(0.300_000_000_000_000_04)),
            text("3.14159265358979323846"),
            text("1e-07"),
            text("1.5E10"),
            text("2e+06"),
            text("12e4567"),
            text("1e5"),
            text("1.0e999"),
            text("1e+"),
            text("NaN"),
            text("Infinity"),
            text("0x1F"),
            text("١٢"),
            text("12 kg"),
            text("2024-01-31"),
        ] {
            assert_eq!(value(given), expected, "{given:?}");
        }
    }

    #[test]
    fn repeated_names_make_a_list() {
        let pairs = [("a", "1"), ("b", "x"), ("a", "2"), ("a", "")];
        let fields = gather(pairs.map(|(name, text)| (name.to_owned(), text)));
        assert_eq!(Json::Object(fields), json!({"a": [1, 2, null], "b": "x"}));
    }
}
