//! Parses many JSON values one after another, so that no more than one has to be kept.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{DeserializeSeed, Error as _, SeqAccess, Visitor},
};
use serde_json::{Deserializer, Value as Json};

use super::{not_json, parse, scanned};
use crate::error::{Error, Fault, Place, Result};

/// Parses an array, or one value per line (NDJSON), and passes on each value.
///
/// ```
/// use datadump_core::json;
/// for text in ["[1, 2]", " 1\n\n2\r\n"] {
///     let mut items = Vec::new();
///     json::each_item(text.as_bytes(), |item| Ok(items.push(item))).unwrap();
///     assert_eq!(items, [1, 2]);
/// }
/// ```
pub fn each_item(bytes: &[u8], mut each: impl FnMut(Json) -> Result<()>) -> Result<()> {
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if !is_array {
        return each_line(bytes, each);
    }
    scanned(bytes)?;
    let (mut parser, mut failed) = (Deserializer::from_slice(bytes), None);
    let done = parser.deserialize_seq(Items { each: &mut each, failed: &mut failed });
    let done = done.and_then(|()| parser.end());
    match failed {
        Some(error) => Err(error),
        None => done.map_err(|error| not_json(&error)),
    }
}

fn each_line(bytes: &[u8], mut each: impl FnMut(Json) -> Result<()>) -> Result<()> {
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let item = parse(line).map_err(|error| {
            let code = error.faults().first().map_or("not-json", |fault| fault.code);
            Error::Invalid(vec![Fault::new(Place::body(), code, format!("line {number}: {error}"))])
        });
        each(item?)?;
    }
    Ok(())
}

/// Passes on each item of an array.
struct Items<'a, F> {
    each: &'a mut F,
    /// The error of the caller, which the parser cannot hold.
    failed: &'a mut Option<Error>,
}

impl<'de, F: FnMut(Json) -> Result<()>> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element_seed(AnyJson)? {
            if let Err(error) = (self.each)(item) {
                *self.failed = Some(error);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

struct AnyJson;

impl<'de> DeserializeSeed<'de> for AnyJson {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Json, D::Error> {
        serde::Deserialize::deserialize(parser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_passed_on_until_one_is_refused() {
        let code = |error: &Error| error.faults().first().map_or("", |fault| fault.code);
        for (text, expected) in [
            ("[]", Ok(0)),
            ("", Ok(0)),
            ("[1,2,3]", Ok(3)),
            ("1\n2\n", Ok(2)),
            ("{\"a\": 1}\r\n\n{\"a\": 2}", Ok(2)),
            ("[1,2", Err("not-json")),
            ("[1] 2", Err("not-json")),
            ("1\n{", Err("not-json")),
            ("{\n\"a\": 1\n}", Err("not-json")),
            ("[1,2,3,4]", Err("too-many")),
            ("1\n2\n3\n4\n", Err("too-many")),
            ("[1,2,3,4", Err("too-many")),
            ("[12345678901234567890123]", Err("out-of-range")),
            ("1\n12345678901234567890123", Err("out-of-range")),
        ] {
            let mut count = 0;
            let done = each_item(text.as_bytes(), |_| {
                count += 1;
                let fault = || Error::Invalid(vec![Fault::new(Place::body(), "too-many", "more than 3")]);
                if count > 3 { Err(fault()) } else { Ok(()) }
            });
            assert_eq!(done.as_ref().map(|()| count).map_err(code), expected, "{text}");
        }
        let error = each_item(b"1\n\n{\n", |_| Ok(())).unwrap_err().to_string();
        assert!(error.starts_with("line 3: invalid JSON"), "{error}");
    }
}
