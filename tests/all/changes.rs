//! Values that cannot be stored as they were sent: the receipt tells, and auto storages keep what was sent.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    auto_storages_keep_what_was_sent,
    declared_storages_take_the_last_value_with_a_warning,
    strict_sources_quarantine_what_would_change,
    pushes_tell_what_changed,
];

/// Returns the step, code, field and first record of each reason of a receipt.
fn reasons(receipt: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let reasons = receipt["reasons"].as_array().unwrap().iter();
    let mut reasons: Vec<String> = reasons
        .map(|reason| ["step", "code", "field", "first"].map(|name| text(&reason[name])).join(" "))
        .collect();
    reasons.sort();
    reasons
}

async fn auto_storages_keep_what_was_sent(server: Server) {
    let cases: Vec<(&str, &[u8], &str, Json)> = vec![
        ("", br#"{"a":1,"a":2}"#, "decode repeated_name a 0", json!({"a": 2, "_extra": {"a": 1}})),
        (
            "",
            br#"[{"b":0}, {"a":1,"b":1,"a":"x","a":[3]}]"#,
            "decode repeated_name a 1",
            json!({"a": [3], "b": 1, "_extra": {"a": [1, "x"]}}),
        ),
        (
            "",
            br#"{"o":{"a":[{"b":1,"b":2}]}}"#,
            "decode repeated_name o.a[0].b 0",
            json!({"o": {"a": [{"b": 2}]}, "_extra": {"o.a[0].b": 1}}),
        ),
        (
            "application/x-ndjson",
            b"{\"a\":1}\n{\"a\":1e-400}\n",
            "decode digits_lost a 1",
            json!({"a": 0.0, "_extra": {"a": "1e-400"}}),
        ),
        (
            "",
            br#"{"a":1.23456789012345678901,"b":0.1,"c":{"d":[-1e-400]}}"#,
            "decode digits_lost a 0, decode digits_lost c.d[0] 0",
            json!({
                "a": 1.234_567_890_123_456_7, "b": 0.1, "c": {"d": [-0.0]},
                "_extra": {"a": "1.23456789012345678901", "c.d[0]": "-1e-400"},
            }),
        ),
        (
            "",
            br#"{"a":"x\ud83dy"}"#,
            "decode surrogate_replaced a 0",
            json!({"a": "x\u{fffd}y", "_extra": {"a": "x\\ud83dy"}}),
        ),
        ("", br#"{"a":-0.0}"#, "validate negative_zero a 0", json!({"a": 0.0, "_extra": {"a": -0.0}})),
        (
            "",
            br#"{"a":"2026-03-01T12:00:00.123456789Z"}"#,
            "validate cut_to_microseconds a 0",
            json!({
                "a": "2026-03-01T12:00:00.123456Z",
                "_extra": {"a": "2026-03-01T12:00:00.123456789Z"},
            }),
        ),
        (
            "",
            br#"{"ts":1700000000123456789}"#,
            "validate cut_to_microseconds ts 0",
            json!({"ts": "2023-11-14T22:13:20.123456Z", "_extra": {"ts": 1_700_000_000_123_456_789_i64}}),
        ),
        (
            "text/csv",
            b"a,a,b\n1,2,9007199254740993.0\n",
            "decode repeated_name column_2 0, validate digits_lost b 0",
            json!({"a": 1, "column_2": 2, "b": 9_007_199_254_740_992.0_f64, "_extra": {"b": "9007199254740993.0"}}),
        ),
        (
            "application/yaml",
            b"a: 1\nb: 0.12345678901234567890\na: 2\n",
            "decode digits_lost b 0, decode repeated_name a 0",
            json!({"a": 2, "b": 0.123_456_789_012_345_68, "_extra": {"a": 1, "b": "0.12345678901234567890"}}),
        ),
        (
            "application/msgpack",
            b"\x82\xA1a\x01\xA1a\x02",
            "decode repeated_name a 0",
            json!({"a": 2, "_extra": {"a": 1}}),
        ),
        (
            "application/cbor",
            b"\xA2\x61a\x01\x61a\x02",
            "decode repeated_name a 0",
            json!({"a": 2, "_extra": {"a": 1}}),
        ),
        (
            "",
            b"m a=1,a=2 1700000000123456789",
            "decode cut_to_microseconds timestamp 0, decode repeated_name a 0",
            json!({
                "a": 2.0, "timestamp": "2023-11-14T22:13:20.123456Z",
                "_extra": {"a": 1.0, "timestamp": 1_700_000_000_123_456_789_i64},
            }),
        ),
        // Nothing changes.
        ("", br#"{"a":0.30000000000000004,"b":1e300,"c":0.10000000000000001}"#, "", json!({"_extra": null})),
        ("text/csv", b"a\n0.30000000000000004\n", "", json!({"a": 0.300_000_000_000_000_04, "_extra": null})),
        ("", b"a=1&a=2", "", json!({"a": [1, 2], "_extra": null})),
    ];
    for (number, (content_type, body, expected, row)) in cases.into_iter().enumerate() {
        let about = String::from_utf8_lossy(body).into_owned();
        let request =
            server.request("POST", &format!("/throw/t{number}")).header("content-type", content_type);
        let receipt = request.body(body.to_vec()).await.is(200).json();
        assert_eq!(reasons(&receipt).join(", "), expected, "{about}: {receipt}");
        assert_eq!((&receipt["ok"], &receipt["quarantined"]), (&json!(true), &json!(0)), "{receipt}");
        let rows = server.get(&format!("/api/v1/storage/t{number}/?ordering=-_id")).await.is(200).json();
        for (name, value) in row.as_object().unwrap() {
            assert_eq!(&rows["results"][0][name], value, "{about}: {rows}");
        }
    }
}

async fn declared_storages_take_the_last_value_with_a_warning(server: Server) {
    server
        .declare(&json!({
            "name": "meter",
            "key": {"name": "id", "type": "long"},
            "fields": [
                {"name": "a", "type": "float", "nullable": true},
                {"name": "at", "type": "timestamp", "nullable": true},
            ],
        }))
        .await;
    for (body, expected, row) in [
        (r#"{"id":1,"a":1,"a":2}"#, "decode repeated_name a 0", json!({"a": 2.0})),
        (r#"{"id":2,"a":1e-400}"#, "decode digits_lost a 0", json!({"a": 0.0})),
        (r#"{"id":3,"a":-0.0}"#, "validate negative_zero a 0", json!({"a": 0.0})),
        (
            r#"{"id":4,"at":"2026-03-01 12:00:00.1234567"}"#,
            "validate cut_to_microseconds at 0",
            json!({"at": "2026-03-01T12:00:00.123456Z"}),
        ),
        (r#"{"id":5,"a":1.5,"at":"2026-03-01T12:00:00Z"}"#, "", json!({"a": 1.5})),
    ] {
        let receipt = server.request("POST", "/throw/meter").body(body).await.is(200).json();
        assert_eq!(reasons(&receipt).join(", "), expected, "{body}: {receipt}");
        let id = body.get(6..7).unwrap();
        let stored = server.get(&format!("/api/v1/storage/meter/{id}/")).await.is(200).json();
        for (name, value) in row.as_object().unwrap() {
            assert_eq!(&stored[name], value, "{body}: {stored}");
        }
    }
}

async fn strict_sources_quarantine_what_would_change(server: Server) {
    server.put("/api/v1/source/exact/", &json!({"strict": true})).await.is(201).ok();
    let body = "{\"a\":1}\n{\"a\":1,\"a\":2}\n{\"a\":1,\"t\":\"2026-03-01T12:00:00.1234567Z\"}\n";
    let receipt = server.request("POST", "/throw/exact").body(body).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(2)), "{receipt}");
    let codes = [&receipt["errors"][0]["code"], &receipt["errors"][1]["code"]];
    assert_eq!(codes, ["repeated-name", "cut-to-microseconds"], "{receipt}");
    // Once the source is not strict, a replay stores both, with what was sent.
    server.patch("/api/v1/source/exact/", &json!({"strict": false})).await.is(200).ok();
    let replay = json!({"filters": {"source": "exact"}});
    let replay = server.post("/api/v1/quarantine/replay/", &replay).await.json();
    assert_eq!((&replay["stored"], &replay["failed"]), (&json!(2), &json!(0)), "{replay}");
    let rows = server.get("/api/v1/storage/exact/").await.is(200).json();
    let mut extra: Vec<&Json> =
        rows["results"].as_array().unwrap().iter().map(|row| &row["_extra"]).collect();
    extra.sort_by_key(ToString::to_string);
    assert_eq!(
        extra,
        [&Json::Null, &json!({"a": 1}), &json!({"t": "2026-03-01T12:00:00.1234567Z"})],
        "{rows}"
    );
}

async fn pushes_tell_what_changed(server: Server) {
    let pushed =
        server.request("POST", "/api/data").body(r#"{"device_id":"a","t":1,"t":2}"#).await.is(201).json();
    assert_eq!(reasons(&pushed).join(", "), "decode repeated_name t 0", "{pushed}");
    assert_eq!(pushed["accepted"], 1, "{pushed}");
}
