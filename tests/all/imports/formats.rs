//! The formats of files.

use datadump_tests::{Server, compress, on_both};
use serde_json::{Value as Json, json};

use super::{array, import, lines, rows, table};

on_both![
    every_format_is_imported,
    tables_follow_the_rules_of_csv,
    a_long_array_is_not_held_as_a_whole,
    a_file_has_one_encoding,
    a_byte_that_is_not_valid_is_an_error,
];

async fn every_format_is_imported(server: Server) {
    // Each has several chunks.
    let number = 15_000;
    for (name, query, content_type, body, format) in [
        ("lines", "", "", lines(number), "ndjson"),
        ("lines_by_name", "?format=ndjson", "text/csv", lines(number), "ndjson"),
        ("lines_by_type", "", "application/x-ndjson", lines(number), "ndjson"),
        ("array", "", "", array(number), "json"),
        ("array_by_name", "?format=json", "", array(number), "json"),
        ("array_by_type", "", "application/json", format!("\u{feff}{}", array(number)), "json"),
        ("table", "", "", table(number), "csv"),
        ("table_by_name", "?format=csv", "", format!("\u{feff}{}", table(number)), "csv"),
        ("table_by_type", "", "text/csv", format!("sep=;\r\n{}", table(number)), "csv"),
        ("tabs", "?format=tsv", "", table(number).replace(';', "\t"), "tsv"),
    ] {
        assert!(body.len() > 500_000);
        let path = format!("/api/v1/storage/{name}/import/{query}");
        let request = server.request("POST", &path).body(body.clone());
        let request =
            if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        let response = request.await.is(200);
        let state = response.json();
        assert_eq!(response.header("import-id"), state["id"].as_str());
        let expected = json!({"read": number, "stored": number, "ignored": 0, "quarantined": 0});
        assert_eq!((&state["state"], &state["rows"]), (&json!("done"), &expected), "{name}: {state}");
        assert_eq!(
            (&state["format"], &state["bytes"]),
            (&json!(format), &json!(body.len())),
            "{name}: {state}"
        );
        let last = server
            .get(&format!("/api/v1/storage/{name}/?ordering=-n&limit=1&count=exact"))
            .await
            .is(200)
            .json();
        assert_eq!(
            (&last["count"], &last["results"][0]["n"]),
            (&json!(number), &json!(number - 1)),
            "{name}"
        );
        if matches!(format, "csv" | "tsv") {
            let separator = if format == "csv" { ';' } else { '\t' };
            assert_eq!(
                last["results"][0]["text"],
                format!("the quick\nbrown \"fox\" {separator} jumps"),
                "{name}"
            );
        }
    }
    for encoding in ["gzip", "zstd", "br", "deflate"] {
        let packed = compress(encoding, lines(10_000).as_bytes());
        let path = format!("/api/v1/storage/{encoding}/import/");
        let request = server.request("POST", &path).header("content-encoding", encoding).body(packed.clone());
        assert_eq!(request.await.is(200).json()["rows"]["stored"], 10_000, "{encoding}");
        if matches!(encoding, "gzip" | "zstd") {
            // The same as a file that is not announced as compressed.
            let state = import(&server, &format!("{encoding}_file/import/"), packed).await;
            assert_eq!((&state["rows"]["stored"], &state["format"]), (&json!(10_000), &json!("ndjson")));
        }
    }
    // An object alone, and nothing at all.
    let state = import(&server, "one/import/?format=json", "{\n  \"a\": 1\n}").await;
    assert_eq!(state["rows"]["stored"], 1, "{state}");
    for (query, body) in
        [("", ""), ("", "[]"), ("", " [ ]\n"), ("?format=csv", "a,b\n"), ("?format=csv", "a,b")]
    {
        let state = import(&server, &format!("none/import/{query}"), body).await;
        assert_eq!(
            (&state["state"], &state["rows"]["read"]),
            (&json!("done"), &json!(0)),
            "{body:?}: {state}"
        );
    }
}

async fn a_file_has_one_encoding(server: Server) {
    let plain: String = (0..20_000).map(|n| format!("{n},some plain text\n")).collect();
    let latin = |text: &str| text.chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    let cyrillic = |text: &str| {
        let byte = |letter: char| match letter {
            'а'..='я' => 0xE0 + u8::try_from(letter as u32 - 'а' as u32).unwrap(),
            letter => letter as u8,
        };
        text.chars().map(byte).collect::<Vec<u8>>()
    };
    for (name, content_type, body, column, texts, warnings) in [
        // The first chunks say nothing.
        (
            "latin",
            "text/csv",
            latin(&format!("n,text\n{plain}20000,grüße aus köln\n{plain}20001,déjà vu\n")),
            "text",
            ["grüße aus köln", "déjà vu"],
            1,
        ),
        (
            "declared",
            "text/csv; charset=windows-1251",
            cyrillic(&format!("n,текст\n20000,привет\n{plain}20001,мир\n")),
            "текст",
            ["привет", "мир"],
            0,
        ),
        (
            "utf8",
            "text/csv",
            format!("n,текст\n20000,привет\n{plain}20001,мир\n").into_bytes(),
            "текст",
            ["привет", "мир"],
            0,
        ),
    ] {
        let path = format!("/api/v1/storage/{name}/import/");
        let request = server.request("POST", &path).header("content-type", content_type).body(body);
        let state = request.await.is(200).json();
        assert_eq!((&state["state"], &state["rows"]["quarantined"]), (&json!("done"), &json!(0)), "{state}");
        assert_eq!(state["warnings"].as_array().unwrap().len(), warnings, "{name}: {state}");
        if warnings > 0 {
            let warning = &state["warnings"][0];
            assert_eq!(warning["code"], "guessed_encoding", "{state}");
            assert!(warning["detail"].as_str().unwrap().contains("windows-1252"), "{state}");
        }
        let path = format!("/api/v1/storage/{name}/?n__gte=20000&ordering=n");
        let list = server.get(&path).await.is(200).json();
        let found = list["results"].as_array().unwrap().iter().map(|row| row[column].clone());
        assert_eq!(found.collect::<Vec<_>>(), texts.map(Json::from), "{name}");
    }
}

