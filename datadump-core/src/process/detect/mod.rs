//! Which format a throw is in, when nobody said so: from its content type and from what it looks
//! like.
//!
//! The order, and why it is this one:
//!
//! 1. **No body**: the arguments of the address are the record.
//! 2. **The content type**, when the body may be what it says ([`claim`]). Two are not believed:
//!    `application/x-www-form-urlencoded`, which `curl -d` sends with whatever it is given, and
//!    `text/plain`, which is what programs say that do not know.
//! 3. **Is it text** at all ([`charset`](super::charset))? Binary formats have no sure mark:
//!    MessagePack and CBOR are found by their content type only.
//! 4. **What the text looks like** ([`sniff`]), the surest marks first.
//! 5. Else it is text, a record per line.
//!
//! Nothing here fails: what no rule fits is text or a blob, and the receipt says so.

mod claim;
mod patterns;
mod sniff;
mod table;

use bytes::Bytes;

use self::claim::Claim;
use super::{charset, media::Media};

/// What a throw turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The name of its format.
    pub format: &'static str,
    /// Its body as the processor of that format wants it: UTF-8 without a mark for formats that are
    /// text, untouched for the others. Where nothing had to change it is the same memory.
    pub body: Bytes,
}

/// Finds out which format a body is in.
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
    let whole = |format| Detection { format, body: body.clone() };
    let media = Media::parse(content_type);
    let claim = claim::claim(&media);
    let of_nothing = || claim::nothing(claim).filter(|_| !has_arguments).unwrap_or("args");
    if body.is_empty() {
        return whole(of_nothing());
    }
    if let Some(format) = claim::binary(claim, body, &media) {
        return whole(format);
    }
    let Some(body) = charset::text(body, media.parameter("charset")) else {
        return whole("binary");
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        return whole("binary");
    };
    // A mark (BOM) and nothing behind it is no body either.
    let format = match text {
        "" => of_nothing(),
        text => claim::text(claim, text).unwrap_or_else(|| sniff::sniff(text, claim == Claim::Form)),
    };
    Detection { format, body }
}

/// The body as the processor of a format wants it that somebody asked for by name.
pub fn body_for(format: &str, body: &Bytes, content_type: Option<&str>) -> Bytes {
    match format {
        "binary" | "multipart" | "msgpack" | "cbor" => body.clone(),
        _ => charset::text_anyhow(body, Media::parse(content_type).parameter("charset")),
    }
}
