//! A throw: one incoming message.

mod head;
mod headers;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use uuid::Uuid;

pub use self::{
    head::{RequestHead, Transport},
    headers::Headers,
};
use crate::{clock::Timestamp, schema::StorageName};

/// The name of a source. Without routes, records of a source go to the storage with the same name.
pub type SourceName = StorageName;

/// Source name of pushes to the hub, which users cannot choose.
pub(crate) const HUB: &str = "_hub";

/// Source name of imports, which users cannot choose.
pub(crate) const IMPORT: &str = "_import";

/// Parses the name of a source, or of what takes its place.
pub(crate) fn source_name(name: &str) -> Result<SourceName, String> {
    match name {
        HUB => Ok(SourceName::reserved(HUB)),
        IMPORT => Ok(SourceName::reserved(IMPORT)),
        name => SourceName::parse(name),
    }
}

/// An incoming message before it is processed.
#[derive(Debug, Clone)]
pub struct Throw {
    /// Id of the throw, which is also the key of a single record without its own key.
    pub id: Uuid,
    /// The source it was sent to.
    pub source: SourceName,
    /// When it was received.
    pub received_at: Timestamp,
    /// The decompressed body.
    pub body: Bytes,
    /// The content type as sent.
    pub content_type: Option<String>,
    /// The query parameters.
    pub arguments: Vec<(String, String)>,
    /// The format requested by the sender.
    pub format: Option<String>,
    /// The IP address of the sender.
    pub peer: Option<IpAddr>,
    /// The request that brought it; `None` if it was not thrown over a network.
    pub head: Option<Arc<RequestHead>>,
}
