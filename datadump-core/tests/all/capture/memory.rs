//! The memory of throws: what happens to a throw when there is not enough, and that quarantine keeps no more than
//! the part that failed.

use bytes::Bytes;
use datadump_core::{Dump, Error, Incoming};
use serde_json::json;

use super::{Backend, Fixture, name, on_both};
use crate::databases::Database;

on_both![
    a_throw_that_needs_more_than_all_memory_is_quarantined_whole,
    an_invalid_row_of_a_table_is_quarantined_without_the_others,
    many_records_are_stored_like_few,
];

/// Memory for throws in these tests.
const MEMORY: usize = 32 << 20;

async fn open(backend: Backend) -> (Dump, Database) {
    let database = Database::new(backend).await;
    let dump = Dump::builder().database(database.address()).throw_memory(MEMORY).open().await.unwrap();
    (dump, database)
}

fn incoming(format: &str, body: impl Into<Bytes>) -> Incoming {
    Incoming { body: body.into(), format: Some(format.into()), ..Incoming::default() }
}

async fn a_throw_that_needs_more_than_all_memory_is_quarantined_whole(fixture: Fixture) {
    let (dump, _database) = open(fixture.database.backend()).await;
    let nulls = format!("{{\"a\": [null{}]}}", ",null".repeat(1 << 20));
    let invalid = format!("{{\"a\": 1}}\n{}", "x\n".repeat(100_000));
    for (format, body, code) in [
        ("json", nulls.as_bytes(), "too-much-memory"),
        (
            "msgpack",
            &[&[0x81, 0xA1, b'a', 0xDD, 0, 0x10, 0, 0][..], &[0xC0; 1 << 20]].concat(),
            "too-much-memory",
        ),
        // More records than are allowed, in little memory.
        ("msgpack", &[&[0xDD, 0, 0x10, 0, 0][..], &[0xC0; 1 << 20]].concat(), "too-many-records"),
        // The entries take more memory than the records.
        ("ndjson", invalid.as_bytes(), "too-much-memory"),
    ] {
        let receipt = dump.throw(&name("s"), incoming(format, body.to_vec())).await.unwrap();
        assert_eq!((receipt.accepted, receipt.quarantined), (0, 1), "{format}: {receipt:?}");
        assert_eq!(receipt.errors[0].code, code, "{format}: {receipt:?}");
        let id = receipt.errors[0].quarantine.unwrap().to_string();
        let (bytes, _) = dump.quarantine().bytes(&id).await.unwrap();
        assert_eq!(bytes.flatten().collect::<Vec<u8>>(), body, "{format}");
        assert_eq!(dump.ingest().memory().used(), 0, "{format}");
    }
    dump.close().await;
}

#[tokio::test]
async fn a_throw_that_finds_the_memory_in_use_is_refused() {
    let (dump, _database) = open(Backend::Sqlite).await;
    let mut other = dump.ingest().memory().share(0);
    other.grow(MEMORY - (64 << 10)).unwrap();
    let body = "{\"a\": 1}\n".repeat(1000);
    let refused = dump.throw(&name("s"), incoming("ndjson", body.clone())).await;
    assert!(matches!(refused, Err(Error::Overloaded)), "{refused:?}");
    drop(other);
    let receipt = dump.throw(&name("s"), incoming("ndjson", body)).await.unwrap();
    assert_eq!((receipt.accepted, dump.ingest().memory().used()), (1000, 0));
    dump.close().await;
}

async fn an_invalid_row_of_a_table_is_quarantined_without_the_others(fixture: Fixture) {
    fixture
        .declare(json!({
            "name": "numbers", "key": {"name": "id", "type": "integer"},
            "fields": [{"name": "n", "type": "integer", "unique": true}],
        }))
        .await;
    // The second does not fit its field, the last is refused by the database.
    let body = "id,n\n1,10\n2,many\n3,30\n4,10\n";
    let receipt = fixture.try_throw("numbers", body, incoming("csv", "")).await.unwrap();
    assert_eq!((receipt.accepted, receipt.quarantined), (2, 2), "{receipt:?}");
    for (remark, text) in receipt.errors.iter().zip([r#"{"id":2,"n":"many"}"#, r#"{"id":4,"n":10}"#]) {
        let entry = fixture.dump.quarantine().get(&remark.quarantine.unwrap().to_string()).await.unwrap();
        assert_eq!(
            (&entry["text"], &entry["record"].to_string()),
            (&json!(text), &text.to_owned()),
            "{entry}"
        );
    }
}

async fn many_records_are_stored_like_few(fixture: Fixture) {
    let count = 20_000_u64;
    let lines: String =
        (0..count).map(|n| format!("{{\"n\": {n}, \"list\": [{n}], \"a{}\": true}}\n", n % 3)).collect();
    let receipt = fixture.throw("s", lines).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (count, 0), "{receipt:?}");
    let parameters = ["n=7777", "n=19999"].map(|filter| filter.split_once('=').unwrap());
    for (field, value) in parameters {
        let parameters = [(field.to_owned(), value.to_owned())];
        let rows = fixture.dump.storage("s").unwrap().list(&parameters).await.unwrap().rows;
        let n: u64 = value.parse().unwrap();
        assert_eq!(
            (rows.len(), &rows[0]["list"], &rows[0][format!("a{}", n % 3)]),
            (1, &json!([n]), &json!(true))
        );
    }
}
