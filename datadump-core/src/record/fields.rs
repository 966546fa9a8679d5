//! The fields of a record. Consecutive records usually have the same names in the same order; they share one
//! list of names, so that it is allocated and matched to a storage only once.

use std::{collections::HashMap, fmt, ops::Index, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::json;

/// Number of names up to which a linear search is used instead of a hash map.
const MAX_LINEAR: usize = 24;

/// Named values in order, convertible to and from a [JSON object](Map).
///
/// ```
/// use datadump_core::Fields;
/// use serde_json::{Map, Value, json};
///
/// let mut fields: Fields = [("speed".to_owned(), json!(1.75))].into_iter().collect();
/// assert_eq!(fields.insert("unit", json!("m/s")), None);
/// assert_eq!(fields["speed"], 1.75);
/// assert_eq!(Value::from(fields), json!({"speed": 1.75, "unit": "m/s"}));
/// ```
#[derive(Clone, Default)]
pub struct Fields {
    /// `None` if there are no names, to avoid contention on a shared reference count.
    names: Option<Arc<Names>>,
    /// One value per name.
    values: Vec<Json>,
}

/// Distinct names in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    list: Vec<String>,
    /// Index of each name, if there are many.
    places: HashMap<String, usize>,
}

impl Names {
    pub(crate) fn list(&self) -> &[String] {
        &self.list
    }

    /// Returns the index of a name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        if self.places.is_empty() {
            return self.list.iter().position(|known| known == name);
        }
        self.places.get(name).copied()
    }

    /// Adds a name, which must be new.
    pub(crate) fn push(&mut self, name: String) {
        let place = self.list.len();
        if place == MAX_LINEAR && self.places.is_empty() {
            self.places = self.list.iter().cloned().zip(0..).collect();
        }
        if !self.places.is_empty() {
            self.places.insert(name.clone(), place);
        }
        self.list.push(name);
    }

    /// Returns the approximate number of bytes that these names, and the description of their fields while a
    /// storage is created or extended for them, take.
    pub(crate) fn size(&self) -> usize {
        const NAME_BYTES: usize = 320;
        self.list.iter().map(|name| NAME_BYTES + 3 * name.len()).sum()
    }

    fn remove(&mut self, place: usize) {
        let name = self.list.remove(place);
        if self.places.remove(&name).is_some() {
            self.places.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        }
    }

    /// Returns the first `count` names.
    pub(crate) fn first(&self, count: usize) -> Self {
        self.list.iter().take(count).cloned().collect()
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let names = names.into_iter();
        let mut all = Self { list: Vec::with_capacity(names.size_hint().0), places: HashMap::new() };
        names.for_each(|name| all.push(name));
        all
    }
}

impl Fields {
    /// Creates fields from a shared list of names and one value per name.
    pub(crate) fn with_names(names: Arc<Names>, values: Vec<Json>) -> Self {
        debug_assert_eq!(names.list.len(), values.len(), "{names:?}");
        Self { names: Some(names), values }
    }

    /// Splits the fields into names and values.
    pub(crate) fn into_parts(self) -> (Arc<Names>, Vec<Json>) {
        (self.names.unwrap_or_default(), self.values)
    }

    /// Returns the shared list of names.
    pub(crate) fn names(&self) -> Option<&Arc<Names>> {
        self.names.as_ref()
    }

    /// Replaces the list of names by an equal one that others share.
    pub(crate) fn share_names(&mut self, names: &Arc<Names>) {
        debug_assert_eq!(self.names.as_ref().map(|own| own.list()), Some(names.list()), "other names");
        self.names = Some(names.clone());
    }

    pub(crate) fn values(&self) -> &[Json] {
        &self.values
    }

    /// Returns the approximate number of bytes that the values take, with room for more that was allocated.
    pub(super) fn size(&self) -> usize {
        let room = self.values.capacity() - self.values.len();
        json::array_size(&self.values) + room * size_of::<Json>()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.as_ref()?.place(name)
    }

    fn own_names(&mut self) -> &mut Names {
        Arc::make_mut(self.names.get_or_insert_default())
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns the value of a field.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.values.get(self.place(name)?)
    }

