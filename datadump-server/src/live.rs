//! `/api/v1/stream`: what is committed, as server-sent events, for as long as somebody listens.

use std::{
    fmt::Write as _,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    time::Duration,
};

use bytes::Bytes;
use datadump_core::{
    Dump,
    live::{Backfill, Cursor, Subscribe, Subscription, Told},
    store::Changed,
};
use futures_util::stream;
use poem::{
    Body, Endpoint, Request, Response,
    http::{HeaderName, header},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{config, extract::parse_query, problem::Problem};

/// The path.
pub(crate) const PATH: &str = "/api/v1/stream";

/// After how long without a word one is said, so that nobody between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After how long a client asks again; spread, so that all clients of a server that was stopped do not ask at once.
const RETRY_MILLIS: u64 = 2_000;
const RETRY_SPREAD: u64 = 1_000;

/// How many bytes are said at once, when there is as much to say.
const TOGETHER: usize = 32 << 10;

/// What a list takes beside filters.
const OF_LISTS: [&str; 7] = ["limit", "offset", "cursor", "count", "ordering", "fields", "search"];

/// The header with which a client that was cut off says how far it came.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// All streams of a server. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    dump: Dump,
    stopped: watch::Sender<bool>,
}

/// One of them.
struct Saying {
    subscription: Subscription,
    stopped: watch::Receiver<bool>,
    /// What is said first.
    hello: Option<String>,
    said: Instant,
    /// How far it came with nothing to say.
    seen: Option<Cursor>,
}

impl Streams {
    pub(crate) fn new(dump: &Dump) -> Self {
        Self { dump: dump.clone(), stopped: watch::Sender::new(false) }
    }

    /// Ends all of them.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    async fn answer(&self, request: &Request) -> Result<Response, Problem> {
        let asked = asked(request)?;
        let subscription = self.dump.subscribe(asked).await?;
        let data = json!({"cursor": subscription.cursor().to_string(), "now": self.dump.now().to_string()});
        let spread = RandomState::new().build_hasher().finish() % RETRY_SPREAD;
        let hello = format!("retry: {}\nevent: hello\ndata: {data}\n\n", RETRY_MILLIS + spread);
        let saying = Saying {
            subscription,
            stopped: self.stopped.subscribe(),
            hello: Some(hello),
            said: Instant::now(),
            seen: None,
        };
        let words = stream::unfold(saying, |mut saying| async {
            saying.next().await.map(|words| (io::Result::Ok(Bytes::from(words)), saying))
        });
        Ok(Response::builder()
            .content_type("text/event-stream")
            .header(header::CACHE_CONTROL, "no-store")
            .header("X-Accel-Buffering", "no")
            .body(Body::from_bytes_stream(words)))
    }
}

impl Endpoint for Streams {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(&request).await?)
    }
}

impl Saying {
    /// What is to be said next: all that is known by now, up to a size.
    async fn next(&mut self) -> Option<String> {
        if let Some(hello) = self.hello.take() {
            return Some(hello);
        }
        let mut words = String::new();
        while words.is_empty() {
            let told = tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                told = self.subscription.next() => Some(told?),
                () = sleep_until(self.said + HEARTBEAT) => None,
            };
            match told {
                Some(told) => self.say(&mut words, &told),
                None => {
                    let word = self.seen.take().map_or(":\n\n".to_owned(), |seen| format!("id: {seen}\n\n"));
                    words.push_str(&word);
                }
            }
        }
        while words.len() < TOGETHER
            && let Some(told) = self.subscription.try_next()
        {
            self.say(&mut words, &told);
        }
        self.said = Instant::now();
        Some(words)
    }

    fn say(&mut self, words: &mut String, told: &Told) {
        // A text takes all that is written into it.
        let _ = match told {
            Told::Seen(cursor) => {
                self.seen = Some(cursor.clone());
                return;
            }
            Told::Gap { from, to } => {
                let data = json!({"from": from.to_string(), "to": to.to_string(), "reason": "expired"});
                write!(words, "id: {to}\nevent: gap\ndata: {data}\n\n")
            }
            Told::Event(event) => {
                if let Some(cursor) = self.subscription.cursor_of(event) {
                    let _ = writeln!(words, "id: {cursor}");
                }
                let what = match event.what {
                    Changed::Inserted => "insert",
                    Changed::Updated => "update",
                    Changed::Deleted => "delete",
                };
                write!(words, "event: {what}\ndata: {}\n\n", event.data())
            }
        };
        self.seen = None;
    }
}

/// What a request asks to be told.
fn asked(request: &Request) -> Result<Subscribe, Problem> {
    let mut asked = Subscribe::default();
    for (name, value) in parse_query(request.uri().query().unwrap_or_default())? {
        match name.as_str() {
            "storage" => {
                asked.storages.extend(value.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
            }
            "since" => asked.from = Some(cursor("since", &value)?),
            "backfill" => asked.backfill = Some(backfill(&value)?),
            _ if OF_LISTS.contains(&name.as_str()) => {
                let detail = format!(
                    "`{name}` is of a list; a stream takes `storage`, `since`, `backfill` and filters"
                );
                return Err(Problem::parameter(&name, "unknown-parameter", detail));
            }
            _ => asked.filters.push((name, value)),
        }
    }
    if let Some(value) = request.headers().get(LAST_EVENT_ID).filter(|value| !value.is_empty()) {
        asked.from = Some(cursor("Last-Event-ID", value.to_str().unwrap_or_default())?);
    }
    Ok(asked)
}

fn cursor(parameter: &str, text: &str) -> Result<Cursor, Problem> {
    Cursor::parse(text).ok_or_else(|| {
        let detail = format!("`{parameter}` is a position as a stream says it, not {text:?}");
        Problem::parameter(parameter, "not-a-position", detail)
    })
}

fn backfill(text: &str) -> Result<Backfill, Problem> {
    let rows = text.parse().ok().filter(|rows| (1..=1000).contains(rows)).map(Backfill::Rows);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let time = || config::duration(text).ok().filter(|_| !is_number).map(Backfill::Since);
    rows.or_else(time).ok_or_else(|| {
        let detail =
            format!("`backfill` is a number of rows, 1 to 1000, or a time such as `10m`, not {text:?}");
        Problem::parameter("backfill", "not-a-backfill", detail)
    })
}
