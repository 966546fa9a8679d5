//! Live streams over WebSocket.

use std::time::{Duration, Instant};

use datadump_tests::{Api, Database, EventStream, Server, ServerEvent, ServerMessage, WebSocket, on_both};
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;

use super::{STREAM, dog, save};

on_both![
    a_websocket_streams_the_same_events,
    a_disconnected_websocket_resumes,
    a_stop_sends_a_close_frame,
    messages_of_clients_are_ignored,
];

fn frame(response: &Json) -> ServerEvent {
    let text = |name: &str| response.get(name).map(|text| text.as_str().unwrap().to_owned());
    ServerEvent { id: text("id"), event: text("event"), data: response["data"].clone() }
}

async fn receive_event(socket: &mut WebSocket) -> ServerEvent {
    frame(&socket.receive_json().await)
}

async fn a_websocket_streams_the_same_events(server: Server) {
    server.declare(&dog()).await;
    for (key, size) in [("old1", 1), ("old2", 2)] {
        save(&server, key, size).await;
    }
    let path = format!("{STREAM}?storage=dog&size__gte=2&backfill=10");
    let mut stream = EventStream::open(&server, &path, None).await;
    let mut socket = WebSocket::connect(&server, &path).await;
    let hello = receive_event(&mut socket).await;
    assert_eq!((hello.id, hello.event.as_deref()), (None, Some("hello")));
    assert!(hello.data["cursor"].is_string() && hello.data["now"].is_string());
    let mut events = Vec::new();
    for (key, size) in [("A", 1), ("B", 2), ("C", 3)] {
        save(&server, key, size).await;
    }
    server.delete("/api/v1/storage/dog/B/").await.ok();
    while events.last().is_none_or(|frame: &ServerEvent| frame.event.as_deref() != Some("delete")) {
        events.push(stream.next_change().await.unwrap());
        assert_eq!(Some(&receive_event(&mut socket).await), events.last());
    }
    let keys: Vec<&Json> = events.iter().map(|frame| &frame.data["key"]).collect();
    assert_eq!(keys, ["old2", "B", "C", "B"]);
    assert!(events[0].id.is_none() && events[1..].iter().all(|frame| frame.id.is_some()), "{events:?}");
    // Invalid parameters and other origins are refused before the upgrade.
    let evil = [("origin", "http://evil.example")];
    for (query, headers, status) in [
        ("storage=dog&sise=1", &[][..], 400),
        ("storage=none&size=1", &[], 404),
        ("since=7", &[], 400),
        ("", &evil, 403),
    ] {
        let refused = WebSocket::try_connect(&server, &format!("{STREAM}?{query}"), headers).await;
        assert_eq!(refused.err(), Some(status), "{query}");
    }
}

/// Reads over WebSockets, each of which is closed after a few changes.
async fn a_disconnected_websocket_resumes(server: Server) {
    const CHANGES: i64 = 60;
    server.declare(&dog()).await;
    let mut last = super::position(&server).await;
    let api = Api::new(server.base());
    let writing = tokio::spawn(async move {
        for number in 0..CHANGES {
            save(&api, &format!("{number}"), number).await;
        }
    });
    let mut sizes = Vec::new();
    while sizes.len() < usize::try_from(CHANGES).unwrap() {
        // A browser gives its position in the URL; other clients may use the header.
        let mut socket = match sizes.len() % 2 {
            0 => WebSocket::connect(&server, &format!("{STREAM}?since={last}")).await,
            _ => WebSocket::try_connect(&server, STREAM, &[("last-event-id", &last)]).await.unwrap(),
        };
        assert_eq!(receive_event(&mut socket).await.event.as_deref(), Some("hello"));
        for _ in 0..3.min(usize::try_from(CHANGES).unwrap() - sizes.len()) {
            let frame = receive_event(&mut socket).await;
            assert_eq!(frame.event.as_deref(), Some("insert"), "{frame:?}");
            last = frame.id.unwrap_or(last);
            sizes.push(frame.data["row"]["size"].as_i64().unwrap());
        }
    }
    writing.await.unwrap();
    assert_eq!(sizes, (0..CHANGES).collect::<Vec<_>>());
    let mut stranger = WebSocket::connect(&server, &format!("{STREAM}?since=abc-7")).await;
    receive_event(&mut stranger).await;
    let gap = receive_event(&mut stranger).await;
    assert_eq!((gap.event.as_deref(), &gap.data["reason"]), (Some("gap"), &json!("expired")));
}

async fn a_stop_sends_a_close_frame(server: Server) {
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = WebSocket::connect(&server, STREAM).await;
        receive_event(&mut socket).await;
        sockets.push(socket);
    }
    let began = Instant::now();
    let stopping = tokio::spawn(server.stop());
    for socket in &mut sockets {
        assert_eq!(socket.receive_close().await, Some(1001));
    }
    stopping.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

async fn messages_of_clients_are_ignored(server: Server) {
    server.declare(&dog()).await;
    let mut socket = WebSocket::connect(&server, STREAM).await;
    receive_event(&mut socket).await;
    for message in
        [Message::text(r#"{"throw": {"a": 1}}"#), Message::binary(vec![0; 4000]), Message::Ping("a".into())]
    {
        assert!(socket.send(message).await);
    }
    save(&server, "A", 1).await;
    let frame = receive_event(&mut socket).await;
    assert_eq!((&frame.data["storage"], &frame.data["key"]), (&json!("dog"), &json!("A")));
    // But a client that sends too much is disconnected.
    socket.send("x".repeat(100_000)).await;
    assert!(matches!(socket.receive().await, ServerMessage::Closed(None | Some(1009))));
    let mut leaving = WebSocket::connect(&server, STREAM).await;
    receive_event(&mut leaving).await;
    leaving.send(Message::Close(None)).await;
    let began = Instant::now();
    assert_eq!(leaving.receive_close().await, None);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

/// A client whose filter matches nothing still receives positions and can resume from them.
#[tokio::test]
async fn a_stream_without_matches_reports_its_position() {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let path = format!("{STREAM}?storage=cat");
    let mut stream = EventStream::open(&server, &path, None).await;
    let mut socket = WebSocket::connect(&server, &path).await;
    stream.next().await.unwrap();
    receive_event(&mut socket).await;
    for number in 0..3 {
        save(&server, "A", number).await;
    }
    let (one, other) = tokio::join!(stream.next(), receive_event(&mut socket));
    let (one, cursor) = (one.unwrap(), other.id.clone().unwrap());
    assert_eq!((one.event, one.id.as_ref()), (None, Some(&cursor)));
    assert_eq!((other.event.as_deref(), &other.data), (Some("seen"), &json!({})));
    let mut again = EventStream::open(&server, STREAM, Some(&cursor)).await;
    save(&server, "B", 1).await;
    let change = again.next_change().await.unwrap();
    assert_eq!(change.data["key"], "B", "{change:?}");
}
