//! Starting and stopping the real server.

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

/// A running server. Its requests are those of [`Api`]. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    setup: Setup,
    api: Api,
    /// How long it took from its start to its first line.
    pub started_in: Duration,
    database: Option<Database>,
}

/// How a server is started: in an empty folder, with an environment of its own.
#[derive(Debug)]
pub struct Setup {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: TempDir,
}

/// How a program ended.
#[derive(Debug)]
pub struct Exit {
    /// Its status.
    pub status: ExitStatus,
    /// What it printed on its standard output.
    pub stdout: String,
    /// What it printed on its standard error.
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
    /// With arguments.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With an environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// With a file in its folder.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).expect("a temporary file can be written");
        self
    }

    /// Another program than the server of this build.
    #[must_use]
    pub fn program(mut self, program: &Path) -> Self {
        program.clone_into(&mut self.program);
        self
    }

    /// The folder it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it to its end, which has to come by itself.
    pub async fn run(&self) -> Exit {
        let mut child = self.spawn();
        let status = timeout(Duration::from_secs(30), child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it does not end: {}", self.printed()));
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Exit { status: status.expect("it can be waited for"), stdout, stderr }
    }

    /// Starts it on a database, on a free port, and waits until it serves.
    pub async fn start(mut self, database: Database) -> Server {
        self.environment.retain(|(name, _)| name != "DATADUMP_DATABASE" && name != "DATADUMP_LISTEN");
        let this = self.environment("DATADUMP_DATABASE", &database.address());
        this.environment("DATADUMP_LISTEN", "127.0.0.1:0").serve(Some(database)).await
    }

    /// Starts it on the database and the address it is told by nobody but this setup.
    pub async fn start_as_it_is(self) -> Server {
        self.serve(None).await
    }

    async fn serve(self, database: Option<Database>) -> Server {
        let began = Instant::now();
        let mut child = self.spawn();
        let base = loop {
            // The line is whole only when its end is there.
            let stdout = self.stdout();
            if let Some((line, _)) = stdout.split_once('\n') {
                let base = line.strip_prefix("listening on ");
                break base.unwrap_or_else(|| panic!("the first line is {line:?}")).to_owned();
            }
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                panic!("the server ended with {status}: {}", self.printed());
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not start: {}", self.printed());
            sleep(Duration::from_millis(1)).await;
        };
        Server { child, setup: self, api: Api::new(base), started_in: began.elapsed(), database }
    }

    /// It dies with the thread that started it, so that a test that is killed leaves no server.
    fn spawn(&self) -> Child {
        let output = |name: &str| File::create(self.folder.path().join(name)).expect("it can be written");
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

    fn printed(&self) -> String {
        format!("stdout:\n{}\nstderr:\n{}", self.stdout(), self.stderr())
    }
}

impl Server {
    /// Starts one with no more settings than its database and address.
    pub async fn start(database: Database) -> Self {
        Setup::default().start(database).await
    }

    /// Another one on the same PostgreSQL database, behind its back.
    pub async fn beside(&self) -> Self {
        Self::start(Database::Foreign { url: self.database().address() }).await
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("it was started on a database of the test's")
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// The host and port it listens on.
    pub fn address(&self) -> &str {
        self.api.base().trim_start_matches("http://")
    }

    /// All it printed so far.
    pub fn printed(&self) -> String {
        self.setup.printed()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let process = i32::try_from(self.process()).expect("a process has a small number");
        kill_process(Pid::from_raw(process).expect("a process has a number"), signal).expect("it is running");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let status = timeout(Duration::from_secs(60), self.child.wait()).await;
        status
            .unwrap_or_else(|_| panic!("it does not end: {}", self.printed()))
            .expect("it can be waited for")
    }

    /// Asks it to stop, and waits until it has, with success.
    pub async fn stop(mut self) -> (Setup, Database) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert!(status.success(), "it ended with {status}: {}", self.printed());
        self.parts()
    }

    /// Ends it at once, as a power cut would.
    pub async fn kill(mut self) -> (Setup, Database) {
        self.signal(Signal::KILL);
        self.ended().await;
        self.parts()
    }

    /// Starts it anew, after it has ended.
    pub async fn again(self) -> Self {
        let (setup, database) = self.parts();
        setup.start(database).await
    }

    fn parts(self) -> (Setup, Database) {
        (self.setup, self.database.expect("it was started on a database of the test's"))
    }

    /// Declares a storage, or its next version, and waits until it is applied.
    pub async fn declare(&self, definition: &Json) {
        self.post("/api/v1/factory/storage/", definition).await.is(201).ok();
        self.applied(definition["name"].as_str().expect("a definition has a name")).await;
    }

    /// Waits until the storage's last version is applied.
    pub async fn applied(&self, storage: &str) -> Json {
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

/// All that a server answers about its storages, definitions, versions and rows, and of its devices what time
/// does not change.
pub async fn snapshot(server: &Server) -> Json {
    let storages = server.get("/api/v1/factory/storage/?limit=1000").await.is(200).json();
    let mut seen = serde_json::Map::new();
    for storage in storages["results"].as_array().expect("a list has results") {
        let name = storage["name"].as_str().expect("a storage has a name");
        let versions = server.get(&format!("/api/v1/factory/storage/{name}/versions/")).await.is(200).json();
        let rows = server.get(&format!("/api/v1/storage/{name}/?limit=1000")).await.is(200).json();
        let all =
            serde_json::json!({"storage": storage, "versions": versions["results"], "rows": rows["results"]});
        seen.insert(name.to_owned(), all);
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
        seen.insert(
            format!("device {}", device["id"]),
            serde_json::json!({"device": settings, "sensors": sensors}),
        );
    }
    seen.into()
}

/// Asks again and again until there is an answer, for at most half a minute.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "not so after half a minute: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
