//! A PostgreSQL of a test's own, which it may kill.

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

/// How long it may take to start, to recover, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster in a temporary folder, on a port of its own. It is stopped when this is dropped.
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
pub enum Stop {
    /// As `pg_ctl stop -m immediate`: it leaves everything as it is, and recovers at the next start.
    Immediate,
    /// All its processes are killed.
    Kill,
}

impl Cluster {
    /// A running one. `settings` are such as `fsync=off`.
    pub async fn start(settings: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let folder = folder();
        if let Some((user, group)) = owner() {
            chown(folder.path(), Some(user), Some(group)).expect("root may");
        }
        let settings = settings.to_vec();
        let mut cluster = Self { folder, programs: programs(), port, settings, postmaster: None };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username", "test", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]);
        let status = initdb.args(["--locale", "C.UTF-8"]).status().await.expect("it can be started");
        assert!(status.success(), "initdb: {}", cluster.log());
        cluster.go_on().await;
        cluster
    }

    /// A new database.
    pub async fn database(&self) -> Database {
        let mut connection = self.connect("postgres").await.expect("it answers");
        connection.execute("CREATE DATABASE test").await.expect("a database can be made");
        Database::Foreign { url: self.url("test") }
    }

    /// Stops it at once, whatever it does.
    pub async fn stop(&mut self, how: Stop) {
        let mut postmaster = self.postmaster.take().expect("it is running");
        let number = postmaster.id().expect("it is running");
        let children = children(number);
        match how {
            Stop::Immediate => kill(number, Signal::QUIT),
            Stop::Kill => {
                kill(number, Signal::KILL);
                for child in &children {
                    kill(*child, Signal::KILL);
                }
            }
        }
        timeout(PATIENCE, postmaster.wait()).await.expect("it stops").expect("it can be waited for");
        let began = Instant::now();
        while children.iter().any(|child| Path::new(&format!("/proc/{child}")).exists()) {
            assert!(began.elapsed() < PATIENCE, "some of its processes do not end");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops all its processes where they are: they neither answer nor end.
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, signal: Signal) {
        let number = self.postmaster.as_ref().and_then(Child::id).expect("it is running");
        for number in children(number).into_iter().chain([number]) {
            kill(number, signal);
        }
    }

    /// Starts it again, and returns when it answers.
    pub async fn go_on(&mut self) {
        let mut command = self.command("postgres");
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=100"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        self.postmaster = Some(command.spawn().expect("it can be started"));
        let began = Instant::now();
        while self.connect("postgres").await.is_err() {
            assert!(began.elapsed() < PATIENCE, "it does not answer: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url(database)).await
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://test@127.0.0.1:{}/{database}", self.port)
    }

    /// One of its programs, with its data: not as root, which they refuse, and dying with the test.
    fn command(&self, program: &str) -> Command {
        let data = self.folder.path().join("data");
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("it can be written");
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
            .stdout(log.try_clone().expect("it can be written"))
            .stderr(log);
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    /// Tells it to stop, which takes away what it has of shared memory too.
    fn drop(&mut self) {
        let Some(number) = self.postmaster.as_ref().and_then(Child::id) else { return };
        let children = children(number);
        self.thaw();
        kill(number, Signal::QUIT);
        let began = Instant::now();
        let runs = |number: &u32| {
            fs::read_to_string(format!("/proc/{number}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
        };
        while children.iter().chain([&number]).any(runs) && began.elapsed() < PATIENCE {
            #[expect(
                clippy::disallowed_methods,
                reason = "there is nothing else to do at the end of a test"
            )]
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whose the processes of a cluster are, when the tests run as root.
fn owner() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("there are users");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut numbers = line.split(':').skip(2).map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("there is a user that is not root"))
}

/// The folder of PostgreSQL's programs: on the path, or where Debian has the newest.
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
    found.expect("PostgreSQL's programs are not there: use tests/run, which installs them")
}

/// The processes whose parent this is.
fn children(number: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("there are processes").flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let is_child = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent == Some(number)
    };
    numbers.filter(is_child).collect()
}

fn kill(number: u32, signal: Signal) {
    let number = i32::try_from(number).ok().and_then(Pid::from_raw).expect("a process has a number");
    // It may have ended by itself.
    let _ = kill_process(number, signal);
}
