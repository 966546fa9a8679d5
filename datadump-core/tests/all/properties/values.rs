//! Generates JSON values of every type, and a storage with a field of each type.

use datadump_core::schema::kind::KIND_NAMES;
use proptest::{collection::vec, prelude::*, strategy::Union};
use serde_json::{Value as Json, json};

/// Returns the definition of a storage with a nullable field of every type, which is named as its type.
pub(crate) fn definition() -> Json {
    json!({
        "name": "everything",
        "key": {"name": "id", "type": "long"},
        "fields": kinds().map(|kind| {
            let mut field = json!({"name": kind, "type": kind, "nullable": true});
            match kind {
                "string" => field["max_length"] = json!(40),
                "text" => field["db_index"] = json!(true),
                "decimal" => { field["precision"] = json!(12); field["scale"] = json!(3); }
                "enum" => field["values"] = json!(["red", "Red", "ß", "'"]),
                _ => {}
            }
            field
        }).collect::<Vec<_>>(),
        "meta": {"scans": true},
    })
}

/// All types of fields.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KIND_NAMES.split(", ")
}

/// Generates text from few letters, so that values often match, including text that is hard to compare:
/// letters of different case, case mappings of different length, wildcards and quotes.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let letter = prop::sample::select(vec![
        'a',
        'A',
        'b',
        'ß',
        'Σ',
        'σ',
        'ς',
        'İ',
        'i',
        'ä',
        'Ä',
        '%',
        '_',
        '\\',
        '\'',
        '"',
        ' ',
        '0',
        '\u{d7ff}',
        '\u{e000}',
        '\u{10ffff}',
        '😀',
        '\n',
    ]);
    vec(letter, 0..6).prop_map(|letters| letters.into_iter().collect())
}

/// Generates a non-null value for a type.
pub(crate) fn value(kind: &str) -> BoxedStrategy<Json> {
    match kind {
        "boolean" => any::<bool>().prop_map(Json::from).boxed(),
        "integer" => prop_oneof![-3..3_i32, any::<i32>()].prop_map(Json::from).boxed(),
        "long" => prop_oneof![-3..3_i64, any::<i64>()].prop_map(Json::from).boxed(),
        "float" => {
            let finite = any::<f64>().prop_filter("finite", |number| number.is_finite());
            prop_oneof![(-3..3_i32).prop_map(|n| f64::from(n) / 2.0), finite].prop_map(Json::from).boxed()
        }
        "decimal" => prop_oneof![-3000..3000_i64, -999_999_999_999..999_999_999_999_i64]
            .prop_map(|n| {
                let sign = if n < 0 { "-" } else { "" };
                Json::from(format!("{sign}{}.{:03}", n.abs() / 1000, n.abs() % 1000))
            })
            .boxed(),
        "string" | "text" => text().prop_map(Json::from).boxed(),
        "enum" => prop::sample::select(vec!["red", "Red", "ß", "'"]).prop_map(Json::from).boxed(),
        "uuid" => prop_oneof![0..3_u128, any::<u128>()]
            .prop_map(|bits| uuid::Uuid::from_u128(bits).to_string().into())
            .boxed(),
        "date" => (1..=9999_i32, 1..=12_u32, 1..=28_u32)
            .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}").into())
            .boxed(),
        "time" => (0..24_u32, 0..60_u32, 0..1_000_000_u32)
            .prop_map(|(hour, minute, micros)| format!("{hour:02}:{minute:02}:30.{micros:06}").into())
            .boxed(),
        "timestamp" => (1..=9999_i32, 1..=12_u32, 0..1_000_000_u32)
            .prop_map(|(year, month, micros)| format!("{year:04}-{month:02}-15T10:20:30.{micros:06}Z").into())
            .boxed(),
        "binary" => {
            prop::sample::select(vec!["", "AA==", "AAE=", "/w==", "YWJj"]).prop_map(Json::from).boxed()
        }
        "json" => document().boxed(),
        other => panic!("no values for {other}"),
    }
}

/// Generates JSON documents with few names, so that paths often exist.
fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3..3_i64).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-6..6_i32).prop_map(|n| Json::from(f64::from(n) / 2.0)),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let name = prop::sample::select(vec!["a", "b", "0", "1", "ä b"]).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            vec((name, inner), 0..4).prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
    // A null document equals a missing value.
    .prop_filter("null", |json| !json.is_null())
}

/// Generates a row without its key; a third of its fields are null.
pub(crate) fn record() -> impl Strategy<Value = Json> {
    let fields: Vec<_> = kinds()
        .map(|kind| {
            let value = Union::new_weighted(vec![(1, Just(Json::Null).boxed()), (2, value(kind))]);
            (Just(kind.to_owned()), value)
        })
        .collect();
    fields.prop_map(|members| Json::Object(members.into_iter().collect()))
}
