//! How late many listeners hear of it. One thread listens for all of them and does little else: it shares the
//! processors with what is measured.

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

/// How long there may be nothing to hear for anybody.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// Longer than what waits for one listener: what is there is read at once.
const BUFFER: usize = 64 << 10;

/// Listens on all of these until each has heard so many events, numbered from zero and each once: after how many
/// microseconds.
pub(crate) fn hear(streams: Vec<TcpStream>, count: usize, began: Instant) -> Histogram<u64> {
    let events = epoll::create(CreateFlags::CLOEXEC).expect("events can be waited for");
    for (number, stream) in streams.iter().enumerate() {
        epoll::add(&events, stream, EventData::new_u64(number as u64), EventFlags::IN | EventFlags::ET)
            .expect("it can be waited for");
    }
    let reading = Reading::new();
    let mut all: Vec<Listener> = streams.into_iter().map(|stream| Listener::new(stream, count)).collect();
    let mut latency = Histogram::new(3).expect("it can be made");
    let (mut buffer, mut happened) = (vec![0; BUFFER], Vec::with_capacity(all.len()));
    let mut missing = all.len() * count;
    while missing > 0 {
        let wait = || epoll::wait(&events, spare_capacity(&mut happened), Some(&PATIENCE));
        let some = rustix::io::retry_on_intr(wait).expect("events can be waited for");
        assert!(some > 0, "all of it comes");
        for event in happened.drain(..) {
            let listener = &mut all[usize::try_from({ event.data }.u64()).expect("it is one of them")];
            missing -= listener.hear(&reading, &mut buffer, |at| {
                let late = began.elapsed().saturating_sub(Duration::from_micros(at));
                latency.record(late.as_micros().max(1) as u64).expect("it is in bounds");
            });
        }
    }
    latency
}

struct Listener {
    stream: TcpStream,
    /// The beginning of an event whose end has not come yet.
    read: Vec<u8>,
    heard: Vec<bool>,
}

impl Listener {
    fn new(stream: TcpStream, count: usize) -> Self {
        Self { stream, read: Vec::new(), heard: vec![false; count] }
    }

    /// Reads what is there: how many events, each of which is told by the moment at which it was made.
    fn hear(&mut self, reading: &Reading, buffer: &mut [u8], mut tell: impl FnMut(u64)) -> usize {
        let (mut from, mut heard) = (0, 0);
        let length = self.stream.read(buffer).expect("it goes on");
        assert!((1..buffer.len()).contains(&length), "it goes on, and all that is there was read");
        self.read.extend_from_slice(&buffer[..length]);
        while let Some(length) = reading.end.find(&self.read[from..]) {
            if let Some((number, at)) = reading.event(&self.read[from..from + length]) {
                let place = &mut self.heard[usize::try_from(number).expect("it is a number of an event")];
                assert!(!std::mem::replace(place, true), "{number} is heard twice");
                heard += 1;
                tell(at);
            }
            from += length + 2;
        }
        self.read.drain(..from);
        heard
    }
}

/// Finds what is of interest.
struct Reading {
    end: Finder<'static>,
    number: Finder<'static>,
    at: Finder<'static>,
}

impl Reading {
    fn new() -> Self {
        Self { end: Finder::new("\n\n"), number: Finder::new("\"number\":"), at: Finder::new("\"at\":") }
    }

    /// The number of an event, and when it was made.
    fn event(&self, bytes: &[u8]) -> Option<(u64, u64)> {
        let behind = |name: &Finder<'_>| {
            let digits = &bytes[name.find(bytes)? + name.needle().len()..];
            let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
            Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
        };
        Some((behind(&self.number)?, behind(&self.at)?))
    }
}
