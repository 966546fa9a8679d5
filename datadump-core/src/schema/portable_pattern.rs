//! Translates patterns into the regular expressions of other languages: JSON Schema asks for those of ECMAScript, and
//! many of its implementations use those of their own language. What they have in common is enough for most patterns.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look};

/// Maximum length of a translated pattern. Classes such as `\w`, which is all letters of all scripts here, exceed it.
const MAX_BYTES: usize = 1_000;

/// Returns the equivalent of a pattern, which matches the whole text, if there is one that means the same everywhere.
pub(super) fn of(pattern: &str) -> Option<String> {
    let mut text = String::from("^");
    let expression = regex_syntax::parse(pattern).ok()?;
    match expression.kind() {
        HirKind::Alternation(_) => group(&expression, &mut text)?,
        _ => write(&expression, &mut text)?,
    }
    text.push('$');
    Some(text)
}

/// Appends an expression.
fn write(expression: &Hir, text: &mut String) -> Option<()> {
    match expression.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).ok()?.chars().try_for_each(|c| character(c, text))?;
        }
        HirKind::Class(class) => self::class(class, text)?,
        // Within a line, these are where they are in other languages.
        HirKind::Look(Look::Start) => text.push('^'),
        HirKind::Look(Look::End) => text.push('$'),
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => {
            group(&repetition.sub, text)?;
            match (repetition.min, repetition.max) {
                (0, None) => text.push('*'),
                (1, None) => text.push('+'),
                (0, Some(1)) => text.push('?'),
                (min, Some(max)) if min == max => text.push_str(&format!("{{{min}}}")),
                (min, max) => {
                    let max = max.map(|max| max.to_string()).unwrap_or_default();
                    text.push_str(&format!("{{{min},{max}}}"));
                }
            }
        }
        HirKind::Capture(capture) => group(&capture.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                match part.kind() {
                    HirKind::Alternation(_) => group(part, text)?,
                    _ => write(part, text)?,
                }
            }
        }
        HirKind::Alternation(choices) => {
            for (place, choice) in choices.iter().enumerate() {
                if place > 0 {
                    text.push('|');
                }
                write(choice, text)?;
            }
        }
    }
    (text.len() <= MAX_BYTES).then_some(())
}

/// Appends an expression as one unit, which can be repeated.
fn group(expression: &Hir, text: &mut String) -> Option<()> {
    let is_unit = match expression.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).is_ok_and(|literal| literal.chars().count() == 1)
        }
        // It makes its own group.
        HirKind::Capture(_) => true,
        _ => false,
    };
    if is_unit {
        return write(expression, text);
    }
    text.push_str("(?:");
    write(expression, text)?;
    text.push(')');
    Some(())
}

fn class(class: &Class, text: &mut String) -> Option<()> {
    let class = match class {
        Class::Unicode(class) => class.clone(),
        Class::Bytes(bytes) => bytes.to_unicode_class()?,
    };
    let is_negated = class.ranges().last().is_some_and(|range| range.end() == char::MAX);
    let mut ranges: ClassUnicode = class;
    if is_negated {
        ranges.negate();
        text.push_str("[^");
    } else {
        text.push('[');
    }
    if ranges.ranges().is_empty() {
        // An empty class is not portable.
        return None;
    }
    for range in ranges.ranges() {
        character(range.start(), text)?;
        if range.start() != range.end() {
            text.push('-');
            character(range.end(), text)?;
        }
        if text.len() > MAX_BYTES {
            return None;
        }
    }
    text.push(']');
    Some(())
}

/// Appends a character, escaped where it needs to be, inside and outside classes.
fn character(c: char, text: &mut String) -> Option<()> {
    match c {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        _ if c.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(c))),
        '\\' | '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => {
            text.push('\\');
            text.push(c);
        }
        // Outside a class, ECMAScript allows no escape of `-`.
        '-' => text.push_str("\\x2d"),
        // Two units in some languages.
        '\u{10000}'.. => return None,
        _ => text.push(c),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_patterns_are_translated() {
        for (pattern, expected) in [
            ("[a-z]+-[0-9]", Some(r"^[a-z]+\x2d[0-9]$")),
            ("(?x) a b # a comment", Some("^ab$")),
            ("(?i)ab", Some("^[Aa][Bb]$")),
            (".+@.+", Some(r"^[^\n]+@[^\n]+$")),
            (r"[^\]-]{2,}", Some(r"^[^\x2d\]]{2,}$")),
            ("(ab){3}c?", Some("^(?:ab){3}c?$")),
            ("(?-u:\\d){4}", Some("^[0-9]{4}$")),
            ("ä|ö", Some("^[äö]$")),
            ("", Some("^$")),
            (r"\w+", None),
            (r"\bword", None),
            ("(?m)a$", None),
            ("😀", None),
        ] {
            assert_eq!(of(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn translations_match_the_same_texts() {
        let texts = ["", "a", "ab", "abc", "a-1", "a]", "\n", "ä", "AB", "2026", "a.b", "aab", "b"];
        for pattern in ["a|ab", "[^b]+", ".*", "(?i)ab?", r"a\.b|[0-9]{4}", "(a|b)*c?", r"[\]a-]+", "a{2}b|ä"]
        {
            let Some(translated) = of(pattern) else { panic!("{pattern} is not translated") };
            let original = regex_automata::meta::Regex::new(&format!("^(?:{pattern})$")).unwrap();
            let translated = regex_automata::meta::Regex::new(&translated).unwrap();
            for text in texts {
                assert_eq!(translated.is_match(text), original.is_match(text), "{pattern} {text:?}");
            }
        }
    }
}
