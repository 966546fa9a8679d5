//! Requests for aggregates and series, as they were sent, and the faults that are found in them.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{
    body::Names,
    expression::{self, split},
    filter_of,
    refusal::Refusal,
};
use crate::{
    clock::Zone,
    error::{Error, Fault, Place, Result},
    schema::Definition,
    store::query::{Column, Filter},
};

/// The parameters of a request, from the URL or a body.
#[derive(Debug, Default)]
pub(super) struct Sent {
    lists: HashMap<&'static str, Vec<String>>,
    singles: HashMap<&'static str, String>,
    /// Filters.
    others: Vec<(String, String)>,
    faults: Vec<Fault>,
}

impl Sent {
    /// Sorts URL parameters into lists, which may be repeated, single values and filters.
    pub(super) fn from_pairs(
        pairs: &[(String, String)],
        lists: &[&'static str],
        singles: &[&'static str],
    ) -> Self {
        let mut sent = Self::default();
        for (name, value) in pairs {
            if let Some(list) = lists.iter().find(|list| *list == name) {
                sent.lists.entry(list).or_default().extend(split(value));
            } else if let Some(single) = singles.iter().find(|single| *single == name) {
                if sent.singles.insert(single, value.clone()).is_some() {
                    let detail = format!("`{name}` is given twice");
                    sent.faults.push(Fault::new(Place::Parameter(name.clone()), "duplicate", detail));
                }
            } else {
                sent.others.push((name.clone(), value.clone()));
            }
        }
        sent
    }

    /// Adds a list of a body.
    pub(super) fn list(&mut self, name: &'static str, sent: Option<Names>) {
        let names = match sent {
            None => return,
            Some(Names::Text(text)) => split(&text).collect(),
            Some(Names::List(names)) => names,
        };
        self.lists.insert(name, names);
    }

    /// Adds a single value of a body.
    pub(super) fn single(&mut self, name: &'static str, sent: Option<impl ToString>) {
        self.singles.extend(sent.map(|value| (name, value.to_string())));
    }

    /// Adds the filter of a body.
    pub(super) fn filter(&mut self, sent: Option<Json>) {
        self.others.extend(sent.map(|filter| ("where".to_owned(), filter.to_string())));
    }
}

/// Parses the parameters of a request, and collects the faults.
pub(super) struct Reader<'a> {
    pub(super) definition: &'a Definition,
    sent: Sent,
}

impl<'a> Reader<'a> {
    pub(super) fn new(definition: &'a Definition, sent: Sent) -> Self {
        Self { definition, sent }
    }

    /// Returns the request, unless there were faults.
    pub(super) fn finish<T>(self, request: T) -> Result<T> {
        if self.sent.faults.is_empty() { Ok(request) } else { Err(Error::Query(self.sent.faults)) }
    }

    pub(super) fn fault(&mut self, parameter: &str, code: &'static str, detail: impl Into<String>) {
        self.sent.faults.push(Fault::new(Place::Parameter(parameter.to_owned()), code, detail));
    }

    /// Returns a value; adds a fault if it is refused.
    pub(super) fn accept<T>(&mut self, parameter: &str, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|(code, detail)| self.fault(parameter, code, detail)).ok()
    }

    /// Returns a single value as it was sent.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.sent.singles.get(name).cloned()
    }

    /// Returns a list as it was sent.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.sent.lists.get(name).cloned().unwrap_or_default()
    }

    /// Parses the parts of a list. Parts that are refused are left out.
    pub(super) fn parts<T>(
        &mut self,
        name: &str,
        sent: &[String],
        max: usize,
        read: impl Fn(&Definition, &str) -> Result<T, Refusal>,
    ) -> Vec<T> {
        if sent.len() > max {
            self.fault(name, "too-many", format!("`{name}` can have at most {max} parts"));
            return Vec::new();
        }
        sent.iter().filter_map(|part| self.accept(name, read(self.definition, part))).collect()
    }

    /// Parses a whole number from 1.
    pub(super) fn number(&mut self, name: &str, max: u64, default: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        let number = text.parse().ok().filter(|number| (1..=max).contains(number));
        let detail = || ("out-of-range", format!("{text:?} is not a number from 1 to {max}"));
        self.accept(name, number.ok_or_else(detail)).unwrap_or(default)
    }

    /// Parses `tz`.
    pub(super) fn zone(&mut self) -> Zone {
        let zone = self.text("tz").map(|name| expression::zone(&name));
        zone.and_then(|zone| self.accept("tz", zone)).unwrap_or_default()
    }

    /// Parses `time`.
    pub(super) fn time(&mut self) -> Option<Column> {
        let time = self.text("time").map(|name| expression::time_column(self.definition, &name));
        time.and_then(|time| self.accept("time", time))
    }

    /// Parses the filters. `request` names the request in the plural.
    pub(super) fn filter(&mut self, request: &str) -> Option<Filter> {
        filter_of(self.definition, &self.sent.others, request, &mut self.sent.faults)
    }
}
