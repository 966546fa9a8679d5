//! The writers: each owns a connection, takes what waits, commits it as one, and only then answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    apply::{Failure, Look, apply},
    batch::{Stamps, Target, items},
    catalogue::Mirror,
    change_log,
    connect::Connections,
    error::Trouble,
    instead,
    isolate::Isolation,
    once,
    parked::Parked,
    session::Session,
    single,
    work::{End, Open, Work, all, proof, storage, writes},
};
use tokio::sync::watch;

use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId},
    store::{
        Action, Outcome, Reprove,
        change_log::Packer,
        decide, system_storages,
        writer::{Batch, Intake, Job},
    },
};

/// How often a transaction is tried again that failed through no fault of its rows.
const TRIES: u32 = 12;

/// How long a call waits for a database that is away, since it was made.
const AWAY: Duration = Duration::from_secs(5);

/// How long one transaction may take before its connection is given up, and how much longer for each
/// of its writes.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE_EACH: Duration = Duration::from_millis(2);

/// How much longer when it looks for rows at fault, for each write: then the connection has just
/// shown that it is good, and all writes of a call have to go into one transaction.
const SEARCH: Duration = Duration::from_millis(20);

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
    /// Says that other processes are to be told of commits.
    pub(super) hints: watch::Sender<()>,
    /// The storages whose rows were lately there already.
    pub(super) met: Met,
}

impl Shared {
    /// There is more in the feed.
    fn told(&self) {
        self.mirror.told();
        self.hints.send_replace(());
    }
}

/// Storages whose writes probably meet rows.
#[derive(Debug, Default)]
pub(super) struct Met(Mutex<BTreeSet<StorageId>>);

