//! Reads JSON that `serde_json` refuses or would change: bare `NaN` and `Infinity` as Python writes
//! them, numbers that no 64 bits hold, and halves of surrogate pairs as a cut emoji leaves them.
//! Everything else that is not JSON stays not JSON.

use serde_json::Value as Json;

use super::super::parsed_value::{ParsedValue, too_deep};
use super::scan::skip_space;
use crate::{json::MAX_DEPTH, record::Failure};

/// Reads a text that is one value.
pub(super) fn read(text: &str) -> Result<ParsedValue, Failure> {
    let mut reader = Reader { text, place: 0 };
    let found = reader.value(0)?;
    reader.skip_space();
    if reader.place < text.len() {
        return Err(reader.unexpected("the end"));
    }
    Ok(found)
}

struct Reader<'a> {
    text: &'a str,
    place: usize,
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
            Some(b'"') => self.string().map(ParsedValue::text),
            Some(_) => self.word(),
            None => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<ParsedValue, Failure> {
        let mut members = Vec::new();
        self.place += 1;
        if self.next_is(b'}') {
            return Ok(ParsedValue::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a name"));
            }
            let name = self.string()?;
            if !self.next_is(b':') {
                return Err(self.unexpected("`:`"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.next_is(b'}') {
                return Ok(ParsedValue::Object(members));
            }
            if !self.next_is(b',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<ParsedValue, Failure> {
        let mut items = Vec::new();
        self.place += 1;
        if self.next_is(b']') {
            return Ok(ParsedValue::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.next_is(b']') {
                return Ok(ParsedValue::Array(items));
            }
            if !self.next_is(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    /// A number, or one of the words.
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
        self.place += end;
        Ok(found)
    }

    fn string(&mut self) -> Result<String, Failure> {
        let end = super::scan(self.text.as_bytes(), self.place).end;
        let quoted = self.text.get(self.place..end).unwrap_or_default();
        let read = serde_json::from_str(quoted).or_else(|error| {
            let whole = with_whole_surrogates(quoted);
            whole.and_then(|whole| serde_json::from_str(&whole).ok()).ok_or(error)
        });
        let text = read.map_err(|_| self.unexpected("a text"))?;
        self.place = end;
        Ok(text)
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is = self.peek() == Some(byte);
        self.place += usize::from(is);
        is
    }

    fn skip_space(&mut self) {
        self.place = skip_space(self.text.as_bytes(), self.place);
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.place..).unwrap_or_default()
    }

    fn unexpected(&self, expected: &str) -> Failure {
        Failure::unreadable(format!("this is not JSON: expected {expected} at byte {}", self.place))
    }
}

/// A number as JSON writes it. One that would not come out as it went in is a text.
fn number(word: &str) -> Option<ParsedValue> {
    // The grammar is the library's: it refuses `007`, `+1`, `1.` and `.5`, and reads the rest.
    serde_json::from_str::<serde::de::IgnoredAny>(word).ok()?;
    if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Some(word.parse::<i128>().map_or_else(|_| ParsedValue::text(word), ParsedValue::integer));
    }
    match word.parse::<f64>() {
        Ok(float) if float.is_finite() => Some(ParsedValue::float(float)),
        _ => Some(ParsedValue::text(word)),
    }
}

/// The text with U+FFFD for each half of a surrogate pair that has lost the other half, or `None`
/// when there is none.
fn with_whole_surrogates(quoted: &str) -> Option<String> {
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
            // The character behind the backslash may be of several bytes.
            (None, _) => 1 + escape.get(1..)?.chars().next().map_or(0, char::len_utf8),
        };
        let (escaped, behind) = escape.split_at_checked(length)?;
        whole.push_str(escaped);
        rest = behind;
    }
    whole.push_str(rest);
    replaced.then_some(whole)
}

/// The half of a surrogate pair that an escape stands for.
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
    fn what_is_nearly_json_is_read_as_it_was_meant() {
        for (text, fields, non_finite) in [
            (r#"{"a": NaN, "b": -Infinity, "c": [Infinity]}"#, json!({"c": ["Infinity"]}), "a b"),
            (r#"{"a": 1e400, "b": -1e400}"#, json!({"a": "1e400", "b": "-1e400"}), ""),
            (r#"{"a": 18446744073709551616}"#, json!({"a": "18446744073709551616"}), ""),
            (r#"{"a": 18446744073709551615, "b": -0}"#, json!({"a": u64::MAX, "b": 0}), ""),
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
    fn what_is_not_json_stays_not_json() {
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
