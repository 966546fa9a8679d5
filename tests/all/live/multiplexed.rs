//! Several subscriptions over one WebSocket.

use std::collections::{BTreeMap, VecDeque};

use datadump_tests::{Api, Database, Server, ServerMessage, WebSocket, on_both, workspace};
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;

use super::{STREAM, dog, save};

on_both![
    subscriptions_are_resumed_without_loss_after_a_kill,
    a_subscription_is_replaced_and_removed,
    subscriptions_have_filters_and_backfills,
    failing_messages_are_answered_and_change_nothing,
    the_messages_in_the_documentation_are_accepted,
];

/// Path of a WebSocket with several subscriptions.
const MULTIPLEXED: &str = "/api/v1/stream?multi=1";

/// A WebSocket with several subscriptions.
pub(super) struct Multiplexed {
    pub(super) socket: WebSocket,
    /// Received while waiting for something else.
    received: VecDeque<Json>,
}

impl Multiplexed {
    pub(super) async fn open(api: &Api) -> Self {
        let mut socket = WebSocket::connect(api, MULTIPLEXED).await;
        let hello = socket.receive_json().await;
        assert_eq!((&hello["event"], hello.get("sub")), (&json!("hello"), None), "{hello}");
        assert!(hello["data"]["cursor"].is_string() && hello["data"]["now"].is_string(), "{hello}");
        Self { socket, received: VecDeque::new() }
    }

    pub(super) async fn send(&mut self, message: &Json) {
        assert!(self.socket.send(message.to_string()).await, "the connection is closed");
    }

    /// Adds a subscription and returns the answer: a `hello` or an error.
    pub(super) async fn add(&mut self, add: Json) -> Json {
        self.send(&json!({"add": add})).await;
        loop {
            let message = self.socket.receive_json().await;
            if message["sub"] == add["id"] && (message["event"] == "hello" || message["error"].is_object()) {
                return message;
            }
            self.received.push_back(message);
        }
    }

    /// Returns the next message that is not about a position alone.
    pub(super) async fn next(&mut self) -> Json {
        loop {
            let message = match self.received.pop_front() {
                Some(message) => message,
                None => self.socket.receive_json().await,
            };
            if message["event"] != "seen" {
                return message;
            }
        }
    }

    /// Returns the key of the next row that changed, which must belong to this subscription.
    async fn next_key(&mut self, id: &str) -> Json {
        let message = self.next().await;
        assert_eq!(message["sub"], id, "{message}");
        message["data"]["key"].clone()
    }
}

/// Events that each subscription has received, and the position to resume from.
#[derive(Default)]
struct Reader {
    keys: BTreeMap<String, Vec<String>>,
    positions: BTreeMap<String, String>,
}

impl Reader {
    async fn open(&mut self, api: &Api) -> Multiplexed {
        let mut socket = Multiplexed::open(api).await;
        for (id, storage) in [("dogs", Some("dog")), ("cats", Some("cat")), ("both", None)] {
            let mut add = json!({"id": id});
            if let Some(storage) = storage {
                add["storage"] = storage.into();
            }
            if let Some(position) = self.positions.get(id) {
                add["since"] = position.as_str().into();
            }
            let hello = socket.add(add).await;
            let cursor = hello["data"]["cursor"].as_str().unwrap().to_owned();
            self.positions.entry(id.to_owned()).or_insert(cursor);
        }
        socket
    }

    async fn read(&mut self, socket: &mut Multiplexed, events: usize) {
        for _ in 0..events {
            let message = socket.next().await;
            assert_eq!(message["event"], "insert", "{message}");
            let id = message["sub"].as_str().unwrap().to_owned();
            let key = message["data"]["key"].as_str().unwrap().to_owned();
            self.positions.insert(id.clone(), message["id"].as_str().unwrap().to_owned());
            self.keys.entry(id).or_default().push(key);
        }
    }
}

fn cat() -> Json {
    let mut cat = dog();
    cat["name"] = "cat".into();
    cat
}

async fn save_cat(api: &Api, key: &str) {
    api.post("/api/v1/storage/cat/", &json!({"chip_id": key})).await.is(201).ok();
}

async fn subscriptions_are_resumed_without_loss_after_a_kill(server: Server) {
    const ROWS: i64 = 40;
    server.declare(&dog()).await;
    server.declare(&cat()).await;
    let mut reader = Reader::default();
    let mut socket = reader.open(&server).await;
    let write = async |server: &Server, first: i64| {
        for number in first..first + ROWS {
            save(server, &format!("dog{number:02}"), number).await;
            save_cat(server, &format!("cat{number:02}")).await;
        }
    };
    write(&server, 0).await;
    // Some of what was delivered is lost with the connection.
    reader.read(&mut socket, 101).await;
    let (setup, database) = server.kill().await;
    let server = setup.start(database).await;
    let mut socket = reader.open(&server).await;
    write(&server, ROWS).await;
    let all = usize::try_from(4 * 2 * ROWS).unwrap();
    reader.read(&mut socket, all - 101).await;
    let keys = |name: &str| (0..2 * ROWS).map(|number| format!("{name}{number:02}")).collect::<Vec<_>>();
    assert_eq!((&reader.keys["dogs"], &reader.keys["cats"]), (&keys("dog"), &keys("cat")));
    let both: Vec<String> = keys("dog").into_iter().zip(keys("cat")).flat_map(<[String; 2]>::from).collect();
    assert_eq!(reader.keys["both"], both);
}

