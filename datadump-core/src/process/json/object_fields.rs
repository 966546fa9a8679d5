//! Parses the members of an object into the fields of a record.
//!
//! Consecutive objects usually have the same member names. They share one list of names instead of
//! allocating their own.

use std::{cell::RefCell, fmt, sync::Arc};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use super::plain::PlainValue;
use crate::record::{Fields, Names};

/// Initial capacity for values if the number of members is unknown.
const DEFAULT_CAPACITY: usize = 14;

/// Maximum initial capacity for values.
const MAX_CAPACITY: usize = 32;

/// Maximum number of name lists that each thread remembers.
const MAX_LISTS: usize = 16;

/// Maximum size of a remembered name list.
const MAX_LIST_BYTES: usize = 32 << 10;

thread_local! {
    static KNOWN_NAME_LISTS: RefCell<KnownNameLists> = const { RefCell::new(KnownNameLists { known: Vec::new(), last: 0, next_replaced: 0 }) };
}

/// Parses an object; returns `None` if a name is repeated in it or in an object inside it.
pub(super) fn read(text: &str) -> serde_json::Result<Option<Fields>> {
    KNOWN_NAME_LISTS.with_borrow_mut(|known_lists| known_lists.read(text))
}

/// Name lists of earlier objects.
#[derive(Debug, Default)]
struct KnownNameLists {
    known: Vec<Arc<Names>>,
    /// Index of the list that the last object used.
    last: usize,
    /// Index of the list that is replaced next.
    next_replaced: usize,
}

impl KnownNameLists {
    fn read(&mut self, text: &str) -> serde_json::Result<Option<Fields>> {
        let mut has_repeated = false;
        let mut text = serde_json::Deserializer::from_str(text);
        let fields = text.deserialize_map(Members(self, &mut has_repeated))?;
        text.end()?;
        Ok((!has_repeated).then_some(fields))
    }

    fn remember(&mut self, names: Arc<Names>) {
        if names.list().iter().map(|name| size_of::<String>() + name.len()).sum::<usize>() > MAX_LIST_BYTES {
            return;
        }
        if self.known.len() < MAX_LISTS {
            self.last = self.known.len();
            self.known.push(names);
        } else if let Some(forgotten) = self.known.get_mut(self.next_replaced) {
            *forgotten = names;
            self.last = self.next_replaced;
            self.next_replaced = (self.next_replaced + 1) % MAX_LISTS;
        }
    }

    /// Finds a list that starts with `beginning` and whose remainder satisfies `goes_on`.
    fn other(&self, beginning: &[String], goes_on: impl Fn(&[String]) -> bool) -> Option<usize> {
        self.known.iter().position(|names| match names.list().split_at_checked(beginning.len()) {
            Some((first, rest)) => goes_on(rest) && first == beginning,
            None => false,
        })
    }
}

/// Reads the members of an object. Sets the flag if a name is repeated.
struct Members<'s>(&'s mut KnownNameLists, &'s mut bool);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let expected = self.0.known.get(self.0.last).cloned().unwrap_or_default();
        let values = Vec::with_capacity(match expected.list().len() {
            0 => DEFAULT_CAPACITY,
            many => many.min(MAX_CAPACITY),
        });
        let mut object = PartialObject { known_lists: self.0, expected, own: None, values };
        while let Some(place) = access.next_key_seed(Name(&mut object))? {
            let value = access.next_value_seed(PlainValue(self.1))?;
            match object.values.get_mut(place) {
                Some(before) => {
                    *before = value;
                    *self.1 = true;
                }
                None => object.values.push(value),
            }
        }
        Ok(object.finish())
    }
}

/// An object that is being parsed.
struct PartialObject<'s> {
    known_lists: &'s mut KnownNameLists,
    /// A known list that starts with the names parsed so far.
    expected: Arc<Names>,
    /// The names parsed so far, once they differ from every known list.
    own: Option<Names>,
    values: Vec<Json>,
}

