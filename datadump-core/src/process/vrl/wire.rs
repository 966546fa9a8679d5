//! What goes between the server and its workers: frames of a length and so many bytes.
//!
//! ```text
//! parent: Handshake            worker: Handshake
//! parent: Check            worker: CheckResult
//! parent: RunRequest, event, …    worker: answer, …     (one per event, in order)
//! ```

use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ProgramContext, Diagnostics, ProgramInput, Script};
use crate::{clock::Timestamp, record::Fields};

/// Both sides come from one build; when they do not, they had better not talk.
pub(super) const PROTOCOL: &str = concat!("datadump-worker/1 ", env!("CARGO_PKG_VERSION"));

/// What the worker says to that: a program that only echoes what it reads is none.
pub(super) const READY: &str = concat!("ready: datadump-worker/1 ", env!("CARGO_PKG_VERSION"));

/// The first thing either side says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Handshake {
    pub(super) protocol: String,
    /// How much memory the worker may have beyond what it starts with.
    pub(super) memory: u64,
}

/// What the parent asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Whether a program compiles.
    Check(Script),
    /// To run it on the events that follow.
    RunRequest(Box<RunRequest>),
}

/// A run of a program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub(super) script: Script,
    pub(super) about: ContextMessage,
    /// How many events follow.
    pub(super) events: usize,
    /// Whether each answer is sent before the next event is begun, so that it is known which one
    /// the worker died of.
    pub(super) careful: bool,
    /// How long an event may take.
    pub(super) deadline_micros: u64,
    /// How long all may take.
    pub(super) patience_micros: u64,
}

/// What a program can read of its throw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ContextMessage {
    source: String,
    received_at: i64,
    format: Option<String>,
    arguments: Vec<(String, String)>,
}

/// What the compiler says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CheckResult {
    pub(super) compiles: bool,
    pub(super) diagnostics: Diagnostics,
}

/// An event, as the worker gets it.
#[derive(Debug, PartialEq)]
pub(super) struct InputMessage {
    pub(super) index: usize,
    /// How much may come out of it.
    pub(super) output: usize,
    pub(super) payload: Payload,
}

/// What it is.
#[derive(Debug, PartialEq)]
pub(super) enum Payload {
    Record(Fields),
    Throw { body: Bytes, content_type: Option<String> },
}

#[derive(Debug, Serialize, Deserialize)]
struct InputHeader<'a> {
    i: usize,
    o: usize,
    /// Of a record: its fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<Cow<'a, Fields>>,
    /// Of a throw: its content type. Its body comes in a frame of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Cow<'a, str>>,
}

impl From<&ProgramContext> for ContextMessage {
    fn from(about: &ProgramContext) -> Self {
        Self {
            source: about.source.clone(),
            received_at: about.received_at.micros(),
            format: about.format.clone(),
            arguments: about.arguments.clone(),
        }
    }
}

impl From<ContextMessage> for ProgramContext {
    fn from(said: ContextMessage) -> Self {
        Self {
            source: said.source,
            received_at: Timestamp::from_micros(said.received_at).unwrap_or(Timestamp::MIN),
            format: said.format,
            arguments: said.arguments,
        }
    }
}

/// Adds a message to what is about to be sent.
pub(super) fn put(buffer: &mut Vec<u8>, message: &impl Serialize) -> io::Result<()> {
    let start = buffer.len();
    buffer.extend([0; 4]);
    serde_json::to_writer(&mut *buffer, message)?;
    let length = u32::try_from(buffer.len() - start - 4).map_err(|_| too_long())?;
    if let Some(place) = buffer.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// Adds an event.
pub(super) fn put_input(buffer: &mut Vec<u8>, event: &ProgramInput, output: usize) -> io::Result<()> {
    let (i, o) = (event.index(), output);
    match event {
        ProgramInput::Record(record) => put(buffer, &InputHeader { i, o, f: Some(ProgramInput::fields(record)), c: None }),
        ProgramInput::Throw { body, content_type } => {
            put(buffer, &InputHeader { i, o, f: None, c: content_type.as_deref().map(Cow::Borrowed) })?;
            buffer.extend(u32::try_from(body.len()).map_err(|_| too_long())?.to_le_bytes());
            buffer.extend_from_slice(body);
            Ok(())
        }
    }
}

/// Reads one frame; none at a proper end. Both sides know how long the longest is that makes sense.
pub(super) fn get_bytes(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    // The end may only come between two frames.
    if input.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[1..])?;
    let length = u64::from(u32::from_le_bytes(length));
    let mut bytes = Vec::new();
    if input.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

/// Reads one message.
pub(super) fn get<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<T>> {
    let Some(bytes) = get_bytes(input)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Reads one event.
pub(super) fn get_input(input: &mut impl Read) -> io::Result<InputMessage> {
    let bytes = get_bytes(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let head: InputHeader<'_> = serde_json::from_slice(&bytes)?;
    let payload = match head.f {
        Some(fields) => Payload::Record(fields.into_owned()),
        None => {
            let body = get_bytes(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            Payload::Throw { body: body.into(), content_type: head.c.map(Cow::into_owned) }
        }
    };
    Ok(InputMessage { index: head.i, output: head.o, payload })
}

/// Sends what is waiting.
pub(super) fn send(output: &mut impl Write, buffer: &mut Vec<u8>) -> io::Result<()> {
    output.write_all(buffer)?;
    buffer.clear();
    output.flush()
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message is longer than a frame can be")
}
