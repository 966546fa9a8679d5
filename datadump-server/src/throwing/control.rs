//! What the address of a throw says about how it is thrown. Everything else it says is data.

use crate::problem::Problem;

/// How a throw is thrown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// The format it is read as.
    pub(crate) format: Option<String>,
    /// What any error in it means.
    pub(crate) errors: Errors,
    /// How its body is taken, and when it is answered.
    pub(crate) way: Way,
}

/// What an error in a part of a throw means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Errors {
    /// That part goes to quarantine.
    #[default]
    Quarantine,
    /// Nothing is stored.
    Refuse,
}

/// How a body is taken, and when it is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// Whole, and answered when it is committed.
    #[default]
    Whole,
    /// Chunk by chunk, each committed before the next, and answered when all are.
    Stream,
    /// Whole, and answered before anything has become of it.
    Accepted,
}

impl Control {
    /// Takes it out of the arguments of an address.
    pub(crate) fn take(arguments: &mut Vec<(String, String)>) -> Result<Self, Problem> {
        let mut control = Self::default();
        let mut taken = Ok(());
        arguments.retain(|(name, value)| match control.read(name, value) {
            Ok(read) => !read,
            Err(problem) => {
                taken = Err(problem);
                true
            }
        });
        taken.map(|()| control)
    }

    /// Whether the argument is one of these.
    fn read(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match (name, value) {
            ("format", _) => self.format = Some(value.to_owned()).filter(|format| !format.is_empty()),
            ("strict", "" | "1" | "true") => self.errors = Errors::Refuse,
            ("strict", "0" | "false") => self.errors = Errors::Quarantine,
            ("stream", "" | "1" | "true") if self.way != Way::Accepted => self.way = Way::Stream,
            ("stream", "0" | "false") | ("ack", "committed") => {}
            ("ack", "accepted") if self.way == Way::Whole => self.way = Way::Accepted,
            ("stream", "" | "1" | "true") => {
                let detail = "a stream is answered when it is committed, not before";
                return Err(Problem::parameter(name, "not-applicable", detail));
            }
            ("strict" | "stream", _) => {
                let detail = format!("`{name}` is 1 or 0, not `{value}`");
                return Err(Problem::parameter(name, "invalid-parameter", detail));
            }
            ("ack", _) => {
                let detail = format!(
                    "`ack` is `committed` or, for a throw that is no stream, `accepted`, not `{value}`"
                );
                return Err(Problem::parameter(name, "invalid-parameter", detail));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Refuses what cannot go together.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let refuse = |detail| Err(Problem::parameter("strict", "not-applicable", detail));
        match (self.errors, self.way) {
            (Errors::Refuse, Way::Stream) => {
                refuse("a stream is committed chunk by chunk: it cannot be stored whole or not at all")
            }
            (Errors::Refuse, Way::Accepted) => {
                refuse("what is wrong is not known yet when a throw is answered as accepted")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(query: &str) -> Result<(Control, String), u16> {
        let mut arguments = crate::extract::parse_query(query).unwrap();
        let control = Control::take(&mut arguments).map_err(|problem| problem.status)?;
        control.check().map_err(|problem| problem.status)?;
        let left: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok((control, left.join("&")))
    }

    #[test]
    fn control_is_taken_out_and_the_rest_is_left() {
        let plain = Control::default();
        for (query, expected, left) in [
            ("a=1&format=csv&b=2", Control { format: Some("csv".into()), ..plain.clone() }, "a=1&b=2"),
            ("strict&a=1", Control { errors: Errors::Refuse, ..plain.clone() }, "a=1"),
            ("strict=0&stream=1", Control { way: Way::Stream, ..plain.clone() }, ""),
            ("ack=accepted&Strict=1", Control { way: Way::Accepted, ..plain.clone() }, "Strict=1"),
            ("format=&ack=committed", plain, ""),
        ] {
            assert_eq!(take(query).unwrap(), (expected, left.to_owned()), "{query}");
        }
        let refused = [
            "strict=maybe",
            "stream=2",
            "ack=5",
            "ack=accepted&stream=1",
            "stream=1&ack=accepted",
            "strict=1&stream=1",
            "strict=1&ack=accepted",
        ];
        for query in refused {
            let status = take(query).unwrap_err();
            assert_eq!(status, 400, "{query}");
        }
    }
}
