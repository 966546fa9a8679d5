//! Exports: their formats, what they contain, and lists in the same formats.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use datadump_tests::{Response, Server, on_both, record};
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};
use serde_json::{Value as Json, json};

on_both![
    every_format_has_the_same_rows,
    columns_of_parquet_are_typed,
    an_export_without_rows_is_complete,
    filters_fields_ordering_and_limit_apply,
    formulas_are_escaped_in_csv,
    the_format_is_chosen_by_name_or_by_accept,
    an_export_is_named_after_its_storage,
    lists_are_sent_in_the_accepted_format,
    invalid_exports_are_refused,
    one_column_with_nulls_comes_back_as_it_was,
];

const EXPORT: &str = "/api/v1/storage/record/export/";

/// Declares a storage with a field of every type, stores three rows, and returns them in the order of their keys.
async fn records(server: &Server) -> Vec<Json> {
    server.declare(&record()).await;
    let full = json!({
        "id": "00000000-0000-7000-8000-000000000001", "flag": true, "small": -7, "large": i64::MAX, "ratio": 0.1,
        "price": "-12.50", "label": "a,\"b\"", "text": "line\r\nline", "other": "01890000-0000-7000-8000-00000000abcd",
        "day": "2024-02-29", "at": "23:59:59.000001", "moment": "1969-12-31T23:59:59.123456Z",
        "data": {"b": [1, null, "é"], "a": 0.5}, "bytes": BASE64.encode([0, 255, 7]), "size": "m",
    });
    let empty = json!({"id": "00000000-0000-7000-8000-000000000002", "text": "", "label": ""});
    let odd = json!({
        "id": "00000000-0000-7000-8000-000000000003", "text": "=1+1", "label": "'tis 🦀", "ratio": -1e300, "price": "0.00",
        "large": i64::MIN, "flag": false, "data": -5, "bytes": "", "moment": "9999-12-31T23:59:59.999999Z",
        "day": "0001-01-01", "at": "00:00:00",
    });
    for row in [&odd, &full, &empty] {
        server.post("/api/v1/storage/record/", row).await.is(201).ok();
    }
    let list = server.get("/api/v1/storage/record/?ordering=id").await.is(200).json();
    list["results"].as_array().unwrap().clone()
}

