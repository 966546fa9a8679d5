//! The accept loop: how many connections there may be, how long each may take, and how they end.
//!
//! HTTP/1.1 only. Who upgrades a connection (to WebSocket) holds on to its [`Lifeline`].

mod cores;
mod lifeline;
mod processors;
mod refuse;
pub(crate) mod signal;
mod watch;

use std::{
    convert::Infallible, future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration,
};

use futures_util::FutureExt as _;
use hyper::{body::Incoming, header::UPGRADE, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Request,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch as channel},
};

use self::watch::{Limits, Patience, Watch, Watched};
pub(crate) use self::{cores::Cores, lifeline::Lifeline};
use crate::{app::App, config::Config, live::Endless, metrics::Opened};

/// The most bytes in the head of a request, its headers and all.
const MAX_HEAD: usize = 32 << 10;
/// The most bytes buffered of what is read.
const MAX_BUFFER: usize = 64 << 10;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// How long to wait when the operating system has no more connections to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What every connection is served with.
struct Server {
    app: Arc<App>,
    local: SocketAddr,
    limits: Limits,
}

/// Serves until `stop` is ready, and returns when all connections have ended or the patience for them
/// has.
pub(crate) async fn serve(
    listener: TcpListener,
    cores: &Cores,
    app: Arc<App>,
    config: &Config,
    stop: impl Future<Output = ()>,
) {
    let local = listener.local_addr().unwrap_or(config.listen);
    let limits =
        Limits { header: config.header_timeout, idle: config.idle_timeout, blocked: config.blocked_timeout };
    let server = Arc::new(Server { app, local, limits });
    let (stopping, stopped) = channel::channel(());
    // Every connection holds a sender: when none is left, all have ended.
    let (alive, mut all_ended) = mpsc::channel::<Infallible>(1);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let accepted = accepted.and_then(|(socket, peer)| Ok((socket, peer, cores.seat()?)));
        let (socket, peer, (core, seat)) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let connections = &server.app.metrics.connections;
        if connections.open() >= config.max_connections as u64 {
            connections.refused();
            refuse::refuse(socket);
            continue;
        }
        let opened = (Opened::new(&server.app.metrics), seat);
        let lifeline = Lifeline::new(opened, alive.clone(), stopped.clone());
        let server = server.clone();
        core.spawn(async move {
            // Its thread is to hear of what comes, not the one that has accepted it.
            match socket.into_std().and_then(TcpStream::from_std) {
                Ok(socket) => connection(&server, socket, peer, lifeline).await,
                Err(error) => tracing::warn!(%peer, %error, "a connection could not be served"),
            }
        });
    }
    drop(listener);
    drop(alive);
    tracing::info!(connections = server.app.metrics.connections.open(), "stopping");
    let _ = stopping.send(());
    server.app.stop();
    if tokio::time::timeout(config.stop_timeout, all_ended.recv()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn connection(server: &Server, socket: TcpStream, peer: SocketAddr, mut lifeline: Lifeline) {
    // Answers are written whole: waiting to fill a packet only delays them.
    let _ = socket.set_nodelay(true);
    let watch = Arc::new(Watch::new(server.limits));
    let io = TokioIo::new(Watched::new(socket, watch.clone()));
    let upgraded = lifeline.clone();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let serving = watch.serving();
        let addresses = (LocalAddr(Addr::from(server.local)), RemoteAddr(Addr::from(peer)));
        let mut request = Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
        if request.headers().contains_key(UPGRADE) {
            request.set_data(upgraded.clone());
        }
        // A connection keeps room for it for good: for a stream that is all of its life.
        Box::pin(server.app.answer(request).map(|answer| {
            if answer.data::<Endless>().is_some() {
                serving.streams();
            }
            drop(serving);
            Ok::<_, Infallible>(hyper::Response::from(answer))
        }))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Its clock also runs while a connection is idle; ours tells the two apart.
        .header_read_timeout(None)
        // A client may close its side when it has sent its request, as `nc` does, and wait for the answer.
        .half_close(true)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(io, service)
        .with_upgrades();
    let (mut connection, mut patience) = (pin!(connection), pin!(Patience::new(watch.clone())));
    let mut stopped = pin!(lifeline.stopped());
    let mut is_stopping = false;
    let ended = poll_fn(|cx| {
        if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            // It closes what is idle, and the others after their answers.
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        // After the connection: whatever it did counts for the client.
        patience.as_mut().poll(cx).map(|()| None)
    });
    match ended.await {
        Some(Ok(())) => {}
        // A client that went away or does not speak HTTP; it was told if it listens.
        Some(Err(error)) => tracing::debug!(%peer, %error, "a connection broke"),
        None => {
            if watch.is_cut_off() {
                server.app.metrics.cut_off();
            }
            tracing::debug!(%peer, "a client took too long");
        }
    }
}
