//! Records → rows, in the storages they go to, together with what goes to quarantine: one call of
//! the store, and the receipt.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;
use tokio::task::coop::consume_budget;

use super::{
    entry::{Seed, Step, Trouble},
    grow::Target,
    parts::{Original, Part, settle},
};
use crate::{
    dump::{
        Dump,
        hub::Heard,
        once::{Recorded, Slot, recorded},
        rows::with_condition,
    },
    error::{Error, Fault, Result},
    id::Ids,
    receipt::{Receipt, Remark},
    record::{Origin, Record},
    schema::{InForce, Kind, Row, StorageName, StoredRow, definition::EXTRA},
    store::{Expect, OnFailure, Outcome, Write, WriteBatch},
    validate,
};

/// What of a throw is to be kept.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) seed: Arc<Seed>,
    /// What is known of it so far.
    pub(super) receipt: Receipt,
    /// Records on their way to storages.
    pub(super) bound: Vec<Bound>,
    /// Rows that are proven already, and what was heard to make them.
    pub(super) ready: Vec<Ready>,
    pub(super) heard: Arc<[Heard]>,
    /// What failed before it came so far.
    pub(super) failed: Vec<Failed>,
    /// What else is written at the same moment.
    pub(super) beside: Vec<Write>,
}

/// A record on its way to a storage.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) storage: StorageName,
    pub(super) record: Record,
    /// The record as it was read, where its bytes alone do not say it.
    pub(super) original: Option<Arc<Json>>,
}

/// A row on its way to its storage.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) row: Row,
    pub(super) origin: Origin,
    /// Which of those that were heard.
    pub(super) heard: usize,
}

/// What goes to quarantine.
#[derive(Debug)]
pub(super) struct Failed {
    /// None for the throw as a whole.
    pub(super) origin: Option<Origin>,
    pub(super) original: Option<Arc<Json>>,
    pub(super) storage: Option<String>,
    pub(super) trouble: Trouble,
}

/// How it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct How<'a> {
    /// The field that is the key of a storage that is made for it.
    pub(super) key: Option<&'a str>,
    /// Whether what does not fit a field of an open storage goes to quarantine.
    pub(super) strict_fields: bool,
    /// Whether anything wrong means that nothing is stored.
    pub(super) whole: bool,
    /// Whether what fails goes to quarantine, or is only told.
    pub(super) quarantine: bool,
}

/// What is recorded of it, so that it is kept once.
pub(super) struct Noting {
    pub(super) slot: Slot,
    /// The row that records a receipt.
    pub(super) row: Box<dyn Fn(Receipt) -> Option<Row> + Send + Sync>,
}

/// What came of keeping a batch.
pub(super) enum Kept {
    /// It is kept now; and the version of its record, if it has one.
    Now(Receipt, Option<i32>),
    /// It was kept before: this is the record.
    Before(Box<StoredRow>),
}

impl Dump {
    /// Keeps all of it: when this returns, everything is committed.
    pub(super) async fn keep(&self, batch: Batch, how: How<'_>) -> Result<Receipt> {
        match self.keep_once(batch, how, None).await? {
            Kept::Now(receipt, _) => Ok(receipt),
            Kept::Before(_) => Err(Error::internal("a record that nobody asked for")),
        }
    }

