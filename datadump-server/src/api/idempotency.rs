//! The idempotency key in the API document, for the operations whose responses the routes record.

use poem::http::Method;
use poem_openapi::{
    ApiExtractor as _,
    registry::{MetaHeader, MetaOperation, MetaOperationParam, MetaParamIn},
    types::Type as _,
};

use super::has_endless_response;
use crate::extract::{IDEMPOTENCY_KEY, MaybeKey, REPLAYED, flatten};

const DESCRIPTION: &str =
    "`true` if this is the recorded response to an earlier request with the same idempotency key.";

/// Documents the key for an operation that takes one: every POST operation, and those that declare it
/// themselves.
pub(super) fn document(operation: &mut MetaOperation) {
    if !operation.params.iter().any(|parameter| parameter.name == IDEMPOTENCY_KEY) {
        let is_endless = operation.operation_id.is_some_and(has_endless_response);
        if operation.method != Method::POST || is_endless {
            return;
        }
        operation.params.extend(parameter());
    }
    let responses = operation.responses.responses.iter_mut();
    for response in responses.filter(|response| response.status.is_some_and(|status| status / 100 == 2)) {
        // The framework would write the name in capitals.
        response.headers.retain(|header| !header.name.eq_ignore_ascii_case(REPLAYED));
        response.headers.push(MetaHeader {
            name: REPLAYED.into(),
            description: Some(DESCRIPTION.into()),
            required: false,
            deprecated: false,
            schema: bool::schema_ref(),
        });
    }
}

fn parameter() -> Vec<MetaOperationParam> {
    let declared = MaybeKey::param_schema_ref().map(|schema| MetaOperationParam {
        name: IDEMPOTENCY_KEY.into(),
        schema,
        in_type: MetaParamIn::Header,
        description: None,
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    });
    flatten(declared.into_iter().collect())
}
