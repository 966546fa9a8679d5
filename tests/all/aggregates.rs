//! Functions of groups of rows, and series for charts.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    rows_are_aggregated_by_group,
    text_of_auto_storages_counts_as_numbers,
    buckets_without_rows_are_filled,
    conditions_and_order_apply_to_results,
    invalid_aggregates_are_refused,
    series_of_few_rows_are_the_rows,
    series_of_many_rows_are_buckets,
    series_of_text_and_booleans_have_no_average,
    a_series_consists_of_numbers_if_it_has_any,
    an_indexed_time_is_the_default,
    the_largest_groups_make_series,
    a_series_may_have_more_rows_than_a_page,
    several_storages_are_read_at_once,
    invalid_series_are_refused,
];

const AGGREGATE: &str = "/api/v1/storage/pot/aggregate/";
const SERIES: &str = "/api/v1/storage/pot/series/";

/// Two pots of a day in October 2026, when clocks in Berlin are set back.
async fn pots(server: &Server) {
    let definition = json!({
        "name": "pot",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "plant", "type": "string", "max_length": 10, "nullable": true},
                   {"name": "at", "type": "timestamp", "nullable": true, "db_index": true},
                   {"name": "moisture", "type": "integer", "nullable": true},
                   {"name": "price", "type": "decimal", "precision": 6, "scale": 2, "nullable": true},
                   {"name": "wet", "type": "boolean", "nullable": true},
                   {"name": "data", "type": "json", "nullable": true}],
        "meta": {"scans": true},
    });
    server.declare(&definition).await;
    let rows = [
        json!({"id": 1, "plant": "fern", "at": "2026-10-24T21:00:00Z", "moisture": 10, "price": "1.10", "wet": false}),
        json!({"id": 2, "plant": "fern", "at": "2026-10-24T22:30:00Z", "moisture": 20, "price": "2.20", "wet": true}),
        json!({"id": 3, "plant": "fern", "at": "2026-10-25T00:30:00Z", "moisture": 30, "data": {"n": 1}}),
        json!({"id": 4, "plant": "moss", "at": "2026-10-25T01:30:00Z", "moisture": 40, "data": {"n": 2.5}}),
        json!({"id": 5, "plant": null, "at": "2026-10-26T23:30:00Z", "moisture": null, "data": {"n": "x"}}),
        json!({"id": 6, "plant": "moss", "at": null, "moisture": 7}),
    ];
    for row in rows {
        server.post("/api/v1/storage/pot/", &row).await.is(201).ok();
    }
}

async fn check(server: &Server, path: &str, query: &str, expected: Json) {
    let found = server.get(&format!("{path}?{query}")).await.is(200).json();
    assert_eq!(found["results"], expected, "{query}");
    assert_eq!(found["truncated"], json!(false), "{query}");
}

