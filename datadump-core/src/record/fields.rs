//! The members of a record. Records that follow one another mostly have the same names in the same order:
//! those share them, and where each name goes in a storage is found once for all of them.

use std::{collections::HashMap, fmt, ops::Index, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// Up to so many names are looked through; more are looked up.
const FEW: usize = 24;

/// Values by their names, in an order. It is what a JSON object is, and [becomes one](Map) whenever it has to.
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
    /// None may stand for no names: what all threads count is not counted for nothing.
    names: Option<Arc<Names>>,
    /// As many as there are names.
    values: Vec<Json>,
}

/// Names in an order, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    list: Vec<String>,
    /// Where each of them stands, when they are many.
    places: HashMap<String, usize>,
}

impl Names {
    /// One after the other.
    pub(crate) fn list(&self) -> &[String] {
        &self.list
    }

    /// Where this name stands.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        if self.places.is_empty() {
            return self.list.iter().position(|known| known == name);
        }
        self.places.get(name).copied()
    }

    /// Adds a name that is not there yet.
    pub(crate) fn push(&mut self, name: String) {
        let place = self.list.len();
        if place == FEW && self.places.is_empty() {
            self.places = self.list.iter().cloned().zip(0..).collect();
        }
        if !self.places.is_empty() {
            self.places.insert(name.clone(), place);
        }
        self.list.push(name);
    }

    /// Takes the one at this place out.
    fn remove(&mut self, place: usize) {
        let name = self.list.remove(place);
        if self.places.remove(&name).is_some() {
            self.places.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        }
    }

    /// The first so many of them.
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
    /// Values under names that they may share with others: as many as there are names.
    pub(crate) fn under(names: Arc<Names>, values: Vec<Json>) -> Self {
        debug_assert_eq!(names.list.len(), values.len(), "{names:?}");
        Self { names: Some(names), values }
    }

    /// The names, and the values in their order.
    pub(crate) fn into_parts(self) -> (Arc<Names>, Vec<Json>) {
        (self.names.unwrap_or_default(), self.values)
    }

    /// The names.
    pub(crate) fn names(&self) -> Option<&Arc<Names>> {
        self.names.as_ref()
    }

    /// The values, in their order.
    pub(crate) fn values(&self) -> &[Json] {
        &self.values
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.as_ref()?.place(name)
    }

    fn own_names(&mut self) -> &mut Names {
        Arc::make_mut(self.names.get_or_insert_default())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value under this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.values.get(self.place(name)?)
    }

    /// The value under this name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        let place = self.place(name)?;
        self.values.get_mut(place)
    }

    /// Whether there is a value under this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Puts a value under a name: in place of the one that is there, or behind all others.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) -> Option<Json> {
        let name = name.into();
        if let Some(before) = self.get_mut(&name) {
            return Some(std::mem::replace(before, value));
        }
        self.own_names().push(name);
        self.values.push(value);
        None
    }

    /// Takes a value out; those behind it stay in their order.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let place = self.place(name)?;
        self.own_names().remove(place);
        Some(self.values.remove(place))
    }

    /// The names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Json)> {
        self.keys().zip(&self.values)
    }

    /// The names, in their order.
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

    /// The value under this name, and null when there is none, as of a [`Json`].
    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or(&Json::Null)
    }
}

impl PartialEq for Fields {
    /// Whatever their order.
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
    fn names_are_shared_until_one_of_those_that_share_them_has_others() {
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
    fn many_are_found_as_few_are() {
        let all = 0..4 * FEW;
        let mut many: Fields = all.clone().map(|number| (number.to_string(), json!(number))).collect();
        assert_eq!(many.insert("30", json!("x")), Some(json!(30)));
        assert_eq!(many.remove("31"), Some(json!(31)));
        for number in all.filter(|number| ![30, 31].contains(number)) {
            assert_eq!(many[number.to_string().as_str()], number);
        }
        assert_eq!((&many["30"], many.get("31"), many.len()), (&json!("x"), None, 4 * FEW - 1));
        let mut fewer = many.clone();
        for number in (4..4 * FEW).rev() {
            fewer.remove(&number.to_string());
        }
        fewer.insert("a", json!("y"));
        fewer.remove("1");
        assert_eq!(Json::from(fewer).to_string(), r#"{"0":0,"2":2,"3":3,"a":"y"}"#);
        assert_eq!(serde_json::from_str::<Fields>(&serde_json::to_string(&many).unwrap()).unwrap(), many);
    }
}
