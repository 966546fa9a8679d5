//! Connections over the limit: told so in one write, without reading what they want.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const ANSWER: &[u8] = concat!(
    "HTTP/1.1 503 Service Unavailable\r\n",
    "content-type: application/problem+json\r\n",
    "content-length: 204\r\n",
    "retry-after: 1\r\n",
    "connection: close\r\n\r\n",
    r#"{"type":"urn:datadump:problem:too-many-connections","title":"Too many connections","status":503,"#,
    r#""detail":"too many connections are open","instance":"","code":"too-many-connections","request_id":"refused"}"#,
)
.as_bytes();

/// A socket that is closed with bytes unread resets the connection, and the answer with it: so what
/// the client sends is read for a moment. For so many clients at a time, and no longer.
const LINGERING: usize = 256;
const LINGER: Duration = Duration::from_millis(500);

static LINGERERS: AtomicUsize = AtomicUsize::new(0);

/// Answers 503 and closes.
pub(super) fn refuse(mut socket: TcpStream) {
    if LINGERERS.fetch_add(1, Ordering::Relaxed) >= LINGERING {
        LINGERERS.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    tokio::spawn(async move {
        let farewell = async {
            socket.write_all(ANSWER).await?;
            socket.shutdown().await?;
            let mut rest = [0; 1024];
            while socket.read(&mut rest).await? > 0 {}
            std::io::Result::Ok(())
        };
        let _ = timeout(LINGER, farewell).await;
        LINGERERS.fetch_sub(1, Ordering::Relaxed);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_right_and_the_body_is_json() {
        let text = std::str::from_utf8(ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
