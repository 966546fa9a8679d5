//! The messages of a stream, independent of the protocol they are sent over.

use std::{borrow::Cow, collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use datadump_core::{
    CommandStream, Timestamp,
    live::{Cursor, Delivery, Event, FRAME_KINDS, Subscription},
};
use serde_json::{Value as Json, json};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// After this time without a message, a keep-alive is sent, so that proxies do not close the connection.
pub(super) const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Number of bytes after which a batch of messages is sent, even if more are ready.
pub(super) const BATCH_BYTES: usize = 32 << 10;

/// What a stream of changes contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Row changes.
    Rows,
    /// New readings, in the simple form of the hub.
    Readings,
}

/// The protocol messages are encoded for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protocol {
    /// Server-sent events.
    Sse,
    /// WebSocket.
    WebSocket,
}

// An event caches its encoding for each combination of protocol and content.
const _: () = assert!(2 * Protocol::WebSocket as usize + (Content::Readings as usize) < FRAME_KINDS);

/// A stream of messages for one client.
pub(super) struct MessageStream {
    source: Source,
    stop: CancellationToken,
    first: Option<Message>,
    last_sent: Instant,
    /// True if events were skipped since `last_sent`.
    has_skipped: bool,
    /// When a keep-alive may be due. It is reset when it fires and not for every message, because setting a
    /// timer costs more than sending one.
    keep_alive: Pin<Box<Sleep>>,
}

/// Where messages come from.
enum Source {
    /// Committed changes.
    Changes(Box<Subscription>, Content),
    /// Commands of a device, and those that are leased but not sent yet.
    Commands(Box<CommandStream>, VecDeque<Json>),
}

/// A message to a client.
#[derive(Debug)]
pub(super) enum Message {
    /// The position the stream starts at, and the server's time.
    Hello(Cursor, Timestamp),
    /// A row was changed, or is part of the backfill.
    Change(Arc<Event>),
    /// A device has sent a reading.
    Reading(Arc<Event>),
    /// A command was leased to the device.
    Command(Json),
    /// Changes between two positions are no longer in the change log.
    Gap(Cursor, Cursor),
    /// All changes up to this position were skipped by the filters.
    Position(Cursor),
    /// Nothing has happened.
    KeepAlive,
}

impl MessageStream {
    /// Creates a stream of committed changes.
    pub(super) fn of_changes(
        mut subscription: Subscription,
        content: Content,
        now: Timestamp,
        stop: CancellationToken,
    ) -> Self {
        let cursor = subscription.progress().unwrap_or_else(|| subscription.cursor());
        Self::new(Source::Changes(Box::new(subscription), content), Message::Hello(cursor, now), stop)
    }

    /// Creates a stream of commands of a device.
    pub(super) fn of_commands(commands: CommandStream, stop: CancellationToken) -> Self {
        Self::new(Source::Commands(Box::new(commands), VecDeque::new()), Message::KeepAlive, stop)
    }

    fn new(source: Source, first: Message, stop: CancellationToken) -> Self {
        let keep_alive = Box::pin(sleep(KEEP_ALIVE_INTERVAL));
        Self { source, stop, first: Some(first), last_sent: Instant::now(), has_skipped: false, keep_alive }
    }

