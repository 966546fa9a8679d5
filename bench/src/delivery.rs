//! Measures the delivery latency of events to many subscribers. One thread reads all streams with `epoll`, because it
//! shares the processors with the server.

use std::{
    io::Read as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use memchr::memmem::Finder;
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    time::Timespec,
};

/// Maximum time without an event on any stream.
const IDLE_TIMEOUT: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// Size of the read buffer. It exceeds what is pending on one stream, so that one read empties the stream.
const READ_BUFFER_SIZE: usize = 64 << 10;

/// Reads all streams until each has received the events 0 to `count`, each exactly once. Returns the latencies in
/// microseconds.
pub(crate) fn measure_delivery(streams: Vec<TcpStream>, count: usize, began: Instant) -> Histogram<u64> {
    let events = epoll::create(CreateFlags::CLOEXEC).expect("epoll works");
    for (number, stream) in streams.iter().enumerate() {
        epoll::add(&events, stream, EventData::new_u64(number as u64), EventFlags::IN | EventFlags::ET)
            .expect("a stream can be polled");
    }
    let parser = EventParser::new();
    let mut subscribers: Vec<Subscriber> =
        streams.into_iter().map(|stream| Subscriber::new(stream, count)).collect();
    let mut latency = Histogram::new(3).expect("3 digits are supported");
    let (mut buffer, mut ready_events) = (vec![0; READ_BUFFER_SIZE], Vec::with_capacity(subscribers.len()));
    let mut missing = subscribers.len() * count;
    while missing > 0 {
        let wait = || epoll::wait(&events, spare_capacity(&mut ready_events), Some(&IDLE_TIMEOUT));
        let ready = rustix::io::retry_on_intr(wait).expect("epoll works");
        assert!(ready > 0, "{missing} events did not arrive");
        for event in ready_events.drain(..) {
            let subscriber =
                &mut subscribers[usize::try_from({ event.data }.u64()).expect("the token is an index")];
            missing -= subscriber.read(&parser, &mut buffer, |at| {
                let elapsed = began.elapsed().saturating_sub(Duration::from_micros(at));
                latency.record(elapsed.as_micros().max(1) as u64).expect("the latency is in bounds");
            });
        }
    }
    latency
}

struct Subscriber {
    stream: TcpStream,
    /// The received part of an incomplete event.
    pending: Vec<u8>,
    received: Vec<bool>,
}

impl Subscriber {
    fn new(stream: TcpStream, count: usize) -> Self {
        Self { stream, pending: Vec::new(), received: vec![false; count] }
    }

    /// Reads the available events, passes the creation time of each to `on_event`, and returns their number.
    fn read(&mut self, parser: &EventParser, buffer: &mut [u8], mut on_event: impl FnMut(u64)) -> usize {
        let (mut from, mut count) = (0, 0);
        let length = self.stream.read(buffer).expect("the stream is readable");
        assert!((1..buffer.len()).contains(&length), "one read of {length} bytes does not empty the stream");
        self.pending.extend_from_slice(&buffer[..length]);
        while let Some(length) = parser.end.find(&self.pending[from..]) {
            if let Some((number, at)) = parser.event(&self.pending[from..from + length]) {
                let received = &mut self.received[usize::try_from(number).expect("the number is an index")];
                assert!(!std::mem::replace(received, true), "event {number} arrived twice");
                count += 1;
                on_event(at);
            }
            from += length + 2;
        }
        self.pending.drain(..from);
        count
    }
}

/// Finds the members `number` and `at` of events, without parsing them as JSON.
struct EventParser {
    end: Finder<'static>,
    number: Finder<'static>,
    at: Finder<'static>,
}

impl EventParser {
    fn new() -> Self {
        Self { end: Finder::new("\n\n"), number: Finder::new("\"number\":"), at: Finder::new("\"at\":") }
    }

    /// Returns the number and the creation time of an event.
    fn event(&self, bytes: &[u8]) -> Option<(u64, u64)> {
        let value_of = |name: &Finder<'_>| {
            let digits = &bytes[name.find(bytes)? + name.needle().len()..];
            let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
            Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
        };
        Some((value_of(&self.number)?, value_of(&self.at)?))
    }
}
