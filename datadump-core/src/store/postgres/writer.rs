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
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId},
    store::{
        Action, Outcome, Reprove, Write,
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

/// The writes of some calls and what became of them so far.
struct Work<'b> {
    writes: Vec<&'b Write>,
    job_of: Vec<usize>,
    outcomes: Vec<Option<Outcome>>,
    /// Calls that are answered with an error, or put aside.
    ended: BTreeMap<usize, End>,
}

enum End {
    Failed(Error),
    Blocked,
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
        let Work { job_of, outcomes, mut ended, .. } = work;
        let mut answers: Vec<Vec<Outcome>> =
            jobs.iter().map(|job| Vec::with_capacity(job.writes.len())).collect();
        for (job, outcome) in job_of.into_iter().zip(outcomes) {
            if let (Some(answer), Some(outcome)) = (answers.get_mut(job), outcome) {
                answer.push(outcome);
            }
        }
        let mut blocked = Vec::new();
        for (place, (job, answer)) in jobs.into_iter().zip(answers).enumerate() {
            match ended.remove(&place) {
                Some(End::Blocked) => blocked.push((place, job)),
                Some(End::Failed(error)) => job.answer(Err(error)),
                None => job.answer(Ok(answer)),
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
                Trouble::Row if mode == Mode::Whole => mode = Mode::Parts,
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
        let (mut targets, mut places) = (Vec::new(), BTreeMap::new());
        for (id, version) in &begun.versions {
            let known = todo.iter().filter_map(|place| work.writes.get(*place)).map(|write| proof(write));
            let known = known
                .clone()
                .find(|in_force| in_force.storage == *id && i64::from(in_force.version) == *version);
            let in_force = match known {
                Some(in_force) => in_force.clone(),
                None => in_force(&shared.mirror, *id, *version).await?,
            };
            places.insert(*id, targets.len());
            targets.push(Target { texts: session.texts(&in_force), in_force });
        }
        let (mut items, mut outcomes) = (Vec::with_capacity(todo.len()), Vec::new());
        for place in todo {
            let Some(write) = work.writes.get(*place) else { continue };
            let Some((target, in_force)) = places
                .get(&storage(write))
                .and_then(|place| targets.get(*place).map(|target| (*place, &target.in_force)))
            else {
                continue;
            };
            let (row, key) = match &write.action {
                Action::Delete { key, .. } => (None, Some(key.clone())),
                Action::Put(row) if row.proven_by().version == in_force.version => {
                    (Some(Cow::Borrowed(row)), row.key().cloned())
                }
                Action::Put(row) => match (shared.reprove)(row, in_force) {
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

impl<'b> Work<'b> {
    fn new(jobs: &'b [Job]) -> Self {
        let (mut writes, mut job_of) = (Vec::new(), Vec::new());
        for (place, job) in jobs.iter().enumerate() {
            writes.extend(&job.writes);
            job_of.resize(writes.len(), place);
        }
        let mut outcomes = Vec::new();
        outcomes.resize_with(writes.len(), || None);
        Self { writes, job_of, outcomes, ended: BTreeMap::new() }
    }

    /// The places of the writes nothing is known of yet.
    fn todo(&self) -> Vec<usize> {
        let open = self.outcomes.iter().zip(&self.job_of).enumerate();
        open.filter(|(_, (outcome, job))| outcome.is_none() && !self.ended.contains_key(job))
            .map(|(place, _)| place)
            .collect()
    }

    fn settle(&mut self, outcomes: Vec<(usize, Outcome)>) {
        for (place, outcome) in outcomes {
            if let Some(slot) = self.outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
        }
    }

    /// Takes the calls out that these storages hinder; whether one is left that has to wait,
    /// because a part of it is committed.
    fn hinder(&mut self, blocked: &BTreeSet<StorageId>, gone: &BTreeSet<StorageId>) -> bool {
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

    fn settled_jobs(&self) -> BTreeSet<usize> {
        let settled = self.outcomes.iter().zip(&self.job_of);
        settled.filter(|(outcome, _)| outcome.is_some()).map(|(_, job)| *job).collect()
    }

    /// Ends all calls that these writes belong to with an error.
    fn fail(&mut self, todo: &[usize], failure: &Failure) {
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

fn storage(write: &Write) -> StorageId {
    proof(write).storage
}

/// The version that a write was made for.
fn proof(write: &Write) -> &Arc<InForce> {
    match &write.action {
        Action::Put(row) => row.proven_by(),
        Action::Delete { in_force, .. } => in_force,
    }
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
