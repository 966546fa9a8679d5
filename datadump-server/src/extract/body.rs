//! JSON bodies, under any content type that clients really send, with limits on size and time that do not
//! trust what the request announces.

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

use super::chunks::{Chunks, content_length, too_large};
use crate::{
    answer::Object,
    problem::{FaultAnswer, Problem},
};

/// Content types accepted besides JSON: the defaults of `curl -d`, of `fetch` with a string, and of other
/// clients.
const LOOSE_TYPES: &[&str] = &["application/x-www-form-urlencoded", "text/plain", "application/octet-stream"];

/// Hint for clients whose HTTP library has encoded the data as a form.
const FORM_HINT: &str = "send JSON (with Python requests: json=…, not data=…)";

/// Limits on a request body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Maximum size in bytes.
    pub(crate) bytes: usize,
    /// How long it may stall; the whole body may take ten times as long.
    pub(crate) stall_timeout: Duration,
}

/// A JSON body.
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
        let bytes = read_json(request, body, &[]).await?;
        match json::parse(&bytes) {
            Ok(json) => Ok(Self(json)),
            Err(error) if is_form(&bytes) => Err(Problem::from(error).with_hint(FORM_HINT).into()),
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

/// A JSON body that may be empty, which means an empty object.
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
        let bytes = read_json(request, body, &[]).await?;
        if bytes.is_empty() {
            return Ok(Self(Json::Object(serde_json::Map::new())));
        }
        Ok(Self(json::parse(&bytes).map_err(Problem::from)?))
    }
}

/// Deserializes a body.
pub(crate) fn typed<T: DeserializeOwned>(json: Json) -> Result<T, Problem> {
    serde_json::from_value(object(json)?).map_err(|error| invalid(&error.to_string()))
}

/// Checks that a body is an object: serde would also read a struct from an array, by position.
pub(crate) fn object(json: Json) -> Result<Json, Problem> {
    if json.is_object() { Ok(json) } else { Err(invalid("the body must be a JSON object")) }
}

fn invalid(detail: &str) -> Problem {
    let fault = FaultAnswer { pointer: Some(String::new()), ..FaultAnswer::new("invalid", detail) };
    let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", "The body is not valid", detail);
    problem.with_faults(vec![fault])
}

/// Reads a body after checking that its headers allow JSON, or one of the other content types.
pub(super) async fn read_json(
    request: &Request,
    body: &mut RequestBody,
    others: &[&str],
) -> poem::Result<Vec<u8>> {
    check_types(request.headers(), others)?;
    let limits = request.data::<BodyLimits>().copied().ok_or_else(Problem::internal)?;
    Ok(read(body.take()?, request.headers(), limits).await?)
}

fn check_types(headers: &HeaderMap, others: &[&str]) -> Result<(), Problem> {
    for encoding in headers.get_all(header::CONTENT_ENCODING) {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            let name = String::from_utf8_lossy(encoding.as_bytes());
            return Err(unsupported(
                "content-encoding",
                format!("content encoding `{name}` is not supported here"),
            ));
        }
    }
    let Some(sent) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let sent = String::from_utf8_lossy(sent.as_bytes()).to_lowercase();
    let kind = sent.split(';').next().unwrap_or_default().trim();
    let is_json = kind.ends_with("/json") || kind.ends_with("+json");
    if kind.is_empty() || is_json || LOOSE_TYPES.contains(&kind) || others.contains(&kind) {
        return Ok(());
    }
    Err(unsupported(
        "content-type",
        format!("content type `{kind}` is not supported here: send application/json"),
    ))
}

fn unsupported(code: &str, detail: String) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, "The body cannot be read", detail)
}

/// Returns whether a body looks like `a=1&b=2`.
fn is_form(body: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.%+[]".contains(byte);
    body.split(|byte| *byte == b'&').all(|pair| {
        let length = pair.iter().take_while(|byte| is_name(byte)).count();
        length > 0 && pair.get(length) == Some(&b'=')
    })
}

/// Reads a whole body.
pub(crate) async fn read(body: Body, headers: &HeaderMap, limits: BodyLimits) -> Result<Vec<u8>, Problem> {
    if content_length(headers).is_some_and(|length| length > limits.bytes as u64) {
        return Err(too_large(limits.bytes));
    }
    let (mut chunks, mut bytes) = (Chunks::of(body, limits.stall_timeout), Vec::new());
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
    fn json_is_accepted_under_the_types_clients_really_send() {
        for (kind, is_accepted) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("application/x-www-form-urlencoded", true),
            ("text/plain;charset=UTF-8", true),
            ("multipart/form-data; boundary=x", false),
            ("application/xml", false),
        ] {
            assert_eq!(
                check_types(&headers(&[(header::CONTENT_TYPE, kind)]), &[]).is_ok(),
                is_accepted,
                "{kind}"
            );
        }
        assert!(check_types(&HeaderMap::new(), &[]).is_ok());
        assert!(check_types(&headers(&[(header::CONTENT_ENCODING, "identity")]), &[]).is_ok());
        let refused = check_types(&headers(&[(header::CONTENT_ENCODING, "gzip")]), &[]).unwrap_err();
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
    async fn the_received_size_counts_whatever_is_announced() {
        let limits = BodyLimits { bytes: 4, stall_timeout: Duration::from_secs(1) };
        for (announced, body, expected) in
            [("4", "1234", Ok("1234")), ("1", "12345", Err(413)), ("5", "", Err(413)), ("x", "", Ok(""))]
        {
            let headers = headers(&[(header::CONTENT_LENGTH, announced)]);
            let read = read(Body::from(body), &headers, limits).await;
            assert_eq!(read.map_err(|problem| problem.status), expected.map(|text| text.as_bytes().to_vec()));
        }
    }
}
