//! Checks of pages, counts and text search. That filters agree with [`Filter::matches`] is checked by a
//! property test.
//!
//! [`Filter::matches`]: crate::store::Filter::matches

use serde_json::{Value as Json, json};

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq};
use crate::{
    error::{Error, Result},
    schema::{StoredRow, Value},
    store::{
        Column, Expect, Outcome, Paging, ReadMemory, RowCount, State, WriteBatch,
        query::{Towards, parse},
    },
};

pub(super) async fn pages_cover_all_rows_once_in_both_directions(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let mut writes = Vec::new();
    for number in 0..57 {
        let color = match number % 5 {
            0 => json!(null),
            other => json!(["red", "blue", "äöü", ""][other - 1]),
        };
        let record = json!({"chip_id": format!("{number:03}"), "color": color, "collar_size": number % 3});
        writes.push(test.put("dog", &record, Expect::Anything)?);
    }
    test.store.write(WriteBatch::independent(writes)).await?;
    for ordering in [
        "",
        "chip_id",
        "-chip_id",
        "color",
        "-color",
        "color,-collar_size",
        "-color,collar_size",
        "-updated_at",
    ] {
        let mut parameters = vec![("limit", "1000"), ("cursor", "")];
        if !ordering.is_empty() {
            parameters.push(("ordering", ordering));
        }
        let (whole, mut query) = test.list("dog", &parameters).await?;
        ensure_eq(ordering, whole.rows.len(), 57)?;
        let in_force = test.in_force("dog")?;
        let whole: Vec<Value> = whole.rows.into_iter().map(|row| row.key).collect();
        for towards in [Towards::Next, Towards::Previous] {
            let mut expected = whole.clone();
            // There is no position after the last row, so it starts backwards from the last row.
            let mut from = None;
            if towards == Towards::Previous {
                let last = expected.pop();
                let row = test.store.get(&in_force, &last.unwrap_or(Value::Null)).await?;
                from = row.map(|row| query.order.iter().map(|order| order.column.value(&row)).collect());
            }
            let mut found = Vec::new();
            loop {
                query.paging = Paging::Keyset { limit: 10, from: from.clone(), towards };
                let page = test.store.page(&in_force, &query).await?;
                let edge = match towards {
                    Towards::Next => page.rows.last(),
                    Towards::Previous => page.rows.first(),
                };
                from = edge.map(|row| query.order.iter().map(|order| order.column.value(row)).collect());
                let keys = page.rows.into_iter().map(|row| row.key);
                match towards {
                    Towards::Next => found.extend(keys),
                    Towards::Previous => found.splice(0..0, keys).for_each(drop),
                }
                if !page.more {
                    break;
                }
            }
            ensure_eq(&format!("{ordering} {towards:?}"), found, expected)?;
        }
    }
    Ok(())
}

/// Pages as a client does, by the text of its cursors, in which floats must keep their precision.
pub(super) async fn pages_ordered_by_floats_cover_all_rows(bench: &dyn Bench) -> Result<()> {
    let definition = json!({"name": "f", "key": {"name": "id", "type": "long"},
                            "fields": [{"name": "f", "type": "float"}], "meta": {"scans": true}});
    let test = TestStore::with(bench, definition).await?;
    let mut number = 0.123_456_789_012_345_67_f64;
    let mut writes = Vec::new();
    for id in 0..200 {
        number = (number * 3.999).mul_add(1.0 - number, 1e-17);
        let record = json!({"id": id, "f": number * 10_f64.powi(id % 40 - 20)});
        writes.push(test.put("f", &record, Expect::Anything)?);
    }
    test.store.write(WriteBatch::independent(writes)).await?;
    for ordering in ["f", "-f"] {
        let keys = test.walk("f", "7", Some(ordering)).await?;
        let distinct: std::collections::BTreeSet<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        ensure_eq(ordering, (keys.len(), distinct.len()), (200, 200))?;
    }
    Ok(())
}

