//! Infers the JSON type of a value from a format in which every value is text.

use serde_json::{Map, Number, Value as Json};

/// Formats in which every value is text.
const UNTYPED_FORMATS: [&str; 7] = ["csv", "tsv", "form", "multipart", "args", "xml", "logfmt"];

/// Returns whether every value of a format is text, so that text which reads as a number may be stored
/// as one.
pub fn is_untyped(format: &str) -> bool {
    UNTYPED_FORMATS.contains(&format)
}

/// Infers the type of one value.
///
/// * Empty text is null.
/// * `true` and `false` are booleans.
/// * An integer of at most 64 bits without leading zeros or a plus sign is a number. `007` stays text
///   because its zeros may be significant, and a longer number because it would be rounded.
/// * A decimal is a number if formatting that number gives the same text, so no information is lost.
///   `1.10` stays text because it may be a version. A numeric field still accepts it, because the record
///   is marked as coming from an untyped format.
/// * Everything else stays text, unchanged.
pub(super) fn infer(text: &str) -> Json {
    let trimmed = text.trim();
    match trimmed {
        "" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => number(trimmed).map_or_else(|| Json::String(text.to_owned()), Json::Number),
    }
}

/// Parses text as a number if formatting the number gives the same text.
pub(super) fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // The first byte already rules out most text.
    if !digits.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return integer(text, digits);
    }
    // `from_f64` rejects infinities.
    text.parse().ok().and_then(Number::from_f64).filter(|number| number.to_string() == text)
}

/// Collects fields; values under a repeated name become an array.
pub(super) fn fields<'a>(pairs: impl IntoIterator<Item = (String, &'a str)>) -> Map<String, Json> {
    let mut fields = Map::new();
    for (name, text) in pairs {
        add_field(&mut fields, name, infer(text));
    }
    fields
}

/// Adds a field; a value under a name that already exists is appended to an array.
pub(super) fn add_field(fields: &mut Map<String, Json>, name: String, value: Json) {
    match fields.get_mut(&name) {
        None => {
            fields.insert(name, value);
        }
        Some(Json::Array(values)) => values.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
    }
}

fn integer(text: &str, digits: &str) -> Option<Number> {
    // `-0` would be formatted as `0`.
    if (digits != "0" && digits.starts_with('0')) || text == "-0" {
        return None;
    }
    let signed = text.parse::<i64>().ok().map(Number::from);
    signed.or_else(|| text.parse::<u64>().ok().map(Number::from))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_becomes_a_number_only_if_nothing_is_lost() {
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
            assert_eq!(infer(given), expected, "{given:?}");
        }
    }

    #[test]
    fn repeated_names_make_an_array() {
        let pairs = [("a", "1"), ("b", "x"), ("a", "2"), ("a", "")];
        let fields = fields(pairs.map(|(name, text)| (name.to_owned(), text)));
        assert_eq!(Json::Object(fields), json!({"a": [1, 2, null], "b": "x"}));
    }
}
