//! What one who listens is told.

mod first;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{Stream, stream};
use tokio::{
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
    task::coop::consume_budget,
};

use super::{
    Listening, Live,
    cursor::{Cursor, Place},
    event::Event,
    of::Of,
    piece::{Piece, Reading},
    wanted::Wanted,
};
use crate::{
    clock::Timestamp,
    error::Place as At,
    error::{Error, Fault, Result},
    schema::{InForce, StorageId, StorageName, Value},
    store::{ChangeKind, Commit, Filter, Store, query::parse, system_storages::SystemStorage},
};

/// How many commits one who is behind reads at a time.
const COMMITS: usize = 16;

/// What one wants to be told.
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// Of these storages, which need not be there yet; of all when there is none.
    pub storages: Vec<String>,
    /// Of the storages that records of these sources go to, by the routes they have when this is asked; a source
    /// need not be there yet. With storages too, only of those that are both.
    pub sources: Vec<String>,
    /// Of rows that pass these, as they are asked of a list; only with exactly one storage. What is deleted is
    /// told in any case. No index is needed, but for a backfill.
    pub filters: Vec<(String, String)>,
    /// From here on; from now on when there is none.
    pub from: Option<Cursor>,
    /// And before that, rows that are there already.
    pub backfill: Option<Backfill>,
    /// Of the hub: readings, devices and commands, of all devices or those named below.
    pub hub: bool,
    /// Of the hub, and of this device, by its name or number.
    pub device: Option<String>,
    /// Of the hub, and of sensors of this name, or the one of this number.
    pub sensor: Option<String>,
    /// Of these storages of our own.
    pub(crate) own: Vec<SystemStorage>,
}

/// Which rows that are there already are told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backfill {
    /// The last so many of these storages together.
    Rows(u64),
    /// Those that changed within this time, but no more than a page may have.
    Since(Duration),
}

/// What one is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// A row has changed, or was there already.
    Event(Arc<Event>),
    /// What lies between is kept no more, or never was in this database.
    Gap {
        /// Where one was.
        from: Cursor,
        /// Where it goes on.
        to: Cursor,
    },
}

/// Tells what is committed.
#[derive(Debug)]
pub struct Subscription {
    store: Arc<dyn Store>,
    pieces: broadcast::Receiver<Arc<Piece>>,
    listening: Listening,
    wanted: Wanted,
    /// Of which device and which sensor.
    of: Of,
    filters: Vec<(String, String)>,
    /// The filters, as they are for one version of the storage.
    filter: Option<(Arc<InForce>, Option<Filter>)>,
    epoch: Arc<str>,
    /// Up to where it has read; what is ready lies before that.
    place: Place,
    /// Up to where it has told.
    told: Place,
    /// The rows that were there before and are to be told first.
    first: VecDeque<(StorageId, Value)>,
    /// What is to be told next: no more than a piece.
    ready: VecDeque<Told>,
    /// What was read of the feed, while it is behind.
    behind: Option<Vec<Commit>>,
    reading: Reading,
    /// The versions of the rows that were told first, and up to where they may be told again.
    known: HashMap<(StorageName, String), i32>,
    known_until: i64,
}

impl Subscription {
    pub(super) async fn open(
        store: &Arc<dyn Store>,
        live: &Arc<Live>,
        asked: Subscribe,
        (wanted, of): (Wanted, Of),
        now: Timestamp,
    ) -> Result<Self> {
        if !asked.filters.is_empty() && wanted.one().is_none() {
            return Err(wrong("storage", "filters are of the fields of one storage, which has to be named"));
        }
        // Before the position is read: what is committed behind it comes.
        let (listening, pieces) = live.listen(wanted.clone())?;
        let span = store.span().await?;
        let mut subscription = Self {
            store: store.clone(),
            pieces,
            listening,
            wanted,
            of,
            filters: asked.filters,
            filter: None,
            place: Place::behind(span.last),
            told: Place::behind(span.last),
            first: VecDeque::new(),
            ready: VecDeque::new(),
            behind: None,
            reading: Reading::new(),
            known: HashMap::new(),
            known_until: span.last,
            epoch: span.epoch.into(),
        };
        if let Some(name) = subscription.wanted.one()
            && !subscription.filters.is_empty()
        {
            let storage = store.catalogue().find(name.as_str())?;
            subscription.filter_for(storage.ready()?)?;
        }
        if let Some(from) = asked.from {
            subscription.begin_at(from, span.last);
            subscription.told = subscription.place;
        } else if let Some(backfill) = asked.backfill {
            subscription.backfill(backfill, now).await?;
        }
        Ok(subscription)
    }

    /// Where it is, when it has come further than what was told last, or where this was answered last.
    pub fn passed(&mut self) -> Option<Cursor> {
        let cursor = Some(self.cursor()).filter(|cursor| cursor.place > self.told)?;
        self.told = cursor.place;
        Some(cursor)
    }

    /// Where it is: everything up to here that is of interest was told.
    pub fn cursor(&self) -> Cursor {
        let is_all_told = self.ready.is_empty() && self.first.is_empty();
        self.at(match &self.behind {
            _ if !is_all_told => self.told,
            Some(_) => self.place,
            None => self.listening.live.passed(self.place),
        })
    }

    fn pop(&mut self) -> Option<Told> {
        let told = self.ready.pop_front()?;
        match &told {
            Told::Event(event) => {
                self.told = event.cursor().map_or(self.told, |cursor| cursor.place);
                self.listening.live.counted.events.fetch_add(1, Ordering::Relaxed);
            }
            Told::Gap { to, .. } => self.told = to.place,
        }
        Some(told)
    }