    /// Waits for the next message. Returns `None` if the server stops or its database fails.
    pub(super) async fn next(&mut self) -> Option<Message> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if let Some(message) = self.try_next() {
                return Some(message);
            }
            // A source of commands sends its own keep-alives: cancelling its future here could drop a command
            // that was just leased.
            let has_timer = matches!(self.source, Source::Changes(..));
            let message = tokio::select! {
                biased;
                message = self.source.next() => message?,
                () = self.stop.cancelled() => return None,
                () = self.keep_alive.as_mut(), if has_timer => {
                    if !self.is_keep_alive_due() {
                        continue;
                    }
                    Some(self.keep_alive())
                }
            };
            match message {
                Some(message) => return Some(self.sent(message)),
                None => self.has_skipped = true,
            }
        }
    }

    /// Returns whether a keep-alive is due, and sets the timer again.
    fn is_keep_alive_due(&mut self) -> bool {
        let (now, due) = (Instant::now(), self.last_sent + KEEP_ALIVE_INTERVAL);
        let is_due = due <= now;
        self.keep_alive.as_mut().reset(if is_due { now + KEEP_ALIVE_INTERVAL } else { due });
        is_due
    }

    /// Returns the next message if one is ready.
    pub(super) fn try_next(&mut self) -> Option<Message> {
        let message = match &mut self.source {
            Source::Commands(_, leased) => leased.pop_front().map(Message::Command),
            Source::Changes(subscription, content) => loop {
                let delivery = subscription.try_next()?;
                if let Some(message) = message(delivery, *content) {
                    break Some(message);
                }
                self.has_skipped = true;
            },
        };
        message.map(|message| self.sent(message))
    }

    /// Returns the position reached, if changes were skipped since the last message.
    fn keep_alive(&mut self) -> Message {
        match &mut self.source {
            Source::Changes(subscription, _) => {
                let passed = subscription.progress();
                let position = passed.or_else(|| self.has_skipped.then(|| subscription.cursor()));
                position.map_or(Message::KeepAlive, Message::Position)
            }
            Source::Commands(..) => Message::KeepAlive,
        }
    }

    fn sent(&mut self, message: Message) -> Message {
        self.last_sent = Instant::now();
        self.has_skipped = false;
        message
    }

    /// Returns the token that is cancelled when the server stops.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }
}

impl Source {
    /// Waits for the next message. The outer option is `None` at the end; the inner one is `None` for an
    /// event that is skipped.
    async fn next(&mut self) -> Option<Option<Message>> {
        match self {
            Self::Changes(subscription, content) => {
                let delivery = subscription.next().await?;
                Some(message(delivery, *content))
            }
            Self::Commands(commands, leased) => {
                let next = commands.next(KEEP_ALIVE_INTERVAL).await;
                // The device was removed or has a new token, or the database failed.
                let next = next.inspect_err(|error| tracing::debug!(%error, "a stream of commands failed"));
                leased.extend(next.ok()?);
                Some(Some(leased.pop_front().map_or(Message::KeepAlive, Message::Command)))
            }
        }
    }
}

fn message(delivery: Delivery, content: Content) -> Option<Message> {
    match (delivery, content) {
        (Delivery::Event(event), Content::Readings) => {
            event.reading().is_some().then(|| Message::Reading(event))
        }
        (delivery, _) => Some(Message::from(delivery)),
    }
}

impl From<Delivery> for Message {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Event(event) => Self::Change(event),
            Delivery::Gap { from, to } => Self::Gap(from, to),
        }
    }
}

impl Message {
    /// Returns the position after this message.
    pub(super) fn id(&self) -> Option<&Cursor> {
        match self {
            Self::Change(event) | Self::Reading(event) => event.cursor(),
            Self::Gap(_, cursor) | Self::Position(cursor) => Some(cursor),
            Self::Hello(..) | Self::Command(_) | Self::KeepAlive => None,
        }
    }

    /// Encodes the message. The encoding of an event is cached and shared by all streams.
    pub(super) fn encoded(&self, protocol: Protocol, encode: impl FnOnce(&Self) -> String) -> Bytes {
        let (event, content) = match self {
            Self::Change(event) => (event, Content::Rows),
            Self::Reading(event) => (event, Content::Readings),
            _ => return encode(self).into(),
        };
        event.frame(2 * protocol as usize + content as usize, || encode(self).into())
    }

    /// Returns the name of the event.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Self::Hello(..) => "hello",
            Self::Change(event) => event.name(),
            Self::Reading(..) => "message",
            Self::Command(_) => "command",
            Self::Gap(..) => "gap",
            Self::Position(_) | Self::KeepAlive => "seen",
        }
    }

    /// Returns the data of the event as JSON.
    pub(super) fn data(&self) -> Cow<'_, str> {
        match self {
            Self::Hello(cursor, now) => {
                json!({"cursor": cursor.to_string(), "now": now.to_string()}).to_string().into()
            }
            Self::Change(event) => event.data().into(),
            Self::Reading(event) => event.reading().unwrap_or("{}").into(),
            Self::Command(command) => command.to_string().into(),
            Self::Gap(from, to) => {
                let (from, to) = (from.to_string(), to.to_string());
                json!({"from": from, "to": to, "reason": "expired"}).to_string().into()
            }
            Self::Position(_) | Self::KeepAlive => "{}".into(),
        }
    }
}
