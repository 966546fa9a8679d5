//! A minimal HTTP/1.1 connection, which costs little processor time next to the server under load.

use std::{io, ops::Range};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A client connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The range of the last response's body in the buffer.
    body: Range<usize>,
}

/// Returns the bytes of a POST request.
pub fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    request
}

impl Connection {
    /// Connects to a host and port.
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10), body: 0..0 })
    }

    /// Sends a request, reads the whole response, and returns its status.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            self.receive().await?;
            if let Some((status, body)) = parse_response(&self.buffer)? {
                self.body = body;
                return Ok(status);
            }
        }
    }

    /// Returns the body of the last response.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body.clone()).unwrap_or_default()
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(invalid_data("the connection was closed")),
            _ => Ok(()),
        }
    }
}

/// Returns the status of a response and the range of its body, once all of it has been received.
pub(super) fn parse_response(bytes: &[u8]) -> io::Result<Option<(u16, Range<usize>)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (text, _) = bytes.split_at(end);
    let text = std::str::from_utf8(text).map_err(invalid_data)?;
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid_data("a response without a status"))?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    // A 204 has no body, and no length.
    let length = length.or((status == 204).then_some(0));
    let length = length.ok_or_else(|| invalid_data("a response without a content length"))?;
    let body = end + 4..end + 4 + length;
    Ok((bytes.len() >= body.end).then_some((status, body)))
}

pub(super) fn invalid_data(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
