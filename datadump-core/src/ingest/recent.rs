//! The last throws as they came, in memory, for looking at.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::{
    dump::Dump,
    error::{Error, Result},
    receipt::Receipt,
    schema::name::fold,
    throw::Throw,
};

/// The most throws that are remembered.
const MAX_THROWS: usize = 500;

/// The most bytes of them.
const MAX_BYTES: usize = 8 << 20;

/// The most bytes of one body.
const MAX_BODY: usize = 32 << 10;

/// The last throws.
#[derive(Debug, Default)]
pub(in crate::dump) struct Recent {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    throws: VecDeque<Seen>,
    bytes: usize,
}

/// One throw and what became of it. It is rendered when somebody looks.
#[derive(Debug)]
struct Seen {
    throw: Arc<Throw>,
    size: usize,
    bytes: usize,
    outcome: Result<Receipt, String>,
}

/// A body as it can be remembered: a short one may be a slice of much more, and is copied.
pub(in crate::dump) fn owned(body: Bytes) -> Bytes {
    if body.len() < MAX_BODY { Bytes::copy_from_slice(&body) } else { body }
}

impl Recent {
    pub(in crate::dump) fn put(&self, mut throw: Arc<Throw>, outcome: &Result<Receipt>) {
        let size = throw.body.len();
        if let Some(start) = throw.body.get(..MAX_BODY) {
            // A copy: a slice would hold on to the whole body.
            let body = Bytes::copy_from_slice(start);
            throw = Arc::new(Throw { body, ..Throw::clone(&throw) });
        }
        let outcome = match outcome {
            Ok(receipt) => Ok(receipt.clone()),
            Err(error) => Err(error.to_string()),
        };
        let listed = outcome.as_ref().map_or(0, |receipt| receipt.warnings.len() + receipt.errors.len());
        let bytes = 512 + throw.body.len() + 256 * listed;
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += bytes;
        ring.throws.push_front(Seen { throw, size, bytes, outcome });
        while ring.throws.len() > MAX_THROWS || ring.bytes > MAX_BYTES {
            match ring.throws.pop_back() {
                Some(gone) => ring.bytes -= gone.bytes,
                None => break,
            }
        }
    }

    fn of(&self, source: &str) -> Vec<Json> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let of_source = ring.throws.iter().filter(|seen| seen.throw.source.folded() == fold(source));
        of_source.map(Seen::to_json).collect()
    }
}

impl Seen {
    fn to_json(&self) -> Json {
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
            // A body that was cut may end inside a character.
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

impl Dump {
    /// The last throws at a source, newest first: `{throw, received_at, content_type, peer, size,
    /// body | body_base64, cut, format, receipt | error}`.
    pub fn recent(&self, source: &str) -> Result<Vec<Json>> {
        if self.capture.sources.find(source).is_none() {
            return Err(Error::UnknownSource(source.to_owned()));
        }
        Ok(self.capture.recent.of(source))
    }
}
