//! Throws that take much more memory than their bytes, in every format.

use datadump_tests::{Api, compress};
use serde_json::json;

use super::{
    Attack,
    bodies::{
        around, claimed, compress_with_window, list, members, part, wide_rows, xml_entities, yaml_aliases,
    },
};

/// A throw.
struct Throw {
    name: &'static str,
    /// The query.
    query: &'static str,
    content_type: &'static str,
    /// The content encoding.
    encoding: &'static str,
    body: fn() -> Vec<u8>,
}

/// All throws: each in its own source, so that it has a new storage.
const THROWS: &[Throw] = &[
    throw("json nulls", "format=json", || list(b"[", b"null", b",", b"]", 12 * MB)),
    throw("json ones", "format=json", || list(b"[", b"1", b",", b"]", 10 * MB)),
    throw("json empty objects", "format=json", || list(b"[", b"{}", b",", b"]", 10 * MB)),
    throw("json a million records", "format=json", || list(b"[", b"{\"a\":1}", b",", b"]", 8 * MB)),
    throw("json one long list", "format=json", || list(b"{\"a\":[", b"1", b",", b"]}", 60 * MB)),
    throw("json one list of NaN", "format=json", || list(b"{\"a\":[", b"NaN", b",", b"]}", 60 * MB)),
    throw("json nested lists", "format=json", || list(b"[", b"[[[[[[[[]]]]]]]]", b",", b"]", 4 * MB)),
    throw("json one list of lists", "format=json", || list(b"{\"a\":[", b"[[]]", b",", b"]}", 40 * MB)),
    throw("json deep", "format=json", || b"[".repeat(30 * MB)),
    throw("json members", "format=json", || members(b"{", b"\"k#\":1", b",", b"}", MILLION)),
    throw("json 200000 members", "format=json", || members(b"{", b"\"k#\":1", b",", b"}", 200_000)),
    throw("json nested members", "format=json", || members(b"{\"a\":{", b"\"k#\":1", b",", b"}}", MILLION)),
    throw("json repeated member", "format=json", || list(b"{", b"\"a\":1", b",", b"}", 40 * MB)),
    throw("json rounded numbers", "format=json", || list(b"{\"a\":[", b"1e-400", b",", b"]}", 40 * MB)),
    throw("ndjson repeated names", "format=ndjson", || b"{\"a\":1,\"a\":2}\n".repeat(300_000)),
    throw("json huge name", "format=json", || around(b"{\"", b"k", b"\":1}", 60 * MB)),
    throw("json huge text", "format=json", || around(b"{\"a\":\"", b"x", b"\"}", 60 * MB)),
    throw("json escapes", "format=json", || around(b"{\"a\":\"", b"\\u0000", b"\"}", 60 * MB)),
    throw("json unpaired surrogates", "format=json", || around(b"{\"a\":\"", b"\\ud800", b"\"}", 60 * MB)),
    throw("ndjson numbers", "format=ndjson", || b"1\n".repeat(10 * MB)),
    throw("ndjson objects", "format=ndjson", || b"{\"k1\":1}\n".repeat(200_000)),
    throw("ndjson lists", "format=ndjson", || b"[1,2,3,4,5,6,7,8,9,0]\n".repeat(200_000)),
    throw("ndjson wide rows", "format=ndjson", || wide_rows(300, 5_000)),
    throw("ndjson invalid lines", "format=ndjson", || {
        [&b"{\"a\":1}\n"[..], &b"x\n".repeat(999_000)].concat()
    }),
    throw("ndjson one valid line", "format=ndjson", || {
        [&b"{\"a\":1}\n"[..], &b"x\n".repeat(20 * MB)].concat()
    }),
    throw("concatenated objects", "format=concatenated-json", || b"{}".repeat(30 * MB)),
    throw("concatenated brackets", "format=concatenated-json", || {
        [&b"{}"[..], &b"]".repeat(40 * MB)].concat()
    }),
    throw("msgpack 67 million nils", "format=msgpack", || {
        claimed(&[0xDD, 0x03, 0xFF, 0xFF, 0xFF], b"\xC0", 67_108_000)
    }),
    throw("msgpack sequence of nils", "format=msgpack", || b"\xC0".repeat(20_000_000)),
    throw("msgpack nested nils", "format=msgpack", || {
        claimed(&[0x81, 0xA1, b'a', 0xDD, 0x03, 0xFF, 0xFF, 0xF0], b"\xC0", 67_108_848)
    }),
    throw("msgpack empty maps", "format=msgpack", || {
        claimed(&[0xDD, 0x03, 0xF0, 0x00, 0x00], b"\x80", 66_060_288)
    }),
    throw("msgpack members", "format=msgpack", || {
        claimed(&[0xDF, 0x01, 0x00, 0x00, 0x00], b"\x01\x02", 16_777_216)
    }),
    throw("msgpack claims", "format=msgpack", || {
        claimed(&[0xDD, 0xFF, 0xFF, 0xFF, 0xFF], b"\xDD\xFF\xFF\xFF\xFF", 1_000_000)
    }),
    throw("msgpack lists", "format=msgpack", || {
        claimed(&[0xDD, 0x00, 0x98, 0x96, 0x80], b"\x91\x90", 10_000_000)
    }),
    throw("msgpack bytes", "format=msgpack", || {
        claimed(&[0x81, 0xA1, b'a', 0xC6, 0x03, 0x80, 0x00, 0x00], b"\x00", 0x0380_0000)
    }),
    throw("cbor nulls", "format=cbor", || claimed(&[0x9A, 0x03, 0xFF, 0xFF, 0xF0], b"\xF6", 67_108_848)),
    throw("cbor sequence of nulls", "format=cbor", || b"\xF6".repeat(20_000_000)),
    throw("cbor endless list", "format=cbor", || claimed(&[0x9F], b"\xF6", 20_000_000)),
    throw("cbor nested nulls", "format=cbor", || {
        claimed(&[0xA1, 0x61, b'a', 0x9A, 0x03, 0xFF, 0xFF, 0xE0], b"\xF6", 67_108_832)
    }),
    throw("cbor members", "format=cbor", || {
        claimed(&[0xBA, 0x01, 0x00, 0x00, 0x00], b"\x01\x02", 16_777_216)
    }),
    throw("cbor tags", "format=cbor", || b"\xC6".repeat(30 * MB)),
    throw("cbor text pieces", "format=cbor", || claimed(&[0xA1, 0x61, b'a', 0x7F], b"\x60", 20_000_000)),
    throw("cbor claims", "format=cbor", || {
        claimed(&[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], b"\xF6", 100)
    }),
    throw("xml elements", "format=xml", || around(b"<a>", b"<b/>", b"</a>", 20 * MB)),
    throw("xml different elements", "format=xml", || members(b"<a>", b"<b#/>", b"", b"</a>", MILLION)),
    throw("xml attributes", "format=xml", || members(b"<a ", b"b#='1'", b" ", b"/>", MILLION)),
    throw("xml attributes of elements", "format=xml", || {
        around(b"<a>", b"<b c='1' d='2'/>", b"</a>", 20 * MB)
    }),
    throw("xml text", "format=xml", || around(b"<a>", b"&amp;", b"</a>", 60 * MB)),
    throw("xml deep", "format=xml", || b"<a>".repeat(10 * MB)),
    throw("xml entities", "format=xml", xml_entities),
    throw("yaml aliases", "format=yaml", yaml_aliases),
    throw("yaml items", "format=yaml", || b"- 1\n".repeat(12 * MB)),
    throw("yaml flow items", "format=yaml", || list(b"[", b"1", b",", b"]", 40 * MB)),
    throw("yaml members", "format=yaml", || members(b"", b"k#: 1\n", b"", b"", MILLION)),
    throw("yaml documents", "format=yaml", || b"---\na: 1\n".repeat(3 * MILLION)),
    throw("yaml text", "format=yaml", || around(b"a: ", b"x", b"\n", 60 * MB)),
    throw("yaml big integers", "format=yaml", || {
        list(b"a: [", b"123456789012345678901", b",", b"]", 30 * MB)
    }),
    throw("yaml detected", "", || members(b"---\n", b"k#: [1, 2, 3]\n", b"", b"", 200_000)),
    throw("toml members", "format=toml", || members(b"", b"k# = 1\n", b"", b"", MILLION)),
    throw("toml tables", "format=toml", || b"[[a]]\n".repeat(6 * MB)),
    throw("toml deep names", "format=toml", || members(b"", b"[a.b.c.d.e.f.g.h.k#]\n", b"", b"", MILLION)),
    throw("toml list", "format=toml", || list(b"a = [", b"1", b",", b"]", 40 * MB)),
    throw("toml detected", "", || members(b"[a]\n", b"k# = 1\n", b"", b"", 200_000)),
    throw("csv one row of commas", "format=csv", || b",".repeat(60 * MB)),
    throw("csv a million columns", "format=csv", || {
        [members(b"", b"c#", b",", b"\n", MILLION), b",".repeat(MILLION), b"\n".to_vec()].concat()
    }),
    throw("csv 60 empty columns", "format=csv", || {
        [members(b"", b"c#", b",", b"\n", 60), [&b",".repeat(59)[..], b"\n"].concat().repeat(40_000)].concat()
    }),
    throw("csv repeated columns", "format=csv", || {
        [b"c,".repeat(500_000), b"\n".to_vec(), b",".repeat(500_000)].concat()
    }),
    throw("csv short rows", "format=csv", || [&b"a,b\n"[..], &b"1,2\n".repeat(100_000)].concat()),
    throw("csv widening rows", "format=csv", || {
        (1..9_000_usize).flat_map(|width| [b",".repeat(width), b"\n".to_vec()].concat()).collect()
    }),
    throw("csv quotes", "format=csv", || [&b"a,b\n\""[..], &b"x,\n".repeat(20 * MB), b"\""].concat()),
    throw("csv detected", "", || [&b"a,b\n"[..], &b"1,".repeat(30 * MB), b"\n"].concat()),
    throw("tsv tabs", "format=tsv", || b"\t".repeat(60 * MB)),
    throw("text lines", "format=text", || b"a\n".repeat(10 * MB)),
    throw("text words", "format=text", || b"some words\n".repeat(100_000)),
    throw("text newlines", "format=text", || b"\n".repeat(10 * MB)),
    throw("text in UTF-16", "", || [&b"\xFF\xFE"[..], &b"a\0\n\0".repeat(15 * MB)].concat()),
    throw("form pairs", "format=form", || members(b"", b"k#=1", b"&", b"", MILLION)),
    throw("form repeated name", "format=form", || b"a=1&".repeat(15 * MB)),
    throw("form escapes", "format=form", || around(b"a=", b"%FF+", b"", 60 * MB)),
    typed("multipart fields", "multipart/form-data; boundary=b", || {
        b"--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(MILLION)
    }),
    typed("multipart files", "multipart/form-data; boundary=b", || {
        part("filename=\"f\"", b"1").repeat(600_000)
    }),
    typed("multipart json files", "multipart/form-data; boundary=b", || {
        part("filename=\"f.json\"", &list(b"[", b"1", b",", b"]", 1_000_000)).repeat(20)
    }),
    typed("multipart one file", "multipart/form-data; boundary=b", || {
        [part("filename=\"f.json\"", &list(b"[", b"1", b",", b"]", 20 * MB)), b"--b--\r\n".to_vec()].concat()
    }),
    throw("influx tags", "format=influx", || members(b"m,", b"t#=1", b",", b" f=1\n", MILLION)),
    throw("influx fields", "format=influx", || members(b"m ", b"f#=1", b",", b"\n", MILLION)),
    throw("influx lines", "format=influx", || b"m f=1\n".repeat(100_000)),
    throw("influx quotes", "format=influx", || around(b"m f=\"", b"x\n", b"", 2 * MB)),
    throw("prometheus labels", "format=prometheus", || members(b"m{", b"l#=\"1\"", b",", b"} 1\n", MILLION)),
    throw("prometheus metadata", "format=prometheus", || {
        members(b"", b"# TYPE m# counter\n", b"", b"m 1\n", MILLION)
    }),
    throw("prometheus help", "format=prometheus", || {
        [around(b"# HELP m ", b"x", b"\n", MB), b"m 1\n".repeat(500_000)].concat()
    }),
    throw("logfmt pairs", "format=logfmt", || members(b"", b"k#=1", b" ", b"\n", MILLION)),
    throw("logfmt repeated name", "format=logfmt", || b"a=1 ".repeat(15 * MB)),
    throw("logfmt lines", "format=logfmt", || b"a=1\n".repeat(100_000)),
    throw("syslog structured data", "format=syslog", || {
        members(b"<34>1 2003-10-11T22:14:15Z h a p m [x ", b"k#=\"1\"", b" ", b"] t\n", 500_000)
    }),
    throw("syslog long message", "format=syslog", || {
        around(b"<34>Oct 11 22:14:15 h a: ", b"x ", b"\n", 60 * MB)
    }),
    throw("syslog lines", "format=syslog", || b"<34>Oct 11 22:14:15 h a: x\n".repeat(50_000)),
    throw("cef pairs", "format=cef", || members(b"CEF:0|a|b|1|2|c|3|", b"k#=1", b" ", b"\n", 500_000)),
    throw("access log", "format=access-log", || {
        around(b"1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /", b"a", b" HTTP/1.0\" 200 1\n", 40 * MB)
    }),
    throw("binary zeros", "format=binary", || vec![0; 60 * MB]),
    throw("binary detected", "", || b"\x00\x01\x02\xFF".repeat(15 * MB)),
    encoded("gzip of msgpack nils", "format=msgpack", "gzip", || {
        compress("gzip", &claimed(&[0xDD, 0x03, 0xFF, 0xFF, 0xFF], b"\xC0", 67_108_000))
    }),
    encoded("gzip too large", "", "gzip", || compress("gzip", &vec![b' '; 200 * MB])),
    encoded("zstd too large", "", "zstd", || compress("zstd", &vec![b' '; 500 * MB])),
    encoded("brotli too large", "", "br", || compress("br", &vec![b' '; 200 * MB])),
    encoded("nested encodings", "", "gzip, zstd, gzip", || {
        compress("gzip", &compress("zstd", &compress("gzip", &vec![b' '; 300 * MB])))
    }),
    throw("gzip inside", "", || compress("gzip", &list(b"[", b"null", b",", b"]", 60 * MB))),
    throw("zstd window", "", || compress_with_window(&vec![b' '; 100 * MB])),
    throw("strict", "format=ndjson&strict=1", || b"{\"a\":1}\nx\n".repeat(100_000)),
    throw("accepted", "format=ndjson&ack=accepted", || b"[1,2,3]\n".repeat(100_000)),
    throw("stream of numbers", "format=ndjson&stream=1", || b"1\n".repeat(50_000)),
    throw("stream of one line", "format=ndjson&stream=1", || list(b"{\"a\":[", b"1", b",", b"]}", 15 * MB)),
    throw("stream of a longer line", "format=ndjson&stream=1", || {
        list(b"{\"a\":[", b"1", b",", b"]}", 60 * MB)
    }),
    throw("stream of csv columns", "format=csv&stream=1", || {
        [members(b"", b"c#", b",", b"\n", 100_000), b"1\n".repeat(20_000)].concat()
    }),
    throw("stream of logfmt pairs", "format=logfmt&stream=1", || members(b"", b"k#=1", b" ", b"\n", MILLION)),
    encoded("stream of zstd", "format=text&stream=1", "zstd", || compress("zstd", &b"\n".repeat(10 * MB))),
];

