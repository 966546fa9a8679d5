//! The outcome of replaying an entry.

use crate::{
    quarantine::{FailureReason, SUPERSEDED},
    receipt::Remark,
};

/// The result of replaying one entry.
#[derive(Debug)]
pub(super) enum EntryOutcome {
    /// It is stored now.
    Stored,
    /// It was stored before.
    Skipped,
    /// A row that it would overwrite is newer.
    Superseded(Remark),
    /// It failed again.
    Failed(Remark),
}

impl EntryOutcome {
    /// Returns the outcome of an entry with these errors, if there are any.
    pub(super) fn of_errors(errors: Vec<Remark>) -> Option<Self> {
        let mut superseded = None;
        for error in errors {
            if error.code != SUPERSEDED {
                return Some(Self::Failed(error));
            }
            superseded.get_or_insert(error);
        }
        superseded.map(Self::Superseded)
    }

    /// Returns the weight of the outcome of one record in that of its entry, which is the weightiest.
    pub(super) fn weight(&self, all_or_nothing: bool) -> u8 {
        match self {
            Self::Skipped => 0,
            Self::Stored if all_or_nothing => 1,
            Self::Superseded(_) => 2,
            Self::Failed(_) => 3,
            Self::Stored => 4,
        }
    }
}

/// Returns the remark for a reason.
pub(super) fn remark(reason: FailureReason) -> Remark {
    Remark { code: reason.code, field: reason.field, detail: reason.detail, ..Remark::default() }
}
