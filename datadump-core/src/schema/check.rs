//! Checks typed values against the limits of a field: length, bounds and pattern.

use std::cmp::Ordering;

use super::{Field, Kind, Value};

/// Why a value is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    /// Error code for programs.
    pub code: &'static str,
    /// Description for people, without the name of the field.
    pub detail: String,
}

impl InvalidValue {
    /// Creates an error.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl Field {
    /// Checks a value of the field's type against the limits of the field.
    pub fn check(&self, value: &Value) -> Result<(), InvalidValue> {
        if value.is_null() {
            return if self.nullable { Ok(()) } else { Err(InvalidValue::new("null", "must not be null")) };
        }
        self.kind.check(value)?;
        self.check_bounds(value)?;
        match (&self.pattern, value) {
            (Some(pattern), Value::Text(text)) if !pattern.matches(text) => {
                Err(InvalidValue::new("pattern", format!("does not match the pattern {}", pattern.source())))
            }
            _ => Ok(()),
        }
    }

    fn check_bounds(&self, value: &Value) -> Result<(), InvalidValue> {
        let shown = |bound: &Value| bound.to_json(&self.kind);
        if let Some(min) = &self.bounds.min
            && value.compare(min).is_none_or(Ordering::is_lt)
        {
            let detail = format!("{} is less than the minimum {}", shown(value), shown(min));
            return Err(InvalidValue::new("min", detail));
        }
        if let Some(max) = &self.bounds.max
            && value.compare(max).is_none_or(Ordering::is_gt)
        {
            let detail = format!("{} is greater than the maximum {}", shown(value), shown(max));
            return Err(InvalidValue::new("max", detail));
        }
        Ok(())
    }
}

impl Kind {
    /// Checks a value against the limits of its type: range, digits and length.
    pub fn check(&self, value: &Value) -> Result<(), InvalidValue> {
        match (self, value) {
            (Self::Integer, Value::Integer(number)) if i32::try_from(*number).is_err() => {
                let detail = format!("{number} is out of range for an integer (32 bits)");
                Err(InvalidValue::new("out-of-range", detail))
            }
            (Self::Decimal { precision, scale }, Value::Decimal(number))
                if number.unsigned_abs() >= 10_u64.pow(*precision) =>
            {
                let whole = precision - scale;
                let detail = format!("has more than {whole} digits before the decimal point");
                Err(InvalidValue::new("out-of-range", detail))
            }
            (Self::String { max_length: max } | Self::Text { max_length: Some(max) }, Value::Text(text)) => {
                let count = text.chars().count();
                if count > *max as usize {
                    let detail = format!("has {count} characters, at most {max} are allowed");
                    return Err(InvalidValue::new("too-long", detail));
                }
                Ok(())
            }
            (Self::Binary { max_length: Some(max) }, Value::Binary(bytes)) if bytes.len() > *max as usize => {
                let detail = format!("has {} bytes, at most {max} are allowed", bytes.len());
                Err(InvalidValue::new("too-long", detail))
            }
            (Self::Enum { values }, Value::Text(text)) if !values.contains(text) => {
                Err(InvalidValue::new("not-a-value", format!("{text:?} is not one of {}", values.join(", "))))
            }
            _ => Ok(()),
        }
    }
}
