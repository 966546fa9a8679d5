//! The sources of settings: each is a layer, and later layers override earlier ones.

use std::{ffi::OsString, fmt, path::PathBuf};

use super::{
    server_config::Config,
    settings::{self, SETTINGS, Setting},
};
use crate::Error;

/// The file that is read if no other is named.
const DEFAULT_FILE: &str = "datadump.toml";
const PREFIX: &str = "DATADUMP_";

/// Minimum similarity of a name to be suggested for a misspelled one, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.6;

/// The settings of one source.
#[derive(Debug)]
pub(super) struct Layer {
    /// Where the settings come from.
    pub(super) origin: Origin,
    /// Names and values.
    pub(super) values: Vec<(&'static str, String)>,
}

/// The environment.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) layer: Layer,
    /// The configuration file that it names.
    pub(super) file: Option<String>,
    /// Warnings about variables that are ignored.
    pub(super) warnings: Vec<String>,
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
    /// Returns how a setting is written in this source.
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
    /// Reads the environment.
    ///
    /// Variables with other names are ignored with a warning, because something else may have set them: for a
    /// service called `datadump`, Kubernetes sets `DATADUMP_PORT`, `DATADUMP_SERVICE_HOST` and others.
    pub(super) fn environment(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Environment, Error> {
        let (mut values, mut faults, mut file, mut warnings) = (Vec::new(), Vec::new(), None, Vec::new());
        for (variable, value) in variables {
            let variable = variable.to_string_lossy().into_owned();
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let setting = settings::find(&name.to_lowercase()).filter(|_| name == name.to_uppercase());
            // Docker Compose passes variables that are not set as empty ones. The last one is for the
            // command-line client.
            if value.is_empty() || name == "SERVER" {
                continue;
            }
            if setting.is_none() && name != "CONFIG" {
                let unknown = unknown(&Origin::Environment, &variable, &name.to_lowercase());
                warnings.push(format!("{unknown} (the variable is ignored)"));
                continue;
            }
            let Ok(value) = value.into_string() else {
                faults.push(format!("environment variable {variable} is not valid UTF-8"));
                continue;
            };
            match setting {
                Some(setting) => values.push((setting.name, value)),
                None => file = Some(value),
            }
        }
        warnings.sort();
        if faults.is_empty() {
            Ok(Environment { layer: Self { origin: Origin::Environment, values }, file, warnings })
        } else {
            faults.sort();
            Err(Error::Config(faults))
        }
    }

    /// Reads the named file, or the default file if it exists.
    pub(super) fn file(named: Option<PathBuf>) -> Result<Option<Self>, Error> {
        let must_exist = named.is_some();
        let path = named.unwrap_or_else(|| DEFAULT_FILE.into());
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
            Err(error) => Err(Error::Config(vec![format!("{}: {error}", path.display())])),
        }
    }

    /// Parses the text of a file.
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
                toml::Value::Array(items) if setting.is_list() && items.iter().all(toml::Value::is_str) => {
                    let items: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
                    values.push((setting.name, items.join(",")));
                }
                _ => faults.push(format!(
                    "`{name}` in {origin}: expected a string, a whole number or a boolean{}",
                    if setting.is_list() { ", or a list of strings" } else { "" }
                )),
            }
        }
        if faults.is_empty() { Ok(Self { origin, values }) } else { Err(Error::Config(faults)) }
    }
}

/// Combines all layers into a configuration, and reports every error in any of them.
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
    let hint = match similar(name) {
        Some(similar) => format!("did you mean `{}`?", origin.spell(similar)),
        None => "`datadump-server --help` lists all settings".to_owned(),
    };
    format!("`{written}` in {origin} is not a setting; {hint}")
}

