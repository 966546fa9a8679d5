//! JSON as it comes from outside: bounded in depth before anything walks it.

use serde_json::Value as Json;

use crate::error::{Error, Fault, Place, Result};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// Reads one JSON document.
///
/// ```
/// use datadump_core::json;
/// assert_eq!(json::parse(b" [1]").unwrap()[0], 1);
/// assert!(json::parse(b"{").is_err());
/// assert!(json::parse("[".repeat(65).as_bytes()).unwrap_err().to_string().contains("64"));
/// ```
pub fn parse(bytes: &[u8]) -> Result<Json> {
    let fault = |code, detail: String| Error::Invalid(vec![Fault::new(Place::body(), code, detail)]);
    if depth(bytes) > MAX_DEPTH {
        return Err(fault("too-deep", format!("the JSON nests deeper than {MAX_DEPTH} levels")));
    }
    serde_json::from_slice(bytes).map_err(|error| fault("not-json", format!("this is not JSON: {error}")))
}

/// How deep brackets nest, whether or not the rest is JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
