//! SQL for pages and counts.

use sea_query::{
    Alias, Cond, Expr, ExprTrait, Func, NullOrdering, Order as Sort, Query as Sql, SelectStatement,
};

use super::{Dialect, bind, column, filter, prefix, table};
use crate::{
    schema::{Definition, Kind, Value},
    store::query::{Column, Direction, GroupQuery, Order, Paging, Query, Towards},
};

/// Returns all columns of a storage's table, in the order in which rows are read: key, fields, service
/// columns.
pub(in crate::store) fn columns(definition: &Definition) -> Vec<Column> {
    let fields = (0..definition.fields.len()).map(Column::Field);
    let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
    [Column::Key].into_iter().chain(fields).chain(service).collect()
}

/// Returns the same columns as an SQL list.
pub(in crate::store) fn column_list(dialect: Dialect, definition: &Definition) -> String {
    let names = columns(definition).into_iter().map(|of| column(dialect, definition, of).quoted());
    names.collect::<Vec<_>>().join(", ")
}

/// Returns the statement that selects the same columns of all rows.
pub(in crate::store) fn select_all(dialect: Dialect, definition: &Definition) -> String {
    format!("SELECT {} FROM {}", column_list(dialect, definition), table(&definition.name).quoted())
}

/// Selects the first rows of a page. Towards the previous page the order is reversed.
pub(in crate::store) fn page(
    dialect: Dialect,
    definition: &Definition,
    query: &Query,
    rows: u64,
) -> SelectStatement {
    let mut select = Sql::select();
    for of in columns(definition) {
        if is_left_out(definition, query, of) {
            select.expr_as(Expr::cust("NULL"), column(dialect, definition, of));
        } else {
            select.column(column(dialect, definition, of));
        }
    }
    matching(dialect, definition, query, &mut select);
    select.limit(rows);
    select
}

/// Selects the total size of each row's long values, for the rows of a page and the one after it.
pub(in crate::store) fn sizes(dialect: Dialect, definition: &Definition, query: &Query) -> SelectStatement {
    let long = long_columns(definition).filter(|(of, _)| !is_left_out(definition, query, *of));
    let mut select = Sql::select();
    select.expr(Expr::cust(total_size(dialect, definition, long.map(|(of, _)| of))));
    matching(dialect, definition, query, &mut select);
    select.limit(query.paging.limit() + 1);
    select
}

/// Returns the expression for the size of a row's long values.
pub(in crate::store) fn row_size(dialect: Dialect, definition: &Definition) -> String {
    total_size(dialect, definition, long_columns(definition).map(|(of, _)| of))
}

fn total_size(dialect: Dialect, definition: &Definition, columns: impl Iterator<Item = Column>) -> String {
    let size = |of: Column| {
        let name = column(dialect, definition, of).quoted();
        match (dialect, of.kind(definition)) {
            (Dialect::Postgres, Kind::Json) => format!("coalesce(octet_length({name}::text), 0)::bigint"),
            (Dialect::Postgres, _) => format!("coalesce(octet_length({name}), 0)::bigint"),
            (Dialect::Sqlite, _) => format!("coalesce(octet_length({name}), 0)"),
        }
    };
    // PostgreSQL would take a bare zero for a shorter integer.
    let zero = "CAST(0 AS bigint)".to_owned();
    sum(&std::iter::once(zero).chain(columns.map(size)).collect::<Vec<_>>())
}

/// Returns the columns whose values may be long, with the size of the longest value if there is one.
pub(in crate::store) fn long_columns(
    definition: &Definition,
) -> impl Iterator<Item = (Column, Option<usize>)> {
    /// Maximum length of a character in UTF-8.
    const MAX_CHARACTER: usize = 4;
    let longest = |length: u32| usize::try_from(length).ok()?.checked_mul(MAX_CHARACTER);
    columns(definition).into_iter().filter_map(move |of| {
        let longest = match of.kind(definition) {
            Kind::String { max_length } => longest(max_length),
            Kind::Text { max_length } => max_length.and_then(longest),
            Kind::Binary { .. } | Kind::Json | Kind::Id | Kind::Enum { .. } => None,
            _ => return None,
        };
        Some((of, longest))
    })
}

/// Returns the sum of these terms. It is balanced, because databases limit the depth of an expression.
fn sum(terms: &[String]) -> String {
    match terms {
        [] => "0".into(),
        [term] => term.clone(),
        terms => {
            let (left, right) = terms.split_at(terms.len() / 2);
            format!("({} + {})", sum(left), sum(right))
        }
    }
}

/// Restricts a statement to the rows from the beginning of a page, in its order.
fn matching(dialect: Dialect, definition: &Definition, query: &Query, select: &mut SelectStatement) {
    select.from(table(&definition.name));
    if let Some(wanted) = &query.filter {
        select.cond_where(filter::condition(dialect, definition, wanted));
    }
    if let Paging::Keyset { from: Some(from), towards, .. } = &query.paging {
        select.cond_where(beyond(dialect, definition, &query.order, from, *towards));
    }
    let towards = match &query.paging {
        Paging::Offset { offset, .. } => {
            select.offset(*offset);
            Towards::Next
        }
        Paging::Keyset { towards, .. } => *towards,
    };
    for order in &query.order {
        let sort = match direction(order, towards) {
            Direction::Ascending => Sort::Asc,
            Direction::Descending => Sort::Desc,
        };
        order_by(select, dialect, definition, order.column, sort);
    }
}

