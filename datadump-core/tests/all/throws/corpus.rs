//! The labelled samples in `tests/fixtures/throws`; their README describes the file format.

use std::{fs, path::Path};

use bytes::Bytes;
use datadump_core::process::{Detection, detect};

/// A throw and its format.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// The expected format.
    pub(super) format: String,
    /// What the sample tests.
    pub(super) name: String,
    /// The body.
    pub(super) body: Bytes,
    /// The content type as sent.
    pub(super) content_type: Option<String>,
    /// True if the request has query parameters.
    pub(super) has_arguments: bool,
}

impl Sample {
    /// Runs format detection.
    pub(super) fn detected(&self) -> Detection {
        detect(&self.body, self.content_type.as_deref(), self.has_arguments)
    }
}

/// Reads all samples.
pub(super) fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("tests/fixtures/throws");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Sample> {
    let format = file.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let written = format!("\n{text}");
    let samples = written.split("\n%%% ").skip(1);
    samples.map(|sample| made(format, sample)).collect()
}

fn made(format: &str, written: &str) -> Sample {
    let (first, rest) = written.split_once('\n').unwrap_or((written, ""));
    let mut options = first.split(" | ");
    let name = options.next().unwrap().to_owned();
    let options: Vec<&str> = options.collect();
    let has = |option: &str| options.contains(&option);
    let content_type = options.iter().find_map(|option| option.strip_prefix("type=")).map(str::to_owned);
    let text = rest.strip_suffix('\n').unwrap_or(rest);
    let text = if has("open") { text.to_owned() } else { format!("{text}\n") };
    let text = if has("crlf") { text.replace('\n', "\r\n") } else { text };
    let mark = if has("bom") { "\u{FEFF}" } else { "" };
    let body = if has("empty") {
        Vec::new()
    } else if has("hex") {
        bytes_of(&text)
    } else if has("latin-1") {
        text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
    } else if has("utf-16le") {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    } else if has("utf-16be") {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
    } else {
        format!("{mark}{text}").into_bytes()
    };
    Sample {
        format: format.to_owned(),
        name,
        body: body.into(),
        content_type,
        has_arguments: has("arguments"),
    }
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
