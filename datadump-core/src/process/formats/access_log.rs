//! Access logs of web servers (common and combined format): one record per line, parsed by
//! `access_log.vrl`.

use crate::process::vrl::LineProgram;

pub(in crate::process) fn access_log() -> LineProgram {
    LineProgram::new(
        "access-log",
        include_str!("access_log.vrl"),
        None,
        &["timestamp", "client", "user", "method", "path", "protocol", "status", "size", "referrer", "agent"],
    )
}
