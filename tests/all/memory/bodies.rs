//! Bodies of throws that take much more memory than their bytes.

use std::io::Write as _;

/// Returns `length` bytes of a repeated item between separators.
pub(super) fn list(start: &[u8], item: &[u8], separator: &[u8], end: &[u8], length: usize) -> Vec<u8> {
    let one = [item, separator].concat();
    [start, &one.repeat(length / one.len()), item, end].concat()
}

/// Returns `count` items, with `#` replaced by their number.
pub(super) fn members(start: &[u8], item: &[u8], separator: &[u8], end: &[u8], count: usize) -> Vec<u8> {
    let place = item.iter().position(|byte| *byte == b'#').expect("the item has a number");
    let (before, after) = (&item[..place], &item[place + 1..]);
    let mut bytes = start.to_vec();
    for number in 0..count {
        if number > 0 {
            bytes.extend_from_slice(separator);
        }
        bytes.extend_from_slice(before);
        write!(bytes, "{number}").expect("writing into memory succeeds");
        bytes.extend_from_slice(after);
    }
    bytes.extend_from_slice(end);
    bytes
}

/// Returns a piece repeated to `length` bytes, with something around it.
pub(super) fn around(start: &[u8], piece: &[u8], end: &[u8], length: usize) -> Vec<u8> {
    [start, &piece.repeat(length / piece.len()), end].concat()
}

/// Returns a head that claims a number of items, and as many items.
pub(super) fn claimed(head: &[u8], item: &[u8], count: usize) -> Vec<u8> {
    [head, &item.repeat(count)].concat()
}

/// Returns NDJSON with ten fields on each line.
pub(super) fn rows(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in 0..count {
        writeln!(
            bytes,
            r#"{{"id":{n},"dev":"sensor-{}","v":{}.25,"ok":true,"note":"some words","n":{},"z":null,"x":0.5,"y":-7,"c":"A{n:06}"}}"#,
            n % 100,
            n % 1000,
            n * 7,
        )
        .expect("writing into memory succeeds");
    }
    bytes
}

/// Returns NDJSON with a number of members on each line.
pub(super) fn wide_rows(width: usize, count: usize) -> Vec<u8> {
    let line = members(b"{", b"\"k#\":1", b",", b"}\n", width);
    line.repeat(count.min(60_000_000 / line.len()))
}

pub(super) fn part(attribute: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\ncontent-disposition: form-data; name=\"a\"; {attribute}\r\n\r\n");
    [head.as_bytes(), body, b"\r\n"].concat()
}

/// Entities that would expand to ten billion characters.
pub(super) fn xml_entities() -> Vec<u8> {
    let entities: String = (1..10)
        .map(|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10)))
        .collect();
    format!("<!DOCTYPE a [<!ENTITY e0 \"xxxxxxxxxx\">{entities}]><a>&e9;</a>").into_bytes()
}

/// Aliases that would expand to ten billion items.
pub(super) fn yaml_aliases() -> Vec<u8> {
    let levels: String = (1..10)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(",")))
        .collect();
    format!("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{levels}").into_bytes()
}

/// Compresses with a window that takes much memory to decompress.
pub(super) fn compress_with_window(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("the encoder can be created");
    encoder.window_log(27).expect("the window is allowed");
    encoder.write_all(bytes).expect("compression into memory succeeds");
    encoder.finish().expect("compression into memory succeeds")
}
