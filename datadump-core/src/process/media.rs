//! A content type, taken apart.

/// A content type as it was sent: `text/csv; charset=utf-8`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Media<'a> {
    /// `text/csv`, as it was written.
    pub(super) essence: &'a str,
    parameters: &'a str,
}

impl<'a> Media<'a> {
    /// Takes it apart. Whatever it is, something comes out.
    pub(super) fn parse(content_type: Option<&'a str>) -> Self {
        let content_type = content_type.unwrap_or_default();
        let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        Self { essence: essence.trim(), parameters }
    }

    /// Whether it is one of these, whatever their case.
    pub(super) fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.essence.eq_ignore_ascii_case(name))
    }

    /// Whether it begins with this.
    pub(super) fn begins(&self, with: &str) -> bool {
        self.essence.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
    }

    /// Whether it ends with this.
    pub(super) fn ends(&self, with: &str) -> bool {
        let start = self.essence.len().checked_sub(with.len());
        let end = start.and_then(|start| self.essence.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(with))
    }

    /// One of its parameters, without its quotes.
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
    fn any_content_type_is_taken_apart() {
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
        assert!(media.begins("application/") && media.ends("+json") && !media.ends("é+json"));
    }
}
