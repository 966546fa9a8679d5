//! What handlers take from a request, one file per kind. Everything that is taken has been checked.

mod base;
mod body;
mod chunks;
mod condition;
mod device_token;
mod idempotency;
mod parameters;
mod throw;

pub(crate) use base::Base;
pub(crate) use body::{BodyLimits, JsonBody, MaybeJson, object, read as read_body, typed};
pub(crate) use chunks::{Chunks, too_large};
pub(crate) use condition::{IfMatch, IfNoneMatch, KnownVersions, expectation};
pub(crate) use device_token::DeviceToken;
pub(crate) use idempotency::{IDEMPOTENCY_KEY, MaybeOnce, REPLAYED, malformed};
pub(crate) use parameters::{Noted, NotedHeader, Parameters, parse_query, parse_query_loosely};
pub(crate) use throw::{Asked, ThrowBody};
