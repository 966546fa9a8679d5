//! What a text looks like: the surest marks first.

use super::{patterns, table};
use crate::process::{
    json::{First, first, skip_space},
    lines::lines,
};

/// Which format a text is in, of which nobody said anything.
///
/// Each rule looks at the beginning of the text only, except where the whole must fit to be what it
/// seems (one JSON document). The order matters where several would fit: what begins with a mark
/// that nothing else has comes first, what is only likely comes last.
pub(super) fn sniff(text: &str, said_form: bool) -> &'static str {
    // `curl -d` says "form" of everything; a form has no line breaks and no bare spaces.
    if patterns::form(text, said_form) {
        return "form";
    }
    if let Some(format) = json(text) {
        return format;
    }
    let sample = patterns::sample(text);
    let all = |fits: fn(&str) -> bool| !sample.is_empty() && sample.iter().all(|line| fits(line));
    // `<34>`: before XML, which begins with the same character.
    if all(patterns::syslog_priority) {
        return "syslog";
    }
    if patterns::xml(text) {
        return "xml";
    }
    if all(patterns::cef) {
        return "cef";
    }
    // Its comments say what it is.
    if patterns::has_metric_comment(&sample) && patterns::prometheus(text) {
        return "prometheus";
    }
    if patterns::influx(&sample) {
        return "influx";
    }
    if all(patterns::access_log) {
        return "access-log";
    }
    // A syslog file has lost its priorities, but not the rest of its form.
    if all(patterns::syslog_file) {
        return "syslog";
    }
    if patterns::yaml(text) {
        return "yaml";
    }
    if patterns::toml(text) {
        return "toml";
    }
    if let Some(format) = table::table(text) {
        return format;
    }
    if all(patterns::logfmt) {
        return "logfmt";
    }
    "text"
}

/// Which of the formats made of JSON a text is in. A single number or word is a text like any
/// other: only an object or an array is an unmistakable beginning.
pub(super) fn json(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let start = skip_space(bytes, 0);
    if !matches!(bytes.get(start), Some(b'{' | b'[')) {
        // Programs greet before they log: three lines of four will do then.
        let (good, count) = json_lines(text);
        return (good >= 3 && good * 4 >= count * 3).then_some("ndjson");
    }
    let rest = text.get(start..)?;
    // A record separator in front says that this is a sequence, even of one.
    if bytes.get(..start).is_some_and(|before| before.contains(&0x1E)) {
        return Some("concatenated-json");
    }
    match first(rest) {
        First::Whole => Some("json"),
        // One bad line makes no other format of its neighbours: half of them must be JSON. The
        // first may be the bad one.
        First::No => has_json_lines(text).then_some("ndjson"),
        First::Until(_) if has_json_lines(text) => Some("ndjson"),
        First::Until(end) => is_concatenated(rest, end).then_some("concatenated-json"),
    }
}

/// Whether a text is at most one object or array: behind each bracket that closes comes a comma,
/// another one that closes, or nothing. A text in it may say otherwise; then it is looked at again,
/// more closely.
pub(super) fn seems_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let goes_on =
        |place: usize| matches!(bytes.get(skip_space(bytes, place + 1)), None | Some(b',' | b'}' | b']'));
    matches!(bytes.first(), Some(b'{' | b'[')) && memchr::memchr2_iter(b'}', b']', bytes).all(goes_on)
}

/// The JSON format that was said, when the text is made of values that are neither objects nor
/// arrays.
pub(super) fn json_scalars(text: &str, said: &'static str) -> Option<&'static str> {
    match (first(text), said) {
        (First::Whole, _) => Some(said),
        (First::Until(_), "json") => all_json_lines(text).then_some("ndjson"),
        (First::Until(_), _) => Some(said),
        (First::No, _) => None,
    }
}

fn has_json_lines(text: &str) -> bool {
    let (good, count) = json_lines(text);
    count > 1 && good * 2 >= count
}

/// How many of the first lines are objects or arrays, and how many there are.
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

/// Whether values follow each other; the last one may be cut off, or it would take the others with
/// it.
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
