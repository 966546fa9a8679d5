//! The command-line arguments of `datadump`, and their help texts.

use clap::{Args, Parser, Subcommand};

const DOCUMENTS: &str = "JSON arguments can be given literally ({…}), as a file name (dog.json or @dog.json), or as - for \
     standard input.";

/// Command-line client for a Data-Dump server. Prints each response as JSON.
#[derive(Debug, Parser)]
#[command(name = "datadump", version, after_help = DOCUMENTS)]
pub(crate) struct Arguments {
    /// Address of the server: a URL, or host:port.
    #[arg(long, global = true, env = "DATADUMP_SERVER", default_value = "http://127.0.0.1:6050")]
    pub(crate) server: String,
    /// The command to run.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Throw data in any format.
    Throw(ThrowArguments),
    /// List sources, or show one.
    Sources {
        /// Name of the source.
        name: Option<String>,
    },
    /// List quarantine entries, or show one with its bytes.
    Quarantine(QuarantineArguments),
    /// Process quarantined data again, and store the result.
    Replay(ReplayArguments),
    /// Show the server's status.
    Status,
    /// Manage storages and their definitions.
    #[command(subcommand)]
    Storage(StorageCommand),
    /// Read and write the rows of a storage.
    #[command(subcommand)]
    Row(RowCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ThrowArguments {
    /// Data to throw: JSON, a file name, or - for standard input.
    #[arg(default_value = "-")]
    pub(crate) data: String,
    /// Source to throw at [default: inbox].
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Format of the data [default: detected by the server].
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Content type of the request.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Send line-based data (ndjson, csv, text …) of any length, committed chunk by chunk.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Store nothing if any record is invalid.
    #[arg(long, conflicts_with = "stream")]
    pub(crate) strict: bool,
    /// Idempotency key: a retry with the same key is not stored twice, and an interrupted stream
    /// resumes.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineArguments {
    /// Id of the entry to show.
    pub(crate) id: Option<String>,
    /// Only entries from this source.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Include entries that have been replayed.
    #[arg(long)]
    pub(crate) all: bool,
    /// Maximum number of entries, 1 to 1000 [default: 100].
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Id of the entry to replay [default: all waiting entries].
    pub(crate) id: Option<String>,
    /// Only entries from this source.
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub(crate) source: Option<String>,
    /// File with a VRL program to use instead of the source's.
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<String>,
    /// Show what would be stored, without storing it.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Overwrite rows that were written after the entry was received.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    /// List storages.
    List,
    /// Show one storage.
    Get {
        /// Name of the storage.
        name: String,
    },
    /// Declare a storage, or a new version of it.
    #[command(after_help = DOCUMENTS)]
    Declare {
        /// Definition: JSON, a file name, or - for standard input.
        definition: String,
        /// Allow changes up to this class: additive, widening, data-dependent, breaking or destructive.
        #[arg(long, value_name = "CLASS")]
        allow: Option<String>,
        /// The plan_hash of the plan that you reviewed.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
    },
    /// Show what declaring a definition would change, without changing it.
    #[command(after_help = DOCUMENTS)]
    Plan {
        /// Name of the storage, which need not exist yet.
        name: String,
        /// Definition: JSON, a file name, or - for standard input.
        definition: String,
    },
    /// List the versions of a storage.
    Versions {
        /// Name of the storage.
        name: String,
    },
    /// Show the migration progress of a storage.
    Status {
        /// Name of the storage.
        name: String,
    },
    /// Remove a storage and all its rows.
    Remove {
        /// Name of the storage.
        name: String,
        /// Name of the storage, repeated as confirmation.
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RowCommand {
    /// List rows, most recently changed first.
    List {
        /// Name of the storage.
        storage: String,
        /// Filter, as JSON: {"color": {"eq": "red"}}.
        #[arg(long = "where", value_name = "JSON")]
        filter: Option<String>,
        /// Comma-separated fields to sort by; prefix a field with - for descending order.
        #[arg(long, allow_hyphen_values = true, value_name = "FIELDS")]
        ordering: Option<String>,
        /// Maximum number of rows, 1 to 1000 [default: 100].
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
    /// Show one row.
    Get {
        /// Name of the storage.
        storage: String,
        /// Key of the row.
        key: String,
    },
    /// Insert a row, or change the fields that are sent in the row with the same key.
    #[command(after_help = DOCUMENTS)]
    Save {
        /// Name of the storage.
        storage: String,
        /// Row: JSON, a file name, or - for standard input.
        row: String,
    },
    /// Change some fields of a row.
    #[command(after_help = DOCUMENTS)]
    Patch {
        /// Name of the storage.
        storage: String,
        /// Key of the row.
        key: String,
        /// Fields to change: JSON, a file name, or - for standard input.
        patch: String,
    },
    /// Delete a row.
    Delete {
        /// Name of the storage.
        storage: String,
        /// Key of the row.
        key: String,
        /// Delete only if the row has this version.
        #[arg(long)]
        version: Option<i32>,
    },
}
