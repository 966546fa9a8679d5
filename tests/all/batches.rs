//! Operations on rows of several storages in one request.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    operations_take_effect_in_order,
    a_failing_operation_undoes_all_others,
    operations_may_be_independent,
    a_malformed_batch_changes_nothing,
    a_batch_with_a_key_takes_effect_once,
    a_batch_of_many_operations_is_refused,
];

const BATCH: &str = "/api/v1/batch/";

/// Declares an account and an entry, and stores two accounts.
async fn accounts(server: &Server) {
    let account = json!({"name": "account", "key": {"name": "id", "type": "integer"},
                         "fields": [{"name": "owner", "type": "text", "default": ""},
                                    {"name": "balance", "type": "integer", "min": 0},
                                    {"name": "data", "type": "json", "nullable": true}]});
    let entry = json!({"name": "entry", "key": {"name": "id", "type": "string", "max_length": 10},
                       "fields": [{"name": "amount", "type": "integer"}],
                       "meta": {"require_version": true}});
    server.declare(&account).await;
    server.declare(&entry).await;
    for (id, balance) in [(1, 100), (2, 50)] {
        let row = json!({"id": id, "balance": balance, "owner": "ann", "data": {"a": 1}});
        server.post("/api/v1/storage/account/", &row).await.is(201).ok();
    }
}

/// Returns the rows of both storages.
async fn rows(server: &Server) -> Json {
    let accounts = server.get("/api/v1/storage/account/?ordering=id").await.is(200).json();
    let entries = server.get("/api/v1/storage/entry/?ordering=id").await.is(200).json();
    let account = |row: &Json| json!([row["id"], row["owner"], row["balance"], row["data"], row["version"]]);
    let entry = |row: &Json| json!([row["id"], row["amount"], row["version"]]);
    json!([
        accounts["results"].as_array().unwrap().iter().map(account).collect::<Vec<_>>(),
        entries["results"].as_array().unwrap().iter().map(entry).collect::<Vec<_>>(),
    ])
}

async fn operations_take_effect_in_order(server: Server) {
    accounts(&server).await;
    let operations = json!([
        {"op": "patch", "storage": "account", "key": 1, "row": {"balance": 70, "data": {"b": 2}}, "if_version": 1},
        {"op": "patch", "storage": "account", "key": "2", "row": {"balance": 80, "version": 1}},
        {"op": "create", "storage": "entry", "row": {"id": "e1", "amount": 30}},
        {"op": "patch", "storage": "account", "key": 1, "row": {"data": {"a": null}}, "if_version": 2},
        {"op": "save", "storage": "account", "row": {"id": 3, "balance": 1}},
        {"op": "save", "storage": "account", "row": {"id": 3, "owner": "bob"}, "if_version": 1},
        {"op": "replace", "storage": "account", "key": 2, "row": {"balance": 81}},
        {"op": "create", "storage": "entry", "row": {"id": "e2", "amount": 1}},
        {"op": "delete", "storage": "entry", "key": "e2", "if_version": 1},
    ]);
    let answer = server.post(BATCH, &json!({"operations": operations})).await.is(200).json();
    let result = |status, key: Json, version| json!({"status": status, "key": key, "version": version});
    assert_eq!(
        answer,
        json!({"created": 3, "updated": 5, "deleted": 1, "failed": 0, "results": [
            result(200, json!(1), 2),
            result(200, json!(2), 2),
            result(201, json!("e1"), 1),
            result(200, json!(1), 3),
            result(201, json!(3), 1),
            result(200, json!(3), 2),
            result(200, json!(2), 3),
            result(201, json!("e2"), 1),
            result(204, json!("e2"), 1),
        ]})
    );
    let expected = json!([
        [[1, "ann", 70, {"b": 2}, 3], [2, "", 81, null, 3], [3, "bob", 1, null, 2]],
        [["e1", 30, 1]],
    ]);
    assert_eq!(rows(&server).await, expected);
}

