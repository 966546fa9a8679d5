//! Ids of requests: taken over from the client when they are harmless, else made here.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use datadump_core::{Ids, SystemClock, SystemRandom};
use poem::http::{HeaderMap, HeaderName};

/// The header that carries one, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones only fill logs.
const MAX_LENGTH: usize = 64;

/// Gives every request an id.
#[derive(Debug)]
pub(crate) struct RequestIds {
    /// Different at every start: asking for randomness once is enough.
    prefix: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom::default()));
        let text = ids.next().simple().to_string();
        Self { prefix: text[text.len() - 12..].to_owned(), next: AtomicU64::new(1) }
    }

    /// The id of the request with these headers.
    pub(crate) fn of(&self, headers: &HeaderMap) -> String {
        match headers.get(&HEADER).and_then(|value| value.to_str().ok()).filter(|text| is_sane(text)) {
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

/// Whether it can be written into a log and a header as it is.
fn is_sane(text: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(harmless)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn sane_ids_are_kept_and_others_replaced() {
        let ids = RequestIds::new();
        let of = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_str(sent).unwrap());
            ids.of(&headers)
        };
        assert_eq!(of("abc-1.2_3:4"), "abc-1.2_3:4");
        let long = "a".repeat(65);
        for sent in ["", "a b", "{evil}", &long] {
            assert_ne!(of(sent), sent);
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }
}
