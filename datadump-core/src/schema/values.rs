//! Values of some of a definition's fields. Fields are identified by their index in the definition, their
//! place.

use super::Value;

/// A set of a definition's fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldSet(Places);

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Places {
    /// The first ones; never listed, so that equal sets are equal.
    First(usize),
    /// These, ascending.
    Listed(Box<[u16]>),
}

impl FieldSet {
    /// Returns the set of the first `count` fields.
    pub(crate) fn first(count: usize) -> Self {
        Self(Places::First(count))
    }

    /// Returns the set of one field.
    pub(crate) fn one(place: usize) -> Self {
        Self::ascending(u16::try_from(place).into_iter().collect())
    }

    /// Returns the set of these places, which must be distinct and ascending.
    pub(crate) fn ascending(places: Vec<u16>) -> Self {
        match places.last() {
            None => Self::first(0),
            Some(last) if usize::from(*last) + 1 == places.len() => Self::first(places.len()),
            Some(_) => Self(Places::Listed(places.into())),
        }
    }

    /// Returns the number of fields.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Places::First(count) => *count,
            Places::Listed(places) => places.len(),
        }
    }

    /// Iterates over the places in ascending order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        let (first, listed) = match &self.0 {
            Places::First(count) => (0..*count, [].as_slice()),
            Places::Listed(places) => (0..0, places.as_ref()),
        };
        first.chain(listed.iter().map(|place| usize::from(*place)))
    }

    /// Returns the position of a place in the set. `guess` is tried first.
    pub(crate) fn position(&self, place: usize, guess: usize) -> Option<usize> {
        match &self.0 {
            Places::First(count) => (place < *count).then_some(place),
            Places::Listed(places) => {
                let place = u16::try_from(place).ok()?;
                if places.get(guess) == Some(&place) {
                    Some(guess)
                } else {
                    places.binary_search(&place).ok()
                }
            }
        }
    }

    /// Returns whether the set has this place.
    pub(crate) fn contains(&self, place: usize) -> bool {
        self.position(place, place).is_some()
    }

    /// Adds the fields of another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        match (&self.0, &other.0) {
            (Places::First(one), Places::First(two)) => self.0 = Places::First(*one.max(two)),
            _ if self == other || other.iter().all(|place| self.contains(place)) => {}
            _ => {
                let places = self.iter().chain(other.iter()).filter_map(|place| u16::try_from(place).ok());
                let mut places: Vec<u16> = places.collect();
                places.sort_unstable();
                places.dedup();
                *self = Self::ascending(places);
            }
        }
    }
}

/// Values of some fields. Takes memory for these only, however many fields the definition has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Values {
    fields: FieldSet,
    /// One per field, in the same order.
    values: Vec<Value>,
}

impl Default for Values {
    fn default() -> Self {
        Self::first(Vec::new())
    }
}

impl Values {
    /// Returns the values of the first fields, in order.
    pub(crate) fn first(values: Vec<Value>) -> Self {
        Self { fields: FieldSet::first(values.len()), values }
    }

    /// Returns the fields that have a value.
    pub(crate) fn fields(&self) -> &FieldSet {
        &self.fields
    }

    /// Returns the value of a field, if it has one.
    pub(crate) fn get(&self, place: usize) -> Option<&Value> {
        self.get_near(place, place)
    }

    /// Returns the value of a field, whose position among the values is probably `guess`.
    pub(crate) fn get_near(&self, place: usize, guess: usize) -> Option<&Value> {
        self.values.get(self.fields.position(place, guess)?)
    }

    /// Iterates over the places and their values, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &Value)> {
        // Not `zip`, which must know the length of both to be reversed.
        let by_position = self.values.iter().enumerate();
        by_position.filter_map(|(position, value)| Some((self.place_at(position)?, value)))
    }

    fn place_at(&self, position: usize) -> Option<usize> {
        match &self.fields.0 {
            Places::First(_) => Some(position),
            Places::Listed(places) => places.get(position).map(|place| usize::from(*place)),
        }
    }

    /// Replaces the values that `change` returns a new value for, last ones first.
    pub(crate) fn replace_from_last(&mut self, mut change: impl FnMut(usize, &Value) -> Option<Value>) {
        for position in (0..self.values.len()).rev() {
            let Some(place) = self.place_at(position) else { continue };
            if let Some(value) = self.values.get_mut(position)
                && let Some(changed) = change(place, value)
            {
                *value = changed;
            }
        }
    }

    /// Sets the value of a field.
    pub(crate) fn set(&mut self, place: usize, value: Value) {
        if let Some(slot) =
            self.fields.position(place, place).and_then(|position| self.values.get_mut(position))
        {
            *slot = value;
            return;
        }
        let position = self.fields.iter().take_while(|other| *other < place).count();
        self.fields.extend(&FieldSet::one(place));
        self.values.insert(position, value);
    }

    /// Returns the size in bytes, approximately.
    pub(crate) fn size(&self) -> usize {
        self.values.iter().map(Value::size).sum()
    }
}

