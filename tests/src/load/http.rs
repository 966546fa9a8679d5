//! Load over HTTP, in a closed and in an open loop.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of requests are small and positive"
)]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{Connection, Ended, Make, Tally};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the requests that are due are let go.
const TICK: Duration = Duration::from_micros(200);

/// So many connections for so long, each of which asks again as soon as it is answered.
pub async fn closed(address: &str, connections: usize, time: Duration, make: Make) -> Tally {
    let began = Instant::now();
    let end = began + time;
    let clients = (0..connections).map(|number| {
        let mut client = Client::new(address, number, make.clone());
        async move {
            while Instant::now() < end {
                let asked = Instant::now();
                client.ask(asked).await;
            }
            client.tally
        }
    });
    together(clients, began).await
}

/// So many requests a second for so long, over so many connections, answered or not. The first is due when
/// all are connected.
pub async fn open(address: &str, connections: usize, rate: f64, time: Duration, make: Make) -> Tally {
    let mut clients = Vec::with_capacity(connections);
    for number in 0..connections {
        let mut client = Client::new(address, number, make.clone());
        client.connect().await;
        clients.push(client);
    }
    let (due, taken) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let all = (rate * time.as_secs_f64()) as u64;
    let began = Instant::now();
    let pace = {
        let due = due.clone();
        // A thread sleeps more exactly than a task does.
        thread::spawn(move || {
            let mut released = 0;
            while released < all {
                let now = ((began.elapsed().as_secs_f64() * rate) as u64).min(all);
                due.add_permits((now - released) as usize);
                released = now;
                #[expect(clippy::disallowed_methods, reason = "the thread is its own")]
                thread::sleep(TICK);
            }
        })
    };
    let clients = clients.into_iter().map(|mut client| {
        let (due, taken) = (due.clone(), taken.clone());
        async move {
            // Closed when the last one was taken.
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                let number = taken.fetch_add(1, Ordering::Relaxed);
                client.ask(began + Duration::from_secs_f64(number as f64 / rate)).await;
                if number + 1 >= all {
                    due.close();
                }
            }
            client.tally
        }
    });
    let tally = together(clients, began).await;
    pace.join().expect("it only counts");
    tally
}

async fn together<F>(clients: impl Iterator<Item = F>, began: Instant) -> Tally
where
    F: Future<Output = Tally> + Send + 'static,
{
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

    async fn connect(&mut self) {
        // What goes wrong now goes wrong again when it asks, and is told then.
        self.connection = Connection::open(&self.address).await.ok();
    }

    /// Asks, and counts the time since it should have.
    async fn ask(&mut self, due: Instant) {
        let request = (self.make)(self.number, self.sent);
        self.sent += 1;
        let ended = match tokio::time::timeout(PATIENCE, self.send(&request)).await {
            Ok(Ok(200..300)) => Ended::Answered,
            Ok(Ok(429 | 503)) => Ended::Refused,
            Ok(Ok(status)) => {
                let body = self.connection.as_ref().map(Connection::body).unwrap_or_default();
                Ended::Failed(format!("{status}: {}", String::from_utf8_lossy(body)))
            }
            Ok(Err(error)) => {
                self.connection = None;
                Ended::Failed(error.to_string())
            }
            Err(_) => {
                self.connection = None;
                Ended::Failed("no answer".into())
            }
        };
        self.tally.count(ended, due.elapsed());
    }

    async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(&self.address).await?),
        };
        connection.ask(request).await
    }
}
