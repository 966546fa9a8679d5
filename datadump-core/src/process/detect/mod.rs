//! Detects the format of a throw from its content type and its body.
//!
//! The rules, in order:
//!
//! 1. **No body**: the query parameters are the record.
//! 2. **Content type**, if the body is compatible with it ([`claim`]). Two types are not trusted:
//!    `application/x-www-form-urlencoded`, which `curl -d` sends with any body, and `text/plain`, the
//!    default of many clients.
//! 3. **Binary or text** ([`charset`](super::charset)). MessagePack and CBOR have no reliable signature
//!    and are recognised only by their content type.
//! 4. **Appearance of the text** ([`sniff`]), most reliable patterns first.
//! 5. Otherwise it is plain text, one record per line.
//!
//! Detection never fails: if no rule applies, the body is text or binary, as the receipt states.

mod claim;
mod patterns;
mod sniff;
mod table;

use bytes::Bytes;

use self::claim::Claim;
use super::{charset, media::Media};

/// The result of format detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// Name of the format.
    pub format: &'static str,
    /// The body as the processor of that format expects it: UTF-8 without a byte order mark for text
    /// formats, unchanged for the others. Not copied unless it had to be converted.
    pub body: Bytes,
    /// Rule that decided.
    pub basis: Basis,
}

/// Rules that decide the format of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// There is no body.
    NoBody,
    /// The content type, with which the body is compatible.
    ContentType,
    /// The body is not text.
    NotText,
    /// The appearance of the text, described by a clause about `it`.
    Appearance(&'static str),
}

/// Detects the format of a body.
///
/// ```
/// use bytes::Bytes;
/// use datadump_core::process::detect;
/// let format = |body: &'static str| detect(&Bytes::from(body), None, false).format;
/// assert_eq!(format(r#"{"speed": "1.75"}"#), "json");
/// assert_eq!(format("{\"a\": 1}\n{\"a\": 2}\n"), "ndjson");
/// assert_eq!(format("time,speed\n10:00,1.75\n"), "csv");
/// assert_eq!(format("hello"), "text");
/// ```
pub fn detect(body: &Bytes, content_type: Option<&str>, has_arguments: bool) -> Detection {
    let whole = |format, basis| Detection { format, body: body.clone(), basis };
    let media = Media::parse(content_type);
    let claim = claim::claim(&media);
    let empty = || match claim::empty_body(claim).filter(|_| !has_arguments) {
        Some(format) => (format, Basis::ContentType),
        None => ("args", Basis::NoBody),
    };
    if body.is_empty() {
        let (format, basis) = empty();
        return whole(format, basis);
    }
    if let Some(format) = claim::binary(claim, body, &media) {
        return whole(format, Basis::ContentType);
    }
    let Some(body) = charset::to_utf8(body, media.parameter("charset")) else {
        return whole("binary", Basis::NotText);
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        return whole("binary", Basis::NotText);
    };
    // A byte order mark alone is an empty body.
    let (format, basis) = match text {
        "" => empty(),
        text => match claim::text(claim, text) {
            Some(format) => (format, Basis::ContentType),
            None => {
                let (format, why) = sniff::sniff(text, claim == Claim::Form);
                (format, Basis::Appearance(why))
            }
        },
    };
    Detection { format, body, basis }
}

/// Returns the formats other than `format` that a body could be taken for: that of its content type, and those that it
/// looks like, the most likely first.
///
/// ```
/// use bytes::Bytes;
/// use datadump_core::process::other_formats;
/// let body = Bytes::from("speed=1.75 unit=kmh\n");
/// assert_eq!(other_formats("logfmt", &body, None, false), ["text"]);
/// assert_eq!(other_formats("text", &body, None, false), ["logfmt"]);
/// ```
pub fn other_formats(
    format: &str,
    body: &Bytes,
    content_type: Option<&str>,
    has_arguments: bool,
) -> Vec<&'static str> {
    let Detection { format: detected, body, basis } = detect(body, content_type, has_arguments);
    let mut formats = vec![detected];
    if matches!(basis, Basis::ContentType | Basis::Appearance(_))
        && let Ok(text) = std::str::from_utf8(&body)
        && !text.is_empty()
    {
        let claim = claim::claim(&Media::parse(content_type));
        formats.extend(sniff::candidates(text, claim == Claim::Form));
    }
    let mut others = Vec::new();
    for other in formats {
        if other != format && !others.contains(&other) {
            others.push(other);
        }
    }
    others
}

/// Returns the body as the processor of a format expects it, for a format that was requested by name.
pub fn body_for(format: &str, body: &Bytes, content_type: Option<&str>) -> Bytes {
    match format {
        "binary" | "multipart" | "msgpack" | "cbor" => body.clone(),
        _ => charset::to_utf8_lossy(body, Media::parse(content_type).parameter("charset")),
    }
}
