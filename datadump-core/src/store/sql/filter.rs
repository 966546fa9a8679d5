//! Compiles filters to SQL. SQL logic has three values and filters have two, so negations are pushed down to
//! the individual tests, where "null or not" expresses them exactly and indexes still serve the other tests.

use std::mem::discriminant;

use sea_query::{Alias, Cond, Expr, ExprTrait, Func, SimpleExpr};

use super::{Dialect, bind, column, prefix};
use crate::{
    schema::{Definition, Kind, Value},
    store::query::{
        Column, Filter, Test,
        filter::{fold_text, item},
    },
};

/// Name of the SQL function that folds the case of text on SQLite.
pub(in crate::store) const FOLD: &str = "datadump_fold";

pub(super) fn condition(dialect: Dialect, definition: &Definition, filter: &Filter) -> Cond {
    Compiler { dialect, definition }.node(filter, Sign::Plain)
}

/// Sign of a part of the filter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Negated,
}

struct Compiler<'a> {
    dialect: Dialect,
    definition: &'a Definition,
}

impl Compiler<'_> {
    fn node(&self, filter: &Filter, sign: Sign) -> Cond {
        match filter {
            Filter::All(filters) => self.nodes(filters, sign == Sign::Plain, sign),
            Filter::Any(filters) => self.nodes(filters, sign == Sign::Negated, sign),
            Filter::Not(filter) => match sign {
                Sign::Plain => self.node(filter, Sign::Negated),
                Sign::Negated => self.node(filter, Sign::Plain),
            },
            Filter::Column(column, test) => self.column_test(*column, test, sign),
            Filter::Path(column, path, test) => match self.dialect {
                Dialect::Sqlite => self.sqlite_path(*column, path, test, sign),
                Dialect::Postgres => self.postgres_path(*column, path, test, sign),
            },
        }
    }

    fn nodes(&self, filters: &[Filter], every: bool, sign: Sign) -> Cond {
        if filters.is_empty() {
            return constant(every);
        }
        let whole = if every { Cond::all() } else { Cond::any() };
        filters.iter().fold(whole, |whole, filter| whole.add(self.node(filter, sign)))
    }

    fn column_test(&self, of: Column, test: &Test, sign: Sign) -> Cond {
        let subject = Expr::col(column(self.dialect, self.definition, of));
        if *test == Test::IsNull {
            let null =
                if sign == Sign::Plain { subject.clone().is_null() } else { subject.clone().is_not_null() };
            return self.with_prefix(of, test, sign).add(null);
        }
        let passes =
            self.with_prefix(of, test, sign).add(self.test(&subject, &of.kind(self.definition), test));
        match sign {
            Sign::Plain => passes,
            Sign::Negated => Cond::any().add(subject.is_null()).add(passes.not()),
        }
    }

    /// Returns a condition that an index on the beginning of a column serves, and that holds whenever the test
    /// passes; an empty one if there is no such index.
    fn with_prefix(&self, of: Column, test: &Test, sign: Sign) -> Cond {
        let is_served =
            sign == Sign::Plain && prefix::is_indexed_by_prefix(self.dialect, self.definition, of);
        let column = Expr::col(column(self.dialect, self.definition, of));
        is_served.then(|| prefix::condition(&column, test)).flatten().unwrap_or_else(Cond::all)
    }

    /// Compiles a test of a value that is not null.
    fn test(&self, subject: &SimpleExpr, kind: &Kind, test: &Test) -> Cond {
        let bound = |value: &Value| bind(self.dialect, kind, value);
        let text = |text: &str| Expr::val(text.to_owned());
        let one = |expression: SimpleExpr| Cond::all().add(expression);
        match test {
            Test::Eq(value) => one(subject.clone().eq(bound(value))),
            Test::Lt(value) => one(subject.clone().lt(bound(value))),
            Test::Lte(value) => one(subject.clone().lte(bound(value))),
            Test::Gt(value) => one(subject.clone().gt(bound(value))),
            Test::Gte(value) => one(subject.clone().gte(bound(value))),
            Test::In(values) if values.is_empty() => constant(false),
            Test::In(values) => one(subject.clone().is_in(values.iter().map(bound))),
            Test::Between(low, high) => {
                Cond::all().add(subject.clone().gte(bound(low))).add(subject.clone().lte(bound(high)))
            }
            Test::Contains(part) => one(self.find(subject.clone(), text(part))),
            Test::IContains(part) => one(self.find(self.folded(subject.clone()), text(&fold_text(part)))),
            Test::StartsWith(part) => match (part.is_empty(), after_prefix(part)) {
                (true, _) => one(subject.clone().is_not_null()),
                (false, None) => one(subject.clone().gte(text(part))),
                (false, Some(end)) => {
                    Cond::all().add(subject.clone().gte(text(part))).add(subject.clone().lt(text(&end)))
                }
            },
            Test::EndsWith(part) if part.is_empty() => one(subject.clone().is_not_null()),
            Test::EndsWith(part) => one(self.end(subject.clone(), part).eq(text(part))),
            Test::IsNull => one(subject.clone().is_null()),
        }
    }

    /// Returns an expression for whether `whole` contains `part`.
    fn find(&self, whole: SimpleExpr, part: SimpleExpr) -> SimpleExpr {
        let function = match self.dialect {
            Dialect::Sqlite => "instr",
            Dialect::Postgres => "strpos",
        };
        Func::cust(Alias::new(function)).arg(whole).arg(part).gt(0)
    }

    fn folded(&self, text: SimpleExpr) -> SimpleExpr {
        match self.dialect {
            Dialect::Sqlite => Func::cust(Alias::new(FOLD)).arg(text).into(),
            Dialect::Postgres => Expr::cust_with_exprs(
                r#"replace(lower($1 COLLATE "und-x-icu"), 'ς', 'σ') COLLATE "C""#,
                [text],
            ),
        }
    }

    /// Returns an expression for the end of a string, as long as `part`.
    fn end(&self, whole: SimpleExpr, part: &str) -> SimpleExpr {
        let length = i32::try_from(part.chars().count()).unwrap_or(i32::MAX);
        match self.dialect {
            Dialect::Sqlite => Func::cust(Alias::new("substr")).arg(whole).arg(-length).into(),
            Dialect::Postgres => Func::cust(Alias::new("right")).arg(whole).arg(length).into(),
        }
    }

    /// Compiles a path on SQLite. A step that consists of digits may be an array index or a member name; a
    /// document has at most one of the two at that place, so the test passes if it passes for either
    /// spelling.
    fn sqlite_path(&self, of: Column, path: &[String], test: &Test, sign: Sign) -> Cond {
        let document = Expr::col(column(self.dialect, self.definition, of));
        let call = |function: &str, spelling: &str| -> SimpleExpr {
            Func::cust(Alias::new(function)).arg(document.clone()).arg(spelling.to_owned()).into()
        };
        let null = |spelling: &String| {
            Cond::any().add(call("json_type", spelling).is_null()).add(call("json_type", spelling).eq("null"))
        };
        let spellings = spellings(path);
        if *test == Test::IsNull {
            let all = spellings.iter().fold(Cond::all(), |all, spelling| all.add(null(spelling)));
            return if sign == Sign::Plain { all } else { all.not() };
        }
        let passes = spellings.iter().fold(Cond::any(), |any, spelling| {
            let of_type = |value: &Value| -> (SimpleExpr, SimpleExpr) {
                let json_type = call("json_type", spelling);
                let extracted = call("json_extract", spelling);
                match value {
                    Value::Boolean(_) => (json_type.clone().is_in(["true", "false"]), json_type.eq("true")),
                    Value::Float(_) => {
                        (json_type.is_in(["integer", "real"]), extracted.cast_as(Alias::new("real")))
                    }
                    _ => (json_type.eq("text"), extracted),
                }
            };
            any.add(self.typed(test, &of_type))
        });
        // `coalesce`, because a path that leads nowhere makes the whole condition null, which is not a pass.
        let passes = Func::coalesce([condition_expression(passes), Expr::val(0)]);
        let wanted = i32::from(sign == Sign::Plain);
        Cond::all().add(SimpleExpr::from(passes).eq(wanted))
    }

    fn postgres_path(&self, of: Column, path: &[String], test: &Test, sign: Sign) -> Cond {
        let document = Expr::col(column(self.dialect, self.definition, of));
        let at = |function: &str| -> SimpleExpr {
            let document = document.clone().cast_as(Alias::new("jsonb"));
            let call = Func::cust(Alias::new(function)).arg(document);
            path.iter().fold(call, |call, step| call.arg(step.clone())).into()
        };
        let json_type =
            || -> SimpleExpr { Func::cust(Alias::new("jsonb_typeof")).arg(at("jsonb_extract_path")).into() };
        if *test == Test::IsNull {
            let null = Cond::any().add(json_type().is_null()).add(json_type().eq("null"));
            return if sign == Sign::Plain { null } else { null.not() };
        }
        // Only `CASE` keeps PostgreSQL from casting values that are not numbers.
        let when = |name: &str, value: SimpleExpr| -> SimpleExpr {
            sea_query::CaseStatement::new().case(json_type().eq(name.to_owned()), value).into()
        };
        let of_type = |value: &Value| -> (SimpleExpr, SimpleExpr) {
            let text = at("jsonb_extract_path_text");
            let name = match value {
                Value::Boolean(_) => "boolean",
                Value::Float(_) => "number",
                _ => "string",
            };
            let typed = match value {
                Value::Boolean(_) => when(name, text.cast_as(Alias::new("boolean"))),
                Value::Float(_) => when(name, text.cast_as(Alias::new("float8"))),
                _ => Expr::cust_with_exprs(r#"($1) COLLATE "C""#, [when(name, text)]),
            };
            (json_type().eq(name), typed)
        };
        let passes = self.typed(test, &of_type);
        let passes = Func::coalesce([condition_expression(passes), Expr::val(false)]);
        Cond::all().add(SimpleExpr::from(passes).eq(sign == Sign::Plain))
    }

    /// Compiles a test inside JSON: each value is compared only where the type matches.
    fn typed(&self, test: &Test, of_type: &dyn Fn(&Value) -> (SimpleExpr, SimpleExpr)) -> Cond {
        let kind_of = |value: &Value| match value {
            Value::Boolean(_) => Kind::Boolean,
            Value::Float(_) => Kind::Float,
            _ => Kind::Text { max_length: None },
        };
        let guarded = |value: &Value, test: &Test| {
            let (is_type, subject) = of_type(value);
            Cond::all().add(is_type).add(self.test(&subject, &kind_of(value), test))
        };
        match test {
            Test::In(values) => {
                if values.is_empty() {
                    return constant(false);
                }
                // One list per type, however many values: databases limit the depth of a condition.
                let mut groups: Vec<Vec<Value>> = Vec::new();
                for value in values {
                    let same = |group: &&mut Vec<Value>| {
                        group.first().is_some_and(|first| discriminant(first) == discriminant(value))
                    };
                    match groups.iter_mut().find(same) {
                        Some(group) => group.push(value.clone()),
                        None => groups.push(vec![value.clone()]),
                    }
                }
                groups.into_iter().fold(Cond::any(), |any, group| match group.first() {
                    Some(first) => any.add(guarded(first, &Test::In(group.clone()))),
                    None => any,
                })
            }
            Test::Between(low, high) => Cond::all()
                .add(guarded(low, &Test::Gte(low.clone())))
                .add(guarded(high, &Test::Lte(high.clone()))),
            Test::Eq(value) | Test::Lt(value) | Test::Lte(value) | Test::Gt(value) | Test::Gte(value) => {
                guarded(value, test)
            }
            Test::Contains(_)
            | Test::IContains(_)
            | Test::StartsWith(_)
            | Test::EndsWith(_)
            | Test::IsNull => guarded(&Value::Text(String::new()), test),
        }
    }
}

/// Returns a condition as an expression that can be an argument.
fn condition_expression(condition: Cond) -> SimpleExpr {
    condition.into()
}

fn constant(value: bool) -> Cond {
    Cond::all().add(Expr::val(1).eq(i32::from(value)))
}

/// Returns all spellings of a path for SQLite.
pub(super) fn spellings(path: &[String]) -> Vec<String> {
    path.iter().fold(vec!["$".to_owned()], |spellings, step| {
        let member = spellings.iter().map(|before| format!("{before}.\"{step}\""));
        let items = item(step)
            .into_iter()
            .flat_map(|place| spellings.iter().map(move |before| format!("{before}[{place}]")));
        member.chain(items).collect()
    })
}

/// Returns the smallest text, by code point, that is greater than every text with this prefix.
pub(super) fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}
