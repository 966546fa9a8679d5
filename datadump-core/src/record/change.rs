//! Values that a processor could not read as they were sent.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use crate::json;

/// Maximum number of fields of one record whose changes are told apart.
const MAX_FIELDS: usize = 1000;

/// Code of a value whose name is used again.
pub(crate) const REPEATED_NAME: &str = "repeated-name";

/// A value that was read differently from how it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field, or a path such as `place.names[0]` for a value inside one.
    pub field: String,
    /// Code for programs: lowercase words with hyphens.
    pub code: &'static str,
    /// Description for people.
    pub detail: &'static str,
    /// The value that was sent, unless the stored one shows it; an array if there are several.
    pub original: Json,
    is_list: bool,
}

impl Change {
    /// Creates the change of one value.
    pub fn new(field: impl Into<String>, code: &'static str, detail: &'static str, original: Json) -> Self {
        Self { field: field.into(), code, detail, original, is_list: false }
    }

    /// Creates the change of a value whose name is used again.
    pub fn repeated(field: impl Into<String>, earlier: Json) -> Self {
        Self::new(field, REPEATED_NAME, "the name is repeated; the last value is used", earlier)
    }

    /// Adds a further value of the same field.
    fn add(&mut self, original: Json) {
        match &mut self.original {
            Json::Array(originals) if self.is_list => originals.push(original),
            first => {
                *first = Json::Array(vec![first.take(), original]);
                self.is_list = true;
            }
        }
    }

    /// Returns the approximate number of bytes that the change takes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.field.capacity() + json::array_size(std::slice::from_ref(&self.original))
    }
}

/// Collects the changes of one record.
#[derive(Debug, Default)]
pub(crate) struct ChangeList {
    list: Vec<Change>,
    places: HashMap<String, usize>,
}

impl ChangeList {
    /// Adds a change. Changes of the same field are combined, and those of all fields beyond the maximum.
    pub(crate) fn add(&mut self, change: Change) {
        let place = match self.places.get(&change.field) {
            Some(place) => *place,
            None if self.list.len() >= MAX_FIELDS => MAX_FIELDS - 1,
            None => {
                self.places.insert(change.field.clone(), self.list.len());
                self.list.push(change);
                return;
            }
        };
        if let Some(known) = self.list.get_mut(place) {
            known.add(change.original);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Change> {
        self.list
    }
}

/// The changes of the records of a throw, by the index of the record.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<usize, Vec<Change>>);

impl Changes {
    /// Adds the changes of a record.
    pub(crate) fn put(&mut self, index: usize, changes: Vec<Change>) {
        self.0.insert(index, changes);
    }

    /// Returns the changes of a record.
    pub fn get(&self, index: usize) -> &[Change] {
        self.0.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Removes and returns the changes of a record.
    pub(crate) fn take(&mut self, index: usize) -> Vec<Change> {
        if self.0.is_empty() { Vec::new() } else { self.0.remove(&index).unwrap_or_default() }
    }

    /// Adds a number to the index of each record.
    pub(crate) fn shift(&mut self, by: usize) {
        let shifted = std::mem::take(&mut self.0).into_iter();
        self.0 = shifted.map(|(index, changes)| (index + by, changes)).collect();
    }

    /// Assigns all changes to the record with this index.
    pub(crate) fn assign(&mut self, index: usize) {
        let all: Vec<Change> = std::mem::take(&mut self.0).into_values().flatten().collect();
        if !all.is_empty() {
            self.0.insert(index, all);
        }
    }

    /// Iterates over the changes, in the order of their records.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Change)> {
        self.0.iter().flat_map(|(index, changes)| changes.iter().map(|change| (*index, change)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_of_one_field_are_combined() {
        let mut list = ChangeList::default();
        for (field, original) in [("a", json!([1])), ("b", json!(2)), ("a", json!(3)), ("a", json!([4]))] {
            list.add(Change::new(field, "code", "detail", original));
        }
        let originals: Vec<Json> = list.into_vec().into_iter().map(|change| change.original).collect();
        assert_eq!(originals, [json!([[1], 3, [4]]), json!(2)]);
    }
}
