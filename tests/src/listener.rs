//! A client of server-sent events, as a browser is one.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::timeout;

use crate::Api;

/// An open stream.
#[derive(Debug)]
pub struct Listener {
    response: reqwest::Response,
    read: String,
    /// Up to where no event ends.
    searched: usize,
}

/// One event of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Where it stands, when it says so.
    pub id: Option<String>,
    /// What it is; none of a frame that only says where one is.
    pub event: Option<String>,
    /// What it says; null when it says nothing.
    pub data: Json,
}

impl Listener {
    /// Begins to listen, behind the last that was heard, if anything was.
    pub async fn at(api: &Api, path: &str, last: Option<&str>) -> Self {
        Self::try_at(api, path, last).await.expect("the server can be asked")
    }

    /// The same, of a server that may be gone.
    pub async fn try_at(api: &Api, path: &str, last: Option<&str>) -> Option<Self> {
        let call = api.get(path).header("last-event-id", last.unwrap_or_default());
        let response = call.stream().await?;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Some(Self { response, read: String::new(), searched: 0 })
    }

    /// The next; none when the stream has ended. Comments are left out.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(length) = self.read[self.searched..].find("\n\n") {
                let end = self.searched + length;
                let frame = Frame::parse(&self.read[..end]);
                self.read.drain(..end + 2);
                self.searched = 0;
                match frame {
                    Some(frame) => return Some(frame),
                    None => continue,
                }
            }
            // Half of the end may be there, and it may be between the bytes of a character.
            self.searched = self.read.floor_char_boundary(self.read.len().saturating_sub(1));
            let chunk = timeout(Duration::from_secs(30), self.response.chunk()).await;
            let chunk = chunk.expect("a heartbeat comes in half a minute").ok()??;
            self.read.push_str(std::str::from_utf8(&chunk).expect("a chunk ends between characters"));
        }
    }

    /// The next event of a row: neither a greeting nor a frame that only says where one is.
    pub async fn change(&mut self) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if matches!(frame.event.as_deref(), Some("insert" | "update" | "delete")) {
                return Some(frame);
            }
        }
    }
}

impl Frame {
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