    /// The next there is to tell. None when the database is closed, or does not answer: then one may begin again
    /// where one was.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.pop() {
                return Some(told);
            }
            if !self.first.is_empty() || self.behind.is_some() {
                let read =
                    if self.first.is_empty() { self.catch_up().await } else { self.read_first().await };
                if let Err(error) = read {
                    tracing::debug!(%error, "a subscription ends");
                    return None;
                }
                continue;
            }
            match self.pieces.recv().await {
                Ok(piece) => self.receive(&piece),
                Err(RecvError::Lagged(_)) => self.fall_behind(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The same as a stream.
    pub fn stream(self) -> impl Stream<Item = Told> + Send {
        stream::unfold(self, async |mut told| told.next().await.map(|next| (next, told)))
    }

    /// The next, when it is there already.
    pub fn try_next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.pop() {
                return Some(told);
            }
            if !self.first.is_empty() || self.behind.is_some() {
                return None;
            }
            match self.pieces.try_recv() {
                Ok(piece) => self.receive(&piece),
                Err(TryRecvError::Lagged(_)) => self.fall_behind(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// Takes the next piece; what was told already is left, and what lies between is read by itself.
    fn receive(&mut self, piece: &Piece) {
        if piece.behind <= self.place {
            return;
        }
        let none_wanted = || !piece.storages.iter().any(|storage| self.wanted.has(storage));
        match piece.events() {
            Some(events) if piece.after <= self.place => self.take(piece.behind, &events),
            None if piece.after <= self.place && none_wanted() => self.take(piece.behind, &[]),
            _ => self.fall_behind(),
        }
    }

    /// From here on it reads by itself, until it has caught up.
    fn fall_behind(&mut self) {
        self.behind = Some(Vec::new());
        self.listening.live.counted.behind.fetch_add(1, Ordering::Relaxed);
    }

    fn at(&self, place: Place) -> Cursor {
        Cursor { epoch: self.epoch.clone(), place }
    }

    /// Begins where somebody was. What is kept no more is found missing when it is read.
    fn begin_at(&mut self, from: Cursor, last: i64) {
        let (after, _) = from.place.rest();
        if from.epoch != self.epoch || after > last {
            self.ready.push_back(Told::Gap { from, to: self.at(self.place) });
            return;
        }
        self.place = from.place;
        self.behind = Some(Vec::new());
    }

    /// Reads on in the feed; up to date when there is nothing more.
    async fn catch_up(&mut self) -> Result<()> {
        let Some(commits) = &mut self.behind else { return Ok(()) };
        // There may be much that is of no interest: who listens may have gone meanwhile.
        consume_budget().await;
        let (after, _) = self.place.rest();
        if commits.last().is_none_or(|last| Place::behind(last.position) <= self.place) {
            *commits = self.store.commits(after, COMMITS).await?;
            let Some(first) = commits.first() else {
                self.behind = None;
                return Ok(());
            };
            if first.position > after + 1 {
                let to = Place::behind(first.position - 1);
                let from = std::mem::replace(&mut self.place, to);
                let from = self.at(from);
                self.ready.push_back(Told::Gap { from, to: self.at(to) });
                return Ok(());
            }
        }
        let wants = |name: &_| self.wanted.has(name);
        let after = Cursor { epoch: self.epoch.clone(), place: self.place };
        let piece = self.reading.next(self.store.as_ref(), commits, &after, wants).await?;
        self.take(piece.behind, &piece.events().unwrap_or_default());
        Ok(())
    }

    /// Makes ready what there is of interest among events.
    fn take(&mut self, behind: Place, events: &[Arc<Event>]) {
        for event in events {
            let is_new = event.cursor().is_none_or(|cursor| cursor.place > self.place);
            if is_new && self.wanted.has(&event.storage) && !self.is_known(event) && self.passes(event) {
                self.ready.push_back(Told::Event(event.clone()));
            }
        }
        self.place = behind;
        if self.place > Place::behind(self.known_until) {
            self.known = HashMap::new();
        }
    }

    /// Whether its row was told already as it was behind this change.
    fn is_known(&mut self, event: &Event) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let key = (event.storage.clone(), format!("{:?}", event.key));
        if event.what == ChangeKind::Deleted {
            // One that is made anew counts its versions anew.
            self.known.remove(&key);
        }
        self.known.get(&key).is_some_and(|version| event.version <= *version)
    }

    fn passes(&mut self, event: &Event) -> bool {
        // What is old is tidied away: that is nothing that became of it.
        if matches!(event.own(), Some((SystemStorage::Transition | SystemStorage::Command, _)))
            && event.what == ChangeKind::Deleted
        {
            return false;
        }
        if event.stored.as_ref().is_some_and(|stored| !self.of.has(&stored.in_force, &stored.row)) {
            return false;
        }
        if self.filters.is_empty() {
            return true;
        }
        let Some(stored) = &event.stored else { return true };
        match self.filter_for(&stored.in_force) {
            Ok(filter) => filter.is_none_or(|filter| filter.matches(&stored.row)),
            // A field that is gone: nothing passes any more.
            Err(_) => false,
        }
    }

    fn filter_for(&mut self, in_force: &Arc<InForce>) -> Result<Option<&Filter>> {
        let known = self
            .filter
            .as_ref()
            .is_some_and(|(known, _)| (known.storage, known.version) == (in_force.storage, in_force.version));
        if !known {
            let filter = parse::filters(&in_force.definition, &self.filters)?;
            self.filter = Some((in_force.clone(), filter));
        }
        Ok(self.filter.as_ref().and_then(|(_, filter)| filter.as_ref()))
    }
}

pub(super) fn wrong(parameter: &str, detail: impl Into<String>) -> Error {
    Error::Query(vec![Fault::new(At::Parameter(parameter.into()), "not-applicable", detail)])
}