/// Returns the rows of an export as NDJSON.
fn lines(response: &Response) -> Vec<Json> {
    response.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads CSV of which no cell has a comma, a quote or a line break.
fn cells(response: &Response) -> Vec<Vec<String>> {
    let text = response.text();
    let text = text.strip_suffix("\r\n").unwrap();
    text.split("\r\n").map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

async fn every_format_has_the_same_rows(server: Server) {
    let rows = records(&server).await;
    assert_eq!(rows.len(), 3);
    let ndjson = server.get(EXPORT).await.is(200);
    assert_eq!(ndjson.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines(&ndjson), rows);
    let json = server.get(&format!("{EXPORT}?format=json")).await.is(200);
    assert_eq!((json.header("content-type"), json.json()), (Some("application/json"), json!(rows)));
    let csv = server.get(&format!("{EXPORT}?format=csv")).await.is(200);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let time = |row: usize, name: &str| rows[row][name].as_str().unwrap().to_owned();
    let times = |row| format!("1,{},{}", time(row, "created_at"), time(row, "updated_at"));
    let expected = [
        "id,flag,small,large,ratio,price,label,text,other,day,at,moment,data,bytes,size,version,created_at,updated_at"
            .to_owned(),
        format!(
            "00000000-0000-7000-8000-000000000001,true,-7,9223372036854775807,0.1,-12.50,\"a,\"\"b\"\"\",\"line\r\nline\",\
             01890000-0000-7000-8000-00000000abcd,2024-02-29,23:59:59.000001,1969-12-31T23:59:59.123456Z,\
             \"{{\"\"b\"\":[1,null,\"\"é\"\"],\"\"a\"\":0.5}}\",AP8H,m,{}",
            times(0)
        ),
        format!("00000000-0000-7000-8000-000000000002,,,,,,\"\",\"\",,,,,,,,{}", times(1)),
        format!(
            "00000000-0000-7000-8000-000000000003,false,,-9223372036854775808,-1e+300,0.00,'tis 🦀,'=1+1,,0001-01-01,\
             00:00:00.000000,9999-12-31T23:59:59.999999Z,-5,\"\",,{}",
            times(2)
        ),
    ];
    assert_eq!(csv.text(), expected.map(|line| format!("{line}\r\n")).concat());
    // A body with the same parameters gives the same file.
    let posted = server.post(EXPORT, &json!({"format": "csv"})).await.is(200);
    assert_eq!(posted.body, csv.body);
}

async fn columns_of_parquet_are_typed(server: Server) {
    let rows = records(&server).await;
    let file = server.get(&format!("{EXPORT}?format=parquet")).await.is(200);
    assert_eq!(file.header("content-type"), Some("application/vnd.apache.parquet"));
    let reader = SerializedFileReader::new(parquet_bytes(&file)).unwrap();
    let found: Vec<Vec<(String, Field)>> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
        })
        .collect();
    assert_eq!(found.len(), rows.len());
    let names: Vec<&String> = found[0].iter().map(|(name, _)| name).collect();
    assert_eq!(names, rows[0].as_object().unwrap().keys().collect::<Vec<_>>());
    let of = |row: usize, name: &str| found[row].iter().find(|(n, _)| n == name).unwrap().1.clone();
    for (name, expected) in [
        ("id", Field::Str("00000000-0000-7000-8000-000000000001".into())),
        ("flag", Field::Bool(true)),
        ("small", Field::Int(-7)),
        ("large", Field::Long(i64::MAX)),
        ("ratio", Field::Double(0.1)),
        ("label", Field::Str("a,\"b\"".into())),
        ("text", Field::Str("line\r\nline".into())),
        ("other", Field::Str("01890000-0000-7000-8000-00000000abcd".into())),
        ("day", Field::Date(19_782)),
        ("at", Field::TimeMicros(86_399_000_001)),
        ("moment", Field::TimestampMicros(-876_544)),
        ("data", Field::Str("{\"b\":[1,null,\"é\"],\"a\":0.5}".into())),
        ("bytes", Field::Bytes(vec![0, 255, 7].into())),
        ("size", Field::Str("m".into())),
        ("version", Field::Int(1)),
    ] {
        assert_eq!(of(0, name), expected, "{name}");
        if !["id", "text", "version"].contains(&name) {
            let is_empty = name == "label";
            assert_eq!(of(1, name), if is_empty { Field::Str(String::new()) } else { Field::Null }, "{name}");
        }
    }
    assert_eq!(of(2, "moment"), Field::TimestampMicros(253_402_300_799_999_999));
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let types: Vec<String> = (0..schema.num_columns())
        .map(|place| format!("{:?}", schema.column(place).logical_type_ref()))
        .collect();
    for (place, logical) in [
        (5, "scale: 2, precision: 10"),
        (9, "Date"),
        (10, "is_adjusted_to_u_t_c: false, unit: MICROS"),
        (11, "is_adjusted_to_u_t_c: true, unit: MICROS"),
        (12, "Json"),
        (13, "None"),
        (14, "String"),
    ] {
        assert!(types[place].contains(logical), "{place}: {}", types[place]);
    }
    let Field::Decimal(price) = of(0, "price") else { panic!("{:?}", of(0, "price")) };
    assert_eq!(price.data(), (-1250_i64).to_be_bytes());
}

fn parquet_bytes(file: &Response) -> bytes::Bytes {
    file.body.clone().into()
}

async fn an_export_without_rows_is_complete(server: Server) {
    records(&server).await;
    for (format, expected) in [("ndjson", ""), ("json", "[]"), ("csv", "id,text\r\n")] {
        let path = format!("{EXPORT}?format={format}&small=99&fields=text,id");
        assert_eq!(server.get(&path).await.is(200).text(), expected);
    }
    let file = server.get(&format!("{EXPORT}?format=parquet&small=99")).await.is(200);
    let reader = SerializedFileReader::new(parquet_bytes(&file)).unwrap();
    assert_eq!(reader.get_row_iter(None).unwrap().count(), 0);
    assert_eq!(reader.metadata().file_metadata().schema_descr().num_columns(), 18);
}

