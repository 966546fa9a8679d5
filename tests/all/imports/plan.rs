//! Plans of imports: nothing is stored.

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

use super::{count, lines};

on_both![
    a_plan_says_what_an_import_would_do,
    a_key_that_occurs_twice_exists_the_second_time,
    a_plan_reads_a_file_of_any_length,
];

async fn plan(server: &Server, path: &str, body: &str) -> Json {
    let state = server.request("POST", &format!("/api/v1/storage/{path}")).body(body).await.is(200).json();
    assert_eq!((&state["state"], &state["id"]), (&json!("planned"), &Json::Null), "{state}");
    state
}

fn columns(plan: &Json) -> Vec<String> {
    let columns = plan["plan"]["columns"].as_array().unwrap().iter();
    let text = |column: &Json| {
        let kind = column["type"].as_str().map(|kind| format!(": {kind}")).unwrap_or_default();
        format!("{} {}{kind}", column["column"].as_str().unwrap(), column["role"].as_str().unwrap())
    };
    columns.map(text).collect()
}

async fn a_plan_says_what_an_import_would_do(server: Server) {
    // A storage that does not exist.
    let body = "_id,name,age,_version,_extra\na,Rex,3,1,\"{\"\"x\"\":1}\"\nb,Fido,4.5,1,\n";
    let state = plan(&server, "pet/import/?plan=1", body).await;
    let found = columns(&state);
    let expected = ["_id key: id", "name new: text", "age new: float", "_version service", "_extra extra"];
    assert_eq!(found, expected, "{state}");
    let plan_of = &state["plan"];
    assert_eq!(
        (&plan_of["exists"], &plan_of["auto"], &plan_of["fit"]),
        (&json!(false), &json!(true), &json!(2))
    );
    assert_eq!(plan_of["definition"]["fields"][0]["name"], "name", "{state}");
    assert_eq!((&state["format"], &plan_of["because"]), (&json!("csv"), &json!("of the first bytes")));
    server.get("/api/v1/storage/pet/").await.problem(404);
    // The same storage, once it exists.
    server
        .request("POST", "/throw/pet")
        .body("{\"_id\": \"a\", \"name\": \"Rex\", \"age\": 3}")
        .await
        .is(200)
        .ok();
    let state = plan(&server, "pet/import/?plan=1&on_conflict=error", body).await;
    assert_eq!(columns(&state)[1..3], ["name field: text", "age widened: float"], "{state}");
    let plan_of = &state["plan"];
    assert_eq!(
        (&plan_of["exists"], &plan_of["fit"], &plan_of["existing"]),
        (&json!(true), &json!(1), &json!(1))
    );
    assert_eq!(
        (&state["errors"][0]["code"], &state["errors"][0]["line"]),
        (&json!("exists"), &json!(2)),
        "{state}"
    );
    assert_eq!(count(&server, "pet").await, 1);
    let storage = server.get("/api/v1/factory/storage/pet/").await.is(200).json();
    assert_eq!(storage["version"], 1);
    // A declared storage.
    server.declare(&dog()).await;
    let body = "chip_id,color,collar_size,breed,created_at\nA,red,1,,\nB,blue,x,,\nC,,,,\n";
    let state = plan(&server, "dog/import/?plan=1", body).await;
    let expected = [
        "chip_id key: string(16)",
        "color field: string(32)",
        "collar_size field: integer",
        "breed unknown",
        "created_at service",
    ];
    assert_eq!(columns(&state), expected, "{state}");
    assert_eq!((&state["plan"]["fit"], &state["plan"]["unfit"]), (&json!(0), &json!(3)), "{state}");
    assert_eq!(state["plan"]["definition"], Json::Null);
    let state = plan(&server, "dog/import/?plan=1", &body.replace(",breed", "").replace(",,\n", ",\n")).await;
    assert_eq!((&state["plan"]["fit"], &state["plan"]["unfit"]), (&json!(1), &json!(2)), "{state}");
    let errors = state["errors"].as_array().unwrap().iter();
    let places: Vec<_> =
        errors.map(|error| (error["line"].as_u64().unwrap(), error["field"].clone())).collect();
    assert_eq!(places, [(3, json!("collar_size")), (4, json!("collar_size"))], "{state}");
    // Missing fields are required of new rows only.
    server
        .post("/api/v1/storage/dog/", &json!({"chip_id": "A", "color": "red", "collar_size": 1}))
        .await
        .is(201)
        .ok();
    let body = "{\"chip_id\": \"A\", \"color\": \"black\"}\n{\"chip_id\": \"B\", \"color\": \"black\"}\n";
    let state = plan(&server, "dog/import/?plan=1", body).await;
    assert_eq!((&state["plan"]["fit"], &state["errors"][0]["line"]), (&json!(1), &json!(2)), "{state}");
    // Errors of the file are part of the plan, those of the request are not.
    let state = plan(&server, "dog/import/?plan=1", "[{\"chip_id\": \"A\"},\n{\"chip_id\" ").await;
    assert_eq!((&state["failure"]["line"], &state["rows"]["read"]), (&json!(2), &json!(1)), "{state}");
    let state = plan(&server, "dog/import/?plan=1", "just some prose").await;
    assert_eq!(state["failure"]["code"], "unknown-format", "{state}");
    server.request("POST", "/api/v1/storage/_dog/import/?plan=1").body(body).await.problem(400);
    assert_eq!(server.get("/api/v1/import/").await.is(200).json()["count"], 0);
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
    assert_eq!(count(&server, "dog").await, 1);
}