async fn rows_are_aggregated_by_group(server: Server) {
    pots(&server).await;
    for (query, expected) in [
        ("", json!([{"count": 6}])),
        (
            "agg=count,count(moisture),sum(moisture),avg(moisture),min(at),max(plant),sum(price)",
            json!([{"count": 6, "count(moisture)": 5, "sum(moisture)": 107, "avg(moisture)": 21.4,
                    "min(at)": "2026-10-24T21:00:00.000000Z", "max(plant)": "moss", "sum(price)": "3.30"}]),
        ),
        (
            "agg=count,p50(moisture):middle,stddev(moisture):spread&group_by=plant&plant__isnull=false",
            json!([{"plant": "fern", "count": 3, "middle": 20.0, "spread": 10.0},
                   {"plant": "moss", "count": 2, "middle": 23.5, "spread": 23.334_523_779_156_07}]),
        ),
        (
            "agg=first(moisture),last(moisture),count_distinct(plant)&time=at",
            json!([{"first(moisture)": 10, "last(moisture)": 40, "count_distinct(plant)": 2}]),
        ),
        (
            "agg=count,max(moisture)&group_by=data.n&id__gte=3&id__lt=6",
            json!([{"data.n": 1, "count": 1, "max(moisture)": 30}, {"data.n": 2.5, "count": 1, "max(moisture)": 40},
                   {"data.n": "x", "count": 1, "max(moisture)": null}]),
        ),
        (
            "group_by=bucket(at,1d),plant&tz=Europe/Berlin&plant=fern",
            json!([{"bucket": "2026-10-24T00:00:00+02:00", "plant": "fern", "count": 1},
                   {"bucket": "2026-10-25T00:00:00+02:00", "plant": "fern", "count": 2}]),
        ),
        (
            "group_by=bucket(at,1h):hour&tz=Europe/Berlin&id__in=3,4",
            json!([{"hour": "2026-10-25T02:00:00+02:00", "count": 1}, {"hour": "2026-10-25T02:00:00+01:00", "count": 1}]),
        ),
        (
            "group_by=bucket(at,1mo)",
            json!([{"bucket": null, "count": 1}, {"bucket": "2026-10-01T00:00:00Z", "count": 5}]),
        ),
        ("agg=sum(moisture)&id=99", json!([{"sum(moisture)": null}])),
        ("group_by=plant&id=99", json!([])),
    ] {
        check(&server, AGGREGATE, query, expected).await;
    }
    let body = json!({"agg": ["max(moisture)"], "group_by": ["plant"], "where": {"moisture": {"lt": 40}}});
    let found = server.post(AGGREGATE, &body).await.is(200).json();
    let expected = json!([{"plant": "fern", "max(moisture)": 30}, {"plant": "moss", "max(moisture)": 7}]);
    assert_eq!(found["results"], expected);
}

async fn text_of_auto_storages_counts_as_numbers(server: Server) {
    let sent =
        json!([{"speed": "1.75"}, {"speed": "abc"}, {"speed": "2.25"}, {"speed": ""}, {"speed": null}]);
    server.post("/throw/car", &sent).await.is(200).ok();
    let query = "agg=count(speed),sum(speed),avg(speed),p50(speed),max(speed)";
    let expected = json!([{"count(speed)": 4, "sum(speed)": 4.0, "avg(speed)": 2.0, "p50(speed)": 2.0, "max(speed)": 2.25}]);
    check(&server, "/api/v1/storage/car/aggregate/", query, expected).await;
}

async fn buckets_without_rows_are_filled(server: Server) {
    pots(&server).await;
    let day = |day: &str, count: Json, sum: Json| json!({"bucket": format!("2026-10-{day}T00:00:00Z"), "count": count, "sum": sum});
    let query = |fill: &str| {
        format!(
            "agg=count,sum(moisture):sum&group_by=bucket(at,1d)&at__gte=2026-10-24T00:00:00Z&at__lt=2026-10-27T00:00:00Z&id__lt=5&fill={fill}"
        )
    };
    for (fill, empty) in [
        ("null", day("26", json!(0), json!(null))),
        ("zero", day("26", json!(0), json!(0))),
        ("previous", day("26", json!(2), json!(70))),
    ] {
        let expected = json!([day("24", json!(2), json!(30)), day("25", json!(2), json!(70)), empty]);
        check(&server, AGGREGATE, &query(fill), expected).await;
    }
    let by_plant = "agg=count&group_by=plant,bucket(at,1d)&at__gte=2026-10-24T00:00:00Z&at__lte=2026-10-25T23:00:00Z&fill=zero";
    let row = |plant: &str, day: &str, count: u32| json!({"plant": plant, "bucket": format!("2026-10-{day}T00:00:00Z"), "count": count});
    let expected =
        json!([row("fern", "24", 2), row("fern", "25", 1), row("moss", "24", 0), row("moss", "25", 1)]);
    check(&server, AGGREGATE, by_plant, expected).await;
}

async fn conditions_and_order_apply_to_results(server: Server) {
    pots(&server).await;
    let query = r#"agg=count&group_by=plant&having={"count":{"gte":2}}&ordering=-count"#;
    check(&server, AGGREGATE, query, json!([{"plant": "fern", "count": 3}, {"plant": "moss", "count": 2}]))
        .await;
    let first =
        server.get(&format!("{AGGREGATE}?group_by=plant&ordering=-count&limit=1")).await.is(200).json();
    assert_eq!(first, json!({"results": [{"plant": "fern", "count": 3}], "truncated": true}));
}

