//! URL-encoded forms as sent by browsers and `curl -d`: `name=rex&legs=4`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::{
    process::{Input, Output, Processor, infer_scalar},
    record::{Failure, Record},
};

/// Turns a form into one record. Values of a repeated name become an array.
#[derive(Debug)]
pub(in crate::process) struct Form;

impl Processor for Form {
    fn name(&self) -> &str {
        "form"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        /// A member, which may be moved while the form is read, and its decoded name and value.
        const PAIR_BYTES: usize = 3 * size_of::<serde_json::Value>() + 256;
        let pairs = 1 + memchr::memchr_iter(b'&', input.body).count();
        output.need(pairs * PAIR_BYTES + 4 * input.body.len())?;
        let mut fields = serde_json::Map::new();
        for pair in input.text()?.trim().split('&').filter(|pair| !pair.is_empty()) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            infer_scalar::add_field(&mut fields, decode(name), infer_scalar::infer(&decode(text)));
        }
        output.record(Record::new(fields));
        Ok(())
    }
}

fn decode(text: &str) -> String {
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    let bytes: Cow<'_, [u8]> = percent_decode_str(&spaced).into();
    match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        // Old pages send forms in their own encoding.
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn forms_become_one_record() {
        for (body, expected) in [
            ("a=1&b=x+y&a=2\n", &[r#"{"a":[1,2],"b":"x y"}"#][..]),
            ("a%5B0%5D=%7B%22x%22%3A1%7D&=1&b&&c==", &[r#"{"a[0]":"{\"x\":1}","":1,"b":null,"c":"="}"#]),
            ("caf%E9=%C3%A9&bad=%zz%", &[r#"{"café":"é","bad":"%zz%"}"#]),
            ("", &["{}"]),
        ] {
            check(&Form, body, expected);
        }
    }
}
