//! Values of a field in a series: numbers wherever they can be, so that a chart can draw them.

use crate::{
    schema::{Definition, Kind},
    store::{Form, Function, Operand},
};

/// The functions of a bucket, by the names of their results. The count comes last.
type Functions = &'static [(&'static str, Function)];

const OF_NUMBERS: Functions = &[
    ("min", Function::Min),
    ("max", Function::Max),
    ("avg", Function::Avg),
    ("last", Function::Last),
    ("count", Function::Count),
];
const OF_ORDERED: Functions =
    &[("min", Function::Min), ("max", Function::Max), ("last", Function::Last), ("count", Function::Count)];
const OF_OTHERS: Functions = &[("last", Function::Last), ("count", Function::Count)];

/// A way to read the values of a field.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) operand: Operand,
    pub(super) functions: Functions,
    /// True if the values are shown as they are, for a series that has no numbers.
    pub(super) is_plain: bool,
}

impl Reading {
    /// Returns the ways to read a field. Where only the values tell whether they are numbers, there are two.
    pub(super) fn of(definition: &Definition, operand: &Operand) -> impl Iterator<Item = Self> + use<> {
        let is_whole_or_float = |form: &Form| matches!(form, Form::Whole | Form::Float);
        let numbers = match operand.form(definition) {
            Form::Other => None,
            form if is_whole_or_float(&form) => Some(operand.clone()),
            _ => Some(Operand::Number(Box::new(operand.clone()))),
        };
        let plain = match operand.form(definition) {
            Form::NumericText => Some(OF_ORDERED),
            Form::Json => Some(OF_OTHERS),
            Form::Other if matches!(operand.column().kind(definition), Kind::Boolean | Kind::Id) => {
                Some(OF_OTHERS)
            }
            Form::Other => Some(OF_ORDERED),
            Form::Whole | Form::Float | Form::Decimal(_) => None,
        };
        let numbers = numbers.map(|operand| Self { operand, functions: OF_NUMBERS, is_plain: false });
        let operand = operand.clone();
        let plain = plain.map(|functions| Self { operand, functions, is_plain: true });
        numbers.into_iter().chain(plain)
    }

    /// Returns the names of the results of its functions.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        self.functions.iter().map(|(name, _)| *name).collect()
    }
}
