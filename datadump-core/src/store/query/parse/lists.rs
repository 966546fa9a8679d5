//! Lists given as parameters: `color__in=red,blue`, and `color__in=red&color__in=blue`, which is how generated clients
//! send them.

use std::{borrow::Cow, collections::HashMap};

use crate::{condition::Operator, schema::Definition, store::query::Column};

/// Joins the values of each list that is spread over several parameters.
pub(super) fn joined<'p>(
    definition: &Definition,
    pairs: &'p [(String, String)],
) -> Vec<(&'p str, Cow<'p, str>)> {
    let mut joined: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(pairs.len());
    let mut lists: HashMap<&str, usize> = HashMap::new();
    for (name, value) in pairs {
        if is_list(definition, name) {
            if let Some((_, list)) = lists.get(name.as_str()).and_then(|place| joined.get_mut(*place)) {
                let list = list.to_mut();
                list.push(',');
                list.push_str(value);
                continue;
            }
            lists.insert(name, joined.len());
        }
        joined.push((name, Cow::Borrowed(value)));
    }
    joined
}

fn is_list(definition: &Definition, name: &str) -> bool {
    let operator = name.rsplit_once("__").and_then(|(_, operator)| Operator::parse(operator).ok());
    // In an inferred storage a field may be named like a test.
    matches!(operator, Some(Operator::In | Operator::NotIn)) && Column::named(definition, name).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::parse;

    #[test]
    fn repeated_lists_are_one_list() {
        let definition = parse::definition(&json!({
            "name": "it",
            "key": {"name": "_id", "type": "id", "generated": true},
            "fields": [{"name": "a", "type": "text"}, {"name": "b__in", "type": "text"}],
            "meta": {"auto": true, "scans": true},
        }));
        let definition = definition.unwrap();
        let pairs = [
            ("a__in", "1"),
            ("a", "x"),
            ("a__in", "2,3"),
            ("a", "y"),
            ("a__nin", "4"),
            ("b__in", "5"),
            ("b__in", "6"),
            ("a__in", ""),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let joined = joined(&definition, &pairs);
        let joined: Vec<_> = joined.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let expected =
            [("a__in", "1,2,3,"), ("a", "x"), ("a", "y"), ("a__nin", "4"), ("b__in", "5"), ("b__in", "6")];
        assert_eq!(joined, expected);
    }
}
