//! Extractors: what handlers take from a request, checked, one file per kind.

mod accept;
mod base_url;
mod body;
mod chunks;
mod content_range;
mod device_token;
mod header_parameter;
mod idempotency_key;
mod last_event_id;
mod list_query;
mod precondition;
mod query;
mod request_head;
mod rows_body;
mod throw;

pub(crate) use accept::AcceptedFormat;
pub(crate) use base_url::BaseUrl;
pub(crate) use body::{BodyLimits, JsonBody, MaybeJson, object, read as read_body, typed};
pub(crate) use chunks::{Chunks, too_large, too_slow, total_timeout};
pub(crate) use content_range::ContentRange;
pub(crate) use device_token::DeviceToken;
pub(crate) use idempotency_key::{IDEMPOTENCY_KEY, MaybeKey, REPLAYED, malformed};
pub(crate) use last_event_id::{LAST_EVENT_ID, LastEventId};
pub(crate) use list_query::{COUNT, CURSOR, LIMIT, ListParameters, OFFSET, ORDERING, Paging};
pub(crate) use precondition::{IfMatch, IfNoneMatch, KnownVersions, expectation};
pub(crate) use query::{
    NoQuery, Pairs, Parameter, Query, QueryParameters, flag, flatten, parse_query_lossy, passed_on, push,
    unknown_parameter, whole_number,
};
pub(crate) use rows_body::RowsBody;
pub(crate) use throw::{ThrowBody, ThrowHead};
