//! What throws are measured against: the same framework, parsing the same JSON and answering it,
//! over HTTP and over WebSockets, and nothing else. Prints its two addresses.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "it prints, and fails by panicking")]
#![expect(clippy::disallowed_types, reason = "it is the framework as it is; only the benchmarks ask it")]

use futures_util::{SinkExt as _, StreamExt as _};
use poem::{Route, Server, handler, listener::TcpAcceptor, web::Json};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// The server's own.
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
    let addresses = (http.local_addr().expect("it is bound"), sockets.local_addr().expect("it is bound"));
    println!("listening on {} {}", addresses.0, addresses.1);
    tokio::spawn(async move {
        loop {
            let (stream, _) = sockets.accept().await.expect("it listens");
            tokio::spawn(echo_messages(stream));
        }
    });
    let acceptor = TcpAcceptor::from_tokio(http).expect("it listens");
    Server::new_with_acceptor(acceptor).run(Route::new().at("/", poem::post(echo))).await.expect("it serves");
}

async fn echo_messages(stream: TcpStream) {
    stream.set_nodelay(true).expect("it is connected");
    let Ok(mut socket) = accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(json) = serde_json::from_str::<Value>(&text) else { return };
        if socket.send(Message::text(json.to_string())).await.is_err() {
            return;
        }
    }
}
