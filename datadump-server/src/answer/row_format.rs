//! The formats in which rows are sent, and how a request chooses one.

use poem::http::{HeaderMap, header};

/// A format in which rows are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowFormat {
    NdJson,
    Csv,
    Json,
    Parquet,
}

impl RowFormat {
    /// All formats.
    pub(crate) const ALL: [Self; 4] = [Self::NdJson, Self::Csv, Self::Json, Self::Parquet];

    /// Returns the name in queries, which is also the extension of a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NdJson => "ndjson",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }

    /// Returns the content type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::NdJson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Returns the content type without parameters.
    pub(crate) fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// Returns the format with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns the format that the client prefers according to `Accept`. `None` if it names no format, or prefers any
    /// format to those that it names.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Option<Self>)> = None;
        let sent = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in sent.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let format = Self::ALL.into_iter().find(|format| format.media_type() == media);
            let Some(quality) = quality.filter(|quality| *quality > 0.0) else { continue };
            // Other media types, such as those of a page, do not count, but any type at all does.
            if (format.is_some() || media == "*/*") && best.is_none_or(|(other, _)| quality > other) {
                best = Some((quality, format));
            }
        }
        best.and_then(|(_, format)| format)
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn the_most_preferred_format_is_chosen() {
        for (accept, expected) in [
            (&[][..], None),
            (&["*/*"], None),
            (&["text/csv"], Some(RowFormat::Csv)),
            (&["Text/CSV; charset=utf-8"], Some(RowFormat::Csv)),
            (&["application/json, text/csv;q=0.9"], Some(RowFormat::Json)),
            (&["application/json;q=0.5, text/csv;q=0.9"], Some(RowFormat::Csv)),
            (&["application/x-ndjson, */*;q=0.1"], Some(RowFormat::NdJson)),
            (&["*/*, text/csv;q=0.5"], None),
            (&["text/html", "application/vnd.apache.parquet"], Some(RowFormat::Parquet)),
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], None),
            (&["text/csv;q=0"], None),
            (&["text/csv;q=x"], None),
            (&["image/png"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(value));
            }
            assert_eq!(RowFormat::accepted(&headers), expected, "{accept:?}");
        }
        for format in RowFormat::ALL {
            assert_eq!(RowFormat::named(format.name()), Some(format));
        }
        assert_eq!(RowFormat::named("CSV"), None);
    }
}
