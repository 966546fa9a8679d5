//! The log of the shim: one record per system call.

/// An operation on a file, or data sent to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Sequence number of its start. Starts and ends of a process share one sequence.
    pub began: u64,
    /// Sequence number of its end.
    pub ended: u64,
    /// The inode of the file, or the descriptor of the socket.
    pub file: u64,
    /// True if it failed.
    pub failed: bool,
    /// The operation.
    pub operation: Operation,
}

/// The kinds of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A file, or its folder, was opened.
    Opened {
        /// The path.
        path: String,
        /// True if opening it created the file.
        is_new: bool,
    },
    /// Bytes were written to a file.
    Written {
        /// The offset in the file.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The length of a file was set.
    Truncated {
        /// The length.
        length: u64,
    },
    /// A file or folder was synced.
    Synced,
    /// Bytes are about to be sent to a socket.
    Sent(Vec<u8>),
    /// A file was removed.
    Removed(String),
    /// A folder was created.
    FolderCreated(String),
}

/// Size of a record's header: two numbers of 4 bytes and five of 8.
const HEADER_SIZE: usize = 48;

impl Event {
    /// Parses a log, and sorts its records by their ends. An incomplete last record is ignored, because the process
    /// may have been killed while writing it.
    pub(super) fn read(log: &[u8]) -> Vec<Self> {
        let (mut events, mut rest) = (Vec::new(), log);
        while let Some((event, after)) = Self::first(rest) {
            events.push(event);
            rest = after;
        }
        events.sort_by_key(|event| event.ended);
        events
    }

    fn first(log: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = log.split_at_checked(HEADER_SIZE)?;
        let small = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
        let number = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().unwrap());
        let (bytes, rest) = rest.split_at_checked(usize::try_from(small(4)).unwrap())?;
        let path = || String::from_utf8_lossy(bytes).into_owned();
        let offset = number(40);
        let operation = match small(0) {
            1 => Operation::Opened { path: path(), is_new: offset != 0 },
            2 => Operation::Written { offset, bytes: bytes.to_vec() },
            3 => Operation::Truncated { length: offset },
            4 => Operation::Synced,
            5 => Operation::Sent(bytes.to_vec()),
            6 => Operation::Removed(path()),
            7 => Operation::FolderCreated(path()),
            other => panic!("unknown kind of record: {other}"),
        };
        let event = Self {
            began: number(8),
            ended: number(16),
            failed: number(24) != 0,
            file: number(32),
            operation,
        };
        Some((event, rest))
    }
}
