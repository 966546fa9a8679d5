//! Tests of the line formats: logs, metrics and security events.

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::context;
use crate::process::{Input, Output, Registry};

/// Shared by the tests, because programs are compiled on first use.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::built_in);

const LINE_FORMATS: [&str; 5] = ["logfmt", "influx", "syslog", "access-log", "cef"];

fn process(name: &str, body: &str, arguments: &[(String, String)]) -> Output {
    let processor = REGISTRY.get(name).unwrap();
    let body = Bytes::copy_from_slice(body.as_bytes());
    let received_at = context().received_at;
    let input = Input { body: &body, content_type: None, arguments, received_at };
    let mut output = Output::default();
    if let Err(failure) = processor.process(&input, &mut output) {
        panic!("{name}: {}", failure.detail);
    }
    output
}

fn check(name: &str, line: &str, expected: &Json) {
    let output = process(name, line, &[]);
    let mut found: Vec<Json> = output.records.into_iter().map(|record| Json::from(record.fields)).collect();
    found.extend(output.rejected.into_iter().map(|rejected| json!(rejected.failure.detail)));
    let expected = if expected.is_null() { vec![] } else { vec![expected.clone()] };
    assert_eq!(json!(found).to_string(), json!(expected).to_string(), "{name}: {line}");
}

#[test]
fn syslog() {
    for (line, expected) in [
        (
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su 77 ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"App \\\"x\\\"\"][meta seq=\"1\"] 'su root' failed",
            json!({"timestamp":"2003-10-11T22:14:15.003000Z","hostname":"mymachine.example.com","appname":"su","procid":77,"msgid":"ID47","severity":"crit","facility":"auth","message":"'su root' failed","structured_data":{"exampleSDID@32473":{"eventSource":"App \"x\"","iut":"3"},"meta":{"seq":"1"}},"version":1}),
        ),
        (
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
            json!({"timestamp":"2003-08-24T12:14:15.000003Z","hostname":"192.0.2.1","appname":"myproc","procid":8710,"severity":"notice","facility":"local4","message":"%% It's time to make the do-nuts.","version":1}),
        ),
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            json!({"timestamp":"2025-10-11T22:14:15.000000Z","hostname":"mymachine","appname":"su","severity":"crit","facility":"auth","message":"'su root' failed for lonvick on /dev/pts/8"}),
        ),
        (
            "<13>Jan  2 03:00:00 host app[42]: late",
            json!({"timestamp":"2026-01-02T03:00:00.000000Z","hostname":"host","appname":"app","procid":42,"severity":"notice","facility":"user","message":"late"}),
        ),
        (
            "<13>Feb 29 03:00:00 host app[42]: leap",
            json!({"severity":"notice","facility":"user","message":"Feb 29 03:00:00 host app[42]: leap"}),
        ),
        (
            "Dec 31 23:59:59 host kernel: [1.5] no priority",
            json!({"timestamp":"2025-12-31T23:59:59.000000Z","hostname":"host","appname":"kernel","message":"[1.5] no priority"}),
        ),
        (
            "83 <13>1 2026-01-01T00:00:00Z h a - - - counted",
            json!({"timestamp":"2026-01-01T00:00:00.000000Z","hostname":"h","appname":"a","severity":"notice","facility":"user","message":"counted","version":1}),
        ),
        ("<13>just words", json!({"severity":"notice","facility":"user","message":"just words"})),
        ("hello world", json!("the line does not start with a priority such as `<13>`")),
        ("<999>1 - - - - - -", json!("the priority is greater than 191")),
        ("<13>1 - - - - - -", json!({"severity":"notice","facility":"user","message":"1 - - - - - -"})),
        (
            "<13>1 - - - - - - \u{feff}bom",
            json!({"severity":"notice","facility":"user","message":"1 - - - - - - \u{feff}bom"}),
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z h app - ID47 [a@1 x=\"y\"]",
            json!({"timestamp":"2003-10-11T22:14:15.003000Z","hostname":"h","appname":"app","msgid":"ID47","severity":"notice","facility":"local4","message":"","structured_data":{"a@1":{"x":"y"}},"version":1}),
        ),
        (
            "<190>2026 Jan  1 00:00:00.123 UTC: %SYS-5-CONFIG_I: Configured from console",
            json!({"severity":"info","facility":"local7","message":"2026 Jan  1 00:00:00.123 UTC: %SYS-5-CONFIG_I: Configured from console"}),
        ),
    ] {
        check("syslog", line, &expected);
    }
}

#[test]
fn access_log() {
    let examples: Vec<(String, Json)> = serde_json::from_str(include_str!("access-log.json")).unwrap();
    assert!(!examples.is_empty());
    for (line, expected) in examples {
        check("access-log", &line, &expected);
    }
}

