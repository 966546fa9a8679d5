//! Logfmt: `key=value` pairs, one record per line.
//!
//! VRL's `parse_logfmt` is not used because it searches for the next `=` from every word to the end of
//! the line, which takes quadratic time on long lines of prose.

use serde_json::{Map, Value as Json};

use crate::{
    process::{Input, Output, Processor, Splitting, infer_scalar, lines::lines},
    record::{Failure, Record},
};

/// Parses lines such as `level=info msg="no such file" took=0.25 retry`. Types are inferred, a word
/// without `=` is `true`, and values of a repeated name become an array.
#[derive(Debug, Clone, Copy)]
pub(in crate::process) struct Logfmt;

impl Processor for Logfmt {
    fn name(&self) -> &str {
        "logfmt"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for line in lines(input.text()?).filter(|line| !line.is_blank()) {
            if !line.has_room([b'=', b' '], output) {
                break;
            }
            let prose = || Failure::unreadable("the line contains no `key=value` pair");
            line.emit(read(line.text).map(Record::new).ok_or_else(prose), output);
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

/// Parses a line; returns `None` if it contains no pair, because then it is prose.
fn read(line: &str) -> Option<Map<String, Json>> {
    let mut fields = Map::new();
    let mut has_pair = false;
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        match after.strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after);
                // A value without a name is dropped.
                if !name.is_empty() {
                    has_pair = true;
                    infer_scalar::add_field(&mut fields, name.to_owned(), value);
                }
                rest = after;
            }
            None => {
                fields.entry(name).or_insert(Json::Bool(true));
                rest = after;
            }
        }
        rest = rest.trim_start();
    }
    has_pair.then_some(fields)
}

/// Splits a value off the start of a string; returns it and the rest.
fn value(text: &str) -> (Json, &str) {
    if let Some((quoted, after)) = quoted(text) {
        return (infer_scalar::infer(&unescape(quoted)), after);
    }
    let (bare, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (infer_scalar::infer(bare), after)
}

/// Splits a quoted value off the start of a string, if its closing quote ends a word.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = text.get(1..)?;
    let mut escaped = false;
    let end = inside.find(|c: char| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (inside, after) = inside.split_at(end);
    let after = after.get(1..)?;
    let ends_here = after.is_empty() || after.starts_with(char::is_whitespace);
    ends_here.then_some((inside, after))
}

/// Resolves escapes as in JSON, which all logfmt writers use; invalid escapes are kept as written.
fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let json = serde_json::from_str(&format!("\"{text}\""));
    json.unwrap_or_else(|_| text.replace("\\\"", "\"").replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pairs_words_and_quotes() {
        for (line, expected) in [
            ("level=info took=0.25 n=3", json!({"level": "info", "took": 0.25, "n": 3})),
            (
                r#"msg="no such file" retry ok=true"#,
                json!({"msg": "no such file", "retry": true, "ok": true}),
            ),
            (
                r#"msg="say \"hi\"\nthen \u00e9" zip=00501"#,
                json!({"msg": "say \"hi\"\nthen é", "zip": "00501"}),
            ),
            ("a= b=\t c=''", json!({"a": null, "b": null, "c": null})),
            ("tag=a tag=b", json!({"tag": ["a", "b"]})),
            (r#"a="b"c d='it is' e='s"#, json!({"a": "\"b\"c", "d": "it is", "e": "'s"})),
            (r#"a="unclosed b=1"#, json!({"a": "\"unclosed", "b": 1})),
            ("url=http://x/?a=1&b=2", json!({"url": "http://x/?a=1&b=2"})),
            (r#"path="C:\dir" x=1"#, json!({"path": r"C:\dir", "x": 1})),
            ("=x a=1", json!({"a": 1})),
            ("z=1 a=2", json!({"z": 1, "a": 2})),
        ] {
            let fields = read(line).map(Json::Object);
            assert_eq!(fields.as_ref(), Some(&expected), "{line}");
            let order = |value: &Json| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(order(&fields.unwrap()), order(&expected), "{line}");
        }
        for prose in ["hello world", "=", "= =x", "\"a\""] {
            assert_eq!(read(prose), None, "{prose}");
        }
    }
}
