//! Pages of lists, with links to the next and previous page.

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

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) count: u64,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
    pub(crate) results: Vec<T>,
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

    /// Returns the page of a list at `path`.
    pub(crate) fn of<T>(self, path: &str, items: Vec<T>) -> Page<T> {
        let Self { limit, offset } = self;
        let count = items.len() as u64;
        let at = |offset: u64| {
            link(path, &[("limit".into(), limit.to_string()), ("offset".into(), offset.to_string())])
        };
        let end = offset.saturating_add(limit);
        let next = (end < count).then(|| at(end));
        let previous = (offset > 0).then(|| at(offset.saturating_sub(limit)));
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let length = usize::try_from(limit).unwrap_or(usize::MAX);
        Page { count, next, previous, results: items.into_iter().skip(skipped).take(length).collect() }
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
            (Some(2), None, vec![0, 1], Some("/x/?limit=2&offset=2"), None),
            (Some(2), Some(2), vec![2, 3], Some("/x/?limit=2&offset=4"), Some("/x/?limit=2&offset=0")),
            (Some(2), Some(4), vec![4], None, Some("/x/?limit=2&offset=2")),
            (Some(2), Some(u64::MAX), vec![], None, Some("/x/?limit=2&offset=18446744073709551613")),
        ] {
            let page = Window::new(limit, offset).unwrap().of("/x/", vec![0, 1, 2, 3, 4]);
            assert_eq!((page.count, page.results), (5, results));
            assert_eq!((page.next.as_deref(), page.previous.as_deref()), (next, previous));
        }
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