async fn a_byte_that_is_not_valid_is_an_error(server: Server) {
    let text: String = (0..30_000).map(|n| format!("{n},grüße\n")).collect();
    let file = |wrong: &[u8]| [text.as_bytes(), b"30000,", wrong, b"\n", text.as_bytes()].concat();
    let body = [b"n,text\n", file(b"caf\xE9").as_slice()].concat();
    let response = server.request("POST", "/api/v1/storage/s/import/").body(body).await;
    let problem = response.problem_about(400, &["line 30002:", "E9", "UTF-8", "resume"]);
    assert_eq!((&problem["code"], &problem["receipt"]["state"]), (&json!("encoding"), &json!("failed")));
    let stored = problem["receipt"]["rows"]["stored"].as_u64().unwrap();
    assert!((1..30_000).contains(&stored), "{problem}");
    let mistaken = server.get("/api/v1/storage/s/?text__ne=grüße&count=exact").await.is(200).json();
    assert_eq!(mistaken["count"], 0, "{mistaken}");
    // The corrected file continues it.
    let path = format!("/api/v1/storage/s/import/?resume={}", problem["receipt"]["id"].as_str().unwrap());
    let body = [b"n,text\n", file("café".as_bytes()).as_slice()].concat();
    let state = server.request("POST", &path).body(body).await.is(200).json();
    assert_eq!(state["rows"]["stored"], 60_001, "{state}");
}

async fn tables_follow_the_rules_of_csv(server: Server) {
    for (name, query, body, expected) in [
        (
            "quotes",
            "",
            "a,b\n\"x\ny\",\"he said \"\"no\"\"\"\n5\" pipe,\"1,2\"\n",
            json!([["x\ny", "he said \"no\""], ["5\" pipe", "1,2"]]),
        ),
        (
            "empty",
            "",
            "a,b\n,\"\"\n1,x\n,\n\"\",\n",
            json!([[null, ""], [1, "x"], [null, null], [null, null]]),
        ),
        ("names", "", "a,'=x\n1,2\n", json!([[1, 2]])),
        ("formulas", "", "a,b\n'=1,'tis\n''@x,'-\n", json!([["=1", "'tis"], ["'@x", "-"]])),
        ("formulas_raw", "&raw=1", "a,b\n'=1,'tis\n", json!([["'=1", "'tis"]])),
        ("header", "", "\"a\",\"b\nc\"\n1,2\n", json!([[1, 2]])),
        ("blank", "", "\r\na;b\r\n\r\n1,5;x\r\n", json!([["1,5", "x"]])),
    ] {
        let state = import(&server, &format!("{name}/import/?format=csv{query}"), body).await;
        assert_eq!(state["rows"]["quarantined"], 0, "{state}");
        let found = rows(&server, name, "_id").await;
        let second = |row: &Json| match name {
            "header" => row["_extra"]["b\nc"].clone(),
            "names" => row["=x"].clone(),
            _ => row["b"].clone(),
        };
        let found: Vec<Json> = found.iter().map(|row| json!([row["a"], second(row)])).collect();
        assert_eq!(json!(found), expected, "{name}: {state}");
    }
    let absent = server
        .request("POST", "/api/v1/storage/absent/import/")
        .header("content-type", "text/csv; header=absent");
    assert_eq!(absent.body("1,2\n3,4\n").await.is(200).json()["rows"]["stored"], 2);
    assert_eq!(rows(&server, "absent", "_id").await[1]["column_2"], 4);
}

async fn a_long_array_is_not_held_as_a_whole(server: Server) {
    let item = format!("{{\"text\": \"{}\", \"n\": [1, 2, 3]}}", "x".repeat(1000));
    import(&server, "long/import/", format!("[{item}]")).await;
    let before = crate::throwing::bodies::peak(&server);
    let number = 40_000;
    let body = format!("[{}]", vec![item; number].join(",\n"));
    let state = import(&server, "long/import/", body.clone()).await;
    assert_eq!(state["rows"]["stored"], number, "{state}");
    let grown = crate::throwing::bodies::peak(&server) - before;
    println!("{} MiB took {} MiB of memory", body.len() >> 20, grown >> 20);
    assert!(grown < 30 << 20, "{grown}");
}
