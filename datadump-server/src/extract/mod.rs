//! What handlers take from a request, one file per kind. Everything that is taken has been checked.

mod base;
mod body;
mod condition;
mod parameters;

pub(crate) use base::Base;
pub(crate) use body::{BodyLimits, JsonBody};
pub(crate) use condition::{IfMatch, IfNoneMatch, KnownVersions, expectation};
pub(crate) use parameters::{Noted, Parameters, parse_query};
