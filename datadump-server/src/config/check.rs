//! The output of `check`: every setting with its origin, and what the server would do.

use datadump_core::{Address, Inspection};

use super::{layer::Layer, mask::mask_password, server_config::Config, settings::SETTINGS};
use crate::Error;

/// Describes a configuration. Fails if the server could not open the database.
pub(super) async fn report(config: &Config, warnings: &[String], layers: &[Layer]) -> Result<String, Error> {
    let cannot_open = |cause| Error::Open { database: mask_password(&config.database), cause };
    let address = Address::parse(&config.database).map_err(cannot_open)?;
    let inspection = address.inspect().await.map_err(cannot_open)?;
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
    lines.push(database(config, &address, &inspection));
    let names = config.hosts.iter().map(|name| format!(", {name}")).collect::<String>();
    lines.push(match config.open {
        true => format!("would serve all clients, at its addresses and as localhost{names}"),
        false => format!("would only serve this machine, as localhost, 127.0.0.1, [::1]{names}"),
    });
    lines.extend(warnings.iter().chain(&inspection.warnings).map(|warning| format!("warning: {warning}")));
    Ok(lines.join("\n"))
}

fn database(config: &Config, address: &Address, inspection: &Inspection) -> String {
    let Inspection { version, supported, .. } = inspection;
    let then = match version {
        None => ", and create its tables".to_owned(),
        Some(version) if version < supported => {
            format!(", and upgrade its system tables from version {version} to {supported}")
        }
        Some(_) => String::new(),
    };
    match address {
        Address::Sqlite(None) => "would store everything in a temporary file".into(),
        Address::Sqlite(Some(path)) if path.exists() => {
            format!("would open the SQLite database {}{then}", path.display())
        }
        Address::Sqlite(Some(path)) => format!("would create the SQLite database {}", path.display()),
        Address::Postgres(_) => format!("would connect to {}{then}", mask_password(&config.database)),
    }
}
