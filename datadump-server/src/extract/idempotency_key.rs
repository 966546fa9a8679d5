//! `Idempotency-Key`: the client's name for a request, with which it can be retried safely.

use datadump_core::{IdempotencyKey, RequestKey};
use poem::{Request, RequestBody, http::HeaderMap};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use super::query;
use crate::problem::Problem;

/// The request header, as it is written in the API document and in problems.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The response header that marks a recorded response.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";

const DESCRIPTION: &str = "A unique name for this request, 1 to 255 visible ASCII characters. A request that is \
     retried with the same key within a day takes effect once, and the first response is returned again. The same key \
     with a different request is refused with 422.";

/// Extracts the idempotency key of a request.
///
/// Handlers that record the key together with their write take this. All other POST operations are documented
/// with it by `api::idempotency`, and their responses are recorded by the routes.
#[derive(Debug, Clone)]
pub(crate) struct MaybeKey(pub(crate) Option<RequestKey>);

impl MaybeKey {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(malformed("only one Idempotency-Key header is allowed".into()));
        }
        // A value that is not text contains invisible bytes too, and is refused for those.
        let key = IdempotencyKey::parse(value.to_str().unwrap_or("\u{fffd}"));
        Ok(Self(Some(key.map_err(malformed)?.into())))
    }
}

/// Returns an error about a malformed idempotency key.
pub(crate) fn malformed(detail: String) -> Problem {
    Problem::parameter(IDEMPOTENCY_KEY, "idempotency-key", detail)
}

impl<'a> ApiExtractor<'a> for MaybeKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let key = MetaSchema { min_length: Some(1), max_length: Some(255), ..MetaSchema::new("string") };
        Some(query::object(
            [(IDEMPOTENCY_KEY, MetaSchemaRef::Inline(Box::new(key)), DESCRIPTION)].into_iter(),
        ))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self::of(request.headers())?)
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn there_is_one_key_or_none() {
        for (values, expected) in [
            (vec![], Ok(false)),
            (vec!["k"], Ok(true)),
            (vec!["\"8e03978e-40d5\""], Ok(true)),
            (vec![""], Err(400)),
            (vec!["a b"], Err(400)),
            (vec!["ä"], Err(400)),
            (vec!["k", "k"], Err(400)),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append("idempotency-key", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let found = MaybeKey::of(&headers).map(|key| key.0.is_some());
            assert_eq!(found.map_err(|problem| problem.status), expected, "{values:?}");
        }
    }
}
