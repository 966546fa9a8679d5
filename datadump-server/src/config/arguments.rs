//! The command line, derived from the list of settings.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches};

use super::{
    Command, WORKER,
    layer::{Layer, Origin},
    server_config::Config,
    settings::SETTINGS,
};
use crate::Error;

const AFTER_HELP: &str = "Every option can also be set in the environment (--max-body as DATADUMP_MAX_BODY) and \
     in datadump.toml (as max_body). Flags override the environment, which overrides the file.";

/// A parsed command line.
pub(super) struct Arguments {
    /// The command.
    pub(super) command: Command,
    /// Settings.
    pub(super) flags: Layer,
    /// Path of the configuration file.
    pub(super) file: Option<String>,
}

/// Parses the command line. Requests for help or the version are returned as errors, like mistakes.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Error> {
    let matches = definition().try_get_matches_from(arguments).map_err(Error::Usage)?;
    let command = match matches.subcommand_name() {
        Some("check") => Command::Check,
        Some("openapi") => Command::OpenApi,
        Some(WORKER) => Command::Worker,
        _ => Command::Run,
    };
    let values =
        SETTINGS.iter().filter_map(|setting| Some((setting.name, value_of(&matches, setting.name)?)));
    let flags = Layer { origin: Origin::Flags, values: values.collect() };
    Ok(Arguments { command, flags, file: value_of(&matches, "config") })
}

fn value_of(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn definition() -> clap::Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("Configuration file [default: datadump.toml, if it exists]")
        .global(true);
    let defaults = Config::default();
    let options = SETTINGS.iter().map(|setting| {
        let mut help = setting.help.to_owned();
        if !setting.value.is_empty() {
            help.push_str(&format!(" [default: {}]", (setting.show)(&defaults)));
        }
        let arg = Arg::new(setting.name).long(setting.flag()).help(help).global(true).action(ArgAction::Set);
        let arg = if setting.flag() == setting.name { arg } else { arg.alias(setting.name) };
        match setting.value {
            "" => arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL"),
            value => arg.value_name(value),
        }
    });
    clap::Command::new("datadump-server")
        .about("Captures data and stores it in typed storages")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(AFTER_HELP)
        .args(options)
        .arg(config)
        .subcommand(
            clap::Command::new("check").about("Check the configuration and show what the server would do"),
        )
        .subcommand(clap::Command::new("openapi").about("Print the OpenAPI document"))
        // Only used by the server itself.
        .subcommand(clap::Command::new(WORKER).about("Run programs for the server").hide(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Arguments {
        parse(["datadump-server"].iter().chain(arguments).map(OsString::from)).ok().unwrap()
    }

    #[test]
    fn every_setting_is_a_flag_before_and_after_the_command() {
        definition().debug_assert();
        for arguments in [["--max-body", "5", "check"], ["check", "--max_body", "5"]] {
            let read = read(&arguments);
            assert_eq!(read.command, Command::Check);
            assert_eq!(read.flags.values, [("max_body", "5".to_owned())]);
        }
    }

    #[test]
    fn open_needs_no_value() {
        assert_eq!(read(&["--open", "check"]).flags.values, [("open", "true".to_owned())]);
        assert_eq!(read(&["--open=false"]).flags.values, [("open", "false".to_owned())]);
        assert_eq!(read(&["--config", "x.toml"]).file.as_deref(), Some("x.toml"));
    }
}
