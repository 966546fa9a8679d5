//! Preconditions on the stored version: `If-Match` and `If-None-Match` with entity tags.

use datadump_core::Expect;
use poem::http::{HeaderMap, HeaderName, StatusCode, header};

use super::header_parameter::header_parameter;
use crate::problem::Problem;

/// `If-Match` on a write: the resource must exist, or have this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IfMatch(Option<Condition>);

/// `If-None-Match: *` on a write: the resource must not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IfNoneMatch(Option<Condition>);

/// `If-None-Match` on a read: versions the client has cached.
#[derive(Debug, Clone)]
pub(crate) struct KnownVersions(Option<String>);

/// A version that never matches: versions start at 1.
const NO_VERSION: i32 = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    AnyVersion,
    Version(i32),
}

/// Combines both headers into what a write expects of the stored version.
pub(crate) fn expectation(if_match: IfMatch, if_none_match: IfNoneMatch) -> Result<Expect, Problem> {
    match (if_match.0, if_none_match.0) {
        (_, None) => Ok(if_match.expects()),
        (None, Some(Condition::AnyVersion)) => Ok(Expect::Absent),
        (None, Some(Condition::Version(_))) => Err(malformed("If-None-Match must be `*` on a write")),
        (Some(_), Some(_)) => Err(malformed("If-Match and If-None-Match cannot be combined")),
    }
}

impl IfMatch {
    /// Returns the condition of a write if there is no other header.
    pub(crate) fn expects(self) -> Expect {
        match self.0 {
            None => Expect::Anything,
            Some(Condition::AnyVersion) => Expect::Exists,
            Some(Condition::Version(version)) => Expect::Exactly(version),
        }
    }
}

impl KnownVersions {
    /// Returns whether the client has cached this version.
    pub(crate) fn contains(&self, version: i32) -> bool {
        match self.0.as_deref().and_then(read_tags) {
            Some(Tags::Any) => true,
            Some(Tags::Versions(versions)) => versions.contains(&version),
            None => false,
        }
    }

    /// Returns whether the client has a copy with this quoted tag.
    pub(crate) fn contains_tag(&self, tag: &str) -> bool {
        let sent = self.0.as_deref().unwrap_or_default();
        // These tags contain no commas.
        sent.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    }
}

/// The entity tags in a header.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Versions(Vec<i32>),
}

fn read_header(headers: &HeaderMap, name: &HeaderName, shown: &str) -> Result<Option<Condition>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let only = value.to_str().ok().filter(|_| values.next().is_none());
    match only.and_then(read_tags) {
        Some(Tags::Any) => Ok(Some(Condition::AnyVersion)),
        Some(Tags::Versions(mut versions)) => {
            versions.retain(|version| *version != NO_VERSION);
            versions.dedup();
            match versions.as_slice() {
                [] => Ok(Some(Condition::Version(NO_VERSION))),
                [version] => Ok(Some(Condition::Version(*version))),
                _ => Err(malformed(format!("{shown} must name a single version here"))),
            }
        }
        None => Err(malformed(format!("{shown} must be a quoted version, such as \"3\", or `*`"))),
    }
}

/// Parses `*` or quoted tags. A well-formed tag that is not a version matches nothing.
fn read_tags(text: &str) -> Option<Tags> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Tags::Any);
    }
    let mut versions = Vec::new();
    loop {
        let (tag, after) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        // `parse` alone accepts a sign.
        let digits = Some(tag).filter(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
        versions.push(digits.and_then(|digits| digits.parse().ok()).unwrap_or(NO_VERSION));
        match after.trim_start() {
            "" => return Some(Tags::Versions(versions)),
            more => rest = more.strip_prefix(',')?.trim_start(),
        }
    }
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-condition", "The condition is not valid", detail)
}

header_parameter!(IfMatch, header::IF_MATCH, |headers, name| read_header(headers, name, "If-Match")
    .map(IfMatch));
header_parameter!(IfNoneMatch, header::IF_NONE_MATCH, |headers, name| read_header(
    headers,
    name,
    "If-None-Match"
)
.map(IfNoneMatch));
header_parameter!(KnownVersions, header::IF_NONE_MATCH, |headers, name| {
    // A malformed value matches nothing: the read is answered in full.
    Ok(KnownVersions(headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)))
});

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn expect(pairs: &[(HeaderName, &str)]) -> Result<Expect, u16> {
        let headers: HeaderMap =
            pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        let read = |name| read_header(&headers, &name, "it").map_err(|problem| problem.status);
        let (if_match, none) = (read(header::IF_MATCH)?, read(header::IF_NONE_MATCH)?);
        expectation(IfMatch(if_match), IfNoneMatch(none)).map_err(|problem| problem.status)
    }

    #[test]
    fn preconditions_become_expectations() {
        let (matches, none) = (header::IF_MATCH, header::IF_NONE_MATCH);
        assert_eq!(expect(&[]), Ok(Expect::Anything));
        for (sent, expected) in [
            ("*", Ok(Expect::Exists)),
            ("\"3\"", Ok(Expect::Exactly(3))),
            (" \"3\" ", Ok(Expect::Exactly(3))),
            ("W/\"3\"", Ok(Expect::Exactly(3))),
            ("3", Err(400)),
            ("\"\"", Ok(Expect::Exactly(0))),
            ("\"0\"", Ok(Expect::Exactly(0))),
            ("\"+1\"", Ok(Expect::Exactly(0))),
            ("\"x,y\"", Ok(Expect::Exactly(0))),
            ("\"99999999999\"", Ok(Expect::Exactly(0))),
            ("\"0\", W/\"5\"", Ok(Expect::Exactly(5))),
            ("\"1\", \"2\"", Err(400)),
            ("\"1\" \"1\"", Err(400)),
            ("\"1", Err(400)),
            ("abc", Err(400)),
            ("", Err(400)),
        ] {
            assert_eq!(expect(&[(matches.clone(), sent)]), expected, "{sent}");
        }
        assert_eq!(expect(&[(none.clone(), "*")]), Ok(Expect::Absent));
        assert_eq!(expect(&[(none.clone(), "\"1\"")]), Err(400));
        assert_eq!(expect(&[(none, "*"), (matches, "*")]), Err(400));
    }

    #[test]
    fn a_cached_version_is_found_among_others() {
        let known = |sent: &str| KnownVersions(Some(sent.into())).contains(3);
        assert!(known("\"3\"") && known("W/\"3\"") && known("\"1\", \"3\"") && known("*"));
        assert!(!known("\"33\"") && !known("3") && !known("") && !KnownVersions(None).contains(3));
        let known = |sent: &str| KnownVersions(Some(sent.into())).contains_tag("\"a1\"");
        assert!(known("\"a1\"") && known("\"b2\", W/\"a1\"") && known("*"));
        assert!(!known("a1") && !known("\"a11\"") && !known(""));
    }
}
