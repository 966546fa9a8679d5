//! The baseline for throws: a server on the same framework that parses JSON and sends it back, over HTTP and
//! WebSockets. Prints its two addresses.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "it prints its addresses and fails by panicking"
)]
#![expect(
    clippy::disallowed_types,
    reason = "the baseline is the unmodified framework, used only by benchmarks"
)]

use futures_util::{SinkExt as _, StreamExt as _};
use poem::{Route, Server, handler, listener::TcpAcceptor, web::Json};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// The same allocator as the server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[handler]
fn echo(body: Json<Value>) -> Json<Value> {
    body
}

#[tokio::main]
async fn main() {
    let http = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let sockets = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let addresses = (
        http.local_addr().expect("the listener is bound"),
        sockets.local_addr().expect("the listener is bound"),
    );
    println!("listening on {} {}", addresses.0, addresses.1);
    tokio::spawn(async move {
        loop {
            let (stream, _) = sockets.accept().await.expect("the listener accepts connections");
            tokio::spawn(echo_messages(stream));
        }
    });
    let acceptor = TcpAcceptor::from_tokio(http).expect("the listener accepts connections");
    Server::new_with_acceptor(acceptor)
        .run(Route::new().at("/", poem::post(echo)))
        .await
        .expect("the server runs");
}

async fn echo_messages(stream: TcpStream) {
    stream.set_nodelay(true).expect("the stream is connected");
    let Ok(mut socket) = accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(json) = serde_json::from_str::<Value>(&text) else { return };
        if socket.send(Message::text(json.to_string())).await.is_err() {
            return;
        }
    }
}
