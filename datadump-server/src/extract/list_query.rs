//! Query parameters that many lists share.

use poem_openapi::types::Type as _;

use super::query::{Pairs, Parameter, QueryParameters, passed_on, push, whole_number};
use crate::{answer::Window, problem::Problem};

/// Maximum number of results of a list that the core pages.
pub(crate) const LIMIT: Parameter<Pairs> =
    passed_on("limit", u64::schema_ref, "Maximum number of results, 1 to 1000 (default 100).");

/// Number of results to skip in a list that the core pages.
pub(crate) const OFFSET: Parameter<Pairs> =
    passed_on("offset", u64::schema_ref, "Number of results to skip.");

/// Position of a page in cursor paging.
pub(crate) const CURSOR: Parameter<Pairs> = passed_on(
    "cursor",
    String::schema_ref,
    "Use cursor paging instead of `offset`: empty for the first page, then the value from `next`.",
);

/// How to count all results.
pub(crate) const COUNT: Parameter<Pairs> =
    passed_on("count", String::schema_ref, "How to count all results: `exact`, `estimated` or `none`.");

/// Fields to sort by.
pub(crate) const ORDERING: Parameter<Pairs> = passed_on(
    "ordering",
    String::schema_ref,
    "Field names to sort by, separated by commas; `-` before a name sorts in descending order.",
);

/// The query parameters of a list that the core parses, because it knows which fields can be filters.
pub(crate) trait ListParameters: Send {
    /// The declared parameters, in the order of the API document. All others are filters.
    const PARAMETERS: &'static [&'static Parameter<Pairs>];
}

impl<L: ListParameters> QueryParameters for L {
    type Value = Pairs;

    const DECLARED: &'static [&'static Parameter<Pairs>] = L::PARAMETERS;

    const IS_OPEN: bool = true;

    fn set_other(pairs: &mut Pairs, name: &str, text: &str) -> Result<(), Problem> {
        push(pairs, name, text)
    }
}

/// The page of a list that is complete in memory.
#[derive(Debug, Default)]
pub(crate) struct Paging {
    limit: Option<u64>,
    offset: Option<u64>,
}

impl Paging {
    /// Returns the requested page.
    pub(crate) fn window(&self) -> Result<Window, Problem> {
        Window::new(self.limit, self.offset)
    }
}

impl QueryParameters for Paging {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[
        &Parameter {
            name: LIMIT.name,
            schema: LIMIT.schema,
            description: LIMIT.description,
            set: |paging, name, text| whole_number(name, text).map(|limit| paging.limit = Some(limit)),
        },
        &Parameter {
            name: OFFSET.name,
            schema: OFFSET.schema,
            description: OFFSET.description,
            set: |paging, name, text| whole_number(name, text).map(|offset| paging.offset = Some(offset)),
        },
    ];
}
