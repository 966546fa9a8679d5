//! What is said on a stream, word by word, whatever it is written on.

use std::{borrow::Cow, collections::VecDeque, sync::Arc, time::Duration};

use datadump_core::{
    CommandsFor, Timestamp,
    live::{Cursor, Event, Subscription, Told},
};
use serde_json::{Value as Json, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
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

/// A stream that is told.
pub(super) struct Saying {
    about: About,
    stopped: watch::Receiver<bool>,
    /// What is said first.
    first: Option<Word>,
    said: Instant,
    /// Where one is who heard it.
    heard: Option<Cursor>,
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
    /// A row has changed, or was there already; and the position behind it.
    Changed(Arc<Event>, Option<Cursor>),
    /// A device has measured something; and the position behind it.
    Reading(Arc<Event>, Option<Cursor>),
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
        subscription: Subscription,
        form: Form,
        now: Timestamp,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let cursor = subscription.cursor();
        let (heard, first) = (Some(cursor.clone()), Some(Word::Hello(cursor, now)));
        let about = About::Feed(Box::new(subscription), form);
        Self { about, stopped, first, said: Instant::now(), heard }
    }

    /// Tells a device its commands.
    pub(super) fn of_commands(commands: CommandsFor, stopped: watch::Receiver<bool>) -> Self {
        let about = About::Commands(commands, VecDeque::new());
        Self { about, stopped, first: Some(Word::Silence), said: Instant::now(), heard: None }
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
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                word = self.about.wait() => Some(word?),
                () = sleep_until(self.said + HEARTBEAT), if is_feed => None,
            };
            if let Some(word) = heard.unwrap_or_else(|| Some(self.silence())) {
                return Some(self.says(word));
            }
        }
    }

    /// The next, when it is there already.
    pub(super) fn more(&mut self) -> Option<Word> {
        let word = match &mut self.about {
            About::Commands(_, waiting) => waiting.pop_front().map(Word::Command),
            About::Feed(subscription, form) => loop {
                let told = subscription.try_next()?;
                if let Some(word) = word(told, subscription, *form) {
                    break Some(word);
                }
            },
        };
        word.map(|word| self.says(word))
    }

    /// How far it has come, when there is nothing else to say.
    fn silence(&self) -> Word {
        match &self.about {
            About::Feed(subscription, _) => Some(subscription.cursor())
                .filter(|cursor| self.heard.as_ref() != Some(cursor))
                .map_or(Word::Silence, Word::Seen),
            About::Commands(..) => Word::Silence,
        }
    }

    fn says(&mut self, word: Word) -> Word {
        self.said = Instant::now();
        if let Some(cursor) = word.id() {
            self.heard = Some(cursor.clone());
        }
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
                Some(word(told, subscription, *form))
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

fn word(told: Told, subscription: &Subscription, form: Form) -> Option<Word> {
    match told {
        Told::Gap { from, to } => Some(Word::Gap(from, to)),
        Told::Event(event) => {
            let cursor = subscription.cursor_of(&event);
            match form {
                Form::Rows => Some(Word::Changed(event, cursor)),
                Form::Readings if event.reading().is_some() => Some(Word::Reading(event, cursor)),
                Form::Readings => None,
            }
        }
    }
}

impl Word {
    /// Where one is who heard it.
    pub(super) fn id(&self) -> Option<&Cursor> {
        match self {
            Self::Changed(_, cursor) | Self::Reading(_, cursor) => cursor.as_ref(),
            Self::Gap(_, cursor) | Self::Seen(cursor) => Some(cursor),
            Self::Hello(..) | Self::Command(_) | Self::Silence => None,
        }
    }

    /// What it is called.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Hello(..) => "hello",
            Self::Changed(event, _) => event.word(),
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
            Self::Changed(event, _) => event.data().into(),
            Self::Reading(event, _) => event.reading().unwrap_or("{}").into(),
            Self::Command(command) => command.to_string().into(),
            Self::Gap(from, to) => {
                let (from, to) = (from.to_string(), to.to_string());
                json!({"from": from, "to": to, "reason": "expired"}).to_string().into()
            }
            Self::Seen(_) | Self::Silence => "{}".into(),
        }
    }
}
