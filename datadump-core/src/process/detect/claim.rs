//! What a content type says, and whether the body may be that.
//!
//! A content type is often a default of somebody's library. So each claim is checked by a look that
//! costs little; when the body cannot be what it is said to be, it is looked at as if nothing had
//! been said. A body that may be what it is said to be and turns out broken is not stored as
//! something else: it goes to quarantine, with a reason.

use bytes::Bytes;

use super::{patterns, sniff};
use crate::process::media::Media;

/// What a content type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing, or nothing that is believed.
    Nothing,
    /// A form, which is believed if it looks like one.
    Form,
    /// Something that is no text.
    Binary,
    /// Fields and files.
    Multipart,
    /// Text that is not any of the formats.
    Text,
    /// One of the formats.
    Format(&'static str),
}

/// Content types, and the format each says.
const SAID: &[(&[&str], &str)] = &[
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

/// Endings of content types that are made of another one (RFC 6839).
const ENDINGS: &[(&str, &str)] = &[
    ("+json", "json"),
    ("+json-seq", "concatenated-json"),
    ("+xml", "xml"),
    ("+yaml", "yaml"),
    ("+cbor", "cbor"),
    ("+cbor-seq", "cbor"),
    ("+msgpack", "msgpack"),
];

/// What the content type says.
pub(super) fn claim(media: &Media<'_>) -> Claim {
    if media.essence.is_empty() || media.is(&["application/octet-stream", "*/*"]) {
        return Claim::Nothing;
    }
    if let Some((_, format)) = SAID.iter().find(|(names, _)| media.is(names)) {
        return Claim::Format(format);
    }
    if media.is(&["text/plain"]) {
        // What exporters of metrics answer with.
        let is_metrics = media.parameter("version") == Some("0.0.4");
        return if is_metrics { Claim::Format("prometheus") } else { Claim::Nothing };
    }
    if media.is(&["application/x-www-form-urlencoded"]) {
        return Claim::Form;
    }
    if let Some((_, format)) = ENDINGS.iter().find(|(ending, _)| media.ends(ending)) {
        return Claim::Format(format);
    }
    if media.begins("multipart/") {
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
    if ["image/", "audio/", "video/", "font/"].iter().any(|kind| media.begins(kind)) {
        return Claim::Binary;
    }
    Claim::Nothing
}

/// The format of no body at all, if one was said that may hold no records: an upload of no lines is
/// not an event without a body.
pub(super) fn nothing(claim: Claim) -> Option<&'static str> {
    const MAY_BE_EMPTY: [&str; 6] = ["ndjson", "concatenated-json", "csv", "tsv", "logfmt", "prometheus"];
    match claim {
        Claim::Format(format) => MAY_BE_EMPTY.contains(&format).then_some(format),
        _ => None,
    }
}

/// The binary format that was said, if the body may be in it.
pub(super) fn binary(claim: Claim, body: &Bytes, media: &Media<'_>) -> Option<&'static str> {
    match claim {
        Claim::Binary => Some("binary"),
        Claim::Multipart => {
            let boundary = media.parameter("boundary").filter(|boundary| !boundary.is_empty())?;
            memchr::memmem::find(body, format!("--{boundary}").as_bytes()).map(|_| "multipart")
        }
        // Read as MessagePack, JSON text is the number 123 and more numbers behind it; read as CBOR
        // it is a text of absurd length. Nobody means either.
        Claim::Format(format @ ("msgpack" | "cbor")) => (!is_json_text(body)).then_some(format),
        _ => None,
    }
}

/// The text format that was said, if the text may be in it.
pub(super) fn text(claim: Claim, text: &str) -> Option<&'static str> {
    let Claim::Format(said) = claim else {
        return (claim == Claim::Text).then_some("text");
    };
    let begin = text.trim_start_matches(['\u{1E}', ' ', '\t', '\r', '\n']);
    match said {
        // The hot path: it seems to be one document, and whether it is will be seen when it is read.
        "json" if sniff::seems_whole(text) => Some("json"),
        "json" | "ndjson" | "concatenated-json" => {
            let found = sniff::json(text);
            // Broken JSON is still JSON to whoever said so: it is to be told what is wrong with it.
            found
                .or_else(|| begin.starts_with(['{', '[']).then_some(said))
                .or_else(|| sniff::json_scalars(text, said))
        }
        "xml" => begin.starts_with('<').then_some(said),
        "csv" | "tsv" => (sniff::json(text).is_none() && !begin.starts_with("<?xml")).then_some(said),
        "toml" => (begin.contains('=') || begin.starts_with('#'))
            .then_some(said)
            .filter(|_| sniff::json(text).is_none()),
        "prometheus" => patterns::prometheus(text).then_some(said),
        "logfmt" => begin.contains('=').then_some(said),
        // JSON is YAML, and so is nearly any text.
        "yaml" => Some(said),
        _ => None,
    }
}

fn is_json_text(body: &Bytes) -> bool {
    matches!(body.first(), Some(b'{' | b'['))
        && std::str::from_utf8(body).is_ok_and(|text| sniff::json(text).is_some())
}
