//! Pages of lists, with links to the next and previous page.

use datadump_core::Listing;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::problem::Problem;

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

/// Characters encoded in a query; the exceptions keep links readable.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',').remove(b':');
/// Characters encoded in a path segment, besides all non-ASCII ones.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The requested page of a list that is complete in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    limit: u64,
    offset: u64,
}

impl Window {
    pub(crate) fn new(limit: Option<u64>, offset: Option<u64>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let detail = format!("`limit` must be from 1 to {MAX_LIMIT}, not {limit}");
            return Err(Problem::parameter("limit", "limit", detail));
        }
        Ok(Self { limit, offset: offset.unwrap_or(0) })
    }

    /// Returns the maximum number of results.
    pub(crate) fn limit(self) -> u64 {
        self.limit
    }

    /// Returns the number of results to skip.
    pub(crate) fn offset(self) -> u64 {
        self.offset
    }

    /// Returns the page of all these items.
    pub(crate) fn of<T>(self, mut items: Vec<T>) -> Listing<Vec<T>> {
        let count = items.len() as u64;
        items.drain(..usize::try_from(self.offset).unwrap_or(usize::MAX).min(items.len()));
        items.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        self.listing(count, items)
    }

    /// Returns the page with these results of `count` in total. It may have ended before its limit.
    pub(crate) fn listing<T>(self, count: u64, results: Vec<T>) -> Listing<Vec<T>> {
        let Self { limit, offset } = self;
        let at = |offset: u64| {
            vec![("limit".to_owned(), limit.to_string()), ("offset".to_owned(), offset.to_string())]
        };
        let end = offset.saturating_add(results.len() as u64);
        let next = (end < count).then(|| at(end));
        let previous = (offset > 0).then(|| at(offset.saturating_sub(limit)));
        Listing { rows: results, count: Some(count), estimated: false, next, previous }
    }
}

/// Returns a URL with a query.
pub(crate) fn link(path: &str, parameters: &[(String, String)]) -> String {
    let encode = |text| utf8_percent_encode(text, QUERY).to_string();
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Encodes a name as a path segment.
pub(crate) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_link_to_their_neighbours() {
        for (limit, offset, results, next, previous) in [
            (None, None, vec![0, 1, 2, 3, 4], None, None),
            (Some(2), None, vec![0, 1], Some("2"), None),
            (Some(2), Some(2), vec![2, 3], Some("4"), Some("0")),
            (Some(2), Some(4), vec![4], None, Some("2")),
            (Some(2), Some(u64::MAX), vec![], None, Some("18446744073709551613")),
        ] {
            let page = Window::new(limit, offset).unwrap().of(vec![0, 1, 2, 3, 4]);
            assert_eq!((page.count, page.rows), (Some(5), results));
            for (found, expected) in [(page.next, next), (page.previous, previous)] {
                let offset = found.as_ref().map(|parameters| parameters[1].1.as_str());
                assert_eq!(offset, expected);
            }
        }
        // A page that ended early goes on where it ended.
        let early = Window::new(Some(3), Some(1)).unwrap().listing(5, vec![1]);
        assert_eq!(early.next.unwrap()[1].1, "2");
        for limit in [0, 1001] {
            assert_eq!(Window::new(Some(limit), None).unwrap_err().status, 400);
        }
    }

    #[test]
    fn links_are_encoded() {
        let parameters = [("a".to_owned(), "x y&z=ü".to_owned()), ("ordering".to_owned(), "-a,b".to_owned())];
        assert_eq!(link("/x/", &parameters), "/x/?a=x%20y%26z%3D%C3%BC&ordering=-a,b");
        assert_eq!(encoded("a/b ü-_"), "a%2Fb%20%C3%BC-_");
    }
}
