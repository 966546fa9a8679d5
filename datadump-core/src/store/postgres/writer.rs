//! The writers: each owns a connection, takes what waits, commits it as one, and only then answers.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    apply::{Failure, apply},
    batch::{Item, Stamps, Target},
    catalogue::Mirror,
    connect::Connections,
    error::Trouble,
    isolate::apply_parts,
    parked::Parked,
    session::{Patience, Session},
    work::{End, Work, proof, storage},
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId},
    store::{
        Action, Outcome, Reprove,
        writer::{Batch, Intake, Job},
    },
};

/// How often a transaction is tried again that failed through no fault of its rows.
const TRIES: u32 = 12;

/// How long one transaction may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The item in the queue that ends one writer.
#[derive(Debug)]
pub(super) struct Stop;

/// What all writers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) connections: Connections,
    pub(super) mirror: Arc<Mirror>,
    pub(super) intake: Intake<Stop>,
    pub(super) parked: Arc<Parked>,
    pub(super) stamps: Arc<Stamps>,
    pub(super) reprove: Reprove,
}

/// One writer.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    session: Option<Session>,
    committing: bool,
}

/// How a transaction goes about rows that the database may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// All at once: it expects none.
    Whole,
    /// In parts, after all at once has failed.
    Parts,
}

/// What one transaction did.
#[derive(Debug)]
enum Attempt {
    /// It is committed; what became of the writes at these places.
    Committed(Vec<(usize, Outcome)>),
    /// Nothing, because of these storages.
    Hindered { blocked: BTreeSet<StorageId>, gone: BTreeSet<StorageId> },
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, session: None, committing: false }
    }

    /// Writes until it is told to stop.
    pub(super) async fn run(mut self) {
        while let Some(Batch::Rows(jobs)) = self.shared.intake.next().await {
            let now = Instant::now();
            let blocked = self.write(jobs).await;
            self.shared.parked.put(blocked.into_iter().map(|(_, job)| (job, now)).collect());
        }
    }

    /// Writes what was put aside, as soon as its storage can be written again.
    pub(super) async fn run_parked(mut self) {
        while let Some(jobs) = self.shared.parked.take().await {
            let (jobs, since): (Vec<Job>, Vec<Instant>) = jobs.into_iter().unzip();
            let blocked = self.write(jobs).await.into_iter();
            let blocked = blocked.filter_map(|(place, job)| Some((job, *since.get(place)?)));
            self.shared.parked.put(blocked.collect());
        }
    }

    /// Writes all jobs and answers them, but for those whose storage cannot be written now: these
    /// come back, with their places.
    async fn write(&mut self, jobs: Vec<Job>) -> Vec<(usize, Job)> {
        let mut work = Work::new(&jobs);
        self.work(&mut work).await;
        let ends = work.ends(jobs.len());
        let mut blocked = Vec::new();
        for (place, (job, end)) in jobs.into_iter().zip(ends).enumerate() {
            match end {
                Ok(outcomes) => job.answer(Ok(outcomes)),
                Err(End::Failed(error)) => job.answer(Err(error)),
                Err(End::Blocked) => blocked.push((place, job)),
            }
        }
        blocked
    }

    async fn work(&mut self, work: &mut Work<'_>) {
        let (mut mode, mut patience, mut tries) = (Mode::Whole, Patience::Try, 0);
        loop {
            let todo = work.todo();
            if todo.is_empty() {
                return;
            }
            self.committing = false;
            let attempt = self.transaction(work, &todo, mode, patience);
            let attempt = tokio::time::timeout(PATIENCE, attempt).await;
            let attempt = attempt.unwrap_or_else(|_| Err(Failure::Sql(sqlx::Error::PoolTimedOut)));
            let failure = match attempt {
                Ok(Attempt::Committed(outcomes)) => {
                    self.shared
                        .intake
                        .gauge()
                        .committed(outcomes.iter().filter(|(_, o)| has_effect(o)).count());
                    work.settle(outcomes);
                    continue;
                }
                Ok(Attempt::Hindered { blocked, gone }) => {
                    if work.hinder(&blocked, &gone) {
                        patience = Patience::Wait;
                    }
                    continue;
                }
                Err(failure) => failure,
            };
            let trouble = failure.trouble();
            self.recover(trouble).await;
            tries += 1;
            match trouble {
                // It cannot be known whether this was committed: it must not be done again.
                Trouble::Lost if self.committing => return work.fail(&todo, &failure),
                Trouble::Row | Trouble::Other if mode == Mode::Whole => mode = Mode::Parts,
                Trouble::Lost | Trouble::Again if tries < TRIES => pause(tries, trouble).await,
                _ => return work.fail(&todo, &failure),
            }
        }
    }

    /// Writes all that is to do in one transaction, or as much of it as fits one.
    async fn transaction(
        &mut self,
        work: &Work<'_>,
        todo: &[usize],
        mode: Mode,
        patience: Patience,
    ) -> Result<Attempt, Failure> {
        let shared = self.shared.clone();
        let alive = match &mut self.session {
            Some(session) => session.is_alive().await,
            None => false,
        };
        if !alive {
            self.session = Some(Session::new(shared.connections.writer().await?));
        }
        let Some(session) = &mut self.session else { return Err(sqlx::Error::WorkerCrashed.into()) };
        let storages: BTreeSet<StorageId> =
            todo.iter().filter_map(|place| work.writes.get(*place)).map(|write| storage(write)).collect();
        let begun = session.begin(&storages, patience).await?;
        let gone: BTreeSet<StorageId> =
            storages.iter().filter(|id| begun.versions.get(id).is_none_or(|v| *v == 0)).copied().collect();
        if !begun.blocked.is_empty() || !gone.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Hindered { blocked: begun.blocked, gone });
        }
        let targets = targets(session, &shared.mirror, work, todo, &begun.versions).await?;
        let (mut items, mut outcomes) = items(work, todo, &targets, shared.reprove);
        let catalogue = &shared.mirror.catalogue;
        match mode {
            Mode::Whole => {
                let applied = apply(session, &targets, &mut items, &shared.stamps).await?;
                outcomes.extend(items.iter().map(|item| item.place).zip(applied));
            }
            Mode::Parts => {
                let applied = apply_parts(session, catalogue, &targets, &mut items, &shared.stamps).await?;
                outcomes.extend(applied);
            }
        }
        self.committing = true;
        session.commit().await?;
        Ok(Attempt::Committed(outcomes))
    }

    /// Brings the connection into a state in which the next transaction can begin.
    async fn recover(&mut self, trouble: Trouble) {
        let Some(session) = &mut self.session else { return };
        let usable = trouble != Trouble::Lost && {
            let rollback = tokio::time::timeout(Duration::from_secs(5), session.rollback());
            matches!(rollback.await, Ok(Ok(())))
        };
        if !usable {
            self.session = None;
        }
    }
}

