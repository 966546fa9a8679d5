//! Multipart forms: the fields form one record, and each file is processed as if it had been thrown
//! separately.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use serde_json::{Map, Value as Json};

use super::binary::{blob, blob_memory};
use crate::{
    process::{
        Input, Output, Processor, Registry, body_for, detect, infer_scalar, media::Media,
        registry::run_on_part,
    },
    record::{Failure, Record},
};

#[derive(Debug)]
pub(in crate::process) struct Multipart {
    formats: Registry,
}

impl Multipart {
    /// Creates a processor whose files may be in these formats.
    pub(in crate::process) fn new(formats: Registry) -> Self {
        Self { formats }
    }
}

impl Processor for Multipart {
    fn name(&self) -> &str {
        "multipart"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let boundary = Media::parse(input.content_type).parameter("boundary");
        let Some(boundary) = boundary.map(str::to_owned).or_else(|| first_boundary(input.body)) else {
            return Err(Failure::unreadable(
                "invalid multipart form: no boundary in the content type or on the first line",
            ));
        };
        let mut fields = Map::new();
        let mut files = Vec::new();
        for part in parts(input.body, boundary, output)? {
            match part.file.clone() {
                Some(file) => files.push((file, part)),
                None => infer_scalar::add_field(&mut fields, part.name.clone(), field(&part)),
            }
        }
        if !fields.is_empty() {
            output.record(Record::new(fields));
        }
        for (file, part) in files {
            if output.is_full() {
                break;
            }
            self.file(&file, &part, input, output)?;
        }
        Ok(())
    }
}

impl Multipart {
    fn file(&self, file: &str, part: &Part, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let content_type = part.content_type.as_deref();
        let detected = detect(&part.body, content_type, false);
        // Nested forms, empty files and binary files are stored as they are.
        let processor =
            self.formats.get(detected.format).filter(|found| !["args", "binary"].contains(&found.name()));
        let Some(processor) = processor else {
            output.need(blob_memory(&part.body))?;
            output.record(with_file_name(Record::new(blob(&part.body, content_type)), file));
            return Ok(());
        };
        let input =
            Input { body: &detected.body, content_type, arguments: &[], received_at: input.received_at };
        match run_on_part(output, processor.as_ref(), &input)? {
            Ok(mut inner) => {
                for mut record in inner.records {
                    record.changes = inner.changes.take(record.origin.index);
                    let line = record.origin.line;
                    output.record_at(with_file_name(record, file), line, None);
                }
                for rejected in inner.rejected {
                    let detail = format!("{file}: {}", rejected.failure.detail);
                    output.reject(Failure { detail, ..rejected.failure }, rejected.origin.line, None);
                }
            }
            // Only this file is rejected; its bytes are kept.
            Err(failure) => {
                let detail = format!("{file}: {}", failure.detail);
                output.reject(Failure { detail, ..failure }, None, None);
            }
        }
        Ok(())
    }
}

/// A field or file of the form.
struct Part {
    name: String,
    file: Option<String>,
    content_type: Option<String>,
    body: Bytes,
}

/// Returns the value of a field: JSON if its content type is JSON, otherwise inferred from the text.
fn field(part: &Part) -> Json {
    let content_type = part.content_type.as_deref();
    if Media::parse(content_type).is(&["application/json"])
        && let Ok(json) = crate::json::parse(&part.body)
    {
        return json;
    }
    let text = body_for("text", &part.body, content_type);
    infer_scalar::infer(&String::from_utf8_lossy(&text))
}

/// Adds the field `file` with the name of the file, unless the record has one.
fn with_file_name(mut record: Record, file: &str) -> Record {
    if !record.fields.contains_key("file") {
        let file = std::iter::once(("file".to_owned(), file.into()));
        record.fields = file.chain(record.fields).collect();
    }
    record
}

/// Takes the boundary from the first line if the content type does not contain it.
fn first_boundary(body: &[u8]) -> Option<String> {
    let line = body.strip_prefix(b"--")?.split(|byte| *byte == b'\n').next()?;
    let boundary = std::str::from_utf8(line).ok()?.trim_end();
    (!boundary.is_empty() && boundary.len() <= 70).then(|| boundary.to_owned())
}

/// Splits the form into parts. The body is complete, so the futures are always ready.
fn parts(body: &Bytes, boundary: String, output: &mut Output) -> Result<Vec<Part>, Failure> {
    /// A part in a list that may be moved while it grows, the member of a map that it becomes, and its headers.
    const PART_BYTES: usize = 3 * size_of::<Part>() + 3 * size_of::<Json>() + 512;
    // The library copies the form piece by piece.
    let mut parsed = 2 * body.len();
    let unreadable = |error: multer::Error| Failure::unreadable(format!("invalid multipart form: {error}"));
    let unfinished = || Failure::unreadable("invalid multipart form: the closing boundary is missing");
    let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
    let mut form = multer::Multipart::new(whole, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().now_or_never().ok_or_else(unfinished)?.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string);
        let body = field.bytes().now_or_never().ok_or_else(unfinished)?.map_err(unreadable)?;
        let names = name.len() + file.as_ref().map_or(0, String::len);
        parsed += PART_BYTES + 3 * names + if file.is_none() { 2 * body.len() } else { 0 };
        output.need(parsed)?;
        // Browsers send an empty, unnamed file for an empty file input.
        if file.as_deref() == Some("") && body.is_empty() {
            continue;
        }
        parts.push(Part { name, file, content_type, body });
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check_as;

    #[test]
    fn fields_and_files_become_records() {
        let part = |header: &str, body: &str| {
            format!("--b\r\nContent-Disposition: form-data; {header}\r\n\r\n{body}\r\n")
        };
        let field = |name: &str, value: &str| part(&format!("name=\"{name}\""), value);
        let file = |name: &str, body: &str| part(&format!("name=\"f\"; filename=\"{name}\""), body);
        let form = |parts: &[String]| parts.concat() + "--b--\r\n";
        let multipart = Multipart::new(Registry::built_in());
        for (body, expected) in [
            (form(&[field("a", "1"), field("b", ""), field("a", "ü")]), &[r#"{"a":[1,"ü"],"b":null}"#][..]),
            (form(&[file("x.json", r#"{"file": "own", "n": 1}"#)]), &[r#"{"file":"own","n":1}"#]),
            (
                form(&[file("x.log", "one\ntwo"), field("a", "1")]),
                &[r#"{"a":1}"#, r#"{"file":"x.log","text":"one"}"#, r#"{"file":"x.log","text":"two"}"#],
            ),
            (form(&[file("x", "")]), &[r#"{"file":"x","size":0,"data":""}"#]),
            (form(&[file("", "")]), &[]),
            (
                form(&[field("a", "1"), file("x", "{\"n\": 1}\n{\"n\": }\n")]),
                &[r#"{"a":1}"#, r#"{"file":"x","n":1}"#, "!unreadable line 2"],
            ),
            (form(&[]), &[]),
            (field("a", "1"), &["error unreadable"]),
            ("nothing".to_owned(), &["error unreadable"]),
        ] {
            check_as(&multipart, Some("multipart/form-data; boundary=b"), body.as_bytes(), expected);
        }
        // Without a content type the boundary is taken from the first line.
        check_as(&multipart, None, form(&[field("a", "1")]).as_bytes(), &[r#"{"a":1}"#]);
    }
}
