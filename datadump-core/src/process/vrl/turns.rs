//! Turns at the worker processes: how many a source may hold, and whose turn is next.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time::timeout};

/// Maximum number of turns at a time, and of turns of one source.
const MAX_TURNS: usize = 2;

/// Additional turns for sources that hold none, so that slow programs of one source cannot occupy all workers.
const SPARE_TURNS: usize = 1;

/// Maximum number of waiting throws per source.
const MAX_WAITING: usize = 1000;

/// Maximum time that a throw waits for a turn.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Grants turns to sources in rotation.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<State>,
}

/// The right to use one worker.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    source: Arc<str>,
}

/// Too much is waiting for a turn.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many throws are waiting for their programs to run; try again later")]
pub(super) struct Busy;

#[derive(Debug, Default)]
struct State {
    held: usize,
    /// The sources that hold a turn or wait for one.
    sources: HashMap<Arc<str>, SourceTurns>,
    /// The sources that wait for a turn; the first one is next.
    rotation: VecDeque<Arc<str>>,
}

#[derive(Debug, Default)]
struct SourceTurns {
    held: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

impl Turns {
    /// Waits for a turn. Fails if too much of this source is waiting already, or if the turn does not come in
    /// time.
    pub(super) async fn take(self: &Arc<Self>, source: &str) -> Result<Turn, Busy> {
        let granted = self.queue(source)?;
        timeout(MAX_WAIT, granted).await.map_err(|_| Busy)?.map_err(|_| Busy)
    }

    /// Queues for a turn.
    fn queue(self: &Arc<Self>, source: &str) -> Result<oneshot::Receiver<Turn>, Busy> {
        let (sender, receiver) = oneshot::channel();
        self.state.lock().queue(source, sender)?;
        self.grant();
        Ok(receiver)
    }

    /// Grants the turns that are free. The lock is released before a turn is sent: if its receiver is gone,
    /// the turn is dropped and takes the lock again.
    fn grant(self: &Arc<Self>) {
        loop {
            let next = self.state.lock().next();
            let Some((source, sender)) = next else { return };
            let _ = sender.send(Turn { turns: self.clone(), source });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.state.lock().release(&self.source);
        self.turns.grant();
    }
}

impl State {
    fn queue(&mut self, source: &str, sender: oneshot::Sender<Turn>) -> Result<(), Busy> {
        let source = match self.sources.get_key_value(source) {
            Some((known, _)) => known.clone(),
            None => Arc::from(source),
        };
        let turns = self.sources.entry(source.clone()).or_default();
        turns.waiting.retain(|waiting| !waiting.is_closed());
        if turns.waiting.len() >= MAX_WAITING {
            return Err(Busy);
        }
        turns.waiting.push_back(sender);
        if !self.rotation.contains(&source) {
            self.rotation.push_back(source);
        }
        Ok(())
    }

    /// Takes the throw that is next, if a turn is free for it, and counts the turn.
    fn next(&mut self) -> Option<(Arc<str>, oneshot::Sender<Turn>)> {
        for _ in 0..self.rotation.len() {
            let source = self.rotation.pop_front()?;
            let Some(turns) = self.sources.get_mut(&source) else { continue };
            turns.waiting.retain(|waiting| !waiting.is_closed());
            let is_free = self.held < MAX_TURNS || (turns.held == 0 && self.held < MAX_TURNS + SPARE_TURNS);
            let next = if is_free { turns.waiting.pop_front() } else { None };
            if next.is_some() {
                turns.held += 1;
                self.held += 1;
            }
            if !turns.waiting.is_empty() {
                self.rotation.push_back(source.clone());
            }
            self.forget_idle(&source);
            if let Some(sender) = next {
                return Some((source, sender));
            }
        }
        None
    }

    fn release(&mut self, source: &Arc<str>) {
        self.held -= 1;
        if let Some(turns) = self.sources.get_mut(source) {
            turns.held -= 1;
        }
        self.forget_idle(source);
    }

    fn forget_idle(&mut self, source: &Arc<str>) {
        if self.sources.get(source).is_some_and(|turns| turns.held == 0 && turns.waiting.is_empty()) {
            self.sources.remove(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the turn if it is granted.
    fn granted(waiting: &mut oneshot::Receiver<Turn>) -> Option<Turn> {
        waiting.try_recv().ok()
    }

    #[test]
    fn a_source_that_holds_no_turn_is_not_kept_waiting_by_another() {
        let turns = Arc::new(Turns::default());
        let queue = |source| turns.queue(source).unwrap();
        let mut busy: Vec<_> = (0..10).map(|_| queue("busy")).collect();
        let held: Vec<Turn> = busy.iter_mut().filter_map(granted).collect();
        assert_eq!(held.len(), MAX_TURNS, "one source uses all regular turns while it is alone");
        let one = granted(&mut queue("one")).expect("the spare turn");
        let (mut two, mut three, mut three_again) = (queue("two"), queue("three"), queue("three"));
        assert!(granted(&mut two).is_none());
        drop(one);
        let two = granted(&mut two).expect("the spare turn, once it is free");
        drop(held);
        let three = granted(&mut three).expect("the source that is next");
        assert!(granted(&mut three_again).is_none());
        let held: Vec<Turn> = busy.iter_mut().filter_map(granted).collect();
        assert_eq!(held.len(), 1, "the busy source gets one of the turns that became free");
        drop((two, three, held));
        assert!(granted(&mut three_again).is_some());
        drop((busy, three_again));
        drop(queue("last"));
        let state = turns.state.lock();
        assert_eq!((state.held, state.sources.len(), state.rotation.len()), (0, 0, 0), "{state:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_is_limited_in_number_and_time() {
        let turns = Arc::new(Turns::default());
        let held = [turns.take("a").await.unwrap(), turns.take("a").await.unwrap()];
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| turns.queue("a").unwrap()).collect();
        assert_eq!(turns.take("a").await.unwrap_err(), Busy, "the queue of the source is full");
        drop(waiting);
        let began = tokio::time::Instant::now();
        assert_eq!(turns.take("a").await.unwrap_err(), Busy);
        assert_eq!(began.elapsed(), MAX_WAIT);
        drop(held);
        assert!(turns.take("a").await.is_ok());
    }
}