async fn filters_fields_ordering_and_limit_apply(server: Server) {
    let definition = json!({
        "name": "ball", "key": {"name": "id", "type": "string", "max_length": 8},
        "fields": [{"name": "color", "type": "string", "max_length": 20, "nullable": true, "db_index": true},
                   {"name": "size", "type": "integer", "unique": true},
                   {"name": "format", "type": "text", "nullable": true}, {"name": "data", "type": "json", "nullable": true}],
        "meta": {"scans": true},
    });
    server.declare(&definition).await;
    let colors = [Some("red"), Some("blue"), None, Some("red"), None, Some("green")];
    for (size, color) in colors.iter().enumerate() {
        let row = json!({"id": format!("b{size}"), "color": color, "size": 10 - size, "data": {"n": size},
                         "format": "round"});
        server.post("/api/v1/storage/ball/", &row).await.is(201).ok();
    }
    for (query, expected) in [
        ("", "b0 b1 b2 b3 b4 b5"),
        ("ordering=-id", "b5 b4 b3 b2 b1 b0"),
        ("ordering=color", "b2 b4 b1 b5 b0 b3"),
        ("ordering=-color", "b3 b0 b5 b1 b4 b2"),
        ("ordering=color,id", "b2 b4 b1 b5 b0 b3"),
        ("ordering=size", "b5 b4 b3 b2 b1 b0"),
        ("ordering=updated_at", "b0 b1 b2 b3 b4 b5"),
        ("ordering=-updated_at&limit=2", "b5 b4"),
        ("color=red", "b0 b3"),
        ("color=red&ordering=-size", "b0 b3"),
        ("color__isnull=true&ordering=color", "b2 b4"),
        ("id__gt=b1&limit=3", "b2 b3 b4"),
        ("id__in=b1,b4&size__lt=8", "b4"),
        ("data.n__gte=4", "b4 b5"),
        ("format__eq=round&limit=1", "b0"),
        (r#"where={"or":[{"size":10},{"color":"green"}]}"#, "b0 b5"),
    ] {
        let path = format!("/api/v1/storage/ball/export/?fields=id&{query}");
        let rows = lines(&server.get(&path).await.is(200));
        let keys: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(keys.join(" "), expected, "{query}");
    }
    let body = json!({"where": {"color": "red"}, "fields": ["size", "id"], "ordering": "size", "limit": 1});
    let rows = lines(&server.post("/api/v1/storage/ball/export/", &body).await.is(200));
    assert_eq!(rows, [json!({"id": "b3", "size": 7})]);
}

async fn formulas_are_escaped_in_csv(server: Server) {
    let definition = json!({
        "name": "cell", "key": {"name": "-key", "type": "string", "max_length": 20},
        "fields": [{"name": "number", "type": "integer"}, {"name": "money", "type": "decimal", "precision": 5, "scale": 1},
                   {"name": "kind", "type": "enum", "values": ["@x"], "nullable": true}],
    });
    server.declare(&definition).await;
    for key in ["=1+1", "'=1", "+1", "-1", "@x", "\tx", "'x", "1-1"] {
        let row = json!({"-key": key, "number": -1, "money": "-0.5", "kind": "@x"});
        server.post("/api/v1/storage/cell/", &row).await.is(201).ok();
    }
    let path = "/api/v1/storage/cell/export/?format=csv&fields=-key,number,money,kind";
    let keys = |rows: &[Vec<String>]| rows.iter().skip(1).map(|row| row[0].clone()).collect::<Vec<_>>();
    let rows = cells(&server.get(path).await.is(200));
    assert_eq!(rows[0][0], "'-key");
    assert_eq!(keys(&rows), ["'\tx", "''=1", "'x", "'+1", "'-1", "1-1", "'=1+1", "'@x"]);
    assert_eq!(rows[1][1..], ["-1", "-0.5", "'@x"]);
    let rows = cells(&server.get(&format!("{path}&raw=1")).await.is(200));
    assert_eq!(rows[0][0], "-key");
    assert_eq!(keys(&rows), ["\tx", "'=1", "'x", "+1", "-1", "1-1", "=1+1", "@x"]);
    let posted = json!({"format": "csv", "raw": true, "fields": "-key,number,money,kind"});
    assert_eq!(cells(&server.post("/api/v1/storage/cell/export/", &posted).await.is(200)), rows);
}

async fn the_format_is_chosen_by_name_or_by_accept(server: Server) {
    records(&server).await;
    for (accept, query, expected) in [
        ("*/*", "", "application/x-ndjson"),
        ("text/html, */*;q=0.8", "", "application/x-ndjson"),
        ("text/csv", "", "text/csv; charset=utf-8; header=present"),
        ("text/csv;q=0.2, application/json", "", "application/json"),
        ("application/vnd.apache.parquet", "", "application/vnd.apache.parquet"),
        ("text/csv", "?format=json", "application/json"),
    ] {
        let response = server.get(&format!("{EXPORT}{query}")).header("accept", accept).await.is(200);
        assert_eq!(response.header("content-type"), Some(expected), "{accept} {query}");
        let response = server.post(EXPORT, &json!({})).header("accept", accept).await.is(200);
        assert!(!query.is_empty() || response.header("content-type") == Some(expected), "{accept}");
    }
}

async fn an_export_is_named_after_its_storage(server: Server) {
    for name in ["dog-1", "kälte"] {
        let field = json!({"name": "n", "type": "long"});
        let definition = json!({"name": name, "key": {"name": "id", "type": "long"}, "fields": [field]});
        server.declare(&definition).await;
    }
    for (name, format, expected) in [
        ("dog-1", "csv", "attachment; filename=\"dog-1.csv\""),
        ("dog-1", "parquet", "attachment; filename=\"dog-1.parquet\""),
        ("kälte", "ndjson", "attachment; filename=\"export.ndjson\"; filename*=UTF-8''k%C3%A4lte.ndjson"),
    ] {
        let response = server.get(&format!("/api/v1/storage/{name}/export/?format={format}")).await.is(200);
        assert_eq!(response.header("content-disposition"), Some(expected));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("vary"), Some("accept"));
        let head = server.request("HEAD", &format!("/api/v1/storage/{name}/export/?format={format}"));
        assert_eq!(head.await.is(200).header("content-disposition"), Some(expected));
    }
}

