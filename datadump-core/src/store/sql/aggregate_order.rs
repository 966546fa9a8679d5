//! SQL that orders groups as [`AggregatedGroup::compare`](crate::store::AggregatedGroup::compare) does, on both
//! databases.

use super::{
    Dialect,
    aggregate::{self, Output},
};
use crate::{
    schema::{Definition, Kind},
    store::query::{Aggregate, Form, Function, GroupBy},
};

/// Names of the SQL functions that SQLite is given.
pub(in crate::store) const ORDER_OF_DIGITS: &str = "datadump_order_of_digits";
pub(in crate::store) const ORDER_OF_JSON: &str = "datadump_order_of_json";
pub(in crate::store) const TEXT_OF_ID: &str = "datadump_text_of_id";
pub(in crate::store) const MEAN: &str = "datadump_mean";

/// Returns the terms that order by a value of the group, which is this expression.
pub(super) fn of_group(
    dialect: Dialect,
    definition: &Definition,
    group: &GroupBy,
    name: &str,
) -> Vec<String> {
    match group {
        GroupBy::Column(column) => of_value(dialect, &column.kind(definition), name),
        GroupBy::Path(..) => of_json(dialect, name),
        GroupBy::Bucket(..) => vec![name.to_owned()],
    }
}

/// Returns the terms that order by the result of a function, which consists of these expressions.
pub(super) fn of_function(
    dialect: Dialect,
    definition: &Definition,
    aggregate: &Aggregate,
    expressions: &[String],
) -> Vec<String> {
    let scale = match aggregate.operand.as_ref().map(|operand| operand.form(definition)) {
        Some(Form::Decimal(scale)) => scale,
        _ => 0,
    };
    let outputs = aggregate::of_function(definition, aggregate);
    match (outputs.as_slice(), expressions) {
        ([Output::Digits], [sum]) => vec![match dialect {
            Dialect::Sqlite => format!("{ORDER_OF_DIGITS}({sum})"),
            Dialect::Postgres => format!("({sum})::numeric"),
        }],
        ([Output::Digits, Output::Whole], [sum, count]) => vec![match dialect {
            Dialect::Sqlite => format!("{MEAN}({sum}, {count}, {scale})"),
            Dialect::Postgres => format!("({sum})::float8 / ({count}) / {}::float8", 10_i64.pow(scale)),
        }],
        // Numbers, then text that is none.
        ([Output::Float, Output::Value(kind)], [number, text]) => {
            let rank = format!(
                "CASE WHEN ({number}) IS NOT NULL THEN 1 WHEN ({text}) IS NOT NULL THEN 2 ELSE 0 END"
            );
            let other = format!("CASE WHEN ({number}) IS NULL THEN ({text}) END");
            [rank, number.clone()].into_iter().chain(of_value(dialect, kind, &other)).collect()
        }
        ([Output::Value(kind)], [value]) => of_value(dialect, kind, value),
        ([Output::Json], [json]) if aggregate.function != Function::Count => match dialect {
            Dialect::Sqlite => of_json(dialect, json),
            Dialect::Postgres => of_json(dialect, &format!("({json})::jsonb")),
        },
        _ => expressions.to_vec(),
    }
}

fn of_value(dialect: Dialect, kind: &Kind, value: &str) -> Vec<String> {
    vec![match (dialect, kind) {
        // Some are stored as text, and others as bytes.
        (Dialect::Sqlite, Kind::Id) => format!("{TEXT_OF_ID}({value})"),
        (Dialect::Postgres, Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } | Kind::Id) => {
            format!("({value}) COLLATE \"C\"")
        }
        // A type without an order.
        (Dialect::Postgres, Kind::Json) => format!("({value})::text COLLATE \"C\""),
        _ => value.to_owned(),
    }]
}

/// Orders scalars inside JSON: null, false, true, numbers, strings.
fn of_json(dialect: Dialect, json: &str) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => vec![format!("{ORDER_OF_JSON}({json})")],
        Dialect::Postgres => vec![
            format!(
                "CASE jsonb_typeof({json}) WHEN 'boolean' THEN CASE WHEN {json} = 'true'::jsonb THEN 2 ELSE 1 END \
                 WHEN 'number' THEN 3 WHEN 'string' THEN 4 ELSE 0 END"
            ),
            format!("CASE jsonb_typeof({json}) WHEN 'number' THEN ({json})::text::float8 END"),
            format!("CASE jsonb_typeof({json}) WHEN 'string' THEN ({json} #>> '{{}}') END COLLATE \"C\""),
        ],
    }
}
