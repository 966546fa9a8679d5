//! Load over HTTP in an open loop: requests are due at a given rate, answered or not. One thread asks on all
//! connections, and waits in one place for the clock and for whoever is answered: what is measured is to have the
//! processors, and must not stand in line behind the clients' own threads.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of requests are small and positive"
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
    Ended, Make, PATIENCE, Tally,
    connection::{answer, broken},
};

/// How often the requests that are due are let go, at least and at most; in between four times for each of them.
const TICKS: RangeInclusive<Duration> = Duration::from_micros(200)..=Duration::from_millis(1);

/// The clock, among the numbers of connections.
const CLOCK: u64 = u64::MAX;

/// So many requests a second for so long, over so many connections, answered or not. The first is due when
/// all are connected.
pub async fn open(address: &str, connections: usize, rate: f64, time: Duration, make: Make) -> Tally {
    let address = address.to_owned();
    let run = move || Load::new(address, connections, make).run(rate, time);
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

struct Load {
    address: String,
    make: Make,
    /// What happens on connections, and that a tick of the clock has passed.
    events: OwnedFd,
    clock: OwnedFd,
    clients: Vec<Client>,
    /// Those that wait for nothing, first come first served.
    free: VecDeque<usize>,
    tally: Tally,
}

/// One connection, made again when it breaks.
#[derive(Default)]
struct Client {
    stream: Option<TcpStream>,
    sent: u64,
    asked: Option<Asked>,
}

/// A request on its way.
struct Asked {
    due: Instant,
    at: Instant,
    /// What is still to be written of it.
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Load {
    fn new(address: String, connections: usize, make: Make) -> Self {
        let events = epoll::create(CreateFlags::CLOEXEC).expect("events can be waited for");
        let clock = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK)
            .expect("there is a clock");
        epoll::add(&events, &clock, EventData::new_u64(CLOCK), EventFlags::IN).expect("it can be waited for");
        let clients = (0..connections).map(|_| Client::default()).collect();
        let free = (0..connections).collect();
        Self { address, make, events, clock, clients, free, tally: Tally::default() }
    }

    fn run(mut self, rate: f64, time: Duration) -> Tally {
        for number in 0..self.clients.len() {
            // What goes wrong now goes wrong again when it asks, and is told then.
            let _ = self.connect(number);
        }
        let tick = Duration::from_secs_f64(0.25 / rate).clamp(*TICKS.start(), *TICKS.end());
        let tick = Timespec { tv_sec: 0, tv_nsec: tick.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: tick, it_value: tick };
        rustix::time::timerfd_settime(&self.clock, TimerfdTimerFlags::empty(), &spec).expect("it can be set");
        let (all, mut taken) = ((rate * time.as_secs_f64()) as u64, 0);
        let began = Instant::now();
        let mut looked = began;
        let mut happened = Vec::with_capacity(self.clients.len() + 1);
        while taken < all || self.free.len() < self.clients.len() {
            let due = ((began.elapsed().as_secs_f64() * rate) as u64).min(all);
            while taken < due
                && let Some(number) = self.free.pop_front()
            {
                self.ask(number, began + Duration::from_secs_f64(taken as f64 / rate));
                taken += 1;
            }
            // A signal to this process, as of a child that has ended, is none of them.
            rustix::io::retry_on_intr(|| epoll::wait(&self.events, spare_capacity(&mut happened), None))
                .expect("events can be waited for");
            for event in happened.drain(..) {
                match { event.data }.u64() {
                    CLOCK => {
                        // How many ticks have passed: what is due says the time.
                        let _ = rustix::io::read(&self.clock, &mut [0; 8]);
                    }
                    number => self.go_on(number as usize),
                }
            }
            if looked.elapsed() > Duration::from_secs(1) {
                looked = Instant::now();
                self.give_up();
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

    fn ask(&mut self, number: usize, due: Instant) {
        let client = &mut self.clients[number];
        let request = (self.make)(number, client.sent);
        client.sent += 1;
        client.asked = Some(Asked { due, at: Instant::now(), request, answer: Vec::new() });
        if client.stream.is_none()
            && let Err(error) = self.connect(number)
        {
            return self.end(number, Ended::Failed(error.to_string()));
        }
        // It is not answered yet: that will be told.
        let written = self.clients[number].write();
        self.went(number, written.map(|()| None));
    }

    /// Something can be written or read.
    fn go_on(&mut self, number: usize) {
        let client = &mut self.clients[number];
        let done = client.write().and_then(|()| client.read());
        self.went(number, done);
    }

    fn went(&mut self, number: usize, done: io::Result<Option<Ended>>) {
        match done {
            Ok(Some(ended)) => self.end(number, ended),
            Ok(None) => {}
            Err(error) => {
                self.clients[number].stream = None;
                self.end(number, Ended::Failed(error.to_string()));
            }
        }
    }

    fn end(&mut self, number: usize, ended: Ended) {
        // A connection may break that nobody waits for.
        if let Some(asked) = self.clients[number].asked.take() {
            self.tally.count(ended, asked.due.elapsed());
            self.free.push_back(number);
        }
    }

    /// Ends what has waited too long.
    fn give_up(&mut self) {
        for number in 0..self.clients.len() {
            let client = &mut self.clients[number];
            if client.asked.as_ref().is_some_and(|asked| asked.at.elapsed() > PATIENCE) {
                client.stream = None;
                self.end(number, Ended::unanswered());
            }
        }
    }
}

impl Client {
    /// Writes what is still to be written and can be now.
    fn write(&mut self) -> io::Result<()> {
        let (Some(mut stream), Some(asked)) = (self.stream.as_ref(), &mut self.asked) else { return Ok(()) };
        while !asked.request.is_empty() {
            let Some(written) = now(stream.write(&asked.request))? else { break };
            asked.request.drain(..written);
        }
        Ok(())
    }

    /// Reads what is there; what became of the request, when that is all.
    fn read(&mut self) -> io::Result<Option<Ended>> {
        let Some(mut stream) = self.stream.as_ref() else { return Ok(None) };
        let mut read = [0; 4 << 10];
        while let Some(length) = now(stream.read(&mut read))? {
            let Some(asked) = &mut self.asked else {
                return Err(broken("what nobody had asked for was answered, or the connection was closed"));
            };
            if length == 0 {
                return Err(broken("the connection was closed"));
            }
            asked.answer.extend_from_slice(read.get(..length).unwrap_or_default());
            if let Some((status, body)) = answer(&asked.answer)? {
                return Ok(Some(Ended::with(status, asked.answer.get(body).unwrap_or_default())));
            }
        }
        Ok(None)
    }
}

/// What could be done without waiting.
fn now(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}
