//! How programs are compiled: which functions there are, and what is known of what they are given.

use std::{collections::BTreeMap, sync::LazyLock};

use vrl::{
    compiler::{CompileConfig, Function, compile_with_external, state::ExternalEnv},
    owned_value_path,
    path::OwnedTargetPath,
    value::{
        Kind,
        kind::{Collection, Field},
    },
};

use super::{diagnostic::Diagnostics, program::Mode};

/// What a program may not reach, whatever features another crate of the build turns on in the
/// compiler: the network, the environment, files, the host, and our log.
const LEFT_OUT: [&str; 11] = [
    "dns_lookup",
    "encode_proto",
    "get_env_var",
    "get_hostname",
    "get_timezone_name",
    "http_request",
    "log",
    "parse_etld",
    "parse_proto",
    "reverse_dns",
    "validate_json_schema",
];

/// What a program can read besides `.`, and not write.
const READ_ONLY: [&str; 5] = ["source", "received_at", "format", "args", "index"];

/// The longest program. Compiling takes memory and depth in proportion.
pub(super) const SOURCE_BYTES: usize = 256 << 10;

static FUNCTIONS: LazyLock<Vec<Box<dyn Function>>> = LazyLock::new(|| {
    let all = vrl::stdlib::all();
    all.into_iter().filter(|function| !LEFT_OUT.contains(&function.identifier())).collect()
});

/// What `.` is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object of anything.
    Record,
    /// `{body, content_type, args}`.
    Throw,
    /// A text: one line of a built-in format.
    Line,
}

impl From<Mode> for Shape {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Record => Self::Record,
            Mode::Throw => Self::Throw,
        }
    }
}

pub(super) fn compile(
    source: &str,
    shape: Shape,
) -> Result<(vrl::compiler::Program, Diagnostics), Diagnostics> {
    if source.len() > SOURCE_BYTES {
        let message = format!("the program has {} bytes; at most {SOURCE_BYTES} are allowed", source.len());
        return Err(Diagnostics::error(message, source));
    }
    let mut config = CompileConfig::default();
    for name in READ_ONLY {
        config.set_read_only_path(OwnedTargetPath::metadata(owned_value_path!(name)), true);
    }
    let environment = ExternalEnv::new_with_kind(target_kind(shape), metadata_kind());
    match compile_with_external(source, &FUNCTIONS, &environment, config) {
        Ok(result) => Ok((result.program, Diagnostics::read(source, &result.warnings))),
        Err(errors) => Err(Diagnostics::read(source, &errors)),
    }
}

fn target_kind(shape: Shape) -> Kind {
    match shape {
        Shape::Record => Kind::object(Collection::any()),
        Shape::Throw => object([
            ("body", Kind::bytes()),
            ("content_type", Kind::bytes().or_null()),
            ("args", arguments()),
        ]),
        Shape::Line => Kind::bytes(),
    }
}

fn metadata_kind() -> Kind {
    object([
        ("source", Kind::bytes()),
        ("received_at", Kind::timestamp()),
        ("format", Kind::bytes().or_null()),
        ("args", arguments()),
        ("index", Kind::integer()),
    ])
}

/// A name that is given once has a text, one that is given more often an array of them.
fn arguments() -> Kind {
    let several = Kind::array(Collection::from_unknown(Kind::bytes()));
    Kind::object(Collection::from_unknown(several.or_bytes()))
}

fn object<const N: usize>(members: [(&str, Kind); N]) -> Kind {
    let members: BTreeMap<Field, Kind> =
        members.into_iter().map(|(name, kind)| (Field::from(name), kind)).collect();
    Kind::object(members)
}
