//! A throw: one message as it came.

use std::net::IpAddr;

use bytes::Bytes;
use uuid::Uuid;

use crate::{clock::Timestamp, schema::StorageName};

/// The name of a source. What is thrown at it goes, unless a route says otherwise, to the storage
/// of the same name.
pub type SourceName = StorageName;

/// The door of pushes to the hub: nobody's source can have this name.
pub(crate) const HUB: &str = "_hub";

/// One message as it came, not looked at yet.
#[derive(Debug, Clone)]
pub struct Throw {
    /// Its id: also the key of its only record, when that brings none of its own.
    pub id: Uuid,
    /// The door it came through.
    pub source: SourceName,
    /// When it was received.
    pub received_at: Timestamp,
    /// Its bytes, decompressed.
    pub body: Bytes,
    /// What it said its content type was.
    pub content_type: Option<String>,
    /// The arguments of its address.
    pub arguments: Vec<(String, String)>,
    /// The format it asked to be read as.
    pub format: Option<String>,
    /// The address of who sent it.
    pub peer: Option<IpAddr>,
}
