//! The output of `check`: every setting with its origin, and what the server would do.

use datadump_core::Address;

use super::{layer::Layer, mask::mask_password, server_config::Config, settings::SETTINGS};

/// Describes a configuration.
pub(super) fn report(config: &Config, layers: &[Layer]) -> String {
    let mut lines = vec!["the configuration is valid".to_owned(), String::new()];
    for setting in SETTINGS {
        let has_it = |layer: &&Layer| layer.values.iter().any(|(name, _)| *name == setting.name);
        let origin =
            layers.iter().rev().find(has_it).map_or("default".to_owned(), |layer| layer.origin.to_string());
        lines.push(format!("{:<16} {:<36} ({origin})", setting.name, (setting.show)(config)));
    }
    lines.push(String::new());
    lines.push(match config.listen.port() {
        0 => format!("would listen on a free port of {}", config.listen.ip()),
        _ => format!("would listen on http://{}", config.listen),
    });
    lines.push(database(config));
    let names = config.hosts.iter().map(|name| format!(", {name}")).collect::<String>();
    lines.push(match config.open {
        true => format!("would serve all clients, at its addresses and as localhost{names}"),
        false => format!("would only serve this machine, as localhost, 127.0.0.1, [::1]{names}"),
    });
    lines.join("\n")
}

fn database(config: &Config) -> String {
    match Address::parse(&config.database) {
        Ok(Address::Sqlite(None)) => "would store everything in a temporary file".into(),
        Ok(Address::Sqlite(Some(path))) if path.exists() => {
            format!("would open the SQLite database {}", path.display())
        }
        Ok(Address::Sqlite(Some(path))) => format!("would create the SQLite database {}", path.display()),
        _ => format!("would connect to {}", mask_password(&config.database)),
    }
}
