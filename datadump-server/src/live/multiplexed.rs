//! Several subscriptions over one WebSocket, which the client adds and removes.

use bytes::Bytes;
use datadump_core::{
    Dump, NoticeKind,
    live::{SetItem, SetSubscription, SubscriptionRequest, SubscriptionSet},
};
use futures_util::{
    FutureExt as _, SinkExt as _,
    future::{BoxFuture, OptionFuture},
};
use poem::http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message as SocketMessage};
use tokio_util::sync::CancellationToken;

use super::{
    ROWS_PATH, Streams,
    client_message::{ClientMessage, Refused, Wanted, invalid},
    socket::{self, DATABASE_FAILS, End, SERVER_STOPS, Sink, Source},
    stream::{BATCH_BYTES, KEEP_ALIVE_INTERVAL, Message, Protocol},
    throw_notice,
};
use crate::{
    problem::Problem,
    socket::{frames, frames_after},
};

/// Maximum number of subscriptions.
const MAX_SUBSCRIPTIONS: usize = 64;

/// The subscriptions of one client.
pub(super) struct MultiplexedSession {
    dump: Dump,
    stop: CancellationToken,
    /// ID of the handshake, which problems refer to.
    request_id: String,
    set: SubscriptionSet,
    /// The subscription that is being opened. Until then, no further message is read.
    opening: Option<BoxFuture<'static, Opened>>,
    /// When subscriptions without events report their positions.
    keep_alive_at: Instant,
    /// True if something was sent since the last keep-alive.
    is_active: bool,
}

struct Opened {
    id: String,
    /// With the message that begins the subscription.
    subscription: Result<(Message, SetSubscription), Problem>,
}

impl MultiplexedSession {
    pub(super) fn new(streams: &Streams, request_id: &str) -> Self {
        Self {
            set: streams.dump.live().set(),
            dump: streams.dump.clone(),
            stop: streams.stop.clone(),
            request_id: request_id.to_owned(),
            opening: None,
            keep_alive_at: Instant::now() + KEEP_ALIVE_INTERVAL,
            is_active: false,
        }
    }

    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Serves the client until it leaves or the server stops.
    pub(super) async fn run(&mut self, sink: &mut Sink, source: &mut Source) -> End {
        let hello = match self.dump.live().position().await {
            Ok(position) => Message::Hello(position, self.dump.now()),
            Err(_) => return DATABASE_FAILS,
        };
        let mut next = frames(hello.encoded(Protocol::WebSocket, socket::encode)).collect();
        loop {
            if let Err(error) = self.send(sink, next).await {
                return socket::broken(&error);
            }
            let stop = self.stop.clone();
            tokio::select! {
                biased;
                () = stop.cancelled() => return SERVER_STOPS,
                () = sleep_until(self.keep_alive_at) => next = self.keep_alive(),
                Some(opened) = OptionFuture::from(self.opening.as_mut()) => {
                    self.opening = None;
                    next = self.add(opened);
                }
                message = socket::receive(source), if self.opening.is_none() => match message {
                    Ok(message) => next = self.follow(&message),
                    Err(end) => return end,
                },
                item = self.set.next() => match item {
                    Some((id, item)) => next = self.encoded(&id, &item),
                    None => return DATABASE_FAILS,
                },
            }
        }
    }

    /// Sends frames with those of further items that are ready, up to [`BATCH_BYTES`].
    async fn send(&mut self, sink: &mut Sink, first: Vec<SocketMessage>) -> Result<(), Error> {
        let (mut bytes, mut next) = (0, Some(first));
        while let Some(frames) = next.filter(|frames| !frames.is_empty()) {
            self.is_active = true;
            for frame in frames {
                bytes += frame.len();
                sink.feed(frame).await?;
            }
            let item = if bytes < BATCH_BYTES { self.set.try_next() } else { None };
            next = item.map(|(id, item)| self.encoded(&id, &item));
        }
        if bytes > 0 { sink.flush().await } else { Ok(()) }
    }

    /// Follows a message; returns the answer, if there is one at once.
    fn follow(&mut self, message: &SocketMessage) -> Vec<SocketMessage> {
        let parsed = match message {
            SocketMessage::Text(text) => ClientMessage::parse(text),
            SocketMessage::Binary(_) => Err(invalid("", "a message is JSON in a text frame").into()),
            _ => return Vec::new(),
        };
        match parsed {
            Ok(ClientMessage::Add(id, wanted)) => {
                let is_full = self.set.len() >= MAX_SUBSCRIPTIONS && !self.set.contains(&id);
                if is_full {
                    return self.refuse(Refused { id: Some(id), problem: too_many() });
                }
                let dump = self.dump.clone();
                let opening = async move { Opened { subscription: open(&dump, wanted).await, id } };
                self.opening = Some(opening.boxed());
                Vec::new()
            }
            Ok(ClientMessage::Remove(id)) if self.set.remove(&id) => Vec::new(),
            Ok(ClientMessage::Remove(id)) => {
                let problem = unknown(&id);
                self.refuse(Refused { id: Some(id), problem })
            }
            Err(refused) => self.refuse(refused),
        }
    }

