//! Parsers for the values of settings. Their errors name a valid value.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use datadump_core::Registration;
use tracing_subscriber::EnvFilter;

use super::server_config::LogFormat;

const SIZES: &[(&str, usize)] =
    &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("MB", 1_000_000), ("B", 1)];
const TIMES: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", DAY.as_secs() * 1000)];
const DAY: Duration = Duration::from_hours(24);

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    // `localhost` is the only host name that is accepted, because it means the same address everywhere.
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| format!("`{text}` is not an address with a port, such as 127.0.0.1:6050"))
}

pub(super) fn text(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("the value is empty".into()) } else { Ok(text.to_owned()) }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

pub(super) fn host_names(text: &str) -> Result<Vec<String>, String> {
    let name = |name: &str| {
        let name = name.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(format!(
                "`{name}` is not a host name, such as `data.example`, without a scheme and a port"
            ));
        }
        Ok(name.to_ascii_lowercase())
    };
    if text.trim().is_empty() { Ok(Vec::new()) } else { text.split(',').map(name).collect() }
}

pub(super) fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("`{text}` is not a positive whole number")),
    }
}

pub(super) fn size(text: &str) -> Result<usize, String> {
    let (digits, factor) = with_unit(text, SIZES, 1);
    let size = usize::from_str(digits).ok().and_then(|number| number.checked_mul(factor));
    size.filter(|size| *size > 0).ok_or_else(|| format!("`{text}` is not a size, such as 16MiB or 1000000"))
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (digits, factor) = with_unit(text, TIMES, 1000);
    let millis = u64::from_str(digits).ok().and_then(|number| number.checked_mul(factor));
    // Longer than any sensible timeout, and short enough not to overflow the runtime's timers.
    let millis = millis.filter(|millis| (1..=366 * 86_400_000).contains(millis));
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is not a duration, such as 10s, 500ms or 2m"))
}

pub(super) fn registration(text: &str) -> Result<Registration, String> {
    Registration::parse(text).ok_or_else(|| format!("`{text}` is not one of `open`, `adopt` and `locked`"))
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("`{text}` is neither `text` nor `json`")),
    }
}

pub(super) fn log_level(text: &str) -> Result<String, String> {
    // `parse` alone accepts any word as the name of a crate.
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    let is_level = levels.contains(&text.to_lowercase().as_str());
    if !is_level && (!text.contains('=') || EnvFilter::builder().parse(text).is_err()) {
        return Err(format!(
            "`{text}` is neither a level (error, warn, info, debug, trace) nor a list of directives"
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn show_size(size: usize) -> String {
    let unit = [("GiB", 1_usize << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match unit.iter().find(|(_, factor)| size.is_multiple_of(*factor)) {
        Some((name, factor)) => format!("{}{name}", size / factor),
        None => size.to_string(),
    }
}

pub(super) fn show_duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 if duration.as_secs().is_multiple_of(DAY.as_secs()) => {
            format!("{}d", duration.as_secs() / DAY.as_secs())
        }
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

fn with_unit<'a, T: Copy>(text: &'a str, units: &[(&str, T)], otherwise: T) -> (&'a str, T) {
    for (unit, factor) in units {
        if let Some(digits) = text.strip_suffix(unit) {
            return (digits.trim_end(), *factor);
        }
    }
    (text, otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_parsed_and_formatted() {
        for (text, bytes, shown) in [
            ("16MiB", 16 << 20, "16MiB"),
            ("1000", 1000, "1000"),
            ("2 KiB", 2048, "2KiB"),
            ("3kB", 3000, "3000"),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
            assert_eq!(show_size(bytes), shown);
        }
        for (text, millis, shown) in [
            ("10s", 10_000, "10s"),
            ("500ms", 500, "500ms"),
            ("2m", 120_000, "120s"),
            ("48h", 172_800_000, "2d"),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(show_duration(Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn host_names_are_a_list() {
        assert_eq!(host_names("Data.example, pi.local"), Ok(vec!["data.example".into(), "pi.local".into()]));
        assert_eq!(host_names(""), Ok(Vec::new()));
        for text in ["a,,b", "http://a", "a:80", "a/b", "*.a", "bücher.example"] {
            assert!(host_names(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn invalid_values_are_refused() {
        for text in ["", "-1", "0", "x", "1 parsec", "99999999999999999999"] {
            assert!(size(text).is_err(), "{text:?}");
            assert!(duration(text).is_err(), "{text:?}");
            assert!(number(text).is_err(), "{text:?}");
        }
        for text in ["", "localhost", "6050", "127.0.0.1", "example.com:80"] {
            assert!(address(text).is_err(), "{text:?}");
        }
        for text in ["", "loud", "info,"] {
            assert!(log_level(text).is_err(), "{text:?}");
        }
        assert!(log_level("info,datadump_core=debug").is_ok());
    }
}
