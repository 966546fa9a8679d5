//! Splits long text messages into frames. A connection keeps a buffer for the largest frame it has sent.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        WebSocketConfig,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

/// Maximum size of a frame.
const MAX_FRAME: usize = 64 << 10;

/// Maximum size of the write buffer: a frame, and pongs for a client that does not read. Beyond it, only the
/// last ping is answered.
const MAX_WRITE_BUFFER: usize = 2 * MAX_FRAME;

/// Returns a configuration with buffers of this size, for messages of at most `max_message` bytes.
pub(crate) fn config(buffer: usize, max_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(buffer)
        .write_buffer_size(buffer)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
}

/// Returns the frames of a text message.
pub(crate) fn frames(text: impl Into<Bytes>) -> impl Iterator<Item = Message> {
    let mut rest = text.into();
    let first = rest.split_to(MAX_FRAME.min(rest.len()));
    split(first, rest)
}

/// Returns the frames of a text message that begins with a short text. Only the first frame is a copy.
pub(crate) fn frames_after(beginning: &str, mut rest: Bytes) -> impl Iterator<Item = Message> + use<> {
    let space = MAX_FRAME.saturating_sub(beginning.len());
    let start = rest.split_to(space.min(rest.len()));
    split([beginning.as_bytes(), start.as_ref()].concat().into(), rest)
}

fn split(first: Bytes, mut rest: Bytes) -> impl Iterator<Item = Message> {
    let mut next = Some((first, Data::Text));
    std::iter::from_fn(move || {
        let (piece, kind) = next.take()?;
        let is_last = rest.is_empty();
        if !is_last {
            next = Some((rest.split_to(MAX_FRAME.min(rest.len())), Data::Continue));
        }
        Some(Message::Frame(Frame::message(piece, OpCode::Data(kind), is_last)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(message: Message) -> (Data, bool, usize) {
        match message {
            Message::Frame(frame) => match frame.header().opcode {
                OpCode::Data(kind) => (kind, frame.header().is_final, frame.payload().len()),
                OpCode::Control(_) => panic!("a control frame"),
            },
            other => panic!("{other:?} is not a frame"),
        }
    }

    #[test]
    fn a_long_message_becomes_several_frames() {
        for (length, expected) in [
            (0, vec![(Data::Text, true, 0)]),
            (MAX_FRAME, vec![(Data::Text, true, MAX_FRAME)]),
            (
                2 * MAX_FRAME + 1,
                vec![
                    (Data::Text, false, MAX_FRAME),
                    (Data::Continue, false, MAX_FRAME),
                    (Data::Continue, true, 1),
                ],
            ),
        ] {
            let found = |frames: Vec<Message>| frames.into_iter().map(frame).collect::<Vec<_>>();
            assert_eq!(found(frames("x".repeat(length)).collect()), expected);
            if let Some(rest) = length.checked_sub(3) {
                let after = frames_after("abc", "x".repeat(rest).into());
                assert_eq!(found(after.collect()), expected);
            }
        }
    }
}
