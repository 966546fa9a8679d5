//! Tracks where messages begin and end in the bytes of a connection, without keeping any of them.

use std::mem;

/// Maximum length of a frame's header: two bytes, the length, and the mask.
const MAX_HEADER: usize = 14;

/// Opcodes from here on are those of control frames, which may arrive within a fragmented message.
const FIRST_CONTROL_OPCODE: u8 = 8;

/// The position in a sequence of frames. Frames that are not valid end the connection elsewhere.
#[derive(Debug, Default)]
pub(super) struct FrameTracker {
    header: [u8; MAX_HEADER],
    header_bytes: usize,
    /// Number of bytes of the frame's payload that are still to come.
    payload: u64,
    frame: Frame,
    /// True between the first and the last frame of a fragmented message.
    is_fragmented: bool,
    /// Number of messages completed.
    messages: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Frame {
    #[default]
    None,
    Control,
    Data {
        is_last: bool,
    },
}

impl FrameTracker {
    /// Returns whether a message or a frame has begun and not ended.
    pub(super) fn is_partial(&self) -> bool {
        self.is_fragmented || self.header_bytes > 0 || self.frame != Frame::None
    }

    /// Returns whether a message of several frames has begun and not ended.
    pub(super) fn is_fragmented(&self) -> bool {
        self.is_fragmented
    }

    /// Returns the number of bytes of the current frame that are still to come.
    pub(super) fn announced(&self) -> u64 {
        self.payload
    }

    /// Returns the number of messages completed.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Advances by the bytes received.
    pub(super) fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.frame == Frame::None {
                let Some((first, rest)) = bytes.split_first() else { return };
                bytes = rest;
                self.advance_header(*first);
            } else {
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(self.payload);
                self.payload -= length;
                bytes = bytes.get(usize::try_from(length).unwrap_or(usize::MAX)..).unwrap_or_default();
            }
            if self.payload == 0 {
                self.end_frame();
            }
        }
    }

    fn advance_header(&mut self, byte: u8) {
        if let Some(place) = self.header.get_mut(self.header_bytes) {
            *place = byte;
        }
        self.header_bytes += 1;
        let [first, second, length @ ..] = self.header;
        let (length_bytes, short) = match second & 0x7f {
            126 => (2, None),
            127 => (8, None),
            short => (0, Some(short)),
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        if self.header_bytes < 2 || self.header_bytes < 2 + length_bytes + mask_bytes {
            return;
        }
        let long = length.iter().take(length_bytes).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        self.payload = short.map_or(long, u64::from);
        self.header_bytes = 0;
        self.frame = match first & 0x0f {
            FIRST_CONTROL_OPCODE.. => Frame::Control,
            _ => Frame::Data { is_last: first & 0x80 != 0 },
        };
    }

    fn end_frame(&mut self) {
        if let Frame::Data { is_last } = mem::take(&mut self.frame) {
            self.is_fragmented = !is_last;
            self.messages += u64::from(is_last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_partial_until_its_last_byte() {
        let long = [&[0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4][..], &[7; 256]].concat();
        let huge = [&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4][..], &[7; 65_536]].concat();
        for (frames, expected, complete) in [
            (&b"\x81\x82\0\0\0\0hi"[..], 1, true),
            (b"\x81\x80\0\0\0\0", 1, true),
            (b"\x81\x82\0\0\0\0h", 0, false),
            (b"\x81", 0, false),
            (b"\x81\x82\0\0", 0, false),
            // A control frame is not a message, and may arrive within one.
            (b"\x89\x81\0\0\0\0x", 0, true),
            (b"\x01\x81\0\0\0\0h\x89\x80\0\0\0\0", 0, false),
            (b"\x01\x81\0\0\0\0h\x89\x80\0\0\0\0\x80\x81\0\0\0\0i", 1, true),
            (b"\x01\x80\0\0\0\0", 0, false),
            (b"\x81\x01x\x81\x01y\x81\x01", 2, false),
            (&long, 1, true),
            (&long[..200], 0, false),
            (&huge, 1, true),
            (&huge[..65_549], 0, false),
        ] {
            for size in [1, 3, usize::MAX] {
                let mut tracker = FrameTracker::default();
                for piece in frames.chunks(size.min(frames.len())) {
                    tracker.advance(piece);
                }
                let found = (tracker.messages(), !tracker.is_partial());
                assert_eq!(found, (expected, complete), "{} bytes", frames.len());
            }
        }
    }
}
