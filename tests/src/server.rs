//! Starts and stops the server binary.

use std::{
    ffi::OsString,
    fs::{self, File},
    ops::Deref,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{Api, Database, database::folder, workspace};

/// A running server, which dereferences to its [`Api`]. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    setup: Setup,
    api: Api,
    /// Time from the start of the process to its first line of output.
    pub started_in: Duration,
    database: Option<Database>,
}

/// How a server is started: its program, arguments, environment and empty working folder.
#[derive(Debug)]
pub struct Setup {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: TempDir,
}

/// The result of a program that has exited.
#[derive(Debug)]
pub struct Exit {
    /// Exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            program: workspace::program("datadump-server"),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: folder(),
        }
    }
}

impl Setup {
    /// Adds arguments.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Writes a file to the working folder.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).expect("a temporary file can be written");
        self
    }

    /// Replaces the server of this build by another program.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// Returns the working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program until it exits by itself.
    pub async fn run(&self) -> Exit {
        let mut child = self.spawn();
        let status = timeout(Duration::from_secs(30), child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("the program does not exit: {}", self.output()));
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Exit { status: status.expect("the child can be awaited"), stdout, stderr }
    }

    /// Starts the server on a database and a free port, and waits until it serves requests.
    pub async fn start(mut self, database: Database) -> Server {
        self.environment.retain(|(name, _)| name != "DATADUMP_DATABASE" && name != "DATADUMP_LISTEN");
        let this = self.environment("DATADUMP_DATABASE", &database.address());
        this.environment("DATADUMP_LISTEN", "127.0.0.1:0").serve(Some(database)).await
    }

    /// Starts the server with the database and address that this setup gives.
    pub async fn start_unmodified(self) -> Server {
        self.serve(None).await
    }

    async fn serve(self, database: Option<Database>) -> Server {
        let began = Instant::now();
        let mut child = self.spawn();
        let base = loop {
            // Without a line break the line may be incomplete.
            let stdout = self.stdout();
            if let Some((line, _)) = stdout.split_once('\n') {
                let base = line.strip_prefix("listening on ");
                break base.unwrap_or_else(|| panic!("unexpected first line: {line:?}")).to_owned();
            }
            if let Some(status) = child.try_wait().expect("the child can be awaited") {
                panic!("the server exited with {status}: {}", self.output());
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the server does not start: {}",
                self.output()
            );
            sleep(Duration::from_millis(1)).await;
        };
        Server { child, setup: self, api: Api::new(base), started_in: began.elapsed(), database }
    }

    /// Starts the process. It dies with the thread that started it, so that a killed test leaves no server behind.
    fn spawn(&self) -> Child {
        let output =
            |name: &str| File::create(self.folder.path().join(name)).expect("the output file can be created");
        let mut command = Command::new("setpriv");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DATADUMP_") {
                command.env_remove(name);
            }
        }
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.program.display()))
    }

    fn stdout(&self) -> String {
        fs::read_to_string(self.folder.path().join("stdout")).unwrap_or_default()
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    fn output(&self) -> String {
        format!("stdout:\n{}\nstderr:\n{}", self.stdout(), self.stderr())
    }
}

impl Server {
    /// Starts a server with default settings.
    pub async fn start(database: Database) -> Self {
        Setup::default().start(database).await
    }

    /// Starts a second node on the same PostgreSQL database.
    pub async fn start_second(&self) -> Self {
        Self::start(Database::External { url: self.database().address() }).await
    }

    /// Returns the database.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("the server was started with a database")
    }

    /// Returns the process id.
    pub fn process_id(&self) -> u32 {
        self.child.id().expect("the server is running")
    }

    /// Returns the host and port.
    pub fn address(&self) -> &str {
        self.api.base().trim_start_matches("http://")
    }

    /// Returns everything it has printed.
    pub fn output(&self) -> String {
        self.setup.output()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid =
            i32::try_from(self.process_id()).ok().and_then(Pid::from_raw).expect("the process id is valid");
        kill_process(pid, signal).expect("the server is running");
    }

    /// Waits until the process exits.
    pub async fn wait(&mut self) -> ExitStatus {
        let status = timeout(Duration::from_secs(60), self.child.wait()).await;
        status
            .unwrap_or_else(|_| panic!("the server does not exit: {}", self.output()))
            .expect("the child can be awaited")
    }

    /// Stops the server with SIGTERM, and asserts that it exits with success.
    pub async fn stop(mut self) -> (Setup, Database) {
        self.signal(Signal::TERM);
        let status = self.wait().await;
        assert!(status.success(), "the server exited with {status}: {}", self.output());
        self.into_parts()
    }

    /// Kills the server with SIGKILL.
    pub async fn kill(mut self) -> (Setup, Database) {
        self.signal(Signal::KILL);
        self.wait().await;
        self.into_parts()
    }

    /// Starts the server again after it has exited.
    pub async fn restart(self) -> Self {
        let (setup, database) = self.into_parts();
        setup.start(database).await
    }

    fn into_parts(self) -> (Setup, Database) {
        (self.setup, self.database.expect("the server was started with a database"))
    }

    /// Declares a storage or its next version, and waits until the version is applied.
    pub async fn declare(&self, definition: &Json) {
        self.post("/api/v1/factory/storage/", definition).await.is(201).ok();
        self.wait_until_applied(definition["name"].as_str().expect("a definition has a name")).await;
    }

    /// Waits until the last version of a storage is applied, and returns its status.
    pub async fn wait_until_applied(&self, storage: &str) -> Json {
        let path = format!("/api/v1/factory/ready_status/{storage}/");
        eventually("the version is applied", || async {
            let status = self.get(&path).await.is(200).json();
            assert_ne!(status["state"], "failed", "{status}");
            (status["applied"] == true).then_some(status)
        })
        .await
    }
}

impl Deref for Server {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// Returns everything the API says about storages, definitions, versions and rows, and the properties of devices that
/// do not change over time.
pub async fn snapshot(server: &Server) -> Json {
    let storages = server.get("/api/v1/factory/storage/?limit=1000").await.is(200).json();
    let mut snapshot = serde_json::Map::new();
    for storage in storages["results"].as_array().expect("a list has results") {
        let name = storage["name"].as_str().expect("a storage has a name");
        let versions = server.get(&format!("/api/v1/factory/storage/{name}/versions/")).await.is(200).json();
        let rows = server.get(&format!("/api/v1/storage/{name}/?limit=1000")).await.is(200).json();
        let content =
            serde_json::json!({"storage": storage, "versions": versions["results"], "rows": rows["results"]});
        snapshot.insert(name.to_owned(), content);
    }
    let devices = server.get("/api/v1/device/?limit=1000").await.is(200).json();
    for device in devices["results"].as_array().expect("a list has results") {
        let sensors = device["sensors"].as_array().expect("a device has sensors").iter();
        let sensors: Vec<Json> = sensors
            .map(|sensor| serde_json::json!([sensor["id"], sensor["sensor_type"], sensor["value"]]))
            .collect();
        let names = ["id", "device", "state", "labels", "period_s", "own_table", "has_token", "last_seen"];
        let settings: serde_json::Map<String, Json> =
            names.iter().map(|name| ((*name).to_owned(), device[*name].clone())).collect();
        snapshot.insert(
            format!("device {}", device["id"]),
            serde_json::json!({"device": settings, "sensors": sensors}),
        );
    }
    snapshot.into()
}

/// Polls until there is a result, for at most 30 seconds.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, poll: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(result) = poll().await {
            return result;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "timed out after 30 seconds, waiting until {what}"
        );
        sleep(Duration::from_millis(10)).await;
    }
}
