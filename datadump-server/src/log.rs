//! Logs: on standard error, as text or JSON. They never contain bodies, tokens or values of query parameters.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::{
    Error,
    config::{Config, LogFormat},
};

/// Starts logging for the whole process.
pub(crate) fn start(config: &Config) -> Result<(), Error> {
    let invalid = |cause: &dyn std::fmt::Display| Error::Config(vec![format!("`log_level`: {cause}")]);
    let filter = EnvFilter::builder().parse(&config.log_level).map_err(|error| invalid(&error))?;
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter);
    let started = match config.log_format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => {
            logs.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    started.map_err(|error| invalid(&error))
}
