//! The filters that a query of a storage takes as parameters, so that they can be listed.

use super::{Column, parse::CONTROLS};
use crate::{
    condition::Operator,
    schema::{Definition, Kind},
};

/// A parameter that filters by a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterParameter {
    /// Name of the parameter, such as `age` or `age__gte`.
    pub name: String,
    /// Name of the column.
    pub column: String,
    /// Kind of the column.
    pub kind: Kind,
    /// The comparison.
    pub operator: Operator,
}

/// Returns the filters of a storage, column by column: those with an index, or all of them if the storage allows
/// scans. The test for equality has the name of the column alone, unless that is the name of a parameter with another
/// meaning, in a list or as one of the `reserved` names.
pub fn filter_parameters(definition: &Definition, reserved: &[&str]) -> Vec<FilterParameter> {
    let fields = (0..definition.fields.len()).map(Column::Field);
    let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
    let columns = [Column::Key].into_iter().chain(fields).chain(service);
    columns.flat_map(|column| of_column(definition, column, reserved)).collect()
}

fn of_column(definition: &Definition, column: Column, reserved: &[&str]) -> Vec<FilterParameter> {
    let field = column.field(definition);
    if field.is_some_and(|field| !definition.allows_filters(&field.name)) {
        return Vec::new();
    }
    let (kind, name) = (column.kind(definition), column.name(definition));
    let is_null = field.is_some_and(|field| field.nullable).then_some(Operator::IsNull);
    let operators = operators(&kind).iter().copied().chain(is_null);
    let parameter = |operator: Operator| {
        let is_reserved = reserved.contains(&name) || CONTROLS.contains(&name);
        let whole = match operator {
            Operator::Eq if !is_reserved => name.to_owned(),
            operator => format!("{name}__{}", operator.name()),
        };
        // In an inferred storage, another field may have this name.
        let is_taken = whole != name && Column::named(definition, &whole).is_some();
        let column = name.to_owned();
        (!is_taken).then(|| FilterParameter { name: whole, column, kind: kind.clone(), operator })
    };
    operators.filter_map(parameter).collect()
}

/// Returns the operators that are useful for values of a kind, without `isnull`. `between` is `gte` and `lte`.
fn operators(kind: &Kind) -> &'static [Operator] {
    use Operator::{Contains, EndsWith, Eq, Gt, Gte, IContains, In, Lt, Lte, Ne, NotIn, StartsWith};
    match kind {
        Kind::Integer
        | Kind::Long
        | Kind::Float
        | Kind::Decimal { .. }
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp
        | Kind::Uuid
        | Kind::Id => &[Eq, Ne, Lt, Lte, Gt, Gte, In, NotIn],
        Kind::String { .. } | Kind::Text { .. } => {
            &[Eq, Ne, Lt, Lte, Gt, Gte, In, NotIn, Contains, IContains, StartsWith, EndsWith]
        }
        Kind::Enum { .. } => &[Eq, Ne, In, NotIn],
        Kind::Boolean | Kind::Binary { .. } => &[Eq, Ne],
        // Paths into JSON are not known.
        Kind::Json => &[],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{schema::parse, store::query};

    fn names(definition: &Definition) -> Vec<String> {
        filter_parameters(definition, &["time"]).into_iter().map(|parameter| parameter.name).collect()
    }

    /// Returns a value that the parameter takes.
    fn value(parameter: &FilterParameter) -> &'static str {
        match (parameter.operator, &parameter.kind) {
            (Operator::IsNull, _) | (_, Kind::Boolean) => "true",
            (_, Kind::Integer | Kind::Long | Kind::Float | Kind::Decimal { .. }) => "1",
            (_, Kind::Uuid) => "019f0000-0000-7000-8000-000000000000",
            (_, Kind::Date) => "2026-01-31",
            (_, Kind::Time) => "12:00:00",
            (_, Kind::Timestamp) => "2026-01-31T12:00:00Z",
            (_, Kind::Binary { .. }) => "AAAA",
            (_, Kind::Enum { .. } | Kind::String { .. } | Kind::Text { .. } | Kind::Id | Kind::Json) => "a",
        }
    }

    #[test]
    fn every_listed_filter_is_accepted_and_the_number_of_them_fits_the_kind() {
        let fields = [
            (json!({"type": "boolean"}), 2),
            (json!({"type": "integer"}), 8),
            (json!({"type": "long"}), 8),
            (json!({"type": "float"}), 8),
            (json!({"type": "decimal", "precision": 5, "scale": 2}), 8),
            (json!({"type": "string", "max_length": 5}), 12),
            (json!({"type": "text"}), 12),
            (json!({"type": "uuid"}), 8),
            (json!({"type": "date"}), 8),
            (json!({"type": "time"}), 8),
            (json!({"type": "timestamp"}), 8),
            (json!({"type": "json"}), 0),
            (json!({"type": "binary"}), 2),
            (json!({"type": "enum", "values": ["a"]}), 4),
        ];
        for (nullable, (mut field, count)) in
            [false, true].into_iter().flat_map(|n| fields.clone().map(|f| (n, f)))
        {
            field["name"] = "f".into();
            field["nullable"] = nullable.into();
            let key = json!({"name": "id", "type": "long"});
            let definition = json!({"name": "it", "key": key, "fields": [field], "meta": {"scans": true}});
            let definition = parse::definition(&definition).unwrap();
            let all = filter_parameters(&definition, &[]);
            let found = all.iter().filter(|parameter| parameter.column == "f").count();
            assert_eq!(found, count + usize::from(nullable), "{field}");
            for parameter in &all {
                let pair = (parameter.name.clone(), value(parameter).to_owned());
                let parsed = query::parse::parameters(&definition, &[pair]);
                assert!(parsed.is_ok(), "{parameter:?}: {parsed:?}");
            }
        }
    }

    #[test]
    fn only_fields_with_an_index_are_filters_and_names_are_not_ambiguous() {
        let definition = parse::definition(&json!({
            "name": "it",
            "key": {"name": "time", "type": "integer"},
            "fields": [{"name": "a", "type": "boolean", "db_index": true}, {"name": "b", "type": "boolean"},
                       {"name": "search", "type": "boolean", "db_index": true}],
        }));
        let all = names(&definition.unwrap());
        for name in ["time", "search"] {
            assert!(all.contains(&format!("{name}__eq")) && !all.contains(&name.into()), "{all:?}");
        }
        assert!(all.contains(&"a".into()) && !all.contains(&"b".into()), "{all:?}");
        let open = parse::definition(&json!({
            "name": "it",
            "key": {"name": "_id", "type": "id", "generated": true},
            "fields": [{"name": "a", "type": "boolean"}, {"name": "a__ne", "type": "boolean"}],
            "meta": {"auto": true, "scans": true},
        }));
        let all = names(&open.unwrap());
        assert_eq!(all.iter().filter(|name| *name == "a__ne").count(), 1, "{all:?}");
    }
}
