//! Parses JSON that `serde_json` rejects or would change: bare `NaN` and `Infinity` as Python writes
//! them, integers of more than 64 bits, and unpaired surrogates as left by truncated emoji. All other
//! invalid JSON is rejected.

use serde_json::Value as Json;

use super::scan::skip_space;
use crate::{
    json::{MAX_DEPTH, is_exact},
    process::parsed_value::{ParsedValue, too_deep},
    record::Failure,
};

/// Parses text that contains exactly one value.
pub(super) fn read(text: &str) -> Result<ParsedValue, Failure> {
    let mut reader = Reader { text, position: 0 };
    let found = reader.value(0)?;
    reader.skip_space();
    if reader.position < text.len() {
        return Err(reader.unexpected("the end of the text"));
    }
    Ok(found)
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<ParsedValue, Failure> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => {
                let start = self.position;
                let (text, has_surrogate) = self.string()?;
                if !has_surrogate {
                    return Ok(ParsedValue::text(text));
                }
                let sent = self.text.get(start + 1..self.position - 1).unwrap_or_default();
                let detail = "an unpaired surrogate was replaced by U+FFFD";
                Ok(ParsedValue::changed(Json::String(text), "surrogate-replaced", detail, sent.into()))
            }
            Some(_) => self.word(),
            None => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<ParsedValue, Failure> {
        let mut members = Vec::new();
        self.position += 1;
        let mut has_more = !self.next_is(b'}');
        while has_more {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member name"));
            }
            let (name, _) = self.string()?;
            if !self.next_is(b':') {
                return Err(self.unexpected("`:`"));
            }
            members.push((name, self.value(depth + 1)?));
            has_more = self.has_more(b'}', "`,` or `}`")?;
        }
        Ok(ParsedValue::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<ParsedValue, Failure> {
        let mut items = Vec::new();
        self.position += 1;
        let mut has_more = !self.next_is(b']');
        while has_more {
            items.push(self.value(depth + 1)?);
            has_more = self.has_more(b']', "`,` or `]`")?;
        }
        Ok(ParsedValue::Array(items))
    }

    /// Reads the comma or the closing bracket after an item.
    fn has_more(&mut self, close: u8, expected: &str) -> Result<bool, Failure> {
        if self.next_is(b',') {
            return Ok(true);
        }
        if self.next_is(close) { Ok(false) } else { Err(self.unexpected(expected)) }
    }

    /// Parses a number or a literal such as `true` or `NaN`.
    fn word(&mut self) -> Result<ParsedValue, Failure> {
        let rest = self.rest();
        let end = rest
            .find(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let found = match word {
            "true" => ParsedValue::Json(Json::Bool(true)),
            "false" => ParsedValue::Json(Json::Bool(false)),
            "null" => ParsedValue::Json(Json::Null),
            "NaN" => ParsedValue::float(f64::NAN),
            "Infinity" => ParsedValue::float(f64::INFINITY),
            "-Infinity" => ParsedValue::float(f64::NEG_INFINITY),
            _ => number(word).ok_or_else(|| self.unexpected("a value"))?,
        };
        self.position += end;
        Ok(found)
    }

    /// Reads a string; returns whether an unpaired surrogate was replaced in it.
    fn string(&mut self) -> Result<(String, bool), Failure> {
        let end = super::scan(self.text.as_bytes(), self.position).end;
        let quoted = self.text.get(self.position..end).unwrap_or_default();
        let read = serde_json::from_str(quoted).map(|text| (text, false)).or_else(|error| {
            let whole = replace_unpaired_surrogates(quoted);
            whole.and_then(|whole| Some((serde_json::from_str(&whole).ok()?, true))).ok_or(error)
        });
        let read = read.map_err(|_| self.unexpected("a string"))?;
        self.position = end;
        Ok(read)
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is = self.peek() == Some(byte);
        self.position += usize::from(is);
        is
    }

    fn skip_space(&mut self) {
        self.position = skip_space(self.text.as_bytes(), self.position);
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn unexpected(&self, expected: &str) -> Failure {
        Failure::unreadable(format!("invalid JSON: expected {expected} at byte {}", self.position))
    }
}

/// Parses a JSON number. A number that would be rounded becomes text.
fn number(word: &str) -> Option<ParsedValue> {
    // The library checks the grammar: it rejects `007`, `+1`, `1.` and `.5`.
    serde_json::from_str::<serde::de::IgnoredAny>(word).ok()?;
    // As on the fast path, where it keeps its sign.
    if word == "-0" {
        return Some(ParsedValue::float(-0.0));
    }
    if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Some(word.parse::<i128>().map_or_else(|_| ParsedValue::text(word), ParsedValue::integer));
    }
    match word.parse::<f64>() {
        Ok(float) if float.is_finite() && !is_exact(word) => Some(ParsedValue::rounded(float, word)),
        Ok(float) if float.is_finite() => Some(ParsedValue::float(float)),
        _ => Some(ParsedValue::text(word)),
    }
}

/// Replaces unpaired surrogates by U+FFFD; returns `None` if there are none.
fn replace_unpaired_surrogates(quoted: &str) -> Option<String> {
    let mut whole = String::with_capacity(quoted.len());
    let (mut rest, mut replaced) = (quoted, false);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at)?;
        whole.push_str(before);
        let length = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(_), _) => {
                whole.push('\u{FFFD}');
                replaced = true;
                rest = escape.get(6..)?;
                continue;
            }
            // The character after the backslash may have several bytes.
            (None, _) => 1 + escape.get(1..)?.chars().next().map_or(0, char::len_utf8),
        };
        let (escaped, behind) = escape.split_at_checked(length)?;
        whole.push_str(escaped);
        rest = behind;
    }
    whole.push_str(rest);
    replaced.then_some(whole)
}

