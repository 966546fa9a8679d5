//! Processor time and memory of a process, as counted by the kernel.

use std::fs;

/// Ticks per second in `/proc` (`USER_HZ`), whatever the kernel uses internally.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process, by its id.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// Returns the processor time used so far, in seconds.
    pub fn processor_seconds(self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("the process is running");
        // The name is in parentheses and may contain any character.
        let (_, rest) = stat.rsplit_once(')').expect("the process has a name");
        let mut fields = rest.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
        let ticks = fields.next().unwrap_or(0) + fields.next().unwrap_or(0);
        ticks as f64 / TICKS_PER_SECOND
    }

    /// Returns the resident memory in KiB.
    pub fn resident(self) -> u64 {
        self.status("VmRSS:")
    }

    /// Returns the peak resident memory in KiB.
    pub fn peak_resident(self) -> u64 {
        self.status("VmHWM:")
    }

    /// Begins a new peak with the memory that is resident now.
    pub fn reset_peak(self) {
        // This value resets the peak (proc_pid_clear_refs(5)).
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").expect("the process is running");
    }

    /// Returns the mapped address space in KiB.
    pub fn mapped(self) -> u64 {
        self.status("VmSize:")
    }

    fn status(self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("the process is running");
        let rest = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        rest.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    }
}
