//! Load over HTTP in a closed loop: on as many threads as it takes to keep a server busy.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{Connection, Ended, Make, PATIENCE, Tally};

/// So many connections for so long, each of which asks again as soon as it is answered.
pub async fn closed(address: &str, connections: usize, time: Duration, make: Make) -> Tally {
    let began = Instant::now();
    let end = began + time;
    let clients = (0..connections).map(|number| {
        let mut client = Client::new(address, number, make.clone());
        async move {
            while Instant::now() < end {
                client.ask().await;
            }
            client.tally
        }
    });
    let mut running: JoinSet<Tally> = clients.collect();
    let mut all = Tally::default();
    while let Some(tally) = running.join_next().await {
        all.add(&tally.expect("a client does not panic"));
    }
    all.time = began.elapsed();
    all
}

/// One connection, made again when it breaks.
struct Client {
    address: String,
    number: usize,
    sent: u64,
    connection: Option<Connection>,
    make: Make,
    tally: Tally,
}

impl Client {
    fn new(address: &str, number: usize, make: Make) -> Self {
        Self { address: address.to_owned(), number, sent: 0, connection: None, make, tally: Tally::default() }
    }

    /// Asks, and counts the time until the answer.
    async fn ask(&mut self) {
        let asked = Instant::now();
        let request = (self.make)(self.number, self.sent);
        self.sent += 1;
        let ended = match tokio::time::timeout(PATIENCE, self.send(&request)).await {
            Ok(Ok(status)) => {
                let body = self.connection.as_ref().map(Connection::body).unwrap_or_default();
                Ended::with(status, body)
            }
            Ok(Err(error)) => {
                self.connection = None;
                Ended::Failed(error.to_string())
            }
            Err(_) => {
                self.connection = None;
                Ended::unanswered()
            }
        };
        self.tally.count(ended, asked.elapsed());
    }

    async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.address).await?),
        };
        connection.ask(request).await
    }
}
