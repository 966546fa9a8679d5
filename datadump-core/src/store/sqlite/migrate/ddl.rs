//! The DDL for a difference, in the order of execution.

use super::super::columns::DIALECT;
use crate::{
    schema::{Definition, Difference, InForce, Task},
    store::{Column, sql},
};

/// A step of the final transaction.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Run(String),
    /// A statement that fails if rows have equal values in these unique fields.
    Unique(String, Vec<String>),
    /// Converts every value into a column that the previous step added.
    Convert {
        from: usize,
        to: usize,
    },
}

/// Returns the statements in readable form.
pub(in crate::store::sqlite) fn statements(
    in_force: &InForce,
    new: &Definition,
    difference: &Difference,
) -> Vec<String> {
    steps(in_force, new, difference)
        .into_iter()
        .map(|step| match step {
            Step::Run(text) | Step::Unique(text, _) => text,
            Step::Convert { from, to } => {
                let name = |definition: &Definition, place| {
                    sql::column(DIALECT, definition, Column::Field(place)).quoted()
                };
                let (from, to) = (name(&in_force.definition, from), name(new, to));
                format!("-- every {from} is converted to {to}, row by row, in this transaction")
            }
        })
        .collect()
}

/// Returns the steps of the final transaction. Indexes are dropped first, because an indexed column cannot be
/// dropped, and created last, when all columns have their final names.
pub(super) fn steps(in_force: &InForce, new: &Definition, difference: &Difference) -> Vec<Step> {
    let (id, old) = (in_force.storage, &in_force.definition);
    let table = sql::table(&old.name).quoted();
    let old_name = |place: usize| sql::column(DIALECT, old, Column::Field(place)).quoted();
    let new_name = |place: usize| sql::column(DIALECT, new, Column::Field(place)).quoted();
    let drop_index =
        |index| Step::Run(format!("DROP INDEX IF EXISTS {}", sql::index_name(id, index).quoted()));
    let mut steps = Vec::new();
    let tasks = || difference.changes.iter().map(|change| &change.task);
    // An index on a converted column is dropped and recreated, even if it does not change.
    let rebuilt: Vec<_> = old
        .all_indexes()
        .into_iter()
        .filter(|index| new.all_indexes().contains(index))
        .filter(|index| {
            tasks().any(|task| match task {
                Task::ConvertColumn { from, .. } => {
                    old.fields.get(*from).is_some_and(|field| index.fields.contains(&field.name))
                }
                _ => false,
            })
        })
        .collect();
    steps.extend(rebuilt.iter().map(drop_index));
    for task in tasks() {
        if let Task::DropIndex(index) = task {
            steps.push(drop_index(index));
        }
    }
    for task in tasks() {
        if let Task::DropColumn { from } = task {
            steps.push(Step::Run(format!("ALTER TABLE {table} DROP COLUMN {}", old_name(*from))));
        }
    }
    for task in tasks() {
        if let Task::ConvertColumn { from, to } = task {
            let Some(field) = new.fields.get(*to) else { continue };
            let temporary = sql::Name::temporary(&field.name).quoted();
            let column_type = sql::column_type(DIALECT, &field.kind);
            steps.push(Step::Run(format!("ALTER TABLE {table} ADD COLUMN {temporary} {column_type}")));
            steps.push(Step::Convert { from: *from, to: *to });
            steps.push(Step::Run(format!("ALTER TABLE {table} DROP COLUMN {}", old_name(*from))));
            steps.push(Step::Run(format!(
                "ALTER TABLE {table} RENAME COLUMN {temporary} TO {}",
                new_name(*to)
            )));
        }
    }
    // In two steps: a new name may differ only in case from that of another renamed column. A converted
    // column has its new name already.
    let mut names = Vec::new();
    for task in tasks() {
        if let Task::RenameColumn { from, to } = task
            && !converted(difference, *from)
            && let Some(field) = new.fields.get(*to)
        {
            names.push((old_name(*from), sql::Name::temporary(&field.name).quoted(), new_name(*to)));
        }
    }
    let rename =
        |from: &str, to: &str| Step::Run(format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"));
    steps.extend(names.iter().map(|(from, between, _)| rename(from, between)));
    steps.extend(names.iter().map(|(_, between, to)| rename(between, to)));
    for task in tasks() {
        if let Task::AddColumn { to } = task {
            steps.extend(new.fields.get(*to).map(|field| Step::Run(sql::add_column(DIALECT, &table, field))));
        }
    }
    let added = tasks().filter_map(|task| match task {
        Task::AddIndex(index) => Some(index.clone()),
        _ => None,
    });
    for index in rebuilt.into_iter().chain(added) {
        let fields = index.fields.iter().map(ToString::to_string).collect();
        steps.push(Step::Unique(sql::create_index(DIALECT, id, new, &index), fields));
    }
    steps
}

fn converted(difference: &Difference, place: usize) -> bool {
    difference
        .changes
        .iter()
        .any(|change| matches!(change.task, Task::ConvertColumn { from, .. } if from == place))
}
