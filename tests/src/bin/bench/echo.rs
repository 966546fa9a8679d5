//! The echo, as a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use datadump_tests::{load::Process, workspace};

/// A running echo.
pub(crate) struct Echo {
    child: Child,
    /// Where it answers HTTP.
    pub(crate) http: String,
    /// Where it answers WebSockets.
    pub(crate) sockets: String,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(workspace::program("echo"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the echo can be started");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("it has an output");
        BufReader::new(output).read_line(&mut line).expect("it prints its addresses");
        let mut addresses = line.trim_start_matches("listening on ").split_whitespace();
        let mut next = || addresses.next().expect("it has two addresses").to_owned();
        Self { child, http: next(), sockets: format!("ws://{}/", next()) }
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It holds nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
