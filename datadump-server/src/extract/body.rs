//! Bodies: JSON under any of the content types that clients really send, capped by what actually
//! comes, in size and in time.

use std::time::Duration;

use datadump_core::json;
use poem::{
    Body, Request, RequestBody,
    http::{HeaderMap, StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest},
    types::Type as _,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::chunks::{Chunks, announced, too_large};
use crate::{
    answer::Object,
    problem::{FaultAnswer, Problem},
};

/// Beside JSON: what `curl -d`, `fetch` with a text, and clients that say nothing useful send.
const LOOSE_TYPES: &[&str] = &["application/x-www-form-urlencoded", "text/plain", "application/octet-stream"];

/// For whom a library has made a form of what was to be JSON.
const NOT_A_FORM: &str = "send JSON (with requests: json=…, not data=…)";

/// How much of a body is taken, and how slowly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// The most bytes.
    pub(crate) bytes: usize,
    /// How long it may stop coming; ten times as long for all of it.
    pub(crate) pause: Duration,
}

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Json);

impl<'a> ApiExtractor<'a> for JsonBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let content = MetaMediaType { content_type: "application/json", schema: Object::schema_ref() };
        Some(MetaRequest { description: None, content: vec![content], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let bytes = taken(request, body).await?;
        match json::parse(&bytes) {
            Ok(json) => Ok(Self(json)),
            Err(error) if is_form(&bytes) => Err(Problem::from(error).with_hint(NOT_A_FORM).into()),
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

/// A body of JSON, or none at all, which says the same as an empty object.
#[derive(Debug)]
pub(crate) struct MaybeJson(pub(crate) Json);

impl<'a> ApiExtractor<'a> for MaybeJson {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        JsonBody::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let bytes = taken(request, body).await?;
        if bytes.is_empty() {
            return Ok(Self(Json::Object(serde_json::Map::new())));
        }
        Ok(Self(json::parse(&bytes).map_err(Problem::from)?))
    }
}

/// A body as a type of its own; whatever else is in it is a mistake.
pub(crate) fn typed<T: DeserializeOwned>(json: Json) -> Result<T, Problem> {
    serde_json::from_value(object(json)?).map_err(|error| invalid(&error.to_string()))
}

/// A body that is an object: an array would be taken for one by the order of its items.
pub(crate) fn object(json: Json) -> Result<Json, Problem> {
    if json.is_object() { Ok(json) } else { Err(invalid("a JSON object is expected")) }
}

fn invalid(detail: &str) -> Problem {
    let fault = FaultAnswer { pointer: Some(String::new()), ..FaultAnswer::new("invalid", detail) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", "The body is not valid", detail);
    problem.with_faults(vec![fault])
}

/// The bytes of a body that is said to be JSON.
async fn taken(request: &Request, body: &mut RequestBody) -> poem::Result<Vec<u8>> {
    check_types(request.headers())?;
    let limits = request.data::<BodyLimits>().copied().ok_or_else(Problem::internal)?;
    Ok(read(body.take()?, request.headers(), limits).await?)
}

fn check_types(headers: &HeaderMap) -> Result<(), Problem> {
    for encoding in headers.get_all(header::CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            let name = String::from_utf8_lossy(encoding.as_bytes());
            return Err(unsupported(
                "content-encoding",
                format!("a body encoded as `{name}` is not taken here"),
            ));
        }
    }
    let Some(sent) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let sent = String::from_utf8_lossy(sent.as_bytes()).to_lowercase();
    let kind = sent.split(';').next().unwrap_or_default().trim();
    let is_json = kind.ends_with("/json") || kind.ends_with("+json");
    if kind.is_empty() || is_json || LOOSE_TYPES.contains(&kind) {
        return Ok(());
    }
    Err(unsupported(
        "content-type",
        format!("a body of type `{kind}` is not taken here: send application/json"),
    ))
}

fn unsupported(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, "The body cannot be read", detail)
}

/// Whether it looks like `a=1&b=2`.
fn is_form(body: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.%+[]".contains(byte);
    body.split(|byte| *byte == b'&').all(|pair| {
        let length = pair.iter().take_while(|byte| is_name(byte)).count();
        length > 0 && pair.get(length) == Some(&b'=')
    })
}

/// All of a body, or why not.
pub(crate) async fn read(body: Body, headers: &HeaderMap, limits: BodyLimits) -> Result<Vec<u8>, Problem> {
    if announced(headers).is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large(limits.bytes));
    }
    let (mut chunks, mut bytes) = (Chunks::of(body, limits.pause), Vec::new());
    while let Some(chunk) = chunks.next().await? {
        if bytes.len() + chunk.len() > limits.bytes {
            return Err(too_large(limits.bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn json_is_taken_under_the_types_clients_really_send() {
        for (kind, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("application/x-www-form-urlencoded", true),
            ("text/plain;charset=UTF-8", true),
            ("multipart/form-data; boundary=x", false),
            ("application/xml", false),
        ] {
            assert_eq!(check_types(&headers(&[(header::CONTENT_TYPE, kind)])).is_ok(), taken, "{kind}");
        }
        assert!(check_types(&HeaderMap::new()).is_ok());
        assert!(check_types(&headers(&[(header::CONTENT_ENCODING, "identity")])).is_ok());
        let refused = check_types(&headers(&[(header::CONTENT_ENCODING, "gzip")])).unwrap_err();
        assert_eq!(refused.status, 415);
    }

    #[test]
    fn forms_are_told_from_broken_json() {
        for (body, expected) in [
            ("a=1&b=2", true),
            ("chip_id=CHIP1&color=light+red&tags%5B%5D=", true),
            ("a=1&b", false),
            ("{\"a\": \"b=c\"", false),
            ("=1", false),
            ("", false),
        ] {
            assert_eq!(is_form(body.as_bytes()), expected, "{body}");
        }
    }

    #[tokio::test]
    async fn what_comes_is_counted_whatever_is_announced() {
        let limits = BodyLimits { bytes: 4, pause: Duration::from_secs(1) };
        for (announced, body, expected) in
            [("4", "1234", Ok("1234")), ("1", "12345", Err(413)), ("5", "", Err(413)), ("x", "", Ok(""))]
        {
            let headers = headers(&[(header::CONTENT_LENGTH, announced)]);
            let read = read(Body::from(body), &headers, limits).await;
            assert_eq!(read.map_err(|problem| problem.status), expected.map(|text| text.as_bytes().to_vec()));
        }
    }
}
