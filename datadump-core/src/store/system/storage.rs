//! `datadump_storage`: one row a storage.

#![expect(unused_qualifications, reason = "sea-orm's macro writes them")]

use sea_orm::entity::prelude::*;

/// A storage.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datadump_storage")]
pub(in crate::store) struct Model {
    /// Its number, never given again.
    #[sea_orm(primary_key)]
    pub(in crate::store) id: i64,
    /// Its name.
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) name: String,
    /// Its name without case: no two storages have the same.
    #[sea_orm(column_type = "Text", unique)]
    pub(in crate::store) folded: String,
    /// The version in force; 0 before the first is applied.
    pub(in crate::store) version: i64,
    /// Dropped fields, as a JSON object of name (without case) to kind.
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) dropped: String,
    /// When it was first declared, in microseconds after 1970.
    pub(in crate::store) created_at: i64,
    /// When a version was last declared or applied.
    pub(in crate::store) updated_at: i64,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
