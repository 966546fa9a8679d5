//! Using a storage in-process, without a server: declare it, write and read rows, change its definition.
//!
//! `cargo run -p datadump-core --example storages`

use datadump_core::{Consent, Dump, Error, Expect, Result};
use serde_json::json;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is there to be looked at")]
async fn main() -> Result<()> {
    // Alternatively a file path or postgres://user@host/database.
    let dump = Dump::builder().database("sqlite::memory:").open().await?;

    let mut definition = json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                   {"name": "collar_size", "type": "integer", "min": 1}],
    });
    dump.declare(&definition, Consent::default()).await?;
    dump.definitions().settled("dog").await?;

    let dogs = dump.storage("dog")?;
    let rex = dogs
        .save(&json!({"chip_id": "CHIP1", "color": "black", "collar_size": 40}), Expect::Anything)
        .await?;
    println!("saved: {}", rex.row);

    // An update based on a version other than the current one is rejected.
    let stale = json!({"collar_size": 41});
    match dogs.patch("CHIP1", &stale, Expect::Version(7)).await {
        Err(Error::Conflict { current }) => println!("refused; the row is {}", current.unwrap_or_default()),
        other => println!("unexpected: {other:?}"),
    }

    // The error lists every invalid field.
    let misfit = json!({"chip_id": "CHIP2", "color": 7, "collar_size": 0, "tail": true});
    if let Err(error) = dogs.save(&misfit, Expect::Anything).await {
        println!("refused; {error}");
    }

    // The next version adds a field with a default, which existing rows get too.
    if let Some(fields) = definition["fields"].as_array_mut() {
        fields.push(json!({"name": "vaccinated", "type": "boolean", "default": false}));
    }
    dump.declare(&definition, Consent::default()).await?;
    dump.definitions().settled("dog").await?;
    let black = dogs.list(&[("color".into(), "black".into())]).await?;
    println!("{} of version 2: {}", black.rows.len(), black.rows.first().cloned().unwrap_or_default());

    dump.close().await;
    Ok(())
}
