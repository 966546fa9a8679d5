//! Tests which versions of a definition may follow each other, and concurrent changes of a row.

use datadump_core::{Consent, Dump, Error, Expect, schema::Class};
use serde_json::{Value as Json, json};

fn definition(fields: &Json) -> Json {
    json!({"name": "s", "key": {"name": "id", "type": "long"}, "fields": fields, "meta": {"scans": true}})
}

async fn open() -> Dump {
    Dump::builder().database("sqlite::memory:").open().await.unwrap()
}

async fn declare(dump: &Dump, fields: Json) -> Result<(), Error> {
    let definition = definition(&fields);
    let plan = dump.definitions().plan(&definition).await?.hash;
    dump.declare(&definition, Consent { allow: Some(Class::Destructive), plan: Some(plan) }).await?;
    dump.definitions().settled("s").await
}

fn text(name: &str) -> Json {
    json!({"name": name, "type": "text", "nullable": true})
}

fn renamed(name: &str, from: &str) -> Json {
    json!({"name": name, "type": "text", "nullable": true, "renamed_from": from})
}

#[tokio::test]
async fn names_that_cannot_change_so_are_refused() {
    let cases = [
        (json!([text("a"), text("b")]), json!([renamed("a", "b"), renamed("b", "a")]), "both fields exist"),
        (json!([text("a")]), json!([text("a"), renamed("b", "a")]), "both fields exist"),
        (
            json!([text("a"), text("b")]),
            json!([renamed("c", "a"), renamed("d", "a")]),
            "also renamed from `a`",
        ),
        (
            json!([text("Color")]),
            json!([{"name": "color", "type": "integer", "default": 1}]),
            "was removed with type text",
        ),
        (json!([text("ΑΣ")]), json!([text("ΑΣ"), text("ασ")]), "defined twice"),
    ];
    for (before, after, expected) in cases {
        let dump = open().await;
        declare(&dump, before).await.unwrap();
        let error = declare(&dump, after.clone()).await.expect_err(expected).to_string();
        assert!(error.contains(expected), "{after}: {error}");
        dump.close().await;
    }
}

#[tokio::test]
async fn names_may_change_places_but_for_case() {
    let dump = open().await;
    declare(&dump, json!([text("A"), text("b")])).await.unwrap();
    let rows = dump.storage("s").unwrap();
    rows.save(&json!({"id": 1, "A": "was A", "b": "was b"}), Expect::Anything).await.unwrap();
    declare(&dump, json!([renamed("a", "b"), renamed("c", "A")])).await.unwrap();
    let row = rows.get("1").await.unwrap().row;
    assert_eq!((&row["a"], &row["c"]), (&json!("was b"), &json!("was A")));
    dump.close().await;
}

#[tokio::test]
async fn a_pattern_is_an_expression_by_itself() {
    let dump = open().await;
    let field = json!({"name": "a", "type": "text", "pattern": "a)|(?:b"});
    let error = declare(&dump, json!([field])).await.unwrap_err().to_string();
    assert!(error.starts_with("fields[0].pattern: "), "{error}");
    dump.close().await;
}

#[tokio::test]
async fn a_patch_does_not_bring_a_deleted_row_back() {
    let dump = open().await;
    declare(&dump, json!([text("a")])).await.unwrap();
    let rows = dump.storage("s").unwrap();
    for round in 0..200 {
        let version = rows.save(&json!({"id": 1, "a": "x"}), Expect::Anything).await.unwrap().version;
        let patch = json!({"a": "y", "version": version});
        let (patched, deleted) =
            tokio::join!(rows.patch("1", &patch, Expect::Anything), rows.delete("1", Expect::Anything));
        deleted.unwrap();
        match patched {
            Ok(saved) => assert_eq!(saved.version, version + 1, "round {round}"),
            Err(error) => assert!(matches!(error, Error::UnknownRow { .. }), "round {round}: {error}"),
        }
        assert!(matches!(rows.get("1").await, Err(Error::UnknownRow { .. })), "round {round}: it is back");
    }
    dump.close().await;
}

#[tokio::test]
async fn a_first_version_is_kept_beside_a_condition() {
    let dump = open().await;
    declare(&dump, json!([text("a")])).await.unwrap();
    let rows = dump.storage("s").unwrap();
    let saved = rows.save(&json!({"id": 1, "version": 5}), Expect::Absent).await.unwrap();
    assert_eq!(saved.version, 5);
    let refused = rows.save(&json!({"id": 1, "version": 5}), Expect::Absent).await;
    assert!(matches!(refused, Err(Error::Precondition { current: Some(_) })));
    dump.close().await;
}

#[tokio::test]
async fn too_large_a_question_is_refused() {
    let dump = open().await;
    declare(&dump, json!([{"name": "j", "type": "json", "nullable": true}, text("c")])).await.unwrap();
    let rows = dump.storage("s").unwrap();
    rows.save(&json!({"id": 1, "j": {"0": [{"1": 999}]}}), Expect::Anything).await.unwrap();
    let values: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let values = values.join(",");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let found = rows.list(&[pair("j.0.0.1__in", &values)]).await.unwrap();
    assert_eq!(found.rows.len(), 1);
    let repeated: Vec<_> = (0..1200).map(|_| pair("c", "x")).collect();
    let empty = format!("{{\"or\":[{}]}}", vec!["{}"; 1500].join(","));
    for (what, parameters) in [
        ("tests", repeated),
        ("groups", vec![pair("where", &empty)]),
        ("values", vec![pair("c__in", &values), pair("c__in", &values)]),
    ] {
        let error = rows.list(&parameters).await.expect_err(what);
        assert!(error.faults().iter().all(|fault| fault.code == "too-many"), "{what}: {error}");
    }
    dump.close().await;
}

#[tokio::test]
async fn the_file_alone_is_the_database_after_a_graceful_stop() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let address = format!("sqlite:{}", file.display());
    let dump = Dump::builder().database(&address).open().await.unwrap();
    declare(&dump, json!([text("a")])).await.unwrap();
    dump.storage("s").unwrap().save(&json!({"id": 1, "a": "x"}), Expect::Anything).await.unwrap();
    dump.close().await;
    let copy = folder.path().join("copy.db");
    std::fs::copy(&file, &copy).unwrap();
    let dump = Dump::builder().database(format!("sqlite:{}", copy.display())).open().await.unwrap();
    assert_eq!(dump.storage("s").unwrap().get("1").await.unwrap().row["a"], "x");
    dump.close().await;
}
