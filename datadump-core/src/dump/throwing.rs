//! Throws: the one function that runs all stages.

use bytes::Bytes;

use super::Dump;
use crate::{
    error::{Error, Result},
    receipt::Receipt,
    throw::{SourceName, Throw},
};

/// A throw that is about to be made.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// Its bytes; decompressed here when they say by themselves that they are compressed.
    pub body: Bytes,
    /// What it says its content type is.
    pub content_type: Option<String>,
    /// The arguments of its address, without those that say how to throw.
    pub arguments: Vec<(String, String)>,
    /// The format it asks to be read as.
    pub format: Option<String>,
    /// Who sends it.
    pub peer: Option<String>,
    /// Whether any error means that nothing is stored.
    pub strict: bool,
}

impl Dump {
    /// Throws something at a source. What it became is committed when this returns.
    ///
    /// With `strict` and anything wrong, [`Error::Strict`] says what, and nothing was stored.
    pub async fn throw(&self, source: &SourceName, incoming: Incoming) -> Result<Receipt> {
        let _ = (source, incoming);
        Err(Error::internal("not yet"))
    }
}

/// A throw of any length, in a format that can be cut: committed chunk by chunk.
#[derive(Debug)]
pub struct Stream {
    throw: Throw,
}

impl Dump {
    /// Begins a throw of any length. Its body follows in [`Stream::push`].
    pub async fn throw_stream(&self, source: &SourceName, incoming: Incoming) -> Result<Stream> {
        let _ = (source, incoming);
        Err(Error::internal("not yet"))
    }
}

impl Stream {
    /// Takes the next bytes, decompressed; commits when a chunk is complete. An error ends the
    /// stream: what was committed before is in [`Stream::receipt`].
    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        let _ = (&self.throw, bytes);
        Err(Error::internal("not yet"))
    }

    /// What is committed so far.
    pub fn receipt(&self) -> Receipt {
        Receipt::new(self.throw.id, self.throw.source.clone(), "")
    }

    /// Commits what is left.
    pub async fn finish(self) -> Result<Receipt> {
        Ok(self.receipt())
    }
}
