//! Patterns that recognise a format, one function per format.

use crate::process::{
    formats::{prometheus, toml, xml, yaml},
    infer_scalar,
};

/// Maximum number of lines in a sample.
const SAMPLE_LINES: usize = 50;

/// Maximum size of a sample.
const SAMPLE_BYTES: usize = 64 * 1024;

/// Maximum size of text that is parsed completely to detect YAML or TOML.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Returns the first non-empty lines. A long line is never truncated, because half of it might match a
/// different format.
pub(super) fn sample(text: &str) -> Vec<&str> {
    let mut bytes = 0;
    let mut sample = Vec::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(SAMPLE_LINES) {
        bytes += line.len();
        if bytes > SAMPLE_BYTES && !sample.is_empty() {
            break;
        }
        sample.push(line);
    }
    sample
}

/// Recognises `name=rex&legs=4`. One pair is enough if the content type is a form; otherwise two are
/// required, because `speed=1.75` may be anything. A declared form with two pairs may contain unescaped
/// spaces, as sent by `curl -d`; if another `=` follows a space it is logfmt.
pub(super) fn form(text: &str, is_declared: bool) -> bool {
    let text = text.trim_end();
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(name, value)| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.~*%+[]:@".contains(&byte))
                && has_whole_escapes(name)
                && has_whole_escapes(value)
                && !(value.contains(' ') && value.contains('='))
        })
    };
    let may_have_spaces = is_declared && text.contains('&');
    let is_plain = !text.contains(|character: char| {
        let is_space = character.is_whitespace() && !(character == ' ' && may_have_spaces);
        is_space || character.is_control() || "\"<>{}|\\^`".contains(character)
    });
    let pairs = || text.split('&').filter(|pair| !pair.is_empty());
    is_plain && pairs().count() > usize::from(!is_declared) && pairs().all(is_pair)
}

fn has_whole_escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.get(..2).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())))
}

/// Recognises the priority of a syslog message, `<34>`: 0 to 191, over TCP preceded by the length of the
/// message (RFC 6587).
pub(super) fn syslog_priority(line: &str) -> bool {
    let line = match line.split_once(' ') {
        Some((length, rest)) if length.parse::<u32>().is_ok() => rest,
        _ => line,
    };
    let number = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(number, _)| number);
    number.is_some_and(|number| {
        number.len() <= 3
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && number.parse::<u8>().is_ok_and(|number| number <= 191)
    })
}

/// Recognises `Jan  2 15:04:05 host tag[pid]: message`, as in syslog files and printed journals.
pub(super) fn syslog_file(line: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = line.split_ascii_whitespace();
    let is_month = words.next().is_some_and(|word| MONTHS.contains(&word));
    let is_day =
        words.next().and_then(|word| word.parse::<u8>().ok()).is_some_and(|day| (1..=31).contains(&day));
    let is_time = words.next().is_some_and(is_clock);
    let has_host = words.next().is_some_and(|word| !word.ends_with(':'));
    let has_tag = words.next().is_some_and(|word| word.ends_with(':') && word.len() > 1);
    is_month && is_day && is_time && has_host && has_tag
}

