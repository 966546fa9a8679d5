//! Saves many rows of one storage.

use serde_json::Value as Json;

use super::{
    OnConflict, Rows,
    many::{self, Item, Options, WriteOrigin, WriteResults},
    write::{object, with_condition},
};
use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    idempotency::{Fingerprint, Idempotency, RequestKey},
    json,
    memory::MemoryShare,
    schema::InForce,
    store::{Expect, Write},
    validate,
    write_result::FailedWrite,
};

/// Maximum number of rows in one request.
pub const MAX_BULK_ROWS: usize = 10_000;

/// Options for saving many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BulkOptions {
    /// Treatment of rows whose key exists.
    pub on_conflict: OnConflict,
    /// True if either all rows are stored or none.
    pub is_atomic: bool,
    /// True if nothing is stored, but the results are those that the rows would have.
    pub is_dry_run: bool,
}

/// Saves rows, in order, once per idempotency key. A dry run ignores the key.
pub(crate) async fn save_many(
    context: &Context,
    idempotency: &Idempotency,
    storage: &str,
    records: Vec<Json>,
    options: BulkOptions,
    key: Option<RequestKey>,
) -> Result<WriteResults> {
    check_count(records.len())?;
    let reservation = match key.filter(|_| !options.is_dry_run) {
        None => None,
        Some(key) => {
            let request = fingerprint(storage, &records, options);
            let (reservation, found) = idempotency.reserve(key, request).await?;
            if let Some(answer) = found {
                return many::replayed(context, answer).await;
            }
            Some(reservation)
        }
    };
    let rows = Rows::open(context, storage)?;
    let in_force = rows.writable()?;
    let items = records.into_iter().enumerate().map(|(index, record)| {
        let place = Place::body().index(index);
        let origin = WriteOrigin { row: place.clone(), place, storage: storage.to_owned() };
        let write = rows.bulk_write(&in_force, record, options.on_conflict, &origin);
        write.map(|write| Item { origin, write })
    });
    let items = items.collect::<Result<Vec<Item>>>()?;
    let BulkOptions { is_atomic, is_dry_run, .. } = options;
    many::commit(context, items, Options { is_atomic, is_dry_run }, reservation).await
}

/// Returns the fingerprint of a request, which must stay the same in all versions of this program.
fn fingerprint(storage: &str, records: &[Json], options: BulkOptions) -> Fingerprint {
    let BulkOptions { on_conflict, is_atomic, .. } = options;
    let atomic = if is_atomic { "atomic" } else { "independent" };
    let head = ["bulk", storage, on_conflict.name(), atomic].map(str::to_owned);
    Fingerprint::of(head.into_iter().chain(records.iter().map(Json::to_string)))
}

/// Parses the rows of a request: a JSON array, or one row per line. Their memory is taken from `memory`.
pub(crate) fn parse(body: &[u8], memory: &mut MemoryShare) -> Result<Vec<Json>> {
    let mut records = Vec::new();
    json::each_item(body, |record| {
        if records.len() == MAX_BULK_ROWS {
            return Err(too_many());
        }
        memory.grow(json::array_size(std::slice::from_ref(&record))).map_err(|_| Error::Overloaded)?;
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

fn check_count(count: usize) -> Result<()> {
    match count {
        0 => Err(Error::Settings(vec![Fault::new(Place::body(), "empty", "send at least one row")])),
        1..=MAX_BULK_ROWS => Ok(()),
        _ => Err(too_many()),
    }
}

fn too_many() -> Error {
    let detail =
        format!("more than {MAX_BULK_ROWS} rows, the limit per request: send them in several requests");
    Error::Settings(vec![Fault::new(Place::body(), "too-many", detail)])
}

impl Rows {
    /// Returns the write of one row, or why it is not valid.
    fn bulk_write(
        &self,
        in_force: &std::sync::Arc<InForce>,
        record: Json,
        on_conflict: OnConflict,
        origin: &WriteOrigin,
    ) -> Result<Result<Write, FailedWrite>> {
        let key = record.get(in_force.definition.key.name.as_str()).filter(|key| !key.is_null()).cloned();
        match self.bulk_row(in_force, record, on_conflict) {
            Ok(write) => Ok(Ok(write)),
            Err(Error::Invalid(faults)) => {
                Ok(Err(FailedWrite::invalid(&origin.place, &origin.storage, key, &faults)))
            }
            Err(error) => Err(error),
        }
    }

    fn bulk_row(
        &self,
        in_force: &std::sync::Arc<InForce>,
        record: Json,
        on_conflict: OnConflict,
    ) -> Result<Write> {
        object(&record)?;
        let Json::Object(record) = record else { return Err(Error::internal("a row is not an object")) };
        let expect = on_conflict.condition(Expect::Anything);
        let (fields, expect) = with_condition(in_force.definition.service(), record, expect)?;
        let ids = &self.context.ids;
        let row = match on_conflict.needs_whole_rows() {
            true => validate::row(in_force, fields, ids),
            false => validate::changes(in_force, fields, ids),
        };
        Ok(on_conflict.write(row.map_err(Error::Invalid)?, expect))
    }
}