/// Operations that fail: the status alone, and the code and pointer in an atomic batch.
fn failing() -> Vec<(Json, u16, u16, &'static str, &'static str)> {
    let at = "/operations/1";
    vec![
        (
            json!({"op": "patch", "storage": "account", "key": 1, "row": {"balance": 1}, "if_version": 7}),
            409,
            409,
            "conflict",
            at,
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 9, "row": {"balance": 1}}),
            404,
            409,
            "unknown-row",
            at,
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 9, "row": {"balance": 1}, "if_version": 1}),
            409,
            409,
            "conflict",
            at,
        ),
        (json!({"op": "delete", "storage": "account", "key": 9}), 404, 409, "unknown-row", at),
        (json!({"op": "delete", "storage": "account", "key": 1, "if_version": 2}), 409, 409, "conflict", at),
        (
            json!({"op": "create", "storage": "account", "row": {"id": 1, "balance": 1}}),
            409,
            409,
            "exists",
            at,
        ),
        (
            json!({"op": "save", "storage": "account", "row": {"id": 1, "version": 9}}),
            409,
            409,
            "conflict",
            at,
        ),
        (
            json!({"op": "save", "storage": "account", "row": {"id": 9, "balance": 1}, "if_version": 1}),
            409,
            409,
            "conflict",
            at,
        ),
        (
            json!({"op": "replace", "storage": "account", "key": 1, "row": {"balance": 1}, "if_version": 9}),
            409,
            409,
            "conflict",
            at,
        ),
        (
            json!({"op": "patch", "storage": "entry", "key": "e0", "row": {"amount": 1}}),
            428,
            409,
            "version-required",
            at,
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 1, "row": {"balance": -1}}),
            400,
            400,
            "min",
            "/operations/1/row/balance",
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 1, "row": {"shape": 1}}),
            400,
            400,
            "surplus",
            "/operations/1/row/shape",
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 1, "row": {"id": 2}}),
            400,
            400,
            "key",
            "/operations/1/row/id",
        ),
        (
            json!({"op": "patch", "storage": "account", "key": 1, "row": []}),
            400,
            400,
            "not-an-object",
            "/operations/1/row",
        ),
        (
            json!({"op": "patch", "storage": "account", "key": {}, "row": {"balance": 1}}),
            400,
            400,
            "mistyped",
            "/operations/1/key",
        ),
        (
            json!({"op": "replace", "storage": "account", "key": 1, "row": {"owner": "x"}}),
            400,
            400,
            "missing",
            "/operations/1/row/balance",
        ),
        (
            json!({"op": "save", "storage": "account", "row": {"id": 9}}),
            400,
            400,
            "missing",
            "/operations/1/row/balance",
        ),
        (
            json!({"op": "save", "storage": "account", "row": {"balance": 1}}),
            400,
            400,
            "missing",
            "/operations/1/row/id",
        ),
    ]
}

/// Returns an operation that succeeds, and one that would if the batch did.
fn around(failing: &Json) -> Json {
    json!([
        {"op": "create", "storage": "entry", "row": {"id": "e1", "amount": 1}},
        failing,
        {"op": "patch", "storage": "account", "key": 2, "row": {"balance": 0}},
    ])
}

async fn a_failing_operation_undoes_all_others(server: Server) {
    accounts(&server).await;
    server.post("/api/v1/storage/entry/", &json!({"id": "e0", "amount": 0})).await.is(201).ok();
    let before = rows(&server).await;
    for (operation, _, status, code, pointer) in failing() {
        for batch in [
            json!({"operations": around(&operation)}),
            json!({"operations": around(&operation), "atomic": true}),
        ] {
            let problem = server.post(BATCH, &batch).await.problem(status);
            let error = &problem["errors"][0];
            let found = (&problem["code"], &error["code"], &error["pointer"]);
            assert_eq!(found, (&json!(code), &json!(code), &json!(pointer)), "{operation}: {problem}");
            assert_eq!(rows(&server).await, before, "{operation}");
        }
    }
    let stale = json!({"op": "delete", "storage": "account", "key": 1, "if_version": 2});
    let problem = server.post(BATCH, &json!({"operations": around(&stale)})).await.problem(409);
    assert_eq!(
        (&problem["current"]["id"], &problem["current"]["version"]),
        (&json!(1), &json!(1)),
        "{problem}"
    );
}

async fn operations_may_be_independent(server: Server) {
    accounts(&server).await;
    server.post("/api/v1/storage/entry/", &json!({"id": "e0", "amount": 0})).await.is(201).ok();
    for (round, (operation, status, _, code, _)) in failing().into_iter().enumerate() {
        let mut operations = around(&operation);
        operations[0]["row"]["id"] = json!(format!("r{round}"));
        let answer =
            server.post(BATCH, &json!({"operations": operations, "atomic": false})).await.is(200).json();
        let found = ["created", "updated", "deleted", "failed"].map(|name| answer[name].as_u64().unwrap());
        assert_eq!(found, [1, 1, 0, 1], "{operation}: {answer}");
        let result = &answer["results"][1];
        assert_eq!(
            (&result["status"], &result["code"]),
            (&json!(status), &json!(code)),
            "{operation}: {result}"
        );
    }
    let entries = server.get("/api/v1/storage/entry/?count=exact").await.is(200).json();
    assert_eq!(entries["count"], failing().len() + 1);
}