async fn lists_are_sent_in_the_accepted_format(server: Server) {
    let rows = records(&server).await;
    let path = "/api/v1/storage/record/?ordering=id&limit=1&fields=id,text";
    let mut next = Some(path.to_owned());
    let mut seen = Vec::new();
    while let Some(path) = next {
        let page = server.get(&path).header("accept", "application/x-ndjson").await.is(200);
        assert_eq!(page.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("vary"), Some("accept"));
        seen.extend(lines(&page));
        let links: Vec<&str> =
            page.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
        assert_eq!(links.iter().any(|link| link.ends_with("; rel=\"prev\"")), seen.len() > 1, "{links:?}");
        let link = links.iter().find_map(|link| link.strip_suffix(">; rel=\"next\""));
        next = link.map(|link| link.strip_prefix('<').unwrap().to_owned());
    }
    let expected: Vec<Json> = rows.iter().map(|row| json!({"id": row["id"], "text": row["text"]})).collect();
    assert_eq!(seen, expected);
    let csv = server.get("/api/v1/storage/record/?ordering=-id&fields=text,label&limit=2");
    let csv = csv.header("accept", "text/csv").await.is(200);
    assert_eq!(csv.text(), "label,text\r\n'tis 🦀,'=1+1\r\n\"\",\"\"\r\n");
    for accept in ["application/json", "*/*", "text/html,*/*;q=0.8", "application/vnd.apache.parquet"] {
        let page = server.get(path).header("accept", accept).await.is(200);
        assert_eq!((page.header("content-type"), page.header("link")), (Some("application/json"), None));
        assert_eq!(page.header("vary"), Some("accept"));
        assert_eq!(page.json()["count"], 3);
    }
    server.get(&format!("{path}&limit=0")).header("accept", "text/csv").await.problem_about(400, &["limit"]);
}

