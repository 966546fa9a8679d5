//! Groups of operations in the document.

use poem_openapi::Tags;

/// Groups of operations.
#[derive(Tags)]
pub(super) enum Tag {
    /// Throw data, and manage how it is processed.
    Throw,
    /// Declare storages and their versions.
    Factory,
    /// Read and write the rows of a storage.
    Rows,
    /// Manage devices, their readings and their commands.
    Hub,
    /// Follow changes as they are committed.
    Live,
    /// Monitor the server.
    Operation,
}
