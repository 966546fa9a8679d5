//! A separate PostgreSQL cluster that a test may kill.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{Database, database::folder};

/// Maximum time to start, to recover and to stop.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(60);

/// A PostgreSQL cluster in a temporary folder, on a free port. It is stopped when dropped.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<&'static str>,
    postmaster: Option<Child>,
}

/// How a cluster is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Like `pg_ctl stop -m immediate`: no shutdown checkpoint, and recovery at the next start.
    Immediate,
    /// Kills all processes.
    Kill,
}

impl Cluster {
    /// Creates and starts a cluster. `settings` are server settings such as `fsync=off`.
    pub async fn start(settings: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("the listener has an address").port();
        drop(listener);
        let folder = folder();
        if let Some((user, group)) = owner() {
            chown(folder.path(), Some(user), Some(group)).expect("root may change the owner");
        }
        let settings = settings.to_vec();
        let mut cluster = Self { folder, programs: programs(), port, settings, postmaster: None };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username", "test", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]);
        let status = initdb.args(["--locale", "C.UTF-8"]).status().await.expect("initdb can be started");
        assert!(status.success(), "initdb failed: {}", cluster.log());
        cluster.restart().await;
        cluster
    }

    /// Creates a database.
    pub async fn database(&self) -> Database {
        let mut connection = self.connect("postgres").await.expect("PostgreSQL answers");
        connection.execute("CREATE DATABASE test").await.expect("a database can be created");
        Database::External { url: self.url("test") }
    }

    /// Stops the cluster without waiting for its clients.
    pub async fn stop(&mut self, mode: StopMode) {
        let mut postmaster = self.postmaster.take().expect("the cluster is running");
        let pid = postmaster.id().expect("the cluster is running");
        let children = children(pid);
        match mode {
            StopMode::Immediate => kill(pid, Signal::QUIT),
            StopMode::Kill => {
                kill(pid, Signal::KILL);
                for child in &children {
                    kill(*child, Signal::KILL);
                }
            }
        }
        timeout(CLUSTER_TIMEOUT, postmaster.wait())
            .await
            .expect("the cluster stops")
            .expect("the postmaster can be awaited");
        let began = Instant::now();
        while children.iter().any(|child| Path::new(&format!("/proc/{child}")).exists()) {
            assert!(began.elapsed() < CLUSTER_TIMEOUT, "some processes of the cluster do not exit");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Suspends all processes, so that connections hang.
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Resumes all processes.
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, signal: Signal) {
        let postmaster = self.postmaster.as_ref().and_then(Child::id).expect("the cluster is running");
        for pid in children(postmaster).into_iter().chain([postmaster]) {
            kill(pid, signal);
        }
    }

    /// Starts the cluster, and returns once it accepts connections.
    pub async fn restart(&mut self) {
        let mut command = self.command("postgres");
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=100"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        self.postmaster = Some(command.spawn().expect("postgres can be started"));
        let began = Instant::now();
        while self.connect("postgres").await.is_err() {
            assert!(began.elapsed() < CLUSTER_TIMEOUT, "PostgreSQL does not answer: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url(database)).await
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://test@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns a command that runs a program of PostgreSQL on the data folder. It does not run as root, which they
    /// refuse, and it dies with the test.
    fn command(&self, program: &str) -> Command {
        let data = self.folder.path().join("data");
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("the log is writable");
        let mut command = Command::new("setpriv");
        if let Some((user, group)) = owner() {
            command.args(["--reuid", &user.to_string(), "--regid", &group.to_string(), "--clear-groups"]);
        }
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(self.programs.join(program))
            .arg("-D")
            .arg(&data)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log is writable"))
            .stderr(log);
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    /// Stops the cluster by signal, so that it also releases its shared memory.
    fn drop(&mut self) {
        let Some(postmaster) = self.postmaster.as_ref().and_then(Child::id) else { return };
        let children = children(postmaster);
        self.thaw();
        kill(postmaster, Signal::QUIT);
        let began = Instant::now();
        let is_running = |pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
        };
        while children.iter().chain([&postmaster]).any(is_running) && began.elapsed() < CLUSTER_TIMEOUT {
            #[expect(clippy::disallowed_methods, reason = "`drop` is not async, and the test has ended")]
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Returns the user and group that run the cluster when the tests run as root.
fn owner() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable");
    let ids_of = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut numbers = line.split(':').skip(2).map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    Some(ids_of("postgres").or_else(|| ids_of("nobody")).expect("there is a user `postgres` or `nobody`"))
}

/// Returns the folder of PostgreSQL's programs: from PATH, or Debian's newest version.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|found| found.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let found = folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file());
    found.expect("PostgreSQL is not installed: run tests/run, which installs it")
}

/// Returns the child processes of a process.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc is readable").flatten();
    let pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let ppid = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        ppid == Some(parent)
    };
    pids.filter(is_child).collect()
}

fn kill(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("the process id is valid");
    // The process may have exited already.
    let _ = kill_process(pid, signal);
}