async fn a_malformed_batch_changes_nothing(server: Server) {
    accounts(&server).await;
    let before = rows(&server).await;
    let one = |operation: Json| json!({"operations": around(&operation), "atomic": false});
    let row = json!({"id": 5, "balance": 1});
    for (body, pointer, words) in [
        (json!({"operations": []}), "/operations", "no operations"),
        (json!({}), "", "operations"),
        (json!([]), "", "expected"),
        (json!({"operations": 1}), "/operations", "expected"),
        (json!({"mode": 1, "operations": []}), "/mode", "unknown field"),
        (
            json!({"operations": around(&json!({"op": "delete", "storage": "account", "key": 1})), "atomic": 1}),
            "/atomic",
            "boolean",
        ),
        (
            one(json!({"op": "upsert", "storage": "account", "row": row})),
            "/operations/1/op",
            "unknown variant",
        ),
        (one(json!({"storage": "account", "row": row})), "/operations/1", "op"),
        (
            one(json!({"op": "save", "storage": "none", "row": row})),
            "/operations/1/storage",
            "does not exist",
        ),
        (
            one(json!({"op": "save", "storage": "_source", "row": {"name": "x"}})),
            "/operations/1/storage",
            "does not exist",
        ),
        (one(json!({"op": "save", "storage": "account"})), "/operations/1/row", "needs `row`"),
        (
            one(json!({"op": "save", "storage": "account", "key": 5, "row": row})),
            "/operations/1/key",
            "part of its row",
        ),
        (
            one(json!({"op": "create", "storage": "account", "row": row, "if_version": 1})),
            "/operations/1/if_version",
            "no version",
        ),
        (one(json!({"op": "patch", "storage": "account", "row": row})), "/operations/1/key", "needs `key`"),
        (one(json!({"op": "delete", "storage": "account"})), "/operations/1/key", "needs `key`"),
        (
            one(json!({"op": "delete", "storage": "account", "key": 1, "row": row})),
            "/operations/1/row",
            "no row",
        ),
        (
            one(json!({"op": "delete", "storage": "account", "key": 1, "if_version": 0})),
            "/operations/1/if_version",
            "at least 1",
        ),
        (
            one(json!({"op": "delete", "storage": "account", "key": 1, "version": 1})),
            "/operations/1/version",
            "unknown field",
        ),
    ] {
        let problem = server.post(BATCH, &body).await.problem(400);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
        assert_eq!(rows(&server).await, before, "{body}");
    }
    server.post(&format!("{BATCH}?atomic=0"), &json!({"operations": []})).await.problem(400);
    // Only the hub writes readings.
    server.post("/api/data", &json!({"device_id": "d", "sensors": {"t": 1}})).await.is(201).ok();
    let reading = json!({"operations": [{"op": "save", "storage": "readings", "row": {"value": 1}}]});
    server.post(BATCH, &reading).await.problem(403);
}

async fn a_batch_with_a_key_takes_effect_once(server: Server) {
    accounts(&server).await;
    let transfer = json!({"operations": [
        {"op": "patch", "storage": "account", "key": 1, "row": {"balance": 70}},
        {"op": "create", "storage": "entry", "row": {"id": "e1", "amount": 30}},
    ]});
    let keyed = |body: &Json| server.post(BATCH, body).header("idempotency-key", "transfer-1");
    // A batch that fails can be sent again.
    let mut stale = transfer.clone();
    stale["operations"][0]["if_version"] = json!(9);
    keyed(&stale).await.problem(409);
    let first = keyed(&transfer).await.is(200);
    let after = rows(&server).await;
    let again = keyed(&transfer).await.is(200);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!((first.text(), rows(&server).await), (again.text(), after));
    keyed(&stale).await.problem(422);
}

async fn a_batch_of_many_operations_is_refused(server: Server) {
    accounts(&server).await;
    let create =
        |n: usize| json!({"op": "create", "storage": "entry", "row": {"id": format!("n{n}"), "amount": n}});
    let many: Vec<Json> = (0..1_001).map(create).collect();
    let problem = server.post(BATCH, &json!({"operations": many})).await.problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("limit of 1000"), "{problem}");
    let answer = server.post(BATCH, &json!({"operations": many[1..]})).await.is(200).json();
    assert_eq!(answer["created"], 1_000);
}
