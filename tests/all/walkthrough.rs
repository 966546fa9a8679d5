//! A first session with storages from end to end, with exact statuses.

use datadump_tests::{Server, cat, dog, on_both};
use serde_json::{Value as Json, json};

on_both![dogs_and_cats_are_declared_filled_filtered_versioned_and_read];

async fn dogs_and_cats_are_declared_filled_filtered_versioned_and_read(server: Server) {
    for definition in [dog(), cat()] {
        let name = definition["name"].as_str().unwrap();
        let created = server.post("/api/v1/factory/storage/", &definition).await.is(201).json();
        assert_eq!(created["name"], name);
        assert_eq!(created["version"], 1);
        assert_eq!(created["locked"], true, "the migration is queued: {created}");
        assert_eq!(created["definition"], without_name(&definition), "the definition is returned as sent");
        let status = server.wait_until_applied(name).await;
        assert_eq!((&status["name"], &status["version"]), (&json!(name), &json!(1)));
        let applied = server.get(&format!("/api/v1/factory/storage/{name}/")).await.is(200).json();
        assert_eq!(applied["locked"], false);
        assert_eq!(applied["definition"], without_name(&definition));
        assert!(applied["created_at"].is_string() && applied["updated_at"].is_string(), "{applied}");
    }
    let list = server.get("/api/v1/factory/storage/").await.is(200).json();
    assert_eq!(list["count"], 2, "{list}");

    for (chip, color, size) in [("CHIP1", "black", 40), ("CHIP2", "brown", 35), ("CHIP3", "black", 50)] {
        let sent = json!({"chip_id": chip, "color": color, "collar_size": size});
        let row = server.post("/api/v1/storage/dog/", &sent).await.is(201).json();
        assert_eq!(row["version"], 1);
        assert_eq!(row["created_at"], row["updated_at"]);
        assert_eq!(data(&row), sent);
    }
    let felix = server.post("/api/v1/storage/cat/", &json!({"chip_id": "F", "color": "grey"})).await.is(201);
    assert_eq!(felix.json()["lives"], 9, "the default is applied");

    let black = server.get("/api/v1/storage/dog/?color=black&ordering=chip_id").await.is(200).json();
    assert_eq!((&black["count"], &black["next"], &black["previous"]), (&json!(2), &Json::Null, &Json::Null));
    assert_eq!(keys(&black), ["CHIP1", "CHIP3"]);
    let newest = server.get("/api/v1/storage/dog/").await.is(200).json();
    assert_eq!(keys(&newest), ["CHIP3", "CHIP2", "CHIP1"], "rows are ordered by last update");

    let mut second = dog();
    let added = json!({"name": "good", "type": "boolean", "default": true});
    second["fields"].as_array_mut().unwrap().push(added);
    let before = server.get("/api/v1/storage/dog/CHIP1/").await.is(200).json();
    let created = server.post("/api/v1/factory/storage/", &second).await.is(201).json();
    assert_eq!(created["version"], 2);
    server.wait_until_applied("dog").await;
    let mut expected = before.clone();
    expected["good"] = json!(true);
    let old = server.get("/api/v1/storage/dog/CHIP1/").await.is(200).json();
    assert_eq!(old, expected, "an old row has the default and is otherwise unchanged");
    let new = json!({"chip_id": "CHIP4", "color": "red", "collar_size": 1, "good": false});
    assert_eq!(data(&server.post("/api/v1/storage/dog/", &new).await.is(201).json()), new);

    let versions = server.get("/api/v1/factory/storage/dog/versions/").await.is(200).json();
    let numbers: Vec<&Json> = versions["results"].as_array().unwrap().iter().map(|v| &v["version"]).collect();
    assert_eq!(numbers, [1, 2]);

    let put = json!({"chip_id": "CHIP1", "color": "white", "collar_size": 41, "good": true});
    let row = server.put("/api/v1/storage/dog/CHIP1/", &put).await.is(200).json();
    assert_eq!((data(&row), &row["version"]), (put, &json!(2)));
    assert_eq!(row["created_at"], before["created_at"]);
    let row = server.patch("/api/v1/storage/dog/CHIP1/", &json!({"color": "black"})).await.is(200).json();
    assert_eq!(
        (&row["color"], &row["collar_size"], &row["version"]),
        (&json!("black"), &json!(41), &json!(3))
    );
    let gone = server.delete("/api/v1/storage/dog/CHIP1/").await.is(204);
    assert!(gone.body.is_empty());
    server.get("/api/v1/storage/dog/CHIP1/").await.problem_about(404, &["dog", "CHIP1"]);

    server.delete("/api/v1/factory/storage/cat/").await.problem_about(400, &["confirm"]);
    server.delete("/api/v1/factory/storage/cat/?confirm=dog").await.problem_about(400, &["confirm"]);
    server.get("/api/v1/storage/cat/F/").await.is(200).ok();
    server.delete("/api/v1/factory/storage/cat/?confirm=cat").await.is(204).ok();
    server.get("/api/v1/storage/cat/").await.problem_about(404, &["cat"]);
    server.declare(&cat()).await;
    let list = server.get("/api/v1/storage/cat/").await.is(200).json();
    assert_eq!(list["count"], 0, "a storage recreated under a deleted name is empty");

    let (setup, database) = server.stop().await;
    let server = setup.start(database).await;
    let list = server.get("/api/v1/storage/dog/").await.is(200).json();
    assert_eq!(keys(&list), ["CHIP4", "CHIP3", "CHIP2"], "all rows survive a restart");
}

fn without_name(definition: &Json) -> Json {
    let mut definition = definition.clone();
    definition.as_object_mut().unwrap().remove("name");
    definition
}

/// Removes the system fields of a row.
fn data(row: &Json) -> Json {
    let mut row = row.clone();
    row.as_object_mut()
        .unwrap()
        .retain(|name, _| !["version", "created_at", "updated_at"].contains(&&**name));
    row
}

fn keys(list: &Json) -> Vec<&str> {
    list["results"].as_array().unwrap().iter().map(|row| row["chip_id"].as_str().unwrap()).collect()
}