async fn invalid_exports_are_refused(server: Server) {
    records(&server).await;
    for (query, words) in [
        ("format=xlsx", &["xlsx", "ndjson, csv, json, parquet"][..]),
        ("format=csv&format=csv", &["`format`", "more than once"]),
        ("raw=1", &["`raw`", "ndjson"]),
        ("raw=maybe&format=csv", &["`raw`"]),
        ("limit=0", &["limit"]),
        ("limit=x", &["limit"]),
        ("offset=1", &["`offset`", "no pages"]),
        ("cursor=", &["`cursor`", "no pages"]),
        ("count=none", &["`count`", "no pages"]),
        ("search=x", &["not available"]),
        ("colour=red", &["colour"]),
        ("fields=colour", &["colour"]),
        ("small__lt=x", &["small"]),
        ("where={", &["where"]),
        ("ordering=colour", &["colour"]),
        ("ordering=data", &["data"]),
        ("ordering=large", &["`large`", "no index"]),
        ("ordering=created_at", &["`created_at`", "no index"]),
        ("ordering=version", &["`version`", "no index"]),
        ("ordering=small,large", &["one field"]),
        ("ordering=small,-id", &["one field"]),
    ] {
        server.get(&format!("{EXPORT}?{query}")).await.problem_about(400, words);
    }
    for (body, words) in [
        (json!({"format": "xlsx"}), &["xlsx"][..]),
        (json!({"format": 1}), &["format"]),
        (json!({"format": "csv", "raw": 1}), &["`raw`"]),
        (json!({"cursor": "x"}), &["no pages"]),
        (json!({"filter": {}}), &["filter"]),
        (json!({"where": {"colour": 1}}), &["colour"]),
        (json!({"ordering": "large"}), &["`large`"]),
        (json!([]), &["expected"]),
    ] {
        server.post(EXPORT, &body).await.problem_about(400, words);
    }
    for (body, pointer) in [(json!({"format": "xlsx"}), "/format"), (json!({"raw": true}), "/raw")] {
        let problem = server.post(EXPORT, &body).await.problem(400);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    server.post(EXPORT, &json!({"format": null, "raw": null})).await.is(200).ok();
    server.get("/api/v1/storage/nothing/export/").await.problem(404);
    server.request("PUT", "/api/v1/storage/nothing/export/").json(&json!({})).await.problem(404);
    // A declared storage without `scans` refuses filters without an index, as a list does.
    server.declare(&datadump_tests::dog()).await;
    let refused = server.get("/api/v1/storage/dog/export/?collar_size=1").await;
    assert_eq!(refused.problem(400)["code"], "filter-not-indexed");
}

async fn one_column_with_nulls_comes_back_as_it_was(server: Server) {
    let definition = |name: &str| {
        let field = json!({"name": "size", "type": "integer", "nullable": true});
        json!({"name": name, "key": {"name": "id", "type": "integer", "generated": true}, "fields": [field]})
    };
    for name in ["one", "other"] {
        server.declare(&definition(name)).await;
    }
    for size in [json!(1), Json::Null, json!(3), Json::Null] {
        server.post("/api/v1/storage/one/", &json!({"size": size})).await.is(201).ok();
    }
    let file = server.get("/api/v1/storage/one/export/?format=csv&fields=size").await.is(200).text();
    assert_eq!(file, "size\r\n1\r\n\"\"\r\n3\r\n\"\"\r\n");
    let import = server.request("POST", "/api/v1/storage/other/import/?format=csv").body(file);
    let done = import.await.is(200).json();
    assert_eq!((&done["rows"]["read"], &done["rows"]["stored"]), (&json!(4), &json!(4)), "{done}");
    let rows = lines(&server.get("/api/v1/storage/other/export/?fields=size").await.is(200));
    assert_eq!(rows, [json!({"size": 1}), json!({"size": null}), json!({"size": 3}), json!({"size": null})]);
}