async fn invalid_aggregates_are_refused(server: Server) {
    pots(&server).await;
    for (query, parameter, detail) in [
        ("agg=sum(plant)", "agg", "`sum` cannot be applied to `plant`, which is of type string(10)"),
        ("agg=sum(height)", "agg", "no field `height`"),
        ("agg=median(moisture)", "agg", "`median(moisture)` is not a function"),
        ("agg=count,count", "agg", "two results are called `count`"),
        ("group_by=bucket(plant,1d)", "group_by", "`plant` is of type string(10), not a timestamp"),
        ("group_by=bucket(at,1x)", "group_by", "\"1x\" is not a length of time"),
        ("group_by=bucket(at,1d)&tz=Middle/Earth", "tz", "\"Middle/Earth\" is not the name of a time zone"),
        ("group_by=plant&fill=zero", "fill", "needs exactly one bucket"),
        ("having={\"sum\":1}", "having", "there is no result `sum`"),
        ("ordering=-size", "ordering", "there is no result `size`"),
        ("limit=100001", "limit", "not a number from 1 to 100000"),
        ("offset=1", "offset", "applies to lists"),
        ("color=red", "color", "no field `color`"),
        (
            "group_by=bucket(at,1s)&fill=zero&at__gte=2000-01-01T00:00:00Z&at__lt=2026-01-01T00:00:00Z",
            "fill",
            "more than 100000 buckets",
        ),
    ] {
        let problem = server.get(&format!("{AGGREGATE}?{query}")).await.problem_about(400, &[parameter]);
        let shown = problem.to_string();
        assert!(shown.contains(&detail.replace('"', "\\\"")), "{query}: {shown}");
    }
}

async fn series_of_few_rows_are_the_rows(server: Server) {
    pots(&server).await;
    let query = "field=moisture,price&time=at&group_by=plant&plant__isnull=false";
    let found = server.get(&format!("{SERIES}?{query}")).await.is(200).json();
    let (from, to) = ("2026-10-24T21:00:00.000000Z", "2026-10-25T01:30:00.000000Z");
    let fern = json!({"plant": "fern"});
    let moss = json!({"plant": "moss"});
    let expected = json!({"from": from, "to": to, "bucket": null, "truncated": false, "series": [
        {"field": "moisture", "group": fern, "value": [10, 20, 30],
         "time": ["2026-10-24T21:00:00Z", "2026-10-24T22:30:00Z", "2026-10-25T00:30:00Z"]},
        {"field": "price", "group": fern, "value": [1.1, 2.2],
         "time": ["2026-10-24T21:00:00Z", "2026-10-24T22:30:00Z"]},
        {"field": "moisture", "group": moss, "value": [40], "time": ["2026-10-25T01:30:00Z"]},
        {"field": "price", "group": moss, "value": [], "time": []},
    ]});
    assert_eq!(found, expected);
    let hour = "field=moisture&time=at&from=2026-10-25T00:00:00Z&to=2026-10-25T01:00:00Z";
    let found = server.get(&format!("{SERIES}?{hour}")).await.is(200).json();
    assert_eq!(found["series"][0]["value"], json!([30]));
    assert_eq!(found["from"], json!("2026-10-25T00:00:00.000000Z"));
    let none = server.get(&format!("{SERIES}?field=moisture&time=at&from=now-1h")).await.is(200).json();
    assert_eq!(none["series"], json!([]));
}

