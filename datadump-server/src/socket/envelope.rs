//! Envelopes: a message is a throw, or an object around one with an ID or an idempotency key:
//! `{"id": 7, "throw": {"speed": 1.75}}`, `{"key": "…", "throw": …}`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Maximum length of an ID in bytes; a longer one makes the message plain data.
const MAX_ID_BYTES: usize = 1024;

/// The throw in a message.
#[derive(Debug)]
pub(super) struct ThrowMessage {
    /// ID to return with the receipt.
    pub(super) id: Option<Box<RawValue>>,
    /// The data.
    pub(super) body: Bytes,
    /// Content type of the data.
    pub(super) content_type: Option<String>,
    /// Format to parse the data as.
    pub(super) format: Option<String>,
    /// Idempotency key.
    pub(super) key: Option<String>,
}

/// An object with any other member is not an envelope but data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    throw: &'a RawValue,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    content_type: Option<String>,
    format: Option<String>,
    key: Option<String>,
}

/// Parses a message. One that is not an envelope is thrown as it is.
pub(super) fn parse(message: Bytes) -> ThrowMessage {
    match envelope(&message) {
        Some(message) => message,
        None => ThrowMessage { id: None, body: message, content_type: None, format: None, key: None },
    }
}

fn envelope(message: &Bytes) -> Option<ThrowMessage> {
    // For most messages, the first byte already rules out an envelope.
    if message.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let envelope: Envelope<'_> = serde_json::from_slice(message).ok()?;
    let id = envelope.id.map(ToOwned::to_owned);
    if id.as_ref().is_some_and(|id| id.get().len() > MAX_ID_BYTES) {
        return None;
    }
    let inner = envelope.throw.get();
    let (body, content_type) = match serde_json::from_str::<String>(inner) {
        Ok(text) => (Bytes::from(text), envelope.content_type),
        // JSON inside an envelope needs no content type.
        Err(_) => {
            let json = || Some("application/json".to_owned());
            (message.slice_ref(inner.as_bytes()), envelope.content_type.or_else(json))
        }
    };
    Some(ThrowMessage { id, body, content_type, format: envelope.format, key: envelope.key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_are_parsed_and_anything_else_is_data() {
        const JSON: Option<&str> = Some("application/json");
        for (message, id, body, content_type, format) in [
            (r#"{"id": 7, "throw": {"a": 1}}"#, Some("7"), r#"{"a": 1}"#, JSON, None),
            (r#" {"throw": [1, 2]} "#, None, "[1, 2]", JSON, None),
            (r#"{"id": {"n": [1]}, "throw": "a=1\nb=2"}"#, Some(r#"{"n": [1]}"#), "a=1\nb=2", None, None),
            (
                r#"{"throw": "x", "format": "csv", "content_type": "text/plain"}"#,
                None,
                "x",
                Some("text/plain"),
                Some("csv"),
            ),
            (r#"{"id": null, "throw": 5}"#, None, "5", JSON, None),
            (r#"{"id": 7}"#, None, r#"{"id": 7}"#, None, None),
            (r#"{"id": 7, "throw": 1, "more": 2}"#, None, r#"{"id": 7, "throw": 1, "more": 2}"#, None, None),
            (r#"{"throw": 1, "throw": 2}"#, None, r#"{"throw": 1, "throw": 2}"#, None, None),
            (r#"{"throw": 1"#, None, r#"{"throw": 1"#, None, None),
            (r#"{"throw": 1} {"throw": 2}"#, None, r#"{"throw": 1} {"throw": 2}"#, None, None),
            ("a,b\n1,2", None, "a,b\n1,2", None, None),
            ("", None, "", None, None),
        ] {
            let parsed = parse(Bytes::from(message));
            assert_eq!(parsed.id.as_ref().map(|id| id.get()), id, "{message}");
            assert_eq!(parsed.body, body, "{message}");
            assert_eq!(parsed.content_type.as_deref(), content_type, "{message}");
            assert_eq!(parsed.format.as_deref(), format, "{message}");
            assert_eq!(parsed.key, None, "{message}");
        }
        let parsed = parse(Bytes::from(r#"{"key": "k", "throw": [1]}"#));
        assert_eq!((parsed.key.as_deref(), parsed.body.as_ref()), (Some("k"), b"[1]".as_slice()));
        let long = format!(r#"{{"id": "{}", "throw": 1}}"#, "x".repeat(MAX_ID_BYTES));
        assert_eq!(parse(Bytes::from(long.clone())).body, long);
    }
}
