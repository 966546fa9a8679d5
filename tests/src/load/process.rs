//! What a process takes: processor time and memory, as the kernel counts them.

use std::fs;

/// The ticks of a second in what the kernel tells programs, whatever its own are.
const TICKS: f64 = 100.0;

/// A running process.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// Seconds of processor time it has taken so far.
    pub fn processor_seconds(self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("it is running");
        // Its name stands in brackets and may hold anything.
        let (_, rest) = stat.rsplit_once(')').expect("it has a name");
        let mut fields = rest.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
        let ticks = fields.next().unwrap_or(0) + fields.next().unwrap_or(0);
        ticks as f64 / TICKS
    }

    /// KiB of memory it holds.
    pub fn resident(self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most KiB of memory it ever held.
    pub fn most_resident(self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("it is running");
        let rest = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        rest.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    }
}
