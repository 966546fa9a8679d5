//! The settings, in one list: what `--help` shows, what the file and the environment may say.

use super::{Config, masked, values};

/// One thing the server can be told.
pub(crate) struct Setting {
    /// Its name: `max_body` in the file, `--max-body` as a flag, `DATADUMP_MAX_BODY` outside.
    pub(crate) name: &'static str,
    /// What its value is called in the help; empty for one that is said by its name alone.
    pub(crate) value: &'static str,
    /// What it does.
    pub(crate) help: &'static str,
    /// Puts it in place, or says what is wrong with it.
    pub(crate) set: fn(&mut Config, &str) -> Result<(), String>,
    /// As it is now, for people: no secret is in it.
    pub(crate) show: fn(&Config) -> String,
}

/// All of them, in the order of the help.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        value: "ADDRESS:PORT",
        help: "Address to listen on; port 0 takes a free one",
        set: |config, text| values::address(text).map(|value| config.listen = value),
        show: |config| config.listen.to_string(),
    },
    Setting {
        name: "database",
        value: "DATABASE",
        help: "`sqlite:PATH` (created if there is none) or `postgres://…`",
        set: |config, text| values::text(text).map(|value| config.database = value),
        show: |config| masked(&config.database),
    },
    Setting {
        name: "open",
        value: "",
        help: "Serve everyone who reaches the address: needed for any but a loopback one",
        set: |config, text| values::boolean(text).map(|value| config.open = value),
        show: |config| config.open.to_string(),
    },
    Setting {
        name: "max_body",
        value: "SIZE",
        help: "The most bytes of one request's body, where it is no throw",
        set: |config, text| values::size(text).map(|value| config.max_body = value),
        show: |config| values::show_size(config.max_body),
    },
    Setting {
        name: "max_throw",
        value: "SIZE",
        help: "The most bytes of one throw, decompressed",
        set: |config, text| values::size(text).map(|value| config.max_throw = value),
        show: |config| values::show_size(config.max_throw),
    },
    Setting {
        name: "throw_memory",
        value: "SIZE",
        help: "The most bytes that all throws under way may have together, and half of what their records may take; more are answered 503",
        set: |config, text| values::size(text).map(|value| config.throw_memory = value),
        show: |config| values::show_size(config.throw_memory),
    },
    Setting {
        name: "max_connections",
        value: "NUMBER",
        help: "The most connections at a time; more are answered 503",
        set: |config, text| values::number(text).map(|value| config.max_connections = value),
        show: |config| config.max_connections.to_string(),
    },
    Setting {
        name: "registration",
        value: "open|adopt|locked",
        help: "Whether a device that nobody knows is registered, waits to be adopted, or is refused",
        set: |config, text| values::registration(text).map(|value| config.registration = value),
        show: |config| config.registration.name().to_owned(),
    },
    Setting {
        name: "max_devices",
        value: "NUMBER",
        help: "The most devices that are registered; readings of more are answered 429",
        set: |config, text| values::number(text).map(|value| config.max_devices = value),
        show: |config| config.max_devices.to_string(),
    },
    Setting {
        name: "device_rate",
        value: "NUMBER",
        help: "The most readings a second of one device; more are answered 429",
        set: |config, text| values::number(text).map(|value| config.device_rate = value),
        show: |config| config.device_rate.to_string(),
    },
    Setting {
        name: "header_timeout",
        value: "TIME",
        help: "How long a client may take to send the head of a request",
        set: |config, text| values::duration(text).map(|value| config.header_timeout = value),
        show: |config| values::show_duration(config.header_timeout),
    },
    Setting {
        name: "body_timeout",
        value: "TIME",
        help: "How long the body of a request may stop coming; ten times as long for all of it",
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
        help: "How long a client may take nothing of what is sent to it before it is cut off",
        set: |config, text| values::duration(text).map(|value| config.blocked_timeout = value),
        show: |config| values::show_duration(config.blocked_timeout),
    },
    Setting {
        name: "stop_timeout",
        value: "TIME",
        help: "How long a stop waits for requests that were accepted",
        set: |config, text| values::duration(text).map(|value| config.stop_timeout = value),
        show: |config| values::show_duration(config.stop_timeout),
    },
    Setting {
        name: "change_log_time",
        value: "TIME",
        help: "How long it is kept what was committed when: a stream that was cut off goes on from there",
        set: |config, text| values::duration(text).map(|value| config.change_log_time = value),
        show: |config| values::show_duration(config.change_log_time),
    },
    Setting {
        name: "change_log_size",
        value: "SIZE",
        help: "The most bytes of that; the oldest goes first",
        set: |config, text| values::size(text).map(|value| config.change_log_size = value),
        show: |config| values::show_size(config.change_log_size),
    },
    Setting {
        name: "log_format",
        value: "text|json",
        help: "How logs are written, on standard error",
        set: |config, text| values::log_format(text).map(|value| config.log_format = value),
        show: |config| format!("{:?}", config.log_format).to_lowercase(),
    },
    Setting {
        name: "log_level",
        value: "LEVEL",
        help: "What is logged: error, warn, info, debug or trace, or `info,datadump_core=debug`",
        set: |config, text| values::log_level(text).map(|value| config.log_level = value),
        show: |config| config.log_level.clone(),
    },
];

/// The setting of that name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Setting {
    /// As a flag.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}
