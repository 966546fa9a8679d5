//! Throws that take much more memory than their bytes.

use std::io::Write as _;

use datadump_tests::{Api, compress};

use super::Attack;

/// A throw.
struct Throw {
    name: &'static str,
    /// The query.
    query: &'static str,
    /// The content encoding.
    encoding: &'static str,
    body: fn() -> Vec<u8>,
}

/// All throws: each in its own source, so that it has a new storage.
const THROWS: &[Throw] = &[
    throw("json deep", "format=json", || b"[".repeat(30 * MB)),
    throw("json 200000 members", "format=json", || members(b"{", b"\"k#\":1", b",", b"}", 200_000)),
    throw("json huge text", "format=json", || around(b"{\"a\":\"", b"x", b"\"}", 60 * MB)),
    throw("msgpack claims", "format=msgpack", || {
        claimed(&[0xDD, 0xFF, 0xFF, 0xFF, 0xFF], b"\xDD\xFF\xFF\xFF\xFF", 1_000_000)
    }),
    throw("xml entities", "format=xml", xml_entities),
    throw("yaml aliases", "format=yaml", yaml_aliases),
    encoded("gzip too large", "", "gzip", || compress("gzip", &vec![b' '; 200 * MB])),
    encoded("zstd too large", "", "zstd", || compress("zstd", &vec![b' '; 500 * MB])),
    encoded("brotli too large", "", "br", || compress("br", &vec![b' '; 200 * MB])),
    encoded("nested encodings", "", "gzip, zstd, gzip", || {
        compress("gzip", &compress("zstd", &compress("gzip", &vec![b' '; 300 * MB])))
    }),
    throw("zstd window", "", || compress_with_window(&vec![b' '; 100 * MB])),
    throw("stream of numbers", "format=ndjson&stream=1", || b"1\n".repeat(200_000)),
];

const MB: usize = 1_000_000;

const fn throw(name: &'static str, query: &'static str, body: fn() -> Vec<u8>) -> Throw {
    Throw { name, query, encoding: "", body }
}

const fn encoded(
    name: &'static str,
    query: &'static str,
    encoding: &'static str,
    body: fn() -> Vec<u8>,
) -> Throw {
    Throw { name, query, encoding, body }
}

/// Returns the attacks.
pub(super) fn attacks() -> Vec<Attack> {
    let throws = THROWS.iter().enumerate().map(|(number, throw)| {
        let path = format!("/throw/attack{number}?{}", throw.query);
        Attack::new(throw.name, move |api| send(api, path.clone(), throw.encoding, throw.body))
    });
    throws.collect()
}

async fn send(api: Api, path: String, encoding: &'static str, body: fn() -> Vec<u8>) -> Vec<u16> {
    // Otherwise it would delay the other attackers.
    let body = tokio::task::spawn_blocking(body).await.expect("the body is made");
    let mut request = api.request("POST", &path).body(body);
    if !encoding.is_empty() {
        request = request.header("content-encoding", encoding);
    }
    vec![request.send().await.map_or(0, |response| response.status)]
}

/// Returns `count` items, with `#` replaced by their number.
fn members(start: &[u8], item: &[u8], separator: &[u8], end: &[u8], count: usize) -> Vec<u8> {
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
fn around(start: &[u8], piece: &[u8], end: &[u8], length: usize) -> Vec<u8> {
    [start, &piece.repeat(length / piece.len()), end].concat()
}

/// Returns a head that claims a number of items, and as many items.
fn claimed(head: &[u8], item: &[u8], count: usize) -> Vec<u8> {
    [head, &item.repeat(count)].concat()
}

/// Entities that would expand to ten billion characters.
fn xml_entities() -> Vec<u8> {
    let entities: String = (1..10)
        .map(|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10)))
        .collect();
    format!("<!DOCTYPE a [<!ENTITY e0 \"xxxxxxxxxx\">{entities}]><a>&e9;</a>").into_bytes()
}

/// Aliases that would expand to ten billion items.
fn yaml_aliases() -> Vec<u8> {
    let levels: String = (1..10)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(",")))
        .collect();
    format!("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{levels}").into_bytes()
}

/// Compresses with a window that takes much memory to decompress.
fn compress_with_window(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("the encoder can be created");
    encoder.window_log(27).expect("the window is allowed");
    encoder.write_all(bytes).expect("compression into memory succeeds");
    encoder.finish().expect("compression into memory succeeds")
}
