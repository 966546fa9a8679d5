//! Load over HTTP in an open loop: requests are due at a fixed rate, answered or not. One thread drives all
//! connections, waiting with `epoll` for the timer and for responses, so that the clients leave the processors to the
//! server.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "request counts are small and positive"
)]

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    ops::RangeInclusive,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec},
};

use super::{
    Outcome, REQUEST_TIMEOUT, RequestFactory, Tally,
    connection::{invalid_data, parse_response},
};

/// Bounds of the timer interval. Within these bounds, it is a quarter of the time between two requests.
const TIMER_INTERVAL: RangeInclusive<Duration> = Duration::from_micros(200)..=Duration::from_millis(1);

/// The `epoll` token of the timer; other tokens are numbers of connections.
const TIMER: u64 = u64::MAX;

/// Loads a server for `time` with `rate` requests per second, answered or not. The first one is due when all
/// connections are open.
pub async fn open_loop(
    address: &str,
    connections: usize,
    rate: f64,
    time: Duration,
    make: RequestFactory,
) -> Tally {
    let address = address.to_owned();
    let run = move || Load::new(address, connections, make).run(rate, time);
    tokio::task::spawn_blocking(run).await.expect("the load generator does not panic")
}

struct Load {
    address: String,
    make: RequestFactory,
    /// The `epoll` instance.
    events: OwnedFd,
    timer: OwnedFd,
    clients: Vec<Client>,
    /// Connections without a request in flight, in the order in which they became idle.
    idle: VecDeque<usize>,
    tally: Tally,
}

/// One connection, reopened when it fails.
#[derive(Default)]
struct Client {
    stream: Option<TcpStream>,
    sent: u64,
    in_flight: Option<InFlight>,
}

/// A request that has not been answered.
struct InFlight {
    due: Instant,
    started: Instant,
    /// The part of the request that has not been written.
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Load {
    fn new(address: String, connections: usize, make: RequestFactory) -> Self {
        let events = epoll::create(CreateFlags::CLOEXEC).expect("epoll works");
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK)
            .expect("a timer can be created");
        epoll::add(&events, &timer, EventData::new_u64(TIMER), EventFlags::IN)
            .expect("the timer can be polled");
        let clients = (0..connections).map(|_| Client::default()).collect();
        let idle = (0..connections).collect();
        Self { address, make, events, timer, clients, idle, tally: Tally::default() }
    }

    fn run(mut self, rate: f64, time: Duration) -> Tally {
        for number in 0..self.clients.len() {
            // A failure is counted when the connection sends its first request.
            let _ = self.connect(number);
        }
        let tick = Duration::from_secs_f64(0.25 / rate).clamp(*TIMER_INTERVAL.start(), *TIMER_INTERVAL.end());
        let tick = Timespec { tv_sec: 0, tv_nsec: tick.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: tick, it_value: tick };
        rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec)
            .expect("the timer can be set");
        let (total, mut sent) = ((rate * time.as_secs_f64()) as u64, 0);
        let began = Instant::now();
        let mut last_check = began;
        let mut ready_events = Vec::with_capacity(self.clients.len() + 1);
        while sent < total || self.idle.len() < self.clients.len() {
            let due = ((began.elapsed().as_secs_f64() * rate) as u64).min(total);
            while sent < due
                && let Some(number) = self.idle.pop_front()
            {
                self.send(number, began + Duration::from_secs_f64(sent as f64 / rate));
                sent += 1;
            }
            // A signal, such as SIGCHLD, interrupts the wait.
            rustix::io::retry_on_intr(|| epoll::wait(&self.events, spare_capacity(&mut ready_events), None))
                .expect("epoll works");
            for event in ready_events.drain(..) {
                match { event.data }.u64() {
                    TIMER => {
                        // Only resets the timer: the elapsed time says how many requests are due.
                        let _ = rustix::io::read(&self.timer, &mut [0; 8]);
                    }
                    number => self.progress(number as usize),
                }
            }
            if last_check.elapsed() > Duration::from_secs(1) {
                last_check = Instant::now();
                self.cancel_overdue();
            }
        }
        self.tally.time = began.elapsed();
        self.tally
    }

    fn connect(&mut self, number: usize) -> io::Result<()> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let which = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&self.events, &stream, EventData::new_u64(number as u64), which)?;
        self.clients[number].stream = Some(stream);
        Ok(())
    }

    fn send(&mut self, number: usize, due: Instant) {
        let client = &mut self.clients[number];
        let request = (self.make)(number, client.sent);
        client.sent += 1;
        client.in_flight = Some(InFlight { due, started: Instant::now(), request, response: Vec::new() });
        if client.stream.is_none()
            && let Err(error) = self.connect(number)
        {
            return self.finish(number, Outcome::Failed(error.to_string()));
        }
        let written = self.clients[number].write();
        self.handle(number, written.map(|()| None));
    }

    /// Continues writing and reading when a connection is ready.
    fn progress(&mut self, number: usize) {
        let client = &mut self.clients[number];
        let result = client.write().and_then(|()| client.read());
        self.handle(number, result);
    }

    fn handle(&mut self, number: usize, result: io::Result<Option<Outcome>>) {
        match result {
            Ok(Some(outcome)) => self.finish(number, outcome),
            Ok(None) => {}
            Err(error) => {
                self.clients[number].stream = None;
                self.finish(number, Outcome::Failed(error.to_string()));
            }
        }
    }

    fn finish(&mut self, number: usize, outcome: Outcome) {
        // An idle connection may fail too; that is no request.
        if let Some(request) = self.clients[number].in_flight.take() {
            self.tally.count(outcome, request.due.elapsed());
            self.idle.push_back(number);
        }
    }

    /// Cancels requests that exceed `REQUEST_TIMEOUT`.
    fn cancel_overdue(&mut self) {
        for number in 0..self.clients.len() {
            let client = &mut self.clients[number];
            if client.in_flight.as_ref().is_some_and(|request| request.started.elapsed() > REQUEST_TIMEOUT) {
                client.stream = None;
                self.finish(number, Outcome::timed_out());
            }
        }
    }
}

impl Client {
    /// Writes as much of the request as the socket accepts.
    fn write(&mut self) -> io::Result<()> {
        let (Some(mut stream), Some(pending)) = (self.stream.as_ref(), &mut self.in_flight) else {
            return Ok(());
        };
        while !pending.request.is_empty() {
            let Some(written) = unless_blocked(stream.write(&pending.request))? else { break };
            pending.request.drain(..written);
        }
        Ok(())
    }

    /// Reads what is available, and returns the outcome once the response is complete.
    fn read(&mut self) -> io::Result<Option<Outcome>> {
        let Some(mut stream) = self.stream.as_ref() else { return Ok(None) };
        let mut buffer = [0; 4 << 10];
        while let Some(length) = unless_blocked(stream.read(&mut buffer))? {
            let Some(pending) = &mut self.in_flight else {
                return Err(invalid_data("an idle connection was closed or received data"));
            };
            if length == 0 {
                return Err(invalid_data("the connection was closed"));
            }
            pending.response.extend_from_slice(buffer.get(..length).unwrap_or_default());
            if let Some((status, body)) = parse_response(&pending.response)? {
                let body = pending.response.get(body).unwrap_or_default();
                return Ok(Some(Outcome::from_response(status, body)));
            }
        }
        Ok(None)
    }
}

/// Maps `WouldBlock` to `None`.
fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}
