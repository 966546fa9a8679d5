//! Examples of each format: throws and the records they become.
//!
//! The tests run every example, and the documentation and the web UI show them. Each format has one file
//! in this folder.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A throw and the records it becomes.
#[derive(Debug, Clone)]
pub struct Example {
    /// The name of the format.
    pub format: &'static str,
    /// A description of the example.
    pub title: String,
    /// The content type of the request.
    pub content_type: Option<String>,
    /// The query parameters of the request.
    pub arguments: Vec<(String, String)>,
    /// The body of the request.
    pub body: Bytes,
    /// True if the format is detected without the content type.
    pub is_sniffed: bool,
    /// The fields of the resulting records.
    pub records: Vec<Json>,
    /// Non-finite numbers of each record, which JSON cannot represent.
    pub non_finite: Vec<Json>,
}

/// The example files, one per format.
const FILES: &[(&str, &str)] = &[
    ("json", include_str!("json.json")),
    ("ndjson", include_str!("ndjson.json")),
    ("concatenated-json", include_str!("concatenated-json.json")),
    ("text", include_str!("text.json")),
    ("form", include_str!("form.json")),
    ("multipart", include_str!("multipart.json")),
    ("args", include_str!("args.json")),
    ("csv", include_str!("csv.json")),
    ("tsv", include_str!("tsv.json")),
    ("xml", include_str!("xml.json")),
    ("yaml", include_str!("yaml.json")),
    ("toml", include_str!("toml.json")),
    ("msgpack", include_str!("msgpack.json")),
    ("cbor", include_str!("cbor.json")),
    ("logfmt", include_str!("logfmt.json")),
    ("syslog", include_str!("syslog.json")),
    ("cef", include_str!("cef.json")),
    ("access-log", include_str!("access-log.json")),
    ("influx", include_str!("influx.json")),
    ("prometheus", include_str!("prometheus.json")),
    ("binary", include_str!("binary.json")),
];

/// An example as written in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExampleFile {
    title: String,
    content_type: Option<String>,
    #[serde(default)]
    arguments: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    /// The body in base64, for binary data.
    body_base64: Option<String>,
    /// True if the format can only be detected by its content type.
    #[serde(default)]
    only_by_content_type: bool,
    records: Vec<Map<String, Json>>,
    #[serde(default)]
    non_finite: Vec<Map<String, Json>>,
}

/// Returns all examples, grouped by format.
///
/// ```
/// let examples = datadump_core::process::examples();
/// assert!(examples.iter().any(|example| example.format == "csv"));
/// ```
pub fn examples() -> Vec<Example> {
    FILES.iter().flat_map(|(format, file)| read(format, file).unwrap_or_default()).collect()
}

fn read(format: &'static str, file: &str) -> Result<Vec<Example>, String> {
    let written: Vec<ExampleFile> =
        serde_json::from_str(file).map_err(|error| format!("{format}: {error}"))?;
    written.into_iter().map(|written| example(format, written)).collect()
}

fn example(format: &'static str, written: ExampleFile) -> Result<Example, String> {
    let body = match written.body_base64 {
        Some(base64) => BASE64_STANDARD.decode(base64).map_err(|error| format!("{format}: {error}"))?,
        None => written.body.into_bytes(),
    };
    Ok(Example {
        format,
        title: written.title,
        content_type: written.content_type,
        arguments: written.arguments,
        body: body.into(),
        is_sniffed: !written.only_by_content_type,
        records: written.records.into_iter().map(Json::Object).collect(),
        non_finite: written.non_finite.into_iter().map(Json::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        process::{Input, Registry, detect, run},
    };

    #[test]
    fn every_format_has_two_valid_examples() {
        let formats = Registry::built_in();
        let names: Vec<_> = formats.names().collect();
        for (format, file) in FILES {
            let examples = read(format, file).unwrap();
            assert!(examples.len() >= 2, "{format}");
            assert!(names.contains(format), "{format} is no processor");
        }
        let missing: Vec<_> =
            names.iter().filter(|name| !FILES.iter().any(|(format, _)| format == *name)).collect();
        assert!(missing.is_empty(), "{missing:?} have no examples");
    }

    #[test]
    fn every_example_gives_the_records_it_states() {
        let formats = Registry::built_in();
        let mut wrong = String::new();
        for example in examples() {
            let name = format!("{}, {}", example.format, example.title);
            let mut check = |how: &str, content_type: Option<&str>| {
                let detected = detect(&example.body, content_type, !example.arguments.is_empty());
                if detected.format != example.format {
                    wrong += &format!("{name}: {how} it is {}\n", detected.format);
                    return;
                }
                let input = Input {
                    body: &detected.body,
                    content_type,
                    arguments: &example.arguments,
                    // 2024-03-01T12:00:00Z
                    received_at: Timestamp::from_micros(1_709_294_400_000_000).unwrap(),
                };
                let output = run(formats.get(example.format).unwrap().as_ref(), &input);
                let (records, non_finite): (Vec<_>, Vec<_>) = match output {
                    Ok(output) => output
                        .records
                        .into_iter()
                        .map(|record| (Json::from(record.fields), record.non_finite))
                        .unzip(),
                    Err(failure) => {
                        wrong += &format!("{name}: {how}: {failure}\n");
                        return;
                    }
                };
                let non_finite: Vec<_> = non_finite.into_iter().map(Json::from).collect();
                if records != example.records {
                    let records = Json::Array(records);
                    wrong += &format!("{name}: {how}:\n{records:#}\n");
                }
                if non_finite.iter().any(|non_finite| non_finite != &serde_json::json!({}))
                    && non_finite != example.non_finite
                {
                    wrong += &format!("{name}: {how}, non_finite:\n{:#}\n", Json::Array(non_finite));
                }
            };
            check("as it is sent", example.content_type.as_deref());
            if example.is_sniffed {
                check("without its content type", None);
                check("as a form", Some("application/x-www-form-urlencoded"));
                check("as text", Some("text/plain"));
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}
