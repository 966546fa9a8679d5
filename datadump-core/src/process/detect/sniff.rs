//! Detects the format of text by its appearance.

use std::cell::OnceCell;

use serde::de::IgnoredAny;

use super::{patterns, table};
use crate::process::{
    json::{First, first, scan, skip_space},
    lines::lines,
};

/// A text and what the rules need to know about it.
struct Subject<'t> {
    text: &'t str,
    is_claimed_form: bool,
    /// The first lines; taken when the first rule needs them.
    sample: OnceCell<Vec<&'t str>>,
}

impl Subject<'_> {
    fn sample(&self) -> &[&str] {
        self.sample.get_or_init(|| patterns::sample(self.text))
    }

    /// Returns whether all of the first lines match.
    fn all(&self, fits: fn(&str) -> bool) -> bool {
        let sample = self.sample();
        !sample.is_empty() && sample.iter().all(|line| fits(line))
    }
}

/// Recognizes a format, and says by what.
type Rule = fn(&Subject<'_>) -> Option<Sniffed>;

/// The rules in the order in which they are tried: formats with an unmistakable signature come first, those that are
/// merely likely come last.
const RULES: &[Rule] = &[
    // `curl -d` declares everything as a form; a real form has no line breaks or unescaped spaces.
    |it| {
        on(
            patterns::form(it.text, it.is_claimed_form),
            "form",
            "it consists of `name=value` pairs joined by `&`",
        )
    },
    |it| json(it.text).map(json_sniffed),
    // Fails with a JSON error that says where it is invalid.
    |it| on(is_meant_as_json(it.text), "json", "it begins like JSON, although it is not valid JSON"),
    // `<34>`: before XML, which starts with the same character.
    |it| {
        on(
            it.all(patterns::syslog_priority),
            "syslog",
            "its lines begin with a syslog priority such as `<34>`",
        )
    },
    |it| on(patterns::xml(it.text), "xml", "it begins with an XML tag"),
    |it| on(it.all(patterns::cef), "cef", "its lines begin with `CEF:` or `LEEF:`"),
    // The comments are unmistakable.
    |it| {
        let is_metrics = patterns::has_metric_comment(it.sample()) && patterns::prometheus(it.text);
        on(is_metrics, "prometheus", "it has the `# TYPE` and `# HELP` comments of Prometheus metrics")
    },
    |it| on(patterns::influx(it.sample()), "influx", "its lines are those of the InfluxDB line protocol"),
    |it| {
        on(
            it.all(patterns::access_log),
            "access-log",
            "its lines are those of the access log of a web server",
        )
    },
    // Syslog written to a file, without the priority.
    |it| on(it.all(patterns::syslog_file), "syslog", "its lines begin with a syslog time and host"),
    |it| on(patterns::yaml(it.text), "yaml", "it is a YAML document with several members"),
    |it| on(patterns::toml(it.text), "toml", "it is a TOML document"),
    |it| {
        table::table(it.text).map(|format| (format, "it has a header and rows with the same number of cells"))
    },
    |it| on(it.all(patterns::logfmt), "logfmt", "its lines consist of `name=value` pairs"),
];

/// A recognized format, and by what it was recognized.
pub(super) type Sniffed = (&'static str, &'static str);

/// The result if no rule applies.
const PLAIN_TEXT: Sniffed = ("text", "it is text in no other format that is recognized");

fn on(is_recognized: bool, format: &'static str, why: &'static str) -> Option<Sniffed> {
    is_recognized.then_some((format, why))
}

fn json_sniffed(format: &'static str) -> Sniffed {
    (
        format,
        match format {
            "json" => "it is one JSON object or array",
            "ndjson" => "its lines are JSON",
            _ => "it consists of several JSON values, one after another",
        },
    )
}

/// Detects the format of text without a usable content type.
///
/// Rules examine only the start of the text, except those that must match all of it (one JSON document).
pub(super) fn sniff(text: &str, is_claimed_form: bool) -> Sniffed {
    let subject = Subject { text, is_claimed_form, sample: OnceCell::new() };
    RULES.iter().find_map(|rule| rule(&subject)).unwrap_or(PLAIN_TEXT)
}

/// Returns all formats that a rule recognizes in a text, in the order of the rules.
pub(super) fn candidates(text: &str, is_claimed_form: bool) -> Vec<&'static str> {
    let subject = Subject { text, is_claimed_form, sample: OnceCell::new() };
    let recognized = RULES.iter().filter_map(|rule| rule(&subject));
    recognized.chain([PLAIN_TEXT]).map(|(format, _)| format).collect()
}

/// Detects the JSON formats. Only an object or array counts as JSON: a single number or word is plain
/// text.
pub(super) fn json(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let start = skip_space(bytes, 0);
    if !matches!(bytes.get(start), Some(b'{' | b'[')) {
        // Programs may print a banner before they log JSON: three of four lines are enough.
        let (good, count) = json_lines(text);
        return (good >= 3 && good * 4 >= count * 3).then_some("ndjson");
    }
    let rest = text.get(start..)?;
    // A record separator marks a JSON sequence, even of one value.
    if bytes.get(..start).is_some_and(|before| before.contains(&0x1E)) {
        return Some("concatenated-json");
    }
    match first(rest) {
        First::Whole => Some("json"),
        // Tolerates invalid lines, including the first one: half of them must be JSON.
        First::No => has_json_lines(text).then_some("ndjson"),
        First::Until(_) if has_json_lines(text) => Some("ndjson"),
        First::Until(end) => is_concatenated(rest, end).then_some("concatenated-json"),
    }
}

