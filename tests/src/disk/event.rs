//! What the shim writes down: one record for each thing that was done.

/// Something that was done to a file, or sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it began: all beginnings and ends of a process are numbered in one row.
    pub began: u64,
    /// When it ended.
    pub ended: u64,
    /// The file's number (its inode); for what is sent that of the connection.
    pub file: u64,
    /// Whether it failed.
    pub failed: bool,
    /// What was done.
    pub what: What,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file, or the folder it is in, was opened.
    Opened {
        /// Its path.
        path: String,
        /// Whether there was none before.
        is_new: bool,
    },
    /// Bytes were written to a file.
    Written {
        /// From here on.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A file was given a length.
    Cut {
        /// The length.
        length: u64,
    },
    /// A file or folder was synced.
    Synced,
    /// Bytes are about to be sent.
    Sent(Vec<u8>),
    /// A file was removed.
    Removed(String),
    /// A folder was made.
    Made(String),
}

/// The bytes of a record before its own: two numbers of 4 bytes, five of 8.
const HEAD: usize = 48;

impl Event {
    /// All records of a log, sorted by when they ended. A last one that is not whole is left out:
    /// its process was killed over it.
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
        let (head, rest) = log.split_at_checked(HEAD)?;
        let small = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
        let number = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().unwrap());
        let (bytes, rest) = rest.split_at_checked(usize::try_from(small(4)).unwrap())?;
        let path = || String::from_utf8_lossy(bytes).into_owned();
        let offset = number(40);
        let what = match small(0) {
            1 => What::Opened { path: path(), is_new: offset != 0 },
            2 => What::Written { offset, bytes: bytes.to_vec() },
            3 => What::Cut { length: offset },
            4 => What::Synced,
            5 => What::Sent(bytes.to_vec()),
            6 => What::Removed(path()),
            7 => What::Made(path()),
            other => panic!("no such record: {other}"),
        };
        let event =
            Self { began: number(8), ended: number(16), failed: number(24) != 0, file: number(32), what };
        Some((event, rest))
    }
}
