//! Converts values to a different type, value by value: those of all rows in short transactions between the writes of
//! others, and in the final transaction those written since. A trigger sets the new value of a row to null whenever
//! its old one is written, which marks it as not converted.

use sqlx::{
    AssertSqlSafe,
    postgres::{PgArguments, PgRow},
};

use super::{
    grow::{BATCH_PAUSE, BATCH_ROWS},
    index,
    plan::{FillMethod, MovedField, Plan},
    progress::MigrationProgress,
    session::{BY_ANY, BY_KEY, Halt, MigrationSession},
};
use crate::{
    schema::Value,
    store::{
        migrate::FieldCheck,
        postgres::{columns, error::ErrorClass},
    },
};

/// Number of rows that may be left for the final transaction.
const FEW_ROWS: u64 = 500;

/// Maximum number of passes over the table, if rows are written faster than they are converted.
const MAX_PASSES: u32 = 10;

/// The columns to convert.
struct Conversion<'a> {
    plan: &'a Plan,
    moved: Vec<&'a MovedField>,
    checks: Vec<FieldCheck<'a>>,
    /// Selects the key and the old values of rows that are not converted.
    select: String,
    /// Updates the new values of rows by key.
    update: String,
}

/// Converts rows until few are left, while writes go on. Values that do not fit are left for the check that follows.
pub(super) async fn between_writes(
    session: &mut MigrationSession,
    plan: &Plan,
    progress: &mut MigrationProgress,
) -> Result<(), Halt> {
    let Some(conversion) = Conversion::of(plan) else { return Ok(()) };
    // The final transaction is synced to disk, and all earlier ones with it. Rows whose conversion a crash undoes
    // are converted again.
    session.execute(&format!("SET synchronous_commit = off; {BY_KEY}")).await?;
    for _ in 0..MAX_PASSES {
        if pass(session, &conversion, progress).await? <= FEW_ROWS {
            break;
        }
    }
    session.execute(&format!("SET synchronous_commit = on; {BY_ANY}")).await?;
    Ok(())
}

/// Converts the rows that are left, in the final transaction.
pub(super) async fn rest(session: &mut MigrationSession, plan: &Plan) -> Result<(), Halt> {
    let Some(conversion) = Conversion::of(plan) else { return Ok(()) };
    session.execute(&format!("DECLARE rest NO SCROLL CURSOR FOR {}", conversion.select)).await?;
    session.execute(BY_KEY).await?;
    loop {
        let rows = session.fetch(&format!("FETCH {BATCH_ROWS} FROM rest")).await?;
        let batch = conversion.convert(&rows)?;
        if let Some(key) = batch.unfit {
            // All rows were checked before. A value that does not fit now is a defect, and must not be lost.
            return Err(Halt::Refused(format!("the value of row {key:?} cannot be converted")));
        }
        conversion.store(session, &batch).await?;
        if rows.len() < BATCH_ROWS {
            break;
        }
    }
    session.execute(&format!("CLOSE rest; {BY_ANY}")).await?;
    Ok(())
}

/// Goes through the table once, in key order. Returns the number of converted rows.
async fn pass(
    session: &mut MigrationSession,
    conversion: &Conversion<'_>,
    progress: &mut MigrationProgress,
) -> Result<u64, Halt> {
    let (mut after, mut converted) = (None, 0);
    loop {
        let batch = match conversion.step(session, after.as_ref()).await {
            // A writer holds a row; it goes first.
            Err(Halt::Sql(error)) if ErrorClass::of(&error) == ErrorClass::Again => {
                session.rollback().await?;
                tokio::time::sleep(BATCH_PAUSE).await;
                continue;
            }
            batch => batch?,
        };
        converted += batch.keys.len() as u64;
        progress.advance(session, batch.rows as u64).await?;
        if batch.rows < BATCH_ROWS {
            return Ok(converted);
        }
        after = batch.last;
        tokio::time::sleep(BATCH_PAUSE).await;
    }
}

/// Converted values of several rows.
#[derive(Default)]
struct ConvertedRows {
    keys: Vec<Value>,
    /// The values of each column.
    values: Vec<Vec<Value>>,
    /// Number of rows that were read, and the key of the last one.
    rows: usize,
    last: Option<Value>,
    /// Key of a row with a value that does not fit.
    unfit: Option<Value>,
}

