//! Devices that are not there: they push what they measure, drop out now and then, and do what they are told.
//!
//! ```text
//! every period: push ─► commands in the answer ─► acknowledge ─► do (once) ─► answer
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value as Json, json};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use crate::{Api, segment};

/// How devices behave.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// How many there are.
    pub devices: usize,
    /// What their names begin with.
    pub name: String,
    /// How often each pushes.
    pub every: Duration,
    /// How many sensors each has.
    pub sensors: usize,
    /// How likely a device drops out before a push, and for how many periods.
    pub drop_outs: f64,
    /// For how many periods one that has dropped out is silent.
    pub silent: u32,
    /// Whether they ask for commands, and do them.
    pub obey: bool,
}

impl Default for Simulated {
    fn default() -> Self {
        Self {
            devices: 1,
            name: "simulated".into(),
            every: Duration::from_secs(1),
            sensors: 2,
            drop_outs: 0.0,
            silent: 10,
            obey: true,
        }
    }
}

/// What devices have done.
#[derive(Debug, Default, Clone)]
pub struct Done {
    /// Pushes that were answered.
    pub pushed: u64,
    /// Readings that were accepted.
    pub accepted: u64,
    /// Pushes that were not answered, or refused.
    pub failed: u64,
    /// Commands, and how often each was done.
    pub commands: BTreeMap<String, u32>,
}

/// Devices that are running. They stop when this is dropped, whatever they are about.
#[derive(Debug)]
pub struct Simulation {
    done: Arc<Mutex<Done>>,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// The names of the sensors, and about what they say.
const SENSORS: [(&str, f64, f64); 5] = [
    ("temperature", 21.0, 6.0),
    ("moisture", 40.0, 25.0),
    ("light", 500.0, 450.0),
    ("battery", 80.0, 15.0),
    ("pressure", 1_013.0, 12.0),
];

impl Simulated {
    /// Starts them.
    pub fn start(&self, api: &Api) -> Simulation {
        let done = Arc::new(Mutex::new(Done::default()));
        let stop = watch::Sender::new(());
        let tasks = (0..self.devices).map(|number| {
            let device = Device {
                name: match self.devices {
                    1 => self.name.clone(),
                    _ => format!("{}-{number}", self.name),
                },
                number,
                api: api.clone(),
                simulated: self.clone(),
                done: done.clone(),
                chance: Chance(number as u64 + 1),
                settings: BTreeMap::new(),
            };
            tokio::spawn(device.run(stop.subscribe()))
        });
        Simulation { tasks: tasks.collect(), done, stop }
    }
}

impl Simulation {
    /// What they have done so far.
    pub fn done(&self) -> Done {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops them between two pushes: nothing that they have asked for is still on its way.
    pub async fn stop(mut self) {
        self.stop.send_replace(());
        for task in &mut self.tasks {
            let _ = task.await;
        }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct Device {
    name: String,
    number: usize,
    api: Api,
    simulated: Simulated,
    done: Arc<Mutex<Done>>,
    chance: Chance,
    settings: BTreeMap<String, Json>,
}

impl Device {
    async fn run(mut self, mut stop: watch::Receiver<()>) {
        let began = Instant::now();
        // Not all at the same moment.
        let offset = self.simulated.every.mul_f64(self.number as f64 / self.simulated.devices as f64);
        let mut due = began + offset;
        loop {
            tokio::select! {
                () = sleep_until(due) => {}
                _ = stop.changed() => return,
            }
            if self.chance.next() < self.simulated.drop_outs {
                sleep(self.simulated.every * self.simulated.silent).await;
                due = Instant::now();
            }
            due += self.simulated.every;
            self.push(began.elapsed().as_secs_f64()).await;
        }
    }

    async fn push(&mut self, seconds: f64) {
        let mut sensors = serde_json::Map::new();
        for (place, (name, middle, swing)) in SENSORS.iter().take(self.simulated.sensors).enumerate() {
            let phase = seconds / 60.0 + (self.number + place) as f64;
            let value = middle + swing * phase.sin() + self.chance.next() - 0.5;
            sensors.insert((*name).to_owned(), json!((value * 100.0).round() / 100.0));
        }
        let path = if self.simulated.obey { "/api/data?commands=1" } else { "/api/data" };
        let push = json!({"device_id": self.name, "sensors": sensors});
        let answer = match self.api.post(path, &push).send().await {
            Ok(answer) if answer.status == 201 => answer.json(),
            _ => {
                self.note(|done| done.failed += 1);
                return;
            }
        };
        self.note(|done| {
            done.pushed += 1;
            done.accepted += answer["accepted"].as_u64().unwrap_or_default();
        });
        for command in answer["commands"].as_array().into_iter().flatten() {
            self.obey(command).await;
        }
    }

    /// Does a command: only if the server still takes it from this device.
    async fn obey(&mut self, command: &Json) {
        let id = command["id"].as_str().unwrap_or_default().to_owned();
        let path = |step: &str| format!("/api/v1/command/{}/{step}/", segment(&id));
        let attempt = &command["attempt"];
        let taken = self.api.post(&path("ack"), &json!({"attempt": attempt})).send().await;
        if !taken.is_ok_and(|answer| answer.status == 200) {
            return;
        }
        self.note(|done| *done.commands.entry(id.clone()).or_default() += 1);
        let (ok, data) = self.act(command["method"].as_str().unwrap_or_default(), &command["params"]);
        let result = json!({"ok": ok, "data": data, "attempt": attempt});
        // Answered until it is heard: it must not be done again.
        for _ in 0..100 {
            match self.api.post(&path("result"), &result).send().await {
                Ok(_) => return,
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// `echo`: what was sent. `set`: keeps what was sent. `get`: what was kept. `fail`: cannot be done.
    fn act(&mut self, method: &str, params: &Json) -> (bool, Json) {
        match method {
            "echo" => (true, params.clone()),
            "set" => {
                for (name, value) in params.as_object().into_iter().flatten() {
                    self.settings.insert(name.clone(), value.clone());
                }
                (true, json!(self.settings))
            }
            "get" => (true, json!(self.settings)),
            "fail" => (false, json!("it was told to fail")),
            other => (false, json!(format!("it does not know how to {other}"))),
        }
    }

    fn note(&self, note: impl FnOnce(&mut Done)) {
        note(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Numbers from 0 to 1, the same every time: xorshift.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
