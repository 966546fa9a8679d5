//! `Idempotency-Key`: the name that a client gives a request, so that it can be sent again.

use datadump_core::{IdempotencyKey, Once};
use poem::{FromRequest, Request, RequestBody, http::HeaderMap};

use crate::problem::Problem;

/// The header, as it is written in documents and problems.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The header of an answer that was given before.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";

/// That a request is to take effect once, if it says so. The document has the header at every
/// operation that takes it, from `api::keys`.
#[derive(Debug, Clone)]
pub(crate) struct MaybeOnce(pub(crate) Option<Once>);

impl MaybeOnce {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(malformed("a request has one idempotency key".into()));
        }
        // What is no text has bytes that are not visible either.
        let key = IdempotencyKey::parse(value.to_str().unwrap_or("\u{fffd}"));
        Ok(Self(Some(key.map_err(malformed)?.into())))
    }
}

pub(crate) fn malformed(detail: String) -> Problem {
    Problem::parameter(IDEMPOTENCY_KEY, "idempotency-key", detail)
}

impl<'a> FromRequest<'a> for MaybeOnce {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
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
            let found = MaybeOnce::of(&headers).map(|once| once.0.is_some());
            assert_eq!(found.map_err(|problem| problem.status), expected, "{values:?}");
        }
    }
}