fn is_clock(word: &str) -> bool {
    let shape = word.bytes().enumerate().all(|(place, byte)| match place {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    word.len() == 8 && shape
}

/// Recognises XML that is well-formed within the sample and not HTML.
pub(super) fn xml(text: &str) -> bool {
    text.trim_start().starts_with('<') && xml::looks_like(text)
}

/// Recognises `CEF:0|` or `LEEF:2.0|`, at the start or after a syslog header.
pub(super) fn cef(line: &str) -> bool {
    ["CEF:", "LEEF:"].iter().any(|mark| {
        line.find(mark).is_some_and(|at| {
            let before = line.get(..at).unwrap_or_default();
            let after = line.get(at + mark.len()..).unwrap_or_default();
            (before.is_empty() || before.ends_with(' '))
                && before.len() <= 100
                && after.trim_start().starts_with(|first: char| first.is_ascii_digit())
                && after.matches('|').count() >= 4
        })
    })
}

/// Recognises `# TYPE name counter` or `# HELP name …`.
pub(super) fn has_metric_comment(sample: &[&str]) -> bool {
    sample.iter().any(|line| line.starts_with("# TYPE ") || line.starts_with("# HELP "))
}

/// Recognises Prometheus metrics: comments and samples only.
pub(super) fn prometheus(text: &str) -> bool {
    let sample = sample(text);
    !sample.is_empty() && sample.iter().all(|line| line.starts_with('#') || prometheus::is_sample(line))
}

/// Recognises `measurement,tag=value field=1,other="x" 1465839830100400200`.
pub(super) fn influx(sample: &[&str]) -> bool {
    let mut points = sample.iter().filter(|line| !line.starts_with('#')).peekable();
    points.peek().is_some() && points.all(|line| is_point(line))
}

fn is_point(line: &str) -> bool {
    let mut parts = split_unescaped(line, ' ').into_iter().filter(|part| !part.is_empty());
    let (Some(series), Some(fields), time, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let mut tags = split_unescaped(series, ',').into_iter();
    let measurement = tags.next().unwrap_or_default();
    let is_measurement = !measurement.is_empty()
        && !measurement.contains(['=', ':', '"', '{', '['])
        && !measurement.starts_with(['#', '<', '-']);
    let has_pair = |text: &str, is_value: fn(&str) -> bool| match split_unescaped(text, '=')[..] {
        [name, value] => !name.is_empty() && is_value(value),
        _ => false,
    };
    is_measurement
        && tags.all(|tag| has_pair(tag, |value| !value.is_empty() && !value.ends_with('=')))
        && split_unescaped(fields, ',').into_iter().all(|field| has_pair(field, is_influx_value))
        && time.is_none_or(|time| time.parse::<i64>().is_ok())
}

fn is_influx_value(value: &str) -> bool {
    let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
    let number = value.strip_suffix(['i', 'u']).unwrap_or(value);
    let is_number = number.parse::<f64>().is_ok_and(f64::is_finite)
        && number.starts_with(|first: char| first.is_ascii_digit() || "-+.".contains(first));
    quoted
        || is_number
        || ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"].contains(&value)
}

/// Splits at separators that are neither escaped nor quoted.
fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut escaped, mut quoted) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if character == separator && !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Recognises lines that start with `host ident user [time] "request" status size`.
pub(super) fn access_log(line: &str) -> bool {
    let Some((before, rest)) = line.split_once(" [") else { return false };
    let Some((time, rest)) = rest.split_once("] \"") else { return false };
    let Some((_, rest)) = rest.split_once("\" ") else { return false };
    let mut numbers = rest.split(' ');
    let is_status = numbers.next().is_some_and(|status| {
        status == "-" || (status.len() == 3 && status.parse::<u16>().is_ok_and(|status| status >= 100))
    });
    let is_size = numbers.next().is_some_and(|size| size == "-" || size.parse::<u64>().is_ok());
    let is_time =
        time.len() <= 40 && time.contains(':') && time.starts_with(|first: char| first.is_ascii_digit());
    // The virtual host may come first.
    (3..=4).contains(&before.split(' ').count()) && is_time && is_status && is_size
}

/// Recognises `level=info msg="it works" took=3ms`: starts with a pair, has at least two, and hardly
/// anything else.
pub(super) fn logfmt(line: &str) -> bool {
    let words: Vec<_> = split_unescaped(line, ' ').into_iter().filter(|word| !word.is_empty()).collect();
    let is_pair = |word: &&&str| {
        word.split_once('=').is_some_and(|(name, value)| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./@".contains(&byte))
                && !value.starts_with('=')
                && !value.ends_with(',')
        })
    };
    let pairs = words.iter().filter(is_pair).count();
    words.first().as_ref().is_some_and(is_pair) && pairs >= 2 && pairs * 4 >= words.len() * 3
}

/// Recognises YAML that starts with `---` or `%YAML` and consists of names and values. Without the marker
/// most prose and many logs would be valid YAML, and the marker alone may be Markdown front matter.
pub(super) fn yaml(text: &str) -> bool {
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_marker = |line: &str| matches!(line, "---" | "...") || line.starts_with("%YAML ");
    let is_named = |line: &str| {
        let line = line.trim_start_matches("- ");
        line.split_once(':').is_some_and(|(name, value)| {
            !name.is_empty()
                && (value.is_empty() || value.starts_with(' '))
                && name.split(' ').count() <= 4
                && [". ", ", ", "! ", "? "].iter().all(|end| !name.contains(end))
        })
    };
    let is_yaml_line = |line: &str| is_marker(line) || is_named(line) || line.starts_with([' ', '-']);
    lines().next().is_some_and(is_marker)
        && lines().any(|line| is_named(line.trim_start()))
        && text.len() <= MAX_DOCUMENT_BYTES
        && lines().all(is_yaml_line)
        && yaml::is_documents(text)
}

/// Recognises valid TOML with a `[section]` and values. Configuration formats that only resemble TOML are not
/// valid TOML.
pub(super) fn toml(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_section = |line: &str| line.starts_with('[') && line.ends_with(']') && !line.contains(',');
    let is_value = |line: &str| {
        line.split_once('=').is_some_and(|(name, _)| infer_scalar::number(name.trim()).is_none())
    };
    lines().next().is_some_and(|line| is_section(line) || is_value(line))
        && lines().any(is_section)
        && lines().any(is_value)
        && text.len() <= MAX_DOCUMENT_BYTES
        && toml::is_document(text)
}
