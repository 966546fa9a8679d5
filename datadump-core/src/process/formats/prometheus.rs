//! Prometheus and OpenMetrics text format: one record per sample.
//!
//! The existing parser crate drops unknown lines and labels that contain a comma, and does not preserve
//! the order of samples.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::{
    process::{Input, Output, Processor, infer_scalar, lines::lines, parsed_value::non_finite_name},
    record::{Failure, Fields, Record},
};

#[derive(Debug)]
pub(in crate::process) struct Prometheus;

impl Processor for Prometheus {
    fn name(&self) -> &str {
        "prometheus"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let mut metadata = HashMap::<&str, Metadata<'_>>::new();
        for line in lines(input.text()?).filter(|line| !line.is_blank()) {
            let text = line.text.trim();
            if let Some(comment) = text.strip_prefix('#') {
                let before = metadata.capacity();
                read_comment(comment, &mut metadata);
                // It doubles when it is full.
                output.count((metadata.capacity() - before) * size_of::<(&str, Metadata<'_>)>());
                if output.is_full() {
                    break;
                }
                continue;
            }
            if !line.has_room([b'=', b','], output) {
                break;
            }
            match sample(text) {
                Some(sample) => {
                    let metadata = metadata_of(&metadata, sample.metric);
                    // The comments before a sample are part of its record, so its line alone is not enough.
                    let byte_range = metadata.is_empty().then(|| line.byte_range());
                    output.record_at(record(&sample, metadata), Some(line.number), byte_range);
                }
                None => {
                    let failure =
                        Failure::unreadable("invalid sample: expected `metric{label=\"value\"} value`");
                    output.reject(failure, Some(line.number), Some(line.byte_range()));
                }
            }
        }
        Ok(())
    }
}

/// Returns whether a line is a sample.
pub(in crate::process) fn is_sample(line: &str) -> bool {
    sample(line.trim()).is_some()
}

/// Metadata of a metric, taken from `#` comments.
#[derive(Debug, Clone, Copy, Default)]
struct Metadata<'a> {
    kind: Option<&'a str>,
    help: Option<&'a str>,
    unit: Option<&'a str>,
}

impl Metadata<'_> {
    fn is_empty(&self) -> bool {
        self.kind.is_none() && self.help.is_none() && self.unit.is_none()
    }
}

struct Sample<'a> {
    metric: &'a str,
    labels: Vec<(&'a str, String)>,
    value: f64,
    value_text: &'a str,
    timestamp: Option<&'a str>,
    exemplar: Option<&'a str>,
}

fn read_comment<'a>(comment: &'a str, metadata: &mut HashMap<&'a str, Metadata<'a>>) {
    let mut parts = comment.trim_start().splitn(3, [' ', '\t']);
    let (Some(what), Some(metric)) = (parts.next(), parts.next()) else { return };
    let value = parts.next().unwrap_or_default().trim();
    let known = matches!(what, "TYPE" | "HELP" | "UNIT") && !value.is_empty();
    if !known {
        return;
    }
    let entry = metadata.entry(metric).or_default();
    match what {
        "TYPE" => entry.kind = Some(value),
        "HELP" => entry.help = Some(value),
        _ => entry.unit = Some(value),
    }
}

/// Returns the metadata of a metric. Samples of a histogram or summary append a suffix to its name.
fn metadata_of<'a>(metadata: &HashMap<&str, Metadata<'a>>, metric: &str) -> Metadata<'a> {
    const SUFFIXES: [&str; 8] =
        ["_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount"];
    let shorter = || SUFFIXES.iter().find_map(|suffix| metadata.get(metric.strip_suffix(suffix)?));
    metadata.get(metric).or_else(shorter).copied().unwrap_or_default()
}

/// Fields of a record other than labels. A label with one of these names gets the prefix `label_`.
const RESERVED_FIELDS: [&str; 7] = ["metric", "value", "timestamp", "type", "help", "unit", "exemplar"];

