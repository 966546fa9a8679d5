//! Compiles programs: the available functions and the types of their input.

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

use super::{diagnostic::Diagnostics, script::Mode};

/// Functions that are removed because they access the network, the environment, files, the host or the
/// log. Listed explicitly because another crate may enable them as features of the compiler.
const REMOVED_FUNCTIONS: [&str; 11] = [
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

/// Metadata that a program can read but not write.
const READ_ONLY_METADATA: [&str; 8] =
    ["source", "received_at", "format", "args", "method", "path", "headers", "index"];

/// Maximum size of a program. Compiling takes memory and stack in proportion.
pub(super) const MAX_SOURCE_BYTES: usize = 256 << 10;

static FUNCTIONS: LazyLock<Vec<Box<dyn Function>>> = LazyLock::new(|| {
    let all = vrl::stdlib::all();
    all.into_iter().filter(|function| !REMOVED_FUNCTIONS.contains(&function.identifier())).collect()
});

/// Compiles a program. Without a mode, it parses lines of a built-in format.
pub(super) fn compile(
    source: &str,
    mode: Option<Mode>,
) -> Result<(vrl::compiler::Program, Diagnostics), Diagnostics> {
    if source.len() > MAX_SOURCE_BYTES {
        let message =
            format!("the program has {} bytes, at most {MAX_SOURCE_BYTES} are allowed", source.len());
        return Err(Diagnostics::error(message, source));
    }
    let mut config = CompileConfig::default();
    for name in READ_ONLY_METADATA {
        config.set_read_only_path(OwnedTargetPath::metadata(owned_value_path!(name)), true);
    }
    let environment = ExternalEnv::new_with_kind(target_kind(mode), metadata_kind());
    match compile_with_external(source, &FUNCTIONS, &environment, config) {
        Ok(result) => Ok((result.program, Diagnostics::read(source, &result.warnings))),
        Err(errors) => Err(Diagnostics::read(source, &errors)),
    }
}

/// Returns the type of `.`.
fn target_kind(mode: Option<Mode>) -> Kind {
    match mode {
        Some(Mode::Record) => Kind::object(Collection::any()),
        Some(Mode::Throw) => object([
            ("body", Kind::bytes()),
            ("content_type", Kind::bytes().or_null()),
            ("args", arguments()),
            ("method", Kind::bytes().or_null()),
            ("path", Kind::bytes().or_null()),
            ("headers", headers()),
        ]),
        None => Kind::bytes(),
    }
}

fn metadata_kind() -> Kind {
    object([
        ("source", Kind::bytes()),
        ("received_at", Kind::timestamp()),
        ("format", Kind::bytes().or_null()),
        ("args", arguments()),
        ("method", Kind::bytes().or_null()),
        ("path", Kind::bytes().or_null()),
        ("headers", headers()),
        ("index", Kind::integer()),
    ])
}

/// Returns the type of the arguments: each is a string, or an array of strings if its name is repeated.
fn arguments() -> Kind {
    let several = Kind::array(Collection::from_unknown(Kind::bytes()));
    Kind::object(Collection::from_unknown(several.or_bytes()))
}

/// Returns the type of the headers: each is a string.
fn headers() -> Kind {
    Kind::object(Collection::from_unknown(Kind::bytes()))
}

fn object<const N: usize>(members: [(&str, Kind); N]) -> Kind {
    let members: BTreeMap<Field, Kind> =
        members.into_iter().map(|(name, kind)| (Field::from(name), kind)).collect();
    Kind::object(members)
}