pub(super) async fn a_query_for_an_old_version_is_refused(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    test.save("dog", json!({"chip_id": "A", "color": "red"})).await?;
    let (_, query) = test.list("dog", &[("color", "red")]).await?;
    let before = test.in_force("dog")?;
    let mut definition = dog();
    definition["fields"][0]["name"] = json!("colour");
    definition["fields"][0]["renamed_from"] = json!("color");
    test.declare(definition).await?;
    let key = Value::Text("A".into());
    let result = test.store.get(&before, &key).await;
    ensure("a row is refused", matches!(result, Err(Error::Moved(_))))?;
    let result = test.store.page(&before, &query).await;
    ensure("a page is refused", matches!(result, Err(Error::Moved(_))))
}

pub(super) async fn counts_match_the_filter(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    for number in 0..12 {
        let color = if number < 5 { "red" } else { "blue" };
        test.save("dog", json!({"chip_id": number.to_string(), "color": color})).await?;
    }
    for (parameters, expected) in [
        (&[("limit", "2")][..], RowCount::Exactly(12)),
        (&[("color", "red"), ("limit", "2"), ("offset", "4")], RowCount::Exactly(5)),
        (&[("count", "exact")], RowCount::Exactly(12)),
        (&[("count", "none")], RowCount::Unknown),
        (&[("cursor", "")], RowCount::Unknown),
    ] {
        ensure_eq(&format!("{parameters:?}"), test.list("dog", parameters).await?.0.count, expected)?;
    }
    Ok(())
}

pub(super) async fn rows_are_counted_by_their_values(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    for number in 0..12 {
        let color = [json!("red"), json!(null), json!("blue"), json!("red")][number % 4].clone();
        let size = number % 2;
        let record = json!({"chip_id": number.to_string(), "color": color, "collar_size": size});
        test.save("dog", record).await?;
    }
    let in_force = test.in_force("dog")?;
    let columns = |names: &[&str]| -> Vec<Column> {
        names.iter().filter_map(|name| Column::named(&in_force.definition, name)).collect()
    };
    let (null, red, blue) = (Value::Null, Value::Text("red".into()), Value::Text("blue".into()));
    let size = Value::Integer;
    for (names, parameters, expected, more) in [
        (&["color"][..], &[][..], vec![(vec![&red], 6), (vec![&null], 3), (vec![&blue], 3)], false),
        (
            &["collar_size", "color"],
            &[],
            vec![
                (vec![&size(0), &blue], 3),
                (vec![&size(0), &red], 3),
                (vec![&size(1), &null], 3),
                (vec![&size(1), &red], 3),
            ],
            false,
        ),
        (&["color"], &[("collar_size", "0"), ("limit", "1")], vec![(vec![&blue], 3)], true),
        (&["color"], &[("color", "pink")], vec![], false),
    ] {
        let pairs: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let query = parse::groups(&in_force.definition, &pairs, columns(names))?;
        let found = test.store.groups(&in_force, &query, &ReadMemory::unlimited()).await?;
        let groups: Vec<_> =
            found.groups.iter().map(|group| (group.values.iter().collect(), group.count)).collect();
        ensure_eq(&format!("{names:?} {parameters:?}"), (groups, found.more), (expected, more))?;
    }
    Ok(())
}

pub(super) async fn texts_are_found_regardless_of_case(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    for (key, color) in [("1", "Straße ÄÖÜ"), ("2", "ΟΔΥΣΣΕΥΣ"), ("3", "İstanbul"), ("4", "100%_\\")]
    {
        test.save("dog", json!({"chip_id": key, "color": color})).await?;
    }
    for (filter, text, expected) in [
        ("color__icontains", "äöü", "1"),
        ("color__icontains", "STRAßE", "1"),
        ("color__icontains", "οδυσσευς", "2"),
        ("color__icontains", "σευσ", "2"),
        ("color__icontains", "i\u{307}ST", "3"),
        ("color__contains", "%_\\", "4"),
        ("color__contains", "öü", ""),
        ("color__startswith", "100%", "4"),
        ("color__endswith", "_\\", "4"),
        ("color__endswith", "", "1234"),
        ("color__startswith", "Stra", "1"),
        ("color__startswith", "stra", ""),
    ] {
        let (page, _) = test.list("dog", &[(filter, text), ("ordering", "chip_id")]).await?;
        let keys: String = page
            .rows
            .iter()
            .filter_map(|row| if let Value::Text(text) = &row.key { Some(text.as_str()) } else { None })
            .collect();
        ensure_eq(&format!("{filter}={text}"), keys.as_str(), expected)?;
    }
    Ok(())
}

