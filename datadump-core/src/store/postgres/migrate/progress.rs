//! The progress of a migration, which is recorded in the catalogue and shown to users.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use super::{
    plan::Plan,
    session::{Halt, MigrationSession},
};

/// Minimum interval between two progress records.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Progress of a migration: rows times passes over them.
#[derive(Debug)]
pub(super) struct MigrationProgress {
    rows: u64,
    done: u64,
    total: u64,
    recorded_at: Instant,
}

impl MigrationProgress {
    pub(super) async fn of(session: &mut MigrationSession, plan: &Plan) -> Result<Self, Halt> {
        let scans = u64::from(!plan.difference.scans().is_empty());
        let grows = u64::from(!plan.copies("").is_empty());
        let converts = u64::from(plan.converts());
        // Rows are checked before their values are converted, too.
        let progress = (scans * (1 + converts) + grows + converts).max(u64::from(!plan.builds.is_empty()));
        let mut rows = 0;
        if progress > 0 {
            let count = AssertSqlSafe(format!("SELECT count(*) FROM {}", plan.table));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut session.connection).await?;
            rows = u64::try_from(count).unwrap_or(0);
        }
        let progress = Self { rows, done: 0, total: rows * progress, recorded_at: Instant::now() };
        session.progress(0, progress.total).await?;
        Ok(progress)
    }

    /// Counts more rows. Only recorded at intervals, because each record is a commit.
    pub(super) async fn advance(&mut self, session: &mut MigrationSession, rows: u64) -> Result<(), Halt> {
        // Rows inserted since the start were not counted.
        self.done += rows;
        self.total = self.total.max(self.done);
        if self.recorded_at.elapsed() < PROGRESS_INTERVAL {
            return Ok(());
        }
        self.recorded_at = Instant::now();
        session.progress(self.done, self.total).await
    }

    /// Marks this many passes as complete.
    pub(super) fn passed(&mut self, progress: u64) {
        self.done = self.done.max(self.rows * progress).min(self.total);
    }
}
