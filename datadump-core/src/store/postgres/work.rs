//! Some calls, and what became of them so far: which are still to do, which have ended, and how.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use super::{apply::Failure, columns::KeyRef, error::Trouble};
use crate::{
    error::Error,
    schema::{InForce, StorageId},
    store::{Action, Atomicity, Outcome, Write, WriteBatch, writer::Job},
};

/// Some calls and what became of them so far.
pub(super) struct Work<'b> {
    calls: Vec<(&'b WriteBatch, Option<End>)>,
}

/// How a call ends.
pub(super) enum End {
    /// With an outcome for each of its writes, which are committed.
    Done(Vec<Outcome>),
    /// With this error.
    Failed(Error),
    /// Not at all for now: it is put aside.
    Blocked,
}

/// A call that is still to do, and its place among all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'b> {
    pub(super) place: usize,
    pub(super) call: &'b WriteBatch,
}

impl<'b> Work<'b> {
    /// Nothing is done yet.
    pub(super) fn new(jobs: &'b [Job]) -> Self {
        Self { calls: jobs.iter().map(|job| (&job.call, None)).collect() }
    }

    /// The calls that are still to do.
    pub(super) fn todo(&self) -> Vec<Open<'b>> {
        let open = self.calls.iter().enumerate().filter(|(_, (_, end))| end.is_none());
        // Of those with the same record one at a time: the next finds what the first has left.
        let mut records = HashSet::new();
        let open = open.filter(|(_, (call, _))| match &call.once {
            Some(once) => KeyRef::of(&once.key).is_ok_and(|key| records.insert(key)),
            None => true,
        });
        open.map(|(place, (call, _))| Open { place, call }).collect()
    }

    /// Takes note of what became of the writes of these calls, after their commit.
    pub(super) fn settle(&mut self, todo: &[Open<'_>], outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for open in todo {
            let count = open.call.writes.len() + usize::from(open.call.once.is_some());
            let of_call = outcomes.by_ref().take(count).collect();
            self.end(open.place, End::Done(of_call));
        }
    }

    /// Takes the calls out whose records are not as expected, with these.
    pub(super) fn refuse(&mut self, refused: Vec<(Open<'_>, Outcome)>) {
        for (open, record) in refused {
            let undone = open.call.writes.iter().map(|_| Outcome::RolledBack);
            self.end(open.place, End::Done(undone.chain([record]).collect()));
        }
    }

    /// Takes the calls out that these storages hinder.
    pub(super) fn hinder(&mut self, blocked: &BTreeSet<StorageId>, gone: &BTreeSet<StorageId>) {
        for open in self.todo() {
            if let Some(write) = open.call.writes.iter().find(|write| gone.contains(&storage(write))) {
                let error = Error::UnknownStorage(proof(write).definition.name.to_string());
                self.end(open.place, End::Failed(error));
            } else if open.call.writes.iter().any(|write| blocked.contains(&storage(write))) {
                self.end(open.place, End::Blocked);
            }
        }
    }

    /// Ends these calls with an error.
    pub(super) fn fail(&mut self, todo: &[Open<'_>], failure: &Failure) {
        for open in todo {
            self.end(open.place, End::Failed(failed(failure)));
        }
    }

    /// How each call has ended, in order.
    pub(super) fn ends(self) -> Vec<End> {
        let missing = || End::Failed(Error::internal("a call was forgotten"));
        self.calls.into_iter().map(|(_, end)| end.unwrap_or_else(missing)).collect()
    }

    fn end(&mut self, place: usize, end: End) {
        if let Some((_, slot)) = self.calls.get_mut(place) {
            *slot = Some(end);
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

/// All writes of these calls, in order, with the places of the calls.
pub(super) fn all<'b>(todo: &[Open<'b>]) -> impl Iterator<Item = (usize, Atomicity, &'b Write)> {
    let of_call = |open: &Open<'b>| {
        let (place, atomicity) = (open.place, open.call.atomicity);
        open.call.writes.iter().map(move |write| (place, atomicity, write))
    };
    todo.iter().flat_map(of_call)
}

/// How many they are.
pub(super) fn writes(todo: &[Open<'_>]) -> usize {
    todo.iter().map(|open| open.call.writes.len()).sum()
}
