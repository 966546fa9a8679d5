//! Simulated devices: they push readings, drop out now and then, and run commands.
//!
//! ```text
//! every interval: push ─► commands in the response ─► acknowledge ─► run once ─► report the result
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value as Json, json};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use crate::{Api, segment};

/// How the simulated devices behave.
#[derive(Debug, Clone)]
pub struct SimulationOptions {
    /// Number of devices.
    pub devices: usize,
    /// Prefix of their names.
    pub name: String,
    /// Time between two pushes of a device.
    pub interval: Duration,
    /// Number of sensors per device.
    pub sensors: usize,
    /// Probability that a device drops out before a push.
    pub drop_out_rate: f64,
    /// Number of intervals for which a dropped-out device is offline.
    pub offline_periods: u32,
    /// Makes the devices ask for commands and run them.
    pub run_commands: bool,
}

impl Default for SimulationOptions {
    fn default() -> Self {
        Self {
            devices: 1,
            name: "simulated".into(),
            interval: Duration::from_secs(1),
            sensors: 2,
            drop_out_rate: 0.0,
            offline_periods: 10,
            run_commands: true,
        }
    }
}

/// What the devices have done so far.
#[derive(Debug, Default, Clone)]
pub struct Progress {
    /// Number of accepted pushes.
    pub pushed: u64,
    /// Number of accepted readings.
    pub accepted: u64,
    /// Number of pushes that were refused or not answered.
    pub failed: u64,
    /// How often each command was run, by its id.
    pub commands: BTreeMap<String, u32>,
}

/// A running simulation. Its devices are aborted when it is dropped.
#[derive(Debug)]
pub struct Simulation {
    progress: Arc<Mutex<Progress>>,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// Names of the sensors, with the mean and amplitude of their values.
const SENSORS: [(&str, f64, f64); 5] = [
    ("temperature", 21.0, 6.0),
    ("moisture", 40.0, 25.0),
    ("light", 500.0, 450.0),
    ("battery", 80.0, 15.0),
    ("pressure", 1_013.0, 12.0),
];

impl SimulationOptions {
    /// Starts the devices.
    pub fn start(&self, api: &Api) -> Simulation {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let stop = watch::Sender::new(());
        let tasks = (0..self.devices).map(|number| {
            let device = Device {
                name: match self.devices {
                    1 => self.name.clone(),
                    _ => format!("{}-{number}", self.name),
                },
                number,
                api: api.clone(),
                options: self.clone(),
                progress: progress.clone(),
                random: Random(number as u64 + 1),
                settings: BTreeMap::new(),
            };
            tokio::spawn(device.run(stop.subscribe()))
        });
        Simulation { tasks: tasks.collect(), progress, stop }
    }
}

impl Simulation {
    /// Returns what the devices have done so far.
    pub fn progress(&self) -> Progress {
        self.progress.lock().expect("no device panics").clone()
    }

    /// Stops the devices between two pushes, so that no request is in flight.
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
    options: SimulationOptions,
    progress: Arc<Mutex<Progress>>,
    random: Random,
    settings: BTreeMap<String, Json>,
}

impl Device {
    async fn run(mut self, mut stop: watch::Receiver<()>) {
        let began = Instant::now();
        // Spreads the devices over the interval.
        let offset = self.options.interval.mul_f64(self.number as f64 / self.options.devices as f64);
        let mut due = began + offset;
        loop {
            tokio::select! {
                () = sleep_until(due) => {}
                _ = stop.changed() => return,
            }
            if self.random.next() < self.options.drop_out_rate {
                sleep(self.options.interval * self.options.offline_periods).await;
                due = Instant::now();
            }
            due += self.options.interval;
            self.push(began.elapsed().as_secs_f64()).await;
        }
    }

    async fn push(&mut self, seconds: f64) {
        let mut sensors = serde_json::Map::new();
        for (index, (name, mean, amplitude)) in SENSORS.iter().take(self.options.sensors).enumerate() {
            let phase = seconds / 60.0 + (self.number + index) as f64;
            let value = mean + amplitude * phase.sin() + self.random.next() - 0.5;
            sensors.insert((*name).to_owned(), json!((value * 100.0).round() / 100.0));
        }
        let path = if self.options.run_commands { "/api/data?commands=1" } else { "/api/data" };
        let push = json!({"device_id": self.name, "sensors": sensors});
        let response = match self.api.post(path, &push).send().await {
            Ok(response) if response.status == 201 => response.json(),
            _ => {
                self.update(|progress| progress.failed += 1);
                return;
            }
        };
        self.update(|progress| {
            progress.pushed += 1;
            progress.accepted += response["accepted"].as_u64().unwrap_or_default();
        });
        for command in response["commands"].as_array().into_iter().flatten() {
            self.run_command(command).await;
        }
    }

    /// Runs a command, provided that the server accepts the acknowledgement.
    async fn run_command(&mut self, command: &Json) {
        let id = command["id"].as_str().unwrap_or_default().to_owned();
        let path = |step: &str| format!("/api/v1/command/{}/{step}/", segment(&id));
        let attempt = &command["attempt"];
        let acknowledged = self.api.post(&path("ack"), &json!({"attempt": attempt})).send().await;
        if !acknowledged.is_ok_and(|response| response.status == 200) {
            return;
        }
        self.update(|progress| *progress.commands.entry(id.clone()).or_default() += 1);
        let (ok, data) = self.execute(command["method"].as_str().unwrap_or_default(), &command["params"]);
        let result = json!({"ok": ok, "data": data, "attempt": attempt});
        // Retries until the server has the result, because the command must not be run again.
        for _ in 0..100 {
            match self.api.post(&path("result"), &result).send().await {
                Ok(_) => return,
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Executes a method: `echo` returns its parameters, `set` stores them, `get` returns what is stored, `fail` fails.
    fn execute(&mut self, method: &str, params: &Json) -> (bool, Json) {
        match method {
            "echo" => (true, params.clone()),
            "set" => {
                for (name, value) in params.as_object().into_iter().flatten() {
                    self.settings.insert(name.clone(), value.clone());
                }
                (true, json!(self.settings))
            }
            "get" => (true, json!(self.settings)),
            "fail" => (false, json!("the method always fails")),
            other => (false, json!(format!("unknown method {other}"))),
        }
    }

    fn update(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().expect("no device panics"));
    }
}

/// A deterministic xorshift generator of numbers from 0 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