    fn add(&mut self, Opened { id, subscription }: Opened) -> Vec<SocketMessage> {
        match subscription {
            Ok((hello, subscription)) => {
                self.set.insert(&id, subscription);
                of_subscription(&id, &hello)
            }
            Err(problem) => self.refuse(Refused { id: Some(id), problem }),
        }
    }

    fn refuse(&self, Refused { id, problem }: Refused) -> Vec<SocketMessage> {
        let problem = problem.at(&self.request_id, ROWS_PATH);
        let problem = serde_json::to_value(&*problem).unwrap_or_default();
        frames(json!({"sub": id, "error": problem}).to_string()).collect()
    }

    /// Returns the positions of subscriptions without events, or else a ping if nothing was sent.
    fn keep_alive(&mut self) -> Vec<SocketMessage> {
        self.keep_alive_at = Instant::now() + KEEP_ALIVE_INTERVAL;
        let passed = self.set.progress().into_iter();
        let mut frames: Vec<_> =
            passed.flat_map(|(id, position)| of_subscription(&id, &Message::Position(position))).collect();
        if frames.is_empty() && !self.is_active {
            frames.push(SocketMessage::Ping(Bytes::new()));
        }
        self.is_active = false;
        frames
    }

    fn encoded(&self, id: &str, item: &SetItem) -> Vec<SocketMessage> {
        let (event, data) = match item {
            SetItem::Delivery(delivery) => return of_subscription(id, &Message::from(delivery.clone())),
            SetItem::Notice(notice) if notice.kind() == NoticeKind::Throw => {
                let Some(data) = throw_notice::render(&self.dump, notice.data()) else { return Vec::new() };
                (notice.kind().name(), data)
            }
            SetItem::Notice(notice) => (notice.kind().name(), notice.data().to_owned()),
            SetItem::LostNotices(kind, lost) => {
                let data = json!({"reason": "slow", "dropped": lost, "of": kind.name()});
                ("gap", data.to_string())
            }
        };
        let rest = format!("\"event\":\"{event}\",\"data\":{data}}}");
        frames_after(&beginning(id), rest.into()).collect()
    }
}

/// Opens a subscription.
async fn open(dump: &Dump, wanted: Wanted) -> Result<(Message, SetSubscription), Problem> {
    match wanted {
        Wanted::Changes(request, coalescing) => {
            let mut subscription = dump.subscribe(*request).await?;
            let position = subscription.progress().unwrap_or_else(|| subscription.cursor());
            let subscription = SetSubscription::of_changes(subscription, coalescing)?;
            Ok((Message::Hello(position, dump.now()), subscription))
        }
        Wanted::Events(notices, hub_events) => {
            let hub = if hub_events.is_empty() {
                None
            } else {
                let mut request = SubscriptionRequest::default();
                request.hub_events = hub_events;
                Some(dump.subscribe(request).await?)
            };
            let position = match &hub {
                Some(hub) => hub.cursor(),
                None => dump.live().position().await?,
            };
            let subscription = SetSubscription::of_notices(notices, hub);
            Ok((Message::Hello(position, dump.now()), subscription))
        }
    }
}

/// Returns the frames of a message with the subscription that it belongs to. The rest of the message is that of a
/// single subscription, and shared with all others.
fn of_subscription(id: &str, message: &Message) -> Vec<SocketMessage> {
    let encoded = message.encoded(Protocol::WebSocket, socket::encode);
    let rest = encoded.slice(1.min(encoded.len())..);
    frames_after(&beginning(id), rest).collect()
}

fn beginning(id: &str) -> String {
    format!("{{\"sub\":{},", Json::from(id))
}

fn too_many() -> Problem {
    let detail = format!("a WebSocket has at most {MAX_SUBSCRIPTIONS} subscriptions; remove one first");
    let title = "Too many subscriptions";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-subscriptions", title, detail)
}

fn unknown(id: &str) -> Problem {
    let detail = format!("there is no subscription `{id}`");
    Problem::new(StatusCode::NOT_FOUND, "unknown-subscription", "No such subscription", detail)
}