async fn a_subscription_is_replaced_and_removed(server: Server) {
    server.declare(&dog()).await;
    server.declare(&cat()).await;
    let mut socket = Multiplexed::open(&server).await;
    assert_eq!(socket.add(json!({"id": "p1", "storage": "dog"})).await["event"], "hello");
    save(&server, "A", 1).await;
    assert_eq!(socket.next_key("p1").await, "A");
    // A subscription that cannot be added leaves the one with its id in force.
    let refused = socket.add(json!({"id": "p1", "storage": "dog", "sise": 1})).await;
    assert_eq!(refused["error"]["status"], 400, "{refused}");
    save(&server, "B", 1).await;
    assert_eq!(socket.next_key("p1").await, "B");
    assert_eq!(socket.add(json!({"id": "p1", "storage": ["cat"]})).await["event"], "hello");
    save(&server, "C", 1).await;
    save_cat(&server, "D").await;
    assert_eq!(socket.next_key("p1").await, "D");
    socket.send(&json!({"remove": "p1"})).await;
    socket.send(&json!({"remove": "p1"})).await;
    let unknown = socket.next().await;
    assert_eq!((&unknown["sub"], &unknown["error"]["code"]), (&json!("p1"), &json!("unknown-subscription")));
    socket.add(json!({"id": "p2", "storage": "dog"})).await;
    save_cat(&server, "E").await;
    save(&server, "F", 1).await;
    assert_eq!(socket.next_key("p2").await, "F");
}

async fn subscriptions_have_filters_and_backfills(server: Server) {
    server.declare(&dog()).await;
    for (key, size) in [("A", 1), ("B", 2), ("C", 3)] {
        save(&server, key, size).await;
    }
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "large", "storage": "dog", "size__gte": 2, "backfill": 10})).await;
    assert_eq!([socket.next_key("large").await, socket.next_key("large").await], ["B", "C"]);
    socket.send(&json!({"remove": "large"})).await;
    let either = json!({"or": [{"size": 7}, {"name": "Rex"}]});
    socket.add(json!({"id": "either", "storage": "dog", "where": either})).await;
    for (key, size) in [("D", 6), ("E", 7)] {
        save(&server, key, size).await;
    }
    assert_eq!(socket.next_key("either").await, "E");
    // The source's records go to the storage named after it.
    socket.send(&json!({"remove": "either"})).await;
    socket.add(json!({"id": "source", "source": "yard", "backfill": "10m"})).await;
    server.post("/throw/yard", &json!({"n": 1})).await.is(200).ok();
    assert_eq!(socket.next().await["data"]["row"]["n"], 1);
    let device = json!({"device_id": "pico", "sensors": {"moisture": 30, "temperature": 21.5}});
    server.post("/api/data", &device).await.is(201).ok();
    socket.add(json!({"id": "hub", "device": "pico", "sensor": "moisture", "backfill": 10})).await;
    let reading = socket.next().await;
    assert_eq!((&reading["sub"], &reading["event"]), (&json!("hub"), &json!("insert")));
    assert_eq!(reading["data"]["row"]["value"], 30.0, "{reading}");
}

