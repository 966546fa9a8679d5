//! Requests with operations on rows of several storages, which by default take effect together or not at all.

mod operation;

use serde::Deserialize;
use serde_json::Value as Json;

use self::operation::Operation;
use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    idempotency::{Fingerprint, Idempotency, RequestKey, Reservation},
    request,
    rows::{
        MAX_QUERY_ATTEMPTS, RETRY_DELAY,
        many::{self, Options, WriteResults},
    },
};

/// Maximum number of operations in one request.
pub const MAX_OPERATIONS: usize = 1_000;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    operations: Vec<Operation>,
    atomic: Option<bool>,
}

/// Carries out the operations, in order and in one transaction, once per idempotency key.
pub(crate) async fn run(
    context: &Context,
    idempotency: &Idempotency,
    request: &Json,
    key: Option<RequestKey>,
) -> Result<WriteResults> {
    let BatchRequest { operations, atomic } = request::read(request)?;
    check(context, &operations)?;
    let reservation = match key {
        None => None,
        Some(key) => {
            let fingerprint = Fingerprint::of(["batch", &request.to_string()]);
            let (reservation, found) = idempotency.reserve(key, fingerprint).await?;
            if let Some(answer) = found {
                return many::replayed(context, answer).await;
            }
            Some(reservation)
        }
    };
    let options = Options { is_atomic: atomic.unwrap_or(true), is_dry_run: false };
    for _ in 1..MAX_QUERY_ATTEMPTS {
        match attempt(context, &operations, options, reservation.clone()).await {
            // The catalogue is updated shortly after the commit.
            Err(Error::Moved(_)) => tokio::time::sleep(RETRY_DELAY).await,
            results => return results,
        }
    }
    attempt(context, &operations, options, reservation).await
}

async fn attempt(
    context: &Context,
    operations: &[Operation],
    options: Options,
    reservation: Option<Reservation>,
) -> Result<WriteResults> {
    let mut items = Vec::with_capacity(operations.len());
    for (index, operation) in operations.iter().enumerate() {
        items.push(operation.item(context, index).await?);
    }
    many::commit(context, items, options, reservation).await
}

/// Checks what does not depend on rows. If one operation is malformed, none is carried out.
fn check(context: &Context, operations: &[Operation]) -> Result<()> {
    let count = operations.len();
    let mut faults = match count {
        0 => vec![Fault::new(Place::field("operations"), "empty", "there are no operations")],
        1..=MAX_OPERATIONS => Vec::new(),
        _ => {
            let detail = format!("{count} operations exceed the limit of {MAX_OPERATIONS} per request");
            return Err(Error::Settings(vec![Fault::new(Place::field("operations"), "too-many", detail)]));
        }
    };
    for (index, operation) in operations.iter().enumerate() {
        operation.check(context, index, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}
