//! What a caller calls a request, so that it takes effect once however often it is sent.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

/// The most bytes a key may have.
const LONGEST: usize = 255;

/// The name that a caller has given a request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 bytes of visible ASCII. The error says what is wrong.
    ///
    /// ```
    /// use datadump_core::IdempotencyKey;
    /// assert_eq!(IdempotencyKey::parse("order-4711").unwrap().as_str(), "order-4711");
    /// assert!(IdempotencyKey::parse("two words").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an idempotency key has at least one character".into());
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("an idempotency key is visible ASCII, without spaces".into());
        }
        if text.len() > LONGEST {
            return Err(format!("an idempotency key has at most {LONGEST} characters, not {}", text.len()));
        }
        Ok(Self(text.into()))
    }

    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the key: whoever knows one can ask for the answer to its request.
impl Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey")
    }
}

/// What a request says, in so few bytes that it can be kept and compared: equal requests have the same,
/// and nobody finds another one that has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of a request with these parts, in this order.
    ///
    /// ```
    /// use datadump_core::Fingerprint;
    /// assert_ne!(Fingerprint::of(["ab", "c"]), Fingerprint::of(["a", "bc"]));
    /// ```
    pub fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            // Before it, so that what belongs to which part cannot be mistaken.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// As it is kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_some_length() {
        let (long, too_long) = ("k".repeat(LONGEST), "k".repeat(LONGEST + 1));
        for (text, good) in [
            ("a", true),
            ("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", true),
            ("~!@#$%^&*()", true),
            (long.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("a b", false),
            ("a\t", false),
            ("ä", false),
            ("\u{7f}", false),
        ] {
            assert_eq!(IdempotencyKey::parse(text).is_ok(), good, "{text:?}");
        }
        assert_eq!(format!("{:?}", IdempotencyKey::parse("secret").unwrap()), "IdempotencyKey");
    }
}
