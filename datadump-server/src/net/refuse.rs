//! Connections over the limit: they are answered with 503 without reading the request.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const RESPONSE: &[u8] = concat!(
    "HTTP/1.1 503 Service Unavailable\r\n",
    "content-type: application/problem+json\r\n",
    "content-length: 204\r\n",
    "retry-after: 1\r\n",
    "connection: close\r\n\r\n",
    r#"{"type":"urn:datadump:problem:too-many-connections","title":"Too many connections","status":503,"#,
    r#""detail":"too many connections are open","instance":"","code":"too-many-connections","request_id":"refused"}"#,
)
.as_bytes();

/// Limits on discarding what refused clients send. Closing a socket with unread bytes resets the connection,
/// and the client would never read the response.
const MAX_DRAINED_SOCKETS: usize = 32;
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

static DRAINED_SOCKETS: AtomicUsize = AtomicUsize::new(0);

/// Answers 503 and closes the connection.
pub(super) fn refuse(mut socket: TcpStream) {
    if DRAINED_SOCKETS.fetch_add(1, Ordering::Relaxed) >= MAX_DRAINED_SOCKETS {
        DRAINED_SOCKETS.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    tokio::spawn(async move {
        let drain = async {
            socket.write_all(RESPONSE).await?;
            socket.shutdown().await?;
            let mut rest = [0; 1024];
            while socket.read(&mut rest).await? > 0 {}
            std::io::Result::Ok(())
        };
        let _ = timeout(DRAIN_TIMEOUT, drain).await;
        DRAINED_SOCKETS.fetch_sub(1, Ordering::Relaxed);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_right_and_the_body_is_json() {
        let text = std::str::from_utf8(RESPONSE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
