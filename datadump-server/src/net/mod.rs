//! The accept loop: limits the number of connections, distributes them over the workers, and stops them.
//!
//! HTTP/1.1 only. A connection that is upgraded to a WebSocket keeps its [`ConnectionHandle`].

mod connection;
mod files;
mod probing_body;
mod refuse;
pub(crate) mod signal;
mod timeouts;
mod workers;

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{connection::Server, timeouts::Timeouts};
pub(crate) use self::{
    files::raise_limit,
    workers::{BLOCKING_KEEP_ALIVE, Workers},
};
use crate::{app::App, config::Config, connection_handle::ConnectionHandle, metrics::OpenConnection};

/// Delay after the operating system could not provide a connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Serves until `stop` is ready. Returns when all connections are closed, or after the stop timeout.
pub(crate) async fn serve(
    listener: TcpListener,
    workers: &Workers,
    app: Arc<App>,
    config: &Config,
    stop: impl Future<Output = ()>,
) {
    let local = listener.local_addr().unwrap_or(config.listen);
    let timeouts = Timeouts {
        header: config.header_timeout,
        idle: config.idle_timeout,
        blocked: config.blocked_timeout,
    };
    let server = Arc::new(Server { app, local, timeouts });
    let max_connections = files::max_connections(config.max_connections);
    let (connections, stopping) = (TaskTracker::new(), CancellationToken::new());
    // Connections also end if this future is dropped.
    let _stop_on_drop = stopping.clone().drop_guard();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let accepted = accepted.and_then(|(socket, peer)| Ok((socket, peer, workers.assign()?)));
        let (socket, peer, (worker, slot)) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        let counts = &server.app.metrics.connections;
        if counts.open() >= max_connections as u64 {
            counts.count_refused();
            refuse::refuse(socket);
            continue;
        }
        let open = OpenConnection::new(&server.app.metrics);
        let handle = ConnectionHandle::new((open, slot, connections.token()), stopping.clone());
        let server = server.clone();
        worker.spawn(async move {
            // Registers the socket with the worker's runtime instead of the one that accepted it.
            match socket.into_std().and_then(TcpStream::from_std) {
                Ok(socket) => connection::serve(&server, socket, peer, handle).await,
                Err(error) => tracing::warn!(%peer, %error, "failed to serve a connection"),
            }
        });
    }
    drop(listener);
    tracing::info!(connections = server.app.metrics.connections.open(), "stopping");
    stopping.cancel();
    server.app.stop();
    connections.close();
    if tokio::time::timeout(config.stop_timeout, connections.wait()).await.is_err() {
        tracing::warn!("some requests did not end before the stop timeout");
    }
}
