//! Runs the echo server as a child process.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use datadump_tests::{load::Process, workspace};

/// A running echo server.
pub(crate) struct Echo {
    child: Child,
    /// Host and port of the HTTP listener.
    pub(crate) http: String,
    /// URL of the WebSocket listener.
    pub(crate) sockets: String,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(workspace::program("echo"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the echo server can be started");
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("the echo server prints its addresses");
        let mut addresses = line.trim_start_matches("listening on ").split_whitespace();
        let mut next = || addresses.next().expect("the echo server prints two addresses").to_owned();
        Self { child, http: next(), sockets: format!("ws://{}/", next()) }
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It has no state to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
