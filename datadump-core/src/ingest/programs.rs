//! User-written programs: the store keeps all their versions, and throws look them up in memory.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::source_cache::SourceCache;
use crate::{
    context::Context,
    error::{Error, Place, Result},
    memory::MemoryShare,
    process::{
        Registry,
        vrl::{
            self, CheckError, Diagnostic, Mode, ProgramContext, ProgramInput, ProgramOutcome, RunLeft,
            Script, Workers,
        },
    },
    request,
    schema::StorageName,
    store::{Expect, Outcome, system_storages::SystemStorage},
    throw::SourceName,
};

/// Maximum attempts to store a version while other processes store versions of the same program.
const MAX_ATTEMPTS: usize = 8;

/// Maximum length of a program in bytes.
const MAX_PROGRAM_LENGTH: usize = 256 << 10;

/// The processors of a database: built-in ones, native ones, and user-written programs.
#[derive(Debug, Clone)]
pub struct Programs {
    context: Context,
    processors: Arc<Processors>,
    cache: Arc<ProgramCache>,
    sources: Arc<SourceCache>,
}

/// The registry, and the workers that compile and run programs.
#[derive(Debug)]
pub(crate) struct Processors {
    pub(crate) registry: Registry,
    /// Names of the processors that the embedding program has added. It is not known how long they take.
    pub(crate) native: HashSet<String>,
    pub(crate) workers: Workers,
}

/// The latest version of a program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) script: Script,
}

/// All programs, by name.
#[derive(Debug, Default)]
struct ProgramCache {
    programs: RwLock<BTreeMap<String, Arc<Program>>>,
    /// The last version number of each, deleted programs included: a number is never used twice.
    last_versions: RwLock<BTreeMap<String, u32>>,
    /// Serializes reloads, so that older data never replaces newer data.
    reload: tokio::sync::Mutex<()>,
}

/// A version of a program as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct ProgramRow {
    /// The name, `@`, and the version.
    id: String,
    name: String,
    number: u32,
    takes: String,
    program: String,
    deleted: bool,
}

/// A processor as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessorInfo {
    /// Its name.
    pub name: String,
    /// `built-in`, `program` (written over the API) or `native` (added by the embedding program).
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// The input of a program: `record` or `throw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// The source code of a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The compiler's warnings about a program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Json>,
}

/// Creates a script; `takes` is its input: `record` or `throw`.
pub(crate) fn script(takes: &str, text: &str) -> Result<Script> {
    match takes {
        "record" => Ok(Script::for_records(text)),
        "throw" => Ok(Script::for_throws(text)),
        other => {
            let detail = format!("{other:?} is neither record nor throw");
            Err(request::invalid(Place::field("takes"), "mistyped", detail))
        }
    }
}

impl ProgramCache {
    fn find(&self, name: &str) -> Option<Arc<Program>> {
        self.programs.read().get(name).cloned()
    }

    fn last_version(&self, name: &str) -> u32 {
        self.last_versions.read().get(name).copied().unwrap_or(0)
    }

    fn replace(&self, rows: Vec<ProgramRow>) {
        let (mut programs, mut last_versions) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            let last = last_versions.entry(row.name.clone()).or_insert(0);
            if row.number < *last {
                continue;
            }
            *last = row.number;
            match Program::read(&row).filter(|_| !row.deleted) {
                Some(program) => programs.insert(row.name, Arc::new(program)),
                None => programs.remove(&row.name),
            };
        }
        *self.programs.write() = programs;
        *self.last_versions.write() = last_versions;
    }
}

impl Program {
    fn read(row: &ProgramRow) -> Option<Self> {
        let script = script(&row.takes, &row.program).ok()?;
        Some(Self { name: row.name.clone(), version: row.number, script })
    }

    fn info(&self, warnings: Vec<Json>) -> ProcessorInfo {
        ProcessorInfo {
            name: self.name.clone(),
            kind: "program",
            version: self.version,
            takes: Some(self.takes().into()),
            program: Some(self.script.source.to_string()),
            warnings,
        }
    }

    fn takes(&self) -> &'static str {
        match self.script.mode {
            Mode::Record => "record",
            Mode::Throw => "throw",
        }
    }
}

impl Programs {
    pub(super) fn new(context: Context, processors: Arc<Processors>, sources: Arc<SourceCache>) -> Self {
        Self { context, processors, cache: Arc::default(), sources }
    }

