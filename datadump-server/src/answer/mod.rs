//! JSON responses, serialized directly from their types, and types that many responses share.

mod completion;
mod export;
mod long_answer;
mod moment;
mod object;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod receipt;
mod recent_throw;
mod row_format;
mod row_list;
mod streamed;
mod throw_counters;

use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

pub(crate) use completion::Completion;
pub(crate) use export::{ExportAnswer, ExportSlots};
pub(crate) use long_answer::LongAnswer;
pub(crate) use moment::Moment;
pub(crate) use object::Object;
pub(crate) use page::{Window, encoded, link};
#[cfg(feature = "parquet")]
pub(crate) use parquet::ParquetEncoder;
pub(crate) use receipt::{ReasonAnswer, ReceiptAnswer, RemarkAnswer};
pub(crate) use recent_throw::{RecentThrowAnswer, RecentThrowDetails, ThrowOutcomeAnswer};
pub(crate) use row_format::RowFormat;
pub(crate) use row_list::RowListAnswer;
pub(crate) use streamed::{Streamed, separated, streamed};
pub(crate) use throw_counters::ThrowCounters;

use crate::problem::Problem;

/// Initial capacity of a response body; most receipts fit into it.
const BODY_CAPACITY: usize = 384;

/// A JSON response. The framework's own type builds a tree of JSON values before serializing.
#[derive(Debug)]
pub(crate) struct Reply<T>(pub(crate) T);

impl<T: Type> Payload for Reply<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Serialize + Send> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(BODY_CAPACITY);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => Response::builder().content_type("application/json").body(body),
            Err(error) => {
                tracing::error!(%error, "failed to serialize a response");
                Problem::internal().into_response()
            }
        }
    }
}

/// Describes the only response of an operation.
fn success<T: Type>(content_type: &'static str) -> MetaResponses {
    success_in(vec![MetaMediaType { content_type, schema: T::schema_ref() }])
}

/// Describes the only response of an operation, which has one of several media types. The first is the default.
fn success_in(content: Vec<MetaMediaType>) -> MetaResponses {
    let response = MetaResponse {
        description: "Success.",
        status: Some(200),
        status_range: None,
        content,
        headers: Vec::new(),
    };
    MetaResponses { responses: vec![response] }
}

impl<T: Type + Serialize> ApiResponse for Reply<T> {
    fn meta() -> MetaResponses {
        success::<T>(Self::CONTENT_TYPE)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
