//! Where in the feed somebody is, as text that goes out and comes back.

use std::{fmt, sync::Arc};

/// A position in the feed: up to here everything was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Whose numbers these are.
    pub(super) epoch: Arc<str>,
    pub(super) place: Place,
}

/// A position in one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The commit.
    pub(super) commit: i64,
    /// How many of its changes were told; all when there is none.
    pub(super) within: Within,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Within {
    /// So many.
    Some(usize),
    /// All.
    All,
}

impl Place {
    /// Behind all of a commit.
    pub(super) fn behind(commit: i64) -> Self {
        Self { commit, within: Within::All }
    }

    /// The commit behind which is to be read on, and how many changes of the next one are known.
    pub(super) fn rest(self) -> (i64, usize) {
        match self.within {
            Within::All => (self.commit, 0),
            Within::Some(told) => (self.commit - 1, told),
        }
    }
}

impl Cursor {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, place) = text.split_once('-')?;
        if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let number =
            |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let place = match place.split_once('.') {
            None => Place::behind(number(place)?),
            Some((commit, told)) => {
                let told = usize::try_from(number(told)?).ok()?;
                Place { commit: number(commit)?, within: Within::Some(told) }
            }
        };
        Some(Self { epoch: epoch.into(), place })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.place.commit)?;
        match self.place.within {
            Within::Some(told) => write!(f, ".{told}"),
            Within::All => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["018f-0", "018f-48212", "018f-48212.3"] {
            assert_eq!(Cursor::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["", "1", "-1", "a-", "a-x", "a--1", "a-1.", "a-1.x", "a-1.-2", "a-99999999999999999999", "é-1"]
        {
            assert!(Cursor::parse(text).is_none(), "{text}");
        }
        let places = ["a-1", "a-2.1", "a-2.2", "a-2", "a-3.1"].map(|text| Cursor::parse(text).unwrap().place);
        assert!(places.is_sorted());
    }
}
