//! The statements of a migration, from its plan.

use std::sync::Arc;

use super::plan::{FillMethod, IndexBuild, Plan};
use crate::{
    schema::{Definition, Difference, Field, InForce, Task},
    store::sql::{self, Dialect, Name},
};

impl Plan {
    /// Returns the changes of the table before rows are scanned; each is short and can be repeated.
    pub(super) fn prepare(&self) -> Vec<String> {
        let mut statements = Vec::new();
        for moved in &self.moved {
            let (Some(name), Some(field)) = (self.temporary(moved), self.new_field(moved.to)) else {
                continue;
            };
            let column_type = sql::column_type(Dialect::Postgres, &field.kind);
            statements
                .push(format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {name} {column_type}", self.table));
        }
        let early = self.added().filter(|field| self.added_early(field));
        statements.extend(early.map(|field| sql::add_column(Dialect::Postgres, &self.table, field)));
        if !self.moved.is_empty() {
            let converted = self.moved.iter().filter(|moved| moved.how == FillMethod::Convert);
            let reset = converted.filter_map(|moved| Some(format!("NEW.{} := NULL", self.temporary(moved)?)));
            let copies: Vec<String> =
                self.copies("NEW.").into_iter().chain(reset).map(|copy| format!("{copy}; ")).collect();
            let (keep, table) = (self.keeper(), &self.table);
            statements.push(format!(
                "CREATE OR REPLACE FUNCTION {keep}() RETURNS trigger LANGUAGE plpgsql AS \
                 $keep$ BEGIN {}RETURN NEW; END $keep$",
                copies.concat()
            ));
            statements.push(format!("DROP TRIGGER IF EXISTS {keep} ON {table}"));
            // Not on the new columns, so that filling them does not fire the trigger.
            let sources: Vec<String> = self.moved.iter().filter_map(|moved| self.source(moved)).collect();
            statements.push(format!(
                "CREATE TRIGGER {keep} BEFORE INSERT OR UPDATE OF {} ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION {keep}()",
                sources.join(", ")
            ));
        }
        statements
    }

    /// Returns the statements that undo a failed migration, except its indexes.
    pub(super) fn roll_back(&self) -> Vec<String> {
        let (table, keep) = (&self.table, self.keeper());
        let mut statements = vec![
            format!("DROP TRIGGER IF EXISTS {keep} ON {table}"),
            format!("DROP FUNCTION IF EXISTS {keep}()"),
        ];
        let added = self.added().map(|field| Name::field(Dialect::Postgres, &field.name).quoted());
        for column in self.moved.iter().filter_map(|moved| self.temporary(moved)).chain(added) {
            statements.push(format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {column}"));
        }
        statements
    }

    /// Returns the statements that give the table its new form, once everything is filled and built. All of
    /// them are fast.
    pub(super) fn swap(&self) -> Vec<String> {
        let (id, table) = (self.id(), &self.table);
        let mut statements = Vec::new();
        if !self.moved.is_empty() {
            let keep = self.keeper();
            statements.push(format!("DROP TRIGGER IF EXISTS {keep} ON {table}"));
            statements.push(format!("DROP FUNCTION IF EXISTS {keep}()"));
        }
        let kept = self.new.all_indexes();
        for index in self.old.definition.all_indexes() {
            let name = sql::index_name(id, &index).quoted();
            let rebuilt = self.builds.iter().any(|build| build.final_name == name);
            if rebuilt || !kept.contains(&index) {
                statements.push(format!("DROP INDEX IF EXISTS {name}"));
            }
        }
        let column =
            |field: Option<&Field>| field.map(|field| Name::field(Dialect::Postgres, &field.name).quoted());
        for change in &self.difference.changes {
            if let Task::DropColumn { from } = change.task {
                let name = column(self.old_field(from)).unwrap_or_default();
                statements.push(format!("ALTER TABLE {table} DROP COLUMN IF EXISTS {name}"));
            }
        }
        for moved in &self.moved {
            let (Some(source), Some(temporary)) = (self.source(moved), self.temporary(moved)) else {
                continue;
            };
            let name = column(self.new_field(moved.to)).unwrap_or_default();
            statements.push(format!("ALTER TABLE {table} DROP COLUMN {source}"));
            statements.push(format!("ALTER TABLE {table} RENAME COLUMN {temporary} TO {name}"));
        }
        for change in &self.difference.changes {
            match change.task {
                // A moved column has its new name already.
                Task::RenameColumn { from, to } if !self.moved.iter().any(|moved| moved.from == from) => {
                    let old = column(self.old_field(from)).unwrap_or_default();
                    let new = column(self.new_field(to)).unwrap_or_default();
                    statements.push(format!("ALTER TABLE {table} RENAME COLUMN {old} TO {new}"));
                }
                _ => {}
            }
        }
        for field in self.added() {
            if !self.added_early(field) {
                statements.push(sql::add_column(Dialect::Postgres, table, field));
            }
            statements.push(format!(
                "ALTER TABLE {table} ALTER COLUMN {} DROP DEFAULT",
                Name::field(Dialect::Postgres, &field.name).quoted()
            ));
        }
        for build in self.builds.iter().filter(|build| build.name != build.final_name) {
            statements.push(format!("ALTER INDEX {} RENAME TO {}", build.name, build.final_name));
        }
        statements
    }

    /// Returns the statement that builds an index.
    pub(super) fn create_index(&self, build: &IndexBuild) -> String {
        let name = format!("CONCURRENTLY {}", build.name);
        sql::create_index_on(Dialect::Postgres, build.index.kind, &name, &self.table, &build.columns)
    }
}

/// Returns all statements in order, in readable form.
pub(in crate::store::postgres) fn statements(
    in_force: &Arc<InForce>,
    definition: &Definition,
    difference: &Difference,
) -> Vec<String> {
    let plan = Plan::new(in_force.clone(), Arc::new(definition.clone()), difference.clone());
    let mut statements = plan.prepare();
    let copies = plan.copies("");
    if !copies.is_empty() {
        statements.push(format!("UPDATE {} AS t SET {} -- in batches", plan.table, copies.join(", ")));
    }
    for moved in plan.moved.iter().filter(|moved| moved.how == FillMethod::Convert) {
        if let (Some(from), Some(to)) = (plan.source(moved), plan.temporary(moved)) {
            statements.push(format!("-- every {from} is converted into {to}, value by value, in batches"));
        }
    }
    statements.extend(plan.builds.iter().map(|build| plan.create_index(build)));
    statements.push("BEGIN -- writes to this storage wait from here on, reads go on".into());
    if plan.converts() {
        statements.push("-- values written since are converted".into());
    }
    statements.extend(plan.swap());
    let wider = plan.wider().map(|(field, column_type)| widen(&plan.table, field, &column_type));
    statements.extend(wider);
    statements.push("COMMIT".into());
    statements
}

/// Returns the statement that raises the limit of a column.
pub(super) fn widen(table: &str, field: &Field, column_type: &str) -> String {
    format!(
        "ALTER TABLE {table} ALTER COLUMN {} TYPE {column_type}",
        Name::field(Dialect::Postgres, &field.name).quoted()
    )
}
