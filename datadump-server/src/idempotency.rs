//! Recorded responses: a retried request with the same idempotency key gets the response of the first one.
//!
//! This is for operations that do not record the key together with their write. The response is recorded
//! after the operation, so each of them must be harmless to repeat if that fails: declaring the current
//! definition again makes no new version, an unchanged program is not written again, a replay stores nothing
//! twice, and the others store nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use datadump_core::{Dump, Fingerprint, IdempotentRequest, RequestKey};
use poem::{
    Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde::{Deserialize, Serialize};

use crate::{
    extract::{BodyLimits, MaybeKey, REPLAYED, read_body},
    problem::Problem,
};

/// Maximum size of a recorded response. After a larger one, a retry runs the operation again.
const MAX_RECORDED_BYTES: usize = 1 << 20;

/// Headers that are recorded.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// A recorded response.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Runs an operation, or returns its recorded response.
pub(crate) async fn respond(
    dump: &Dump,
    mut request: Request,
    operation: &BoxEndpoint<'static>,
) -> poem::Result<Response> {
    let Some(key) = MaybeKey::of(request.headers())?.0 else { return operation.call(request).await };
    let reservation = match begin(dump, key, &mut request).await? {
        IdempotentRequest::Replayed(recorded) => return replay(&recorded),
        IdempotentRequest::New(reservation) => reservation,
    };
    let mut response = operation.call(request).await?;
    if !response.status().is_success() {
        return Ok(response);
    }
    // The body is already in memory.
    let body = response.take_body().into_bytes_limit(usize::MAX).await.map_err(|_| Problem::internal())?;
    if let Some(recorded) = record(&response, &body)
        && let Err(error) = reservation.record(recorded).await
    {
        // The operation has succeeded, and a retry would repeat it.
        tracing::warn!(%error, "failed to record a response");
    }
    response.set_body(body);
    Ok(response)
}

/// Reserves the key of a request, or finds its recorded response. Reads the body and puts it back.
async fn begin(dump: &Dump, key: RequestKey, request: &mut Request) -> Result<IdempotentRequest, Problem> {
    let limits = *request.data::<BodyLimits>().ok_or_else(Problem::internal)?;
    let body = request.take_body();
    let body = Bytes::from(read_body(body, request.headers(), limits).await?);
    let header = |name| request.headers().get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    let path_and_query = request.uri().path_and_query().map_or("", |path| path.as_str()).as_bytes();
    let fingerprint = Fingerprint::of([
        b"request",
        request.method().as_str().as_bytes(),
        path_and_query,
        header(header::CONTENT_TYPE),
        header(header::IF_MATCH),
        header(header::IF_NONE_MATCH),
        &body,
    ]);
    request.set_body(body);
    Ok(dump.idempotency().begin(key, fingerprint).await?)
}

fn record(response: &Response, body: &[u8]) -> Option<String> {
    let headers = HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let recorded = RecordedResponse {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: String::from_utf8(body.to_vec()).ok()?,
    };
    serde_json::to_string(&recorded).ok().filter(|recorded| recorded.len() <= MAX_RECORDED_BYTES)
}

fn replay(recorded: &str) -> poem::Result<Response> {
    let malformed = |_| Problem::internal();
    let RecordedResponse { status, headers, body } = serde_json::from_str(recorded).map_err(malformed)?;
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).map_err(|_| Problem::internal())?)
        .header(REPLAYED, "true");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(body))
}