/// Returns the surrogate that an escape such as `\ud83d` stands for.
fn surrogate(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn common_deviations_from_json_are_accepted() {
        for (text, fields, non_finite) in [
            (r#"{"a": NaN, "b": -Infinity, "c": [Infinity]}"#, json!({"c": ["Infinity"]}), "a b"),
            (r#"{"a": 1e400, "b": -1e400}"#, json!({"a": "1e400", "b": "-1e400"}), ""),
            (r#"{"a": 18446744073709551616}"#, json!({"a": "18446744073709551616"}), ""),
            (r#"{"a": 18446744073709551615, "b": -0}"#, json!({"a": u64::MAX, "b": -0.0}), ""),
            (r#"{"a": 1.5e3, "a": 2, "": {}}"#, json!({"a": 2, "": {}}), ""),
            (
                r#"{"a": "x\ud83d", "b\udc00": "\ud83d\ude00\n"}"#,
                json!({"a": "x\u{FFFD}", "b\u{FFFD}": "😀\n"}),
                "",
            ),
            ("[true, false, null]", json!({"value": [true, false, null]}), ""),
            ("NaN", json!({}), "value"),
        ] {
            let record = read(text).unwrap().into_record().unwrap();
            assert_eq!(Json::from(record.fields), fields, "{text}");
            assert_eq!(record.non_finite.keys().cloned().collect::<Vec<_>>().join(" "), non_finite, "{text}");
        }
    }

    #[test]
    fn other_invalid_json_is_rejected() {
        for text in [
            "",
            " ",
            "{",
            "{\"a\"}",
            "{\"a\": }",
            "{a: 1}",
            "[1,]",
            "{\"a\": 1,}",
            "[1 2]",
            "007",
            "+1",
            ".5",
            "1.",
            "nan",
            "--1",
            "'a'",
            "\"a",
            "\"\\x\"",
            "\"\n\"",
            "1 2",
            "\"\\ud83",
            "undefined",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().code, "too-deep");
    }
}
