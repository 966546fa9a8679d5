//! Filters of the list of recent throws.

use super::recent::{RecentThrow, ThrowOutcome};
use crate::schema::name::fold;

/// Filter of recent throws. Members that are `None` match all.
#[derive(Debug, Clone, Default)]
pub struct RecentFilter {
    /// Name of the source.
    pub source: Option<String>,
    /// Text in the body, path or source, in upper or lower case.
    pub text: Option<String>,
    /// Name of the format.
    pub format: Option<String>,
    /// Outcome.
    pub outcome: Option<ThrowOutcome>,
}

/// A filter, prepared.
pub(super) struct Filter<'f> {
    source: Option<String>,
    text: Option<&'f str>,
    format: Option<&'f str>,
    outcome: Option<ThrowOutcome>,
}

impl<'f> Filter<'f> {
    /// Prepares a filter.
    pub(super) fn of(filter: &'f RecentFilter) -> Self {
        Self {
            source: filter.source.as_deref().map(|source| fold(source).into_owned()),
            text: filter.text.as_deref().filter(|text| !text.is_empty()),
            format: filter.format.as_deref(),
            outcome: filter.outcome,
        }
    }

    /// Returns whether a throw matches.
    pub(super) fn matches(&self, recent: &RecentThrow) -> bool {
        let throw = &recent.throw;
        let path = throw.head.as_ref().map(|head| head.path.as_str()).unwrap_or_default();
        let has_text = |text: &str| {
            let parts = [throw.body.as_ref(), path.as_bytes(), throw.source.as_str().as_bytes()];
            parts.into_iter().any(|part| contains(part, text.as_bytes()))
        };
        self.source.as_ref().is_none_or(|source| throw.source.folded() == *source)
            && self.format.is_none_or(|format| recent.format() == Some(format))
            && self.outcome.is_none_or(|outcome| recent.outcome() == outcome)
            && self.text.is_none_or(has_text)
    }
}

/// Returns whether bytes contain others, in upper or lower case as far as they are ASCII letters.
fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return true };
    let starts = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes);
    starts
        .filter_map(|start| bytes.get(start..start + wanted.len()))
        .any(|found| found.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_in_upper_and_lower_case() {
        for (text, wanted, expected) in [
            ("Hello World", "o w", true),
            ("Hello World", "WORLD", true),
            ("Hello", "hello!", false),
            ("größe", "größe", true),
            ("", "a", false),
            ("aab", "ab", true),
        ] {
            assert_eq!(contains(text.as_bytes(), wanted.as_bytes()), expected, "{text} {wanted}");
        }
    }
}