#[test]
fn cef_and_leef() {
    for (line, expected) in [
        (
            "CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
            json!({"deviceVendor":"Security","deviceProduct":"threatmanager","deviceVersion":"1.0","name":"worm successfully stopped","severity":10,"cefVersion":"0","deviceEventClassId":"100","dst":"2.1.2.2","spt":1232,"src":"10.0.0.1"}),
        ),
        (
            "Sep 19 08:26:10 host CEF:0|Security|threat\\|manager|1.0|100|detected a \\\\ in packet|Very-High|src=10.0.0.1 act=blocked a \\= msg=two\\nlines cs1Label=Rule name cs1=a b c empty= rt=1700000000000",
            json!({"timestamp":"2025-09-19T08:26:10.000000Z","hostname":"host","deviceVendor":"Security","deviceProduct":"threat|manager","deviceVersion":"1.0","name":"detected a \\ in packet","severity":"Very-High","act":"blocked a =","cefVersion":"0","cs1":"a b c","cs1Label":"Rule name","deviceEventClassId":"100","empty":null,"msg":"two\nlines","rt":"2023-11-14T22:13:20.000000Z","src":"10.0.0.1"}),
        ),
        (
            "<34>1 2026-01-02T03:04:05Z fw CEF:0|V|P|007|1|n|5",
            json!({"timestamp":"2026-01-02T03:04:05.000000Z","hostname":"fw","deviceVendor":"V","deviceProduct":"P","deviceVersion":"007","name":"n","severity":5,"cefVersion":"0","deviceEventClassId":"1"}),
        ),
        (
            "CEF:0|V|P|1|1|n|5|",
            json!({"deviceVendor":"V","deviceProduct":"P","deviceVersion":"1","name":"n","severity":5,"cefVersion":"0","deviceEventClassId":"1"}),
        ),
        (
            "LEEF:1.0|Microsoft|MSExchange|4.0 SP1|15345|src=192.0.2.0\tdst=172.50.123.1\tsev=5\tcat=anomaly\tmsg=a = b",
            json!({"deviceVendor":"Microsoft","deviceProduct":"MSExchange","deviceVersion":"4.0 SP1","cat":"anomaly","dst":"172.50.123.1","eventId":"15345","leefVersion":"1.0","msg":"a = b","sev":5,"src":"192.0.2.0"}),
        ),
        (
            "LEEF:2.0|Lancope|StealthWatch|1.0|41|^|src=192.0.2.0^dst=172.50.123.1^sev=5",
            json!({"deviceVendor":"Lancope","deviceProduct":"StealthWatch","deviceVersion":"1.0","dst":"172.50.123.1","eventId":"41","leefVersion":"2.0","sev":5,"src":"192.0.2.0"}),
        ),
        (
            "LEEF:2.0|Lancope|StealthWatch|1.0|41|0x7C|src=192.0.2.0|dst=172.50.123.1",
            json!({"deviceVendor":"Lancope","deviceProduct":"StealthWatch","deviceVersion":"1.0","dst":"172.50.123.1","eventId":"41","leefVersion":"2.0","src":"192.0.2.0"}),
        ),
        (
            "LEEF:2.0|Lancope|StealthWatch|1.0|41||src=192.0.2.0\tdst=172.50.123.1",
            json!({"deviceVendor":"Lancope","deviceProduct":"StealthWatch","deviceVersion":"1.0","dst":"172.50.123.1","eventId":"41","leefVersion":"2.0","src":"192.0.2.0"}),
        ),
        (
            "LEEF:2.0|Lancope|StealthWatch|1.0|41|src=192.0.2.0\tdst=172.50.123.1",
            json!({"deviceVendor":"Lancope","deviceProduct":"StealthWatch","deviceVersion":"1.0","dst":"172.50.123.1","eventId":"41","leefVersion":"2.0","src":"192.0.2.0"}),
        ),
        ("CEF:0|too|short", json!("the line is neither CEF nor LEEF with all header fields")),
    ] {
        check("cef", line, &expected);
    }
}

