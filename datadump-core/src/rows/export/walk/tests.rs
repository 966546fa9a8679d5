//! Pages, windows and parts of exports.

use std::cmp::Ordering;

use serde_json::json;

use super::*;
use crate::{
    clock::Timestamp,
    schema::parse,
    store::query::{Direction::*, parse as query},
};

fn definition() -> Definition {
    let definition = json!({
        "name": "item", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "color", "type": "text", "nullable": true, "db_index": true},
                   {"name": "size", "type": "integer"}],
        "meta": {"scans": true},
    });
    parse::definition(&definition).unwrap()
}

/// Returns rows of which many have the same color, none or the same time.
fn rows() -> Vec<StoredRow> {
    let row = |id: i64| {
        let at = Timestamp::from_micros(id * 7 % 4 * 1_000_000).unwrap();
        let color = match id * 5 % 7 {
            0 | 1 => Value::Null,
            color => Value::Text(format!("c{}", color % 3)),
        };
        let values = vec![color, Value::Integer(id % 4)];
        StoredRow { key: Value::Integer(id), values, version: 1, created_at: at, updated_at: at }
    };
    (0..40).map(row).collect()
}

fn compare(order: &[Order], one: &StoredRow, other: &StoredRow) -> Ordering {
    let by = |order: &Order| {
        let ordering = order.column.value(one).compare(&order.column.value(other)).unwrap();
        if order.direction == Ascending { ordering } else { ordering.reverse() }
    };
    order.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

fn sorted(rows: &[StoredRow], filter: Option<&Filter>, order: &[Order]) -> Vec<StoredRow> {
    let passes = |row: &&StoredRow| filter.is_none_or(|filter| filter.matches(row));
    let mut rows: Vec<StoredRow> = rows.iter().filter(passes).cloned().collect();
    rows.sort_by(|one, other| compare(order, one, other));
    rows
}

/// Returns the rows of all pages of this many rows. After each page, rows are added behind the last key.
fn walked(parameters: &[(&str, &str)], page: usize, window: usize) -> Vec<StoredRow> {
    let (definition, mut rows) = (definition(), rows());
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let export = query::export(&definition, &pairs).unwrap();
    let (column, direction) = export.order;
    let last = |column| {
        let order = [Order { column, direction }];
        sorted(&rows, None, &order).last().map(|row| column.value(row))
    };
    let last_value = (column != Column::Key && direction == Ascending).then(|| last(column)).flatten();
    let mut walk = Walk::new(&definition, &export, last(Column::Key), last_value);
    let (mut found, mut steps) = (Vec::new(), 0);
    while !walk.is_done() {
        if let Some(WindowRows { filter, column }) = walk.window_rows() {
            let ahead = sorted(&rows, filter.as_ref(), &[Order { column, direction }]);
            walk.set_window(ahead.get(window - 1).map(|row| column.value(row)));
        }
        let Step { filter, order, from } = walk.step();
        let mut page_rows = sorted(&rows, filter.as_ref(), &order);
        if let Some(from) = from {
            assert!(order.len() == 1 && order[0].column == Column::Key);
            let test = walk.beyond(from);
            page_rows.retain(|row| test.passes(&row.key));
        }
        let more = page_rows.len() > page;
        page_rows.truncate(page);
        walk.advance(&page_rows, more);
        found.extend(page_rows);
        (steps, rows) = (steps + 1, added(rows, steps, direction));
        assert!(steps < 1000, "{parameters:?} does not end");
    }
    found
}

/// Adds a row after the last key, with a color that occurs.
fn added(mut rows: Vec<StoredRow>, step: i64, direction: Direction) -> Vec<StoredRow> {
    let key = Value::Integer(if direction == Ascending { 1000 + step } else { -1000 - step });
    let late = Timestamp::from_micros(9_000_000).unwrap();
    let values = vec![Value::Text("c1".into()), Value::Integer(1)];
    rows.push(StoredRow { key, values, version: 1, created_at: late, updated_at: late });
    rows
}

#[test]
fn every_row_is_there_once_and_in_order() {
    for (name, column) in
        [("id", Column::Key), ("color", Column::Field(0)), ("updated_at", Column::UpdatedAt)]
    {
        for (sign, direction) in [("", Ascending), ("-", Descending)] {
            let ordering = format!("{sign}{name}");
            for filter in [
                &[][..],
                &[("size", "1")],
                &[("id__gte", "10"), ("size__ne", "2")],
                &[("id__in", "3,5,7,8,9,11,30")],
                &[("color", "c1")],
                &[("color", "c1"), ("size", "1")],
                &[("color__gte", "c1"), ("id__lt", "30")],
                &[("color__isnull", "true")],
                &[("color__icontains", "C1")],
                &[("updated_at__gt", "1970-01-01T00:00:01Z"), ("size__lt", "3")],
            ] {
                let parameters = [&[("ordering", ordering.as_str())], filter].concat();
                let order = [Order { column, direction }, Order { column: Column::Key, direction }];
                let pairs: Vec<_> =
                    filter.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                let wanted = query::export(&definition(), &pairs).unwrap().filter;
                let expected = sorted(&rows(), wanted.as_ref(), &order);
                assert!(!expected.is_empty());
                for (page, window) in [(1, 1), (1, 7), (2, 3), (3, 100), (7, 5), (100, 100)] {
                    let mut found = walked(&parameters, page, window);
                    // Rows with values before the last one may be added while it is read backwards.
                    found.retain(|row| matches!(row.key, Value::Integer(0..40)));
                    assert!(found == expected, "{parameters:?}, pages of {page}, windows of {window}");
                }
            }
        }
    }
}

#[test]
fn pages_go_through_a_window_unless_an_index_finds_their_rows() {
    for (parameters, is_wanted) in [
        (&[][..], [false, false]),
        (&[("id__gt", "1")], [false, false]),
        (&[("id__in", "1,2")], [false, false]),
        (&[("color", "c1")], [false, true]),
        (&[("color", "c1"), ("id__lte", "7")], [false, true]),
        (&[("id__gt", "1"), ("size", "1")], [true, true]),
        (&[("color", "c1"), ("size", "1")], [true, true]),
        (&[("color__gt", "c1")], [true, true]),
        (&[("size__ne", "2")], [true, true]),
        (&[("where", r#"{"not": {"id": 7}}"#)], [true, true]),
    ] {
        for (ordering, is_wanted) in ["id", "updated_at"].into_iter().zip(is_wanted) {
            let parameters = [parameters, &[("ordering", ordering)]].concat();
            let walk = walk(&parameters);
            let is_open = walk.window_rows().is_none();
            assert!(ordering == "updated_at" || is_open != is_wanted, "{parameters:?}");
            // In the order of another column, pages always have windows; ties only if they are filtered.
            assert_eq!(walk.keys_window() == Window::Unknown, is_wanted, "{parameters:?}");
        }
    }
    let text_key = json!({"name": "item", "key": {"name": "id", "type": "string", "max_length": 9},
                          "fields": [{"name": "size", "type": "integer"}], "meta": {"scans": true}});
    let text_key = parse::definition(&text_key).unwrap();
    for (name, is_wanted) in [("id__gte", false), ("id__icontains", true), ("id__contains", true)] {
        let export = query::export(&text_key, &[(name.to_owned(), "x".to_owned())]).unwrap();
        let walk = Walk::new(&text_key, &export, Some(Value::Text("z".into())), None);
        assert_eq!(walk.window_rows().is_some(), is_wanted, "{name}");
        let filter = walk.window_rows().and_then(|rows| rows.filter);
        assert!(!format!("{filter:?}").contains("ontains"), "the end of a window is found by an index");
    }
    let export = query::export(&definition(), &[]).unwrap();
    assert!(Walk::new(&definition(), &export, None, None).is_done(), "without rows");
}

fn walk(parameters: &[(&str, &str)]) -> Walk {
    let pairs: Vec<_> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let export = query::export(&definition(), &pairs).unwrap();
    Walk::new(&definition(), &export, Some(Value::Integer(9)), None)
}
