//! Request IDs: the client's own if it is safe to log, otherwise a generated one.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use datadump_core::{Ids, SystemClock, SystemRandom};
use poem::http::{HeaderMap, HeaderName};

/// The header of requests and responses.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a client's ID.
const MAX_LENGTH: usize = 64;

/// Assigns IDs to requests.
#[derive(Debug)]
pub(crate) struct RequestIds {
    /// Random, generated once at the start.
    prefix: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom::default()));
        let text = ids.next().simple().to_string();
        Self { prefix: text[text.len() - 12..].to_owned(), next: AtomicU64::new(1) }
    }

    /// Returns the ID of a request with these headers.
    pub(crate) fn assign(&self, headers: &HeaderMap) -> String {
        match headers.get(&HEADER).and_then(|value| value.to_str().ok()).filter(|text| is_safe(text)) {
            Some(sent) => sent.to_owned(),
            None => {
                let mut id = String::with_capacity(self.prefix.len() + 17);
                id.push_str(&self.prefix);
                let _ = write!(id, "-{:06x}", self.next.fetch_add(1, Ordering::Relaxed));
                id
            }
        }
    }
}

/// Returns whether an ID can be written to logs and headers unchanged.
fn is_safe(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn safe_ids_are_kept_and_others_replaced() {
        let ids = RequestIds::new();
        let assign = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_str(sent).unwrap());
            ids.assign(&headers)
        };
        assert_eq!(assign("abc-1.2_3:4"), "abc-1.2_3:4");
        let long = "a".repeat(65);
        for sent in ["", "a b", "{evil}", &long] {
            assert_ne!(assign(sent), sent);
        }
        assert_ne!(ids.assign(&HeaderMap::new()), ids.assign(&HeaderMap::new()));
    }
}