impl<'a> Conversion<'a> {
    /// Returns the conversion of a migration; `None` if it converts nothing.
    fn of(plan: &'a Plan) -> Option<Self> {
        let moved: Vec<&MovedField> =
            plan.moved.iter().filter(|moved| moved.how == FillMethod::Convert).collect();
        if moved.is_empty() {
            return None;
        }
        let pairs: Vec<(usize, usize)> = moved.iter().map(|moved| (moved.from, moved.to)).collect();
        let checks = FieldCheck::of_pairs(&plan.old.definition, &plan.new, &pairs);
        let sources: Vec<String> = moved.iter().filter_map(|moved| plan.source(moved)).collect();
        let missing: Vec<String> = moved
            .iter()
            .filter_map(|moved| Some((plan.temporary(moved)?, plan.source(moved)?)))
            .map(|(new, old)| format!("({new} IS NULL AND {old} IS NOT NULL)"))
            .collect();
        let select = format!(
            "SELECT {}, {} FROM {} WHERE ({})",
            plan.key(),
            sources.join(", "),
            plan.table,
            missing.join(" OR ")
        );
        let update = update(plan, &moved);
        Some(Self { plan, moved, checks, select, update })
    }

    /// Converts the next rows after a key, in a transaction of its own.
    async fn step(
        &self,
        session: &mut MigrationSession,
        after: Option<&Value>,
    ) -> Result<ConvertedRows, Halt> {
        let (key, kind) = (self.plan.key(), &self.plan.old.definition.key.kind);
        let mut arguments = PgArguments::default();
        let beyond = match after {
            Some(after) => {
                columns::bind(&mut arguments, kind, std::iter::once(after))?;
                format!("AND {key} > ($1{})[1]", columns::array_cast(kind))
            }
            None => String::new(),
        };
        session.begin("").await?;
        let page = format!("{} {beyond} ORDER BY {key} LIMIT {BATCH_ROWS} FOR UPDATE", self.select);
        let rows = sqlx::query_with(AssertSqlSafe(page), arguments);
        let rows = rows.fetch_all(&mut session.connection).await?;
        let batch = self.convert(&rows)?;
        self.store(session, &batch).await?;
        session.commit().await?;
        Ok(batch)
    }

    /// Converts the values of rows. A row with a value that does not fit is left out.
    fn convert(&self, rows: &[PgRow]) -> sqlx::Result<ConvertedRows> {
        let old = &self.plan.old.definition;
        let mut batch = ConvertedRows { rows: rows.len(), ..ConvertedRows::default() };
        batch.values.resize_with(self.checks.len(), Vec::new);
        for row in rows {
            let key = columns::value(row, 0, &old.key.kind)?;
            let mut converted = Vec::with_capacity(self.checks.len());
            for (place, check) in self.checks.iter().enumerate() {
                let value = columns::value(row, place + 1, &check.before().kind)?;
                converted.extend(check.convert(&value));
            }
            if converted.len() == self.checks.len() {
                batch.values.iter_mut().zip(converted).for_each(|(values, value)| values.push(value));
                batch.keys.push(key.clone());
            } else {
                batch.unfit = Some(key.clone());
            }
            batch.last = Some(key);
        }
        Ok(batch)
    }

    /// Stores converted values.
    async fn store(&self, session: &mut MigrationSession, batch: &ConvertedRows) -> Result<(), Halt> {
        if batch.keys.is_empty() {
            return Ok(());
        }
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, &self.plan.old.definition.key.kind, batch.keys.iter())?;
        for (moved, values) in self.moved.iter().zip(&batch.values) {
            let Some(field) = self.plan.new_field(moved.to) else { continue };
            columns::bind(&mut arguments, &field.kind, values.iter())?;
        }
        let query = sqlx::query_with(AssertSqlSafe(self.update.as_str()), arguments);
        match query.execute(&mut session.connection).await {
            Err(error) => Err(index::refused_duplicates(self.plan, error)),
            Ok(_) => Ok(()),
        }
    }
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