/// Returns whether a page need not read a column: long columns that are not requested.
pub(in crate::store) fn is_left_out(definition: &Definition, query: &Query, of: Column) -> bool {
    let kind = of.kind(definition);
    let is_long = matches!(kind, Kind::Binary { .. } | Kind::Json | Kind::Text { .. } | Kind::String { .. });
    let is_requested = query.fields.as_ref().is_none_or(|fields| fields.contains(&of));
    of != Column::Key && is_long && !is_requested && !query.order.iter().any(|order| order.column == of)
}

/// Counts the matching rows, up to `cap`.
pub(in crate::store) fn count(
    dialect: Dialect,
    definition: &Definition,
    query: &Query,
    cap: Option<u64>,
) -> SelectStatement {
    let mut matching = Sql::select();
    matching.expr(Expr::val(1)).from(table(&definition.name));
    if let Some(wanted) = &query.filter {
        matching.cond_where(filter::condition(dialect, definition, wanted));
    }
    if let Some(cap) = cap {
        matching.limit(cap);
    }
    let mut count = Sql::select();
    count.expr(Func::count(Expr::cust("*"))).from_subquery(matching, Alias::new("matching"));
    count
}

/// Counts the matching rows by the values of some columns. Selects the largest groups, and one more than the
/// limit, if there is one.
pub(in crate::store) fn groups(
    dialect: Dialect,
    definition: &Definition,
    query: &GroupQuery,
) -> SelectStatement {
    let mut select = Sql::select();
    // No field can have this name.
    let rows = Alias::new("__rows");
    select.from(table(&definition.name));
    for of in &query.columns {
        select
            .column(column(dialect, definition, *of))
            .add_group_by([Expr::col(column(dialect, definition, *of))]);
    }
    select.expr_as(Func::count(Expr::cust("*")), rows.clone());
    if let Some(wanted) = &query.filter {
        select.cond_where(filter::condition(dialect, definition, wanted));
    }
    select.order_by(rows, Sort::Desc);
    for of in &query.columns {
        order_by(&mut select, dialect, definition, *of, Sort::Asc);
    }
    select.limit(query.limit + 1);
    select
}

/// Orders by a column, with nulls before all other values.
fn order_by(select: &mut SelectStatement, dialect: Dialect, definition: &Definition, of: Column, sort: Sort) {
    let by = column(dialect, definition, of);
    if prefix::is_indexed_by_prefix(dialect, definition, of) {
        // The order of the whole texts includes that of their beginnings, which the index gives.
        let nulls = if sort == Sort::Asc { NullOrdering::First } else { NullOrdering::Last };
        let beginning = prefix::beginning_of(Expr::col(by.clone()));
        select.order_by_expr_with_nulls(beginning, sort.clone(), nulls);
    }
    // SQLite sorts nulls first by default. For columns without nulls PostgreSQL must not be told so, or it
    // could not use the key's index.
    match (dialect, of, &sort) {
        (Dialect::Postgres, Column::Field(_), Sort::Asc) => {
            select.order_by_with_nulls(by, sort, NullOrdering::First);
        }
        (Dialect::Postgres, Column::Field(_), _) => {
            select.order_by_with_nulls(by, sort, NullOrdering::Last);
        }
        _ => {
            select.order_by(by, sort);
        }
    }
}

fn direction(order: &Order, towards: Towards) -> Direction {
    match (order.direction, towards) {
        (direction, Towards::Next) => direction,
        (Direction::Ascending, Towards::Previous) => Direction::Descending,
        (Direction::Descending, Towards::Previous) => Direction::Ascending,
    }
}

/// Returns the condition for rows beyond a position: greater in the first column, or equal there and greater
/// in the second, and so on.
fn beyond(
    dialect: Dialect,
    definition: &Definition,
    orders: &[Order],
    from: &[Value],
    towards: Towards,
) -> Cond {
    let mut any = Cond::any();
    let mut equal = Cond::all();
    for (order, value) in orders.iter().zip(from) {
        let subject = || Expr::col(column(dialect, definition, order.column));
        let bound = || bind(dialect, &order.column.kind(definition), value);
        let nullable = matches!(order.column, Column::Field(_));
        let further = match (direction(order, towards), value.is_null()) {
            (Direction::Ascending, true) => Some(Cond::all().add(subject().is_not_null())),
            (Direction::Ascending, false) => Some(Cond::all().add(subject().gt(bound()))),
            (Direction::Descending, true) => None,
            (Direction::Descending, false) => {
                let less = Cond::any().add(subject().lt(bound()));
                Some(if nullable { less.add(subject().is_null()) } else { less })
            }
        };
        if let Some(further) = further {
            any = any.add(equal.clone().add(further));
        }
        let same = if value.is_null() { subject().is_null() } else { subject().eq(bound()) };
        equal = equal.add(same);
    }
    // Repeats the bound of the first column, so that an index scan can start there.
    let first = orders
        .first()
        .zip(from.first())
        .filter(|(order, value)| !value.is_null() && !matches!(order.column, Column::Field(_)));
    let Some((order, value)) = first else { return any };
    let subject = Expr::col(column(dialect, definition, order.column));
    let bound = bind(dialect, &order.column.kind(definition), value);
    let start = match direction(order, towards) {
        Direction::Ascending => subject.gte(bound),
        Direction::Descending => subject.lte(bound),
    };
    Cond::all().add(start).add(any)
}
