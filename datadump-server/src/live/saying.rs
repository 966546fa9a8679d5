//! What is said on a stream, word by word, whatever it is written on.

use std::{borrow::Cow, collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{
    CommandsFor, Timestamp,
    live::{Cursor, Event, Subscription, Told, WAYS},
};
use serde_json::{Value as Json, json};
use tokio::{
    sync::watch,
    time::{Instant, Sleep, sleep},
};

/// After how long without a word one is said, so that nobody between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What changes are told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Rows, with what became of them.
    Rows,
    /// New readings alone, in the plain form of the hub.
    Readings,
}

/// How words are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Script {
    /// As lines of an answer.
    Lines,
    /// As messages.
    Messages,
}

// An event has a place for each script of each form.
const _: () = assert!(2 * Script::Messages as usize + (Form::Readings as usize) < WAYS);

/// A stream that is told.
pub(super) struct Saying {
    about: About,
    stopped: watch::Receiver<bool>,
    /// What is said first.
    first: Option<Word>,
    said: Instant,
    /// Whether something was of no interest since then.
    passed_over: bool,
    /// Until a word may be due; it is set when it is over, not at every word.
    rest: Pin<Box<Sleep>>,
}

/// What is told of.
enum About {
    /// What is committed.
    Feed(Box<Subscription>, Form),
    /// The commands of a device; and those that it is about to hear.
    Commands(CommandsFor, VecDeque<Json>),
}

/// What is said at a time.
#[derive(Debug)]
pub(super) enum Word {
    /// Where it begins, and the server's time.
    Hello(Cursor, Timestamp),
    /// A row has changed, or was there already.
    Changed(Arc<Event>),
    /// A device has measured something.
    Reading(Arc<Event>),
    /// A command is leased to who hears this.
    Command(Json),
    /// What lies between is not kept.
    Gap(Cursor, Cursor),
    /// Up to here nothing was of interest.
    Seen(Cursor),
    /// There is nothing to say.
    Silence,
}

impl Saying {
    /// Tells what is committed.
    pub(super) fn of_feed(
        mut subscription: Subscription,
        form: Form,
        now: Timestamp,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let cursor = subscription.passed().unwrap_or_else(|| subscription.cursor());
        Self::new(About::Feed(Box::new(subscription), form), Word::Hello(cursor, now), stopped)
    }

    /// Tells a device its commands.
    pub(super) fn of_commands(commands: CommandsFor, stopped: watch::Receiver<bool>) -> Self {
        Self::new(About::Commands(commands, VecDeque::new()), Word::Silence, stopped)
    }

    fn new(about: About, first: Word, stopped: watch::Receiver<bool>) -> Self {
        let rest = Box::pin(sleep(HEARTBEAT));
        Self { about, stopped, first: Some(first), said: Instant::now(), passed_over: false, rest }
    }

    /// What is to be said next; none when the server stops, or its database does not answer.
    pub(super) async fn next(&mut self) -> Option<Word> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if let Some(word) = self.more() {
                return Some(word);
            }
            // A command that was just leased must not be dropped for a heartbeat: that comes from there.
            let is_feed = matches!(self.about, About::Feed(..));
            let heard = tokio::select! {
                biased;
                word = self.about.wait() => Some(word?),
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                () = self.rest.as_mut(), if is_feed => None,
            };
            let word = match heard {
                Some(word) => word,
                None if self.is_silent() => Some(self.silence()),
                None => continue,
            };
            match word {
                Some(word) => return Some(self.says(word)),
                None => self.passed_over = true,
            }
        }
    }

    /// Whether the last word was long ago, as it may be when one has rested; until when one rests from now on.
    fn is_silent(&mut self) -> bool {
        let (now, due) = (Instant::now(), self.said + HEARTBEAT);
        let is_silent = due <= now;
        self.rest.as_mut().reset(if is_silent { now + HEARTBEAT } else { due });
        is_silent
    }

    /// The next, when it is there already.
    pub(super) fn more(&mut self) -> Option<Word> {
        let word = match &mut self.about {
            About::Commands(_, waiting) => waiting.pop_front().map(Word::Command),
            About::Feed(subscription, form) => loop {
                let told = subscription.try_next()?;
                if let Some(word) = word(told, *form) {
                    break Some(word);
                }
                self.passed_over = true;
            },
        };
        word.map(|word| self.says(word))
    }

    /// How far it has come, when there is nothing else to say.
    fn silence(&mut self) -> Word {
        match &mut self.about {
            About::Feed(subscription, _) => {
                let passed = subscription.passed();
                let here = passed.or_else(|| self.passed_over.then(|| subscription.cursor()));
                here.map_or(Word::Silence, Word::Seen)
            }
            About::Commands(..) => Word::Silence,
        }
    }

    fn says(&mut self, word: Word) -> Word {
        self.said = Instant::now();
        self.passed_over = false;
        word
    }

    /// True when the server stops.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.clone()
    }
}

impl About {
    /// Waits until there is more; none when there never will be. What was waited for may be of no interest.
    async fn wait(&mut self) -> Option<Option<Word>> {
        match self {
            Self::Feed(subscription, form) => {
                let told = subscription.next().await?;
                Some(word(told, *form))
            }
            Self::Commands(commands, waiting) => {
                let next = commands.next(HEARTBEAT).await;
                // The device is forgotten, or has another token, or the database does not answer.
                let next = next.inspect_err(|error| tracing::debug!(%error, "a device is told no more"));
                waiting.extend(next.ok()?);
                Some(Some(waiting.pop_front().map_or(Word::Silence, Word::Command)))
            }
        }
    }
}

fn word(told: Told, form: Form) -> Option<Word> {
    match (told, form) {
        (Told::Gap { from, to }, _) => Some(Word::Gap(from, to)),
        (Told::Event(event), Form::Rows) => Some(Word::Changed(event)),
        (Told::Event(event), Form::Readings) => event.reading().is_some().then(|| Word::Reading(event)),
    }
}

impl Word {
    /// Where one is who heard it.
    pub(super) fn id(&self) -> Option<&Cursor> {
        match self {
            Self::Changed(event) | Self::Reading(event) => event.cursor(),
            Self::Gap(_, cursor) | Self::Seen(cursor) => Some(cursor),
            Self::Hello(..) | Self::Command(_) | Self::Silence => None,
        }
    }

    /// As it is written: by one for all, what they all are told.
    pub(super) fn written(&self, script: Script, write: impl FnOnce(&Self) -> String) -> Bytes {
        let (event, form) = match self {
            Self::Changed(event) => (event, Form::Rows),
            Self::Reading(event) => (event, Form::Readings),
            _ => return write(self).into(),
        };
        event.written(2 * script as usize + form as usize, || write(self).into())
    }

    /// What it is called.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Hello(..) => "hello",
            Self::Changed(event) => event.word(),
            Self::Reading(..) => "message",
            Self::Command(_) => "command",
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
            Self::Changed(event) => event.data().into(),
            Self::Reading(event) => event.reading().unwrap_or("{}").into(),
            Self::Command(command) => command.to_string().into(),
            Self::Gap(from, to) => {
                let (from, to) = (from.to_string(), to.to_string());
                json!({"from": from, "to": to, "reason": "expired"}).to_string().into()
            }
            Self::Seen(_) | Self::Silence => "{}".into(),
        }
    }
}
