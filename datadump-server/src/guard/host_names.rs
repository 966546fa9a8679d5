//! The host names a server answers to. Any other name may have been pointed at the server's address by an
//! attacker, whose page would then share its origin (DNS rebinding). Nobody can do that to an address.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use poem::http::StatusCode;

use crate::{config::Config, problem::Problem};

/// Names of the machine itself.
const LOCAL_NAMES: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// The host names of one server.
#[derive(Debug)]
pub(super) struct HostNames {
    addresses: Addresses,
    /// Further names, in lower case.
    configured: Vec<String>,
}

/// The addresses that are served like names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addresses {
    Local,
    Any,
}

impl HostNames {
    pub(super) fn new(config: &Config, address: SocketAddr) -> Self {
        let is_local = address.ip().is_loopback() && !config.open;
        let addresses = if is_local { Addresses::Local } else { Addresses::Any };
        Self { addresses, configured: config.hosts.clone() }
    }

    /// Refuses any other name. `host` may include a port.
    pub(super) fn check(&self, host: &str) -> Result<(), Problem> {
        let name = without_port(host);
        let mut names = LOCAL_NAMES.iter().copied().chain(self.configured.iter().map(String::as_str));
        if names.any(|known| known.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        let addresses = match self.addresses {
            Addresses::Any if is_address(name) => return Ok(()),
            Addresses::Any => "its addresses and to localhost",
            Addresses::Local => "localhost, 127.0.0.1 and [::1]",
        };
        let detail = format!(
            "this server answers to {addresses}, not to `{name}`; to serve another host name, add it to the setting `hosts` (--hosts)"
        );
        Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong-host",
            "The host name is not served",
            detail,
        ))
    }
}

fn without_port(host: &str) -> &str {
    // An IPv6 address has colons inside brackets.
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn is_address(name: &str) -> bool {
    match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => name.parse::<Ipv4Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_than_those_of_the_server_are_refused() {
        let status = |addresses, host: &str| {
            let names = HostNames { addresses, configured: vec!["data.example".to_owned()] };
            names.check(host).map_or_else(|problem| problem.status, |()| 200)
        };
        for (host, local, any) in [
            ("localhost", 200, 200),
            ("LocalHost:6050", 200, 200),
            ("127.0.0.1", 200, 200),
            ("127.0.0.1:80", 200, 200),
            ("[::1]:6050", 200, 200),
            ("[::1]", 200, 200),
            ("Data.example:6050", 200, 200),
            ("127.0.0.2", 421, 200),
            ("192.168.1.5:6050", 421, 200),
            ("[fe80::1]:1", 421, 200),
            ("example.com", 421, 421),
            ("evil.data.example", 421, 421),
            ("localhost.example.com", 421, 421),
            ("127.0.0.1.example.com:6050", 421, 421),
            ("192.168.1", 421, 421),
            ("[::1", 421, 421),
            ("", 421, 421),
        ] {
            assert_eq!(status(Addresses::Local, host), local, "{host}");
            assert_eq!(status(Addresses::Any, host), any, "{host}");
        }
    }
}
