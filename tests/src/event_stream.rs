//! A client for server-sent events, which behaves like a browser's `EventSource`.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::timeout;

use crate::Api;

/// An open event stream.
#[derive(Debug)]
pub struct EventStream {
    response: reqwest::Response,
    buffer: String,
    /// Length of the part of the buffer that is known to contain no end of an event.
    searched: usize,
}

/// A server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerEvent {
    /// The `id` field, which is a position in the stream.
    pub id: Option<String>,
    /// The `event` field. `None` for an event that only reports the position.
    pub event: Option<String>,
    /// The `data` field as JSON, or null without one.
    pub data: Json,
}

impl EventStream {
    /// Opens a stream, after the event `last_event_id` if there is one.
    pub async fn open(api: &Api, path: &str, last_event_id: Option<&str>) -> Self {
        Self::try_open(api, path, last_event_id).await.expect("the server is reachable")
    }

    /// Like `open`, but returns `None` when the server is unreachable.
    pub async fn try_open(api: &Api, path: &str, last_event_id: Option<&str>) -> Option<Self> {
        let request = api.get(path).header("last-event-id", last_event_id.unwrap_or_default());
        let response = request.stream().await?;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Some(Self { response, buffer: String::new(), searched: 0 })
    }

    /// Returns the next event, or `None` at the end of the stream. Comments are skipped.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        loop {
            if let Some(length) = self.buffer[self.searched..].find("\n\n") {
                let end = self.searched + length;
                let event = ServerEvent::parse(&self.buffer[..end]);
                self.buffer.drain(..end + 2);
                self.searched = 0;
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            // The last byte may be the first half of the separator, or part of a character.
            self.searched = self.buffer.floor_char_boundary(self.buffer.len().saturating_sub(1));
            let chunk = timeout(Duration::from_secs(30), self.response.chunk()).await;
            let chunk = chunk.expect("a heartbeat arrives within 30 seconds").ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).expect("a chunk is valid UTF-8"));
        }
    }

    /// Returns the next insert, update or delete, skipping greetings and positions.
    pub async fn next_change(&mut self) -> Option<ServerEvent> {
        loop {
            let event = self.next().await?;
            if matches!(event.event.as_deref(), Some("insert" | "update" | "delete")) {
                return Some(event);
            }
        }
    }
}

impl ServerEvent {
    fn parse(text: &str) -> Option<Self> {
        let (mut id, mut event, mut data) = (None, None, Json::Null);
        for line in text.lines() {
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("event", value)) => event = Some(value.to_owned()),
                Some(("data", value)) => data = serde_json::from_str(value).expect("data is JSON"),
                _ => {}
            }
        }
        (id.is_some() || event.is_some() || !data.is_null()).then_some(Self { id, event, data })
    }
}