pub(super) async fn long_texts_are_indexed_exactly(bench: &dyn Bench) -> Result<()> {
    let fields = |text: Json, string: Json| json!({"name": "page", "key": {"name": "id", "type": "long"}, "fields": [text, string]});
    let text = json!({"name": "text", "type": "text", "nullable": true, "db_index": true});
    let n = json!({"name": "n", "type": "integer", "default": 0});
    let test = TestStore::with(bench, fields(text.clone(), n.clone())).await?;
    // Random digits, which cannot be compressed to the size of an index entry.
    let random = |seed: u32| -> String {
        let mut state = seed;
        let digit = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_digit(state >> 28, 16).unwrap_or('x')
        };
        std::iter::repeat_with(digit).take(20_000).collect()
    };
    let (a, wide) = ("a".repeat(256), "\u{10ffff}".repeat(300));
    let texts = [
        "a".to_owned(),
        "a".repeat(255),
        a.clone(),
        format!("{a}a"),
        format!("{a}b"),
        format!("{a}B{}", random(1)),
        format!("{a}b{}", random(2)),
        format!("{}b", "a".repeat(255)),
        format!("{wide}a"),
        format!("{wide}b"),
        random(3),
        String::new(),
    ];
    let mut writes = Vec::new();
    for (id, text) in texts.iter().map(|text| json!(text)).chain([json!(null)]).enumerate() {
        writes.push(test.put("page", &json!({"id": id, "text": text}), Expect::Anything)?);
    }
    for outcome in test.store.write(WriteBatch::independent(writes)).await? {
        ensure("every text is stored", matches!(outcome, Outcome::Created(_)))?;
    }
    let check = async |ordering: &str| -> Result<()> {
        let (all, _) = test.list("page", &[("limit", "100"), ("ordering", "id")]).await?;
        ensure_eq("rows", all.rows.len(), texts.len() + 1)?;
        for text in &texts {
            for operator in ["", "__lt", "__lte", "__gt", "__gte", "__in", "__startswith", "__ne"] {
                if text.contains(',') || (text.is_empty() && operator == "__in") {
                    continue;
                }
                let name = format!("text{operator}");
                let parameters = [(name.as_str(), text.as_str()), ("ordering", ordering), ("limit", "100")];
                let (page, query) = test.list("page", &parameters).await?;
                let filter = query.filter.clone().ok_or_else(|| Error::internal("no filter"))?;
                let mut expected: Vec<&StoredRow> =
                    all.rows.iter().filter(|row| filter.matches(row)).collect();
                // Texts sort by code point, as in Rust, and null before all of them.
                expected.sort_by(|a, b| text_of(a).cmp(&text_of(b)));
                if ordering.starts_with('-') {
                    expected.reverse();
                }
                let found: Vec<&Value> = page.rows.iter().map(|row| &row.key).collect();
                let expected: Vec<&Value> = expected.iter().map(|row| &row.key).collect();
                ensure_eq(&format!("{name} {}", text.len()), found, expected)?;
            }
        }
        let walked = test.walk("page", "2", Some(ordering)).await?;
        ensure_eq("pages by cursor", walked.len(), texts.len() + 1)
    };
    check("text").await?;
    check("-text").await?;
    let string =
        json!({"name": "text", "type": "string", "max_length": 300, "nullable": true, "db_index": true});
    let storage = test.declare(fields(string.clone(), n.clone())).await?;
    ensure_eq("with longer texts", storage.migration.state, State::Failed)?;
    for id in [5, 6, 8, 9, 10] {
        test.save("page", json!({"id": id, "text": format!("{a}{id}")})).await?;
    }
    // The index of a string is another one.
    for field in [string, text] {
        test.apply(fields(field, n.clone())).await?;
        let (page, _) = test.list("page", &[("text", format!("{a}8").as_str())]).await?;
        ensure_eq("found", page.rows.len(), 1)?;
        ensure_eq("walked", test.walk("page", "3", Some("text")).await?.len(), texts.len() + 1)?;
    }
    let outcome = test.save("page", json!({"id": 6, "text": random(4)})).await?;
    ensure("a long text fits again", matches!(outcome, Outcome::Updated(_)))
}

fn text_of(row: &StoredRow) -> Option<&str> {
    match row.values.first() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