    /// Returns all processors, by name.
    pub fn all(&self) -> Vec<ProcessorInfo> {
        let Processors { registry, native, .. } = self.processors.as_ref();
        let built_in =
            registry.names().filter_map(|name| registry.get(name)).map(|processor| ProcessorInfo {
                name: processor.name().to_owned(),
                kind: if native.contains(processor.name()) { "native" } else { "built-in" },
                version: processor.version(),
                takes: None,
                program: None,
                warnings: Vec::new(),
            });
        let programs = self.cache.programs.read();
        let mut all: Vec<_> =
            built_in.chain(programs.values().map(|program| program.info(Vec::new()))).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Returns a processor.
    pub fn get(&self, name: &str) -> Result<ProcessorInfo> {
        let found = self.all().into_iter().find(|processor| processor.name == name);
        found.ok_or_else(|| Error::UnknownProcessor(name.to_owned()))
    }

    /// Returns all versions of a program, oldest first.
    pub async fn versions(&self, name: &str) -> Result<Vec<ProcessorInfo>> {
        let rows = self.context.rows(SystemStorage::Processor, &[("name__eq", name.to_owned())]).await?;
        let rows = rows.iter().map(|(row, _): &(ProgramRow, i32)| row).filter(|row| !row.deleted);
        let mut versions: Vec<Program> = rows.filter_map(Program::read).collect();
        if versions.is_empty() {
            return Err(Error::UnknownProcessor(name.to_owned()));
        }
        versions.sort_by_key(|program| program.version);
        Ok(versions.iter().map(|program| program.info(Vec::new())).collect())
    }

    /// Creates a program or its next version; returns whether the program is new. Fails with
    /// [`Error::Program`] and the compiler's messages if it does not compile.
    pub async fn set(&self, name: &SourceName, takes: &str, text: &str) -> Result<(ProcessorInfo, bool)> {
        if self.is_format(name.as_str()) {
            let detail = format!("`{name}` is the name of a built-in processor");
            return Err(request::invalid(Place::field("name"), "name-taken", detail));
        }
        let script = script(takes, text)?;
        if text.len() > MAX_PROGRAM_LENGTH {
            let detail = format!("a program can have at most {MAX_PROGRAM_LENGTH} bytes");
            return Err(request::invalid(Place::field("program"), "too-long", detail));
        }
        let warnings = self.check(&script).await?;
        for _ in 0..MAX_ATTEMPTS {
            let version = self.cache.last_version(name.as_str()) + 1;
            let is_new = self.cache.find(name.as_str()).is_none();
            let program = Program { name: name.to_string(), version, script: script.clone() };
            let outcome = self.write(&program, text, false).await?;
            self.reload().await?;
            if let Outcome::Created(_) = outcome {
                return Ok((program.info(warnings), is_new));
            }
        }
        Err(Error::Overloaded)
    }

    /// Deletes a program. Fails while a source uses it.
    pub async fn remove(&self, name: &str) -> Result<()> {
        if self.is_format(name) {
            return Err(Error::InUse(format!("`{name}` is built in and cannot be deleted")));
        }
        let program = self.find(name)?;
        let users = self.sources.all().into_iter();
        let users = users.filter(|source| source.settings.processor.as_deref() == Some(name));
        let users: Vec<String> = users.map(|source| source.name.to_string()).collect();
        if !users.is_empty() {
            return Err(Error::InUse(format!(
                "processor `{name}` is used by the source {}",
                users.join(", ")
            )));
        }
        StorageName::parse(name).map_err(|_| Error::UnknownProcessor(name.to_owned()))?;
        let version = self.cache.last_version(name) + 1;
        let deleted = Program { name: name.to_owned(), version, script: program.script.clone() };
        self.write(&deleted, "", true).await?;
        self.reload().await
    }

    /// Returns the program with this name.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Program>> {
        self.cache.find(name).ok_or_else(|| Error::UnknownProcessor(name.to_owned()))
    }

    /// Returns whether a format, or a native processor, has this name.
    pub(crate) fn is_format(&self, name: &str) -> bool {
        self.processors.registry.get(name).is_some()
    }

    /// Returns the names of all formats and native processors.
    pub(crate) fn formats(&self) -> Vec<&str> {
        self.processors.registry.names().collect()
    }

    /// Compiles a program and returns the compiler's warnings.
    pub(crate) async fn check(&self, script: &Script) -> Result<Vec<Json>> {
        let messages = |list: Vec<Diagnostic>| {
            list.iter().filter_map(|diagnostic| serde_json::to_value(diagnostic).ok()).collect()
        };
        match self.processors.workers.check(script).await {
            Ok(warnings) => Ok(messages(warnings.list)),
            Err(CheckError::Busy) => Err(Error::Overloaded),
            Err(error @ CheckError::NoWorker(_)) => Err(Error::Unavailable(error.into())),
            Err(CheckError::Program(errors)) => {
                let first = errors.list.first().map_or_else(String::new, |first| {
                    format!("line {}, column {}: {}", first.place.line, first.place.column, first.message)
                });
                Err(Error::Program(first, messages(errors.list)))
            }
        }
    }

    /// Runs a program on some of the inputs of a throw, in the workers. Fails if too much is waiting for them.
    pub(super) async fn run(
        &self,
        script: &Script,
        about: &ProgramContext,
        inputs: Vec<ProgramInput>,
        left: &mut RunLeft,
        memory: &mut MemoryShare,
    ) -> Result<Vec<ProgramOutcome>> {
        let outcomes = self.processors.workers.run_part(script, about, inputs, left, Some(memory)).await;
        match outcomes.last() {
            Some(ProgramOutcome::Failed(failure)) if failure.code == vrl::BUSY => Err(Error::Overloaded),
            _ => Ok(outcomes),
        }
    }

    /// Returns the limits for all inputs of a throw.
    pub(super) fn run_left(&self, inputs: usize, bytes: usize) -> RunLeft {
        self.processors.workers.run_left(inputs, bytes)
    }

    /// Reloads all programs.
    pub(super) async fn reload(&self) -> Result<()> {
        let _alone = self.cache.reload.lock().await;
        let rows = self.context.rows(SystemStorage::Processor, &[]).await?;
        self.cache.replace(rows.into_iter().map(|(row, _)| row).collect());
        Ok(())
    }

    async fn write(&self, program: &Program, text: &str, deleted: bool) -> Result<Outcome> {
        let row = ProgramRow {
            id: format!("{}@{}", program.name, program.version),
            name: program.name.clone(),
            number: program.version,
            takes: program.takes().into(),
            program: text.to_owned(),
            deleted,
        };
        self.context.write_one(self.context.put(SystemStorage::Processor, &row, Expect::Absent)?).await
    }
}