    /// Returns a mutable reference to the value of a field.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        let place = self.place(name)?;
        self.values.get_mut(place)
    }

    /// Returns whether a field exists.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Inserts a field at the end, or replaces and returns its value.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) -> Option<Json> {
        let name = name.into();
        if let Some(before) = self.get_mut(&name) {
            return Some(std::mem::replace(before, value));
        }
        self.own_names().push(name);
        self.values.push(value);
        None
    }

    /// Removes a field and returns its value; the order of the others is preserved.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let place = self.place(name)?;
        self.own_names().remove(place);
        Some(self.values.remove(place))
    }

    /// Iterates over names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Json)> {
        self.keys().zip(&self.values)
    }

    /// Iterates over the names in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.names.as_ref().map_or(&[][..], |names| names.list()).iter()
    }
}

impl FromIterator<(String, Json)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        let mut fields = Self::default();
        fields.extend(members);
        fields
    }
}

impl Extend<(String, Json)> for Fields {
    fn extend<I: IntoIterator<Item = (String, Json)>>(&mut self, members: I) {
        for (name, value) in members {
            self.insert(name, value);
        }
    }
}

impl IntoIterator for Fields {
    type Item = (String, Json);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<String>, std::vec::IntoIter<Json>>;

    fn into_iter(self) -> Self::IntoIter {
        let names = self
            .names
            .map(|names| Arc::try_unwrap(names).map_or_else(|shared| shared.list.clone(), |own| own.list));
        names.unwrap_or_default().into_iter().zip(self.values)
    }
}

impl From<Map<String, Json>> for Fields {
    fn from(members: Map<String, Json>) -> Self {
        let (names, values): (Vec<String>, Vec<Json>) = members.into_iter().unzip();
        Self { names: Some(Arc::new(names.into_iter().collect())), values }
    }
}

impl From<Fields> for Map<String, Json> {
    fn from(fields: Fields) -> Self {
        fields.into_iter().collect()
    }
}

impl From<Fields> for Json {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.into())
    }
}

impl Index<&str> for Fields {
    type Output = Json;

    /// Returns the value of a field, or null if it does not exist, like indexing a [`Json`].
    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or(&Json::Null)
    }
}

impl PartialEq for Fields {
    /// Compares fields ignoring their order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(json: &Json) -> Fields {
        Fields::from(json.as_object().unwrap().clone())
    }

    fn is_shared(one: &Fields, other: &Fields) -> bool {
        one.names().zip(other.names()).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
    }

    #[test]
    fn names_are_shared_until_changed() {
        let one = fields(&json!({"a": 1, "b": 2}));
        let mut other = one.clone();
        assert!(is_shared(&one, &other));
        assert_eq!(other.insert("b", json!(3)), Some(json!(2)));
        assert!(is_shared(&one, &other));
        other.insert("c", json!(4));
        assert_eq!(other.remove("a"), Some(json!(1)));
        assert_eq!(other.remove("a"), None);
        assert_eq!((Json::from(one), Json::from(other)), (json!({"a": 1, "b": 2}), json!({"b": 3, "c": 4})));
    }

    #[test]
    fn large_records_behave_like_small_ones() {
        let all = 0..4 * MAX_LINEAR;
        let mut many: Fields = all.clone().map(|number| (number.to_string(), json!(number))).collect();
        assert_eq!(many.insert("30", json!("x")), Some(json!(30)));
        assert_eq!(many.remove("31"), Some(json!(31)));
        for number in all.filter(|number| ![30, 31].contains(number)) {
            assert_eq!(many[number.to_string().as_str()], number);
        }
        assert_eq!((&many["30"], many.get("31"), many.len()), (&json!("x"), None, 4 * MAX_LINEAR - 1));
        let mut fewer = many.clone();
        for number in (4..4 * MAX_LINEAR).rev() {
            fewer.remove(&number.to_string());
        }
        fewer.insert("a", json!("y"));
        fewer.remove("1");
        assert_eq!(Json::from(fewer).to_string(), r#"{"0":0,"2":2,"3":3,"a":"y"}"#);
        assert_eq!(serde_json::from_str::<Fields>(&serde_json::to_string(&many).unwrap()).unwrap(), many);
    }
}
