//! What is said on a stream, word by word, whatever it is written on.

use std::{borrow::Cow, sync::Arc, time::Duration};

use datadump_core::{
    Timestamp,
    live::{Cursor, Event, Subscription, Told},
    store::Changed,
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// After how long without a word one is said, so that nobody between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream that is told.
pub(super) struct Saying {
    subscription: Subscription,
    stopped: watch::Receiver<bool>,
    /// When it began, until that was said.
    began: Option<Timestamp>,
    said: Instant,
    /// How far it came with nothing to say.
    seen: Option<Cursor>,
}

/// What is said at a time.
#[derive(Debug)]
pub(super) enum Word {
    /// Where it begins, and the server's time.
    Hello(Cursor, Timestamp),
    /// A row has changed, or was there already; and the position behind it.
    Changed(Arc<Event>, Option<Cursor>),
    /// What lies between is not kept.
    Gap(Cursor, Cursor),
    /// Up to here nothing was of interest.
    Seen(Cursor),
    /// There is nothing to say.
    Silence,
}

impl Saying {
    pub(super) fn new(subscription: Subscription, now: Timestamp, stopped: watch::Receiver<bool>) -> Self {
        Self { subscription, stopped, began: Some(now), said: Instant::now(), seen: None }
    }

    /// What is to be said next; none when the server stops, or its database does not answer.
    pub(super) async fn next(&mut self) -> Option<Word> {
        if let Some(now) = self.began.take() {
            return Some(Word::Hello(self.subscription.cursor(), now));
        }
        loop {
            let told = tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                told = self.subscription.next() => Some(told?),
                () = sleep_until(self.said + HEARTBEAT) => None,
            };
            let word = match told {
                Some(told) => self.word(told),
                None => Some(self.seen.take().map_or(Word::Silence, Word::Seen)),
            };
            if word.is_some() {
                self.said = Instant::now();
                return word;
            }
        }
    }

    /// The next, when it is there already.
    pub(super) fn more(&mut self) -> Option<Word> {
        loop {
            let told = self.subscription.try_next()?;
            let word = self.word(told);
            if word.is_some() {
                return word;
            }
        }
    }

    /// True when the server stops.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.clone()
    }

    fn word(&mut self, told: Told) -> Option<Word> {
        let word = match told {
            Told::Seen(cursor) => {
                // It is said when there was nothing else for a while.
                self.seen = Some(cursor);
                return None;
            }
            Told::Gap { from, to } => Word::Gap(from, to),
            Told::Event(event) => {
                let cursor = self.subscription.cursor_of(&event);
                Word::Changed(event, cursor)
            }
        };
        self.seen = None;
        Some(word)
    }
}

impl Word {
    /// Where one is who heard it.
    pub(super) fn id(&self) -> Option<&Cursor> {
        match self {
            Self::Changed(_, cursor) => cursor.as_ref(),
            Self::Gap(_, cursor) | Self::Seen(cursor) => Some(cursor),
            Self::Hello(..) | Self::Silence => None,
        }
    }

    /// What it is called.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Hello(..) => "hello",
            Self::Changed(event, _) => match event.what {
                Changed::Inserted => "insert",
                Changed::Updated => "update",
                Changed::Deleted => "delete",
            },
            Self::Gap(..) => "gap",
            Self::Seen(_) | Self::Silence => "seen",
        }
    }

    /// What it says, as JSON.
    pub(super) fn data(&self) -> Cow<'_, str> {
        match self {
            Self::Hello(cursor, now) => {
                json!({"cursor": cursor.to_string(), "now": now.to_string()}).to_string().into()
            }
            Self::Changed(event, _) => event.data().into(),
            Self::Gap(from, to) => {
                let (from, to) = (from.to_string(), to.to_string());
                json!({"from": from, "to": to, "reason": "expired"}).to_string().into()
            }
            Self::Seen(_) | Self::Silence => "{}".into(),
        }
    }
}
