//! Idempotency keys and request fingerprints.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

/// Maximum length of a key in bytes.
const MAX_LENGTH: usize = 255;

/// A name that a client gives a request, so that it takes effect only once, however often it is sent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 bytes of visible ASCII. The error says why a key is invalid.
    ///
    /// ```
    /// use datadump_core::IdempotencyKey;
    /// assert_eq!(IdempotencyKey::parse("order-4711").unwrap().as_str(), "order-4711");
    /// assert!(IdempotencyKey::parse("two words").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an idempotency key must not be empty".into());
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("an idempotency key must consist of visible ASCII characters, without spaces".into());
        }
        if text.len() > MAX_LENGTH {
            return Err(format!(
                "an idempotency key can have at most {MAX_LENGTH} characters, not {}",
                text.len()
            ));
        }
        Ok(Self(text.into()))
    }

    /// Creates a key of the service's own.
    pub(super) fn reserved(text: String) -> Self {
        Self(text.into())
    }

    /// Returns the key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Omits the key, because it gives access to the answer to its request.
impl Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey")
    }
}

/// A SHA-256 over the parts of a request, which tells whether two requests are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Returns the fingerprint of these parts, in this order.
    ///
    /// ```
    /// use datadump_core::Fingerprint;
    /// assert_ne!(Fingerprint::of(["ab", "c"]), Fingerprint::of(["a", "bc"]));
    /// ```
    pub fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            // The length comes first, so that `ab, c` differs from `a, bc`.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Returns the hash.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_1_to_255_bytes() {
        let (long, too_long) = ("k".repeat(MAX_LENGTH), "k".repeat(MAX_LENGTH + 1));
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
