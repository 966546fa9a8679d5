//! The query of a throw: control parameters say how it is processed, everything else is data.

use poem_openapi::types::Type as _;

use crate::{
    extract::{Pairs, Parameter, QueryParameters, flag, parse_query_lossy, push},
    problem::Problem,
};

/// How a throw is processed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// Format to parse the body as; detected if there is none.
    pub(crate) format: Option<String>,
    /// What happens to records with errors.
    pub(crate) on_error: OnError,
    /// How the body is read, and when the response is sent.
    pub(crate) mode: Mode,
}

/// What happens to records with errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum OnError {
    /// They go to quarantine; the others are stored.
    #[default]
    Quarantine,
    /// The whole throw is refused.
    Refuse,
}

/// How the body is read, and when the response is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As a whole; the response follows the commit.
    #[default]
    Whole,
    /// Chunk by chunk, each committed before the next is read; the response follows the last commit.
    Stream,
    /// As a whole; the response is sent before the commit.
    Accepted,
}

/// The query of a throw, parsed.
#[derive(Debug)]
pub(crate) struct ThrowArguments {
    /// All parameters. Without a body, they are the record.
    pub(crate) all: Pairs,
    /// All but the control parameters: kept with a throw that has a body.
    pub(crate) data: Pairs,
    /// The control parameters. An error in them only matters if there is a body.
    pub(crate) control: Result<Control, Problem>,
}

/// The query parameters of a throw with a body.
pub(crate) enum ThrowQuery {}

/// The query parameters of a throw without a body: all are data.
pub(crate) enum DataQuery {}

impl Default for ThrowArguments {
    fn default() -> Self {
        Self { all: Pairs::new(), data: Pairs::new(), control: Ok(Control::default()) }
    }
}

impl ThrowArguments {
    fn apply(
        &mut self,
        name: &str,
        text: &str,
        set: fn(&mut Control, &str, &str) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if let Ok(control) = &mut self.control
            && let Err(problem) = set(control, name, text)
        {
            self.control = Err(problem);
        }
        push(&mut self.all, name, text)
    }
}

impl QueryParameters for ThrowQuery {
    type Value = ThrowArguments;

    const DECLARED: &'static [&'static Parameter<ThrowArguments>] = &[
        &Parameter {
            name: "format",
            schema: String::schema_ref,
            description: "Format to parse the body as; detected if omitted.",
            set: |arguments, name, text| arguments.apply(name, text, Control::set_format),
        },
        &Parameter {
            name: "strict",
            schema: String::schema_ref,
            description: "`1`: if any record has an error, store nothing and answer 422.",
            set: |arguments, name, text| arguments.apply(name, text, Control::set_strict),
        },
        &Parameter {
            name: "stream",
            schema: String::schema_ref,
            description: "`1`: a body of any length in a line-based format, committed chunk by chunk.",
            set: |arguments, name, text| arguments.apply(name, text, Control::set_stream),
        },
        &Parameter {
            name: "ack",
            schema: String::schema_ref,
            description: "`accepted`: answer 202 before the throw is committed.",
            set: |arguments, name, text| arguments.apply(name, text, Control::set_ack),
        },
    ];

    const IS_OPEN: bool = true;

    fn decode(query: &str) -> Result<Pairs, Problem> {
        Ok(parse_query_lossy(query))
    }

    fn set_other(arguments: &mut ThrowArguments, name: &str, text: &str) -> Result<(), Problem> {
        push(&mut arguments.data, name, text)?;
        push(&mut arguments.all, name, text)
    }
}

impl QueryParameters for DataQuery {
    type Value = Pairs;

    const DECLARED: &'static [&'static Parameter<Pairs>] = &[];

    const IS_OPEN: bool = true;

    fn decode(query: &str) -> Result<Pairs, Problem> {
        Ok(parse_query_lossy(query))
    }

    fn set_other(data: &mut Pairs, name: &str, text: &str) -> Result<(), Problem> {
        push(data, name, text)
    }
}

impl Control {
    fn set_format(&mut self, _name: &str, text: &str) -> Result<(), Problem> {
        self.format = Some(text.to_owned()).filter(|format| !format.is_empty());
        Ok(())
    }

    fn set_strict(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        self.on_error = if flag(name, text)? { OnError::Refuse } else { OnError::Quarantine };
        Ok(())
    }

    fn set_stream(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        if flag(name, text)? {
            if self.mode == Mode::Accepted {
                let detail = "`stream` cannot be combined with `ack=accepted`, which applies to whole bodies";
                return Err(Problem::parameter(name, "not-applicable", detail));
            }
            self.mode = Mode::Stream;
        }
        Ok(())
    }

    fn set_ack(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match text {
            "committed" => {}
            "accepted" if self.mode == Mode::Whole => self.mode = Mode::Accepted,
            _ => {
                let detail =
                    format!("`ack` must be `committed` or, without `stream`, `accepted`, not `{text}`");
                return Err(Problem::parameter(name, "invalid-parameter", detail));
            }
        }
        Ok(())
    }

    /// Refuses contradictory combinations.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let refuse = |detail| Err(Problem::parameter("strict", "not-applicable", detail));
        match (self.on_error, self.mode) {
            (OnError::Refuse, Mode::Stream) => refuse(
                "`strict` cannot be combined with `stream`: a stream is committed chunk by chunk, not as a whole",
            ),
            (OnError::Refuse, Mode::Accepted) => refuse(
                "`strict` cannot be combined with `ack=accepted`: errors are not known yet when the response is sent",
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<(Control, String), u16> {
        let arguments = ThrowQuery::parse(query).unwrap();
        let control = arguments.control.map_err(|problem| problem.status)?;
        control.check().map_err(|problem| problem.status)?;
        let data: Vec<String> =
            arguments.data.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok((control, data.join("&")))
    }

    #[test]
    fn control_parameters_are_told_from_data() {
        let plain = Control::default();
        for (query, expected, data) in [
            ("a=1&format=csv&b=2", Control { format: Some("csv".into()), ..plain.clone() }, "a=1&b=2"),
            ("strict&a=1", Control { on_error: OnError::Refuse, ..plain.clone() }, "a=1"),
            ("strict=0&stream=1", Control { mode: Mode::Stream, ..plain.clone() }, ""),
            ("ack=accepted&Strict=1", Control { mode: Mode::Accepted, ..plain.clone() }, "Strict=1"),
            ("format=&ack=committed", plain, ""),
        ] {
            assert_eq!(parse(query).unwrap(), (expected, data.to_owned()), "{query}");
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
            let status = parse(query).unwrap_err();
            assert_eq!(status, 400, "{query}");
        }
    }

    #[test]
    fn without_a_body_all_parameters_are_data() {
        let arguments = ThrowQuery::parse("a=1&strict=maybe&b=%FF").unwrap();
        assert!(arguments.control.is_err());
        assert_eq!(arguments.all, DataQuery::parse("a=1&strict=maybe&b=%FF").unwrap());
        assert_eq!(arguments.all.len(), 3);
    }
}
