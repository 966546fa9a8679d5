//! Line protocol in batches of 5,000, and the same batches written to InfluxDB 1 if it is installed
//! (`apt-get install influxdb`).

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use datadump_tests::{Api, Database, Server, eventually, load::post};

use crate::{
    Bench,
    batches::send,
    report::{Goal, Row},
};

/// Number of lines in a batch, and of batches in one measurement.
const LINES: usize = 5_000;
const BATCHES: usize = 60;

/// An InfluxDB with a database named `bench` in a temporary folder.
struct Influx {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

pub(crate) async fn run(bench: &mut Bench) {
    if !bench.selects("line-protocol") {
        return;
    }
    let Some(influx) = Influx::start().await else {
        println!("line-protocol is left out: InfluxDB is not installed");
        return;
    };
    let server = Server::start(Database::sqlite()).await;
    let mut row = Row::new(
        "line-protocol",
        "line protocol, batches of 5,000 lines of two tags and five fields, auto storage",
        "lines/s",
        "InfluxDB 1, which also syncs every batch",
        Goal::AtLeast(0.65, 1.0),
    );
    for repeat in 0..=bench.repeats {
        let batches: Vec<String> = (0..BATCHES).map(|batch| lines(repeat * BATCHES + batch)).collect();
        let theirs = write(&influx.address, "/write?db=bench", &batches, 204).await;
        let ours = write(server.address(), "/throw/influx?format=influx", &batches, 200).await;
        // The first repetition is a warm-up.
        if repeat > 0 {
            row.pair(ours, theirs);
        }
    }
    bench.report.add(row);
    server.stop().await;
}

/// Writes all batches, and returns the lines per second.
async fn write(address: &str, path: &str, batches: &[String], status: u16) -> f64 {
    let requests: Vec<_> =
        batches.iter().map(|batch| post(path, "text/plain; charset=utf-8", batch.as_bytes())).collect();
    let began = Instant::now();
    send(address, requests, move |found, body| {
        let text = String::from_utf8_lossy(body);
        assert!(
            found == status && (text.is_empty() || text.contains("\"accepted\":5000")),
            "{found}: {text}"
        );
    })
    .await;
    (batches.len() * LINES) as f64 / began.elapsed().as_secs_f64()
}

fn lines(batch: usize) -> String {
    let mut text = String::with_capacity(LINES * 140);
    for id in batch * LINES..(batch + 1) * LINES {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "weather,device=pico-{},room=cellar temperature={:?},humidity=48.25,battery=3.71,errors={}i,online=true {}",
            id % 100,
            15.25 + (id % 40) as f64 / 4.0,
            id % 7,
            1_777_900_000_000_000_000 + id as u64 * 1_000_000,
        );
    }
    text
}

impl Influx {
    /// Starts the installed program. `None` if there is none.
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = free_port();
        let file = folder.path().join("influxdb.conf");
        fs::write(&file, configuration(folder.path(), port)).expect("a file can be written");
        let process = Command::new("influxd")
            .args(["run".as_ref(), "-config".as_ref(), file.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let influx = Self { process, address: format!("127.0.0.1:{port}"), _folder: folder };
        let api = Api::new(format!("http://{}", influx.address));
        eventually("InfluxDB starts", || async {
            let created = api.request("POST", "/query?q=CREATE+DATABASE+bench").send().await;
            created.is_ok_and(|response| response.status == 200).then_some(())
        })
        .await;
        Some(influx)
    }
}

impl Drop for Influx {
    fn drop(&mut self) {
        // A process that has ended by itself cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the settings: those of the package, but with its own folders, and without logs and statistics.
fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n\
         [meta]\ndir = \"{folder}/meta\"\n\
         [data]\ndir = \"{folder}/data\"\nwal-dir = \"{folder}/wal\"\nquery-log-enabled = false\n\
         [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n\
         [monitor]\nstore-enabled = false\n\
         [logging]\nlevel = \"error\"\n"
    )
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("the listener has an address").port()
}