fn record(sample: &Sample<'_>, metadata: Metadata<'_>) -> Record {
    let mut fields = Map::new();
    fields.insert("metric".to_owned(), sample.metric.into());
    for (name, text) in &sample.labels {
        let name = if RESERVED_FIELDS.contains(name) { format!("label_{name}") } else { (*name).to_owned() };
        // Labels stay text even if they look like numbers: `code="200"` is a name.
        fields.insert(name, Json::String(text.clone()));
    }
    let mut non_finite = Fields::default();
    if sample.value.is_finite() {
        fields.insert("value".to_owned(), number(sample.value_text, sample.value));
    } else {
        non_finite.insert("value", non_finite_name(sample.value).into());
    }
    let optional = [
        ("timestamp", sample.timestamp.map(time)),
        ("type", metadata.kind.map(Json::from)),
        ("help", metadata.help.map(|help| unescape(help).into())),
        ("unit", metadata.unit.map(Json::from)),
        ("exemplar", sample.exemplar.map(Json::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    }
    Record { non_finite, ..Record::new(fields) }
}

fn time(text: &str) -> Json {
    text.parse::<f64>().map_or_else(|_| text.into(), |seconds| number(text, seconds))
}

/// Returns an integer if the value is written as one. Larger values are floats in this format.
fn number(text: &str, value: f64) -> Json {
    infer_scalar::number(text).map_or_else(|| value.into(), Json::Number)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let (line, exemplar) = match line.split_once(" # ") {
        Some((sample, exemplar)) if !sample.contains('"') || sample.contains('}') => {
            (sample, Some(exemplar.trim()))
        }
        _ => (line, None),
    };
    let end = line.find(['{', ' ', '\t'])?;
    let metric = line.get(..end).filter(|name| is_name(name))?;
    let rest = line.get(end..)?.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split_ascii_whitespace();
    let value_text = words.next()?;
    // Also accepts `NaN`, `+Inf`, `-inf` and `Infinity`.
    let value = value_text.parse().ok()?;
    let timestamp = words.next();
    let is_over = words.next().is_none() && timestamp.is_none_or(|time| time.parse::<f64>().is_ok());
    is_over.then_some(Sample { metric, labels, value, value_text, timestamp, exemplar })
}

fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':' || byte == b'.';
    name.bytes().all(is_allowed)
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit() && first != b'.')
}

type Labels<'a> = Vec<(&'a str, String)>;

/// Parses the labels up to the closing brace; returns them and the rest.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, behind) = rest.split_once('=')?;
        let name = name.trim();
        let quoted = behind.trim_start().strip_prefix('"')?;
        let end = closing_quote(quoted)?;
        if !is_name(name) {
            return None;
        }
        labels.push((name, unescape(quoted.get(..end)?)));
        rest = quoted.get(end + 1..)?.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => byte == b'"',
    })
}

fn unescape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => unescaped.push('\n'),
                Some(other) => unescaped.push(other),
                None => unescaped.push('\\'),
            },
            character => unescaped.push(character),
        }
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn samples_become_records() {
        for (body, expected) in [
            (
                "up 1\n\ngo_threads 12 1395066363000\n",
                &[
                    r#"{"metric":"up","value":1}"#,
                    r#"{"metric":"go_threads","value":12,"timestamp":1395066363000}"#,
                ][..],
            ),
            (
                "a{} 1\na{b=\"\",} 1.5e+07\n",
                &[r#"{"metric":"a","value":1}"#, r#"{"metric":"a","b":"","value":15000000.0}"#],
            ),
            (
                "a{p=\"C:\\\\x\\n\\\"y\\\"\",q=\"}, {\"} +Inf",
                &[r#"{"metric":"a","p":"C:\\x\n\"y\"","q":"}, {"} non_finite {"value":"Infinity"}"#],
            ),
            (
                "# TYPE t counter\n# UNIT t seconds\n# note\n#\nt_total 1 # {trace=\"x\"} 0.5\n# EOF\n",
                &[
                    r#"{"metric":"t_total","value":1,"type":"counter","unit":"seconds","exemplar":"{trace=\"x\"} 0.5"}"#,
                ],
            ),
            (
                "a 1\nnot a sample\nb{c=1} 2\n9 1\nd\n",
                &[
                    r#"{"metric":"a","value":1}"#,
                    "!unreadable line 2",
                    "!unreadable line 3",
                    "!unreadable line 4",
                    "!unreadable line 5",
                ],
            ),
            ("# only a comment\n", &[]),
        ] {
            check(&Prometheus, body, expected);
        }
    }
}
