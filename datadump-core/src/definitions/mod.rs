//! Declares storages: plans, versions, and their migrations in the background.

mod announce;
mod automatic;

use std::sync::Arc;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub(crate) use self::automatic::Refusal;
use self::automatic::RefusedChanges;
use crate::{
    context::Context,
    error::{Error, Fault, Place, Result},
    schema::{Change, Class, Definition, Difference, InForce, StorageId, evolve, parse},
    store::{ChangeImpact, Declaration, Progress, Storage, Store, VersionPage},
};

/// Consent to changes that are more than additive.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// The highest class of change that is allowed.
    pub allow: Option<Class>,
    /// The hash of the plan; required for anything but additive changes.
    pub plan: Option<String>,
}

/// The result of a declaration.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The storage, with the version that is being applied.
    pub storage: Arc<Storage>,
    /// True if there is a new version; false if the definition equals the one in force.
    pub changed: bool,
}

/// The changes that a definition would make.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The storage's name.
    pub name: String,
    /// The version in force; `None` for a new storage.
    pub base: Option<i32>,
    /// The version that the definition would become.
    pub version: i32,
    /// The highest class among the changes; `None` if nothing changes or the storage is new.
    pub class: Option<Class>,
    /// The changes.
    pub changes: Vec<PlannedChange>,
    /// The statements this backend would run.
    pub ddl: Vec<String>,
    /// Identifies the plan: the same definition on the same version has the same hash.
    pub hash: String,
}

/// One change of a plan.
#[derive(Debug, Clone)]
pub struct PlannedChange {
    /// The change.
    pub change: Change,
    /// The number of rows examined, and of those that prevent the change.
    pub examined: ChangeImpact,
}

/// The storages of a database and the versions of their definitions.
#[derive(Debug, Clone)]
pub struct Definitions {
    context: Context,
    refused: Arc<RefusedChanges>,
}

impl Definitions {
    /// Opens the service and resumes migrations that were interrupted, and what they left to be cleaned up.
    pub(crate) fn new(context: Context) -> Self {
        let definitions = Self { context, refused: Arc::default() };
        let (migrating, settled): (Vec<_>, Vec<_>) =
            definitions.all().into_iter().partition(|storage| storage.is_migrating());
        for storage in migrating {
            definitions.apply_in_background(storage.id);
        }
        let store = definitions.context.store.clone();
        definitions.context.background.spawn(async move {
            for storage in settled {
                reclaim(store.as_ref(), storage.id).await;
            }
        });
        definitions.announce_changes();
        definitions
    }

    /// Returns all storages, ordered by name.
    pub fn all(&self) -> Vec<Arc<Storage>> {
        self.context.store.catalogue().all()
    }

    /// Returns a storage and its state.
    pub fn find(&self, name: &str) -> Result<Arc<Storage>> {
        self.context.store.catalogue().find(name)
    }

    /// Declares a storage, or its next version. The migration is queued when this returns and runs in the
    /// background; see [`settled`](Self::settled).
    pub async fn declare(&self, definition: &Json, consent: Consent) -> Result<Declared> {
        let parsed = parsed(definition).await?;
        let base = self.base_of(&parsed)?;
        check_owner(&parsed, base.as_deref())?;
        let Some(base) = base else {
            let storage = self.queue(parsed, definition, None).await?;
            return Ok(Declared { storage, changed: true });
        };
        if base.is_migrating() {
            let (storage, version) = (base.name.to_string(), base.migration.version);
            return Err(Error::Migrating { storage, version });
        }
        let Some(in_force) = &base.in_force else {
            let storage = self.queue(parsed, definition, Some((base.id, 0))).await?;
            return Ok(Declared { storage, changed: true });
        };
        let difference = evolve::difference(&in_force.definition, &parsed, &base.dropped);
        if difference.is_empty() {
            return Ok(Declared { storage: base, changed: false });
        }
        let hash = plan_hash(&parsed, Some((base.id.get(), in_force.version)));
        check_consent(&difference, &consent, &hash, base.name.as_str())?;
        let follows = Some((base.id, in_force.version));
        Ok(Declared { storage: self.queue(parsed, definition, follows).await?, changed: true })
    }

    /// Returns the changes that declaring this definition would make, without making them.
    pub async fn plan(&self, definition: &Json) -> Result<Plan> {
        let parsed = parsed(definition).await?;
        let base = self.base_of(&parsed)?;
        check_owner(&parsed, base.as_deref())?;
        let in_force = base.as_ref().and_then(|storage| storage.in_force.clone());
        let Some((base, in_force)) = base.zip(in_force) else {
            return Ok(Plan {
                name: parsed.name.to_string(),
                base: None,
                version: 1,
                class: None,
                changes: Vec::new(),
                ddl: self.context.store.ddl(None, &parsed, &Difference::default()),
                hash: plan_hash(&parsed, None),
            });
        };
        let difference = evolve::difference(&in_force.definition, &parsed, &base.dropped);
        let examined = self.context.store.examine(&in_force, &difference).await?;
        let class = difference.class();
        let ddl = match class {
            Some(Class::Forbidden) => Vec::new(),
            _ => self.context.store.ddl(Some(&in_force), &parsed, &difference),
        };
        let changes = difference.changes.into_iter().zip(examined);
        Ok(Plan {
            name: parsed.name.to_string(),
            base: Some(in_force.version),
            version: in_force.version + 1,
            class,
            changes: changes.map(|(change, examined)| PlannedChange { change, examined }).collect(),
            ddl,
            hash: plan_hash(&parsed, Some((base.id.get(), in_force.version))),
        })
    }

