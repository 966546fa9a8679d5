//! Load over WebSockets: each keeps so many messages on their way.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::task::JoinSet;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{Ended, Make, Tally};

/// So many WebSockets for so long, each with so many messages that are not answered yet. What is
/// made for them are the texts of messages.
pub async fn closed_over_sockets(
    address: &str,
    connections: usize,
    window: usize,
    time: Duration,
    make: Make,
) -> Tally {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..connections {
        running.spawn(client(address.to_owned(), number, window, began + time, make.clone()));
    }
    let mut all = Tally::default();
    while let Some(tally) = running.join_next().await {
        all.add(&tally.expect("a client does not panic"));
    }
    all.time = began.elapsed();
    all
}

async fn client(address: String, number: usize, window: usize, end: Instant, make: Make) -> Tally {
    let mut tally = Tally::default();
    let (mut socket, _) = match connect_async(&address).await {
        Ok(opened) => opened,
        Err(error) => {
            tally.count(Ended::Failed(error.to_string()), Duration::ZERO);
            return tally;
        }
    };
    let (mut sent, mut waiting) = (0, VecDeque::with_capacity(window));
    loop {
        let mut fed = false;
        while waiting.len() < window && Instant::now() < end {
            let text = String::from_utf8(make(number, sent)).expect("a message is text");
            sent += 1;
            waiting.push_back(Instant::now());
            fed = true;
            if let Err(error) = socket.feed(Message::text(text)).await {
                tally.count(Ended::Failed(error.to_string()), Duration::ZERO);
                return tally;
            }
        }
        if fed && socket.flush().await.is_err() {
            return tally;
        }
        let Some(asked) = waiting.front().copied() else { return tally };
        let ended = match socket.next().await {
            Some(Ok(Message::Text(text))) if !text.contains("\"ok\":false") => Ended::Answered,
            Some(Ok(Message::Text(text))) if text.contains("overloaded") => Ended::Refused,
            Some(Ok(Message::Text(text))) => Ended::Failed(text.to_string()),
            Some(Ok(_)) => continue,
            Some(Err(error)) => {
                tally.count(Ended::Failed(error.to_string()), Duration::ZERO);
                return tally;
            }
            None => {
                tally.count(Ended::Failed("the connection was closed".into()), Duration::ZERO);
                return tally;
            }
        };
        waiting.pop_front();
        tally.count(ended, asked.elapsed());
    }
}
