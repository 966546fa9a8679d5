//! One connection: its HTTP/1.1 requests, its timeouts, and its end.

use std::{convert::Infallible, future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll};

use futures_util::FutureExt as _;
use hyper::{body::Incoming, header::UPGRADE, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Body, Request,
    http::{Version, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::TcpStream;

use super::{
    probing_body::ProbingBody,
    timeouts::{Activity, ClientTimeout, MonitoredSocket, Timeouts},
};
use crate::{answer::LongAnswer, app::App, connection_handle::ConnectionHandle, live::EndlessBody};

/// Maximum size of a request's head.
const MAX_HEAD: usize = 32 << 10;
/// Maximum size of the read buffer.
const MAX_BUFFER: usize = 64 << 10;

/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 100;

/// The state that all connections share.
pub(super) struct Server {
    pub(super) app: Arc<App>,
    pub(super) local: SocketAddr,
    pub(super) timeouts: Timeouts,
}

/// Serves a connection until it is closed.
pub(super) async fn serve(server: &Server, socket: TcpStream, peer: SocketAddr, handle: ConnectionHandle) {
    // Responses are written as a whole: waiting to fill a packet would only delay them.
    let _ = socket.set_nodelay(true);
    let activity = Arc::new(Activity::new(server.timeouts));
    let io = TokioIo::new(MonitoredSocket::new(socket, activity.clone()));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let serving = activity.begin_request();
        let addresses = (LocalAddr(Addr::from(server.local)), RemoteAddr(Addr::from(peer)));
        let mut request = Request::from((request, addresses.0, addresses.1, Scheme::HTTP));
        let version = request.version();
        if request.headers().contains_key(UPGRADE) {
            request.set_data(handle.clone());
        }
        // Boxed because a connection keeps space for this future as long as it lives, even as a stream.
        let activity = &activity;
        Box::pin(server.app.respond(request).map(move |mut response| {
            if let Some(EndlessBody { filler }) = response.data().copied() {
                serving.mark_as_stream();
                let body = ProbingBody::new(response.take_body(), filler, activity.clone());
                response.set_body(Body::from_bytes_stream(body));
            }
            if let Some(answer) = response.extensions_mut().remove::<LongAnswer>() {
                answer.expire(server.timeouts.blocked);
                if version < Version::HTTP_11 {
                    answer.ends_connection(activity.completion());
                }
            }
            drop(serving);
            Ok::<_, Infallible>(hyper::Response::from(response))
        }))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Hyper's timeout also applies to idle connections; `ClientTimeout` has separate limits.
        .header_read_timeout(None)
        // A client may close its side after sending a request, as `nc` does, and wait for the response.
        .half_close(true)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(io, service)
        .with_upgrades();
    let (mut connection, mut timeout) = (pin!(connection), pin!(ClientTimeout::new(activity.clone())));
    let mut stopped = pin!(handle.stopped());
    let mut is_stopping = false;
    let ended = poll_fn(|cx| {
        if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            // Closes an idle connection now, and a busy one after its response.
            connection.as_mut().graceful_shutdown();
        }
        if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        // Polled after the connection, so that its progress counts.
        timeout.as_mut().poll(cx).map(|()| None)
    });
    match ended.await {
        Some(Ok(())) => {}
        // The client has disconnected, or does not speak HTTP and was answered with 400.
        Some(Err(error)) => tracing::debug!(%peer, %error, "a connection failed"),
        None => {
            if activity.is_blocked_stream() {
                server.app.metrics.count_cut_off();
            }
            tracing::debug!(%peer, "a connection timed out");
        }
    }
}
