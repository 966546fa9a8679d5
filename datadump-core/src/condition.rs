//! The condition language of filters and routes: a JSON tree of tests, such as
//! `{"or": [{"age": {"lt": 18}}, {"not": {"color": {"in": ["red", "blue"]}}}]}`.
//!
//! This module parses the tree and its operators, without types. Filters check the tests against a
//! definition and compile them for the database; routes evaluate them on records.

use serde_json::Value as Json;

/// Maximum nesting depth of a condition.
const MAX_DEPTH: usize = 16;

/// A condition: one JSON object, all of whose terms must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Condition {
    /// The terms, in the order of the object's members.
    pub terms: Vec<Term>,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// All of these must hold: `{"and": […]}`.
    All(Vec<Condition>),
    /// At least one of these must hold: `{"or": […]}`.
    Any(Vec<Condition>),
    /// This must not hold: `{"not": {…}}`.
    Not(Condition),
    /// A field must pass tests: `{"age": {"gte": 1, "lt": 18}}`, or `{"age": 18}` for equality.
    Field(FieldTests),
}

/// The tests of one field, all of which must pass.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldTests {
    /// Name of the field, or a path such as `address.city`.
    pub field: String,
    /// The segments of the path.
    pub path: Vec<String>,
    /// The tests; may be empty.
    pub tests: Vec<FieldTest>,
}

/// A comparison of a field with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldTest {
    /// The comparison.
    pub operator: Operator,
    /// The value to compare with.
    pub operand: Json,
}

/// A condition that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// Error code for programs.
    pub code: &'static str,
    /// Description for people.
    pub detail: String,
}

impl ConditionError {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    fn at(self, field: &str) -> Self {
        Self { detail: format!("{field}: {}", self.detail), ..self }
    }
}

/// The comparison of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal; with null: is null.
    Eq,
    /// Not equal.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
    /// Equal to one of a list.
    In,
    /// Equal to none of a list.
    NotIn,
    /// Between two values, both included.
    Between,
    /// Contains a substring.
    Contains,
    /// Contains a substring, ignoring case.
    IContains,
    /// Starts with a prefix.
    StartsWith,
    /// Ends with a suffix.
    EndsWith,
    /// Is null or missing (operand `true`), or neither (operand `false`).
    IsNull,
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 14] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::In,
        Self::NotIn,
        Self::Between,
        Self::Contains,
        Self::IContains,
        Self::StartsWith,
        Self::EndsWith,
        Self::IsNull,
    ];

    /// Returns the name used in conditions and query parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::In => "in",
            Self::NotIn => "nin",
            Self::Between => "between",
            Self::Contains => "contains",
            Self::IContains => "icontains",
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::IsNull => "isnull",
        }
    }

    /// Returns the operator with this name.
    pub fn parse(name: &str) -> Result<Self, ConditionError> {
        Self::ALL.into_iter().find(|operator| operator.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|operator| operator.name()).collect();
            let detail = format!("`{name}` is not an operator: use one of {}", known.join(", "));
            ConditionError::new("unknown-operator", detail)
        })
    }

    /// Checks that a value has the JSON type that the operator compares with.
    pub fn check_operand(self, operand: &Json) -> Result<(), ConditionError> {
        let (is_valid, expected) = match self {
            Self::In | Self::NotIn => (operand.is_array(), "an array of values"),
            Self::Between => {
                (operand.as_array().is_some_and(|bounds| bounds.len() == 2), "an array of two values")
            }
            Self::Contains | Self::IContains | Self::StartsWith | Self::EndsWith => {
                (operand.is_string(), "a string")
            }
            Self::IsNull => (operand.is_boolean(), "true or false"),
            Self::Eq | Self::Ne | Self::Lt | Self::Lte | Self::Gt | Self::Gte => (true, "a value"),
        };
        if is_valid {
            return Ok(());
        }
        let detail = format!("`{}` takes {expected}, not {operand}", self.name());
        Err(ConditionError::new("mistyped", detail))
    }
}

impl Condition {
    /// Parses a condition from JSON.
    ///
    /// `is_field` tells whether the schema has a field with a name. Only a field called `not` matters: its
    /// test looks like a negation.
    ///
    /// ```
    /// use datadump_core::condition::Condition;
    /// use serde_json::json;
    ///
    /// let condition = json!({"kind": "dog", "age": {"gte": 1, "lt": 8}});
    /// assert_eq!(Condition::parse(&condition, |_| false).unwrap().terms.len(), 2);
    /// let error = Condition::parse(&json!({"age": {"like": 1}}), |_| false).unwrap_err();
    /// assert_eq!(error.code, "unknown-operator");
    /// ```
    pub fn parse(json: &Json, is_field: impl Fn(&str) -> bool) -> Result<Self, ConditionError> {
        Self::parse_at(json, 0, &is_field)
    }

