//! The writes of some calls, and what became of them so far: what is still to do, what is known,
//! which calls have ended without an answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{apply::Failure, error::Trouble};
use crate::{
    error::Error,
    schema::{InForce, StorageId},
    store::{Action, Outcome, Write, writer::Job},
};

/// The writes of some calls and what became of them so far.
pub(super) struct Work<'b> {
    pub(super) writes: Vec<&'b Write>,
    job_of: Vec<usize>,
    outcomes: Vec<Option<Outcome>>,
    /// Calls that are answered with an error, or put aside.
    ended: BTreeMap<usize, End>,
}

/// How a call ends that gets no outcomes.
pub(super) enum End {
    /// With this error.
    Failed(Error),
    /// Not at all for now: it is put aside.
    Blocked,
}

impl<'b> Work<'b> {
    /// Nothing is done yet.
    pub(super) fn new(jobs: &'b [Job]) -> Self {
        let (mut writes, mut job_of) = (Vec::new(), Vec::new());
        for (place, job) in jobs.iter().enumerate() {
            writes.extend(&job.call.writes);
            job_of.resize(writes.len(), place);
        }
        let mut outcomes = Vec::new();
        outcomes.resize_with(writes.len(), || None);
        Self { writes, job_of, outcomes, ended: BTreeMap::new() }
    }

    /// The places of the writes nothing is known of yet.
    pub(super) fn todo(&self) -> Vec<usize> {
        let open = self.outcomes.iter().zip(&self.job_of).enumerate();
        open.filter(|(_, (outcome, job))| outcome.is_none() && !self.ended.contains_key(job))
            .map(|(place, _)| place)
            .collect()
    }

    /// Takes note of what became of writes, after their commit.
    pub(super) fn settle(&mut self, outcomes: Vec<(usize, Outcome)>) {
        for (place, outcome) in outcomes {
            if let Some(slot) = self.outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
        }
    }

    /// Takes the calls out that these storages hinder; whether one is left that has to wait,
    /// because a part of it is committed.
    pub(super) fn hinder(&mut self, blocked: &BTreeSet<StorageId>, gone: &BTreeSet<StorageId>) -> bool {
        let begun: BTreeSet<usize> = self.settled_jobs();
        let mut has_to_wait = false;
        for (write, job) in self.writes.iter().zip(&self.job_of) {
            let id = storage(write);
            if gone.contains(&id) {
                let error = Error::UnknownStorage(proof(write).definition.name.to_string());
                self.ended.insert(*job, End::Failed(error));
            } else if blocked.contains(&id) && begun.contains(job) {
                has_to_wait = true;
            } else if blocked.contains(&id) {
                self.ended.entry(*job).or_insert(End::Blocked);
            }
        }
        has_to_wait
    }

    /// What became of each call, in order: its outcomes, or how it ended without.
    pub(super) fn ends(self, calls: usize) -> Vec<Result<Vec<Outcome>, End>> {
        let mut ends: Vec<Result<Vec<Outcome>, End>> = Vec::new();
        ends.resize_with(calls, || Ok(Vec::new()));
        for (job, outcome) in self.job_of.into_iter().zip(self.outcomes) {
            if let (Some(Ok(outcomes)), Some(outcome)) = (ends.get_mut(job), outcome) {
                outcomes.push(outcome);
            }
        }
        for (job, end) in self.ended {
            if let Some(slot) = ends.get_mut(job) {
                *slot = Err(end);
            }
        }
        ends
    }

    fn settled_jobs(&self) -> BTreeSet<usize> {
        let settled = self.outcomes.iter().zip(&self.job_of);
        settled.filter(|(outcome, _)| outcome.is_some()).map(|(_, job)| *job).collect()
    }

    /// Ends all calls that these writes belong to with an error.
    pub(super) fn fail(&mut self, todo: &[usize], failure: &Failure) {
        for job in todo.iter().filter_map(|place| self.job_of.get(*place)) {
            self.ended.entry(*job).or_insert_with(|| End::Failed(failed(failure)));
        }
    }
}

/// The error of one call; all calls of a transaction fail alike.
fn failed(failure: &Failure) -> Error {
    match failure {
        Failure::Collision => Error::Unavailable("others write the same rows all the time".into()),
        Failure::Catalogue(error) => Error::Unavailable(error.to_string().into()),
        Failure::Sql(cause) => match Trouble::of(cause) {
            Trouble::Full => Error::Full(cause.to_string().into()),
            Trouble::Lost | Trouble::Again | Trouble::Slow => Error::Unavailable(cause.to_string().into()),
            Trouble::Row | Trouble::Moved | Trouble::Other => Error::internal(cause.to_string()),
        },
    }
}

/// The storage a write is to.
pub(super) fn storage(write: &Write) -> StorageId {
    proof(write).storage
}

/// The version that a write was made for.
pub(super) fn proof(write: &Write) -> &Arc<InForce> {
    match &write.action {
        Action::Put(row) => row.proven_by(),
        Action::Delete { in_force, .. } => in_force,
    }
}
