//! `datadump`: the API from the command line. It prints JSON.

use std::{
    io::{Read as _, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use datadump_client::{Client, Failure, done};
use serde_json::{Map, Value as Json, json};

/// Asks a Data-Dump server, and prints its answer as JSON.
#[derive(Debug, Parser)]
#[command(name = "datadump", version)]
struct Arguments {
    /// Where the server is.
    #[arg(long, global = true, default_value = "http://127.0.0.1:6050")]
    server: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How the server is.
    Status,
    /// Storages and their definitions.
    #[command(subcommand)]
    Storage(StorageCommand),
    /// The rows of a storage.
    #[command(subcommand)]
    Row(RowCommand),
}

#[derive(Debug, Subcommand)]
enum StorageCommand {
    /// All storages.
    List,
    /// One storage.
    Get { name: String },
    /// Declare a storage, or its next version: the definition as JSON, or `-` for standard input.
    Declare { definition: String },
}

#[derive(Debug, Subcommand)]
enum RowCommand {
    /// Rows, newest update first.
    List {
        storage: String,
        /// Which ones, as JSON: `{"color": {"eq": "red"}}`.
        #[arg(long = "where")]
        filter: Option<String>,
        /// By which fields; `-` before those that descend.
        #[arg(long, allow_hyphen_values = true)]
        ordering: Option<String>,
        /// The most rows.
        #[arg(long)]
        limit: Option<u64>,
    },
    /// One row.
    Get { storage: String, key: String },
    /// Insert a row, or replace the one with its key: the row as JSON, or `-` for standard input.
    Save { storage: String, row: String },
    /// Delete a row.
    Delete { storage: String, key: String },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let client = Client::new(arguments.server.trim_end_matches('/'));
    match run(&client, arguments.command).await {
        Ok(answer) => {
            // A reader that has gone away (`| head`) is not an error.
            let _ = writeln!(std::io::stdout(), "{answer:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "datadump: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(client: &Client, command: Command) -> Result<Json, Box<dyn std::error::Error>> {
    match command {
        Command::Status => shown(done(client.status().send().await).await),
        Command::Storage(command) => storage(client, command).await,
        Command::Row(command) => row(client, command).await,
    }
}

async fn storage(client: &Client, command: StorageCommand) -> Result<Json, Box<dyn std::error::Error>> {
    match command {
        StorageCommand::List => shown(done(client.list_storages().send().await).await),
        StorageCommand::Get { name } => shown(done(client.get_storage().name(name).send().await).await),
        StorageCommand::Declare { definition } => {
            let declared = client.declare_storage().body(object(definition)?).send().await;
            shown(done(declared).await)
        }
    }
}

async fn row(client: &Client, command: RowCommand) -> Result<Json, Box<dyn std::error::Error>> {
    match command {
        RowCommand::List { storage, filter, ordering, limit } => {
            let mut list = client.list_rows().name(storage);
            if let Some(filter) = filter {
                list = list.where_(filter);
            }
            if let Some(ordering) = ordering {
                list = list.ordering(ordering);
            }
            if let Some(limit) = limit {
                list = list.limit(limit);
            }
            shown(done(list.send().await).await)
        }
        RowCommand::Get { storage, key } => {
            shown(done(client.get_row().name(storage).key(key).send().await).await)
        }
        RowCommand::Save { storage, row } => {
            shown(done(client.save_row().name(storage).body(object(row)?).send().await).await)
        }
        RowCommand::Delete { storage, key } => {
            done(client.delete_row().name(storage).key(&key).send().await).await?;
            Ok(json!({"deleted": key}))
        }
    }
}

fn shown<T: serde::Serialize>(answer: Result<T, Failure>) -> Result<Json, Box<dyn std::error::Error>> {
    Ok(serde_json::to_value(answer?)?)
}

fn object(text: String) -> Result<Map<String, Json>, Box<dyn std::error::Error>> {
    let text = if text == "-" { standard_input()? } else { text };
    Ok(serde_json::from_str(&text)?)
}

fn standard_input() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
