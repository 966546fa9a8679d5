//! Converts values to a different type, in the final transaction, while writes wait. Reads go on: they see
//! the old column until the commit.

use sqlx::{AssertSqlSafe, postgres::PgArguments};

use super::{
    check,
    plan::{FillMethod, MovedField, Plan},
    progress::MigrationProgress,
    session::{BY_ANY, BY_KEY, Halt, MigrationSession},
};
use crate::{
    schema::Value,
    store::{migrate::FieldCheck, postgres::columns},
};

/// Fills all converted columns.
pub(super) async fn all(
    session: &mut MigrationSession,
    plan: &Plan,
    progress: &mut MigrationProgress,
) -> Result<(), Halt> {
    let converted: Vec<&MovedField> =
        plan.moved.iter().filter(|moved| moved.how == FillMethod::Convert).collect();
    if converted.is_empty() {
        return Ok(());
    }
    let old = &plan.old.definition;
    let pairs: Vec<(usize, usize)> = converted.iter().map(|moved| (moved.from, moved.to)).collect();
    let checks = FieldCheck::of_pairs(old, &plan.new, &pairs);
    let update = update(plan, &converted);
    session.execute(BY_KEY).await?;
    let mut after: Option<Value> = None;
    loop {
        let rows = check::page(&mut session.connection, old, &checks, after.as_ref()).await?;
        let mut keys = Vec::with_capacity(rows.len());
        let mut values: Vec<Vec<Value>> = vec![Vec::with_capacity(rows.len()); checks.len()];
        for row in &rows {
            keys.push(columns::value(row, 0, &old.key.kind)?);
            for (place, (check, values)) in checks.iter().zip(&mut values).enumerate() {
                let Some(moved) = converted.get(place) else { continue };
                let Some(field) = plan.old_field(moved.from) else { continue };
                let value = columns::value(row, place + 1, &field.kind)?;
                values.push(fitting(check, &value, keys.last())?);
            }
        }
        let Some(last) = keys.last().cloned() else { return Ok(session.execute(BY_ANY).await?) };
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &old.key.kind, keys.iter())?;
        for (moved, values) in converted.iter().zip(&values) {
            let Some(field) = plan.new_field(moved.to) else { continue };
            columns::bind(&mut arguments, &field.kind, values.iter())?;
        }
        let query = sqlx::query_with(AssertSqlSafe(update.as_str()), arguments);
        query.execute(&mut session.connection).await?;
        progress.done = (progress.done + rows.len() as u64).min(progress.total);
        after = Some(last);
    }
}

fn fitting(check: &FieldCheck<'_>, value: &Value, key: Option<&Value>) -> Result<Value, Halt> {
    // All rows were checked before. A value that does not fit now is a defect, and must not be lost.
    check.convert(value).ok_or_else(|| Halt::Refused(format!("the value of row {key:?} cannot be converted")))
}

fn update(plan: &Plan, converted: &[&MovedField]) -> String {
    let (mut sets, mut arrays, mut names) = (Vec::new(), Vec::new(), vec!["k".to_owned()]);
    arrays.push(format!("$1{}", columns::array_cast(&plan.old.definition.key.kind)));
    for (place, moved) in converted.iter().enumerate() {
        let (Some(temporary), Some(field)) = (plan.temporary(moved), plan.new_field(moved.to)) else {
            continue;
        };
        sets.push(format!("{temporary} = n.c{place}"));
        arrays.push(format!("${}{}", place + 2, columns::array_cast(&field.kind)));
        names.push(format!("c{place}"));
    }
    format!(
        "UPDATE {} AS t SET {} FROM UNNEST({}) AS n({}) WHERE t.{} = n.k",
        plan.table,
        sets.join(", "),
        arrays.join(", "),
        names.join(", "),
        plan.key()
    )
}
