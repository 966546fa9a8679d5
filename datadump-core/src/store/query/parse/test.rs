//! Parses one test: `field=value`, `field__op=value`, `data.a.b__op=value`.

use serde_json::Value as Json;

use super::{
    budget::Budget,
    refusal::{Refusal, from_condition, unknown_field},
};
use crate::{
    condition::Operator,
    schema::{Definition, Kind, Value},
    store::query::{Column, Filter, Test, filter::item},
};

/// Maximum depth of a path into JSON.
const MAX_PATH_STEPS: usize = 16;

/// Maximum number of path steps that are digits: each may be an array index or a member.
const MAX_DIGIT_STEPS: usize = 4;

/// The subject of a test: a column, or a place inside a JSON column.
pub(super) struct Subject {
    column: Column,
    path: Vec<String>,
    kind: Kind,
}

/// Parses a test given as a parameter, where all values are strings.
pub(super) fn parameter(
    definition: &Definition,
    name: &str,
    value: &str,
    budget: &mut Budget,
) -> Result<Filter, Refusal> {
    let (field, operator) = match name.rsplit_once("__") {
        // In an inferred storage a field may be named like a test.
        _ if Column::named(definition, name).is_some() => (name, "eq"),
        Some((field, operator)) => (field, operator),
        None => (name, "eq"),
    };
    let operator = Operator::parse(operator).map_err(from_condition)?;
    let subject = Subject::named(definition, field, budget)?;
    let json = match operator {
        Operator::In | Operator::NotIn | Operator::Between => {
            Json::Array(value.split(',').map(Json::from).collect())
        }
        Operator::IsNull => match value {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ => return Err(("mistyped", format!("{value:?} is neither true nor false"))),
        },
        _ => value.into(),
    };
    subject.test(operator, &json, &Subject::read_text, budget)
}

/// Returns whether both databases accept a path step: no quotes, backslashes or control characters, and no
/// number other than plain digits.
fn can_be_step(step: &str) -> bool {
    let odd = step.contains(['"', '\\']) || step.chars().any(char::is_control);
    let number = step.trim().parse::<i64>().is_ok() && item(step).is_none();
    !(step.is_empty() || odd || number)
}

/// Reads a value for a subject.
type ReadValue = dyn Fn(&Subject, &Json) -> Result<Value, Refusal>;

impl Subject {
    /// Returns the subject with a name, which rows may be filtered by.
    pub(super) fn named(definition: &Definition, name: &str, budget: &Budget) -> Result<Self, Refusal> {
        let subject = Self::unfiltered(definition, name)?;
        budget.column(definition, subject.column)?;
        Ok(subject)
    }

    /// Returns the column and the path.
    pub(super) fn into_parts(self) -> (Column, Vec<String>) {
        (self.column, self.path)
    }

    /// Returns the subject with a name.
    pub(super) fn unfiltered(definition: &Definition, name: &str) -> Result<Self, Refusal> {
        // In an inferred storage a field name may contain dots.
        let whole = Column::named(definition, name).is_some();
        let mut steps = name.splitn(if whole { 1 } else { usize::MAX }, '.');
        let field = steps.next().unwrap_or_default();
        let unknown = || ("unknown-field", unknown_field(definition, field));
        let column = Column::named(definition, field).ok_or_else(unknown)?;
        let path: Vec<String> = steps.map(str::to_owned).collect();
        let kind = column.kind(definition);
        if !path.is_empty() && kind != Kind::Json {
            return Err(("not-applicable", format!("`{field}` is not a json field, so it has no paths")));
        }
        if path.len() > MAX_PATH_STEPS {
            return Err(("too-deep", format!("a path can have at most {MAX_PATH_STEPS} steps")));
        }
        if let Some(step) = path.iter().find(|step| !can_be_step(step)) {
            return Err(("path", format!("{step:?} is not a valid path step")));
        }
        if path.iter().filter(|step| item(step).is_some()).count() > MAX_DIGIT_STEPS {
            return Err(("path", format!("a path can have at most {MAX_DIGIT_STEPS} steps of digits")));
        }
        Ok(Self { column, path, kind })
    }

    /// Parses a test in a tree, where values have their JSON types.
    pub(super) fn tree_test(
        &self,
        operator: Operator,
        json: &Json,
        budget: &mut Budget,
    ) -> Result<Filter, Refusal> {
        self.test(operator, json, &Self::read_json, budget)
    }