/// Collects values in any order.
#[derive(Debug, Default)]
pub(crate) struct ValuesBuilder {
    places: Vec<u16>,
    values: Vec<Value>,
    is_unsorted: bool,
}

impl ValuesBuilder {
    /// Creates a builder with room for `count` values.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { places: Vec::with_capacity(count), values: Vec::with_capacity(count), is_unsorted: false }
    }

    /// Adds the value of a field, in place of an earlier one.
    pub(crate) fn push(&mut self, place: usize, value: Value) {
        let Ok(place) = u16::try_from(place) else { return };
        self.is_unsorted |= self.places.last().is_some_and(|last| *last >= place);
        self.places.push(place);
        self.values.push(value);
    }

    /// Returns the values.
    pub(crate) fn finish(self) -> Values {
        let Self { mut places, mut values, is_unsorted } = self;
        if is_unsorted {
            let mut pairs: Vec<(u16, Value)> = places.into_iter().zip(values).collect();
            pairs.sort_by_key(|(place, _)| *place);
            // The sort is stable: the last value of a field comes last.
            pairs.reverse();
            pairs.dedup_by_key(|(place, _)| *place);
            pairs.reverse();
            (places, values) = pairs.into_iter().unzip();
        }
        values.shrink_to_fit();
        Values { fields: FieldSet::ascending(places), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(places: &[u16]) -> FieldSet {
        FieldSet::ascending(places.to_vec())
    }

    #[test]
    fn the_last_value_of_a_field_counts() {
        let mut builder = ValuesBuilder::default();
        for (place, value) in [(1, 10), (0, 20), (1, 30), (1, 40)] {
            builder.push(place, Value::Integer(value));
        }
        let values = builder.finish();
        let found: Vec<_> = values.iter().map(|(place, value)| (place, value.clone())).collect();
        assert_eq!(found, [(0, Value::Integer(20)), (1, Value::Integer(40))]);
    }

    #[test]
    fn a_set_has_one_form() {
        for (places, expected) in [
            (vec![], FieldSet::first(0)),
            (vec![0], FieldSet::first(1)),
            (vec![0, 1, 2], FieldSet::first(3)),
            (vec![1, 2], FieldSet(Places::Listed([1, 2].into()))),
        ] {
            let set = set(&places);
            assert_eq!(set, expected);
            assert_eq!(set.len(), places.len());
            assert_eq!(
                set.iter().collect::<Vec<_>>(),
                places.iter().map(|p| usize::from(*p)).collect::<Vec<_>>()
            );
            for place in 0..4 {
                let expected = places.iter().position(|other| usize::from(*other) == place);
                for guess in 0..4 {
                    assert_eq!(set.position(place, guess), expected, "{places:?}: {place}");
                }
            }
        }
    }

    #[test]
    fn sets_are_united() {
        for (one, two, expected) in [
            (&[][..], &[][..], &[][..]),
            (&[], &[3], &[3]),
            (&[0, 1], &[0], &[0, 1]),
            (&[1, 3], &[0, 2], &[0, 1, 2, 3]),
            (&[0, 1], &[3, 5], &[0, 1, 3, 5]),
            (&[0, 1, 2], &[1], &[0, 1, 2]),
        ] {
            for (one, two) in [(one, two), (two, one)] {
                let mut union = set(one);
                union.extend(&set(two));
                assert_eq!(union, set(expected), "{one:?} {two:?}");
            }
        }
    }

    #[test]
    fn values_are_found_by_their_field_however_they_were_added() {
        let value = |place: usize| Value::Integer(i64::try_from(place).unwrap());
        for order in [&[0, 1, 2][..], &[5, 1, 3], &[2], &[2, 0, 1], &[]] {
            let mut builder = ValuesBuilder::with_capacity(1);
            order.iter().for_each(|place| builder.push(*place, value(*place)));
            let built = builder.finish();
            let mut set = Values::first(Vec::new());
            order.iter().for_each(|place| set.set(*place, value(*place)));
            assert_eq!(built, set, "{order:?}");
            for place in 0..6 {
                let expected = order.contains(&place).then(|| value(place));
                assert_eq!(built.get(place), expected.as_ref(), "{order:?}: {place}");
            }
            let mut sorted = order.to_vec();
            sorted.sort_unstable();
            assert_eq!(built.iter().map(|(place, _)| place).collect::<Vec<_>>(), sorted);
        }
    }
}
