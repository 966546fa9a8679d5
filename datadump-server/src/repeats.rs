//! Operations that record nothing by themselves, done once: the answer to a request with an
//! idempotency key is kept, and given again. It is recorded behind what the operation does, so of these
//! none does harm when it is done twice: a definition that is in force is not a new version, a program
//! that is there is not made again, a replay stores nothing twice, and the others store nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use datadump_core::{Begun, Dump, Fingerprint, Once};
use poem::{
    Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::{Deserialize, Serialize};

use crate::{
    extract::{BodyLimits, MaybeOnce, REPLAYED, read_body},
    problem::Problem,
};

/// The most bytes of an answer that is kept; behind a longer one the operation is done again.
const MOST: usize = 1 << 20;

/// The headers that belong to an answer.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// An answer, as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Does a request, unless it was done before.
pub(crate) async fn answer(
    dump: &Dump,
    mut request: Request,
    operation: &BoxEndpoint<'static>,
) -> poem::Result<Response> {
    let Some(once) = MaybeOnce::of(request.headers())?.0 else { return operation.call(request).await };
    let pending = match begin(dump, once, &mut request).await? {
        Begun::Before(kept) => return again(&kept),
        Begun::Now(pending) => pending,
    };
    let mut response = operation.call(request).await?;
    if !response.status().is_success() {
        return Ok(response);
    }
    // It is in memory already.
    let body = response.take_body().into_bytes_limit(usize::MAX).await.map_err(|_| Problem::internal())?;
    if let Some(kept) = keep(&response, &body)
        && let Err(error) = pending.record(kept).await
    {
        // It is done all the same, and may be done again.
        tracing::warn!(%error, "an answer could not be recorded");
    }
    response.set_body(body);
    Ok(response)
}

/// Looks for the answer to a request. Its body is read, and put back.
async fn begin(dump: &Dump, once: Once, request: &mut Request) -> Result<Begun, Problem> {
    let limits = *request.data::<BodyLimits>().ok_or_else(Problem::internal)?;
    let body = request.take_body();
    let body = Bytes::from(read_body(body, request.headers(), limits).await?);
    let header = |name| request.headers().get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    let asked = request.uri().path_and_query().map_or("", |asked| asked.as_str()).as_bytes();
    let says = [
        b"request",
        request.method().as_str().as_bytes(),
        asked,
        header(header::CONTENT_TYPE),
        header(header::IF_MATCH),
        header(header::IF_NONE_MATCH),
        &body,
    ];
    let says = Fingerprint::of(says);
    request.set_body(body);
    Ok(dump.begin_once(once, says).await?)
}

fn keep(response: &Response, body: &[u8]) -> Option<String> {
    let headers = HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let kept = Kept {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).ok()?,
    };
    serde_json::to_string(&kept).ok().filter(|kept| kept.len() <= MOST)
}

fn again(kept: &str) -> poem::Result<Response> {
    let broken = |_| Problem::internal();
    let Kept { status, headers, body } = serde_json::from_str(kept).map_err(broken)?;
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).map_err(|_| Problem::internal())?)
        .header(REPLAYED, "true");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(body))
}
