//! Lists: filters, orderings, fields, pages and counts.

use datadump_tests::{Server, on_both, record};
use serde_json::{Value as Json, json};

on_both![
    filters_find_the_matching_rows,
    every_kind_is_read_back_as_written,
    orderings_are_by_value_with_nulls_first,
    only_the_requested_fields_are_returned,
    offset_pages_return_each_row_once,
    cursor_pages_return_each_row_once_in_both_directions,
    cursor_pages_are_stable_while_rows_change,
    counts_follow_the_count_parameter,
];

const LIST: &str = "/api/v1/storage/thing/";

/// Filter parameters, and the keys of the matching rows.
const FILTERS: &[(&str, &[i64])] = &[
    ("", &[1, 2, 3, 4, 5, 6]),
    ("color=red", &[1, 2]),
    ("color__eq=red", &[1, 2]),
    ("color__ne=red", &[3, 4, 5, 6]),
    ("color=red&size__gt=10", &[2]),
    ("color=red&color=blue", &[]),
    ("size__lt=20", &[1, 5]),
    ("size__lte=20", &[1, 2, 5]),
    ("size__gt=20", &[3]),
    ("size__gte=20", &[2, 3]),
    ("size__gte=10&size__lt=30", &[1, 2]),
    ("size__in=10,30,99", &[1, 3]),
    ("size__nin=10,30", &[2, 4, 5, 6]),
    ("size__between=10,20", &[1, 2]),
    ("size__isnull=true", &[4, 6]),
    ("size__isnull=false", &[1, 2, 3, 5]),
    ("size=-5", &[5]),
    ("color__contains=re", &[1, 2, 4]),
    ("color__icontains=GRÜ", &[5, 6]),
    ("color__icontains=ree", &[4]),
    ("color__startswith=gr", &[4, 5]),
    ("color__startswith=G", &[6]),
    ("color__endswith=n", &[4, 5]),
    ("color__in=red,blue", &[1, 2, 3]),
    ("color__contains=%25", &[]),
    ("color__contains=_", &[]),
    ("color__startswith=", &[1, 2, 3, 4, 5, 6]),
    ("id=3", &[3]),
    ("id__in=1,6,7", &[1, 6]),
    ("version=1", &[1, 2, 3, 4, 5, 6]),
    ("version__gt=1", &[]),
    ("count__eq=7", &[1]),
    ("created_at__gt=2020-01-01T00:00:00Z", &[1, 2, 3, 4, 5, 6]),
    ("data.a__eq=1", &[1]),
    ("data.a.b=x", &[2]),
    ("data.list.0__gt=4", &[3]),
    ("data.a__isnull=false", &[1, 2]),
    (r#"where={"color":{"eq":"red"}}"#, &[1, 2]),
    (r#"where={"or":[{"size":{"lt":0}},{"not":{"color":{"in":["red","blue","green"]}}}]}"#, &[5, 6]),
    (r#"where={"and":[{"size":{"gte":10}},{"size":{"lte":20}}]}"#, &[1, 2]),
    (r#"where={"not":{"size":{"gt":0}}}"#, &[4, 5, 6]),
    (r#"where={"size":{"between":[10,20]}}&color=red"#, &[1, 2]),
    (r#"where={"size":{"isnull":true}}"#, &[4, 6]),
];

async fn filters_find_the_matching_rows(server: Server) {
    declare(&server).await;
    for (id, color, size, count, data) in [
        (1, "red", json!(10), 7, json!({"a": 1})),
        (2, "red", json!(20), 0, json!({"a": {"b": "x"}})),
        (3, "blue", json!(30), 0, json!({"list": [5]})),
        (4, "green", json!(null), 0, json!(null)),
        (5, "grün", json!(-5), 0, json!([])),
        (6, "GRÜNER", json!(null), 0, json!("a")),
    ] {
        let row = json!({"id": id, "color": color, "size": size, "count": count, "data": data});
        server.post(LIST, &row).await.is(201).ok();
    }
    for (filter, expected) in FILTERS {
        let mut parameters = pairs(filter);
        parameters.push(("ordering", "id"));
        let list = server.get(LIST).query(&parameters).await.is(200).json();
        assert_eq!((ids(&list).as_slice(), &list["count"]), (*expected, &json!(expected.len())), "{filter}");
        let parameters = [parameters.as_slice(), &[("cursor", "")]].concat();
        let list = server.get(LIST).query(&parameters).await.is(200).json();
        assert_eq!(ids(&list), *expected, "{filter} with a cursor");
    }
}

async fn every_kind_is_read_back_as_written(server: Server) {
    server.declare(&record()).await;
    let path = "/api/v1/storage/record/";
    let uuid = "0198a7f2-3c1d-7e00-8000-0123456789ab";
    for sent in [
        json!({"text": ""}),
        json!({
            "flag": true, "small": -2_147_483_648, "large": i64::MAX, "ratio": 0.1, "price": "99999999.99",
            "label": "ä".repeat(40), "text": "line\n\ttab 🐕 'quote\"", "other": uuid, "day": "2024-02-29",
            "at": "23:59:59.999999", "moment": "1969-12-31T23:59:59.000001Z",
            "data": {"b": [1, 2.5, null, {"": "é"}], "a": 12_345_678_901_i64}, "bytes": "AP8=", "size": "l",
        }),
        json!({"flag": false, "small": 0, "large": i64::MIN, "ratio": 1e300, "price": "-0.01", "text": "x",
               "data": "a text", "bytes": "", "day": "0001-01-01", "moment": "9999-12-31T23:59:59.999999Z"}),
    ] {
        let stored = server.post(path, &sent).await.is(201).json();
        let key = stored["id"].as_str().unwrap();
        assert_eq!(&key[14..15], "7", "a generated key is a UUID of version 7: {stored}");
        let read = server.get(&format!("{path}{key}/")).await.is(200).json();
        assert_eq!(read, stored, "what was answered is what is stored");
        for field in record()["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let expected = sent.get(name).unwrap_or(&Json::Null);
            let is_moment = field["type"] == "timestamp" || field["type"] == "time";
            if is_moment && expected.is_string() {
                let (read, sent) = (read[name].as_str().unwrap(), expected.as_str().unwrap());
                assert_eq!(trimmed(read), trimmed(sent), "{name}");
            } else {
                assert_eq!(&read[name], expected, "{name}");
            }
        }
    }
    let moment = json!({"text": "", "moment": "2026-01-02T03:04:05+02:00"});
    let stored = server.post(path, &moment).await.is(201).json();
    assert_eq!(stored["moment"], "2026-01-02T01:04:05.000000Z", "UTC, microseconds");
}

async fn orderings_are_by_value_with_nulls_first(server: Server) {
    declare(&server).await;
    for (id, color, size) in [
        (1, "b", json!(10)),
        (2, "a", json!(9)),
        (3, "B", json!(null)),
        (4, "ä", json!(9)),
        (5, "Z", json!(-1)),
    ] {
        let row = json!({"id": id, "color": color, "size": size, "data": null});
        server.post(LIST, &row).await.is(201).ok();
    }
    server.patch(&format!("{LIST}2/"), &json!({"count": 1})).await.is(200).ok();
    for (ordering, expected) in [
        ("id", [1, 2, 3, 4, 5]),
        ("-id", [5, 4, 3, 2, 1]),
        ("size,id", [3, 5, 2, 4, 1]),
        ("-size,-id", [1, 4, 2, 5, 3]),
        ("size,-id", [3, 5, 4, 2, 1]),
        ("color", [3, 5, 2, 1, 4]),
        ("-color", [4, 1, 2, 5, 3]),
        ("-version,id", [2, 1, 3, 4, 5]),
        ("created_at", [1, 2, 3, 4, 5]),
        ("-updated_at", [2, 5, 4, 3, 1]),
    ] {
        let list = server.get(LIST).query(&[("ordering", ordering)]).await.is(200).json();
        assert_eq!(ids(&list), expected, "{ordering}");
    }
    assert_eq!(ids(&server.get(LIST).await.is(200).json()), [2, 5, 4, 3, 1], "newest update first");
}

async fn only_the_requested_fields_are_returned(server: Server) {
    declare(&server).await;
    server.post(LIST, &json!({"id": 1, "color": "red", "size": 1, "data": {"a": 1}})).await.is(201).ok();
    let list = server.get(&format!("{LIST}?fields=color,data")).await.is(200).json();
    assert_eq!(list["results"], json!([{"color": "red", "data": {"a": 1}}]));
    let list = server.get(&format!("{LIST}?fields=version&ordering=-size&color=red")).await.is(200).json();
    assert_eq!(list["results"], json!([{"version": 1}]));
    let row = server.get(&format!("{LIST}1/?fields=id,size")).await;
    if row.status == 200 {
        assert_eq!(row.json(), json!({"id": 1, "size": 1}));
    } else {
        row.problem_about(400, &["fields"]);
    }
}

async fn offset_pages_return_each_row_once(server: Server) {
    fill(&server, 53).await;
    let mut path = format!("{LIST}?limit=10&ordering=size,id&color__ne=blue");
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = server.get(&path).await.is(200).json();
        found.extend(ids(&page));
        pages += 1;
        if pages > 1 {
            server.get(page["previous"].as_str().unwrap()).await.is(200).ok();
        } else {
            assert_eq!(page["previous"], Json::Null);
        }
        let Some(next) = page["next"].as_str() else { break };
        assert!(next.starts_with(&format!("{}{LIST}?", server.base())), "a whole address: {next}");
        path = next.to_owned();
    }
    let whole =
        server.get(&format!("{LIST}?limit=1000&ordering=size,id&color__ne=blue")).await.is(200).json();
    assert_eq!((found, pages), (ids(&whole), whole["count"].as_u64().unwrap().div_ceil(10)));
    let secure = server.get(&path).header("x-forwarded-proto", "https").await.is(200).json();
    let previous = secure["previous"].as_str().unwrap();
    assert!(previous.starts_with(&format!("https://{}{LIST}?", server.address())), "{previous}");
    let beyond = server.get(&format!("{LIST}?offset=1000")).await.is(200).json();
    assert_eq!((&beyond["results"], &beyond["next"]), (&json!([]), &Json::Null));
    let usual = server.get(LIST).await.is(200).json();
    assert_eq!(ids(&usual).len(), 53, "the default limit is 100");
}

async fn cursor_pages_return_each_row_once_in_both_directions(server: Server) {
    fill(&server, 53).await;
    for ordering in
        ["", "size", "-size", "size,-color", "-size,id", "color,size", "-created_at", "updated_at", "id"]
    {
        for limit in [1, 7, 53, 60] {
            let parameters = [("ordering", ordering), ("limit", &limit.to_string())];
            let parameters = &parameters[usize::from(ordering.is_empty())..];
            let mut page = server.get(LIST).query(parameters).query(&[("cursor", "")]).await.is(200).json();
            assert_eq!(page["count"], Json::Null);
            assert_eq!(page["previous"], Json::Null, "{ordering} {limit}");
            let mut pages = vec![ids(&page)];
            while let Some(next) = page["next"].as_str() {
                assert!(pages.len() <= 54, "it goes round: {ordering} {limit}");
                page = server.get(next).await.is(200).json();
                pages.push(ids(&page));
            }
            let found: Vec<i64> = pages.iter().flatten().copied().collect();
            let whole =
                server.get(LIST).query(&[("limit", "1000")]).query(&parameters[..parameters.len() - 1]);
            assert_eq!(found, ids(&whole.await.is(200).json()), "{ordering} {limit}: as in one page");
            let mut back = vec![ids(&page)];
            while let Some(previous) = page["previous"].as_str() {
                assert!(back.len() <= 54, "it goes round: {ordering} {limit}");
                page = server.get(previous).await.is(200).json();
                back.push(ids(&page));
            }
            back.reverse();
            back.retain(|page| !page.is_empty());
            let found: Vec<i64> = back.into_iter().flatten().collect();
            assert_eq!(found, pages.concat(), "{ordering} {limit}: backwards");
        }
    }
}

async fn cursor_pages_are_stable_while_rows_change(server: Server) {
    fill(&server, 40).await;
    let path = format!("{LIST}?ordering=id&limit=5&cursor=");
    let mut page = server.get(&path).await.is(200).json();
    let mut found = ids(&page);
    let mut added = -1;
    while let Some(next) = page["next"].as_str().map(str::to_owned) {
        // Inserts a row before the position, which must not appear, and deletes one that was already returned.
        let row = json!({"id": added, "color": "new", "size": 1, "data": null});
        server.post(LIST, &row).await.is(201).ok();
        added -= 1;
        server.delete(&format!("{LIST}{}/", found.last().unwrap())).await.is(204).ok();
        page = server.get(&next).await.is(200).json();
        found.extend(ids(&page));
    }
    assert_eq!(found, (1..=40).collect::<Vec<i64>>());
}

async fn counts_follow_the_count_parameter(server: Server) {
    fill(&server, 25).await;
    for (query, count) in [
        ("", json!(25)),
        ("count=exact", json!(25)),
        ("count=none", json!(null)),
        ("size__isnull=true&count=exact", json!(5)),
        ("limit=1", json!(25)),
        ("offset=20&limit=10", json!(25)),
    ] {
        let list = server.get(LIST).query(&pairs(query)).await.is(200).json();
        assert_eq!(list["count"], count, "{query}");
        assert_ne!(list["count_estimated"], true, "{query}");
    }
    let list = server.get(&format!("{LIST}?count=estimated")).await.is(200).json();
    assert!(list["count"].is_u64(), "{list}");
    server
        .database()
        .insert_copies("thing", &[("id", "n"), ("color", "'x'"), ("count", "0")], 1000, 151_000)
        .await;
    let list = server.get(&format!("{LIST}?limit=1")).await.is(200).json();
    assert_eq!(list["count_estimated"], true, "more than 100,000 rows: {list}");
    let about = list["count"].as_u64().unwrap();
    assert!((100_000..=230_000).contains(&about), "about 150,000: {list}");
    let list = server.get(&format!("{LIST}?limit=1&count=exact")).await.is(200).json();
    assert_eq!(list["count"], 150_026);
    let list = server.get(&format!("{LIST}?limit=1&color=red")).await.is(200).json();
    assert_ne!(list["count_estimated"], true, "few rows are counted: {list}");
}

async fn declare(server: &Server) {
    server
        .declare(&json!({
            "name": "thing",
            "key": {"name": "id", "type": "long"},
            "fields": [{"name": "color", "type": "string", "max_length": 20, "db_index": true},
                       {"name": "size", "type": "integer", "nullable": true, "db_index": true},
                       {"name": "count", "type": "integer", "default": 0, "db_index": true},
                       {"name": "data", "type": "json", "nullable": true}],
            "meta": {"scans": true},
        }))
        .await;
}

/// Inserts rows 1 to `rows` with few distinct colours and sizes; every fifth size is null.
async fn fill(server: &Server, rows: i64) {
    declare(server).await;
    for id in 1..=rows {
        let size = if id % 5 == 0 { json!(null) } else { json!(id * 7 % 4) };
        let color = if id % 3 == 0 { "red" } else { ["blue", "ä"][usize::from(id % 3 == 1)] };
        let row = json!({"id": id, "color": color, "size": size});
        server.post(LIST, &row).await.is(201).ok();
    }
    let list = server.get(&format!("{LIST}?limit=1000&ordering=id")).await.is(200).json();
    assert_eq!(ids(&list), (1..=rows).collect::<Vec<i64>>());
}

fn ids(list: &Json) -> Vec<i64> {
    list["results"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn pairs(query: &str) -> Vec<(&str, &str)> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, if value == "%25" { "%" } else { value }))
        .collect()
}

/// Removes trailing zeros from the fraction of a time.
fn trimmed(time: &str) -> &str {
    time.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.')
}
