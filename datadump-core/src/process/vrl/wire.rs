//! The protocol between the server and its worker processes: length-prefixed frames.
//!
//! ```text
//! parent: Handshake               worker: Handshake
//! parent: Check                   worker: Result<Diagnostics, Diagnostics>
//! parent: RunRequest, input, …    worker: result, …     (one per input, in order)
//! ```

use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ProgramContext, ProgramInput, Script};
use crate::record::{Fields, Origin, Record};

/// Protocol version sent by the parent. Both sides must come from the same build.
pub(super) const PROTOCOL: &str = concat!("datadump-worker/1 ", env!("CARGO_PKG_VERSION"));

/// Reply of the worker. It differs from [`PROTOCOL`], so that a program that echoes its input is not
/// mistaken for a worker.
pub(super) const READY: &str = concat!("ready: datadump-worker/1 ", env!("CARGO_PKG_VERSION"));

/// First message in both directions.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Handshake {
    pub(super) protocol: String,
    /// Memory in bytes that the worker may allocate after it has started.
    pub(super) memory: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Check(Script),
    /// Run a program on the inputs that follow.
    Run(Box<RunRequest>),
}

/// Header of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub(super) script: Script,
    pub(super) context: ProgramContext,
    /// Number of inputs that follow.
    pub(super) inputs: usize,
    /// Sends each result before the next input is started, so that the input that crashes
    /// the worker can be identified.
    pub(super) one_by_one: bool,
    /// Time limit per input.
    pub(super) deadline_micros: u64,
    /// Time limit for all inputs together.
    pub(super) total_timeout_micros: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct InputHeader<'a> {
    /// The index of a record in its throw.
    i: usize,
    /// The output limit in bytes.
    o: usize,
    /// The fields of a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<Cow<'a, Fields>>,
    /// The content type of a throw. Its body follows in a frame of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Cow<'a, str>>,
}

/// Appends a message to the send buffer.
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

/// Appends an input to the send buffer.
pub(super) fn put_input(buffer: &mut Vec<u8>, input: &ProgramInput, output: usize) -> io::Result<()> {
    let (i, o) = (input.index(), output);
    match input {
        ProgramInput::Record(record) => {
            put(buffer, &InputHeader { i, o, f: Some(ProgramInput::fields(record)), c: None })
        }
        ProgramInput::Throw { body, content_type } => {
            put(buffer, &InputHeader { i, o, f: None, c: content_type.as_deref().map(Cow::Borrowed) })?;
            buffer.extend(u32::try_from(body.len()).map_err(|_| too_long())?.to_le_bytes());
            buffer.extend_from_slice(body);
            Ok(())
        }
    }
}

/// Reads one frame; returns `None` at the end of the stream. Each side bounds the length of the frames it
/// sends.
pub(super) fn get_bytes(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    // The stream may only end between frames.
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

pub(super) fn get<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<T>> {
    let Some(bytes) = get_bytes(input)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Reads one input and its output limit.
pub(super) fn get_input(input: &mut impl Read) -> io::Result<(ProgramInput, usize)> {
    let bytes = get_bytes(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let head: InputHeader<'_> = serde_json::from_slice(&bytes)?;
    let given = match head.f {
        Some(fields) => {
            let origin = Origin { index: head.i, ..Origin::default() };
            ProgramInput::Record(Record { origin, ..Record::new(fields.into_owned()) })
        }
        None => {
            let body = get_bytes(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            ProgramInput::Throw { body: body.into(), content_type: head.c.map(Cow::into_owned) }
        }
    };
    Ok((given, head.o))
}

/// Sends and clears the buffer.
pub(super) fn send(output: &mut impl Write, buffer: &mut Vec<u8>) -> io::Result<()> {
    output.write_all(buffer)?;
    buffer.clear();
    output.flush()
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message exceeds the maximum frame length")
}