    /// The same, unless it was done before.
    pub(super) async fn keep_once(&self, batch: Batch, how: How<'_>, noting: Option<Noting>) -> Result<Kept> {
        let Batch { seed, mut receipt, bound, ready, heard, mut failed, beside } = batch;
        let targets = self.targets(&bound, how.key).await?;
        let mut last: Option<(&StorageName, &Target)> = None;
        let mut writes = Vec::with_capacity(bound.len() + ready.len() + failed.len() + beside.len());
        let mut parts = Vec::with_capacity(writes.capacity());
        // Only where one record became several does the part of an id matter; they stand together.
        let several = bound.windows(2).any(|pair| match pair {
            [one, other] => one.record.origin.index == other.record.origin.index,
            _ => false,
        });
        let mut seen: HashMap<(String, usize), usize> = HashMap::new();
        for one in bound {
            // A throw may hold a million records: others have their turn in between.
            consume_budget().await;
            let target = match last {
                Some((name, target)) if *name == one.storage => target,
                _ => match targets.iter().find(|(name, _)| *name == one.storage) {
                    Some((name, target)) => {
                        last = Some((name, target));
                        target
                    }
                    None => continue,
                },
            };
            let origin = one.record.origin.clone();
            let part = if several {
                let part = seen.entry((one.storage.to_string(), origin.index)).or_default();
                *part += 1;
                *part - 1
            } else {
                0
            };
            let id = Ids::nth(seed.throw.id, origin.index, part);
            let proven = match target {
                Target::Open(fitter) => fit(fitter, one.record, id, how, &mut receipt),
                Target::Strict(in_force) => self.prove(in_force, one.record),
            };
            match proven {
                Ok((row, expect)) => {
                    parts.push(Part::Row(origin, Original::Record(one.original)));
                    writes.push(Write::put(row, expect));
                }
                Err(trouble) => failed.push(Failed {
                    origin: Some(origin),
                    original: one.original,
                    storage: Some(one.storage.to_string()),
                    trouble,
                }),
            }
        }
        for Ready { row, origin, heard } in ready {
            parts.push(Part::Row(origin, Original::Heard(heard)));
            writes.push(Write::put(row, Expect::Anything));
        }
        if how.whole && !failed.is_empty() {
            failed.iter().for_each(|failed| receipt.error(failed.remark(None)));
            return Err(Error::Strict(Box::new(receipt)));
        }
        for failed in failed {
            if !how.quarantine {
                receipt.error(failed.remark(None));
                continue;
            }
            let id = self.ids.next();
            let row = seed.row(
                id,
                failed.origin.as_ref(),
                failed.original.as_deref(),
                failed.storage.as_deref(),
                &failed.trouble,
            );
            writes.push(Write::put(row, Expect::Anything));
            parts.push(Part::Entry(failed.remark(Some(id))));
        }
        for write in beside {
            writes.push(write);
            parts.push(Part::Beside);
        }
        let parts: Arc<[Part]> = parts.into();
        let mut call = if how.whole { WriteBatch::atomic(writes) } else { WriteBatch::independent(writes) };
        if how.quarantine {
            call.on_failure = Some(self.on_failure(seed, parts.clone(), heard));
        }
        let is_noted = noting.is_some();
        call.idempotency = noting.map(|Noting { slot, row }| {
            let (receipt, parts) = (receipt.clone(), parts.clone());
            slot.once(move |outcomes| {
                let mut receipt = receipt.clone();
                settle(&mut receipt, &parts, outcomes);
                row(receipt)
            })
        });
        let mut outcomes = self.store.write(call).await.map_err(|error| match error {
            // It was there a moment ago; thrown again it is made again.
            Error::UnknownStorage(_) => Error::Overloaded,
            error => error,
        })?;
        let version = match is_noted.then(|| recorded(outcomes.pop())).transpose()? {
            Some(Recorded::Before(row)) => return Ok(Kept::Before(row)),
            Some(Recorded::Now(version)) => version,
            None => None,
        };
        let moved = |(part, outcome): (&Part, &Outcome)| {
            matches!((part, outcome), (Part::Beside, Outcome::Refused(_) | Outcome::Missing))
        };
        if how.whole && parts.iter().zip(&outcomes).any(moved) {
            return Err(Error::Precondition { current: None });
        }
        settle(&mut receipt, &parts, &outcomes);
        if how.whole && !receipt.errors.is_empty() {
            return Err(Error::Strict(Box::new(receipt)));
        }
        Ok(Kept::Now(receipt, version))
    }

    /// The storages that records go to, each made or grown for those of them that go there.
    async fn targets(&self, bound: &[Bound], key: Option<&str>) -> Result<Vec<(StorageName, Target)>> {
        let Some(Bound { storage, .. }) = bound.first() else { return Ok(Vec::new()) };
        if bound.iter().all(|one| one.storage == *storage) {
            let records = bound.iter().map(|one| &one.record);
            return Ok(vec![(storage.clone(), self.target(storage, key, records).await?)]);
        }
        let mut groups: Vec<(&StorageName, Vec<&Record>)> = Vec::new();
        for one in bound {
            // Mostly where the one before it went.
            match groups.iter_mut().rev().find(|(name, _)| *name == &one.storage) {
                Some((_, records)) => records.push(&one.record),
                None => groups.push((&one.storage, vec![&one.record])),
            }
        }
        let mut targets = Vec::with_capacity(groups.len());
        for (name, records) in groups {
            targets.push((name.clone(), self.target(name, key, records.into_iter()).await?));
        }
        Ok(targets)
    }

