//! Patterns: regular expressions that text must match, compiled once and within limits.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Weak},
};

use parking_lot::Mutex;
use regex_automata::meta::{Builder, Config, Regex};
use regex_syntax::hir::{Hir, Look};

/// Maximum number of patterns per definition.
const MAX_PATTERNS: usize = 250;

/// Maximum size of the source of a pattern. Parsing takes time and memory in proportion to it, also for a
/// pattern that is refused in the end.
const MAX_SOURCE_BYTES: usize = 1000;

/// Maximum size of the sources of all patterns of a definition.
const MAX_ALL_SOURCES_BYTES: usize = 32 << 10;

/// Maximum size of a compiled pattern. Compiling one of this size takes milliseconds.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Maximum size of all compiled patterns of a definition.
const MAX_ALL_COMPILED_BYTES: usize = 4 << 20;

/// Maximum memory of the states that each thread caches while it matches one pattern.
const MATCH_CACHE_BYTES: usize = 256 << 10;

/// A regular expression that must match the whole text.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: Arc<Regex>,
}

/// The part of a definition's limits that its patterns have not used yet.
#[derive(Debug)]
pub(super) struct PatternBudget {
    patterns: usize,
    source_bytes: usize,
    compiled_bytes: usize,
}

impl Default for PatternBudget {
    fn default() -> Self {
        Self {
            patterns: MAX_PATTERNS,
            source_bytes: MAX_ALL_SOURCES_BYTES,
            compiled_bytes: MAX_ALL_COMPILED_BYTES,
        }
    }
}

impl Pattern {
    /// Compiles a pattern within the budget of its definition.
    pub(super) fn parse(source: &str, budget: &mut PatternBudget) -> Result<Self, String> {
        budget.patterns = budget
            .patterns
            .checked_sub(1)
            .ok_or_else(|| format!("a definition can have at most {MAX_PATTERNS} patterns"))?;
        if source.len() > MAX_SOURCE_BYTES {
            return Err(format!("a pattern can have at most {MAX_SOURCE_BYTES} bytes, not {}", source.len()));
        }
        budget.source_bytes = budget.source_bytes.checked_sub(source.len()).ok_or_else(|| {
            format!("the patterns of a definition can have at most {MAX_ALL_SOURCES_BYTES} bytes in total")
        })?;
        let too_large = || {
            "the compiled patterns of a definition are too large in total: use smaller repetitions".to_owned()
        };
        if budget.compiled_bytes == 0 {
            return Err(too_large());
        }
        // A pattern that is refused has cost as much time as the largest one.
        let regex = compiled(source).inspect_err(|_| {
            budget.compiled_bytes = budget.compiled_bytes.saturating_sub(MAX_COMPILED_BYTES);
        })?;
        let left = budget.compiled_bytes.checked_sub(regex.memory_usage());
        budget.compiled_bytes = left.unwrap_or_default();
        left.ok_or_else(too_large)?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// Returns the source of the pattern.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// The compiled patterns in use, by their source. The definition of a version is parsed again whenever the
/// catalogue is read.
static COMPILED: LazyLock<Mutex<HashMap<String, Weak<Regex>>>> = LazyLock::new(Mutex::default);

fn compiled(source: &str) -> Result<Arc<Regex>, String> {
    let known = COMPILED.lock().get(source).and_then(Weak::upgrade);
    if let Some(known) = known {
        return Ok(known);
    }
    let regex = Arc::new(compile(source)?);
    let mut compiled = COMPILED.lock();
    if compiled.len() == compiled.capacity() {
        compiled.retain(|_, regex| regex.strong_count() > 0);
    }
    compiled.insert(source.to_owned(), Arc::downgrade(&regex));
    Ok(regex)
}

/// Compiles an expression, anchored at both ends.
fn compile(source: &str) -> Result<Regex, String> {
    let expression = regex_syntax::parse(source).map_err(|error| error.to_string())?;
    // Not by adding text to the source, with which `a)|(b` would be valid.
    let anchored = Hir::concat(vec![Hir::look(Look::Start), expression, Hir::look(Look::End)]);
    let limits =
        Config::new().nfa_size_limit(Some(MAX_COMPILED_BYTES)).hybrid_cache_capacity(MATCH_CACHE_BYTES);
    Builder::new().configure(limits).build_from_hir(&anchored).map_err(|error| match error.size_limit() {
        Some(_) => format!(
            "the pattern takes more than {MAX_COMPILED_BYTES} bytes when compiled: use smaller repetitions, \
             or ASCII classes such as [0-9] or (?-u:\\w)"
        ),
        None => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        for (source, text, expected) in [
            ("[a-z]+-[0-9]", "ab-1", true),
            ("[a-z]+-[0-9]", "ab-12", false),
            ("a|ab", "ab", true),
            ("(?x) a b # a comment", "ab", true),
            ("(?m)a$", "a\nb", false),
            (r"\d{4}", "١٢٣٤", true),
            ("", "", true),
        ] {
            let pattern = Pattern::parse(source, &mut PatternBudget::default()).unwrap();
            assert_eq!(pattern.matches(text), expected, "{source} {text}");
        }
        for invalid in ["(", "a)|(b", "a)|(?:b", "*", r"(?i"] {
            assert!(Pattern::parse(invalid, &mut PatternBudget::default()).is_err(), "{invalid}");
        }
    }

    #[test]
    fn the_patterns_of_a_definition_are_limited_together() {
        let count = |source: &dyn Fn(usize) -> String| {
            let mut budget = PatternBudget::default();
            (0..1000).take_while(|number| Pattern::parse(&source(*number), &mut budget).is_ok()).count()
        };
        assert_eq!(count(&|number| format!("[a-z]{number}")), MAX_PATTERNS);
        assert_eq!(count(&|_| "a".repeat(MAX_SOURCE_BYTES + 1)), 0);
        assert_eq!(count(&|_| "a?".repeat(250)), MAX_ALL_SOURCES_BYTES / 500);
        assert_eq!(count(&|_| r"\w{50}".to_owned()), 0);
        let medium = count(&|_| r"\w{10}".to_owned());
        assert!((4..40).contains(&medium), "{medium}");
    }

    #[test]
    fn a_pattern_in_use_is_compiled_once() {
        let parse = || Pattern::parse("compiled once, [0-9]+", &mut PatternBudget::default()).unwrap();
        let (one, other) = (parse(), parse());
        assert!(Arc::ptr_eq(&one.regex, &other.regex));
        drop((one, other));
        assert!(COMPILED.lock().get("compiled once, [0-9]+").is_some_and(|known| known.strong_count() == 0));
    }
}
