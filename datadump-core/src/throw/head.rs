//! The head of the request that brought a throw: everything that is not data.

use serde::{Deserialize, Serialize};

use super::Headers;

/// The head of the request that brought a throw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, such as `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The protocol.
    pub transport: Transport,
    /// The headers, without secrets.
    pub headers: Headers,
}

/// The protocol that a throw was sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A request.
    Http,
    /// A message of a WebSocket. The head is that of the request that opened it.
    WebSocket,
}

impl RequestHead {
    /// Returns the approximate number of bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.method.len() + self.path.len() + self.headers.size()
    }
}
