//! SQL for aggregates. The inner query selects what rows are grouped by and the values that functions take; the outer
//! one groups and aggregates them.
//!
//! ```text
//! SELECT g0, count(*), sum(n0) FROM (SELECT … AS g0, … AS x0, … AS n0 FROM table WHERE filter) GROUP BY g0
//! ```

use sea_query::{Alias, Expr, Func, Query as Sql, SelectStatement, SimpleExpr};

use super::{
    Dialect, aggregate_order,
    bucket::{self, Offset},
    column,
    ddl::column_type,
    filter, table,
};
use crate::{
    schema::{Definition, Kind},
    store::query::{
        Aggregate, AggregateQuery, Column, Direction, Form, Function, GroupBy, Operand,
        aggregate::NUMBER_PATTERN,
    },
};

/// Names of the SQL functions that SQLite is given.
pub(in crate::store) const NUMBER: &str = "datadump_number";
pub(in crate::store) const SUM: &str = "datadump_sum";
pub(in crate::store) const FIRST: &str = "datadump_first";
pub(in crate::store) const LAST: &str = "datadump_last";
pub(in crate::store) const STDDEV: &str = "datadump_stddev";
pub(in crate::store) const PERCENTILE: &str = "datadump_percentile";

/// A column of the result.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Output {
    /// A whole number.
    Whole,
    /// A whole number of any size, as text.
    Digits,
    /// A float.
    Float,
    /// A value of this kind.
    Value(Kind),
    /// A value inside JSON.
    Json,
}

/// Returns the columns of the result: those of the groups, then those of the functions.
pub(in crate::store) fn outputs(definition: &Definition, query: &AggregateQuery) -> Vec<Output> {
    let groups = query.groups.iter().map(|group| match group {
        GroupBy::Column(column) => Output::Value(column.kind(definition)),
        GroupBy::Path(..) => Output::Json,
        GroupBy::Bucket(..) => Output::Whole,
    });
    let functions = query.functions.iter().flat_map(|aggregate| of_function(definition, aggregate));
    groups.chain(functions).collect()
}

/// Returns the columns of the result of a function.
pub(in crate::store) fn of_function(definition: &Definition, aggregate: &Aggregate) -> Vec<Output> {
    let Some(operand) = &aggregate.operand else { return vec![Output::Whole] };
    let form = operand.form(definition);
    let value = || match operand {
        Operand::Number(_) => Output::Float,
        operand => Output::Value(operand.column().kind(definition)),
    };
    match (aggregate.function, form) {
        (Function::Count | Function::CountDistinct, _) => vec![Output::Whole],
        (Function::Sum, Form::Whole | Form::Decimal(_)) => vec![Output::Digits],
        (Function::Avg, Form::Whole | Form::Decimal(_)) => vec![Output::Digits, Output::Whole],
        (Function::Sum | Function::Avg | Function::Stddev | Function::Percentile(_), _)
        | (Function::Min | Function::Max, Form::Json) => vec![Output::Float],
        (Function::Min | Function::Max, Form::NumericText) => vec![Output::Float, value()],
        (Function::Min | Function::Max, _) => vec![value()],
        (Function::First | Function::Last, Form::Json) => vec![Output::Json],
        (Function::First | Function::Last, _) => vec![value()],
    }
}

