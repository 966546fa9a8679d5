//! The final step of a migration: one transaction that puts the new version in force.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};

use super::{
    super::{
        columns::{self, Bind, DIALECT},
        error::map,
        open, read, system,
        writer::Writer,
    },
    ddl::{self, Step},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, Difference, InForce, Value, evolve},
    store::{Column, Storage, declare as rules, migrate::check_rows, sql},
};

/// Applies the pending version. `scan_start` is the timestamp of the last row written before the scan.
pub(super) fn finish(writer: &mut Writer, storage: &Arc<Storage>, scan_start: Timestamp) -> Result<()> {
    let now = writer.options.clock.now();
    let id = storage.id;
    let new = storage.migration.definition.clone();
    open::yield_while_running(&writer.connection)?;
    let applied = writer.transact(|connection| {
        let mut dropped = storage.dropped.clone();
        match &storage.in_force {
            None => {
                for statement in sql::create_table(DIALECT, id, &new) {
                    connection.execute_batch(&statement).map_err(map)?;
                }
            }
            Some(in_force) => {
                let difference = evolve::difference(&in_force.definition, &new, &storage.dropped);
                check_latest(connection, &in_force.definition, &new, &difference, scan_start)?;
                for step in ddl::steps(in_force, &new, &difference) {
                    run(connection, in_force, &new, &step)?;
                }
                dropped = difference.dropped(&in_force.definition, &dropped);
            }
        }
        let put_in_force = rules::put_in_force(DIALECT, storage, &dropped, now)?;
        put_in_force.iter().try_for_each(|update| system::execute(connection, update))?;
        system::load_one(connection, id)
    });
    let paced = open::stop_yielding(&writer.connection);
    writer.catalogue.put(applied?);
    // Drops cached statements, which refer to the old table.
    writer.connection.flush_prepared_statement_cache();
    writer.statements.remove(&id);
    paced
}

/// Checks the rows written since the scan began. The writer's timestamps never repeat or go back.
fn check_latest(
    connection: &Connection,
    old: &Definition,
    new: &Definition,
    difference: &Difference,
    scan_start: Timestamp,
) -> Result<()> {
    if difference.scans().is_empty() {
        return Ok(());
    }
    let condition = format!("WHERE {} > ?", sql::column(DIALECT, old, Column::UpdatedAt).quoted());
    let parameters = [Bind(&Value::Timestamp(scan_start))];
    read::each_row(connection, old, &condition, parameters, |row| check_rows(old, new, difference, &[row]))
}

fn run(connection: &Connection, in_force: &InForce, new: &Definition, step: &Step) -> Result<()> {
    match step {
        Step::Run(text) => connection.execute_batch(text).map_err(map),
        Step::Unique(text, fields) => {
            connection.execute_batch(text).map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation) => {
                    let fields = fields.join(", ");
                    Error::internal(format!("{fields} cannot be unique: several rows have the same value"))
                }
                _ => map(error),
            })
        }
        Step::Convert { from, to } => convert(connection, &in_force.definition, new, *from, *to),
    }
}

/// Fills the temporary column, in chunks by key.
fn convert(
    connection: &Connection,
    old: &Definition,
    new: &Definition,
    from: usize,
    to: usize,
) -> Result<()> {
    let (Some(before), Some(after)) = (old.fields.get(from), new.fields.get(to)) else { return Ok(()) };
    let table = sql::table(&old.name).quoted();
    let temporary = sql::Name::temporary(&after.name).quoted();
    let key_name = sql::column(DIALECT, old, Column::Key).quoted();
    let source = sql::column(DIALECT, old, Column::Field(from)).quoted();
    let chunk = format!(
        "SELECT {key_name}, {source} FROM {table} WHERE (?1 IS NULL OR {key_name} > ?1) ORDER BY {key_name} LIMIT 2000"
    );
    let update = format!("UPDATE {table} SET {temporary} = ? WHERE {key_name} = ?");
    let mut select = connection.prepare(&chunk).map_err(map)?;
    let mut update = connection.prepare(&update).map_err(map)?;
    let mut last = Value::Null;
    loop {
        let rows = select
            .query_map([Bind(&last)], |row| {
                Ok((columns::read(&old.key.kind, row, 0)?, columns::read(&before.kind, row, 1)?))
            })
            .map_err(map)?;
        let rows: Vec<(Value, Value)> = rows.collect::<Result<_, _>>().map_err(map)?;
        let Some((key, _)) = rows.last() else { return Ok(()) };
        last = key.clone();
        for (key, value) in &rows {
            let converted = evolve::fitting(value, before, after);
            let converted = converted.ok_or_else(|| {
                let key = key.to_json(&old.key.kind);
                Error::internal(format!("field `{}`: the value of row {key} cannot be converted", after.name))
            })?;
            update.execute([Bind(&converted), Bind(key)]).map_err(map)?;
        }
    }
}