/// The storages of a transaction, each with the version that is in force.
async fn targets(
    session: &mut Session,
    mirror: &Mirror,
    work: &Work<'_>,
    todo: &[usize],
    versions: &BTreeMap<StorageId, i64>,
) -> Result<Vec<Target>, Failure> {
    let mut known: BTreeMap<StorageId, &Arc<InForce>> = BTreeMap::new();
    for in_force in todo.iter().filter_map(|place| work.writes.get(*place)).map(|write| proof(write)) {
        if versions.get(&in_force.storage) == Some(&in_force.version.into()) {
            known.insert(in_force.storage, in_force);
        }
    }
    let mut targets = Vec::with_capacity(versions.len());
    for (id, version) in versions {
        let in_force = match known.get(id) {
            Some(in_force) => Arc::clone(in_force),
            None => in_force(mirror, *id, *version).await?,
        };
        targets.push(Target { texts: session.texts(&in_force), in_force });
    }
    Ok(targets)
}

/// The writes of a transaction, each proven by the version in force; and what became of those that
/// no longer fit it.
fn items<'b>(
    work: &Work<'b>,
    todo: &[usize],
    targets: &[Target],
    reprove: Reprove,
) -> (Vec<Item<'b>>, Vec<(usize, Outcome)>) {
    let places = targets.iter().enumerate();
    let places: BTreeMap<StorageId, usize> =
        places.map(|(place, target)| (target.in_force.storage, place)).collect();
    let (mut items, mut outcomes) = (Vec::with_capacity(todo.len()), Vec::new());
    for place in todo {
        let Some(write) = work.writes.get(*place).copied() else { continue };
        let Some(target) = places.get(&storage(write)).copied() else { continue };
        let Some(Target { in_force, .. }) = targets.get(target) else { continue };
        let (row, key) = match &write.action {
            Action::Delete { key, .. } => (None, Some(key.clone())),
            Action::Put(row) if row.proven_by().version == in_force.version => {
                (Some(Cow::Borrowed(row)), row.key().cloned())
            }
            Action::Put(row) => match reprove(row, in_force) {
                Ok(row) => {
                    let key = row.key().cloned();
                    (Some(Cow::Owned(row)), key)
                }
                Err(faults) => {
                    outcomes.push((*place, Outcome::Invalid(faults)));
                    continue;
                }
            },
        };
        items.push(Item { place: *place, target, row, key, expect: write.expect });
    }
    (items, outcomes)
}

fn has_effect(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Created(_) | Outcome::Updated(_) | Outcome::Deleted(_))
}

/// The version in force that the database named: nobody can change it while its lock is held.
async fn in_force(mirror: &Mirror, id: StorageId, version: i64) -> Result<Arc<InForce>, Failure> {
    let is_it = |in_force: &Arc<InForce>| i64::from(in_force.version) == version;
    let known = mirror.catalogue.by_id(id).and_then(|storage| storage.in_force.clone());
    if let Some(in_force) = known.filter(is_it) {
        return Ok(in_force);
    }
    let read = mirror.refresh_one(id).await.map_err(Failure::Catalogue)?;
    let missing = || Failure::Catalogue(Error::internal("the version in force is not in the catalogue"));
    read.and_then(|storage| storage.in_force.clone()).filter(is_it).ok_or_else(missing)
}

/// Before the next try: short for a lock, longer for a database that is away.
async fn pause(tries: u32, trouble: Trouble) {
    let millis = match trouble {
        Trouble::Lost => 50 << tries.min(5),
        _ => 2 * u64::from(tries),
    };
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