    fn test(
        &self,
        operator: Operator,
        json: &Json,
        read: &ReadValue,
        budget: &mut Budget,
    ) -> Result<Filter, Refusal> {
        budget.test()?;
        budget.values(json.as_array().map_or(1, Vec::len))?;
        let one = || read(self, json);
        let test = match operator {
            Operator::Eq | Operator::Ne if json.is_null() => Test::IsNull,
            Operator::Eq | Operator::Ne => Test::Eq(self.comparable(one()?)?),
            Operator::Lt => Test::Lt(self.comparable(one()?)?),
            Operator::Lte => Test::Lte(self.comparable(one()?)?),
            Operator::Gt => Test::Gt(self.comparable(one()?)?),
            Operator::Gte => Test::Gte(self.comparable(one()?)?),
            Operator::In | Operator::NotIn => Test::In(self.many(json, read)?),
            Operator::Between => match <[Value; 2]>::try_from(self.many(json, read)?) {
                Ok([low, high]) => Test::Between(low, high),
                Err(_) => return Err(("mistyped", "`between` takes two values".into())),
            },
            Operator::Contains => Test::Contains(self.text(json)?),
            Operator::IContains => Test::IContains(self.text(json)?),
            Operator::StartsWith => Test::StartsWith(self.text(json)?),
            Operator::EndsWith => Test::EndsWith(self.text(json)?),
            Operator::IsNull => match json.as_bool() {
                Some(true) => Test::IsNull,
                Some(false) => return Ok(Filter::Not(Box::new(self.filter(Test::IsNull)))),
                None => return Err(("mistyped", format!("{json} is neither true nor false"))),
            },
        };
        let filter = self.filter(test);
        Ok(if matches!(operator, Operator::Ne | Operator::NotIn) {
            Filter::Not(Box::new(filter))
        } else {
            filter
        })
    }

    fn filter(&self, test: Test) -> Filter {
        if self.path.is_empty() {
            Filter::Column(self.column, test)
        } else {
            Filter::Path(self.column, self.path.clone(), test)
        }
    }

    fn many(&self, json: &Json, read: &ReadValue) -> Result<Vec<Value>, Refusal> {
        let items =
            json.as_array().ok_or_else(|| ("mistyped", "this operator takes a list of values".to_owned()))?;
        items.iter().map(|item| self.comparable(read(self, item)?)).collect()
    }

    fn comparable(&self, value: Value) -> Result<Value, Refusal> {
        if self.path.is_empty() && self.kind == Kind::Json {
            return Err((
                "not-applicable",
                "a json field can only be filtered by a path into it, or by `isnull`".into(),
            ));
        }
        Ok(value)
    }

    fn text(&self, json: &Json) -> Result<String, Refusal> {
        if self.path.is_empty() && !self.kind.is_text() {
            return Err(("not-applicable", format!("this operator applies to text, not to {}", self.kind)));
        }
        match json.as_str() {
            Some(text) if text.contains('\0') => Err(("nul", "must not contain U+0000".into())),
            Some(text) => Ok(text.to_owned()),
            None => Err(("mistyped", format!("{json} is not a string"))),
        }
    }

    /// Reads a value given as a parameter. Inside JSON it has the type it parses as; quotes make it a string.
    fn read_text(&self, json: &Json) -> Result<Value, Refusal> {
        let text = json.as_str().unwrap_or_default();
        if self.path.is_empty() {
            return self.kind.read_text(text).map_err(|wrong| (wrong.code, wrong.detail));
        }
        match serde_json::from_str::<Json>(text) {
            Ok(json @ (Json::Bool(_) | Json::Number(_) | Json::String(_))) => self.read_json(&json),
            _ => self.read_json(json),
        }
    }

    fn read_json(&self, json: &Json) -> Result<Value, Refusal> {
        if self.path.is_empty() {
            return self.kind.read(json).map_err(|wrong| (wrong.code, wrong.detail));
        }
        match json {
            Json::Bool(value) => Ok(Value::Boolean(*value)),
            Json::Number(number) => {
                number.as_f64().map(Value::Float).ok_or_else(|| ("out-of-range", format!("{number}")))
            }
            Json::String(text) if text.contains('\0') => Err(("nul", "must not contain U+0000".into())),
            Json::String(text) => Ok(Value::Text(text.clone())),
            _ => Err(("mistyped", format!("{json} is not a value to compare with"))),
        }
    }
}
