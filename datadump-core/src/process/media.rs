//! Parses content types.

/// A parsed content type, such as `text/csv; charset=utf-8`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Media<'a> {
    /// The type without its parameters, in its original case: `text/csv`.
    pub(super) essence: &'a str,
    parameters: &'a str,
}

impl<'a> Media<'a> {
    /// Parses a content type. Never fails: a malformed one has an empty or unknown essence.
    pub(super) fn parse(content_type: Option<&'a str>) -> Self {
        let content_type = content_type.unwrap_or_default();
        let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        Self { essence: essence.trim(), parameters }
    }

    /// Returns whether the essence is one of these names, ignoring case.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.essence.eq_ignore_ascii_case(name))
    }

    /// Returns whether the essence starts with a prefix, ignoring case.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        self.essence.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    /// Returns whether the essence ends with a suffix, ignoring case.
    pub(super) fn ends_with(&self, suffix: &str) -> bool {
        let start = self.essence.len().checked_sub(suffix.len());
        let end = start.and_then(|start| self.essence.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    }

    /// Returns the value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let found = self.parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        })?;
        Some(found.trim().trim_matches('"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_content_type_is_parsed() {
        for (content_type, essence, charset) in [
            ("text/csv", "text/csv", None),
            ("text/csv; charset=utf-8", "text/csv", Some("utf-8")),
            ("text/csv ;header=absent; Charset=\"Latin1\"", "text/csv", Some("Latin1")),
            ("", "", None),
            (";;=;charset", "", None),
            ("\u{e9}; charset=é", "\u{e9}", Some("é")),
        ] {
            let media = Media::parse(Some(content_type));
            assert_eq!((media.essence, media.parameter("charset")), (essence, charset), "{content_type}");
        }
        let media = Media::parse(Some("Application/Vnd.Api+JSON"));
        assert!(media.starts_with("application/") && media.ends_with("+json") && !media.ends_with("é+json"));
    }
}