#[test]
fn influx() {
    for (line, expected) in [
        (
            "cpu,host=A,region=us\\ west usage=64i,n=10u,temp=50.5,on=t,off=FALSE,s=\"a \\\"b\\\"\" 1590488773254420123",
            json!({"measurement":"cpu","timestamp":"2020-05-26T10:26:13.254420Z","host":"A","region":"us west","usage":64,"n":10,"temp":50.5,"on":true,"off":false,"s":"a \"b\""}),
        ),
        ("m f=1 1700000000", json!({"measurement":"m","timestamp":"2023-11-14T22:13:20.000000Z","f":1.0})),
        (
            "m,a=1,measurement=x a=2,timestamp=3 -1",
            json!({"measurement":"m","timestamp":"1969-12-31T23:59:59.000000Z","tag_a":"1","tag_measurement":"x","a":2.0,"field_timestamp":3.0}),
        ),
        ("m f=18446744073709551615u", json!({"measurement":"m","f":u64::MAX})),
        ("# a comment", json!(null)),
        (
            "m s=\"two\nlines\" 1700000000000",
            json!({"measurement":"m","timestamp":"2023-11-14T22:13:20.000000Z","s":"two\nlines"}),
        ),
    ] {
        check("influx", line, &expected);
    }
}

#[test]
fn an_invalid_line_is_rejected_alone_and_positions_are_exact() {
    for (name, good, bad) in [
        ("logfmt", "a=1 b=x", "prose and nothing else"),
        ("influx", "m f=1", "m s=\"not closed"),
        ("syslog", "<13>Jan  1 00:00:00 h a: b", "no syslog"),
        ("access-log", "h - - [10/Oct/2000:13:55:36 -0700] \"GET / RTSP/1.0\" 200 1", "- -"),
        ("cef", "CEF:0|V|P|1|1|n|5|a=b", "CEF:1"),
    ] {
        let body = format!("{good}\r\n\n{bad}\n  \n{good}\n{bad}");
        let output = process(name, &body, &[]);
        let records = output.records.iter().map(|record| (record.origin.clone(), good, true));
        let rejected = output.rejected.iter().map(|rejected| (rejected.origin.clone(), bad, false));
        let mut found: Vec<_> = records.chain(rejected).collect();
        found.sort_by_key(|(origin, ..)| origin.index);
        let places: Vec<_> =
            found.iter().map(|(origin, _, good)| (origin.index, origin.line, *good)).collect();
        assert_eq!(
            places,
            [(0, Some(1), true), (1, Some(3), false), (2, Some(5), true), (3, Some(6), false)],
            "{name}"
        );
        for (origin, line, _) in found {
            assert_eq!(&body[origin.byte_range.clone().unwrap()], line, "{name}");
        }
    }
}

#[test]
fn influx_timestamps_use_the_precision_argument() {
    for (precision, number, expected) in [
        ("ns", "1700000000123456789", json!("2023-11-14T22:13:20.123456Z")),
        ("us", "1700000000123456", json!("2023-11-14T22:13:20.123456Z")),
        ("ms", "5", json!("1970-01-01T00:00:00.005000Z")),
        ("s", "1700000000", json!("2023-11-14T22:13:20.000000Z")),
        ("h", "1", json!("1970-01-01T01:00:00.000000Z")),
        ("s", "9223372036854775807", json!(null)),
    ] {
        let arguments = [("precision".to_owned(), precision.to_owned())];
        let output = process("influx", &format!("m f=1 {number}"), &arguments);
        let found = output.records.first().map_or(Json::Null, |record| record.fields["timestamp"].clone());
        assert_eq!(found, expected, "{precision} {number}");
        assert_eq!(output.rejected.len(), usize::from(expected.is_null()));
    }
}

#[test]
fn long_lines_take_linear_time() {
    let patterns = [
        " ",
        "a ",
        "a=",
        "=",
        "\"",
        "a=\"",
        "\\",
        "|",
        "[",
        "[a b=\"c\"]",
        "- ",
        ",",
        "a,b=",
        "'",
        "\\=",
        "<1>",
    ];
    for name in LINE_FORMATS {
        for pattern in patterns {
            for start in [
                "",
                "<13>1 2026-01-01T00:00:00Z h a - - ",
                "CEF:0|a|b|c|d|e|f|",
                "LEEF:2.0|a|b|c|d|",
                "m,",
                "m f=",
                "h - - [",
            ] {
                let body = format!("{start}{}", pattern.repeat((1 << 18) / pattern.len()));
                let started = std::time::Instant::now();
                process(name, &body, &[]);
                let took = started.elapsed().as_millis();
                assert!(took < 2000, "{name}: 256 KiB of {pattern:?} after {start:?} took {took} ms");
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_does_not_panic(body in "(?s).{0,200}", pieces in proptest::collection::vec("(<13>|CEF:0|LEEF:2[.]0|[|]|a=|\"|\\\\|,| |1|\\[|\\]|-|\n|[0-9]{1,20}|T|:){1}", 0..40)) {
        for body in [body, pieces.concat()] {
            for name in LINE_FORMATS {
                let _ = process(name, &body, &[]);
            }
        }
    }
}
