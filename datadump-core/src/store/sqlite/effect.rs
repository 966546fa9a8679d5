//! Effects of writes within a transaction, which become outcomes after its commit.

use crate::{
    clock::Timestamp,
    error::{Fault, Result},
    schema::{Row, StoredRow, Value},
    store::{
        Action, Outcome, Returning, Stored, Write,
        change_log::{ChangeKind, Packer},
    },
};

/// The effect of a write, before the commit.
#[derive(Debug)]
pub(super) enum Effect {
    /// The write's own row is stored, with these service columns.
    Stored(ServiceColumns),
    /// Any other outcome.
    Final(Outcome),
}

/// The service columns of a stored row.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceColumns {
    /// True if the row was inserted.
    pub(super) is_new: bool,
    /// The generated key, if the row had none.
    pub(super) key: Option<i64>,
    pub(super) version: i32,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Effect {
    pub(super) fn of(stored: Result<usize, Vec<Fault>>, service: ServiceColumns) -> Self {
        match stored {
            Ok(_) => Self::Stored(service),
            Err(faults) => Self::Final(Outcome::Invalid(faults)),
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Final(outcome) if outcome.is_failure())
    }

    /// Adds the change to the transaction's change log entry.
    pub(super) fn pack(&self, write: &Write, packer: &mut Packer) -> Result<()> {
        match (self, write.action.row()) {
            (Self::Stored(service), Some(row)) => {
                let kind = if service.is_new { ChangeKind::Inserted } else { ChangeKind::Updated };
                let generated = service.key.map(Value::Integer);
                let key = generated.as_ref().or(row.key()).unwrap_or(&Value::Null);
                packer.change(row.storage(), kind, key, service.version)
            }
            (Self::Final(outcome), _) => packer.outcome(outcome),
            (Self::Stored(_), None) => Ok(()),
        }
    }

    pub(super) fn outcome(self, action: Action, returning: Returning) -> Outcome {
        match (self, action) {
            (Self::Final(outcome), _) => outcome,
            (Self::Stored(service), Action::Put(row) | Action::Merge(row)) => service.outcome(row, returning),
            // Patches and deletions have no row of their own.
            (Self::Stored(_), Action::Patch { .. } | Action::Delete { .. }) => Outcome::Missing,
        }
    }

    fn into_final(self) -> Option<Outcome> {
        match self {
            Self::Final(outcome) => Some(outcome),
            Self::Stored(_) => None,
        }
    }
}

/// Turns writes and their effects into outcomes. Effects beyond the writes (that of the batch's idempotency
/// record) follow at the end.
pub(super) fn outcomes(writes: Vec<Write>, effects: Vec<Effect>, returning: Returning) -> Vec<Outcome> {
    let mut effects = effects.into_iter();
    let of_writes = writes.into_iter().zip(effects.by_ref());
    let mut outcomes: Vec<Outcome> =
        of_writes.map(|(write, effect)| effect.outcome(write.action, returning)).collect();
    outcomes.extend(effects.filter_map(Effect::into_final));
    outcomes
}

impl ServiceColumns {
    pub(super) fn inserted(version: i32, now: Timestamp) -> Self {
        Self { is_new: true, key: None, version, created_at: now, updated_at: now }
    }

    pub(super) fn updated(version: i32, created_at: Timestamp, now: Timestamp) -> Self {
        Self { is_new: false, key: None, version, created_at, updated_at: now }
    }

    fn outcome(self, row: Row, returning: Returning) -> Outcome {
        let values = match returning {
            Returning::Rows => row.complete(),
            Returning::Keys => Vec::new(),
        };
        let (in_force, key, _) = row.into_parts();
        let key = self.key.map(Value::Integer).or(key).unwrap_or(Value::Null);
        let Self { version, created_at, updated_at, .. } = self;
        let stored = Stored { row: StoredRow { key, values, version, created_at, updated_at }, in_force };
        if self.is_new { Outcome::Created(stored) } else { Outcome::Updated(stored) }
    }
}
