//! The command line of `datadump`: what can be asked, and what is said of it in its help.

use clap::{Args, Parser, Subcommand};

const DOCUMENTS: &str = "Where JSON is asked for, it can be given as it is ({…}), as the name of a file (dog.json or \
     @dog.json), or as - for standard input.";

/// Asks a Data-Dump server, and prints its answer as JSON.
#[derive(Debug, Parser)]
#[command(name = "datadump", version, after_help = DOCUMENTS)]
pub(crate) struct Arguments {
    /// Where the server is: a URL, or host:port.
    #[arg(long, global = true, env = "DATADUMP_SERVER", default_value = "http://127.0.0.1:6050")]
    pub(crate) server: String,
    /// What to ask.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Throw data: any data, in any format.
    Throw(ThrowArguments),
    /// List the sources, or show one.
    Sources {
        /// The name of a source.
        name: Option<String>,
    },
    /// List what waits in quarantine, or show one entry with its bytes.
    Quarantine(QuarantineArguments),
    /// Process again what waits in quarantine, and store what becomes of it, once.
    Replay(ReplayArguments),
    /// How the server is.
    Status,
    /// Storages and their definitions.
    #[command(subcommand)]
    Storage(StorageCommand),
    /// The rows of a storage.
    #[command(subcommand)]
    Row(RowCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ThrowArguments {
    /// The data: JSON, a file, or - for standard input.
    #[arg(default_value = "-")]
    pub(crate) data: String,
    /// The source to throw at [default: inbox].
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// The format to read it as; it is recognised when this is not said.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// The content type to send it with.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Lines without end (ndjson, csv, text …): commit chunk by chunk.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Store nothing when anything is wrong.
    #[arg(long, conflicts_with = "stream")]
    pub(crate) strict: bool,
    /// A name for this throw: thrown again with the same one it is stored once, and a stream that broke
    /// off goes on.
    #[arg(long, value_name = "NAME")]
    pub(crate) idempotency_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineArguments {
    /// The id of an entry.
    pub(crate) id: Option<String>,
    /// Only what was thrown at this source.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Also what was replayed since.
    #[arg(long)]
    pub(crate) all: bool,
    /// The most entries, 1 to 1000 [default: 100].
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The id of an entry; all that wait when there is none.
    pub(crate) id: Option<String>,
    /// Only what was thrown at this source.
    #[arg(long, value_name = "NAME", conflicts_with = "id")]
    pub(crate) source: Option<String>,
    /// A file with a program to use in the place of the source's.
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<String>,
    /// Say what would become of it, and store nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    /// List all storages.
    List,
    /// Show one storage.
    Get {
        /// The name of the storage.
        name: String,
    },
    /// Declare a storage, or its next version.
    #[command(after_help = DOCUMENTS)]
    Declare {
        /// The definition: JSON, a file, or - for standard input.
        definition: String,
        /// Make changes up to this class: additive, widening, data-dependent, breaking or destructive.
        #[arg(long, value_name = "CLASS")]
        allow: Option<String>,
        /// The plan_hash of the plan for these changes.
        #[arg(long, value_name = "HASH")]
        plan: Option<String>,
    },
    /// Show what declaring a definition would do, and do nothing.
    #[command(after_help = DOCUMENTS)]
    Plan {
        /// The name of the storage; it need not exist.
        name: String,
        /// The definition: JSON, a file, or - for standard input.
        definition: String,
    },
    /// List the versions of a storage.
    Versions {
        /// The name of the storage.
        name: String,
    },
    /// Show how far the last version of a storage is.
    Status {
        /// The name of the storage.
        name: String,
    },
    /// Remove a storage with all its rows.
    Remove {
        /// The name of the storage.
        name: String,
        /// The name again: all its rows go.
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RowCommand {
    /// List rows, newest update first.
    List {
        /// The name of the storage.
        storage: String,
        /// Which ones, as JSON: {"color": {"eq": "red"}}.
        #[arg(long = "where", value_name = "JSON")]
        filter: Option<String>,
        /// By which fields; - before those that descend.
        #[arg(long, allow_hyphen_values = true, value_name = "FIELDS")]
        ordering: Option<String>,
        /// The most rows, 1 to 1000 [default: 100].
        #[arg(long, value_name = "COUNT")]
        limit: Option<u64>,
    },
    /// Show one row.
    Get {
        /// The name of the storage.
        storage: String,
        /// The key of the row.
        key: String,
    },
    /// Insert a row, or replace the one with its key.
    #[command(after_help = DOCUMENTS)]
    Save {
        /// The name of the storage.
        storage: String,
        /// The row: JSON, a file, or - for standard input.
        row: String,
    },
    /// Change some fields of a row.
    #[command(after_help = DOCUMENTS)]
    Patch {
        /// The name of the storage.
        storage: String,
        /// The key of the row.
        key: String,
        /// The fields to change: JSON, a file, or - for standard input.
        patch: String,
    },
    /// Delete a row.
    Delete {
        /// The name of the storage.
        storage: String,
        /// The key of the row.
        key: String,
        /// Only if the row has this version.
        #[arg(long)]
        version: Option<i32>,
    },
}
