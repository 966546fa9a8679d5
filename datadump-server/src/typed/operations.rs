//! The operations of a storage's document. A new operation on rows is one entry here.

/// An operation of the API, as it appears in the documents of storages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// ID of the operation in the document of the API.
    pub(super) operation: &'static str,
    /// Beginning of its ID in the document of a storage, before the storage's identifier. No verb is the beginning of
    /// another one, so that no two IDs are equal.
    pub(super) verb: &'static str,
    /// True if it takes filters as parameters.
    pub(super) has_filters: bool,
    /// Parameters that are left out.
    pub(super) without: &'static [&'static str],
    /// The request's body.
    pub(super) body: Body,
    /// The body of a successful response.
    pub(super) response: ResponseBody,
}

/// The body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// None, or the same for all storages.
    Same,
    /// A row.
    Input,
    /// A merge patch.
    Patch,
    /// A query.
    Query,
}

/// The body of a successful response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseBody {
    /// None, or the same for all storages.
    Same,
    /// A row.
    Row,
    /// An object whose `results` are rows.
    Rows,
    /// An object whose `results` are rows with the selected fields.
    Parts,
}

const OPERATION: Entry = Entry {
    operation: "",
    verb: "",
    has_filters: false,
    without: &[],
    body: Body::Same,
    response: ResponseBody::Same,
};

/// The operations of a storage's document.
pub(super) const ENTRIES: &[Entry] = &[
    // Rows without some of their fields would not have the type of a row. A query can select fields.
    Entry {
        operation: "list_rows",
        verb: "list",
        has_filters: true,
        without: &["fields"],
        response: ResponseBody::Rows,
        ..OPERATION
    },
    Entry {
        operation: "save_row",
        verb: "save",
        body: Body::Input,
        response: ResponseBody::Row,
        ..OPERATION
    },
    Entry { operation: "get_row_by_key", verb: "get", response: ResponseBody::Row, ..OPERATION },
    Entry {
        operation: "replace_row_by_key",
        verb: "replace",
        body: Body::Input,
        response: ResponseBody::Row,
        ..OPERATION
    },
    Entry {
        operation: "patch_row_by_key",
        verb: "patch",
        body: Body::Patch,
        response: ResponseBody::Row,
        ..OPERATION
    },
    Entry { operation: "delete_row_by_key", verb: "delete", ..OPERATION },
    Entry {
        operation: "query_rows",
        verb: "query",
        body: Body::Query,
        response: ResponseBody::Parts,
        ..OPERATION
    },
    Entry { operation: "list_values", verb: "valuesOf", has_filters: true, ..OPERATION },
    Entry { operation: "aggregate_rows", verb: "aggregate", has_filters: true, ..OPERATION },
    Entry { operation: "read_series", verb: "seriesOf", has_filters: true, ..OPERATION },
    Entry { operation: "save_rows", verb: "bulkSave", ..OPERATION },
    Entry { operation: "patch_rows", verb: "bulkPatch", has_filters: true, body: Body::Patch, ..OPERATION },
    Entry { operation: "delete_rows", verb: "bulkDelete", has_filters: true, ..OPERATION },
    Entry { operation: "list_changes", verb: "changesOf", ..OPERATION },
];

/// Operations on storages that are in no document of a storage: others do the same, they are about the document, or they
/// send or receive a file.
#[cfg(test)]
pub(super) const LEFT_OUT: &[&str] = &[
    "get_row",
    "replace_row",
    "patch_row",
    "delete_row",
    "find_aggregates",
    "export_rows",
    "find_export",
    "import_rows",
    "storage_openapi",
    "storage_schema",
];
