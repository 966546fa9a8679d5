//! Where settings come from: each source is a layer, and later layers win.

use std::{ffi::OsString, fmt, path::PathBuf};

use super::{
    Config,
    nearest::nearest,
    settings::{self, Setting},
};
use crate::Error;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "datadump.toml";
const PREFIX: &str = "DATADUMP_";

/// The settings of one source.
#[derive(Debug)]
pub(super) struct Layer {
    /// The source.
    pub(super) origin: Origin,
    /// What it says, by the names of the settings.
    pub(super) values: Vec<(&'static str, String)>,
}

/// Where a layer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The command line.
    Flags,
    /// The environment.
    Environment,
    /// A file.
    File(PathBuf),
}

impl Origin {
    /// How a setting is written there.
    fn spell(&self, name: &str) -> String {
        match self {
            Self::Flags => format!("--{}", name.replace('_', "-")),
            Self::Environment => format!("{PREFIX}{}", name.to_uppercase()),
            Self::File(_) => name.to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flags => f.write_str("flags"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Layer {
    /// What the environment says, and the file it names.
    pub(super) fn environment(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Option<String>), Error> {
        let (mut values, mut faults, mut file) = (Vec::new(), Vec::new(), None);
        for (variable, value) in variables {
            let variable = variable.to_string_lossy().into_owned();
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let Ok(value) = value.into_string() else {
                faults.push(format!("environment variable {variable} is not UTF-8"));
                continue;
            };
            match settings::find(&name.to_lowercase()).filter(|_| name == name.to_uppercase()) {
                // Compose files pass variables on that nobody set: empty ones.
                _ if value.is_empty() => {}
                _ if name == "CONFIG" => file = Some(value),
                // It tells the command line `datadump` where the server is.
                _ if name == "SERVER" => {}
                Some(setting) => values.push((setting.name, value)),
                None => faults.push(unknown(&Origin::Environment, &variable, &name.to_lowercase())),
            }
        }
        if faults.is_empty() {
            Ok((Self { origin: Origin::Environment, values }, file))
        } else {
            faults.sort();
            Err(Error::Config(faults))
        }
    }

    /// What the file says: the one that is named, which must exist, or the default one, which need not.
    pub(super) fn file(named: Option<PathBuf>) -> Result<Option<Self>, Error> {
        let must_exist = named.is_some();
        let path = named.unwrap_or_else(|| DEFAULT_FILE.into());
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
            Err(error) => Err(Error::Config(vec![format!("{}: {error}", path.display())])),
        }
    }

    /// What the text of a file says.
    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self, Error> {
        let table: toml::Table =
            text.parse().map_err(|error| Error::Config(vec![format!("{}: {error}", path.display())]))?;
        let origin = Origin::File(path);
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for (name, value) in table {
            let Some(setting) = settings::find(&name) else {
                faults.push(unknown(&origin, &name, &name));
                continue;
            };
            match value {
                toml::Value::String(text) => values.push((setting.name, text)),
                toml::Value::Integer(number) => values.push((setting.name, number.to_string())),
                toml::Value::Boolean(value) => values.push((setting.name, value.to_string())),
                _ => faults.push(format!("`{name}` in {origin}: expected text, a whole number or a boolean")),
            }
        }
        if faults.is_empty() { Ok(Self { origin, values }) } else { Err(Error::Config(faults)) }
    }
}

/// What all layers say together; every fault in any of them is reported.
pub(super) fn resolve(layers: &[Layer]) -> Result<Config, Error> {
    let (mut config, mut faults) = (Config::default(), Vec::new());
    for layer in layers {
        for (name, value) in &layer.values {
            let Some(Setting { set, .. }) = settings::find(name) else { continue };
            if let Err(fault) = set(&mut config, value) {
                faults.push(format!("`{}` in {}: {fault}", layer.origin.spell(name), layer.origin));
            }
        }
    }
    if faults.is_empty() { Ok(config) } else { Err(Error::Config(faults)) }
}

fn unknown(origin: &Origin, written: &str, name: &str) -> String {
    let hint = match nearest(name) {
        Some(meant) => format!("did you mean `{}`?", origin.spell(meant)),
        None => "`datadump-server --help` lists all".to_owned(),
    };
    format!("`{written}` in {origin} is not a setting; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Layer, Error> {
        Layer::parse("datadump.toml".into(), text)
    }

    fn environment(pairs: &[(&str, &str)]) -> Result<(Layer, Option<String>), Error> {
        Layer::environment(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn flags(pairs: &[(&'static str, &str)]) -> Layer {
        let values = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Layer { origin: Origin::Flags, values }
    }

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        let file = file("listen = '127.0.0.1:1'\nmax_body = 1\nopen = true\n").unwrap();
        let (environment, _) = environment(&[
            ("DATADUMP_LISTEN", "127.0.0.1:2"),
            ("DATADUMP_MAX_BODY", "2"),
            ("DATADUMP_SERVER", "x"),
        ])
        .unwrap();
        let config = resolve(&[file, environment, flags(&[("listen", "127.0.0.1:3")])]).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.max_body, 2);
        assert!(config.open);
        assert_eq!(config.max_connections, Config::default().max_connections);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_the_nearest() {
        for (error, expected) in [
            (
                file("databse = 'x'").unwrap_err(),
                "`databse` in datadump.toml is not a setting; did you mean `database`?",
            ),
            (
                environment(&[("DATADUMP_LISTN", "x")]).unwrap_err(),
                "`DATADUMP_LISTN` in environment is not a setting; did you mean `DATADUMP_LISTEN`?",
            ),
            (
                file("[server]\nlisten = 'x'").unwrap_err(),
                "`server` in datadump.toml is not a setting; `datadump-server --help` lists all",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn every_fault_is_reported_with_its_place() {
        let error =
            resolve(&[file("listen = 'x'\nlog_format = 'xml'").unwrap(), flags(&[("max_body", "0")])])
                .unwrap_err()
                .to_string();
        for part in ["`listen` in datadump.toml", "`log_format` in datadump.toml", "`--max-body` in flags"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_empty_variable_says_nothing_and_config_names_the_file() {
        let (layer, named) = environment(&[("DATADUMP_OPEN", ""), ("DATADUMP_CONFIG", "a.toml")]).unwrap();
        assert!(layer.values.is_empty());
        assert_eq!(named.as_deref(), Some("a.toml"));
    }
}