const MB: usize = 1_000_000;
const MILLION: usize = 1_000_000;

const fn throw(name: &'static str, query: &'static str, body: fn() -> Vec<u8>) -> Throw {
    Throw { name, query, content_type: "", encoding: "", body }
}

const fn typed(name: &'static str, content_type: &'static str, body: fn() -> Vec<u8>) -> Throw {
    Throw { name, query: "", content_type, encoding: "", body }
}

const fn encoded(
    name: &'static str,
    query: &'static str,
    encoding: &'static str,
    body: fn() -> Vec<u8>,
) -> Throw {
    Throw { name, query, content_type: "", encoding, body }
}

/// Throws whose memory depends on the database, because much of them is stored.
const STORED: &[&str] = &[
    "json 200000 members",
    "json huge text",
    "json one long list",
    "ndjson objects",
    "ndjson wide rows",
    "ndjson repeated names",
    "ndjson invalid lines",
    "csv 60 empty columns",
    "text words",
    "multipart files",
    "binary zeros",
    "gzip inside",
    "accepted",
];

/// Returns the attacks whose memory depends on the database.
pub(super) fn stored_attacks() -> Vec<Attack> {
    let is_stored = |(_, throw): &(usize, &Throw)| STORED.contains(&throw.name);
    let throws: Vec<Attack> = THROWS.iter().enumerate().filter(is_stored).map(attack).collect();
    assert_eq!(throws.len(), STORED.len());
    throws.into_iter().chain(other_attacks()).collect()
}

