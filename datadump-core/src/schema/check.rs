//! Whether a value that was read may stand in a field: its length, its bounds, its pattern.

use std::cmp::Ordering;

use super::{Field, Kind, Value};

/// Why a value is refused: what kind of fault it is, and what is wrong, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// For programs.
    pub code: &'static str,
    /// For people; it does not name the field.
    pub detail: String,
}

impl Wrong {
    /// A refusal.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl Field {
    /// Whether a value of the field's kind may stand in it.
    pub fn check(&self, value: &Value) -> Result<(), Wrong> {
        if value.is_null() {
            return if self.nullable { Ok(()) } else { Err(Wrong::new("null", "must not be null")) };
        }
        self.kind.check(value)?;
        self.check_bounds(value)?;
        match (&self.pattern, value) {
            (Some(pattern), Value::Text(text)) if !pattern.matches(text) => {
                Err(Wrong::new("pattern", format!("does not match the pattern {}", pattern.source())))
            }
            _ => Ok(()),
        }
    }

    fn check_bounds(&self, value: &Value) -> Result<(), Wrong> {
        let shown = |bound: &Value| bound.to_json(&self.kind);
        if let Some(min) = &self.bounds.min
            && value.compare(min).is_none_or(Ordering::is_lt)
        {
            return Err(Wrong::new("min", format!("{} is less than min {}", shown(value), shown(min))));
        }
        if let Some(max) = &self.bounds.max
            && value.compare(max).is_none_or(Ordering::is_gt)
        {
            return Err(Wrong::new("max", format!("{} is more than max {}", shown(value), shown(max))));
        }
        Ok(())
    }
}

impl Kind {
    /// Whether a value keeps the limits of its type: its range, its digits, its length.
    pub fn check(&self, value: &Value) -> Result<(), Wrong> {
        match (self, value) {
            (Self::Integer, Value::Integer(number)) if i32::try_from(*number).is_err() => {
                let detail = format!("{number} is out of range for an integer (32 bits)");
                Err(Wrong::new("out-of-range", detail))
            }
            (Self::Decimal { precision, scale }, Value::Decimal(number))
                if number.unsigned_abs() >= 10_u64.pow(*precision) =>
            {
                let whole = precision - scale;
                let detail = format!("has more than {whole} digits before the point");
                Err(Wrong::new("out-of-range", detail))
            }
            (Self::String { max_length: max } | Self::Text { max_length: Some(max) }, Value::Text(text)) => {
                let count = text.chars().count();
                if count > *max as usize {
                    let detail = format!("has {count} characters, at most {max} are allowed");
                    return Err(Wrong::new("too-long", detail));
                }
                Ok(())
            }
            (Self::Binary { max_length: Some(max) }, Value::Binary(bytes)) if bytes.len() > *max as usize => {
                let detail = format!("has {} bytes, at most {max} are allowed", bytes.len());
                Err(Wrong::new("too-long", detail))
            }
            (Self::Enum { values }, Value::Text(text)) if !values.contains(text) => {
                Err(Wrong::new("not-a-value", format!("{text:?} is not one of {}", values.join(", "))))
            }
            _ => Ok(()),
        }
    }
}
