//! Reads the members of a JSON object one by one; unknown members are faults.

use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};

use crate::error::{Fault, Place};

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, at: Place, code: &'static str, detail: impl Into<String>) {
        self.0.push(Fault::new(at, code, detail));
    }
}

pub(super) struct Members<'a> {
    map: &'a Map<String, Json>,
    at: Place,
    taken: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn of(json: &'a Json, at: Place, what: &str, faults: &mut Faults) -> Option<Self> {
        match json.as_object() {
            Some(map) => Some(Self { map, at, taken: Vec::new() }),
            None => {
                faults.add(at, "mistyped", format!("{what} must be a JSON object"));
                None
            }
        }
    }

    pub(super) fn optional(&mut self, name: &'static str) -> Option<&'a Json> {
        self.taken.push(name);
        self.map.get(name)
    }

    pub(super) fn required(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'a Json> {
        let found = self.optional(name);
        if found.is_none() {
            faults.add(self.at.name(name), "missing", format!("`{name}` is missing"));
        }
        found
    }

    pub(super) fn text(&mut self, name: &'static str, faults: &mut Faults) -> Option<String> {
        let json = self.required(name, faults)?;
        let text = json.as_str().map(str::to_owned);
        if text.is_none() {
            faults.add(self.at.name(name), "mistyped", format!("{json} is not a string"));
        }
        text
    }

    pub(super) fn name<N>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<N, String>,
        faults: &mut Faults,
    ) -> Option<N> {
        let text = self.text(name, faults)?;
        parse(&text).map_err(|reason| faults.add(self.at.name(name), "name", reason)).ok()
    }

    pub(super) fn flag(&mut self, name: &'static str, faults: &mut Faults) -> Option<bool> {
        let json = self.optional(name)?;
        let flag = json.as_bool();
        if flag.is_none() {
            faults.add(self.at.name(name), "mistyped", format!("{json} is neither true nor false"));
        }
        flag
    }

    /// Reports all members that were not read.
    pub(super) fn finish(self, what: &str, faults: &mut Faults) {
        for name in self.map.keys().filter(|name| !self.taken.contains(&name.as_str())) {
            faults.add(self.at.name(name), "surplus", format!("{what} has no member `{name}`"));
        }
    }
}

/// Parses an integer in a range.
pub(super) fn whole(json: &Json, range: RangeInclusive<u32>, at: &Place, faults: &mut Faults) -> Option<u32> {
    let number = json.as_u64().and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let detail = format!("{json} is not an integer from {} to {}", range.start(), range.end());
        faults.add(at.clone(), "out-of-range", detail);
    }
    number
}
