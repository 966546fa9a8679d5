//! The most recent throws as they were received, in a bounded in-memory ring.

use std::{collections::VecDeque, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use crate::{error::Result, receipt::Receipt, schema::name::fold, throw::Throw};

/// Maximum number of throws in the ring.
const MAX_THROWS: usize = 500;

/// Maximum size of the ring in bytes.
const MAX_BYTES: usize = 8 << 20;

/// Maximum number of bytes kept of a body.
const MAX_BODY: usize = 32 << 10;

/// The most recent throws.
#[derive(Debug, Default)]
pub(super) struct RecentThrows {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    throws: VecDeque<Arc<RecentThrow>>,
    bytes: usize,
}

/// A throw and its outcome. Rendered when it is read.
#[derive(Debug)]
pub struct RecentThrow {
    throw: Arc<Throw>,
    size: usize,
    bytes: usize,
    outcome: Result<Receipt, String>,
}

/// Returns a body that does not keep a larger buffer alive: a short one may be a slice of a large buffer, so
/// it is copied.
pub(super) fn owned(body: Bytes) -> Bytes {
    if body.len() < MAX_BODY { Bytes::copy_from_slice(&body) } else { body }
}

impl RecentThrows {
    /// Adds a throw and returns its entry; when the ring is full, the oldest ones are removed.
    pub(super) fn put(&self, mut throw: Arc<Throw>, outcome: &Result<Receipt>) -> Arc<RecentThrow> {
        let size = throw.body.len();
        if let Some(start) = throw.body.get(..MAX_BODY) {
            // Copied, because a slice would keep the whole body alive.
            let body = Bytes::copy_from_slice(start);
            throw = Arc::new(Throw { body, ..Throw::clone(&throw) });
        }
        let outcome = match outcome {
            Ok(receipt) => Ok(receipt.clone()),
            Err(error) => Err(error.to_string()),
        };
        let listed = outcome.as_ref().map_or(0, |receipt| receipt.warnings.len() + receipt.errors.len());
        let bytes = 512 + throw.body.len() + 256 * listed;
        let recent = Arc::new(RecentThrow { throw, size, bytes, outcome });
        let mut ring = self.ring.lock();
        ring.bytes += bytes;
        ring.throws.push_front(recent.clone());
        while ring.throws.len() > MAX_THROWS || ring.bytes > MAX_BYTES {
            match ring.throws.pop_back() {
                Some(gone) => ring.bytes -= gone.bytes,
                None => break,
            }
        }
        recent
    }

    /// Returns the throws at a source, newest first.
    pub(super) fn of_source(&self, source: &str) -> Vec<Arc<RecentThrow>> {
        let ring = self.ring.lock();
        let of_source = ring.throws.iter().filter(|recent| recent.throw.source.folded() == fold(source));
        of_source.cloned().collect()
    }
}

impl RecentThrow {
    /// Returns the throw and its outcome as JSON.
    pub fn to_json(&self) -> Json {
        let throw = &self.throw;
        let mut json = json!({
            "throw": throw.id,
            "source": throw.source.as_str(),
            "received_at": throw.received_at.to_string(),
            "content_type": throw.content_type,
            "arguments": throw.arguments,
            "peer": throw.peer,
            "size": self.size,
            "cut": self.size > throw.body.len(),
        });
        let end = match std::str::from_utf8(&throw.body) {
            Ok(_) => Some(throw.body.len()),
            // A truncated body may end inside a character.
            Err(error) if error.error_len().is_none() && self.size > throw.body.len() => {
                Some(error.valid_up_to())
            }
            Err(_) => None,
        };
        match end.and_then(|end| std::str::from_utf8(throw.body.get(..end)?).ok()) {
            Some(text) => json["body"] = text.into(),
            None => json["body_base64"] = BASE64.encode(&throw.body).into(),
        }
        match &self.outcome {
            Ok(receipt) => {
                json["format"] = receipt.format.as_str().into();
                json["receipt"] = serde_json::to_value(receipt).unwrap_or_default();
            }
            Err(error) => json["error"] = error.as_str().into(),
        }
        json
    }
}
