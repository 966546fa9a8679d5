//! Origins of web pages, by which browsers tell web sites apart.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// The origin of web pages: a scheme, a host and a port, such as `https://shop.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin {
    scheme: String,
    host: String,
    /// `None` if it is the default port of the scheme.
    port: Option<u16>,
}

impl WebOrigin {
    /// Parses an origin; the error says what is wrong with it.
    ///
    /// ```
    /// use datadump_core::source::WebOrigin;
    /// assert_eq!(WebOrigin::parse("https://Shop.example:443").unwrap().to_string(), "https://shop.example");
    /// assert!(WebOrigin::parse("https://shop.example/cart").is_err());
    /// assert!(WebOrigin::parse("null").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, place)) = text.split_once("://") else {
            return Err(format!("{text:?} is not an origin, such as https://shop.example"));
        };
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !is_scheme {
            return Err(format!("{scheme:?} in {text:?} is not a scheme, such as https"));
        }
        if place.contains(['/', '?', '#', '@', '\\']) {
            return Err(format!("{text:?} has more than a scheme, a host and a port"));
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = split_port(place);
        let port = match port {
            None => None,
            Some(digits) => Some(port_number(digits).ok_or_else(|| format!("{digits:?} is not a port"))?),
        };
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(format!("{host:?} in {text:?} is not a host name (in ASCII) or an address"));
        }
        let port = port.filter(|port| Some(*port) != default_port(&scheme));
        Ok(Self { scheme, host, port })
    }

    /// Returns whether its pages are served by the user's own computer.
    pub fn is_loopback(&self) -> bool {
        let is_web = matches!(self.scheme.as_str(), "http" | "https");
        let address = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_local = match address {
            Some(address) => address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()),
            None => {
                self.host == "localhost"
                    || self.host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
            }
        };
        is_web && is_local
    }

    /// Returns whether its pages are served under this host name or address, which may be followed by a port.
    pub fn is_at(&self, place: &str) -> bool {
        let (host, port) = split_port(place);
        let port = match port {
            None => None,
            Some(digits) => match port_number(digits) {
                Some(port) => Some(port),
                None => return false,
            },
        };
        // Behind a proxy that ends the encryption, the scheme is only known to the browser.
        let port = port.filter(|port| Some(*port) != default_port(&self.scheme));
        self.host.eq_ignore_ascii_case(host) && self.port == port
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        match port {
            None => write!(f, "{scheme}://{host}"),
            Some(port) => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// Splits a host from its port. An IPv6 address has colons inside brackets.
fn split_port(place: &str) -> (&str, Option<&str>) {
    match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port).filter(|port| !port.is_empty())),
        _ => (place, None),
    }
}

fn port_number(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port > 0)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_parsed_as_browsers_write_them() {
        for (text, expected) in [
            ("https://shop.example", "https://shop.example"),
            ("HTTP://Shop.Example:80", "http://shop.example"),
            ("http://shop.example:443", "http://shop.example:443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://[::1]", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(WebOrigin::parse(text).map(|origin| origin.to_string()), Ok(expected.to_owned()));
        }
        for text in [
            "",
            "*",
            "null",
            "shop.example",
            "://shop.example",
            "1a://shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/cart",
            "https://shop.example?a",
            "https://ann@shop.example",
            "https://*.example",
            "https://shop.example:0",
            "https://shop.example:65536",
            "https://shop.example:+80",
            "https://shop.example:80:80",
            "https://[::1",
            "https://[zz]",
            "https://bücher.example",
            "https://a b",
        ] {
            assert!(WebOrigin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pages_of_this_computer_are_recognized() {
        for (text, expected) in [
            ("http://localhost:3000", true),
            ("https://127.0.0.1", true),
            ("http://127.9.9.9:1", true),
            ("http://[::1]:8080", true),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://192.168.1.5", false),
            ("http://[::2]", false),
            ("capacitor://localhost", false),
        ] {
            assert_eq!(WebOrigin::parse(text).unwrap().is_loopback(), expected, "{text}");
        }
    }

    #[test]
    fn an_origin_is_compared_with_a_host_and_its_port() {
        for (origin, place, expected) in [
            ("http://localhost:6050", "localhost:6050", true),
            ("http://localhost:6050", "LOCALHOST:6050", true),
            ("http://localhost", "localhost:80", true),
            ("http://localhost", "localhost", true),
            ("https://data.example", "data.example", true),
            ("https://data.example", "data.example:443", true),
            ("http://[::1]:6050", "[::1]:6050", true),
            ("http://localhost", "localhost:6050", false),
            ("http://localhost:6050", "localhost", false),
            ("http://127.0.0.1:6050", "localhost:6050", false),
            ("http://evil.example", "data.example", false),
            ("http://localhost", "localhost:x", false),
            ("http://localhost", "", false),
        ] {
            assert_eq!(WebOrigin::parse(origin).unwrap().is_at(place), expected, "{origin} {place}");
        }
    }
}
