//! The headers of a throw's request, without secrets.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Maximum number of headers.
const MAX_HEADERS: usize = 64;

/// Maximum size of all headers in bytes.
const MAX_BYTES: usize = 8 << 10;

/// Headers without secrets that nearly every request has.
const USUAL: [&str; 8] = [
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "content-length",
    "content-type",
    "connection",
];

/// Size of the headers of most requests.
const USUAL_BYTES: usize = 512;

/// Parts of the names of headers with secrets.
const SECRET_PARTS: [&str; 11] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "passw",
    "passphrase",
    "signature",
    "key",
    "credential",
    "assertion",
    "session",
];

/// Words in the names of headers with secrets, which would match too much as parts.
const SECRET_WORDS: [&str; 4] = ["auth", "jwt", "pwd", "sig"];

/// Headers in the order in which they were sent, with names in lower case.
///
/// Headers that usually contain a secret are left out when this is created, so that a secret is neither stored nor
/// shown nor passed to a program. So are those that exceed the limits: 64 headers, and 8 KiB together.
///
/// ```
/// use datadump_core::Headers;
///
/// let headers = Headers::new([("X-GitHub-Event", "push"), ("Authorization", "Bearer x")]);
/// assert_eq!(headers.iter().collect::<Vec<_>>(), [("x-github-event", "push")]);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// `name:value` and a line break for each header: one allocation for all of them.
    text: String,
}

impl Headers {
    /// Creates the headers from names and values.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(headers: impl IntoIterator<Item = (N, V)>) -> Self {
        let (mut text, mut count) = (String::with_capacity(USUAL_BYTES), 0);
        for (name, value) in headers {
            let (name, value) = (name.as_ref().trim(), value.as_ref().trim());
            let is_name = !name.is_empty() && !name.contains([':', '\r', '\n']);
            if !is_name || is_secret(name) || text.len() + name.len() + value.len() + 2 > MAX_BYTES {
                continue;
            }
            if count == MAX_HEADERS {
                break;
            }
            count += 1;
            let start = text.len();
            text.push_str(name);
            if let Some(name) = text.get_mut(start..) {
                name.make_ascii_lowercase();
            }
            text.push(':');
            match value.contains(['\r', '\n']) {
                true => text.push_str(&value.replace(['\r', '\n'], " ")),
                false => text.push_str(value),
            }
            text.push('\n');
        }
        text.shrink_to_fit();
        Self { text }
    }

    /// Returns the names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(|line| line.split_once(':'))
    }

    /// Returns the value of a header; several with the same name are joined with commas.
    pub fn get(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// Returns the number of bytes that they take.
    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }
}

/// Returns whether a header usually has a secret value, or one that helps to guess it.
fn is_secret(name: &str) -> bool {
    if USUAL.contains(&name) {
        return false;
    }
    let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    };
    SECRET_PARTS.iter().any(|part| name.contains(part))
        || name.split(['-', '_', '.']).any(|word| SECRET_WORDS.contains(&word))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(Vec::<(String, String)>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        for name in [
            "Authorization",
            "PROXY-AUTHORIZATION",
            "Cookie",
            "Cookie2",
            "X-Api-Key",
            "ApiKey",
            "X-Auth-Token",
            "X-Hub-Signature-256",
            "X-Client-Secret",
            "X-Password",
            "X-Passwd",
            "Idempotency-Key",
            "Sec-WebSocket-Key",
            "X-Auth",
            "X_AUTH_USER",
            "Cf-Access-Jwt-Assertion",
            "X-Session-Id",
        ] {
            assert_eq!(Headers::new([(name, "canary")]), Headers::default(), "{name}");
        }
        for name in ["Host", "User-Agent", "X-GitHub-Event", "X-Author", "Authority", "Accept", "X-Design"] {
            assert_eq!(Headers::new([(name, "shown")]).iter().count(), 1, "{name}");
        }
    }

    #[test]
    fn headers_are_bounded_and_stay_in_order() {
        let many = (0..1_000).map(|number| (format!("x-{number}"), "v"));
        let headers = Headers::new(many);
        assert_eq!(headers.iter().count(), MAX_HEADERS);
        assert_eq!(headers.iter().nth(2), Some(("x-2", "v")));
        let long = "v".repeat(MAX_BYTES);
        let headers = Headers::new([("a", "1"), ("long", &long), ("b", "2")]);
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert!(Headers::new((0..64).map(|n| (n.to_string(), "v".repeat(1_000)))).size() <= MAX_BYTES);
    }

    #[test]
    fn no_value_can_pretend_to_be_a_header() {
        let headers = Headers::new([("A", " x\r\nb: y "), ("c: d", "z"), ("", "e"), ("f", "")]);
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("a", "x  b: y"), ("f", "")]);
    }

    #[test]
    fn headers_survive_being_stored() {
        let headers = Headers::new([("Accept", "a"), ("X-N", "ä: 1"), ("accept", "b")]);
        let json = serde_json::to_value(&headers).unwrap();
        assert_eq!(json, serde_json::json!([["accept", "a"], ["x-n", "ä: 1"], ["accept", "b"]]));
        assert_eq!(serde_json::from_value::<Headers>(json).unwrap(), headers);
        assert_eq!(headers.get("ACCEPT").as_deref(), Some("a, b"));
        assert_eq!(headers.get("x-none"), None);
    }
}
