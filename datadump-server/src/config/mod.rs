//! Configuration from flags, `DATADUMP_*` environment variables and a file, with the same names in all three.
//! Flags override the environment, which overrides the file.
//!
//! A new setting is a field of [`Config`] and one entry in [`settings`].

mod arguments;
mod check;
mod layer;
mod mask;
mod server_config;
pub(crate) mod settings;
mod values;

use std::{ffi::OsString, path::PathBuf};

use datadump_core::process::vrl::WorkerCommand;

pub(crate) use self::values::duration;
use self::{
    arguments::Arguments,
    layer::{Environment, Layer},
};
pub use self::{
    mask::mask_password,
    server_config::{Config, LogFormat},
};
use crate::Error;

/// The subcommand with which the server starts itself as a worker.
const WORKER: &str = "worker";

/// A command of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Run the server.
    Run,
    /// Check the configuration and describe it.
    Check,
    /// Print the API document.
    OpenApi,
    /// Run VRL programs for the server that started this process.
    Worker,
}

/// A parsed invocation of the program.
#[derive(Debug)]
pub struct Invocation {
    /// The command.
    pub command: Command,
    /// The configuration.
    pub config: Config,
    /// Warnings about settings that are ignored.
    pub warnings: Vec<String>,
    layers: Vec<Layer>,
}

impl Invocation {
    /// Reads the arguments, the environment and the configuration file.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Error> {
        let Arguments { command, flags, file } = arguments::parse(arguments)?;
        if matches!(command, Command::OpenApi | Command::Worker) {
            return Ok(Self { command, config: Config::default(), warnings: Vec::new(), layers: Vec::new() });
        }
        let Environment { layer: environment, file: named, warnings } = Layer::environment(environment)?;
        let file = Layer::file(file.or(named).map(PathBuf::from))?;
        // Later layers override earlier ones.
        let layers: Vec<Layer> = file.into_iter().chain([environment, flags]).collect();
        let mut config = layer::resolve(&layers)?;
        config.validate()?;
        config.worker = WorkerCommand::this_program([WORKER]).ok();
        Ok(Self { command, config, warnings, layers })
    }

    /// Describes the configuration for people, and what the server would do with the database. The database is
    /// read, also while a server uses it, and not changed.
    pub async fn report(&self) -> Result<String, Error> {
        check::report(&self.config, &self.warnings, &self.layers).await
    }
}
