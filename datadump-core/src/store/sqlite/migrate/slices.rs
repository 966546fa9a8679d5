//! Changes rows in slices: short transactions of the writer, with other writes in between.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::super::{columns::Bind, error::map, inner::Inner, writer::Writer};
use crate::{error::Result, schema::Value};

/// Time limit for the statements of a slice, during which other writes wait.
pub(in crate::store::sqlite) const SLICE_TIME: Duration = Duration::from_millis(25);

/// Maximum pause after a slice.
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Number of rows between two looks at the clock.
const ROWS_PER_LOOK: usize = 8;

/// New values for some columns of the row with a key.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) key: Value,
    pub(super) values: Vec<Value>,
}

/// Executes `update` with each patch. `check` runs on the writer's thread before each slice.
pub(super) async fn apply(
    inner: &Inner,
    update: &Arc<str>,
    patches: Vec<Patch>,
    check: impl Fn(&Writer) -> Result<()> + Clone + Send + 'static,
) -> Result<()> {
    let (patches, mut done) = (Arc::new(patches), 0);
    while done < patches.len() {
        let (update, rest, check) = (update.clone(), patches.clone(), check.clone());
        let slice = inner.on_writer(move |writer| {
            check(writer)?;
            let began = Instant::now();
            let count = slice(writer, &update, rest.get(done..).unwrap_or_default())?;
            Ok((count, began.elapsed()))
        });
        let (count, took) = slice.await?;
        done += count;
        // The writer has as much time for others.
        tokio::time::sleep(took.min(MAX_PAUSE)).await;
    }
    Ok(())
}

/// Returns how many of the patches were done in the time for a slice.
fn slice(writer: &mut Writer, update: &str, patches: &[Patch]) -> Result<usize> {
    writer.transact(|connection| {
        let began = Instant::now();
        let mut update = connection.prepare_cached(update).map_err(map)?;
        let mut done = 0;
        for patch in patches {
            let values = patch.values.iter().chain([&patch.key]).map(Bind);
            update.execute(rusqlite::params_from_iter(values)).map_err(map)?;
            done += 1;
            if done % ROWS_PER_LOOK == 0 && began.elapsed() >= SLICE_TIME {
                break;
            }
        }
        Ok(done)
    })
}
