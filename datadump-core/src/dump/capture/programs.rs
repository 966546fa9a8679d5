//! Programs that people wrote: kept in the store with all their versions, looked up by throws.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use serde_json::{Value as Json, json};

use super::ProcessorInfo;
use crate::{
    dump::Dump,
    error::{Error, Fault, Place, Result},
    process::vrl::{Mode, Script},
    schema::{StorageName, StoredRow, Value},
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
    throw::SourceName,
    validate,
};

/// How often to try again when another process made a version in the same moment.
const TRIES: usize = 8;

/// The longest program.
const MAX_PROGRAM: usize = 256 << 10;

/// The last version of a program.
#[derive(Debug)]
pub(in crate::dump) struct Program {
    pub(in crate::dump) name: String,
    pub(in crate::dump) number: u32,
    pub(in crate::dump) script: Script,
}

/// All programs, by name.
#[derive(Debug, Default)]
pub(in crate::dump) struct Programs {
    known: RwLock<BTreeMap<String, Arc<Program>>>,
    /// The last number of each, deleted ones included: a number is never given again.
    last: RwLock<BTreeMap<String, u32>>,
    /// All are read again by one at a time: what was read first must not take the place of what was read later.
    order: tokio::sync::Mutex<()>,
}

impl Programs {
    pub(in crate::dump) fn find(&self, name: &str) -> Result<Arc<Program>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned().ok_or_else(|| Error::UnknownProcessor(name.to_owned()))
    }

    fn last(&self, name: &str) -> u32 {
        self.last.read().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or(0)
    }

    fn all(&self) -> Vec<Arc<Program>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Takes over what the store has.
    fn replace(&self, rows: &[StoredRow]) {
        let (mut known, mut last) = (BTreeMap::new(), BTreeMap::new());
        for version in rows.iter().filter_map(Version::read) {
            let newest = last.entry(version.program.name.clone()).or_insert(0);
            if version.program.number < *newest {
                continue;
            }
            *newest = version.program.number;
            if version.deleted {
                known.remove(&version.program.name);
            } else {
                known.insert(version.program.name.clone(), Arc::new(version.program));
            }
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

struct Version {
    program: Program,
    deleted: bool,
}

impl Version {
    fn read(row: &StoredRow) -> Option<Self> {
        let [
            Value::Text(name),
            Value::Integer(number),
            Value::Text(takes),
            Value::Text(source),
            Value::Boolean(deleted),
        ] = row.values.as_slice()
        else {
            return None;
        };
        let script = script(takes, source)?;
        let program = Program { name: name.clone(), number: u32::try_from(*number).ok()?, script };
        Some(Self { program, deleted: *deleted })
    }
}

/// A program as it was sent.
pub(super) fn script(takes: &str, source: &str) -> Option<Script> {
    match takes {
        "record" => Some(Script::for_records(source)),
        "throw" => Some(Script::for_throws(source)),
        _ => None,
    }
}

impl Program {
    fn info(&self, warnings: Vec<Json>) -> ProcessorInfo {
        ProcessorInfo {
            name: self.name.clone(),
            kind: "program",
            version: self.number,
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

impl Dump {
    /// All processors: built in, native, and programs written here, by name.
    pub fn processors(&self) -> Vec<ProcessorInfo> {
        let registry = &self.capture.registry;
        let native = registry.names().filter_map(|name| registry.get(name)).map(|processor| ProcessorInfo {
            name: processor.name().to_owned(),
            kind: if self.capture.native.contains(processor.name()) { "native" } else { "built-in" },
            version: processor.version(),
            takes: None,
            program: None,
            warnings: Vec::new(),
        });
        let programs = self.capture.programs.all();
        let mut all: Vec<ProcessorInfo> =
            native.chain(programs.iter().map(|program| program.info(Vec::new()))).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// A processor.
    pub fn processor(&self, name: &str) -> Result<ProcessorInfo> {
        let found = self.processors().into_iter().find(|processor| processor.name == name);
        found.ok_or_else(|| Error::UnknownProcessor(name.to_owned()))
    }

    /// All versions of a program written here, first to last.
    pub async fn processor_versions(&self, name: &str) -> Result<Vec<ProcessorInfo>> {
        let rows = self.own_rows(SystemStorage::Processor, &[("name__eq".into(), name.to_owned())]).await?;
        let mut versions: Vec<Program> =
            rows.iter().filter_map(Version::read).filter(|v| !v.deleted).map(|v| v.program).collect();
        if versions.is_empty() {
            return Err(Error::UnknownProcessor(name.to_owned()));
        }
        versions.sort_by_key(|program| program.number);
        Ok(versions.iter().map(|program| program.info(Vec::new())).collect())
    }

    /// Makes a program, or its next version. Whether it is new. One that does not compile is
    /// [`Error::Program`] with the compiler's messages.
    pub async fn set_processor(
        &self,
        name: &SourceName,
        takes: &str,
        program: &str,
    ) -> Result<(ProcessorInfo, bool)> {
        let fault = |at: &str, code, detail: String| {
            Error::Settings(vec![Fault::new(Place::field(at), code, detail)])
        };
        if self.capture.registry.get(name.as_str()).is_some() {
            return Err(fault("name", "name-taken", format!("`{name}` is the name of a built-in processor")));
        }
        let Some(script) = script(takes, program) else {
            return Err(fault("takes", "mistyped", format!("{takes:?} is neither record nor throw")));
        };
        if program.len() > MAX_PROGRAM {
            return Err(fault("program", "too-long", format!("a program has at most {MAX_PROGRAM} bytes")));
        }
        let warnings = self.check(&script).await?;
        for _ in 0..TRIES {
            let number = self.capture.programs.last(name.as_str()) + 1;
            let is_new = self.capture.programs.find(name.as_str()).is_err();
            if let Outcome::Created(_) = self.write_program(name, number, &script, takes, false).await? {
                self.reload_programs().await?;
                let program = Program { name: name.to_string(), number, script };
                return Ok((program.info(warnings), is_new));
            }
            self.reload_programs().await?;
        }
        Err(Error::Overloaded)
    }

    /// Deletes a program. One that a source uses is refused.
    pub async fn remove_processor(&self, name: &str) -> Result<()> {
        if self.capture.registry.get(name).is_some() {
            return Err(Error::InUse(format!("`{name}` is built in: it cannot be deleted")));
        }
        let program = self.capture.programs.find(name)?;
        let users = self.sources().into_iter().filter(|s| s.settings.processor.as_deref() == Some(name));
        let users: Vec<String> = users.map(|source| source.name).collect();
        if !users.is_empty() {
            return Err(Error::InUse(format!(
                "processor `{name}` is used by the source {}",
                users.join(", ")
            )));
        }
        let parsed = StorageName::parse(name).map_err(|_| Error::UnknownProcessor(name.to_owned()))?;
        let number = self.capture.programs.last(name) + 1;
        let script = Script { source: "".into(), mode: program.script.mode };
        self.write_program(&parsed, number, &script, program.takes(), true).await?;
        self.reload_programs().await
    }

    /// What the compiler has against a program: an error, or warnings.
    pub(super) async fn check(&self, script: &Script) -> Result<Vec<Json>> {
        let messages = |list: Vec<crate::process::vrl::Diagnostic>| {
            list.iter().filter_map(|diagnostic| serde_json::to_value(diagnostic).ok()).collect()
        };
        match self.capture.workers.check(script).await {
            Ok(warnings) => Ok(messages(warnings.list)),
            Err(errors) => {
                let first = errors.list.first().map_or_else(String::new, |first| {
                    format!("line {}, column {}: {}", first.place.line, first.place.column, first.message)
                });
                Err(Error::Program(first, messages(errors.list)))
            }
        }
    }

    async fn write_program(
        &self,
        name: &StorageName,
        number: u32,
        script: &Script,
        takes: &str,
        deleted: bool,
    ) -> Result<Outcome> {
        let in_force = self.store.catalogue().system(SystemStorage::Processor)?;
        let record = json!({
            "id": format!("{name}@{number}"), "name": name.as_str(), "number": number, "takes": takes,
            "program": &*script.source, "deleted": deleted,
        });
        let record = record.as_object().cloned().unwrap_or_default();
        let row = validate::row(&in_force, record, &self.ids).map_err(Error::Invalid)?;
        let outcomes =
            self.store.write(WriteBatch::independent(vec![Write::put(row, Expect::Absent)])).await?;
        outcomes.into_iter().next().ok_or_else(|| Error::internal("a write without an outcome"))
    }

    pub(in crate::dump) async fn reload_programs(&self) -> Result<()> {
        let _order = self.capture.programs.order.lock().await;
        let rows = self.own_rows(SystemStorage::Processor, &[]).await?;
        self.capture.programs.replace(&rows);
        Ok(())
    }
}
