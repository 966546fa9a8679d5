//! The order of aggregates, and how many and how large results may be.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    results_have_the_order_of_their_values,
    an_hour_that_comes_twice_keeps_its_order,
    the_largest_of_many_groups_are_found,
    results_that_are_too_large_are_refused,
    days_that_a_zone_skips_are_not_filled,
];

const SALES: &str = "/api/v1/storage/sale/aggregate/";

async fn sales(server: &Server) {
    let definition = json!({
        "name": "sale",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "shop", "type": "string", "max_length": 10},
                   {"name": "price", "type": "decimal", "precision": 6, "scale": 2, "nullable": true},
                   {"name": "large", "type": "long", "nullable": true},
                   {"name": "at", "type": "timestamp", "nullable": true},
                   {"name": "data", "type": "json", "nullable": true}],
        "meta": {"scans": true},
    });
    server.declare(&definition).await;
    let rows = [
        json!({"id": 1, "shop": "a", "price": "9.50", "large": i64::MAX, "data": {"n": 10}, "at": "2026-10-25T00:30:00Z"}),
        json!({"id": 2, "shop": "b", "price": "12.50", "large": i64::MAX, "data": {"n": true}, "at": "2026-10-25T01:30:00Z"}),
        json!({"id": 3, "shop": "b", "large": i64::MAX, "at": "2026-10-25T02:30:00Z"}),
        json!({"id": 4, "shop": "c", "price": "100.00", "large": 5, "data": {"n": "x"}}),
        json!({"id": 5, "shop": "d", "data": {"n": 9}}),
        json!({"id": 6, "shop": "e", "price": "-3.00", "large": i64::MIN}),
        json!({"id": 7, "shop": "e", "large": i64::MIN}),
    ];
    for row in rows {
        server.post("/api/v1/storage/sale/", &row).await.is(201).ok();
    }
}