/// Returns the attacks: each throw, and the others.
pub(super) fn attacks() -> Vec<Attack> {
    THROWS.iter().enumerate().map(attack).chain(other_attacks()).collect()
}

fn attack((number, throw): (usize, &'static Throw)) -> Attack {
    let path = format!("/throw/attack{number}?{}", throw.query);
    Attack::new(throw.name, move |api| {
        send(api, path.clone(), throw.content_type, throw.encoding, throw.body)
    })
}

/// Returns pushes, programs, and throws into prepared storages.
fn other_attacks() -> Vec<Attack> {
    let push = |name, body| {
        Attack::new(name, move |api| send(api, "/api/data".into(), "application/json", "", body))
    };
    let pushes = [
        push("push of many sensors", || {
            members(b"{\"device_id\":\"d\",\"sensors\":{", b"\"k#\":1", b",", b"}}", MILLION)
        }),
        push("push of many devices", || {
            members(b"[", b"{\"device_id\":\"d#\",\"sensor_type\":\"t\",\"value\":1}", b",", b"]", 500_000)
        }),
        push("push of many readings", || {
            list(
                b"[",
                b"{\"device_id\":\"d\",\"sensors\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}}",
                b",",
                b"]",
                10 * MB,
            )
        }),
    ];
    pushes.into_iter().chain([program(), wide_storage(), invalid_rows()]).collect()
}

async fn send(
    api: Api,
    path: String,
    content_type: &'static str,
    encoding: &'static str,
    body: fn() -> Vec<u8>,
) -> Vec<u16> {
    // Otherwise it would delay the other attackers.
    let body = tokio::task::spawn_blocking(body).await.expect("the body is made");
    let mut request = api.request("POST", &path).body(body);
    for (name, value) in [("content-type", content_type), ("content-encoding", encoding)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    vec![request.send().await.map_or(0, |response| response.status)]
}

/// A program that returns many records for each one.
fn program() -> Attack {
    Attack::new("program that multiplies", |api| async move {
        let program = json!({"name": "multiply", "program": ". = [., ., ., ., ., ., ., ., ., .]; . = push(., {\"a\": 2})"});
        let created = api.post("/api/v1/processor/", &program).await.status;
        let source = json!({"name": "multiply", "processor": "multiply"});
        let declared = api.post("/api/v1/source/", &source).await.status;
        let body = || list(b"[", b"{\"a\":1}", b",", b"]", 2 * MB);
        let thrown = send(api, "/throw/multiply".into(), "", "", body).await;
        [vec![created, declared], thrown].concat()
    })
}

/// Rows with one value each, in a storage with many columns.
fn wide_storage() -> Attack {
    Attack::new("rows of a wide storage", |api| async move {
        let columns = || members(b"{", b"\"k#\":1", b",", b"}", 900);
        let first = send(api.clone(), "/throw/wide".into(), "", "", columns).await;
        let rows = || b"{\"k1\":1}\n".repeat(100_000);
        [first, send(api, "/throw/wide".into(), "", "", rows).await].concat()
    })
}

/// Rows of a table that do not fit their storage: each is quarantined.
fn invalid_rows() -> Attack {
    Attack::new("invalid rows of a table", |api| async move {
        let field = json!({"name": "n", "type": "integer"});
        let definition =
            json!({"name": "strict", "key": {"name": "id", "type": "integer"}, "fields": [field]});
        let declared = api.post("/api/v1/factory/storage/", &definition).await.status;
        let rows = || members(b"id,n\n", b"#,many\n", b"", b"", 40_000);
        [vec![declared], send(api, "/throw/strict?format=csv".into(), "", "", rows).await].concat()
    })
}
