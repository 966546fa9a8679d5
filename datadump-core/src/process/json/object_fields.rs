//! The members of an object, as the fields of a record. An object whose names were those of one before it,
//! which most are, gets the same names and none of its own.

use std::{cell::RefCell, fmt, sync::Arc};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use crate::record::{Fields, Names};

/// How many values there is room for before there are any, when it is not known how many there will be, and at most.
const USUAL: usize = 14;
const ROOM: usize = 32;

/// How many different lists of names each thread remembers, and about how many bytes one may have.
const MOST: usize = 16;
const LONGEST: usize = 32 << 10;

thread_local! {
    static KNOWN_NAME_LISTS: RefCell<KnownNameLists> = const { RefCell::new(KnownNameLists { known: Vec::new(), last: 0, oldest: 0 }) };
}

/// Reads the members of an object. When a name comes twice the last one wins, in the place of the first.
pub(super) fn read(text: &str) -> serde_json::Result<Fields> {
    KNOWN_NAME_LISTS.with_borrow_mut(|known_lists| known_lists.read(text))
}

/// The lists of names that objects had before.
#[derive(Debug, Default)]
struct KnownNameLists {
    known: Vec<Arc<Names>>,
    /// The one of them that the last object had.
    last: usize,
    /// The one of them that is forgotten next.
    oldest: usize,
}

impl KnownNameLists {
    fn read(&mut self, text: &str) -> serde_json::Result<Fields> {
        let mut text = serde_json::Deserializer::from_str(text);
        let fields = text.deserialize_map(Members(self))?;
        text.end()?;
        Ok(fields)
    }

    fn remember(&mut self, names: Arc<Names>) {
        if names.list().iter().map(|name| size_of::<String>() + name.len()).sum::<usize>() > LONGEST {
            return;
        }
        if self.known.len() < MOST {
            self.last = self.known.len();
            self.known.push(names);
        } else if let Some(forgotten) = self.known.get_mut(self.oldest) {
            *forgotten = names;
            self.last = self.oldest;
            self.oldest = (self.oldest + 1) % MOST;
        }
    }

    /// One of them that begins as this one does, and goes on as is said.
    fn other(&self, beginning: &[String], goes_on: impl Fn(&[String]) -> bool) -> Option<usize> {
        self.known.iter().position(|names| match names.list().split_at_checked(beginning.len()) {
            Some((first, rest)) => goes_on(rest) && first == beginning,
            None => false,
        })
    }
}

struct Members<'s>(&'s mut KnownNameLists);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let expected = self.0.known.get(self.0.last).cloned().unwrap_or_default();
        let values = Vec::with_capacity(match expected.list().len() {
            0 => USUAL,
            many => many.min(ROOM),
        });
        let mut reading = Reading { known_lists: self.0, expected, own: None, values };
        while let Some(place) = access.next_key_seed(Name(&mut reading))? {
            let value = access.next_value()?;
            match reading.values.get_mut(place) {
                Some(before) => *before = value,
                None => reading.values.push(value),
            }
        }
        Ok(reading.finish())
    }
}

/// An object that is being read.
struct Reading<'s> {
    known_lists: &'s mut KnownNameLists,
    /// The names that it has had so far are the first of these.
    expected: Arc<Names>,
    /// Or they are these.
    own: Option<Names>,
    values: Vec<Json>,
}

impl Reading<'_> {
    /// Where the value under this name goes.
    fn place(&mut self, name: &str) -> usize {
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
            return Fields::under(expected, values);
        }
        if own.is_none()
            && let Some(at) =
                known_lists.other(expected.list().get(..values.len()).unwrap_or_default(), <[_]>::is_empty)
            && let Some(shorter) = known_lists.known.get(at)
        {
            known_lists.last = at;
            return Fields::under(shorter.clone(), values);
        }
        let names = Arc::new(own.unwrap_or_else(|| expected.first(values.len())));
        known_lists.remember(names.clone());
        Fields::under(names, values)
    }
}

/// A name, and where its value goes.
struct Name<'r, 's>(&'r mut Reading<'s>);

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
        Ok(self.0.place(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_whatever_came_before_them() {
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
        for round in 0..3 * MOST {
            for (place, text) in texts.iter().enumerate() {
                let expected: Json = serde_json::from_str(text).unwrap();
                let read = Json::from(known_lists.read(text).unwrap());
                assert_eq!(read.to_string(), expected.to_string(), "{text}");
                let other = format!(r#"{{"a": 1, "own {place} of {round}": 2}}"#);
                assert_eq!(known_lists.read(&other).unwrap().len(), 2);
            }
        }
        assert_eq!(known_lists.known.len(), MOST);
    }

    #[test]
    fn names_are_those_of_the_object_before() {
        let mut known_lists = KnownNameLists::default();
        let mut names = |text| known_lists.read(text).unwrap().into_parts().0;
        let (first, other) = (names(r#"{"a": 1, "b": 2}"#), names(r#"{"a": 1}"#));
        assert!(Arc::ptr_eq(&first, &names(r#"{"a": 3, "b": 4}"#)));
        assert!(Arc::ptr_eq(&other, &names(r#"{"a": 3}"#)));
        assert!(Arc::ptr_eq(&first, &names(r#"{"a": 5, "b": 6}"#)));
    }
}
