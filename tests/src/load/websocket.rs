//! Load over WebSockets, with a fixed number of messages in flight on each.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::task::JoinSet;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{Outcome, RequestFactory, Tally};

/// Loads a server over WebSockets for `time`, each with up to `window` unanswered messages. `make`
/// returns the text of a message.
pub async fn closed_loop_over_websockets(
    address: &str,
    connections: usize,
    window: usize,
    time: Duration,
    make: RequestFactory,
) -> Tally {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..connections {
        running.spawn(client(address.to_owned(), number, window, began + time, make.clone()));
    }
    let mut total = Tally::default();
    while let Some(tally) = running.join_next().await {
        total.merge(&tally.expect("a client does not panic"));
    }
    total.time = began.elapsed();
    total
}

async fn client(address: String, number: usize, window: usize, end: Instant, make: RequestFactory) -> Tally {
    let mut tally = Tally::default();
    let (mut socket, _) = match connect_async(&address).await {
        Ok(opened) => opened,
        Err(error) => {
            tally.count(Outcome::Failed(error.to_string()), Duration::ZERO);
            return tally;
        }
    };
    let (mut sent, mut in_flight) = (0, VecDeque::with_capacity(window));
    loop {
        let mut has_fed = false;
        while in_flight.len() < window && Instant::now() < end {
            let text = String::from_utf8(make(number, sent)).expect("messages are UTF-8");
            sent += 1;
            in_flight.push_back(Instant::now());
            has_fed = true;
            if let Err(error) = socket.feed(Message::text(text)).await {
                tally.count(Outcome::Failed(error.to_string()), Duration::ZERO);
                return tally;
            }
        }
        if has_fed && socket.flush().await.is_err() {
            return tally;
        }
        let Some(started) = in_flight.front().copied() else { return tally };
        let outcome = match socket.next().await {
            Some(Ok(Message::Text(text))) if !text.contains("\"ok\":false") => Outcome::Answered,
            Some(Ok(Message::Text(text))) if text.contains("overloaded") => Outcome::Refused,
            Some(Ok(Message::Text(text))) => Outcome::Failed(text.to_string()),
            Some(Ok(_)) => continue,
            Some(Err(error)) => {
                tally.count(Outcome::Failed(error.to_string()), Duration::ZERO);
                return tally;
            }
            None => {
                tally.count(Outcome::Failed("the connection was closed".into()), Duration::ZERO);
                return tally;
            }
        };
        in_flight.pop_front();
        tally.count(outcome, started.elapsed());
    }
}