/// Throws a reading a minute for two hours, with a pause in the second hour.
async fn minutes(server: &Server) {
    let readings: Vec<Json> = (0..120)
        .filter(|minute| !(70..100).contains(minute))
        .map(|minute| {
            let at = format!("2026-11-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
            json!({"at": at, "value": minute.to_string(), "ok": minute % 2 == 0, "state": "on", "n": {"x": minute}})
        })
        .collect();
    server.post("/throw/meter", &json!(readings)).await.is(200).ok();
}

async fn series_of_many_rows_are_buckets(server: Server) {
    minutes(&server).await;
    let path = "/api/v1/storage/meter/series/?time=at&points=24";
    let range = "&from=2026-11-01T00:00:00Z&to=2026-11-01T02:00:00Z";
    for field in ["value", "n.x"] {
        let found = server.get(&format!("{path}&field={field}{range}")).await.is(200).json();
        assert_eq!(found["bucket"], "5m");
        let series = &found["series"][0];
        let length = series["time"].as_array().unwrap().len();
        // 18 buckets with rows, and the beginning of the gap.
        assert_eq!(length, 19, "{series}");
        assert_eq!(series["time"][1], "2026-11-01T00:05:00Z");
        for (name, expected) in [("min", 5.0), ("max", 9.0), ("avg", 7.0), ("last", 9.0), ("count", 5.0)] {
            assert_eq!(series[name][1].as_f64(), Some(expected), "{field} {name}: {series}");
            assert_eq!(series[name].as_array().unwrap().len(), length);
        }
        assert_eq!((&series["time"][14], &series["avg"][14]), (&json!("2026-11-01T01:10:00Z"), &Json::Null));
        assert_eq!(series["time"][15], "2026-11-01T01:40:00Z");
    }
    let whole = server.get(&format!("{path}&field=value&group_by=ok")).await.is(200).json();
    assert_eq!(
        (&whole["from"], &whole["to"]),
        (&json!("2026-11-01T00:00:00.000000Z"), &json!("2026-11-01T01:59:00.000000Z"))
    );
    assert_eq!(whole["series"].as_array().unwrap().len(), 2);
}

async fn series_of_text_and_booleans_have_no_average(server: Server) {
    minutes(&server).await;
    let path = "/api/v1/storage/meter/series/?time=at&points=2&field=ok,state";
    let found = server.get(path).await.is(200).json();
    assert_eq!(found["bucket"], "1h");
    let (ok, state) = (&found["series"][0], &found["series"][1]);
    assert_eq!((&ok["last"], &ok["count"]), (&json!([false, false]), &json!([60, 30])));
    assert!(ok.get("avg").is_none());
    assert_eq!(state["last"], json!(["on", "on"]));
}

async fn a_series_consists_of_numbers_if_it_has_any(server: Server) {
    let at = |minute: u32| format!("2026-11-01T00:{minute:02}:00Z");
    let rows: Vec<Json> = [json!("1.5"), json!("off"), json!("10"), json!("9"), json!("none")]
        .into_iter()
        .enumerate()
        .map(|(minute, value)| {
            let minute = u32::try_from(minute).unwrap();
            json!({"at": at(minute), "value": value, "word": format!("w{minute}"), "data": {"v": if minute == 1 { json!("off") } else { json!(minute) }}})
        })
        .collect();
    server.post("/throw/valve", &json!(rows)).await.is(200).ok();
    let path = "/api/v1/storage/valve/series/?time=at&field=value,word,data.v";
    let rows = server.get(path).await.is(200).json();
    let values: Vec<&Json> =
        rows["series"].as_array().unwrap().iter().map(|series| &series["value"]).collect();
    let expected =
        [json!([1.5, 10.0, 9.0]), json!(["w0", "w1", "w2", "w3", "w4"]), json!([0.0, 2.0, 3.0, 4.0])];
    assert_eq!(values, expected.iter().collect::<Vec<_>>());
    let buckets = server.get(&format!("{path}&points=1&from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00Z"));
    let buckets = buckets.await.is(200).json();
    for (place, expected) in [
        (0, json!([[1.5], [10.0], [6.833_333_333_333_333], [9.0], [3]])),
        (2, json!([[0.0], [4.0], [2.25], [4.0], [4]])),
    ] {
        let series = &buckets["series"][place];
        let found: Vec<&Json> = ["min", "max", "avg", "last", "count"].map(|name| &series[name]).to_vec();
        assert_eq!(json!(found), expected, "{series}");
    }
    assert_eq!((&buckets["series"][1]["last"], &buckets["series"][1]["avg"]), (&json!(["w4"]), &Json::Null));
}

async fn an_indexed_time_is_the_default(server: Server) {
    pots(&server).await;
    let of = async |parameters: &str| {
        let found = server.get(&format!("{SERIES}?field=moisture{parameters}")).await.is(200).json();
        let values = found["series"][0]["value"].as_array().unwrap().iter();
        // Without gaps, which depend on when rows are written.
        (found["from"].clone(), values.filter(|value| !value.is_null()).cloned().collect::<Json>())
    };
    let by_at = (json!("2026-10-24T21:00:00.000000Z"), json!([10, 20, 30, 40]));
    assert_eq!((of("").await, of("&time=at").await), (by_at.clone(), by_at));
    assert_eq!(of("&time=created_at").await.1, json!([10, 20, 30, 40, 7]));
}

async fn the_largest_groups_make_series(server: Server) {
    let rows: Vec<Json> = (0..150)
        .flat_map(|device| {
            let count = if device % 3 == 0 { 2 } else { 1 };
            (0..count).map(move |_| json!({"device": format!("d{device}"), "value": device}))
        })
        .collect();
    server.post("/throw/many", &json!(rows)).await.is(200).ok();
    let found = server.get("/api/v1/storage/many/series/?field=value&group_by=device").await.is(200).json();
    let series = found["series"].as_array().unwrap();
    assert_eq!((&found["truncated"], series.len()), (&json!(true), 100));
    let large = series.iter().filter(|series| series["value"].as_array().unwrap().len() == 2);
    assert_eq!(large.count(), 50);
}

async fn a_series_may_have_more_rows_than_a_page(server: Server) {
    let rows: Vec<Json> = (0..1500).map(|number| json!({"value": number})).collect();
    server.post("/throw/many", &json!(rows)).await.is(200).ok();
    let found = server.get("/api/v1/storage/many/series/?field=value&points=2000").await.is(200).json();
    assert_eq!(found["bucket"], Json::Null);
    let mut values: Vec<u64> =
        found["series"][0]["value"].as_array().unwrap().iter().filter_map(Json::as_u64).collect();
    values.sort_unstable();
    assert_eq!(values, (0..1500).collect::<Vec<_>>());
}

async fn several_storages_are_read_at_once(server: Server) {
    pots(&server).await;
    minutes(&server).await;
    let body = json!({"from": "2026-10-01T00:00:00Z", "to": "2026-12-01T00:00:00Z", "points": 1000, "series": [
        {"id": "a", "storage": "pot", "field": "moisture", "time": "at", "where": {"plant": "moss"}},
        {"id": 7, "storage": "meter", "field": ["value", "ok"], "time": "at", "points": 1},
        {"storage": "pot", "field": "height"},
        {"storage": "nothing", "field": "x"},
    ]});
    let found = server.post("/api/v1/series/", &body).await.is(200).json();
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!((&results[0]["id"], &results[0]["series"][0]["value"]), (&json!("a"), &json!([40])));
    assert_eq!((&results[1]["id"], &results[1]["storage"]), (&json!(7), &json!("meter")));
    assert_eq!(results[1]["bucket"], "1q");
    assert_eq!(results[1]["series"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&results[2]["error"]["status"], &results[2]["error"]["errors"][0]["pointer"]),
        (&json!(400), &json!("/field"))
    );
    assert_eq!(results[3]["error"]["status"], 404);
}

async fn invalid_series_are_refused(server: Server) {
    pots(&server).await;
    for (query, parameter) in [
        ("", "field"),
        ("field=height", "field"),
        ("field=data", "field"),
        ("field=moisture,moisture", "field"),
        ("field=moisture&time=plant", "time"),
        ("field=moisture&from=yesterday", "from"),
        ("field=moisture&from=now&to=now-1h", "from"),
        ("field=moisture&points=0", "points"),
        ("field=moisture&points=10001", "points"),
        ("field=moisture&points=1&points=2", "points"),
        ("field=moisture&tz=Mars", "tz"),
        ("field=moisture&group_by=bucket(at,1d)", "group_by"),
        ("field=moisture&limit=3", "limit"),
        ("field=moisture&color=red", "color"),
    ] {
        server.get(&format!("{SERIES}?{query}")).await.problem_about(400, &[parameter]);
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"series": [{"field": "x"}]}), "/series/0"),
        (json!({"series": [], "limit": 3}), "/limit"),
    ] {
        let problem = server.post("/api/v1/series/", &body).await.is(400).json();
        let shown = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(shown, pointer, "{problem}");
    }
}