async fn a_key_that_occurs_twice_exists_the_second_time(server: Server) {
    server.declare(&dog()).await;
    server
        .post("/api/v1/storage/dog/", &json!({"chip_id": "A", "color": "red", "collar_size": 1}))
        .await
        .is(201)
        .ok();
    // The second row of B is partial, which is enough for a row that exists.
    let body = "{\"chip_id\": \"A\", \"color\": \"black\"}\n\
                {\"chip_id\": \"B\", \"color\": \"black\", \"collar_size\": 2}\n\
                {\"chip_id\": \"B\", \"color\": \"white\"}\n\
                {\"chip_id\": \"C\", \"color\": \"white\"}\n\
                {\"chip_id\": \"C\", \"color\": \"white\"}\n";
    for (on_conflict, fit, existing, lines) in
        [("merge", 3, 2, [4, 5]), ("ignore", 3, 2, [4, 5]), ("error", 1, 2, [1, 3])]
    {
        let state = plan(&server, &format!("dog/import/?plan=1&on_conflict={on_conflict}"), body).await;
        let found = (&state["plan"]["fit"], &state["plan"]["existing"], &state["plan"]["keys_checked"]);
        assert_eq!(found, (&json!(fit), &json!(existing), &json!(5)), "{on_conflict}: {state}");
        let errors = state["errors"].as_array().unwrap().iter();
        let places: Vec<_> = errors.map(|error| error["line"].as_u64().unwrap()).take(2).collect();
        assert_eq!(places, lines, "{on_conflict}: {state}");
        // The import does the same.
        let copy = format!("dog_{on_conflict}");
        let mut definition = dog();
        definition["name"] = json!(copy);
        server.declare(&definition).await;
        let row = json!({"chip_id": "A", "color": "red", "collar_size": 1});
        server.post(&format!("/api/v1/storage/{copy}/"), &row).await.is(201).ok();
        let path = format!("/api/v1/storage/{copy}/import/?on_conflict={on_conflict}");
        let state = server.request("POST", &path).body(body).await.is(200).json();
        assert_eq!(state["rows"]["quarantined"], 5 - fit, "{on_conflict}: {state}");
    }
}

async fn a_plan_reads_a_file_of_any_length(server: Server) {
    let body = lines(30_000) + "{\"n\": 0.5, \"late\": true}\n";
    let state = plan(&server, "long/import/?plan=1", &body).await;
    assert_eq!((&state["rows"]["read"], &state["plan"]["fit"]), (&json!(30_001), &json!(30_001)), "{state}");
    assert_eq!(state["plan"]["bytes_read"], body.len(), "{state}");
    assert_eq!(columns(&state), ["n new: float", "text new: text", "late new: boolean"], "{state}");
}
