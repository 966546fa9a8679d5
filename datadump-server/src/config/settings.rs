//! The list of all settings.

use super::{mask::mask_password, server_config::Config, values};

/// A setting.
pub(crate) struct Setting {
    /// Name: `max_body` in the file, `--max-body` as a flag, `DATADUMP_MAX_BODY` in the environment.
    pub(crate) name: &'static str,
    /// Placeholder for the value in the help; empty for a flag that needs no value.
    pub(crate) value: &'static str,
    /// Description in the help.
    pub(crate) help: &'static str,
    /// Parses a value and stores it.
    pub(crate) set: fn(&mut Config, &str) -> Result<(), String>,
    /// Formats the current value, without secrets.
    pub(crate) show: fn(&Config) -> String,
}

/// All settings, in the order of the help.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        value: "ADDRESS:PORT",
        help: "Address to listen on; port 0 picks a free port",
        set: |config, text| values::address(text).map(|value| config.listen = value),
        show: |config| config.listen.to_string(),
    },
    Setting {
        name: "database",
        value: "DATABASE",
        help: "Database: the path of an SQLite file (created if it does not exist), also as `sqlite:PATH`, or `postgres://…`",
        set: |config, text| values::text(text).map(|value| config.database = value),
        show: |config| mask_password(&config.database),
    },
    Setting {
        name: "open",
        value: "",
        help: "Serve clients on other machines; required for any address but a loopback address",
        set: |config, text| values::boolean(text).map(|value| config.open = value),
        show: |config| config.open.to_string(),
    },
    Setting {
        name: "hosts",
        value: "NAME,…",
        help: "Additional host names to answer to, such as `data.example`",
        set: |config, text| values::host_names(text).map(|value| config.hosts = value),
        show: |config| config.hosts.join(","),
    },
    Setting {
        name: "max_body",
        value: "SIZE",
        help: "Maximum size of a request body, except for throws",
        set: |config, text| values::size(text).map(|value| config.max_body = value),
        show: |config| values::show_size(config.max_body),
    },
    Setting {
        name: "max_throw",
        value: "SIZE",
        help: "Maximum size of a throw after decompression",
        set: |config, text| values::size(text).map(|value| config.max_throw = value),
        show: |config| values::show_size(config.max_throw),
    },
    Setting {
        name: "throw_memory",
        value: "SIZE",
        help: "Maximum memory for all throws in progress, from their bodies to their rows. Further throws are answered \
               with 503, and a throw that needs more than all of it goes to quarantine",
        set: |config, text| values::size(text).map(|value| config.throw_memory = value),
        show: |config| values::show_size(config.throw_memory),
    },
    Setting {
        name: "max_connections",
        value: "NUMBER",
        help: "Maximum number of open connections; further ones are answered with 503",
        set: |config, text| values::number(text).map(|value| config.max_connections = value),
        show: |config| config.max_connections.to_string(),
    },
    Setting {
        name: "registration",
        value: "open|adopt|locked",
        help: "Whether unknown devices are registered, wait for adoption, or are refused",
        set: |config, text| values::registration(text).map(|value| config.registration = value),
        show: |config| config.registration.name().to_owned(),
    },
    Setting {
        name: "max_devices",
        value: "NUMBER",
        help: "Maximum number of registered devices; readings of further ones are answered with 429",
        set: |config, text| values::number(text).map(|value| config.max_devices = value),
        show: |config| config.max_devices.to_string(),
    },
    Setting {
        name: "max_storages",
        value: "NUMBER",
        help: "Maximum number of storages; records that need another one go to quarantine, and declaring one is \
               answered with 429",
        set: |config, text| values::number(text).map(|value| config.max_storages = value),
        show: |config| config.max_storages.to_string(),
    },
    Setting {
        name: "device_rate",
        value: "NUMBER",
        help: "Maximum number of readings per second from one device; further ones are answered with 429",
        set: |config, text| values::number(text).map(|value| config.device_rate = value),
        show: |config| config.device_rate.to_string(),
    },
    Setting {
        name: "header_timeout",
        value: "TIME",
        help: "Time limit for sending the head of a request",
        set: |config, text| values::duration(text).map(|value| config.header_timeout = value),
        show: |config| values::show_duration(config.header_timeout),
    },
    Setting {
        name: "body_timeout",
        value: "TIME",
        help: "How long a request body may stall; the whole body may take ten times as long",
        set: |config, text| values::duration(text).map(|value| config.body_timeout = value),
        show: |config| values::show_duration(config.body_timeout),
    },
    Setting {
        name: "idle_timeout",
        value: "TIME",
        help: "How long a connection may be idle between requests",
        set: |config, text| values::duration(text).map(|value| config.idle_timeout = value),
        show: |config| values::show_duration(config.idle_timeout),
    },
    Setting {
        name: "blocked_timeout",
        value: "TIME",
        help: "How long a client may stop reading before it is disconnected",
        set: |config, text| values::duration(text).map(|value| config.blocked_timeout = value),
        show: |config| values::show_duration(config.blocked_timeout),
    },
    Setting {
        name: "stop_timeout",
        value: "TIME",
        help: "How long shutdown waits for requests in progress",
        set: |config, text| values::duration(text).map(|value| config.stop_timeout = value),
        show: |config| values::show_duration(config.stop_timeout),
    },
    Setting {
        name: "change_log_time",
        value: "TIME",
        help: "How long the change history is retained, so that interrupted streams can resume",
        set: |config, text| values::duration(text).map(|value| config.change_log_time = value),
        show: |config| values::show_duration(config.change_log_time),
    },
    Setting {
        name: "change_log_size",
        value: "SIZE",
        help: "Maximum size of the change history; oldest entries are dropped first",
        set: |config, text| values::size(text).map(|value| config.change_log_size = value),
        show: |config| values::show_size(config.change_log_size),
    },
    Setting {
        name: "quarantine_time",
        value: "TIME",
        help: "How long quarantine entries are kept after they were last changed",
        set: |config, text| values::duration(text).map(|value| config.quarantine_time = value),
        show: |config| values::show_duration(config.quarantine_time),
    },
    Setting {
        name: "quarantine_size",
        value: "SIZE",
        help: "Maximum size of the quarantine; oldest entries are deleted first",
        set: |config, text| values::size(text).map(|value| config.quarantine_size = value),
        show: |config| values::show_size(config.quarantine_size),
    },
    Setting {
        name: "kept_throws_time",
        value: "TIME",
        help: "How long throws are kept of sources with `keep_raw`",
        set: |config, text| values::duration(text).map(|value| config.kept_throws_time = value),
        show: |config| values::show_duration(config.kept_throws_time),
    },
    Setting {
        name: "kept_throws_size",
        value: "SIZE",
        help: "Maximum size of kept throws; oldest ones are deleted first",
        set: |config, text| values::size(text).map(|value| config.kept_throws_size = value),
        show: |config| values::show_size(config.kept_throws_size),
    },
    Setting {
        name: "log_format",
        value: "text|json",
        help: "Format of the logs on standard error",
        set: |config, text| values::log_format(text).map(|value| config.log_format = value),
        show: |config| format!("{:?}", config.log_format).to_lowercase(),
    },
    Setting {
        name: "log_level",
        value: "LEVEL",
        help: "Log level: error, warn, info, debug or trace, or directives such as `info,datadump_core=debug`",
        set: |config, text| values::log_level(text).map(|value| config.log_level = value),
        show: |config| config.log_level.clone(),
    },
];

/// Returns the setting with this name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Setting {
    /// Returns whether the value is a list, which a file may also write as one.
    pub(crate) fn is_list(&self) -> bool {
        self.value.ends_with(",…")
    }

    /// Returns the name of the flag.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}
