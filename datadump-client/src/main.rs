//! `datadump`, the command-line client. It prints JSON.

mod arguments;
mod capture;

use std::{
    fs,
    io::{Read as _, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use datadump_client::{Client, Failure, done};
use serde_json::{Map, Value as Json, json};

use arguments::{Arguments, Command, RowCommand, StorageCommand};

type Output = Result<Json, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let client = Client::new(&address(&arguments.server));
    match run(&client, arguments.command).await {
        Ok(answer) => {
            // A closed pipe (`| head`) is not an error.
            let _ = writeln!(std::io::stdout(), "{answer:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let unreachable = matches!(error.downcast_ref(), Some(Failure::Unreachable { .. }));
            let hint =
                if unreachable { "; is the server running? (set its address with --server)" } else { "" };
            let _ = writeln!(std::io::stderr(), "datadump: {error}{hint}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the server's URL; `http://` may be omitted.
fn address(server: &str) -> String {
    let server = server.trim_end_matches('/');
    if server.contains("://") { server.to_owned() } else { format!("http://{server}") }
}

async fn run(client: &Client, command: Command) -> Output {
    match command {
        Command::Throw(arguments) => capture::throw(client, arguments).await,
        Command::Sources { name } => capture::sources(client, name).await,
        Command::Quarantine(arguments) => capture::quarantine(client, arguments).await,
        Command::Replay(arguments) => capture::replay(client, arguments).await,
        Command::Status => to_json(done(client.status().send().await).await),
        Command::Storage(command) => storage(client, command).await,
        Command::Row(command) => row(client, command).await,
    }
}

async fn storage(client: &Client, command: StorageCommand) -> Output {
    match command {
        StorageCommand::List => to_json(done(client.list_storages().send().await).await),
        StorageCommand::Get { name } => to_json(done(client.get_storage().name(name).send().await).await),
        StorageCommand::Declare { definition, allow, plan } => {
            let mut declare = client.declare_storage().body(object(&definition)?);
            if let Some(allow) = allow {
                declare = declare.allow(allow);
            }
            if let Some(plan) = plan {
                declare = declare.plan(plan);
            }
            to_json(done(declare.send().await).await)
        }
        StorageCommand::Plan { name, definition } => {
            to_json(done(client.plan_storage().name(name).body(object(&definition)?).send().await).await)
        }
        StorageCommand::Versions { name } => {
            to_json(done(client.list_versions().name(name).send().await).await)
        }
        StorageCommand::Status { name } => to_json(done(client.ready_status().name(name).send().await).await),
        StorageCommand::Remove { name, confirm } => {
            done(client.remove_storage().name(&name).confirm(confirm).send().await).await?;
            Ok(json!({"removed": name}))
        }
    }
}

async fn row(client: &Client, command: RowCommand) -> Output {
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
            to_json(done(list.send().await).await)
        }
        RowCommand::Get { storage, key } => {
            to_json(done(client.get_row().name(storage).key(key).send().await).await)
        }
        RowCommand::Save { storage, row } => {
            to_json(done(client.save_row().name(storage).body(object(&row)?).send().await).await)
        }
        RowCommand::Patch { storage, key, patch } => {
            let patch = client.patch_row().name(storage).key(key).body(object(&patch)?);
            to_json(done(patch.send().await).await)
        }
        RowCommand::Delete { storage, key, version } => {
            let mut delete = client.delete_row().name(storage).key(&key);
            if let Some(version) = version {
                delete = delete.version(version);
            }
            done(delete.send().await).await?;
            Ok(json!({"deleted": key}))
        }
    }
}

fn to_json<T: serde::Serialize>(answer: Result<T, Failure>) -> Output {
    Ok(serde_json::to_value(answer?)?)
}

/// Parses a JSON object from the argument itself, the file it names, or standard input.
fn object(argument: &str) -> Result<Map<String, Json>, String> {
    let text = match argument.trim_start() {
        literal if literal.starts_with(['{', '[']) => literal.to_owned(),
        "-" => standard_input().map_err(|error| format!("cannot read standard input: {error}"))?,
        name => {
            let name = name.strip_prefix('@').unwrap_or(name);
            fs::read_to_string(name).map_err(|error| format!("cannot read the file {name}: {error}"))?
        }
    };
    serde_json::from_str(&text).map_err(|error| format!("{argument} is not a JSON object: {error}"))
}

fn standard_input() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
