//! The way of a throw once more, for what waits in quarantine or was kept. Rows get the keys they
//! would have had the first time, so that nothing is stored twice.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Reading,
    entry::Trouble,
    keep::{Batch, How},
    read::Sorted,
};
use crate::{
    dump::{Dump, capture::sources::Source},
    error::{Error, Result},
    process::{self, Output, vrl::Script},
    receipt::{Receipt, Remark},
    record::Record,
    schema::{InForce, Row, StoredRow, Value},
    store::{Expect, Write, system_storages::SystemStorage},
    throw::{HUB, SourceName, Throw},
};

/// What a replay made of one entry.
#[derive(Debug)]
pub(in crate::dump) enum Again {
    /// It is stored now.
    Stored,
    /// It was stored before.
    Before,
    /// It still fails.
    Failed(Remark),
}

/// The cells of a stored row, by the names of its definition.
struct Cells<'a> {
    names: Vec<&'a str>,
    row: &'a StoredRow,
}

impl Cells<'_> {
    fn get(&self, name: &str) -> &Value {
        let place = self.names.iter().position(|known| *known == name);
        place.and_then(|place| self.row.values.get(place)).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Value::Text(text) | Value::Json(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Value::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn throw(&self, id: Uuid) -> Result<Throw> {
        let broken = |what: &str| Error::internal(format!("an entry without its {what}"));
        let source = self.text("source").ok_or_else(|| broken("source"))?;
        let source = match source.as_str() {
            HUB => Ok(SourceName::reserved(HUB)),
            source => SourceName::parse(source),
        };
        let arguments = self.text("arguments").and_then(|text| serde_json::from_str(&text).ok());
        Ok(Throw {
            id,
            source: source.map_err(|_| broken("source"))?,
            received_at: match self.get("received_at") {
                Value::Timestamp(moment) => *moment,
                _ => return Err(broken("time")),
            },
            body: match self.get("raw") {
                Value::Binary(bytes) => bytes.clone().into(),
                _ => return Err(broken("bytes")),
            },
            content_type: self.text("content_type"),
            arguments: arguments.unwrap_or_default(),
            format: None,
            peer: self.text("peer").and_then(|peer| peer.parse().ok()),
        })
    }
}

impl Dump {
    /// Replays an entry of quarantine.
    pub(in crate::dump) async fn replay_entry(
        &self,
        row: &StoredRow,
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<Again> {
        let in_force = self.store.catalogue().system(SystemStorage::Quarantine)?;
        let names = in_force.definition.fields.iter().map(|field| field.name.as_str()).collect();
        let cells = Cells { names, row };
        let id = match cells.get("throw") {
            Value::Uuid(id) => *id,
            _ => return Err(Error::internal("an entry without its throw")),
        };
        let throw = Arc::new(cells.throw(id)?);
        let format = cells.text("format").unwrap_or_default();
        let index = cells.number("index");
        if throw.source.as_str() == HUB {
            let reading = match (index, cells.text("record")) {
                (Some(_), Some(record)) => record_again(&record, &format, &throw),
                _ => self.read(&throw, None).await?,
            };
            let replayed = replayed(&in_force, row);
            return Ok(match Box::pin(self.push_again(throw, reading, dry_run, vec![replayed])).await? {
                None => Again::Before,
                Some(receipt) => match receipt.errors.into_iter().next() {
                    Some(remark) => Again::Failed(remark),
                    None => Again::Stored,
                },
            });
        }
        let source = self.source_of(&throw.source, &format).await?;
        let reading = match (index, cells.text("record")) {
            (Some(_), Some(record)) => record_again(&record, &format, &throw),
            (Some(_), None) => self.read(&throw, Some(&format)).await?,
            (None, _) => {
                let format = source.settings.format.clone().unwrap_or(format);
                // A format that is gone is recognised anew.
                let known = self.capture.registry.get(&format).map(|_| format.as_str());
                self.read(&throw, known).await?
            }
        };
        let mut sorted = self.sort(throw, &source, reading, program).await?;
        if let Some(index) = index {
            sorted.bound.iter_mut().for_each(|bound| bound.record.origin.index = index);
        }
        // A throw of which some can be stored now goes on; the rest of it waits by itself.
        let wholly = index.is_some() || sorted.bound.is_empty();
        if let Some(failed) = sorted.failed.first().filter(|_| wholly) {
            return Ok(Again::Failed(failed.remark(None)));
        }
        if dry_run {
            return self.rehearsed(&sorted);
        }
        let beside = vec![replayed(&in_force, row)];
        self.again(&source, sorted, beside, How { whole: index.is_some(), quarantine: true, ..how(&source) })
            .await
    }

    /// Replays a throw that was kept.
    pub(in crate::dump) async fn replay_kept(
        &self,
        row: &StoredRow,
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<Again> {
        let in_force = self.store.catalogue().system(SystemStorage::KeptThrow)?;
        let names = in_force.definition.fields.iter().map(|field| field.name.as_str()).collect();
        let cells = Cells { names, row };
        let Value::Uuid(id) = &row.key else { return Err(Error::internal("a throw without its id")) };
        let throw = Arc::new(cells.throw(*id)?);
        let format = cells.text("format").unwrap_or_default();
        let source = self.source_of(&throw.source, &format).await?;
        let format = source.settings.format.clone().unwrap_or(format);
        let known = self.capture.registry.get(&format).map(|_| format.as_str());
        let reading = self.read(&throw, known).await?;
        let sorted = self.sort(throw, &source, reading, program).await?;
        if dry_run {
            return self.rehearsed(&sorted);
        }
        // What fails again is in quarantine since the first time.
        self.again(&source, sorted, Vec::new(), How { quarantine: false, ..how(&source) }).await
    }

    async fn again(
        &self,
        source: &Source,
        sorted: Sorted,
        beside: Vec<Write>,
        how: How<'_>,
    ) -> Result<Again> {
        let throw = &sorted.seed.throw;
        let receipt = Receipt::new(throw.id, throw.source.clone(), sorted.seed.format.clone());
        let had = !sorted.bound.is_empty();
        let batch = Batch {
            seed: sorted.seed,
            receipt,
            bound: sorted.bound,
            ready: Vec::new(),
            heard: Arc::default(),
            failed: sorted.failed,
            beside,
        };
        let receipt = match self.keep(batch, how).await {
            Ok(receipt) => receipt,
            // Another replay was faster.
            Err(Error::Precondition { .. }) => return Ok(Again::Before),
            Err(Error::Strict(receipt)) => *receipt,
            Err(error) => return Err(error),
        };
        source.count_rows(&receipt);
        Ok(match receipt.errors.into_iter().next() {
            Some(remark) => Again::Failed(remark),
            None if had && receipt.accepted == 0 => Again::Before,
            None => Again::Stored,
        })
    }

    /// What would become of it.
    fn rehearsed(&self, sorted: &Sorted) -> Result<Again> {
        let failed = sorted.failed.first().map(|failed| failed.remark(None));
        if let Some(remark) = failed {
            return Ok(Again::Failed(remark));
        }
        for one in self.rehearse(&sorted.bound)? {
            if let Err(trouble) = one.row {
                return Ok(Again::Failed(remark(&trouble)));
            }
        }
        Ok(Again::Stored)
    }
}

/// The write that says of an entry that it was replayed.
fn replayed(in_force: &Arc<InForce>, row: &StoredRow) -> Write {
    let mut values = row.values.clone();
    if let Some(state) = values.first_mut() {
        *state = Value::Text("replayed".into());
    }
    let replayed = Row::proven(in_force.clone(), Some(row.key.clone()), values);
    Write::put(replayed, Expect::Exactly(row.version))
}

fn how(source: &Source) -> How<'_> {
    How {
        key: source.settings.key.as_deref(),
        strict_fields: source.settings.strict,
        whole: false,
        quarantine: true,
    }
}

fn remark(trouble: &Trouble) -> Remark {
    Remark {
        code: trouble.code.clone(),
        field: trouble.field.clone(),
        detail: trouble.detail.clone(),
        ..Remark::default()
    }
}

/// A record as it was read the first time.
fn record_again(record: &str, format: &str, throw: &Throw) -> Reading {
    let mut output = Output::default();
    if let Ok(Json::Object(fields)) = serde_json::from_str(record) {
        output.record(Record { untyped: process::is_untyped(format), ..Record::new(fields) });
    }
    Reading { format: format.to_owned(), body: throw.body.clone(), output: Ok(output) }
}