impl Met {
    /// Whether nothing says that one of these meets a row, and each may be of a new one.
    fn may_be_blind(&self, todo: &[Open<'_>]) -> bool {
        let met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all(todo).all(|(_, _, write)| {
            let is_new = matches!(write.action, Action::Put(_));
            is_new && decide::first_version(write.expect).is_some() && !met.contains(&storage(write))
        })
    }

    /// Takes note of which have met rows.
    fn note(&self, todo: &[Open<'_>], outcomes: &[Outcome]) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((_, _, write), outcome) in all(todo).zip(outcomes) {
            match outcome {
                Outcome::Updated(_) | Outcome::Unchanged(_) | Outcome::Refused(Some(_)) => {
                    met.insert(storage(write));
                }
                Outcome::Created(_) => {
                    met.remove(&storage(write));
                }
                _ => {}
            }
        }
    }
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
    /// All at once and without looking, as if none of the rows were there: most writes are of new
    /// rows.
    Blind,
    /// All at once: it expects none.
    Whole,
    /// In parts, after all at once has failed.
    Parts,
}

/// What one transaction did.
#[derive(Debug)]
enum Attempt<'b> {
    /// It is committed; what became of the writes, in order.
    Committed(Vec<Outcome>),
    /// Nothing, because these calls have taken effect before; their records.
    Refused(Vec<(Open<'b>, Outcome)>),
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
        let waited = jobs.iter().map(Job::waited).max().unwrap_or_default();
        let until = Instant::now() + AWAY.saturating_sub(waited);
        let mut work = Work::new(&jobs);
        self.work(&mut work, until).await;
        let ends = work.ends();
        let mut blocked = Vec::new();
        for (place, (job, end)) in jobs.into_iter().zip(ends).enumerate() {
            match end {
                End::Done(outcomes) => job.answer(Ok(outcomes)),
                End::Failed(error) => job.answer(Err(error)),
                End::Blocked => blocked.push((place, job)),
            }
        }
        blocked
    }

    /// Tries again what may help; a database that is away only until then.
    async fn work(&mut self, work: &mut Work<'_>, until: Instant) {
        let blind = self.shared.met.may_be_blind(&work.todo());
        let (mut mode, mut tries) = (if blind { Mode::Blind } else { Mode::Whole }, 0);
        loop {
            let todo = work.todo();
            if todo.is_empty() {
                return;
            }
            self.committing = false;
            let each = match mode {
                Mode::Blind | Mode::Whole => PATIENCE_EACH,
                Mode::Parts => SEARCH,
            };
            let patience = PATIENCE + each * u32::try_from(writes(&todo)).unwrap_or(u32::MAX);
            let attempt = tokio::time::timeout(patience, self.transaction(&todo, mode)).await;
            let attempt = attempt.unwrap_or_else(|_| Err(Failure::Sql(sqlx::Error::PoolTimedOut)));
            let failure = match attempt {
                Ok(Attempt::Committed(outcomes)) => {
                    let effective = outcomes.iter().filter(|outcome| outcome.written().is_some()).count();
                    self.shared.intake.gauge().committed(effective);
                    if mode != Mode::Blind {
                        self.shared.met.note(&todo, &outcomes);
                    }
                    work.settle(&todo, outcomes);
                    continue;
                }
                Ok(Attempt::Hindered { blocked, gone }) => {
                    work.hinder(&blocked, &gone);
                    continue;
                }
                Ok(Attempt::Refused(refused)) => {
                    work.refuse(refused);
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
                // One of the rows was there, or broke a rule.
                Trouble::Again | Trouble::Row | Trouble::Moved | Trouble::Other if mode == Mode::Blind => {
                    mode = Mode::Whole;
                }
                Trouble::Row | Trouble::Other if mode == Mode::Whole => mode = Mode::Parts,
                Trouble::Lost if Instant::now() < until => pause(tries, trouble).await,
                Trouble::Again if tries < TRIES => pause(tries, trouble).await,
                _ => return work.fail(&todo, &failure),
            }
        }
    }

    /// Writes all that is to do in one transaction.
    async fn transaction<'b>(&mut self, todo: &[Open<'b>], mode: Mode) -> Result<Attempt<'b>, Failure> {
        let shared = self.shared.clone();
        let alive = match &mut self.session {
            Some(session) => session.is_alive().await,
            None => false,
        };
        if !alive {
            self.session = Some(Session::new(shared.connections.writer().await?).await);
        }
        let Some(session) = &mut self.session else { return Err(sqlx::Error::WorkerCrashed.into()) };
        if mode == Mode::Blind
            && let Some(single) = single::plan(session, todo, shared.reprove, &shared.stamps)?
        {
            self.committing = true;
            if let Some(outcomes) = single.run(session).await? {
                shared.told();
                return Ok(Attempt::Committed(outcomes));
            }
            self.committing = false;
        }
        let storages: BTreeSet<StorageId> = all(todo).map(|(_, _, write)| storage(write)).collect();
        let begun = session.begin(&storages).await?;
        let gone: BTreeSet<StorageId> =
            storages.iter().filter(|id| begun.versions.get(id).is_none_or(|v| *v == 0)).copied().collect();
        if !begun.blocked.is_empty() || !gone.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Hindered { blocked: begun.blocked, gone });
        }
        let refused = once::refused(session, todo).await?;
        if !refused.is_empty() {
            session.rollback().await?;
            return Ok(Attempt::Refused(refused));
        }
        let (catalogue, stamps) = (&shared.mirror.catalogue, &shared.stamps);
        let targets = targets(session, &shared.mirror, todo, &begun.versions).await?;
        let mut items = items(todo, &targets, shared.reprove)?;
        let mut isolation = Isolation { session, catalogue, targets: &targets, stamps };
        let mut outcomes = match mode {
            Mode::Blind => apply(isolation.session, &targets, &mut items, stamps, Look::No).await?,
            Mode::Whole => apply(isolation.session, &targets, &mut items, stamps, Look::Yes).await?,
            Mode::Parts => isolation.run(&mut items).await?,
        };
        isolation.complete(&mut items, &mut outcomes).await?;
        instead::put(session, todo, &mut outcomes, stamps).await?;
        let outcomes = once::record(session, todo, outcomes, stamps).await?;
        let changed = system_storages::heard(&outcomes);
        self.committing = true;
        let mut packer = Packer::default();
        outcomes.iter().try_for_each(|outcome| packer.outcome(outcome)).map_err(Failure::Catalogue)?;
        let entry = packer.finish().map(|changes| change_log::entry(stamps.next(), &changes));
        let is_told = entry.is_some();
        session.commit(&changed, entry).await?;
        if is_told {
            shared.told();
        }
        if !changed.is_empty() {
            shared.mirror.changed();
        }
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
    todo: &[Open<'_>],
    versions: &BTreeMap<StorageId, i64>,
) -> Result<Vec<Target>, Failure> {
    let mut known: BTreeMap<StorageId, &Arc<InForce>> = BTreeMap::new();
    for in_force in all(todo).map(|(_, _, write)| proof(write)) {
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
        Trouble::Lost => 50 << tries.min(4),
        _ => 2 * u64::from(tries),
    };
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
