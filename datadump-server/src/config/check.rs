//! What `check` says: every setting with where it comes from, and what a start would do.

use datadump_core::Address;

use super::{Config, layer::Layer, masked, settings::SETTINGS};

/// What a start with this configuration would do.
pub(super) fn report(config: &Config, layers: &[Layer]) -> String {
    let mut lines = vec!["the configuration is right".to_owned(), String::new()];
    for setting in SETTINGS {
        let says = |layer: &&Layer| layer.values.iter().any(|(name, _)| *name == setting.name);
        let origin =
            layers.iter().rev().find(says).map_or("default".to_owned(), |layer| layer.origin.to_string());
        lines.push(format!("{:<16} {:<36} ({origin})", setting.name, (setting.show)(config)));
    }
    lines.push(String::new());
    lines.push(match config.listen.port() {
        0 => format!("would listen on a free port of {}", config.listen.ip()),
        _ => format!("would listen on http://{}", config.listen),
    });
    lines.push(database(config));
    lines.push(match config.open {
        true => "would serve everyone who reaches it, under any host name".into(),
        false => "would serve this machine only, as localhost, 127.0.0.1 or [::1]".into(),
    });
    lines.join("\n")
}

fn database(config: &Config) -> String {
    match Address::parse(&config.database) {
        Ok(Address::Sqlite(None)) => "would keep everything in a private file, deleted at the end".into(),
        Ok(Address::Sqlite(Some(path))) if path.exists() => {
            format!("would open the SQLite database {}", path.display())
        }
        Ok(Address::Sqlite(Some(path))) => format!("would create the SQLite database {}", path.display()),
        _ => format!("would connect to {}", masked(&config.database)),
    }
}
