//! `datadump_version`: one row per version of a storage, with the state of its migration. The row of a failed
//! version is replaced by the next attempt.

#![expect(unused_qualifications, reason = "sea-orm's macro writes them")]

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datadump_version")]
pub(in crate::store) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) storage_id: i64,
    /// The version number, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) version: i64,
    /// The definition as it was sent, without its name.
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) sent: String,
    /// `queued`, `running`, `applied` or `failed`.
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) state: String,
    /// Why it failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub(in crate::store) error: Option<String>,
    /// Rows read or rewritten so far.
    pub(in crate::store) rows_done: i64,
    /// Rows to read or rewrite in total.
    pub(in crate::store) rows_total: i64,
    /// When it was declared, in microseconds since 1970.
    pub(in crate::store) created_at: i64,
    /// When it came into force.
    pub(in crate::store) applied_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
