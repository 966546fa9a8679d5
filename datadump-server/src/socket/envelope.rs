//! A message is a throw, or an envelope around one: `{"id": 7, "throw": {"speed": 1.75}}`, which may
//! name it with an idempotency key too: `{"key": "…", "throw": …}`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An id comes back with the receipt: it is a name, not a place to keep data in.
const LONGEST_ID: usize = 1024;

/// What a message says.
#[derive(Debug)]
pub(super) struct Opened {
    /// What comes back with the receipt.
    pub(super) id: Option<Box<RawValue>>,
    /// What is thrown.
    pub(super) body: Bytes,
    /// What its content type is said to be.
    pub(super) content_type: Option<String>,
    /// The format it is to be read as.
    pub(super) format: Option<String>,
    /// The name under which it is to be stored once.
    pub(super) key: Option<String>,
}

/// An object with any other member is no envelope but data.
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

/// Opens a message that is an envelope; any other is thrown as it is.
pub(super) fn open(message: Bytes) -> Opened {
    match envelope(&message) {
        Some(opened) => opened,
        None => Opened { id: None, body: message, content_type: None, format: None, key: None },
    }
}

fn envelope(message: &Bytes) -> Option<Opened> {
    // Most messages are seen to be none by their first bytes, and the rest of them is not read.
    if message.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let envelope: Envelope<'_> = serde_json::from_slice(message).ok()?;
    let id = envelope.id.map(ToOwned::to_owned);
    if id.as_ref().is_some_and(|id| id.get().len() > LONGEST_ID) {
        return None;
    }
    let inner = envelope.throw.get();
    let (body, content_type) = match serde_json::from_str::<String>(inner) {
        Ok(text) => (Bytes::from(text), envelope.content_type),
        // What is JSON inside is JSON by itself.
        Err(_) => {
            let json = || Some("application/json".to_owned());
            (message.slice_ref(inner.as_bytes()), envelope.content_type.or_else(json))
        }
    };
    Some(Opened { id, body, content_type, format: envelope.format, key: envelope.key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_opened_and_anything_else_is_data() {
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
            let opened = open(Bytes::from(message));
            assert_eq!(opened.id.as_ref().map(|id| id.get()), id, "{message}");
            assert_eq!(opened.body, body, "{message}");
            assert_eq!(opened.content_type.as_deref(), content_type, "{message}");
            assert_eq!(opened.format.as_deref(), format, "{message}");
            assert_eq!(opened.key, None, "{message}");
        }
        let opened = open(Bytes::from(r#"{"key": "k", "throw": [1]}"#));
        assert_eq!((opened.key.as_deref(), opened.body.as_ref()), (Some("k"), b"[1]".as_slice()));
        let long = format!(r#"{{"id": "{}", "throw": 1}}"#, "x".repeat(LONGEST_ID));
        assert_eq!(open(Bytes::from(long.clone())).body, long);
    }
}
