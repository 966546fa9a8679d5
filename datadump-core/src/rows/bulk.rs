//! Saves many rows of one storage.

use serde_json::Value as Json;

use super::{
    OnConflict, Rows,
    many::{self, Facts, Item, Options, WriteResults},
    write::{object, with_condition},
};
use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    idempotency::{Fingerprint, Idempotency, RequestKey},
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
            let head = ["bulk".to_owned(), storage.to_owned(), format!("{options:?}")];
            let request = Fingerprint::of(head.into_iter().chain(records.iter().map(Json::to_string)));
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
        let facts = Facts { row: place.clone(), place, storage: storage.to_owned() };
        let write = rows.bulk_write(&in_force, record, options.on_conflict, &facts);
        write.map(|write| Item { facts, write })
    });
    let items = items.collect::<Result<Vec<Item>>>()?;
    let BulkOptions { is_atomic, is_dry_run, .. } = options;
    many::commit(context, items, Options { is_atomic, is_dry_run }, reservation).await
}

fn check_count(count: usize) -> Result<()> {
    let (code, detail) = match count {
        0 => ("empty", "send at least one row".to_owned()),
        1..=MAX_BULK_ROWS => return Ok(()),
        _ => ("too-many", format!("{count} rows exceed the limit of {MAX_BULK_ROWS} rows per request")),
    };
    Err(Error::Settings(vec![Fault::new(Place::body(), code, detail)]))
}

impl Rows {
    /// Returns the write of one row, or why it is not valid.
    fn bulk_write(
        &self,
        in_force: &std::sync::Arc<InForce>,
        record: Json,
        on_conflict: OnConflict,
        facts: &Facts,
    ) -> Result<Result<Write, FailedWrite>> {
        let key = record.get(in_force.definition.key.name.as_str()).filter(|key| !key.is_null()).cloned();
        match self.bulk_row(in_force, record, on_conflict) {
            Ok(write) => Ok(Ok(write)),
            Err(Error::Invalid(faults)) => {
                Ok(Err(FailedWrite::invalid(&facts.place, &facts.storage, key, &faults)))
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
        let expect = match on_conflict {
            OnConflict::Merge | OnConflict::Replace => Expect::Anything,
            OnConflict::Ignore => Expect::Keep(None),
            OnConflict::Error => Expect::Absent,
        };
        let (fields, expect) = with_condition(in_force.definition.service(), record, expect)?;
        let ids = &self.context.ids;
        match on_conflict {
            OnConflict::Replace => {
                let row = validate::row(in_force, fields, ids).map_err(Error::Invalid)?;
                Ok(Write::put(row, expect))
            }
            OnConflict::Merge | OnConflict::Ignore | OnConflict::Error => {
                let row = validate::changes(in_force, fields, ids).map_err(Error::Invalid)?;
                Ok(Write::merge(row, expect))
            }
        }
    }
}
