//! Syslog (RFC 5424 and RFC 3164): one record per line, parsed by `syslog.vrl`.

use crate::process::vrl::LineProgram;

pub(in crate::process) fn syslog() -> LineProgram {
    LineProgram::new(
        "syslog",
        include_str!("syslog.vrl"),
        None,
        &["timestamp", "hostname", "appname", "procid", "msgid", "severity", "facility", "message"],
    )
}
