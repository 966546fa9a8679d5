//! Declaring storages: plans, versions, and their application in the background.

use std::sync::Arc;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::Dump;
use crate::{
    error::{Error, Fault, Place, Result},
    schema::{Change, Class, Definition, Difference, evolve, parse},
    store::{ChangeImpact, Declaration, Progress, Storage, VersionRecord},
};

/// Which changes beyond the compatible ones a declaration may make.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// Changes up to this class.
    pub allow: Option<Class>,
    /// The hash of the plan that was looked at before; needed for anything but additive changes.
    pub plan: Option<String>,
}

/// What a declaration did.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The storage, with the version on its way.
    pub storage: Arc<Storage>,
    /// Whether there is a new version: none when the definition says what is in force.
    pub changed: bool,
}

/// What declaring a definition would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The storage's name.
    pub name: String,
    /// The version in force; none for a new storage.
    pub base: Option<i32>,
    /// The version it would have.
    pub version: i32,
    /// The gravest class among the changes; none when nothing changes or the storage is new.
    pub class: Option<Class>,
    /// The changes.
    pub changes: Vec<PlannedChange>,
    /// What this backend would run.
    pub ddl: Vec<String>,
    /// The name of this plan: the same definition on the same version has the same.
    pub hash: String,
}

/// One change of a plan.
#[derive(Debug, Clone)]
pub struct PlannedChange {
    /// The change.
    pub change: Change,
    /// What the rows say to it.
    pub examined: ChangeImpact,
}

impl Dump {
    /// Declares a storage, or its next version. The migration is queued when this returns, and
    /// runs by itself; see [`Dump::settled`].
    pub async fn declare(&self, definition: &Json, consent: Consent) -> Result<Declared> {
        let parsed = parse::definition(definition)?;
        let base = self.base_of(&parsed)?;
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

    /// What declaring this definition would do. Changes nothing.
    pub async fn plan(&self, definition: &Json) -> Result<Plan> {
        let parsed = parse::definition(definition)?;
        let base = self.base_of(&parsed)?;
        let in_force = base.as_ref().and_then(|storage| storage.in_force.clone());
        let Some((base, in_force)) = base.zip(in_force) else {
            return Ok(Plan {
                name: parsed.name.to_string(),
                base: None,
                version: 1,
                class: None,
                changes: Vec::new(),
                ddl: self.store.ddl(None, &parsed, &Difference::default()),
                hash: plan_hash(&parsed, None),
            });
        };
        let difference = evolve::difference(&in_force.definition, &parsed, &base.dropped);
        let examined = self.store.examine(&in_force, &difference).await?;
        let class = difference.class();
        let ddl = match class {
            Some(Class::Forbidden) => Vec::new(),
            _ => self.store.ddl(Some(&in_force), &parsed, &difference),
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

    /// Waits until no migration of the storage is under way. An error says why the last one failed.
    pub async fn settled(&self, name: &str) -> Result<()> {
        let storage = self.find(name)?;
        self.store.migrate(storage.id).await?;
        let progress = self.store.progress(storage.id).await?;
        match progress.error {
            Some(error) => Err(Error::internal(format!("version {}: {error}", progress.version))),
            None => Ok(()),
        }
    }

    /// How far the storage's last migration is.
    pub async fn progress(&self, name: &str) -> Result<Progress> {
        self.store.progress(self.find(name)?.id).await
    }

    /// All versions of a storage, first to last.
    pub async fn versions(&self, name: &str) -> Result<Vec<VersionRecord>> {
        self.store.versions(self.find(name)?.id).await
    }

    /// Removes a storage with all its rows. A migration under way has to end first.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let storage = self.find(name)?;
        if storage.is_migrating() {
            let (storage, version) = (storage.name.to_string(), storage.migration.version);
            return Err(Error::Migrating { storage, version });
        }
        self.store.remove(storage.id).await
    }

    /// The storage that a definition is a version of.
    fn base_of(&self, definition: &Definition) -> Result<Option<Arc<Storage>>> {
        match self.store.catalogue().folded(definition.name.as_str()) {
            Some(storage) if storage.name != definition.name => {
                let detail =
                    format!("`{}` differs from the storage `{}` only in case", definition.name, storage.name);
                Err(Error::Definition(vec![Fault::new(Place::field("name"), "name-taken", detail)]))
            }
            found => Ok(found),
        }
    }

    pub(super) async fn queue(
        &self,
        definition: Definition,
        sent: &Json,
        base: Option<(crate::schema::StorageId, i32)>,
    ) -> Result<Arc<Storage>> {
        let declaration = Declaration { definition, sent: without_name(sent), base };
        let dump = self.clone();
        // On its own: a caller that goes away in between must not leave it queued.
        let queued = tokio::spawn(async move {
            let storage = dump.store.declare(declaration).await?;
            dump.apply_in_background(storage.id);
            Ok(storage)
        });
        queued.await.map_err(Error::internal)?
    }

    /// Runs the pending migration of a storage without anyone waiting for it.
    pub(super) fn apply_in_background(&self, id: crate::schema::StorageId) {
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.migrate(id).await {
                tracing::error!(storage = id.get(), %error, "a migration could not be run to its end");
            }
        });
    }
}

/// Refuses a difference that goes beyond what was allowed, naming every change that does.
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
            let detail = "these changes need a plan: post the definition to plan/ and send its plan_hash";
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

/// The definition as it is shown again: its name stands beside it.
fn without_name(sent: &Json) -> Json {
    let mut sent = sent.clone();
    if let Some(members) = sent.as_object_mut() {
        members.remove("name");
    }
    sent
}