    /// Waits until the storage has no migration in progress. Fails if the last one failed.
    pub async fn settled(&self, name: &str) -> Result<()> {
        let storage = self.find(name)?;
        self.context.store.migrate(storage.id).await?;
        let progress = self.context.store.progress(storage.id).await?;
        match progress.error {
            Some(error) => Err(Error::internal(format!("version {}: {error}", progress.version))),
            None => Ok(()),
        }
    }

    /// Returns the progress of the storage's last migration.
    pub async fn progress(&self, name: &str) -> Result<Progress> {
        self.context.store.progress(self.find(name)?.id).await
    }

    /// Returns up to `limit` versions of a storage, oldest first, after the first `skip`.
    pub async fn versions(&self, name: &str, skip: u64, limit: u64) -> Result<VersionPage> {
        self.context.store.versions(self.find(name)?.id, skip, limit, &self.context.read_memory).await
    }

    /// Removes a storage with all its rows. Fails while a migration is in progress.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let storage = self.find(name)?;
        if storage.is_migrating() {
            let (storage, version) = (storage.name.to_string(), storage.migration.version);
            return Err(Error::Migrating { storage, version });
        }
        self.context.store.remove(storage.id).await
    }

    /// Returns the storage that a definition would be a new version of.
    fn base_of(&self, definition: &Definition) -> Result<Option<Arc<Storage>>> {
        match self.context.store.catalogue().folded(definition.name.as_str()) {
            Some(storage) if storage.name != definition.name => {
                let detail =
                    format!("`{}` differs from the storage `{}` only in case", definition.name, storage.name);
                Err(Error::Definition(vec![Fault::new(Place::field("name"), "name-taken", detail)]))
            }
            found => Ok(found),
        }
    }

    /// Records a new version and starts its migration.
    pub(crate) async fn queue(
        &self,
        definition: Definition,
        sent: &Json,
        base: Option<(StorageId, i32)>,
    ) -> Result<Arc<Storage>> {
        let declaration = Declaration { definition, sent: without_name(sent), base };
        let definitions = self.clone();
        // In a task of its own: if the caller is cancelled, the version must not stay queued forever.
        let queued = self.context.background.spawn_to_end(async move {
            let storage = definitions.context.store.declare(declaration).await?;
            definitions.apply_in_background(storage.id);
            Ok(storage)
        });
        queued.await.map_err(Error::internal)?
    }

    /// Runs the pending migration of a storage in the background, and cleans up after it.
    fn apply_in_background(&self, id: StorageId) {
        let store = self.context.store.clone();
        self.context.background.spawn(async move {
            match store.migrate(id).await {
                Ok(()) => reclaim(store.as_ref(), id).await,
                Err(error) => tracing::error!(storage = id.get(), %error, "a migration did not complete"),
            }
        });
    }
}

/// Refuses definitions of storages that belong to the hub, unless only the retention changes.
fn check_owner(definition: &Definition, base: Option<&Storage>) -> Result<()> {
    let may_change = |in_force: &InForce| {
        let mut before = in_force.definition.clone();
        before.meta.retention = definition.meta.retention;
        before == *definition
    };
    let in_force = base.and_then(|base| base.in_force.as_ref());
    match definition.name.is_of_hub() && !in_force.is_some_and(|in_force| may_change(in_force)) {
        true => Err(Error::HubStorage(definition.name.to_string())),
        false => Ok(()),
    }
}

/// Parses a definition on a thread that may block: a large one, with patterns to compile, takes a while.
async fn parsed(definition: &Json) -> Result<Definition> {
    let definition = definition.clone();
    let parsed = tokio::task::spawn_blocking(move || parse::definition(&definition)).await;
    parsed.map_err(Error::internal)?
}

/// Frees the space of values that migrations have left behind. If it fails, the next migration of the storage
/// or the next start does.
async fn reclaim(store: &dyn Store, id: StorageId) {
    if let Err(error) = store.reclaim(id).await {
        tracing::debug!(storage = id.get(), %error, "the space of unused values could not be freed");
    }
}

/// Refuses a difference that exceeds the consent, naming each change that does.
fn check_consent(difference: &Difference, consent: &Consent, hash: &str, name: &str) -> Result<()> {
    let allowed = consent.allow.unwrap_or(Class::Additive).min(Class::Destructive);
    let beyond: Vec<Fault> =
        difference.changes.iter().filter(|change| change.class > allowed).map(Change::refusal).collect();
    if !beyond.is_empty() {
        return Err(Error::Incompatible(beyond));
    }
    if difference.class() <= Some(Class::Additive) {
        return Ok(());
    }
    match &consent.plan {
        Some(plan) if plan == hash => Ok(()),
        Some(_) => Err(Error::StalePlan(name.to_owned())),
        None => {
            let detail = "these changes need a plan: POST the definition to plan/ and send its plan_hash";
            let at = Place::Parameter("plan".into());
            Err(Error::Incompatible(vec![Fault::new(at, "plan-needed", detail)]))
        }
    }
}

fn plan_hash(definition: &Definition, base: Option<(i64, i32)>) -> String {
    let (storage, version) = base.unwrap_or_default();
    let text = format!("{storage}\n{version}\n{}", definition.to_json());
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the definition as it is listed, without its name.
fn without_name(sent: &Json) -> Json {
    let mut sent = sent.clone();
    if let Some(members) = sent.as_object_mut() {
        members.remove("name");
    }
    sent
}
