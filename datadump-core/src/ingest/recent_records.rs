//! The records of a recent throw, decoded once more when somebody looks at it, with what became of each.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Ingest,
    lineage::{FateStatus, MAX_RECORDS, RecordFate},
    originals::to_json,
    recent::RecentThrow,
};
use crate::{
    error::{Error, Result},
    json,
    memory::OutOfMemory,
    process::{Output, Splitting, decompress::Encoding},
    throw::Throw,
};

/// Maximum size of the shown records of a throw in memory.
const MAX_BYTES: usize = 1 << 20;

/// Memory of a byte of packed records once they are unpacked.
const UNPACKED_FACTOR: usize = 4;

/// The first records of a recent throw.
#[derive(Debug, Default)]
pub struct RecentRecords {
    /// The records, in order.
    pub records: Vec<RecentRecord>,
    /// True if the throw has more records or rows than are listed, or if some are not shown because only the
    /// beginning of the throw is kept.
    pub truncated: bool,
}

/// A record of a recent throw.
#[derive(Debug)]
pub struct RecentRecord {
    /// Index in the throw, from 0.
    pub index: usize,
    /// Line in the throw, from 1.
    pub line: Option<usize>,
    /// The record; `None` if it could not be read, is too large to be shown, is not in the kept part of the throw, or
    /// was made by a program that read the whole throw.
    pub record: Option<Json>,
    /// Its outcomes: several if it went to several storages.
    pub fates: Vec<RecordFate>,
}

impl Ingest {
    /// Returns a recent throw with its records and what became of them.
    pub async fn recent_throw(&self, id: Uuid) -> Result<(Arc<RecentThrow>, RecentRecords)> {
        let recent = self.recent.get(id)?;
        let records = self.recent_records(&recent).await?;
        Ok((recent, records))
    }

    async fn recent_records(&self, recent: &RecentThrow) -> Result<RecentRecords> {
        let (output, is_cut) = self.decode_again(recent).await?;
        let (mut records, mut truncated) = (BTreeMap::new(), is_cut);
        if let Some(output) = output {
            truncated |= read_records(output, &mut records)?;
        }
        let (fates, has_more) = recent.lineage.fates();
        for fate in fates {
            let record =
                records.entry(fate.index).or_insert_with(|| RecentRecord::new(fate.index, fate.line));
            record.fates.push(fate);
        }
        // A record without a fate was dropped, unless nothing was stored at all, or its fate is not known.
        if recent.receipt().is_ok() && !has_more {
            for record in records.values_mut().filter(|record| record.fates.is_empty()) {
                record.fates.push(RecordFate::dropped(record.index, record.line));
            }
        }
        Ok(RecentRecords { records: records.into_values().collect(), truncated: truncated || has_more })
    }

    /// Decodes the kept part of a throw. Returns whether it is cut off, too.
    async fn decode_again(&self, recent: &RecentThrow) -> Result<(Option<Output>, bool)> {
        let is_cut = recent.is_cut();
        let Some(format) = recent.format().filter(|_| !recent.lineage.is_of_program) else {
            return Ok((None, is_cut));
        };
        let mut body = recent.throw.body.clone();
        if is_cut {
            let is_splittable = self.decoder.cuts(format) != Splitting::None;
            let end = memchr::memrchr(b'\n', &body).filter(|_| is_splittable);
            match end.filter(|_| Encoding::by_magic(&body).is_none()) {
                Some(end) => body.truncate(end + 1),
                None => return Ok((None, true)),
            }
        }
        let throw = Throw { body, format: Some(format.to_owned()), ..Throw::clone(&recent.throw) };
        Ok((self.decoder.decode(&Arc::new(throw), None).await?.output.ok(), is_cut))
    }
}

impl RecentRecord {
    fn new(index: usize, line: Option<usize>) -> Self {
        Self { index, line, record: None, fates: Vec::new() }
    }
}

impl RecordFate {
    fn dropped(index: usize, line: Option<usize>) -> Self {
        Self { index, line, storage: None, key: None, status: FateStatus::Dropped, quarantine: None }
    }
}

/// Reads the first records. Returns whether there are more, or some are too large.
fn read_records(output: Output, records: &mut BTreeMap<usize, RecentRecord>) -> Result<bool> {
    // A small compressed body may hold a huge record, which is unpacked before its size as JSON is known.
    let mut memory = output.meter.into_share();
    match memory.as_mut().map_or(Ok(()), |memory| memory.grow(UNPACKED_FACTOR * output.records.size())) {
        Ok(()) => {}
        Err(OutOfMemory::InUse) => return Err(Error::Overloaded),
        Err(OutOfMemory::TooMuch) => return Ok(true),
    }
    let (mut bytes, mut truncated) = (0, output.records.len() + output.rejected.len() > MAX_RECORDS);
    for record in output.records.iter() {
        let (index, line) = (record.origin.index, record.origin.line);
        if index >= MAX_RECORDS {
            break;
        }
        let shown = to_json(record.into_owned());
        let size = json::array_size(std::slice::from_ref(&shown));
        let fits = bytes + size <= MAX_BYTES;
        truncated |= !fits;
        bytes += if fits { size } else { 0 };
        let record = RecentRecord { record: fits.then_some(shown), ..RecentRecord::new(index, line) };
        records.insert(index, record);
    }
    Ok(truncated)
}