/// Returns whether text that is not JSON was plainly meant to be: it starts with an object that has a member,
/// or with an array of values that is cut off. Prose may start with brackets, too: `[note] call Bob`.
fn is_meant_as_json(text: &str) -> bool {
    let bytes = text.as_bytes();
    let after = |place: usize| skip_space(bytes, place);
    let start = after(0);
    match bytes.get(start) {
        Some(b'{') => is_meant_as_object(text, start),
        Some(b'[') => match bytes.get(after(start + 1)) {
            Some(b'{') => is_meant_as_object(text, after(start + 1)) || is_cut_off(text),
            Some(b'"' | b'-' | b'0'..=b'9' | b'[' | b't' | b'f' | b'n') => {
                let first = scan(bytes, after(start + 1)).end;
                bytes.get(after(first)) == Some(&b',') && is_cut_off(text)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether text was meant as an object that starts at a byte offset, and is not one followed by
/// something else.
fn is_meant_as_object(text: &str, start: usize) -> bool {
    let bytes = text.as_bytes();
    let name = skip_space(bytes, start + 1);
    if bytes.get(name) != Some(&b'"') {
        return false;
    }
    let colon = skip_space(bytes, scan(bytes, name).end);
    match (bytes.get(colon), first(text.get(start..).unwrap_or_default())) {
        (None, _) => true,
        (Some(b':'), First::No) => true,
        (Some(b':'), First::Until(end)) => {
            matches!(bytes.get(skip_space(bytes, start + end)), Some(b',' | b']' | b'}'))
        }
        _ => false,
    }
}

/// Returns whether text is the beginning of a JSON value.
fn is_cut_off(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

/// Returns whether text looks like a single object or array: every closing bracket is followed by a
/// comma, another closing bracket, or the end. Brackets inside strings may give a false negative, which
/// only leads to a closer look.
pub(super) fn seems_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let goes_on =
        |place: usize| matches!(bytes.get(skip_space(bytes, place + 1)), None | Some(b',' | b'}' | b']'));
    matches!(bytes.first(), Some(b'{' | b'[')) && memchr::memchr2_iter(b'}', b']', bytes).all(goes_on)
}

/// Returns the claimed JSON format if the text consists of scalars.
pub(super) fn json_scalars(text: &str, claimed: &'static str) -> Option<&'static str> {
    match (first(text), claimed) {
        (First::Whole, _) => Some(claimed),
        (First::Until(_), "json") => all_json_lines(text).then_some("ndjson"),
        (First::Until(_), _) => Some(claimed),
        (First::No, _) => None,
    }
}

fn has_json_lines(text: &str) -> bool {
    let (good, count) = json_lines(text);
    count > 1 && good * 2 >= count
}

/// Counts the first lines that are objects or arrays, and all first lines.
fn json_lines(text: &str) -> (usize, usize) {
    let (mut good, mut count) = (0, 0);
    for line in lines(text).filter(|line| !line.is_blank()).take(20) {
        count += 1;
        good += usize::from(line.text.trim_start().starts_with(['{', '[']) && is_whole(line.text));
    }
    (good, count)
}

fn all_json_lines(text: &str) -> bool {
    lines(text).filter(|line| !line.is_blank()).take(20).all(|line| is_whole(line.text))
}

fn is_whole(text: &str) -> bool {
    matches!(first(text), First::Whole)
}

/// Returns whether text consists of concatenated values. The last one may be truncated, so that it does
/// not affect the others.
fn is_concatenated(text: &str, mut end: usize) -> bool {
    let mut rest = text;
    for _ in 0..20 {
        rest = rest.get(skip_space(rest.as_bytes(), end)..).unwrap_or_default();
        if !rest.starts_with(['{', '[']) {
            return rest.is_empty();
        }
        match first(rest) {
            First::Whole => return true,
            First::Until(next) => end = next,
            First::No => return rest.starts_with("{\"") || rest.starts_with("[{"),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_is_told_from_prose() {
        for text in [
            r#"{"x":1"#,
            r#" { "x" : 1"#,
            r#"{"x":1,,"y":2}"#,
            r#"{"x":1,}"#,
            r#"{"x":1}}"#,
            r#"{"x":1},"#,
            r#"{"x": nan}"#,
            r#"{"x": "open"#,
            r#"{"x"#,
            r#"{"x""#,
            r#"[{"x":1}"#,
            r#"[{"x":1},"#,
            r#"[{"x":1]"#,
            r#"["a", "b""#,
            "[1, 2",
            "{\n  \"x\": 1,\n  \"y\": {\n",
        ] {
            assert_eq!(sniff(text, false).0, "json", "{text}");
        }
        for text in [
            "[note] call Bob",
            "{curly} words",
            "[12:30:05] started",
            "[1] the first footnote, [2] the second",
            "[1, 2] and more",
            "[INFO] {\"x\": 1",
            "[] empty",
            "{} empty",
            "[",
            "{",
            "[x, y",
            "{'x': 1}",
            "{\"quoted\"} words",
            "{\"x\":1} is what they sent\nand more\nand more",
            "[\"a\"] said Bob",
        ] {
            assert_eq!(sniff(text, false).0, "text", "{text}");
        }
    }
}
