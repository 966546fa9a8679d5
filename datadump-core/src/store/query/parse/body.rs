//! Converts the body of a query to the parameters of a list, which mean the same.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{
    error::{Error, Fault, Place, Result},
    request,
};

/// Names separated by commas, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    Text(String),
    List(Vec<String>),
}

/// The members of a query, each of which is optional.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "where")]
    filter: Option<Json>,
    fields: Option<Names>,
    ordering: Option<Names>,
    limit: Option<u64>,
    cursor: Option<String>,
    count: Option<String>,
    search: Option<String>,
}

impl Names {
    /// Returns the names, separated by commas.
    pub(super) fn joined(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(names) => names.join(","),
        }
    }
}

/// Returns the parameters of a list for a query in a body: `{where, fields, ordering, limit, cursor, count}`. Its pages
/// always have cursors.
pub(crate) fn parameters_of(body: &Json) -> Result<Vec<(String, String)>> {
    let body: Body = request::read(body)?;
    Ok(pairs(Body { cursor: Some(body.cursor.unwrap_or_default()), ..body }))
}

/// Returns the parameters of an export for one in a body: `{where, fields, ordering, limit}`.
pub(crate) fn export_parameters_of(body: &Json) -> Result<Vec<(String, String)>> {
    Ok(pairs(request::read(body)?))
}

fn pairs(body: Body) -> Vec<(String, String)> {
    let members = [
        ("where", body.filter.map(|filter| filter.to_string())),
        ("fields", body.fields.map(Names::joined)),
        ("ordering", body.ordering.map(Names::joined)),
        ("limit", body.limit.map(|limit| limit.to_string())),
        ("cursor", body.cursor),
        ("count", body.count),
        ("search", body.search),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Returns an error about parameters as one about the members of the body that they were taken from.
pub(crate) fn in_body(error: Error) -> Error {
    let Error::Query(faults) = error else { return error };
    let moved = |fault: Fault| match fault.at {
        Place::Parameter(name) => Fault { at: Place::field(name), ..fault },
        Place::Body(_) => fault,
    };
    Error::Query(faults.into_iter().map(moved).collect())
}
