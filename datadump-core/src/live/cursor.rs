//! A position in the change log, as text that clients store and send back.

use std::{fmt, sync::Arc};

/// A position in the change log: everything up to here was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The change log the position belongs to.
    pub(super) epoch: Arc<str>,
    pub(super) position: Position,
}

/// A position in one change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) commit: i64,
    /// How much of the commit has been delivered.
    pub(super) within: Within,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Within {
    /// This many of its changes.
    Some(usize),
    /// All of its changes.
    All,
}

impl Position {
    /// Returns the position after all changes of a commit.
    pub(super) fn after(commit: i64) -> Self {
        Self { commit, within: Within::All }
    }

    /// Returns the last complete commit, and how many changes of the next one have been delivered.
    pub(super) fn rest(self) -> (i64, usize) {
        match self.within {
            Within::All => (self.commit, 0),
            Within::Some(delivered) => (self.commit - 1, delivered),
        }
    }
}

impl Cursor {
    /// Parses a cursor.
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, position) = text.split_once('-')?;
        if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let number =
            |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let position = match position.split_once('.') {
            None => Position::after(number(position)?),
            Some((commit, delivered)) => {
                let delivered = usize::try_from(number(delivered)?).ok()?;
                Position { commit: number(commit)?, within: Within::Some(delivered) }
            }
        };
        Some(Self { epoch: epoch.into(), position })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.position.commit)?;
        match self.position.within {
            Within::Some(delivered) => write!(f, ".{delivered}"),
            Within::All => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_parses_to_what_was_written() {
        for text in ["018f-0", "018f-48212", "018f-48212.3"] {
            assert_eq!(Cursor::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["", "1", "-1", "a-", "a-x", "a--1", "a-1.", "a-1.x", "a-1.-2", "a-99999999999999999999", "é-1"]
        {
            assert!(Cursor::parse(text).is_none(), "{text}");
        }
        let positions =
            ["a-1", "a-2.1", "a-2.2", "a-2", "a-3.1"].map(|text| Cursor::parse(text).unwrap().position);
        assert!(positions.is_sorted());
    }
}
