//! CEF and LEEF events of security devices: one record per line, parsed by `cef.vrl`.

use crate::process::vrl::LineProgram;

/// Fields that stay text even when they look like numbers: names, versions and messages.
const TEXT_FIELDS: &[&str] = &[
    "cefVersion",
    "leefVersion",
    "deviceVendor",
    "deviceProduct",
    "deviceVersion",
    "deviceEventClassId",
    "eventId",
    "name",
    "msg",
    "timestamp",
];

pub(in crate::process) fn cef() -> LineProgram {
    LineProgram::new(
        "cef",
        include_str!("cef.vrl"),
        Some(TEXT_FIELDS),
        &["timestamp", "hostname", "deviceVendor", "deviceProduct", "deviceVersion", "name", "severity"],
    )
}