/// Selects the groups in the order of the query, nulls first, and one more than the limit.
pub(in crate::store) fn aggregate(
    dialect: Dialect,
    definition: &Definition,
    query: &AggregateQuery,
    offsets: &[Offset],
) -> SelectStatement {
    let compiler = Compiler { dialect, definition };
    let mut inner = Sql::select();
    inner.from(table(&definition.name));
    if let Some(wanted) = &query.filter {
        inner.cond_where(filter::condition(dialect, definition, wanted));
    }
    // A query of rows alone would select nothing.
    inner.expr_as(Expr::val(1), Alias::new("one"));
    for (place, group) in query.groups.iter().enumerate() {
        let offset = offsets.get(place).unwrap_or(&Offset::Fixed(0));
        inner.expr_as(compiler.group(group, offset), Alias::new(format!("g{place}")));
    }
    let mut operands: Vec<&Operand> = Vec::new();
    for operand in query.functions.iter().filter_map(|aggregate| aggregate.operand.as_ref()) {
        let operand = source(operand);
        if !operands.contains(&operand) {
            operands.push(operand);
        }
    }
    for (place, operand) in operands.iter().enumerate() {
        inner.expr_as(compiler.operand(operand), Alias::new(format!("x{place}")));
    }
    let mut times: Vec<Column> = Vec::new();
    for aggregate in &query.functions {
        if matches!(aggregate.function, Function::First | Function::Last) && !times.contains(&aggregate.time)
        {
            times.push(aggregate.time);
        }
    }
    for (place, time) in times.iter().enumerate() {
        inner.expr_as(compiler.column(*time), Alias::new(format!("t{place}")));
    }
    if !times.is_empty() {
        inner.expr_as(compiler.column(Column::Key), Alias::new("k"));
    }
    let mut outer = Sql::select();
    // What each value of a group and each result is ordered by.
    let mut terms: Vec<Vec<String>> = Vec::new();
    for (place, group) in query.groups.iter().enumerate() {
        let name = format!("g{place}");
        terms.push(aggregate_order::of_group(dialect, definition, group, &name));
        let shown = match (dialect, group) {
            (Dialect::Postgres, GroupBy::Path(..)) => format!("{name}::text"),
            _ => name.clone(),
        };
        outer.expr(Expr::cust(shown)).add_group_by([Expr::cust(name)]);
    }
    for aggregate in &query.functions {
        let operand = aggregate.operand.as_ref().map(source);
        let place = operand.and_then(|operand| operands.iter().position(|known| *known == operand));
        let time = times.iter().position(|known| *known == aggregate.time).unwrap_or_default();
        let expressions = compiler.function(aggregate, place.unwrap_or_default(), time);
        for text in &expressions {
            outer.expr(Expr::cust(text.clone()));
        }
        terms.push(aggregate_order::of_function(dialect, definition, aggregate, &expressions));
    }
    outer.from_subquery(inner, Alias::new("rows"));
    let by_group = (0..query.groups.len()).map(|place| (place, Direction::Ascending));
    for (place, direction) in query.order.iter().copied().chain(by_group) {
        for term in terms.get(place).into_iter().flatten() {
            let (sort, nulls) = match direction {
                Direction::Ascending => (sea_query::Order::Asc, sea_query::NullOrdering::First),
                Direction::Descending => (sea_query::Order::Desc, sea_query::NullOrdering::Last),
            };
            outer.order_by_expr_with_nulls(Expr::cust(term.clone()), sort, nulls);
        }
    }
    outer.limit(query.limit.saturating_add(1));
    outer
}

/// Returns the operand whose values the database reads.
fn source(operand: &Operand) -> &Operand {
    match operand {
        Operand::Number(of) => source(of),
        operand => operand,
    }
}

/// Selects the earliest and the latest time of the rows.
pub(in crate::store) fn time_range(
    dialect: Dialect,
    definition: &Definition,
    query: &AggregateQuery,
    of: Column,
) -> SelectStatement {
    let name = column(dialect, definition, of);
    let mut select = Sql::select();
    select
        .expr(Func::min(Expr::col(name.clone())))
        .expr(Func::max(Expr::col(name)))
        .from(table(&definition.name));
    if let Some(wanted) = &query.filter {
        select.cond_where(filter::condition(dialect, definition, wanted));
    }
    select
}

struct Compiler<'a> {
    dialect: Dialect,
    definition: &'a Definition,
}

