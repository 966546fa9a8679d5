//! Faults: problems in a request, each with its place.

use std::fmt;

/// A problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Place of the problem.
    pub at: Place,
    /// Error code for programs: lowercase words with hyphens.
    pub code: &'static str,
    /// Description for people.
    pub detail: String,
}

impl Fault {
    /// Creates a fault.
    pub fn new(at: Place, code: &'static str, detail: impl Into<String>) -> Self {
        Self { at, code, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at.to_string();
        if place.is_empty() { f.write_str(&self.detail) } else { write!(f, "{place}: {}", self.detail) }
    }
}

/// A place in the request: a path in the JSON body, or a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A path in the JSON body; empty for the whole body.
    Body(Vec<PathSegment>),
    /// The name of a query parameter.
    Parameter(String),
}

/// A segment of a path in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// Name of an object member.
    Name(String),
    /// Index of an array item.
    Index(usize),
}

impl Place {
    /// Returns the place of the whole body.
    pub fn body() -> Self {
        Self::Body(Vec::new())
    }

    /// Returns the place of a member of the body.
    pub fn field(name: impl Into<String>) -> Self {
        Self::body().name(name)
    }

    /// Returns the place of a member of this place.
    #[must_use]
    pub fn name(&self, name: impl Into<String>) -> Self {
        self.join(PathSegment::Name(name.into()))
    }

    /// Returns the place of an array item of this place.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(PathSegment::Index(index))
    }

    /// Returns a place of this place, given as if it were a place of the body.
    #[must_use]
    pub(crate) fn within(&self, inner: &Self) -> Self {
        match inner {
            Self::Body(segments) => {
                segments.iter().fold(self.clone(), |at, segment| at.join(segment.clone()))
            }
            Self::Parameter(_) => self.clone(),
        }
    }

    fn join(&self, segment: PathSegment) -> Self {
        match self {
            Self::Body(segments) => Self::Body(segments.iter().cloned().chain([segment]).collect()),
            Self::Parameter(name) => Self::Parameter(name.clone()),
        }
    }

    /// Returns the JSON pointer (RFC 6901), or `None` for a query parameter.
    ///
    /// ```
    /// use datadump_core::Place;
    /// let place = Place::field("fields").index(2).name("max_length");
    /// assert_eq!(place.pointer().unwrap(), "/fields/2/max_length");
    /// assert_eq!(place.to_string(), "fields[2].max_length");
    /// ```
    pub fn pointer(&self) -> Option<String> {
        let Self::Body(segments) = self else { return None };
        let mut pointer = String::new();
        for segment in segments {
            pointer.push('/');
            match segment {
                PathSegment::Name(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                PathSegment::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        Some(pointer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = match self {
            Self::Parameter(name) => return f.write_str(name),
            Self::Body(segments) => segments,
        };
        for (position, segment) in segments.iter().enumerate() {
            match segment {
                PathSegment::Name(name) if position == 0 => f.write_str(name)?,
                PathSegment::Name(name) => write!(f, ".{name}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
