//! `datadump_info`: one row with the version of the system tables.

#![expect(unused_qualifications, reason = "sea-orm's macro writes them")]

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datadump_info")]
pub(in crate::store) struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(in crate::store) id: i64,
    /// The version of the system tables.
    pub(in crate::store) system_version: i64,
    /// When the database was created, in microseconds since 1970.
    pub(in crate::store) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