impl Compiler<'_> {
    fn column(&self, of: Column) -> SimpleExpr {
        Expr::col(column(self.dialect, self.definition, of))
    }

    fn group(&self, group: &GroupBy, offset: &Offset) -> SimpleExpr {
        match group {
            GroupBy::Column(column) => self.column(*column),
            GroupBy::Path(column, path) => self.path(*column, path),
            GroupBy::Bucket(of, bucket) => {
                let name = column(self.dialect, self.definition, *of).quoted();
                Expr::cust(bucket::start(self.dialect, &name, *bucket, offset))
            }
        }
    }

    fn operand(&self, operand: &Operand) -> SimpleExpr {
        match operand {
            Operand::Column(column) => self.column(*column),
            Operand::Path(column, path) => self.path(*column, path),
            Operand::Number(of) => self.operand(of),
        }
    }

    /// Returns a scalar inside JSON: on SQLite a float, or the JSON of another scalar, and on PostgreSQL `jsonb`.
    fn path(&self, of: Column, path: &[String]) -> SimpleExpr {
        let name = column(self.dialect, self.definition, of).quoted();
        match self.dialect {
            Dialect::Sqlite => {
                let spellings = filter::spellings(path);
                let one = "CASE json_type(@, ?) WHEN 'text' THEN json_quote(json_extract(@, ?)) \
                           WHEN 'integer' THEN CAST(json_extract(@, ?) AS REAL) \
                           WHEN 'real' THEN json_extract(@, ?) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END";
                let one = one.replace('@', &name);
                let values: Vec<sea_query::Value> = spellings
                    .iter()
                    .flat_map(|spelling| std::iter::repeat_n(spelling.clone().into(), 4))
                    .collect();
                let all = vec![one; spellings.len()];
                match all.as_slice() {
                    [one] => Expr::cust_with_values(one.clone(), values),
                    all => Expr::cust_with_values(format!("coalesce({})", all.join(", ")), values),
                }
            }
            Dialect::Postgres => {
                let steps: Vec<String> = (1..=path.len()).map(|place| format!("${place}")).collect();
                let value = format!("jsonb_extract_path({name}::jsonb, {})", steps.join(", "));
                let values: Vec<sea_query::Value> = path.iter().map(|step| step.clone().into()).collect();
                Expr::cust_with_values(
                    format!(
                        "(SELECT CASE jsonb_typeof(v) WHEN 'number' THEN to_jsonb(v::text::float8) \
                         WHEN 'string' THEN v WHEN 'boolean' THEN v END FROM (SELECT {value} AS v) AS scalar)"
                    ),
                    values,
                )
            }
        }
    }

    /// Returns the expressions of a function, one for each of its outputs.
    fn function(&self, aggregate: &Aggregate, place: usize, time: usize) -> Vec<String> {
        let Some(operand) = &aggregate.operand else { return vec!["count(*)".to_owned()] };
        let (form, x) = self.source(operand, place);
        let kind = operand.column().kind(self.definition);
        let n = self.number(&form, &x);
        let is_sqlite = self.dialect == Dialect::Sqlite;
        let total = || match (self.dialect, &form) {
            (Dialect::Sqlite, _) => format!("{SUM}({x})"),
            (Dialect::Postgres, Form::Decimal(scale)) => {
                format!("trunc(sum({x}) * {})::text", 10_i64.pow(*scale))
            }
            (Dialect::Postgres, _) => format!("sum({x})::text"),
        };
        let is_exact = matches!(form, Form::Whole | Form::Decimal(_));
        let end = |function: &str| match (&form, &kind) {
            // PostgreSQL compares UUIDs as their text does, but has no function for the smallest one.
            (Form::Other, Kind::Uuid) if !is_sqlite => format!("{function}({x}::text)::uuid"),
            _ => format!("{function}({x})"),
        };
        match aggregate.function {
            Function::Count => vec![format!("count({x})")],
            Function::CountDistinct => vec![format!("count(DISTINCT {x})")],
            Function::Sum if is_exact => vec![total()],
            Function::Avg if is_exact => vec![total(), format!("count({x})")],
            Function::Sum => vec![format!("sum({n})")],
            Function::Avg => vec![format!("avg({n})")],
            Function::Min | Function::Max => {
                let function = if aggregate.function == Function::Min { "min" } else { "max" };
                match form {
                    Form::Json => vec![format!("{function}({n})")],
                    Form::NumericText => vec![format!("{function}({n})"), end(function)],
                    _ => vec![end(function)],
                }
            }
            Function::First | Function::Last if is_sqlite => {
                let name = if aggregate.function == Function::First { FIRST } else { LAST };
                vec![format!("{name}({x}, t{time}, k)")]
            }
            Function::First | Function::Last => {
                let found = self.end(aggregate.function, &x, time);
                vec![match (operand, form) {
                    (Operand::Number(_), _) => format!("{found}::float8"),
                    // Read as text.
                    (_, Form::Json) => found,
                    _ => format!("{found}::{}", column_type(Dialect::Postgres, &kind)),
                }]
            }
            Function::Stddev if is_sqlite => vec![format!("{STDDEV}({n})")],
            Function::Stddev => vec![format!("stddev_samp({n}::float8)")],
            Function::Percentile(percent) => {
                let fraction = f64::from(percent) / 100.0;
                vec![match is_sqlite {
                    true => format!("{PERCENTILE}({n}, {fraction})"),
                    false => format!("percentile_cont({fraction}) WITHIN GROUP (ORDER BY {n}::float8)"),
                }]
            }
        }
    }

    /// Returns the text of the first or the last value on PostgreSQL: that of the smallest or the largest list of time,
    /// key and value, as texts with the same order. An ordered list of all values would take memory for all of them.
    fn end(&self, function: Function, x: &str, time: usize) -> String {
        let (function, t) = (if function == Function::First { "min" } else { "max" }, format!("t{time}"));
        let key = match self.definition.key.kind {
            Kind::Integer | Kind::Long => {
                "encode(int8send(k::bigint # (-9223372036854775808)::bigint), 'hex')".to_owned()
            }
            _ => "k::text".to_owned(),
        };
        // Later, where no time is negative.
        let at = format!("encode(timestamptz_send({t} + interval '24000000 hours'), 'hex')");
        format!(
            "({function}(ARRAY[{at}, {key}, {x}::text COLLATE \"C\"]) \
             FILTER (WHERE {x} IS NOT NULL AND {t} IS NOT NULL))[3]"
        )
    }

    /// Returns the form of the values of a function, and the expression for one.
    fn source(&self, operand: &Operand, place: usize) -> (Form, String) {
        let Operand::Number(of) = operand else {
            return (operand.form(self.definition), format!("x{place}"));
        };
        let (form, x) = self.source(of, place);
        let number = self.number(&form, &x);
        let float = match (self.dialect, form) {
            (Dialect::Sqlite, Form::Whole) => format!("CAST({number} AS REAL)"),
            (Dialect::Postgres, Form::Whole | Form::Decimal(_)) => format!("{number}::float8"),
            _ => number,
        };
        (Form::Float, float)
    }

    /// Returns the number that a value counts as.
    fn number(&self, form: &Form, x: &str) -> String {
        match (self.dialect, form) {
            (Dialect::Sqlite, Form::Decimal(scale)) => format!("({x} / {}.0)", 10_i64.pow(*scale)),
            (_, Form::Whole | Form::Float | Form::Decimal(_) | Form::Other) => x.to_owned(),
            (Dialect::Sqlite, Form::NumericText) => format!("{NUMBER}({x})"),
            (Dialect::Sqlite, Form::Json) => format!("CASE typeof({x}) WHEN 'real' THEN {x} END"),
            (Dialect::Postgres, Form::NumericText) => {
                format!("CASE WHEN length({x}) <= 100 AND {x} ~ '{NUMBER_PATTERN}' THEN {x}::float8 END")
            }
            (Dialect::Postgres, Form::Json) => {
                format!("CASE jsonb_typeof({x}) WHEN 'number' THEN {x}::text::float8 END")
            }
        }
    }
}