async fn failing_messages_are_answered_and_change_nothing(server: Server) {
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "dogs", "storage": "dog"})).await;
    let add = |add: Json| json!({"add": add}).to_string();
    for (message, id, status, code) in [
        ("dogs".into(), None, 400, "not-json"),
        ("[1]".into(), None, 400, "invalid-message"),
        (r#"{"add": {}, "remove": "x"}"#.into(), None, 400, "invalid-message"),
        (r#"{"remove": "x"}"#.into(), Some("x"), 404, "unknown-subscription"),
        (add(json!({"storage": "dog"})), None, 400, "invalid-message"),
        (add(json!({"id": "x", "storage": "dog", "hz": 0})), Some("x"), 400, "invalid-message"),
        (add(json!({"id": "x", "storage": "dog", "hz": 100})), Some("x"), 400, "invalid-message"),
        (add(json!({"id": "x", "storage": "dog", "by": ["size"]})), Some("x"), 400, "invalid-message"),
        (
            add(json!({"id": "x", "storage": "dog", "hz": 1, "by": ["sise"]})),
            Some("x"),
            400,
            "not-applicable",
        ),
        (add(json!({"id": "x", "hz": 1, "by": ["size"]})), Some("x"), 400, "not-applicable"),
        (add(json!({"id": "x", "events": ["flood"]})), Some("x"), 400, "invalid-message"),
        (add(json!({"id": "x", "events": ["throw"], "since": "a-1"})), Some("x"), 400, "invalid-message"),
        (add(json!({"id": "x", "storage": "dog", "since": "x"})), Some("x"), 400, "not-a-position"),
        (add(json!({"id": "x", "storage": "dog", "backfill": 0})), Some("x"), 400, "not-a-backfill"),
        (add(json!({"id": "x", "storage": "dog", "limit": 1})), Some("x"), 400, "unknown-parameter"),
        (add(json!({"id": "x", "storage": "none", "size": 1})), Some("x"), 404, "unknown-storage"),
        (add(json!({"id": "x", "device": "pico", "storage": "dog"})), Some("x"), 400, "not-applicable"),
    ] {
        assert!(socket.socket.send(Message::text(message.clone())).await);
        let answer = socket.next().await;
        let error = &answer["error"];
        assert_eq!(
            (answer["sub"].as_str(), &error["status"], &error["code"]),
            (id, &json!(status), &json!(code)),
            "{message}: {answer}"
        );
        assert!(error["detail"].is_string() && error["request_id"].is_string(), "{answer}");
        assert_eq!(error["instance"], STREAM);
    }
    socket.socket.send(Message::binary(vec![0; 10])).await;
    assert_eq!(socket.next().await["error"]["code"], "invalid-message");
    save(&server, "A", 1).await;
    assert_eq!(socket.next_key("dogs").await, "A");
}

/// Sends the messages of the example in the documentation.
async fn the_messages_in_the_documentation_are_accepted(server: Server) {
    server.post("/throw/porch", &json!({"temperature": 21.5})).await.is(200).ok();
    let text = workspace::read("docs/live.md");
    let messages =
        text.split("socket.send(JSON.stringify(").skip(1).filter_map(|rest| rest.split_once("));"));
    let messages: Vec<Json> = messages.map(|(message, _)| serde_json::from_str(message).unwrap()).collect();
    assert_eq!(messages.len(), 4);
    let mut socket = Multiplexed::open(&server).await;
    for message in &messages {
        socket.send(message).await;
    }
    for message in &messages[..3] {
        let hello = socket.next().await;
        assert_eq!((&hello["sub"], &hello["event"]), (&message["add"]["id"], &json!("hello")), "{hello}");
    }
    server.post("/throw/porch", &json!({"temperature": 22.5})).await.is(200).ok();
    let throw = socket.next().await;
    assert_eq!(
        (&throw["sub"], &throw["event"]),
        (&json!("inbox"), &json!("throw")),
        "p1 was removed: {throw}"
    );
}

#[tokio::test]
async fn the_number_of_subscriptions_and_the_size_of_messages_are_limited() {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    for number in 0..64 {
        let added = socket.add(json!({"id": format!("p{number}"), "storage": "dog"})).await;
        assert_eq!(added["event"], "hello", "{added}");
    }
    let refused = socket.add(json!({"id": "p64", "storage": "dog"})).await;
    assert_eq!(
        (&refused["error"]["status"], &refused["error"]["code"]),
        (&json!(429), &json!("too-many-subscriptions"))
    );
    assert_eq!(socket.add(json!({"id": "p0", "storage": "cat"})).await["event"], "hello", "it is replaced");
    socket.send(&json!({"remove": "p1"})).await;
    assert_eq!(socket.add(json!({"id": "p64", "storage": "dog"})).await["event"], "hello");
    save(&server, "A", 1).await;
    let mut of = Vec::new();
    for _ in 0..63 {
        of.push(socket.next().await["sub"].as_str().unwrap()[1..].parse::<u32>().unwrap());
    }
    of.sort_unstable();
    assert_eq!(of, (2..65).collect::<Vec<_>>());
    socket.socket.send("x".repeat(70_000)).await;
    assert!(matches!(socket.socket.receive().await, ServerMessage::Closed(None | Some(1009))));
}

#[tokio::test]
async fn a_stop_closes_it_and_other_parameters_are_refused() {
    let server = Server::start(Database::sqlite()).await;
    for query in ["multi=2", "multi=1&storage=dog", "multi"] {
        let refused = WebSocket::try_connect(&server, &format!("{STREAM}?{query}"), &[]).await;
        assert_eq!(refused.err(), Some(400), "{query}");
    }
    server.get(MULTIPLEXED).await.problem_about(400, &["multi", "WebSocket"]);
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "p1"})).await;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(socket.socket.receive_close().await, Some(1001));
    stopping.await.unwrap();
}

/// A subscription whose filter matches nothing still receives positions and can resume from them.
#[tokio::test]
async fn a_subscription_without_events_reports_its_position() {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    for (id, storage) in [("cats", "cat"), ("dogs", "dog")] {
        socket.add(json!({"id": id, "storage": storage})).await;
    }
    save(&server, "A", 1).await;
    let inserted = socket.socket.receive_json().await;
    assert_eq!(inserted["sub"], "dogs");
    let seen = socket.socket.receive_json().await;
    assert_eq!(seen, json!({"sub": "cats", "id": inserted["id"], "event": "seen", "data": {}}));
}
