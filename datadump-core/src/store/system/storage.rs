//! `datadump_storage`: one row per storage.

#![expect(unused_qualifications, reason = "sea-orm's macro writes them")]

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datadump_storage")]
pub(in crate::store) struct Model {
    /// Its number, never reassigned.
    #[sea_orm(primary_key)]
    pub(in crate::store) id: i64,
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) name: String,
    /// Its name with case folded, which is unique.
    #[sea_orm(column_type = "Text", unique)]
    pub(in crate::store) folded: String,
    /// The version in force; 0 until the first one is applied.
    pub(in crate::store) version: i64,
    /// Dropped fields, as a JSON object of name (case folded) to kind.
    #[sea_orm(column_type = "Text")]
    pub(in crate::store) dropped: String,
    /// When it was first declared, in microseconds since 1970.
    pub(in crate::store) created_at: i64,
    /// When a version was last declared or applied.
    pub(in crate::store) updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(in crate::store) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
