//! Load over HTTP in a closed loop, on all threads of the runtime.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Connection, Outcome, REQUEST_TIMEOUT, RequestFactory, Tally};

/// Loads a server for `time`. Each connection sends its next request as soon as the last is answered.
pub async fn closed_loop(address: &str, connections: usize, time: Duration, make: RequestFactory) -> Tally {
    let began = Instant::now();
    let end = began + time;
    let clients = (0..connections).map(|number| {
        let mut client = Client::new(address, number, make.clone());
        async move {
            while Instant::now() < end {
                client.request().await;
            }
            client.tally
        }
    });
    let mut running: JoinSet<Tally> = clients.collect();
    let mut total = Tally::default();
    while let Some(tally) = running.join_next().await {
        total.merge(&tally.expect("a client does not panic"));
    }
    total.time = began.elapsed();
    total
}

/// One connection, reopened when it fails.
struct Client {
    address: String,
    number: usize,
    sent: u64,
    connection: Option<Connection>,
    make: RequestFactory,
    tally: Tally,
}

impl Client {
    fn new(address: &str, number: usize, make: RequestFactory) -> Self {
        Self { address: address.to_owned(), number, sent: 0, connection: None, make, tally: Tally::default() }
    }

    /// Sends a request and counts its outcome and latency.
    async fn request(&mut self) {
        let started = Instant::now();
        let request = (self.make)(self.number, self.sent);
        self.sent += 1;
        let outcome = match tokio::time::timeout(REQUEST_TIMEOUT, self.send(&request)).await {
            Ok(Ok(status)) => {
                let body = self.connection.as_ref().map(Connection::body).unwrap_or_default();
                Outcome::from_response(status, body)
            }
            Ok(Err(error)) => {
                self.connection = None;
                Outcome::Failed(error.to_string())
            }
            Err(_) => {
                self.connection = None;
                Outcome::timed_out()
            }
        };
        self.tally.count(outcome, started.elapsed());
    }

    async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.address).await?),
        };
        connection.send(request).await
    }
}