    /// Proves a record for a declared storage. A `version` in it is a condition.
    pub(super) fn prove(&self, in_force: &Arc<InForce>, record: Record) -> Result<(Row, Expect), Trouble> {
        let mut fields = record.fields;
        if record.untyped {
            in_force.definition.fields.iter().for_each(|field| {
                if let Some(value) = fields.get_mut(field.name.as_str()) {
                    give_type(value, &field.kind);
                }
            });
            if let Some(value) = fields.get_mut(in_force.definition.key.name.as_str()) {
                give_type(value, &in_force.definition.key.kind);
            }
        }
        fields.extend(record.odd);
        let (fields, expect) = with_condition(in_force.definition.service(), fields, Expect::Different)
            .map_err(|error| Trouble::invalid(Step::Validate, error.faults()))?;
        let row = validate::row(in_force, fields, &self.ids)
            .map_err(|faults| Trouble::invalid(Step::Validate, &faults))?;
        Ok((row, expect))
    }

    /// What is put into quarantine when the store refuses a row.
    fn on_failure(&self, seed: Arc<Seed>, parts: Arc<[Part]>, heard: Arc<[Heard]>) -> OnFailure {
        let ids = self.ids.clone();
        OnFailure(Arc::new(move |place, write, outcome| match parts.get(place) {
            Some(Part::Row(origin, original)) => {
                let trouble = Trouble::refused(outcome);
                let original = match original {
                    Original::Record(record) => record.clone(),
                    Original::Heard(place) => heard.get(*place).map(|heard| Arc::new(heard.to_json())),
                };
                // The storage has its own spelling of its name.
                let storage = write.storage_name().as_str();
                Some(seed.row(ids.next(), Some(origin), original.as_deref(), Some(storage), &trouble))
            }
            _ => None,
        }))
    }
}

/// Fits a record to an open storage.
fn fit(
    fitter: &validate::Fitter,
    record: Record,
    id: uuid::Uuid,
    how: How<'_>,
    receipt: &mut Receipt,
) -> Result<(Row, Expect), Trouble> {
    let (index, line) = (record.origin.index, record.origin.line);
    let fitted = fitter.fit(record, id).map_err(|faults| Trouble::invalid(Step::Validate, &faults))?;
    if how.strict_fields && !fitted.remarks.is_empty() {
        let kept = format!("; it is kept in {EXTRA}");
        let faults = fitted.remarks.into_iter();
        // Here nothing is kept beside the fields.
        let faults = faults.map(|fault| Fault { detail: fault.detail.replace(&kept, ""), ..fault });
        return Err(Trouble::invalid(Step::Validate, &faults.collect::<Vec<_>>()));
    }
    for fault in fitted.remarks {
        receipt.warn(Remark {
            index: Some(index),
            line,
            code: fault.code.replace('-', "_"),
            field: Some(fault.at.to_string()),
            detail: fault.detail,
            quarantine: None,
        });
    }
    // A record that was thrown before is an update when it says something else now.
    Ok((fitted.row, Expect::Different))
}

/// A value of a format without types, in the form of its field.
fn give_type(value: &mut Json, kind: &Kind) {
    let typed = match value {
        Json::Number(_) | Json::Bool(_) if kind.is_text() || *kind == Kind::Id => {
            Some(Json::from(value.to_string()))
        }
        Json::String(text) if !kind.is_text() => kind.read_text(text).ok().map(|read| read.to_json(kind)),
        _ => None,
    };
    if let Some(typed) = typed {
        *value = typed;
    }
}

impl Failed {
    pub(super) fn remark(&self, quarantine: Option<uuid::Uuid>) -> Remark {
        Remark {
            index: self.origin.as_ref().map(|origin| origin.index),
            line: self.origin.as_ref().and_then(|origin| origin.line),
            code: self.trouble.code.clone(),
            field: self.trouble.field.clone(),
            detail: self.trouble.detail.clone(),
            quarantine,
        }
    }
}
