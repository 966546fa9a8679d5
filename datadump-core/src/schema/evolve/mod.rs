//! How one version of a definition may follow another: what differs, and how grave that is.

mod compare;

use std::{collections::BTreeMap, sync::Arc};

use super::{Definition, Field, Index, Kind, Value};
use crate::error::{Fault, Place};
pub use compare::difference;

/// How grave a change is; later ones are graver. Only additive ones are applied unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Everyone's code goes on working.
    Additive,
    /// Every row fits, but a reader with the narrower type may not.
    Widening,
    /// Rows may stand in the way: they are scanned.
    DataDependent,
    /// A reader or writer that knows the old version fails.
    Breaking,
    /// Data is lost.
    Destructive,
    /// Never.
    Forbidden,
}

/// One difference between two versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// How grave it is.
    pub class: Class,
    /// Where it stands in the new definition, or what part of it is missing.
    pub at: Place,
    /// The field, key or index concerned.
    pub name: String,
    /// What changes, for people.
    pub detail: String,
    /// What has to be done about it.
    pub task: Task,
}

/// What a change asks of the database. Places are of the old definition's fields (`from`) and of
/// the new one's (`to`).
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Nothing: only the definition changes.
    Nothing,
    /// A new column, filled with the field's backfill.
    AddColumn {
        /// The new field.
        to: usize,
    },
    /// The column goes.
    DropColumn {
        /// The old field.
        from: usize,
    },
    /// The column gets another name.
    RenameColumn {
        /// The old field.
        from: usize,
        /// The new field.
        to: usize,
    },
    /// The column's type grows in a way that every value fits: a longer string, string to text,
    /// more digits, integer to long.
    GrowColumn {
        /// The old field.
        from: usize,
        /// The new field.
        to: usize,
    },
    /// Every value is converted to another type with [`convert`]; one that cannot be is a violation.
    ConvertColumn {
        /// The old field.
        from: usize,
        /// The new field.
        to: usize,
    },
    /// Every value has to pass the new field's [`Field::check`](super::Field::check).
    CheckRows {
        /// The old field.
        from: usize,
        /// The new field.
        to: usize,
    },
    /// A new index; for a unique one no two rows may agree.
    AddIndex(Index),
    /// An index goes.
    DropIndex(Index),
}

/// All differences between two versions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The changes.
    pub changes: Vec<Change>,
    /// The definition they lead to; none when nothing is compared.
    pub target: Option<Arc<Definition>>,
}

impl Class {
    const ALL: [Self; 6] = [
        Self::Additive,
        Self::Widening,
        Self::DataDependent,
        Self::Breaking,
        Self::Destructive,
        Self::Forbidden,
    ];

    /// Its name, in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Widening => "widening",
            Self::DataDependent => "data-dependent",
            Self::Breaking => "breaking",
            Self::Destructive => "destructive",
            Self::Forbidden => "forbidden",
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl Change {
    /// Why the change is not made unasked.
    pub fn refusal(&self) -> Fault {
        let what = match self.class {
            Class::Forbidden => String::new(),
            class => {
                let name = class.name();
                format!(
                    " (a {name} change: post it to plan/, then send allow={name} with the plan_hash as plan)"
                )
            }
        };
        Fault::new(self.at.clone(), self.class.name(), format!("{}{what}", self.detail))
    }
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The gravest class among the changes.
    pub fn class(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).max()
    }

    /// The names of fields that are gone after these changes, without case, with the kind each had.
    pub fn dropped(&self, old: &Definition, before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut dropped = before.clone();
        for change in &self.changes {
            match change.task {
                Task::DropColumn { from } | Task::RenameColumn { from, .. } => {
                    if let Some(field) = old.fields.get(from) {
                        dropped.insert(field.name.folded(), field.kind.name().to_owned());
                    }
                }
                Task::AddColumn { to } => {
                    if let Some(field) = self.target.as_ref().and_then(|new| new.fields.get(to)) {
                        dropped.remove(&field.name.folded());
                    }
                }
                _ => {}
            }
        }
        dropped
    }

    /// Old field and new field of every value that the rows must be checked for or converted by.
    pub fn scans(&self) -> Vec<(usize, usize)> {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for change in &self.changes {
            if let Task::CheckRows { from, to } | Task::ConvertColumn { from, to } = change.task
                && !pairs.contains(&(from, to))
            {
                pairs.push((from, to));
            }
        }
        pairs
    }
}

/// Whether values of both kinds are written alike, so that only their limits can differ.
fn same_form(before: &Kind, after: &Kind) -> bool {
    match (before, after) {
        (Kind::Decimal { scale: before, .. }, Kind::Decimal { scale: after, .. }) => before == after,
        _ => before.name() == after.name(),
    }
}

/// A value of an old field as the new one holds it; none when it does not fit.
pub fn fitting(value: &Value, before: &Field, after: &Field) -> Option<Value> {
    let value = if same_form(&before.kind, &after.kind) {
        value.clone()
    } else {
        convert(value, &before.kind, &after.kind)?
    };
    after.check(&value).is_ok().then_some(value)
}

/// The old field whose values a new field goes on with.
pub fn origin<'d>(old: &'d Definition, field: &Field) -> Option<(usize, &'d Field)> {
    let renamed = || field.renamed_from.as_ref().and_then(|before| old.field(before.as_str()));
    old.field(field.name.as_str()).or_else(renamed)
}

/// Turns a value of one kind into a value of another, when it says the same there.
pub fn convert(value: &Value, from: &Kind, to: &Kind) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    if let (Value::Integer(number), Kind::Float) = (value, to)
        && !super::infer::is_exact(*number)
    {
        return None;
    }
    let json = value.to_json(from);
    if let Ok(value) = to.read(&json) {
        return Some(value);
    }
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    if to.is_text() { to.read(&text.into()).ok() } else { to.read_text(&text).ok() }
}