    fn parse_at(json: &Json, depth: usize, is_field: &dyn Fn(&str) -> bool) -> Result<Self, ConditionError> {
        if depth > MAX_DEPTH {
            let detail = format!("the condition is nested more than {MAX_DEPTH} levels deep");
            return Err(ConditionError::new("too-deep", detail));
        }
        let members = json.as_object().ok_or_else(|| {
            ConditionError::new("mistyped", format!("a condition must be a JSON object of tests, not {json}"))
        })?;
        let nested = |items: &[Json]| -> Result<Vec<Self>, ConditionError> {
            items.iter().map(|item| Self::parse_at(item, depth + 1, is_field)).collect()
        };
        let mut terms = Vec::new();
        for (name, json) in members {
            match (name.as_str(), json) {
                ("and", Json::Array(items)) => terms.push(Term::All(nested(items)?)),
                ("or", Json::Array(items)) => terms.push(Term::Any(nested(items)?)),
                ("not", Json::Object(_)) if !is_field("not") => {
                    terms.push(Term::Not(Self::parse_at(json, depth + 1, is_field)?));
                }
                (field, Json::Object(operators)) => {
                    let mut tests = Vec::with_capacity(operators.len());
                    for (operator, operand) in operators {
                        let operator = Operator::parse(operator).map_err(|error| error.at(field))?;
                        tests.push(FieldTest { operator, operand: operand.clone() });
                    }
                    terms.push(Term::Field(FieldTests::new(field, tests)));
                }
                (field, operand) => {
                    let test = FieldTest { operator: Operator::Eq, operand: operand.clone() };
                    terms.push(Term::Field(FieldTests::new(field, vec![test])));
                }
            }
        }
        Ok(Self { terms })
    }

    /// Checks the operand of every test with [`Operator::check_operand`].
    pub fn check_operands(&self) -> Result<(), ConditionError> {
        self.terms.iter().try_for_each(|term| match term {
            Term::All(conditions) | Term::Any(conditions) => {
                conditions.iter().try_for_each(Self::check_operands)
            }
            Term::Not(condition) => condition.check_operands(),
            Term::Field(FieldTests { field, tests, .. }) => tests.iter().try_for_each(|test| {
                test.operator.check_operand(&test.operand).map_err(|error| error.at(field))
            }),
        })
    }

    /// Returns the name of a field that does not exist, if the condition tests one.
    pub(crate) fn unknown_field(&self, is_field: &dyn Fn(&str) -> bool) -> Option<&str> {
        self.terms.iter().find_map(|term| match term {
            Term::All(conditions) | Term::Any(conditions) => {
                conditions.iter().find_map(|condition| condition.unknown_field(is_field))
            }
            Term::Not(condition) => condition.unknown_field(is_field),
            Term::Field(FieldTests { field, .. }) => (!is_field(field)).then_some(field.as_str()),
        })
    }
}

impl FieldTests {
    fn new(field: &str, tests: Vec<FieldTest>) -> Self {
        let path = field.split('.').map(str::to_owned).collect();
        Self { field: field.to_owned(), path, tests }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(json: &Json) -> Option<&'static str> {
        let parsed = Condition::parse(json, |_| false);
        parsed.and_then(|condition| condition.check_operands()).err().map(|error| error.code)
    }

    #[test]
    fn invalid_conditions_are_rejected() {
        let deep = (0..17).fold(json!({}), |inner, _| json!({ "not": inner }));
        for (condition, expected) in [
            (json!({}), None),
            (json!({"and": [{}, {"a": null}], "or": 1, "not": 2}), None),
            (json!(1), Some("mistyped")),
            (json!({"or": [1]}), Some("mistyped")),
            (json!({"a": {"like": 1}}), Some("unknown-operator")),
            (json!({"a": {"in": 1}}), Some("mistyped")),
            (json!({"a": {"between": [1]}}), Some("mistyped")),
            (json!({"a": {"startswith": 1}}), Some("mistyped")),
            (json!({"a": {"isnull": "yes"}}), Some("mistyped")),
            (deep, Some("too-deep")),
        ] {
            assert_eq!(code(&condition), expected, "{condition}");
        }
    }

    #[test]
    fn a_field_may_be_called_not() {
        let json = json!({"not": {"eq": 1}});
        let condition = Condition::parse(&json, |name| name == "not").unwrap();
        let [Term::Field(FieldTests { field, tests, .. })] = condition.terms.as_slice() else {
            panic!("{condition:?}")
        };
        assert_eq!((field.as_str(), tests.len(), tests[0].operator), ("not", 1, Operator::Eq));
        assert_eq!(code(&json), None, "a negation of an equality of a field called `eq`");
    }
}