/// Returns the setting whose name is most similar.
fn similar(name: &str) -> Option<&'static str> {
    let similarities =
        SETTINGS.iter().map(|setting| (strsim::normalized_levenshtein(setting.name, name), setting.name));
    let (similarity, setting) = similarities.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (similarity >= MIN_SIMILARITY).then_some(setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Layer, Error> {
        Layer::parse("datadump.toml".into(), text)
    }

    fn environment(pairs: &[(&str, &str)]) -> Result<Environment, Error> {
        Layer::environment(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    fn flags(pairs: &[(&'static str, &str)]) -> Layer {
        let values = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Layer { origin: Origin::Flags, values }
    }

    #[test]
    fn flags_override_environment_overrides_file_overrides_defaults() {
        let file = file("listen = '127.0.0.1:1'\nmax_body = 1\nopen = true\n").unwrap();
        let environment = environment(&[
            ("DATADUMP_LISTEN", "127.0.0.1:2"),
            ("DATADUMP_MAX_BODY", "2"),
            ("DATADUMP_SERVER", "x"),
        ])
        .unwrap();
        assert!(environment.warnings.is_empty(), "{environment:?}");
        let config = resolve(&[file, environment.layer, flags(&[("listen", "127.0.0.1:3")])]).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.max_body, 2);
        assert!(config.open);
        assert_eq!(config.max_connections, Config::default().max_connections);
    }

    #[test]
    fn an_unknown_name_is_an_error_that_suggests_a_similar_one() {
        for (error, expected) in [
            (
                file("databse = 'x'").unwrap_err(),
                "`databse` in datadump.toml is not a setting; did you mean `database`?",
            ),
            (
                file("[server]\nlisten = 'x'").unwrap_err(),
                "`server` in datadump.toml is not a setting; `datadump-server --help` lists all settings",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn every_error_is_reported_with_its_origin() {
        let error =
            resolve(&[file("listen = 'x'\nlog_format = 'xml'").unwrap(), flags(&[("max_body", "0")])])
                .unwrap_err()
                .to_string();
        for part in ["`listen` in datadump.toml", "`log_format` in datadump.toml", "`--max-body` in flags"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn empty_variables_are_ignored_and_config_names_the_file() {
        let found = environment(&[("DATADUMP_OPEN", ""), ("DATADUMP_CONFIG", "a.toml")]).unwrap();
        assert!(found.layer.values.is_empty());
        assert_eq!(found.file.as_deref(), Some("a.toml"));
    }

    #[test]
    fn unknown_variables_are_ignored_with_a_warning() {
        let found = environment(&[
            ("DATADUMP_LISTN", "x"),
            ("DATADUMP_PORT", "tcp://10.0.0.1:6050"),
            ("DATADUMP_listen", "x"),
            ("DATADUMP_MAX_BODY", "2"),
        ]);
        let found = found.unwrap();
        assert_eq!(found.layer.values, [("max_body", "2".to_owned())]);
        let expected = [
            "`DATADUMP_LISTN` in environment is not a setting; did you mean `DATADUMP_LISTEN`?",
            "`DATADUMP_PORT` in environment is not a setting;",
            "`DATADUMP_listen` in environment is not a setting; did you mean `DATADUMP_LISTEN`?",
        ];
        assert_eq!(found.warnings.len(), expected.len(), "{found:?}");
        for (warning, expected) in found.warnings.iter().zip(expected) {
            assert!(warning.starts_with(expected), "{warning}");
        }
    }

    /// A setting with such a name would get its value from Kubernetes.
    #[test]
    fn no_setting_has_a_name_that_kubernetes_sets() {
        let names = SETTINGS.iter().map(|setting| setting.name).chain(["config", "server"]);
        for name in names {
            let is_set = name == "port" || name.starts_with("port_") || name.ends_with("_port");
            assert!(!is_set && !name.contains("service_host") && !name.contains("service_port"), "{name}");
        }
    }

    #[test]
    fn misspelled_names_are_recognised() {
        for (typo, expected) in [
            ("listn", "listen"),
            ("databse", "database"),
            ("max-body", "max_body"),
            ("maxconnections", "max_connections"),
            ("loglevel", "log_level"),
        ] {
            assert_eq!(similar(typo), Some(expected));
        }
        for other in ["foo", "server", "", "o", "x".repeat(100).as_str()] {
            assert_eq!(similar(other), None, "{other}");
        }
    }
}