async fn results_have_the_order_of_their_values(server: Server) {
    sales(&server).await;
    for (function, expected) in [
        ("sum(price)", ["d", "e", "a", "b", "c"]),
        ("min(price)", ["d", "e", "a", "b", "c"]),
        ("avg(price)", ["d", "e", "a", "b", "c"]),
        ("last(price)", ["d", "e", "a", "b", "c"]),
        ("sum(large)", ["d", "e", "c", "a", "b"]),
        ("first(data.n)", ["e", "b", "d", "a", "c"]),
    ] {
        // With a condition the service orders the results, and otherwise the database does.
        for having in ["", r#"&having={"shop":{"isnull":false}}"#] {
            for (direction, limit) in [("", 5), ("-", 5), ("", 2), ("-", 2)] {
                let query = format!(
                    "agg={function}:it&group_by=shop&time=created_at&ordering={direction}it&limit={limit}{having}"
                );
                let found = server.get(&format!("{SALES}?{query}")).await.is(200).json();
                let mut expected = expected.to_vec();
                if direction == "-" {
                    expected.reverse();
                }
                expected.truncate(limit);
                let shops: Vec<&str> = found["results"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter_map(|row| row["shop"].as_str())
                    .collect();
                assert_eq!(shops, expected, "{query}");
                assert_eq!(found["truncated"], json!(limit == 2), "{query}");
            }
        }
    }
    let found = server.get(&format!("{SALES}?group_by=data.n&ordering=-data.n&limit=4")).await.is(200).json();
    let values: Vec<&Json> = found["results"].as_array().unwrap().iter().map(|row| &row["data.n"]).collect();
    assert_eq!(values, [&json!("x"), &json!(10), &json!(9), &json!(true)]);
}

async fn an_hour_that_comes_twice_keeps_its_order(server: Server) {
    sales(&server).await;
    let query = "group_by=bucket(at,1h):hour&tz=Europe/Berlin&at__isnull=false";
    let hours = ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"];
    for rest in ["", "&fill=null", r#"&having={"count":1}"#] {
        for (ordering, reverse) in [("hour", false), ("-hour", true), ("count,hour", false)] {
            let path = format!("{SALES}?{query}&ordering={ordering}{rest}");
            let found = server.get(&path).await.is(200).json();
            let mut expected = hours.to_vec();
            if reverse {
                expected.reverse();
            }
            let found: Vec<&str> =
                found["results"].as_array().unwrap().iter().filter_map(|row| row["hour"].as_str()).collect();
            assert_eq!(found, expected, "{path}");
        }
    }
}

async fn the_largest_of_many_groups_are_found(server: Server) {
    const ROWS: u32 = 100_100;
    let lines: String = (0..ROWS)
        .map(|number| {
            let size = u64::from(number) * 7_919 % u64::from(ROWS);
            format!("{{\"name\":\"n{number}\",\"size\":{size},\"data\":{{\"n\":{size}}}}}\n")
        })
        .collect();
    server.request("POST", "/throw/grain?format=ndjson").body(lines).await.is(200).ok();
    let path = "/api/v1/storage/grain/aggregate/";
    let get = async |query: &str| server.get(&format!("{path}?{query}")).await.is(200).json();
    let found = get("agg=sum(size):sum&group_by=name&ordering=-sum&limit=2").await;
    let sums: Vec<&Json> = found["results"].as_array().unwrap().iter().map(|row| &row["sum"]).collect();
    assert_eq!((sums, &found["truncated"]), (vec![&json!(ROWS - 1), &json!(ROWS - 2)], &json!(true)));
    for (query, expected) in [
        ("group_by=data.n&ordering=-data.n&limit=2", [ROWS - 1, ROWS - 2]),
        ("group_by=data.n&limit=2", [0, 1]),
        ("agg=max(size)&group_by=data.n&ordering=-max(size)&limit=2", [ROWS - 1, ROWS - 2]),
    ] {
        let found = get(query).await;
        let values: Vec<&Json> =
            found["results"].as_array().unwrap().iter().map(|row| &row["data.n"]).collect();
        assert_eq!(values, expected.map(|n| json!(n)).iter().collect::<Vec<_>>(), "{query}");
        assert_eq!(found["truncated"], json!(true), "{query}");
    }
    let found = get("group_by=name&limit=100000").await;
    assert_eq!((found["results"].as_array().unwrap().len(), &found["truncated"]), (100_000, &json!(true)));
    // Conditions are applied to all groups.
    let query = format!(r#"{path}?group_by=name&having={{"count":{{"gt":1}}}}"#);
    server.get(&query).await.problem_about(400, &["group_by"]);
}

async fn results_that_are_too_large_are_refused(server: Server) {
    let body = "x".repeat(1 << 20);
    let rows: Vec<Json> =
        (0..3).map(|number| json!({"_id": number.to_string(), "body": format!("{number}{body}")})).collect();
    server.post("/throw/mail", &json!(rows)).await.is(200).ok();
    let functions = |count: usize| {
        let names = (0..count).map(|number| format!("first(body):f{number}"));
        names.collect::<Vec<_>>().join(",")
    };
    let path = "/api/v1/storage/mail/aggregate/";
    let one = server.get(&format!("{path}?agg={}&group_by=_id&limit=2", functions(10))).await.is(200).json();
    assert_eq!(one["results"][1]["f9"].as_str().map(str::len), Some(body.len() + 1));
    let refused = server.get(&format!("{path}?agg={}&group_by=_id", functions(30))).await;
    let problem = refused.problem_about(400, &["agg"]).to_string();
    assert!(problem.contains("larger than 64 MiB: narrow the filter"), "{problem}");
}

async fn days_that_a_zone_skips_are_not_filled(server: Server) {
    let rows = json!([{"at": "2011-12-29T20:00:00Z"}, {"at": "2012-01-01T00:00:00Z"}]);
    server.post("/throw/tide", &rows).await.is(200).ok();
    let query = "group_by=bucket(at,1d):day&tz=Pacific/Apia&fill=zero";
    let found = server.get(&format!("/api/v1/storage/tide/aggregate/?{query}")).await.is(200).json();
    let day = |day: &str, count: u32| json!({"day": day, "count": count});
    let expected = json!([
        day("2011-12-29T00:00:00-10:00", 1),
        day("2011-12-31T00:00:00+14:00", 0),
        day("2012-01-01T00:00:00+14:00", 1),
    ]);
    assert_eq!(found["results"], expected);
}