impl PartialObject<'_> {
    /// Returns the index of the value with this name.
    fn index(&mut self, name: &str) -> usize {
        let here = self.values.len();
        if self.own.is_none() {
            if self.expected.list().get(here).is_some_and(|expected| expected == name) {
                return here;
            }
            let begun = self.expected.list().get(..here).unwrap_or_default();
            let other = self.known_lists.other(begun, |rest| rest.first().is_some_and(|next| next == name));
            if let Some((at, other)) = other.and_then(|at| Some((at, self.known_lists.known.get(at)?))) {
                self.expected = other.clone();
                self.known_lists.last = at;
                return here;
            }
        }
        let own = self.own.get_or_insert_with(|| self.expected.first(here));
        own.place(name).unwrap_or_else(|| {
            own.push(name.to_owned());
            here
        })
    }

    fn finish(self) -> Fields {
        let Self { known_lists, expected, own, values } = self;
        if own.is_none() && values.len() == expected.list().len() {
            return Fields::with_names(expected, values);
        }
        if own.is_none()
            && let Some(at) =
                known_lists.other(expected.list().get(..values.len()).unwrap_or_default(), <[_]>::is_empty)
            && let Some(shorter) = known_lists.known.get(at)
        {
            known_lists.last = at;
            return Fields::with_names(shorter.clone(), values);
        }
        let names = Arc::new(own.unwrap_or_else(|| expected.first(values.len())));
        known_lists.remember(names.clone());
        Fields::with_names(names, values)
    }
}

/// Deserializes a name into the index of its value.
struct Name<'r, 's>(&'r mut PartialObject<'s>);

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<usize, E> {
        Ok(self.0.index(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_parse_independently_of_earlier_ones() {
        let texts = [
            r#"{"a": 1, "b": 2, "c": 3}"#,
            r#"{"a": 4, "b": 5, "c": 6}"#,
            r#"{"a": 1, "b": 2}"#,
            "{}",
            r#"{"a": 1, "b": 2, "d": 3}"#,
            r#"{"a": 1, "b": 2, "c": 3}"#,
            r#"{"a": 1, "c": 2, "b": 3}"#,
            r#"{"a": 1, "b": 2, "a": 3}"#,
            r#"{"a": 1, "b": 2, "c": 3, "b": 4, "d": 5}"#,
            r#"{"b": 1}"#,
            r#"{"\u0061": 1, "b": {"a": 2}}"#,
        ];
        let mut known_lists = KnownNameLists::default();
        for round in 0..3 * MAX_LISTS {
            for (place, text) in texts.iter().enumerate() {
                let expected: Json = serde_json::from_str(text).unwrap();
                let is_repeated = text.matches("\"b\"").count() > 1 || text.matches("\"a\"").count() > 1;
                let read = known_lists.read(text).unwrap().map(|fields| Json::from(fields).to_string());
                assert_eq!(read, (!is_repeated).then(|| expected.to_string()), "{text}");
                let other = format!(r#"{{"a": 1, "own {place} of {round}": 2}}"#);
                assert_eq!(known_lists.read(&other).unwrap().unwrap().len(), 2);
            }
        }
        assert_eq!(known_lists.known.len(), MAX_LISTS);
    }

    #[test]
    fn names_are_shared_with_earlier_objects() {
        let mut known_lists = KnownNameLists::default();
        let mut names = |text| known_lists.read(text).unwrap().unwrap().into_parts().0;
        let (first, other) = (names(r#"{"a": 1, "b": 2}"#), names(r#"{"a": 1}"#));
        assert!(Arc::ptr_eq(&first, &names(r#"{"a": 3, "b": 4}"#)));
        assert!(Arc::ptr_eq(&other, &names(r#"{"a": 3}"#)));
        assert!(Arc::ptr_eq(&first, &names(r#"{"a": 5, "b": 6}"#)));
    }
}
