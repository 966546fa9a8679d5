//! Interprets the content type and checks whether the body is compatible with it.
//!
//! A content type is often the default of an HTTP client. Each claim is therefore verified by a cheap check.
//! If the body cannot be in the claimed format, the content type is ignored. If it can be but turns out to be
//! invalid, it is not read as a different format but quarantined with a reason.

use bytes::Bytes;

use super::{patterns, sniff};
use crate::process::media::Media;

/// The claim that a content type makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// No usable claim.
    None,
    /// A form; accepted if the body looks like one.
    Form,
    Binary,
    Multipart,
    /// Text in no particular format.
    Text,
    Format(&'static str),
}

/// Content types and the formats they stand for.
const CONTENT_TYPES: &[(&[&str], &str)] = &[
    (&["application/json", "text/json", "application/x-json", "text/x-json"], "json"),
    (
        &[
            "application/x-ndjson",
            "application/ndjson",
            "text/x-ndjson",
            "text/ndjson",
            "application/jsonl",
            "application/x-jsonl",
            "application/jsonlines",
            "application/x-jsonlines",
            "application/json-lines",
            "application/json-l",
            "text/jsonl",
        ],
        "ndjson",
    ),
    (&["application/json-seq"], "concatenated-json"),
    (&["text/csv", "application/csv", "text/x-csv", "text/comma-separated-values"], "csv"),
    (&["text/tab-separated-values", "text/tsv", "application/tsv"], "tsv"),
    (&["application/xml", "text/xml"], "xml"),
    (&["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml"], "yaml"),
    (&["application/toml", "application/x-toml", "text/toml", "text/x-toml"], "toml"),
    (&["application/msgpack", "application/x-msgpack", "application/vnd.msgpack"], "msgpack"),
    (&["application/cbor", "application/cbor-seq"], "cbor"),
    (&["application/openmetrics-text"], "prometheus"),
    (&["application/logfmt", "text/logfmt"], "logfmt"),
];

/// Structured syntax suffixes (RFC 6839) and the formats they stand for.
const SUFFIXES: &[(&str, &str)] = &[
    ("+json", "json"),
    ("+json-seq", "concatenated-json"),
    ("+xml", "xml"),
    ("+yaml", "yaml"),
    ("+cbor", "cbor"),
    ("+cbor-seq", "cbor"),
    ("+msgpack", "msgpack"),
];

/// Returns the claim that a content type makes.
pub(super) fn claim(media: &Media<'_>) -> Claim {
    if media.essence.is_empty() || media.is(&["application/octet-stream", "*/*"]) {
        return Claim::None;
    }
    if let Some((_, format)) = CONTENT_TYPES.iter().find(|(names, _)| media.is(names)) {
        return Claim::Format(format);
    }
    if media.is(&["text/plain"]) {
        // The content type of Prometheus exporters.
        let is_metrics = media.parameter("version") == Some("0.0.4");
        return if is_metrics { Claim::Format("prometheus") } else { Claim::None };
    }
    if media.is(&["application/x-www-form-urlencoded"]) {
        return Claim::Form;
    }
    if let Some((_, format)) = SUFFIXES.iter().find(|(suffix, _)| media.ends_with(suffix)) {
        return Claim::Format(format);
    }
    if media.starts_with("multipart/") {
        return Claim::Multipart;
    }
    if media.is(&[
        "text/html",
        "text/markdown",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/sql",
    ]) {
        return Claim::Text;
    }
    if ["image/", "audio/", "video/", "font/"].iter().any(|kind| media.starts_with(kind)) {
        return Claim::Binary;
    }
    Claim::None
}

/// Returns the claimed format of an empty body if that format may contain zero records: an upload without
/// lines is not an event without a body.
pub(super) fn empty_body(claim: Claim) -> Option<&'static str> {
    const MAY_BE_EMPTY: [&str; 6] = ["ndjson", "concatenated-json", "csv", "tsv", "logfmt", "prometheus"];
    match claim {
        Claim::Format(format) => MAY_BE_EMPTY.contains(&format).then_some(format),
        _ => None,
    }
}

/// Returns the claimed binary format if the body may be in it.
pub(super) fn binary(claim: Claim, body: &Bytes, media: &Media<'_>) -> Option<&'static str> {
    match claim {
        Claim::Binary => Some("binary"),
        Claim::Multipart => {
            let boundary = media.parameter("boundary").filter(|boundary| !boundary.is_empty())?;
            memchr::memmem::find(body, format!("--{boundary}").as_bytes()).map(|_| "multipart")
        }
        // JSON text is also valid MessagePack (the number 123 followed by more numbers) and the start
        // of a very long CBOR string, but never meant as such.
        Claim::Format(format @ ("msgpack" | "cbor")) => (!is_json_text(body)).then_some(format),
        _ => None,
    }
}

/// Returns the claimed text format if the text may be in it.
pub(super) fn text(claim: Claim, text: &str) -> Option<&'static str> {
    let Claim::Format(format) = claim else {
        return (claim == Claim::Text).then_some("text");
    };
    let start = text.trim_start_matches(['\u{1E}', ' ', '\t', '\r', '\n']);
    match format {
        // The fast path: looks like one document; parsing it will tell.
        "json" if sniff::seems_whole(text) => Some("json"),
        "json" | "ndjson" | "concatenated-json" => {
            let found = sniff::json(text);
            // Invalid JSON that was declared as JSON must fail with a JSON error.
            found
                .or_else(|| start.starts_with(['{', '[']).then_some(format))
                .or_else(|| sniff::json_scalars(text, format))
        }
        "xml" => start.starts_with('<').then_some(format),
        "csv" | "tsv" => (sniff::json(text).is_none() && !start.starts_with("<?xml")).then_some(format),
        "toml" => (start.contains('=') || start.starts_with('#'))
            .then_some(format)
            .filter(|_| sniff::json(text).is_none()),
        "prometheus" => patterns::prometheus(text).then_some(format),
        "logfmt" => start.contains('=').then_some(format),
        // JSON and nearly any text are valid YAML.
        "yaml" => Some(format),
        _ => None,
    }
}

fn is_json_text(body: &Bytes) -> bool {
    matches!(body.first(), Some(b'{' | b'['))
        && std::str::from_utf8(body).is_ok_and(|text| sniff::json(text).is_some())
}
