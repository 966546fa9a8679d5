//! Generated from `docs/openapi.json` by `tests/run generated`. Changes belong there.

#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{ClientHooks, OperationInfo, RequestBuilderExt, encode_path};
#[doc = r" Types used as operation parameters and responses."]
#[allow(clippy::all)]
pub mod types {
    #[doc = "`AckCommandIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct AckCommandIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for AckCommandIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<AckCommandIdempotencyKey> for ::std::string::String {
        fn from(value: AckCommandIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for AckCommandIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for AckCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for AckCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for AckCommandIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Number of rows that were changed or deleted."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Affected {
        #[doc = "Number of rows."]
        pub affected: u64,
    }
    impl Affected {
        pub fn builder() -> builder::Affected {
            Default::default()
        }
    }
    #[doc = "Results of functions of groups of rows."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct AggregateList {
        #[doc = "The results, one for each group: its values and the results of the functions, by their names."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "True if there are more groups."]
        pub truncated: bool,
    }
    impl AggregateList {
        pub fn builder() -> builder::AggregateList {
            Default::default()
        }
    }
    #[doc = "`AnswerCommandIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct AnswerCommandIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for AnswerCommandIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<AnswerCommandIdempotencyKey> for ::std::string::String {
        fn from(value: AnswerCommandIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for AnswerCommandIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for AnswerCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for AnswerCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for AnswerCommandIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Results of the operations."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct BatchAnswer {
        #[doc = "Number of rows that were inserted."]
        pub created: u64,
        #[doc = "Number of rows that were deleted."]
        pub deleted: u64,
        #[doc = "Number of operations that failed."]
        pub failed: u64,
        #[doc = "One result per operation, in order."]
        pub results: ::std::vec::Vec<WriteResult>,
        #[doc = "Number of rows that were replaced or changed."]
        pub updated: u64,
    }
    impl BatchAnswer {
        pub fn builder() -> builder::BatchAnswer {
            Default::default()
        }
    }
    #[doc = "Results of the rows."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct BulkAnswer {
        #[doc = "Number of rows that were inserted."]
        pub created: u64,
        #[doc = "Number of rows that were not stored."]
        pub failed: u64,
        #[doc = "Number of rows that were left as they are, because their key exists."]
        pub ignored: u64,
        #[doc = "One result per row, in order."]
        pub results: ::std::vec::Vec<WriteResult>,
        #[doc = "Number of rows that were replaced or changed."]
        pub updated: u64,
    }
    impl BulkAnswer {
        pub fn builder() -> builder::BulkAnswer {
            Default::default()
        }
    }
    #[doc = "A change in a plan."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Change {
        #[doc = "`additive`, `widening`, `data-dependent`, `breaking`, `destructive` or `forbidden`."]
        pub class: ::std::string::String,
        #[doc = "Human-readable explanation."]
        pub detail: ::std::string::String,
        #[doc = "Keys of the first of these rows."]
        pub examples: ::std::vec::Vec<::serde_json::Value>,
        #[doc = "Name of the field or index."]
        pub name: ::std::string::String,
        #[doc = "JSON pointer to the change in the definition."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub pointer: ::std::option::Option<::std::string::String>,
        #[doc = "Number of rows examined."]
        pub rows_scanned: u64,
        #[doc = "Number of rows that prevent the change."]
        pub rows_violating: u64,
        #[doc = "Estimated time in milliseconds for which the change blocks writers; 0 if it does not."]
        pub writers_wait_ms: u64,
    }
    impl Change {
        pub fn builder() -> builder::Change {
            Default::default()
        }
    }
    #[doc = "The change log: a stream can resume from any position in it."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ChangeLog {
        #[doc = "Size in bytes."]
        pub bytes: u64,
        #[doc = "Number of the oldest retained commit."]
        pub first: i64,
        #[doc = "Number of the newest commit."]
        pub last: i64,
        #[doc = "Time of the oldest retained commit."]
        pub since: ::std::string::String,
    }
    impl ChangeLog {
        pub fn builder() -> builder::ChangeLog {
            Default::default()
        }
    }
    #[doc = "A page of changes."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ChangePage {
        #[doc = "The position from which to continue, as `after`."]
        pub next: ::std::string::String,
        #[doc = "The changes, in commit order. A page ends after five seconds, and may then be empty although there are more."]
        pub results: ::std::vec::Vec<StorageChange>,
    }
    impl ChangePage {
        pub fn builder() -> builder::ChangePage {
            Default::default()
        }
    }
    #[doc = "`CreateProcessorIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct CreateProcessorIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for CreateProcessorIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<CreateProcessorIdempotencyKey> for ::std::string::String {
        fn from(value: CreateProcessorIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for CreateProcessorIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for CreateProcessorIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for CreateProcessorIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for CreateProcessorIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`DeclareStorageIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct DeclareStorageIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for DeclareStorageIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<DeclareStorageIdempotencyKey> for ::std::string::String {
        fn from(value: DeclareStorageIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for DeclareStorageIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for DeclareStorageIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for DeclareStorageIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for DeclareStorageIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The format of a throw."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct DetectedFormat {
        #[doc = "Other formats that the body could be taken for, the most likely first."]
        pub alternatives: ::std::vec::Vec<::std::string::String>,
        #[doc = "Reason for the choice, as a sentence."]
        pub because: ::std::string::String,
        #[doc = "Name of the format."]
        pub format: ::std::string::String,
    }
    impl DetectedFormat {
        pub fn builder() -> builder::DetectedFormat {
            Default::default()
        }
    }
    #[doc = "A new device token."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct DeviceToken {
        #[doc = "The token. It cannot be retrieved again."]
        pub token: ::std::string::String,
    }
    impl DeviceToken {
        pub fn builder() -> builder::DeviceToken {
            Default::default()
        }
    }
    #[doc = "Outcome of a record."]
    #[derive(
        :: serde :: Deserialize,
        :: serde :: Serialize,
        Clone,
        Copy,
        Debug,
        Eq,
        Hash,
        Ord,
        PartialEq,
        PartialOrd,
    )]
    pub enum FateStatus {
        #[serde(rename = "stored")]
        Stored,
        #[serde(rename = "duplicate")]
        Duplicate,
        #[serde(rename = "dropped")]
        Dropped,
        #[serde(rename = "quarantined")]
        Quarantined,
        #[serde(rename = "refused")]
        Refused,
    }
    impl ::std::fmt::Display for FateStatus {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            match *self {
                Self::Stored => f.write_str("stored"),
                Self::Duplicate => f.write_str("duplicate"),
                Self::Dropped => f.write_str("dropped"),
                Self::Quarantined => f.write_str("quarantined"),
                Self::Refused => f.write_str("refused"),
            }
        }
    }
    impl ::std::str::FromStr for FateStatus {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            match value {
                "stored" => Ok(Self::Stored),
                "duplicate" => Ok(Self::Duplicate),
                "dropped" => Ok(Self::Dropped),
                "quarantined" => Ok(Self::Quarantined),
                "refused" => Ok(Self::Refused),
                _ => Err("invalid value".into()),
            }
        }
    }
    impl ::std::convert::TryFrom<&str> for FateStatus {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for FateStatus {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    #[doc = "An individual error in a request."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Fault {
        #[doc = "Machine-readable code."]
        pub code: ::std::string::String,
        #[doc = "Column in that line, starting at 1."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub column: ::std::option::Option<u64>,
        #[doc = "Human-readable explanation."]
        pub detail: ::std::string::String,
        #[doc = "Hints from the compiler: why the program is wrong, and how to fix it."]
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub hints: ::std::vec::Vec<::std::string::String>,
        #[doc = "Line in a program, starting at 1."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub line: ::std::option::Option<u64>,
        #[doc = "Name of the query parameter or header."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub parameter: ::std::option::Option<::std::string::String>,
        #[doc = "JSON pointer to the location in the body."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub pointer: ::std::option::Option<::std::string::String>,
    }
    impl Fault {
        pub fn builder() -> builder::Fault {
            Default::default()
        }
    }
    #[doc = "`FindAggregatesIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct FindAggregatesIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for FindAggregatesIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<FindAggregatesIdempotencyKey> for ::std::string::String {
        fn from(value: FindAggregatesIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for FindAggregatesIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for FindAggregatesIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for FindAggregatesIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for FindAggregatesIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`FindSeriesIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct FindSeriesIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for FindSeriesIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<FindSeriesIdempotencyKey> for ::std::string::String {
        fn from(value: FindSeriesIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for FindSeriesIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for FindSeriesIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for FindSeriesIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for FindSeriesIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Durations of commits of rows, most of which is the sync to disk. On PostgreSQL they include the round trip."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Fsync {
        #[doc = "Number of commits."]
        pub count: u64,
        #[doc = "Longest duration in milliseconds."]
        pub max_ms: f64,
        #[doc = "Mean duration in milliseconds."]
        pub mean_ms: f64,
        #[doc = "Median duration in milliseconds."]
        pub p50_ms: f64,
        #[doc = "Duration in milliseconds that 99 % of the commits did not exceed."]
        pub p99_ms: f64,
        #[doc = "Length of the period in seconds."]
        pub period_s: u64,
    }
    impl Fsync {
        pub fn builder() -> builder::Fsync {
            Default::default()
        }
    }
    #[doc = "The response of a live process."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Health {
        #[doc = "Always `ok`."]
        pub status: ::std::string::String,
    }
    impl Health {
        pub fn builder() -> builder::Health {
            Default::default()
        }
    }
    #[doc = "A page of devices, readings, status transitions or commands."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct HubList {
        #[doc = "Total number of results; null if they were not counted."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count: ::std::option::Option<u64>,
        #[doc = "True if the count is an estimate."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count_estimated: ::std::option::Option<bool>,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The results."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl HubList {
        pub fn builder() -> builder::HubList {
            Default::default()
        }
    }
    #[doc = "The progress or outcome of an import, or its plan. Everything it counts is committed."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Import {
        #[doc = "Number of bytes of the file, decompressed, that are stored."]
        pub bytes: u64,
        #[doc = "The first errors, with their quarantine entries."]
        pub errors: ::std::vec::Vec<Remark>,
        #[doc = "The failure, if the import failed."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub failure: ::std::option::Option<ImportFailure>,
        #[doc = "Format of the file, once it is known."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub format: ::std::option::Option<::std::string::String>,
        #[doc = "ID; null for a plan."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub id: ::std::option::Option<::std::string::String>,
        #[doc = "`merge`, `replace`, `ignore` or `error`."]
        pub on_conflict: ::std::string::String,
        #[doc = "`quarantine` or `stop`."]
        pub on_error: ::std::string::String,
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub plan: ::std::option::Option<ImportPlan>,
        #[doc = "All errors and warnings, counted by step, code and field; the most frequent ones come first."]
        pub reasons: ::std::vec::Vec<Reason>,
        pub rows: ImportRows,
        #[doc = "Start of the import; null for a plan."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub started_at: ::std::option::Option<::std::string::String>,
        #[doc = "`running`, `done`, `failed`, `interrupted` or `planned`."]
        pub state: ::std::string::String,
        #[doc = "Name of the storage."]
        pub storage: ::std::string::String,
        #[doc = "True if there are more errors, warnings or reasons than are listed."]
        pub truncated: bool,
        #[doc = "Time of its last stored progress; null for a plan."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub updated_at: ::std::option::Option<::std::string::String>,
        #[doc = "The first values that were stored differently than they were sent."]
        pub warnings: ::std::vec::Vec<Remark>,
    }
    impl Import {
        pub fn builder() -> builder::Import {
            Default::default()
        }
    }
    #[doc = "A column of the file, and the field that would take its values."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ImportColumn {
        #[doc = "Name of the column."]
        pub column: ::std::string::String,
        #[doc = "`key`, `field`, `new`, `widened`, `service` (ignored), `extra` (kept in `_extra`) or `unknown`."]
        pub role: ::std::string::String,
        #[doc = "Type of the field."]
        #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
        pub type_: ::std::option::Option<::std::string::String>,
    }
    impl ImportColumn {
        pub fn builder() -> builder::ImportColumn {
            Default::default()
        }
    }
    #[doc = "The failure of an import."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ImportFailure {
        #[doc = "Machine-readable code."]
        pub code: ::std::string::String,
        #[doc = "Human-readable explanation."]
        pub detail: ::std::string::String,
        #[doc = "Line of the file, starting at 1."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub line: ::std::option::Option<u64>,
    }
    impl ImportFailure {
        pub fn builder() -> builder::ImportFailure {
            Default::default()
        }
    }
    #[doc = "A page of imports, newest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ImportList {
        #[doc = "Total number of results."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count: ::std::option::Option<u64>,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The imports."]
        pub results: ::std::vec::Vec<Import>,
    }
    impl ImportList {
        pub fn builder() -> builder::ImportList {
            Default::default()
        }
    }
    #[doc = "The plan of an import. Nothing was stored."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ImportPlan {
        #[doc = "True if the storage is, or would be, an inferred one."]
        pub auto: bool,
        #[doc = "Reason for this format."]
        pub because: ::std::string::String,
        #[doc = "Number of bytes, decompressed, that were read: the whole file, or up to its failure."]
        pub bytes_read: u64,
        #[doc = "The columns of the file."]
        pub columns: ::std::vec::Vec<ImportColumn>,
        #[doc = "The definition that the storage would get, if that is a new one."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub definition: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "Number of records whose key exists, of those that were looked up."]
        pub existing: u64,
        #[doc = "True if the storage exists."]
        pub exists: bool,
        #[doc = "Number of records that fit."]
        pub fit: u64,
        #[doc = "Number of keys that were looked up: the first ones only."]
        pub keys_checked: u64,
        #[doc = "Number of records that do not fit."]
        pub unfit: u64,
    }
    impl ImportPlan {
        pub fn builder() -> builder::ImportPlan {
            Default::default()
        }
    }
    #[doc = "Numbers of the records of an import."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ImportRows {
        #[doc = "Number of records that changed nothing."]
        pub ignored: u64,
        #[doc = "Number of records in quarantine."]
        pub quarantined: u64,
        #[doc = "Number of records that were read."]
        pub read: u64,
        #[doc = "Number of rows that were inserted or changed."]
        pub stored: u64,
    }
    impl ImportRows {
        pub fn builder() -> builder::ImportRows {
            Default::default()
        }
    }
    #[doc = "`ImportRowsIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ImportRowsIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ImportRowsIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ImportRowsIdempotencyKey> for ::std::string::String {
        fn from(value: ImportRowsIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ImportRowsIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ImportRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ImportRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ImportRowsIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`MakeDeviceTokenIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct MakeDeviceTokenIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for MakeDeviceTokenIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<MakeDeviceTokenIdempotencyKey> for ::std::string::String {
        fn from(value: MakeDeviceTokenIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for MakeDeviceTokenIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for MakeDeviceTokenIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for MakeDeviceTokenIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for MakeDeviceTokenIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The results of several queries for series, in order."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ManySeriesAnswer {
        #[doc = "For each query its `id` and `storage`, and either the members of the answer of one storage or its `error`."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl ManySeriesAnswer {
        pub fn builder() -> builder::ManySeriesAnswer {
            Default::default()
        }
    }
    #[doc = "Counters of one minute."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Minute {
        #[doc = "Number of rows written by throws."]
        pub accepted: u64,
        #[doc = "Beginning of the minute."]
        pub at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "Number of bytes thrown, before they are decompressed."]
        pub bytes: u64,
        #[doc = "Number of requests answered with a status from 400 to 499."]
        pub client_errors: u64,
        #[doc = "Number of transactions committed."]
        pub commits: u64,
        #[doc = "Number of quarantine entries created."]
        pub quarantined: u64,
        #[doc = "Number of requests answered."]
        pub requests: u64,
        #[doc = "Number of rows written or deleted."]
        pub rows: u64,
        #[doc = "Number of requests answered with a status of 500 or more."]
        pub server_errors: u64,
        #[doc = "Number of throws."]
        pub throws: u64,
    }
    impl Minute {
        pub fn builder() -> builder::Minute {
            Default::default()
        }
    }
    #[doc = "Rows to be removed."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct NextRemoval {
        #[doc = "Time of the removal."]
        pub at: ::std::string::String,
        #[doc = "They were last written at or before this moment."]
        pub until: ::std::string::String,
    }
    impl NextRemoval {
        pub fn builder() -> builder::NextRemoval {
            Default::default()
        }
    }
    #[doc = "The changes that a definition would make."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Plan {
        #[doc = "Current version; null for a new storage."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub base: ::std::option::Option<i32>,
        #[doc = "The changes."]
        pub changes: ::std::vec::Vec<Change>,
        #[doc = "Highest class of the changes; null if there are none."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub class: ::std::option::Option<::std::string::String>,
        #[doc = "Statements that the database would run."]
        pub ddl: ::std::vec::Vec<::std::string::String>,
        #[doc = "Name of the storage."]
        pub name: ::std::string::String,
        #[doc = "Hash to send as `plan` when declaring, so that exactly these changes are applied."]
        pub plan_hash: ::std::string::String,
        #[doc = "Version the storage would have."]
        pub version: i32,
    }
    impl Plan {
        pub fn builder() -> builder::Plan {
            Default::default()
        }
    }
    #[doc = "`PlanStorageIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct PlanStorageIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for PlanStorageIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<PlanStorageIdempotencyKey> for ::std::string::String {
        fn from(value: PlanStorageIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for PlanStorageIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for PlanStorageIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for PlanStorageIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for PlanStorageIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Why a request failed. Nothing was changed."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Problem {
        #[doc = "Machine-readable problem type."]
        pub code: ::std::string::String,
        #[doc = "The current row, if its version was not the expected one; null if there is no row. Absent if it was not read."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub current: ::std::option::Option<::serde_json::Value>,
        #[doc = "Human-readable explanation of this occurrence, naming the field or value."]
        pub detail: ::std::string::String,
        #[doc = "The individual errors and their locations."]
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub errors: ::std::vec::Vec<Fault>,
        #[doc = "Path of the request."]
        pub instance: ::std::string::String,
        #[doc = "Receipt for the stored part of an incomplete stream, or the progress of an incomplete import."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub receipt: ::std::option::Option<::serde_json::Value>,
        #[doc = "ID of the request, as it appears in the server's log."]
        pub request_id: ::std::string::String,
        #[doc = "HTTP status."]
        pub status: u16,
        #[doc = "Human-readable summary of the problem type."]
        pub title: ::std::string::String,
        #[doc = "URI of the problem type."]
        #[serde(rename = "type")]
        pub type_: ::std::string::String,
    }
    impl Problem {
        pub fn builder() -> builder::Problem {
            Default::default()
        }
    }
    #[doc = "A processor."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Processor {
        #[doc = "`built-in`, `program` (written in VRL) or `native` (compiled into this server)."]
        pub kind: ::std::string::String,
        #[doc = "Name."]
        pub name: ::std::string::String,
        #[doc = "Source code of a program."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub program: ::std::option::Option<::std::string::String>,
        #[doc = "Input of a program: `record` or `throw`."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub takes: ::std::option::Option<::std::string::String>,
        #[doc = "Version."]
        pub version: u32,
        #[doc = "Compiler warnings."]
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub warnings: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl Processor {
        pub fn builder() -> builder::Processor {
            Default::default()
        }
    }
    #[doc = "A page of processors sorted by name, or of the versions of one, oldest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ProcessorList {
        #[doc = "Total number of results."]
        pub count: u64,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The processors."]
        pub results: ::std::vec::Vec<Processor>,
    }
    impl ProcessorList {
        pub fn builder() -> builder::ProcessorList {
            Default::default()
        }
    }
    #[doc = "`PushIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct PushIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for PushIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<PushIdempotencyKey> for ::std::string::String {
        fn from(value: PushIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for PushIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for PushIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for PushIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for PushIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The outcome of a push. Everything it counts is committed; refused readings are listed as errors without a\nquarantine entry."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct PushReceipt {
        #[doc = "Number of rows written."]
        pub accepted: u64,
        #[doc = "Commands for the device of the first reading; only with `commands=1`."]
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub commands: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "Number of records dropped by a program or by the settings of the source."]
        pub dropped: u64,
        #[doc = "Number of records that were already stored."]
        pub duplicates: u64,
        #[doc = "Records that went to quarantine, and why."]
        pub errors: ::std::vec::Vec<Remark>,
        #[doc = "Format the data was parsed as."]
        pub format: ::std::string::String,
        #[doc = "True if nothing was quarantined or refused."]
        pub ok: bool,
        #[doc = "Number of quarantine entries created."]
        pub quarantined: u64,
        #[doc = "True if the throw is not committed yet and nothing is counted; only with `ack=accepted`."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub queued: ::std::option::Option<bool>,
        #[doc = "All warnings and errors, counted by step, code and field; the most frequent ones come first."]
        pub reasons: ::std::vec::Vec<Reason>,
        #[doc = "Name of the source."]
        pub source: ::std::string::String,
        #[doc = "Number of rows written, by storage."]
        pub storages: ::std::collections::HashMap<::std::string::String, u64>,
        #[doc = "ID of the throw."]
        pub throw: ::std::string::String,
        #[doc = "True if there were more warnings, errors or reasons than are listed."]
        pub truncated: bool,
        #[doc = "Data that was stored differently than it was sent."]
        pub warnings: ::std::vec::Vec<Remark>,
    }
    impl PushReceipt {
        pub fn builder() -> builder::PushReceipt {
            Default::default()
        }
    }
    #[doc = "A page of quarantine entries, newest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct QuarantineList {
        #[doc = "Total number of matching entries; null if they were not counted."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count: ::std::option::Option<u64>,
        #[doc = "True if the count is an estimate."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count_estimated: ::std::option::Option<bool>,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The entries, without their original bytes."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl QuarantineList {
        pub fn builder() -> builder::QuarantineList {
            Default::default()
        }
    }
    #[doc = "Counts of quarantine entries, by group."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct QuarantineSummary {
        #[doc = "The groups, largest first, each with `source`, `step`, `code`, `field` and the `count` of its entries."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "True if there are more groups."]
        pub truncated: bool,
    }
    impl QuarantineSummary {
        pub fn builder() -> builder::QuarantineSummary {
            Default::default()
        }
    }
    #[doc = "A page of the rows that a query selects."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct QueryPage {
        #[doc = "Total number of matching rows; null if they were not counted."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count: ::std::option::Option<u64>,
        #[doc = "True if the count is an estimate."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count_estimated: ::std::option::Option<bool>,
        #[doc = "Cursor of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "Cursor of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The rows."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl QueryPage {
        pub fn builder() -> builder::QueryPage {
            Default::default()
        }
    }
    #[doc = "`QueryRowsIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct QueryRowsIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for QueryRowsIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<QueryRowsIdempotencyKey> for ::std::string::String {
        fn from(value: QueryRowsIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for QueryRowsIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for QueryRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for QueryRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for QueryRowsIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The response of a ready server."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Ready {
        #[doc = "Number of storages with a running migration. Their rows are served meanwhile."]
        pub migrating: u64,
        #[doc = "Always `ready`."]
        pub status: ::std::string::String,
    }
    impl Ready {
        pub fn builder() -> builder::Ready {
            Default::default()
        }
    }
    #[doc = "The progress of a storage's latest migration."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ReadyStatus {
        #[doc = "True if the migration is completed."]
        pub applied: bool,
        #[doc = "Why the migration failed, if it did."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub error: ::std::option::Option<::std::string::String>,
        #[doc = "Name of the storage."]
        pub name: ::std::string::String,
        #[doc = "Number of rows processed so far."]
        pub rows_done: u64,
        #[doc = "Total number of rows to process."]
        pub rows_total: u64,
        #[doc = "`queued`, `running`, `applied` or `failed`."]
        pub state: ::std::string::String,
        #[doc = "Version of the storage that is being applied."]
        pub version: i32,
    }
    impl ReadyStatus {
        pub fn builder() -> builder::ReadyStatus {
            Default::default()
        }
    }
    #[doc = "Count of a throw's warnings or errors with the same step, code and field."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Reason {
        #[doc = "Machine-readable code."]
        pub code: ::std::string::String,
        #[doc = "Number of these warnings or errors."]
        pub count: u64,
        #[doc = "Name of the field."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub field: ::std::option::Option<::std::string::String>,
        #[doc = "Index of the first record concerned, starting at 0; absent if the reason concerns the whole throw."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub first: ::std::option::Option<u64>,
        #[doc = "The step that caused them: `decode`, `program`, `route`, `validate` or `store`."]
        pub step: ::std::string::String,
    }
    impl Reason {
        pub fn builder() -> builder::Reason {
            Default::default()
        }
    }
    #[doc = "The outcome of a throw. Everything it counts is committed."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Receipt {
        #[doc = "Number of rows written."]
        pub accepted: u64,
        #[doc = "Number of records dropped by a program or by the settings of the source."]
        pub dropped: u64,
        #[doc = "Number of records that were already stored."]
        pub duplicates: u64,
        #[doc = "Records that went to quarantine, and why."]
        pub errors: ::std::vec::Vec<Remark>,
        #[doc = "Format the data was parsed as."]
        pub format: ::std::string::String,
        #[doc = "True if nothing was quarantined or refused."]
        pub ok: bool,
        #[doc = "Number of quarantine entries created."]
        pub quarantined: u64,
        #[doc = "True if the throw is not committed yet and nothing is counted; only with `ack=accepted`."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub queued: ::std::option::Option<bool>,
        #[doc = "All warnings and errors, counted by step, code and field; the most frequent ones come first."]
        pub reasons: ::std::vec::Vec<Reason>,
        #[doc = "Name of the source."]
        pub source: ::std::string::String,
        #[doc = "Number of rows written, by storage."]
        pub storages: ::std::collections::HashMap<::std::string::String, u64>,
        #[doc = "ID of the throw."]
        pub throw: ::std::string::String,
        #[doc = "True if there were more warnings, errors or reasons than are listed."]
        pub truncated: bool,
        #[doc = "Data that was stored differently than it was sent."]
        pub warnings: ::std::vec::Vec<Remark>,
    }
    impl Receipt {
        pub fn builder() -> builder::Receipt {
            Default::default()
        }
    }
    #[doc = "A throw as this server received it, with its outcome."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RecentThrow {
        #[doc = "Names and values of the URL arguments, except those that control the throw."]
        pub arguments: ::std::vec::Vec<::std::vec::Vec<::std::string::String>>,
        #[doc = "The body, if it is text."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub body: ::std::option::Option<::std::string::String>,
        #[doc = "The body in base64, if it is not text."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub body_base64: ::std::option::Option<::std::string::String>,
        #[doc = "Content type as it was sent."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub content_type: ::std::option::Option<::std::string::String>,
        #[doc = "True if only the first 32 KiB of the body are kept."]
        pub cut: bool,
        #[doc = "The format and why it was chosen; null if the throw was refused before it was parsed."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub detected: ::std::option::Option<DetectedFormat>,
        #[doc = "Reason of a refusal."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub error: ::std::option::Option<::std::string::String>,
        #[doc = "Headers of that request, in order. Those with secrets and those about the connection are left out."]
        pub headers: ::std::vec::Vec<ThrowHeader>,
        #[doc = "ID."]
        pub id: ::std::string::String,
        #[doc = "Method of the request; for a message of a WebSocket, of the request that opened it."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub method: ::std::option::Option<::std::string::String>,
        pub outcome: ThrowOutcome,
        #[doc = "Path of that request, without the query."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub path: ::std::option::Option<::std::string::String>,
        #[doc = "IP address of the sender."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub peer: ::std::option::Option<::std::string::String>,
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub receipt: ::std::option::Option<Receipt>,
        #[doc = "Time it was received."]
        pub received_at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "Size of the body in bytes, decompressed."]
        pub size: u64,
        #[doc = "Name of the source; `_hub` for pushes to the hub."]
        pub source: ::std::string::String,
        #[doc = "Protocol."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub transport: ::std::option::Option<Transport>,
    }
    impl RecentThrow {
        pub fn builder() -> builder::RecentThrow {
            Default::default()
        }
    }
    #[doc = "A recent throw with its records and the rows that they became."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RecentThrowDetails {
        #[doc = "Names and values of the URL arguments, except those that control the throw."]
        pub arguments: ::std::vec::Vec<::std::vec::Vec<::std::string::String>>,
        #[doc = "The body, if it is text."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub body: ::std::option::Option<::std::string::String>,
        #[doc = "The body in base64, if it is not text."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub body_base64: ::std::option::Option<::std::string::String>,
        #[doc = "Content type as it was sent."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub content_type: ::std::option::Option<::std::string::String>,
        #[doc = "True if only the first 32 KiB of the body are kept."]
        pub cut: bool,
        #[doc = "The format and why it was chosen; null if the throw was refused before it was parsed."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub detected: ::std::option::Option<DetectedFormat>,
        #[doc = "Reason of a refusal."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub error: ::std::option::Option<::std::string::String>,
        #[doc = "Headers of that request, in order. Those with secrets and those about the connection are left out."]
        pub headers: ::std::vec::Vec<ThrowHeader>,
        #[doc = "ID."]
        pub id: ::std::string::String,
        #[doc = "Method of the request; for a message of a WebSocket, of the request that opened it."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub method: ::std::option::Option<::std::string::String>,
        pub outcome: ThrowOutcome,
        #[doc = "Path of that request, without the query."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub path: ::std::option::Option<::std::string::String>,
        #[doc = "IP address of the sender."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub peer: ::std::option::Option<::std::string::String>,
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub receipt: ::std::option::Option<Receipt>,
        #[doc = "Time it was received."]
        pub received_at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "The first 100 records, and what became of each."]
        pub records: ::std::vec::Vec<ThrownRecord>,
        #[doc = "True if there are more records or rows than are listed, or if some records are not in the kept part of the\nbody."]
        pub records_truncated: bool,
        #[doc = "Size of the body in bytes, decompressed."]
        pub size: u64,
        #[doc = "Name of the source; `_hub` for pushes to the hub."]
        pub source: ::std::string::String,
        #[doc = "Protocol."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub transport: ::std::option::Option<Transport>,
    }
    impl RecentThrowDetails {
        pub fn builder() -> builder::RecentThrowDetails {
            Default::default()
        }
    }
    #[doc = "The most recent throws, newest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RecentThrowList {
        #[doc = "Number of matching throws that this server remembers."]
        pub count: u64,
        #[doc = "URL of the next page, with older throws."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "Always null: new throws come in before the first page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The throws."]
        pub results: ::std::vec::Vec<RecentThrow>,
    }
    impl RecentThrowList {
        pub fn builder() -> builder::RecentThrowList {
            Default::default()
        }
    }
    #[doc = "Outcome of a record."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RecordFate {
        #[doc = "Key of the row: text or a number."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub key: ::std::option::Option<::serde_json::Value>,
        #[doc = "ID of the quarantine entry."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub quarantine: ::std::option::Option<::std::string::String>,
        pub status: FateStatus,
        #[doc = "Storage of the row, or that it was meant for."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub storage: ::std::option::Option<::std::string::String>,
    }
    impl RecordFate {
        pub fn builder() -> builder::RecordFate {
            Default::default()
        }
    }
    #[doc = "A warning or an error about part of a throw."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Remark {
        #[doc = "Machine-readable code."]
        pub code: ::std::string::String,
        #[doc = "Human-readable explanation."]
        pub detail: ::std::string::String,
        #[doc = "Name of the field."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub field: ::std::option::Option<::std::string::String>,
        #[doc = "Index of the record, starting at 0; absent if the remark is about the whole throw."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub index: ::std::option::Option<u64>,
        #[doc = "Line of the record, starting at 1."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub line: ::std::option::Option<u64>,
        #[doc = "ID of the quarantine entry."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub quarantine: ::std::option::Option<::std::string::String>,
    }
    impl Remark {
        pub fn builder() -> builder::Remark {
            Default::default()
        }
    }
    #[doc = "The progress or outcome of a replay."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Replay {
        #[doc = "Number of entries processed so far."]
        pub done: u64,
        #[doc = "True if this is a dry run, which stores nothing."]
        pub dry_run: bool,
        #[doc = "The first entries that failed or were superseded, each with `quarantine`, `code` and `detail`."]
        pub errors: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "Number of entries that failed again."]
        pub failed: u64,
        #[doc = "ID."]
        pub id: ::std::string::String,
        #[doc = "Number of entries that had already been replayed."]
        pub skipped: u64,
        #[doc = "`running`, `done`, `stopped` or `failed`."]
        pub state: ::std::string::String,
        #[doc = "Number of entries stored as rows."]
        pub stored: u64,
        #[doc = "Number of entries that would have overwritten newer rows."]
        pub superseded: u64,
        #[doc = "Total number of entries to process."]
        pub total: u64,
    }
    impl Replay {
        pub fn builder() -> builder::Replay {
            Default::default()
        }
    }
    #[doc = "`ReplayIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ReplayIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ReplayIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ReplayIdempotencyKey> for ::std::string::String {
        fn from(value: ReplayIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ReplayIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ReplayIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ReplayIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ReplayIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "A page of replays, newest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ReplayList {
        #[doc = "Total number of results."]
        pub count: u64,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The replays."]
        pub results: ::std::vec::Vec<Replay>,
    }
    impl ReplayList {
        pub fn builder() -> builder::ReplayList {
            Default::default()
        }
    }
    #[doc = "`ReplayQuarantinedIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ReplayQuarantinedIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ReplayQuarantinedIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ReplayQuarantinedIdempotencyKey> for ::std::string::String {
        fn from(value: ReplayQuarantinedIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ReplayQuarantinedIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ReplayQuarantinedIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ReplayQuarantinedIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ReplayQuarantinedIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The retention of a storage: its limits, its size, and the next removal."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RetentionStatus {
        #[doc = "Estimated size of these rows in bytes."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bytes: ::std::option::Option<u64>,
        #[doc = "The limits `age`, `rows` and `bytes`, as in the definition."]
        pub limits: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        #[doc = "Time of the last measurement."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub measured_at: ::std::option::Option<::std::string::String>,
        #[doc = "The next removal; null while the storage is within its limits."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<NextRemoval>,
        #[doc = "Time of the last write of the row that has not been written for longest."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub oldest: ::std::option::Option<::std::string::String>,
        #[doc = "Number of rows that this process has removed since it started."]
        pub removed: u64,
        #[doc = "Number of rows at that time, without those removed since."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub rows: ::std::option::Option<u64>,
        #[doc = "Name of the storage; `_quarantine` for quarantine entries, `_throw` for kept throws."]
        pub storage: ::std::string::String,
    }
    impl RetentionStatus {
        pub fn builder() -> builder::RetentionStatus {
            Default::default()
        }
    }
    #[doc = "A page of rows."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct RowList {
        #[doc = "Total number of matching rows; null if they were not counted."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count: ::std::option::Option<u64>,
        #[doc = "True if the count is an estimate."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub count_estimated: ::std::option::Option<bool>,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The rows."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl RowList {
        pub fn builder() -> builder::RowList {
            Default::default()
        }
    }
    #[doc = "`RunBatchIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct RunBatchIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for RunBatchIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<RunBatchIdempotencyKey> for ::std::string::String {
        fn from(value: RunBatchIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for RunBatchIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for RunBatchIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for RunBatchIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for RunBatchIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`SaveRowIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct SaveRowIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for SaveRowIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<SaveRowIdempotencyKey> for ::std::string::String {
        fn from(value: SaveRowIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for SaveRowIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for SaveRowIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for SaveRowIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for SaveRowIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`SaveRowsIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct SaveRowsIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for SaveRowsIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<SaveRowsIdempotencyKey> for ::std::string::String {
        fn from(value: SaveRowsIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for SaveRowsIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for SaveRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for SaveRowsIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for SaveRowsIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`SendCommandIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct SendCommandIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for SendCommandIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<SendCommandIdempotencyKey> for ::std::string::String {
        fn from(value: SendCommandIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for SendCommandIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for SendCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for SendCommandIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for SendCommandIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "The sensors of a device."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct SensorList {
        #[doc = "Number of sensors."]
        pub count: u64,
        #[doc = "The sensors: `id`, `sensor_type`, `status`, `last_seen`, and the latest `value` with its `timestamp`."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl SensorList {
        pub fn builder() -> builder::SensorList {
            Default::default()
        }
    }
    #[doc = "The values of fields over time."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct SeriesList {
        #[doc = "Length of the buckets, such as `5m`; null if the points are rows."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bucket: ::std::option::Option<::std::string::String>,
        #[doc = "Start of the time, as asked for or that of the first row; null if there are no rows."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub from: ::std::option::Option<::std::string::String>,
        #[doc = "One for each group and field: `field`, `group`, and lists with an item for each point: `time` and `value`, or\n`time`, `min`, `max`, `avg`, `last` and `count` if the points are buckets. A gap is a point with nulls."]
        pub series: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "End of the time, as asked for or that of the last row."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub to: ::std::option::Option<::std::string::String>,
        #[doc = "True if there are more groups; those with most rows are returned."]
        pub truncated: bool,
    }
    impl SeriesList {
        pub fn builder() -> builder::SeriesList {
            Default::default()
        }
    }
    #[doc = "`SimulateIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct SimulateIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for SimulateIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<SimulateIdempotencyKey> for ::std::string::String {
        fn from(value: SimulateIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for SimulateIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for SimulateIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for SimulateIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for SimulateIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "A source."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Source {
        pub counted: ThrowCounters,
        #[doc = "Time the source was created."]
        pub created_at: ::std::string::String,
        #[doc = "Format of the last throw."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub last_format: ::std::option::Option<::std::string::String>,
        #[doc = "Name."]
        pub name: ::std::string::String,
        #[doc = "The settings of the source: `format`, `processor`, `key`, `timezone`, `strict`, `keep_raw`, `origins`,\n`unrouted` and `routes`, as described in the guide."]
        pub settings: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        #[doc = "Time the settings were last written."]
        pub updated_at: ::std::string::String,
        #[doc = "Version of the settings, incremented by every write."]
        pub version: i32,
    }
    impl Source {
        pub fn builder() -> builder::Source {
            Default::default()
        }
    }
    #[doc = "A page of sources, sorted by name."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct SourceList {
        #[doc = "Total number of results."]
        pub count: u64,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The sources."]
        pub results: ::std::vec::Vec<Source>,
    }
    impl SourceList {
        pub fn builder() -> builder::SourceList {
            Default::default()
        }
    }
    #[doc = "The state of the server."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Status {
        #[doc = "Kind of database: `sqlite` or `postgres`."]
        pub backend: ::std::string::String,
        pub change_log: ChangeLog,
        #[doc = "Number of transactions committed since the start."]
        pub commits: u64,
        #[doc = "Number of open connections."]
        pub connections: u64,
        #[doc = "Size of the database in bytes."]
        pub database_bytes: u64,
        pub fsync: Fsync,
        #[doc = "Counters of this process by minute: the last hour, and the current minute so far."]
        pub history: ::std::vec::Vec<Minute>,
        #[doc = "Number of quarantine entries waiting to be replayed or discarded."]
        pub quarantine_waiting: u64,
        pub queue: WriteQueue,
        #[doc = "Number of requests answered since the start."]
        pub requests: u64,
        #[doc = "Storages with a retention: their limits, their sizes, and the next removals."]
        pub retention: ::std::vec::Vec<RetentionStatus>,
        #[doc = "Number of rows written or deleted since the start."]
        pub rows_written: u64,
        #[doc = "Number of storages."]
        pub storage_count: u64,
        #[doc = "State of each storage, ordered by name; `limit` and `offset` select some of them."]
        pub storages: ::std::vec::Vec<StorageState>,
        #[doc = "Number of open streams."]
        pub streams: u64,
        pub throws: ThrowCounters,
        #[doc = "Seconds since the start."]
        pub uptime_s: f64,
        #[doc = "Version of the server."]
        pub version: ::std::string::String,
        #[doc = "Database settings that put committed data at risk."]
        pub warnings: ::std::vec::Vec<::std::string::String>,
    }
    impl Status {
        pub fn builder() -> builder::Status {
            Default::default()
        }
    }
    #[doc = "A storage: the version being applied if there is one, otherwise the current version."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Storage {
        #[doc = "Time the storage was first declared."]
        pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "Definition of that version as it was sent: `key`, `fields` and `meta`."]
        pub definition: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        #[doc = "True if a version is being applied."]
        pub locked: bool,
        #[doc = "Name."]
        pub name: ::std::string::String,
        #[doc = "State of the latest migration: `queued`, `running`, `applied` or `failed`."]
        pub state: ::std::string::String,
        #[doc = "Time a version was last declared or applied."]
        pub updated_at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "The version being applied if there is one, otherwise the current version."]
        pub version: i32,
    }
    impl Storage {
        pub fn builder() -> builder::Storage {
            Default::default()
        }
    }
    #[doc = "A change of a storage."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct StorageChange {
        #[doc = "The key of the row; null for a trim."]
        pub key: ::serde_json::Value,
        #[doc = "`insert`, `update` or `delete`; `trim` if retention has removed rows."]
        pub op: ::std::string::String,
        #[doc = "The position after the change."]
        pub position: ::std::string::String,
        #[doc = "The row as it is now; null if it no longer exists."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub row: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub trim: ::std::option::Option<TrimmedRows>,
    }
    impl StorageChange {
        pub fn builder() -> builder::StorageChange {
            Default::default()
        }
    }
    #[doc = "A page of storages, sorted by name."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct StorageList {
        #[doc = "Total number of results."]
        pub count: u64,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The storages."]
        pub results: ::std::vec::Vec<Storage>,
    }
    impl StorageList {
        pub fn builder() -> builder::StorageList {
            Default::default()
        }
    }
    #[doc = "The state of a storage."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct StorageState {
        #[doc = "About the size in bytes, with all indexes; null if it could not be determined in time."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub bytes: ::std::option::Option<u64>,
        #[doc = "Time when a row was last inserted or updated."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub last_write: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        #[doc = "Name."]
        pub name: ::std::string::String,
        #[doc = "Number of rows; null if it could not be determined in time."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub rows: ::std::option::Option<u64>,
        #[doc = "True if the number of rows is an estimate."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub rows_estimated: ::std::option::Option<bool>,
        #[doc = "State of the latest migration: `queued`, `running`, `applied` or `failed`."]
        pub state: ::std::string::String,
        #[doc = "Current version; null until the first one is applied."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub version: ::std::option::Option<i32>,
    }
    impl StorageState {
        pub fn builder() -> builder::StorageState {
            Default::default()
        }
    }
    #[doc = "`ThrowAtIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ThrowAtIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ThrowAtIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ThrowAtIdempotencyKey> for ::std::string::String {
        fn from(value: ThrowAtIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ThrowAtIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ThrowAtIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ThrowAtIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ThrowAtIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Counters of throws."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ThrowCounters {
        #[doc = "Number of rows written."]
        pub accepted: u64,
        #[doc = "Number of records dropped by a program or by the settings of the source."]
        pub dropped: u64,
        #[doc = "Number of records that were already stored."]
        pub duplicates: u64,
        #[doc = "Number of quarantine entries created."]
        pub quarantined: u64,
        #[doc = "Number of throws."]
        pub throws: u64,
    }
    impl ThrowCounters {
        pub fn builder() -> builder::ThrowCounters {
            Default::default()
        }
    }
    #[doc = "A header of the request that brought a throw."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ThrowHeader {
        #[doc = "Name in lower case."]
        pub name: ::std::string::String,
        #[doc = "Value."]
        pub value: ::std::string::String,
    }
    impl ThrowHeader {
        pub fn builder() -> builder::ThrowHeader {
            Default::default()
        }
    }
    #[doc = "`ThrowIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ThrowIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ThrowIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ThrowIdempotencyKey> for ::std::string::String {
        fn from(value: ThrowIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ThrowIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ThrowIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ThrowIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ThrowIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "Outcome of a throw: `quarantined` if any part of it is in quarantine, `refused` if nothing was stored."]
    #[derive(
        :: serde :: Deserialize,
        :: serde :: Serialize,
        Clone,
        Copy,
        Debug,
        Eq,
        Hash,
        Ord,
        PartialEq,
        PartialOrd,
    )]
    pub enum ThrowOutcome {
        #[serde(rename = "stored")]
        Stored,
        #[serde(rename = "quarantined")]
        Quarantined,
        #[serde(rename = "refused")]
        Refused,
    }
    impl ::std::fmt::Display for ThrowOutcome {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            match *self {
                Self::Stored => f.write_str("stored"),
                Self::Quarantined => f.write_str("quarantined"),
                Self::Refused => f.write_str("refused"),
            }
        }
    }
    impl ::std::str::FromStr for ThrowOutcome {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            match value {
                "stored" => Ok(Self::Stored),
                "quarantined" => Ok(Self::Quarantined),
                "refused" => Ok(Self::Refused),
                _ => Err("invalid value".into()),
            }
        }
    }
    impl ::std::convert::TryFrom<&str> for ThrowOutcome {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ThrowOutcome {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    #[doc = "`ThrowPutAtIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ThrowPutAtIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ThrowPutAtIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ThrowPutAtIdempotencyKey> for ::std::string::String {
        fn from(value: ThrowPutAtIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ThrowPutAtIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ThrowPutAtIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ThrowPutAtIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ThrowPutAtIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "`ThrowPutIdempotencyKey`"]
    #[derive(:: serde :: Serialize, Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
    #[serde(transparent)]
    pub struct ThrowPutIdempotencyKey(::std::string::String);
    impl ::std::ops::Deref for ThrowPutIdempotencyKey {
        type Target = ::std::string::String;
        fn deref(&self) -> &::std::string::String {
            &self.0
        }
    }
    impl ::std::convert::From<ThrowPutIdempotencyKey> for ::std::string::String {
        fn from(value: ThrowPutIdempotencyKey) -> Self {
            value.0
        }
    }
    impl ::std::str::FromStr for ThrowPutIdempotencyKey {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            if value.chars().count() > 255usize {
                return Err("longer than 255 characters".into());
            }
            if value.chars().count() < 1usize {
                return Err("shorter than 1 characters".into());
            }
            Ok(Self(value.to_string()))
        }
    }
    impl ::std::convert::TryFrom<&str> for ThrowPutIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for ThrowPutIdempotencyKey {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl<'de> ::serde::Deserialize<'de> for ThrowPutIdempotencyKey {
        fn deserialize<D>(deserializer: D) -> ::std::result::Result<Self, D::Error>
        where
            D: ::serde::Deserializer<'de>,
        {
            ::std::string::String::deserialize(deserializer)?.parse().map_err(
                |e: self::error::ConversionError| <D::Error as ::serde::de::Error>::custom(e.to_string()),
            )
        }
    }
    #[doc = "A record of a throw, and what became of it."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ThrownRecord {
        #[doc = "Its outcomes, several if it went to several storages; empty if the throw was refused."]
        pub became: ::std::vec::Vec<RecordFate>,
        #[doc = "Index in the throw, starting at 0."]
        pub index: u64,
        #[doc = "Line in the throw, starting at 1, in line-based formats."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub line: ::std::option::Option<u64>,
        #[doc = "The record as it was read; null if it could not be read, is very large, is not in the kept part of the body, or\nwas made by a program that takes the whole throw."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub record: ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
    }
    impl ThrownRecord {
        pub fn builder() -> builder::ThrownRecord {
            Default::default()
        }
    }
    #[doc = "The protocol that a throw was sent with."]
    #[derive(
        :: serde :: Deserialize,
        :: serde :: Serialize,
        Clone,
        Copy,
        Debug,
        Eq,
        Hash,
        Ord,
        PartialEq,
        PartialOrd,
    )]
    pub enum Transport {
        #[serde(rename = "http")]
        Http,
        #[serde(rename = "websocket")]
        Websocket,
    }
    impl ::std::fmt::Display for Transport {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            match *self {
                Self::Http => f.write_str("http"),
                Self::Websocket => f.write_str("websocket"),
            }
        }
    }
    impl ::std::str::FromStr for Transport {
        type Err = self::error::ConversionError;
        fn from_str(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            match value {
                "http" => Ok(Self::Http),
                "websocket" => Ok(Self::Websocket),
                _ => Err("invalid value".into()),
            }
        }
    }
    impl ::std::convert::TryFrom<&str> for Transport {
        type Error = self::error::ConversionError;
        fn try_from(value: &str) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    impl ::std::convert::TryFrom<::std::string::String> for Transport {
        type Error = self::error::ConversionError;
        fn try_from(
            value: ::std::string::String,
        ) -> ::std::result::Result<Self, self::error::ConversionError> {
            value.parse()
        }
    }
    #[doc = "Rows that retention has removed: those last written after one moment, and at or before another."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct TrimmedRows {
        #[doc = "The rows were last written after this moment."]
        pub after: ::std::string::String,
        #[doc = "Number of rows."]
        pub rows: u64,
        #[doc = "The rows were last written at or before this moment."]
        pub until: ::std::string::String,
    }
    impl TrimmedRows {
        pub fn builder() -> builder::TrimmedRows {
            Default::default()
        }
    }
    #[doc = "The values of a field."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct ValueList {
        #[doc = "Order of the values, and so which ones are returned if there are more: `count` if the most frequent one is first,\nor `value` if the smallest one is."]
        pub ordering: ::std::string::String,
        #[doc = "The values, each with the number of rows that have it: `{value, count}`."]
        pub results: ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        #[doc = "True if there are more values."]
        pub truncated: bool,
    }
    impl ValueList {
        pub fn builder() -> builder::ValueList {
            Default::default()
        }
    }
    #[doc = "A version of a storage."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct Version {
        #[doc = "Time the migration was completed."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub applied_at: ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
        #[doc = "Time the version was declared."]
        pub created_at: ::chrono::DateTime<::chrono::offset::Utc>,
        #[doc = "Definition as it was sent."]
        pub definition: ::serde_json::Map<::std::string::String, ::serde_json::Value>,
        #[doc = "Why the migration failed, if it did."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub error: ::std::option::Option<::std::string::String>,
        #[doc = "`queued`, `running`, `applied` or `failed`."]
        pub state: ::std::string::String,
        #[doc = "Number of the version."]
        pub version: i32,
    }
    impl Version {
        pub fn builder() -> builder::Version {
            Default::default()
        }
    }
    #[doc = "A page of versions, oldest first."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct VersionList {
        #[doc = "Total number of results."]
        pub count: u64,
        #[doc = "URL of the next page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub next: ::std::option::Option<::std::string::String>,
        #[doc = "URL of the previous page."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub previous: ::std::option::Option<::std::string::String>,
        #[doc = "The versions."]
        pub results: ::std::vec::Vec<Version>,
    }
    impl VersionList {
        pub fn builder() -> builder::VersionList {
            Default::default()
        }
    }
    #[doc = "The write queue."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct WriteQueue {
        #[doc = "Maximum number of waiting writes."]
        pub capacity: u64,
        #[doc = "Number of waiting writes."]
        pub depth: u64,
        #[doc = "Number of calls refused since the start because the queue was full."]
        pub refused: u64,
    }
    impl WriteQueue {
        pub fn builder() -> builder::WriteQueue {
            Default::default()
        }
    }
    #[doc = "The result of one write."]
    #[derive(:: serde :: Deserialize, :: serde :: Serialize, Clone, Debug)]
    pub struct WriteResult {
        #[doc = "Machine-readable reason of a failure."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub code: ::std::option::Option<::std::string::String>,
        #[doc = "The row as it is now, if it did not meet the condition; null if there is none. Absent if it was not read."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub current: ::std::option::Option<::serde_json::Value>,
        #[doc = "Human-readable explanation of a failure."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub detail: ::std::option::Option<::std::string::String>,
        #[doc = "The individual errors of an invalid row and their locations in the request."]
        #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
        pub errors: ::std::vec::Vec<Fault>,
        #[doc = "True if there was a row with this key, which was left as it is."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub ignored: ::std::option::Option<bool>,
        #[doc = "Key of the row; absent if it is not known."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub key: ::std::option::Option<::serde_json::Value>,
        #[doc = "201 (inserted), 200 (changed or ignored), 204 (deleted), 400 (invalid), 404 (no such row), 409 (the row exists, or\ndoes not have the version) or 428 (the version is required)."]
        pub status: u16,
        #[doc = "Version of the row; of a deleted row, its last one."]
        #[serde(skip_serializing_if = "::std::option::Option::is_none")]
        pub version: ::std::option::Option<i32>,
    }
    impl WriteResult {
        pub fn builder() -> builder::WriteResult {
            Default::default()
        }
    }
    #[doc = " Types for composing complex structures."]
    pub mod builder {
        #[derive(Clone, Debug)]
        pub struct Affected {
            affected: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for Affected {
            fn default() -> Self {
                Self { affected: Err("no value supplied for affected".to_string()) }
            }
        }
        impl Affected {
            pub fn affected<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.affected = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for affected: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Affected> for super::Affected {
            type Error = super::error::ConversionError;
            fn try_from(value: Affected) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { affected: value.affected? })
            }
        }
        impl ::std::convert::From<super::Affected> for Affected {
            fn from(value: super::Affected) -> Self {
                Self { affected: Ok(value.affected) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct AggregateList {
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            truncated: ::std::result::Result<bool, ::std::string::String>,
        }
        impl ::std::default::Default for AggregateList {
            fn default() -> Self {
                Self {
                    results: Err("no value supplied for results".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                }
            }
        }
        impl AggregateList {
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<AggregateList> for super::AggregateList {
            type Error = super::error::ConversionError;
            fn try_from(value: AggregateList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { results: value.results?, truncated: value.truncated? })
            }
        }
        impl ::std::convert::From<super::AggregateList> for AggregateList {
            fn from(value: super::AggregateList) -> Self {
                Self { results: Ok(value.results), truncated: Ok(value.truncated) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct BatchAnswer {
            created: ::std::result::Result<u64, ::std::string::String>,
            deleted: ::std::result::Result<u64, ::std::string::String>,
            failed: ::std::result::Result<u64, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::WriteResult>, ::std::string::String>,
            updated: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for BatchAnswer {
            fn default() -> Self {
                Self {
                    created: Err("no value supplied for created".to_string()),
                    deleted: Err("no value supplied for deleted".to_string()),
                    failed: Err("no value supplied for failed".to_string()),
                    results: Err("no value supplied for results".to_string()),
                    updated: Err("no value supplied for updated".to_string()),
                }
            }
        }
        impl BatchAnswer {
            pub fn created<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.created =
                    value.try_into().map_err(|e| format!("error converting supplied value for created: {e}"));
                self
            }
            pub fn deleted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.deleted =
                    value.try_into().map_err(|e| format!("error converting supplied value for deleted: {e}"));
                self
            }
            pub fn failed<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.failed =
                    value.try_into().map_err(|e| format!("error converting supplied value for failed: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::WriteResult>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
            pub fn updated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.updated =
                    value.try_into().map_err(|e| format!("error converting supplied value for updated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<BatchAnswer> for super::BatchAnswer {
            type Error = super::error::ConversionError;
            fn try_from(value: BatchAnswer) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    created: value.created?,
                    deleted: value.deleted?,
                    failed: value.failed?,
                    results: value.results?,
                    updated: value.updated?,
                })
            }
        }
        impl ::std::convert::From<super::BatchAnswer> for BatchAnswer {
            fn from(value: super::BatchAnswer) -> Self {
                Self {
                    created: Ok(value.created),
                    deleted: Ok(value.deleted),
                    failed: Ok(value.failed),
                    results: Ok(value.results),
                    updated: Ok(value.updated),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct BulkAnswer {
            created: ::std::result::Result<u64, ::std::string::String>,
            failed: ::std::result::Result<u64, ::std::string::String>,
            ignored: ::std::result::Result<u64, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::WriteResult>, ::std::string::String>,
            updated: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for BulkAnswer {
            fn default() -> Self {
                Self {
                    created: Err("no value supplied for created".to_string()),
                    failed: Err("no value supplied for failed".to_string()),
                    ignored: Err("no value supplied for ignored".to_string()),
                    results: Err("no value supplied for results".to_string()),
                    updated: Err("no value supplied for updated".to_string()),
                }
            }
        }
        impl BulkAnswer {
            pub fn created<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.created =
                    value.try_into().map_err(|e| format!("error converting supplied value for created: {e}"));
                self
            }
            pub fn failed<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.failed =
                    value.try_into().map_err(|e| format!("error converting supplied value for failed: {e}"));
                self
            }
            pub fn ignored<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.ignored =
                    value.try_into().map_err(|e| format!("error converting supplied value for ignored: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::WriteResult>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
            pub fn updated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.updated =
                    value.try_into().map_err(|e| format!("error converting supplied value for updated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<BulkAnswer> for super::BulkAnswer {
            type Error = super::error::ConversionError;
            fn try_from(value: BulkAnswer) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    created: value.created?,
                    failed: value.failed?,
                    ignored: value.ignored?,
                    results: value.results?,
                    updated: value.updated?,
                })
            }
        }
        impl ::std::convert::From<super::BulkAnswer> for BulkAnswer {
            fn from(value: super::BulkAnswer) -> Self {
                Self {
                    created: Ok(value.created),
                    failed: Ok(value.failed),
                    ignored: Ok(value.ignored),
                    results: Ok(value.results),
                    updated: Ok(value.updated),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Change {
            class: ::std::result::Result<::std::string::String, ::std::string::String>,
            detail: ::std::result::Result<::std::string::String, ::std::string::String>,
            examples: ::std::result::Result<::std::vec::Vec<::serde_json::Value>, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            pointer:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            rows_scanned: ::std::result::Result<u64, ::std::string::String>,
            rows_violating: ::std::result::Result<u64, ::std::string::String>,
            writers_wait_ms: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for Change {
            fn default() -> Self {
                Self {
                    class: Err("no value supplied for class".to_string()),
                    detail: Err("no value supplied for detail".to_string()),
                    examples: Err("no value supplied for examples".to_string()),
                    name: Err("no value supplied for name".to_string()),
                    pointer: Ok(Default::default()),
                    rows_scanned: Err("no value supplied for rows_scanned".to_string()),
                    rows_violating: Err("no value supplied for rows_violating".to_string()),
                    writers_wait_ms: Err("no value supplied for writers_wait_ms".to_string()),
                }
            }
        }
        impl Change {
            pub fn class<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.class =
                    value.try_into().map_err(|e| format!("error converting supplied value for class: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn examples<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.examples = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for examples: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn pointer<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.pointer =
                    value.try_into().map_err(|e| format!("error converting supplied value for pointer: {e}"));
                self
            }
            pub fn rows_scanned<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_scanned = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_scanned: {e}"));
                self
            }
            pub fn rows_violating<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_violating = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_violating: {e}"));
                self
            }
            pub fn writers_wait_ms<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.writers_wait_ms = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for writers_wait_ms: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Change> for super::Change {
            type Error = super::error::ConversionError;
            fn try_from(value: Change) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    class: value.class?,
                    detail: value.detail?,
                    examples: value.examples?,
                    name: value.name?,
                    pointer: value.pointer?,
                    rows_scanned: value.rows_scanned?,
                    rows_violating: value.rows_violating?,
                    writers_wait_ms: value.writers_wait_ms?,
                })
            }
        }
        impl ::std::convert::From<super::Change> for Change {
            fn from(value: super::Change) -> Self {
                Self {
                    class: Ok(value.class),
                    detail: Ok(value.detail),
                    examples: Ok(value.examples),
                    name: Ok(value.name),
                    pointer: Ok(value.pointer),
                    rows_scanned: Ok(value.rows_scanned),
                    rows_violating: Ok(value.rows_violating),
                    writers_wait_ms: Ok(value.writers_wait_ms),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ChangeLog {
            bytes: ::std::result::Result<u64, ::std::string::String>,
            first: ::std::result::Result<i64, ::std::string::String>,
            last: ::std::result::Result<i64, ::std::string::String>,
            since: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for ChangeLog {
            fn default() -> Self {
                Self {
                    bytes: Err("no value supplied for bytes".to_string()),
                    first: Err("no value supplied for first".to_string()),
                    last: Err("no value supplied for last".to_string()),
                    since: Err("no value supplied for since".to_string()),
                }
            }
        }
        impl ChangeLog {
            pub fn bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes =
                    value.try_into().map_err(|e| format!("error converting supplied value for bytes: {e}"));
                self
            }
            pub fn first<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i64>,
                T::Error: ::std::fmt::Display,
            {
                self.first =
                    value.try_into().map_err(|e| format!("error converting supplied value for first: {e}"));
                self
            }
            pub fn last<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i64>,
                T::Error: ::std::fmt::Display,
            {
                self.last =
                    value.try_into().map_err(|e| format!("error converting supplied value for last: {e}"));
                self
            }
            pub fn since<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.since =
                    value.try_into().map_err(|e| format!("error converting supplied value for since: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ChangeLog> for super::ChangeLog {
            type Error = super::error::ConversionError;
            fn try_from(value: ChangeLog) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { bytes: value.bytes?, first: value.first?, last: value.last?, since: value.since? })
            }
        }
        impl ::std::convert::From<super::ChangeLog> for ChangeLog {
            fn from(value: super::ChangeLog) -> Self {
                Self {
                    bytes: Ok(value.bytes),
                    first: Ok(value.first),
                    last: Ok(value.last),
                    since: Ok(value.since),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ChangePage {
            next: ::std::result::Result<::std::string::String, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::StorageChange>, ::std::string::String>,
        }
        impl ::std::default::Default for ChangePage {
            fn default() -> Self {
                Self {
                    next: Err("no value supplied for next".to_string()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl ChangePage {
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::StorageChange>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ChangePage> for super::ChangePage {
            type Error = super::error::ConversionError;
            fn try_from(value: ChangePage) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { next: value.next?, results: value.results? })
            }
        }
        impl ::std::convert::From<super::ChangePage> for ChangePage {
            fn from(value: super::ChangePage) -> Self {
                Self { next: Ok(value.next), results: Ok(value.results) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct DetectedFormat {
            alternatives:
                ::std::result::Result<::std::vec::Vec<::std::string::String>, ::std::string::String>,
            because: ::std::result::Result<::std::string::String, ::std::string::String>,
            format: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for DetectedFormat {
            fn default() -> Self {
                Self {
                    alternatives: Err("no value supplied for alternatives".to_string()),
                    because: Err("no value supplied for because".to_string()),
                    format: Err("no value supplied for format".to_string()),
                }
            }
        }
        impl DetectedFormat {
            pub fn alternatives<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.alternatives = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for alternatives: {e}"));
                self
            }
            pub fn because<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.because =
                    value.try_into().map_err(|e| format!("error converting supplied value for because: {e}"));
                self
            }
            pub fn format<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.format =
                    value.try_into().map_err(|e| format!("error converting supplied value for format: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<DetectedFormat> for super::DetectedFormat {
            type Error = super::error::ConversionError;
            fn try_from(value: DetectedFormat) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { alternatives: value.alternatives?, because: value.because?, format: value.format? })
            }
        }
        impl ::std::convert::From<super::DetectedFormat> for DetectedFormat {
            fn from(value: super::DetectedFormat) -> Self {
                Self {
                    alternatives: Ok(value.alternatives),
                    because: Ok(value.because),
                    format: Ok(value.format),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct DeviceToken {
            token: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for DeviceToken {
            fn default() -> Self {
                Self { token: Err("no value supplied for token".to_string()) }
            }
        }
        impl DeviceToken {
            pub fn token<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.token =
                    value.try_into().map_err(|e| format!("error converting supplied value for token: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<DeviceToken> for super::DeviceToken {
            type Error = super::error::ConversionError;
            fn try_from(value: DeviceToken) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { token: value.token? })
            }
        }
        impl ::std::convert::From<super::DeviceToken> for DeviceToken {
            fn from(value: super::DeviceToken) -> Self {
                Self { token: Ok(value.token) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Fault {
            code: ::std::result::Result<::std::string::String, ::std::string::String>,
            column: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            detail: ::std::result::Result<::std::string::String, ::std::string::String>,
            hints: ::std::result::Result<::std::vec::Vec<::std::string::String>, ::std::string::String>,
            line: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            parameter:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            pointer:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
        }
        impl ::std::default::Default for Fault {
            fn default() -> Self {
                Self {
                    code: Err("no value supplied for code".to_string()),
                    column: Ok(Default::default()),
                    detail: Err("no value supplied for detail".to_string()),
                    hints: Ok(Default::default()),
                    line: Ok(Default::default()),
                    parameter: Ok(Default::default()),
                    pointer: Ok(Default::default()),
                }
            }
        }
        impl Fault {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn column<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.column =
                    value.try_into().map_err(|e| format!("error converting supplied value for column: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn hints<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.hints =
                    value.try_into().map_err(|e| format!("error converting supplied value for hints: {e}"));
                self
            }
            pub fn line<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.line =
                    value.try_into().map_err(|e| format!("error converting supplied value for line: {e}"));
                self
            }
            pub fn parameter<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.parameter = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for parameter: {e}"));
                self
            }
            pub fn pointer<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.pointer =
                    value.try_into().map_err(|e| format!("error converting supplied value for pointer: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Fault> for super::Fault {
            type Error = super::error::ConversionError;
            fn try_from(value: Fault) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    code: value.code?,
                    column: value.column?,
                    detail: value.detail?,
                    hints: value.hints?,
                    line: value.line?,
                    parameter: value.parameter?,
                    pointer: value.pointer?,
                })
            }
        }
        impl ::std::convert::From<super::Fault> for Fault {
            fn from(value: super::Fault) -> Self {
                Self {
                    code: Ok(value.code),
                    column: Ok(value.column),
                    detail: Ok(value.detail),
                    hints: Ok(value.hints),
                    line: Ok(value.line),
                    parameter: Ok(value.parameter),
                    pointer: Ok(value.pointer),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Fsync {
            count: ::std::result::Result<u64, ::std::string::String>,
            max_ms: ::std::result::Result<f64, ::std::string::String>,
            mean_ms: ::std::result::Result<f64, ::std::string::String>,
            p50_ms: ::std::result::Result<f64, ::std::string::String>,
            p99_ms: ::std::result::Result<f64, ::std::string::String>,
            period_s: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for Fsync {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    max_ms: Err("no value supplied for max_ms".to_string()),
                    mean_ms: Err("no value supplied for mean_ms".to_string()),
                    p50_ms: Err("no value supplied for p50_ms".to_string()),
                    p99_ms: Err("no value supplied for p99_ms".to_string()),
                    period_s: Err("no value supplied for period_s".to_string()),
                }
            }
        }
        impl Fsync {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn max_ms<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<f64>,
                T::Error: ::std::fmt::Display,
            {
                self.max_ms =
                    value.try_into().map_err(|e| format!("error converting supplied value for max_ms: {e}"));
                self
            }
            pub fn mean_ms<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<f64>,
                T::Error: ::std::fmt::Display,
            {
                self.mean_ms =
                    value.try_into().map_err(|e| format!("error converting supplied value for mean_ms: {e}"));
                self
            }
            pub fn p50_ms<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<f64>,
                T::Error: ::std::fmt::Display,
            {
                self.p50_ms =
                    value.try_into().map_err(|e| format!("error converting supplied value for p50_ms: {e}"));
                self
            }
            pub fn p99_ms<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<f64>,
                T::Error: ::std::fmt::Display,
            {
                self.p99_ms =
                    value.try_into().map_err(|e| format!("error converting supplied value for p99_ms: {e}"));
                self
            }
            pub fn period_s<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.period_s = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for period_s: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Fsync> for super::Fsync {
            type Error = super::error::ConversionError;
            fn try_from(value: Fsync) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    max_ms: value.max_ms?,
                    mean_ms: value.mean_ms?,
                    p50_ms: value.p50_ms?,
                    p99_ms: value.p99_ms?,
                    period_s: value.period_s?,
                })
            }
        }
        impl ::std::convert::From<super::Fsync> for Fsync {
            fn from(value: super::Fsync) -> Self {
                Self {
                    count: Ok(value.count),
                    max_ms: Ok(value.max_ms),
                    mean_ms: Ok(value.mean_ms),
                    p50_ms: Ok(value.p50_ms),
                    p99_ms: Ok(value.p99_ms),
                    period_s: Ok(value.period_s),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Health {
            status: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for Health {
            fn default() -> Self {
                Self { status: Err("no value supplied for status".to_string()) }
            }
        }
        impl Health {
            pub fn status<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.status =
                    value.try_into().map_err(|e| format!("error converting supplied value for status: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Health> for super::Health {
            type Error = super::error::ConversionError;
            fn try_from(value: Health) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { status: value.status? })
            }
        }
        impl ::std::convert::From<super::Health> for Health {
            fn from(value: super::Health) -> Self {
                Self { status: Ok(value.status) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct HubList {
            count: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            count_estimated: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for HubList {
            fn default() -> Self {
                Self {
                    count: Ok(Default::default()),
                    count_estimated: Ok(Default::default()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl HubList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn count_estimated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.count_estimated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for count_estimated: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<HubList> for super::HubList {
            type Error = super::error::ConversionError;
            fn try_from(value: HubList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    count_estimated: value.count_estimated?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::HubList> for HubList {
            fn from(value: super::HubList) -> Self {
                Self {
                    count: Ok(value.count),
                    count_estimated: Ok(value.count_estimated),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Import {
            bytes: ::std::result::Result<u64, ::std::string::String>,
            errors: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
            failure:
                ::std::result::Result<::std::option::Option<super::ImportFailure>, ::std::string::String>,
            format:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            id: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            on_conflict: ::std::result::Result<::std::string::String, ::std::string::String>,
            on_error: ::std::result::Result<::std::string::String, ::std::string::String>,
            plan: ::std::result::Result<::std::option::Option<super::ImportPlan>, ::std::string::String>,
            reasons: ::std::result::Result<::std::vec::Vec<super::Reason>, ::std::string::String>,
            rows: ::std::result::Result<super::ImportRows, ::std::string::String>,
            started_at:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            storage: ::std::result::Result<::std::string::String, ::std::string::String>,
            truncated: ::std::result::Result<bool, ::std::string::String>,
            updated_at:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            warnings: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
        }
        impl ::std::default::Default for Import {
            fn default() -> Self {
                Self {
                    bytes: Err("no value supplied for bytes".to_string()),
                    errors: Err("no value supplied for errors".to_string()),
                    failure: Ok(Default::default()),
                    format: Ok(Default::default()),
                    id: Ok(Default::default()),
                    on_conflict: Err("no value supplied for on_conflict".to_string()),
                    on_error: Err("no value supplied for on_error".to_string()),
                    plan: Ok(Default::default()),
                    reasons: Err("no value supplied for reasons".to_string()),
                    rows: Err("no value supplied for rows".to_string()),
                    started_at: Ok(Default::default()),
                    state: Err("no value supplied for state".to_string()),
                    storage: Err("no value supplied for storage".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                    updated_at: Ok(Default::default()),
                    warnings: Err("no value supplied for warnings".to_string()),
                }
            }
        }
        impl Import {
            pub fn bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes =
                    value.try_into().map_err(|e| format!("error converting supplied value for bytes: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn failure<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::ImportFailure>>,
                T::Error: ::std::fmt::Display,
            {
                self.failure =
                    value.try_into().map_err(|e| format!("error converting supplied value for failure: {e}"));
                self
            }
            pub fn format<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.format =
                    value.try_into().map_err(|e| format!("error converting supplied value for format: {e}"));
                self
            }
            pub fn id<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.id =
                    value.try_into().map_err(|e| format!("error converting supplied value for id: {e}"));
                self
            }
            pub fn on_conflict<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.on_conflict = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for on_conflict: {e}"));
                self
            }
            pub fn on_error<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.on_error = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for on_error: {e}"));
                self
            }
            pub fn plan<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::ImportPlan>>,
                T::Error: ::std::fmt::Display,
            {
                self.plan =
                    value.try_into().map_err(|e| format!("error converting supplied value for plan: {e}"));
                self
            }
            pub fn reasons<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Reason>>,
                T::Error: ::std::fmt::Display,
            {
                self.reasons =
                    value.try_into().map_err(|e| format!("error converting supplied value for reasons: {e}"));
                self
            }
            pub fn rows<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ImportRows>,
                T::Error: ::std::fmt::Display,
            {
                self.rows =
                    value.try_into().map_err(|e| format!("error converting supplied value for rows: {e}"));
                self
            }
            pub fn started_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.started_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for started_at: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn storage<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.storage =
                    value.try_into().map_err(|e| format!("error converting supplied value for storage: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
            pub fn updated_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.updated_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for updated_at: {e}"));
                self
            }
            pub fn warnings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.warnings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for warnings: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Import> for super::Import {
            type Error = super::error::ConversionError;
            fn try_from(value: Import) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    bytes: value.bytes?,
                    errors: value.errors?,
                    failure: value.failure?,
                    format: value.format?,
                    id: value.id?,
                    on_conflict: value.on_conflict?,
                    on_error: value.on_error?,
                    plan: value.plan?,
                    reasons: value.reasons?,
                    rows: value.rows?,
                    started_at: value.started_at?,
                    state: value.state?,
                    storage: value.storage?,
                    truncated: value.truncated?,
                    updated_at: value.updated_at?,
                    warnings: value.warnings?,
                })
            }
        }
        impl ::std::convert::From<super::Import> for Import {
            fn from(value: super::Import) -> Self {
                Self {
                    bytes: Ok(value.bytes),
                    errors: Ok(value.errors),
                    failure: Ok(value.failure),
                    format: Ok(value.format),
                    id: Ok(value.id),
                    on_conflict: Ok(value.on_conflict),
                    on_error: Ok(value.on_error),
                    plan: Ok(value.plan),
                    reasons: Ok(value.reasons),
                    rows: Ok(value.rows),
                    started_at: Ok(value.started_at),
                    state: Ok(value.state),
                    storage: Ok(value.storage),
                    truncated: Ok(value.truncated),
                    updated_at: Ok(value.updated_at),
                    warnings: Ok(value.warnings),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ImportColumn {
            column: ::std::result::Result<::std::string::String, ::std::string::String>,
            role: ::std::result::Result<::std::string::String, ::std::string::String>,
            type_: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
        }
        impl ::std::default::Default for ImportColumn {
            fn default() -> Self {
                Self {
                    column: Err("no value supplied for column".to_string()),
                    role: Err("no value supplied for role".to_string()),
                    type_: Ok(Default::default()),
                }
            }
        }
        impl ImportColumn {
            pub fn column<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.column =
                    value.try_into().map_err(|e| format!("error converting supplied value for column: {e}"));
                self
            }
            pub fn role<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.role =
                    value.try_into().map_err(|e| format!("error converting supplied value for role: {e}"));
                self
            }
            pub fn type_<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.type_ =
                    value.try_into().map_err(|e| format!("error converting supplied value for type_: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ImportColumn> for super::ImportColumn {
            type Error = super::error::ConversionError;
            fn try_from(value: ImportColumn) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { column: value.column?, role: value.role?, type_: value.type_? })
            }
        }
        impl ::std::convert::From<super::ImportColumn> for ImportColumn {
            fn from(value: super::ImportColumn) -> Self {
                Self { column: Ok(value.column), role: Ok(value.role), type_: Ok(value.type_) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ImportFailure {
            code: ::std::result::Result<::std::string::String, ::std::string::String>,
            detail: ::std::result::Result<::std::string::String, ::std::string::String>,
            line: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
        }
        impl ::std::default::Default for ImportFailure {
            fn default() -> Self {
                Self {
                    code: Err("no value supplied for code".to_string()),
                    detail: Err("no value supplied for detail".to_string()),
                    line: Ok(Default::default()),
                }
            }
        }
        impl ImportFailure {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn line<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.line =
                    value.try_into().map_err(|e| format!("error converting supplied value for line: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ImportFailure> for super::ImportFailure {
            type Error = super::error::ConversionError;
            fn try_from(value: ImportFailure) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { code: value.code?, detail: value.detail?, line: value.line? })
            }
        }
        impl ::std::convert::From<super::ImportFailure> for ImportFailure {
            fn from(value: super::ImportFailure) -> Self {
                Self { code: Ok(value.code), detail: Ok(value.detail), line: Ok(value.line) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ImportList {
            count: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Import>, ::std::string::String>,
        }
        impl ::std::default::Default for ImportList {
            fn default() -> Self {
                Self {
                    count: Ok(Default::default()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl ImportList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Import>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ImportList> for super::ImportList {
            type Error = super::error::ConversionError;
            fn try_from(value: ImportList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::ImportList> for ImportList {
            fn from(value: super::ImportList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ImportPlan {
            auto: ::std::result::Result<bool, ::std::string::String>,
            because: ::std::result::Result<::std::string::String, ::std::string::String>,
            bytes_read: ::std::result::Result<u64, ::std::string::String>,
            columns: ::std::result::Result<::std::vec::Vec<super::ImportColumn>, ::std::string::String>,
            definition: ::std::result::Result<
                ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            existing: ::std::result::Result<u64, ::std::string::String>,
            exists: ::std::result::Result<bool, ::std::string::String>,
            fit: ::std::result::Result<u64, ::std::string::String>,
            keys_checked: ::std::result::Result<u64, ::std::string::String>,
            unfit: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for ImportPlan {
            fn default() -> Self {
                Self {
                    auto: Err("no value supplied for auto".to_string()),
                    because: Err("no value supplied for because".to_string()),
                    bytes_read: Err("no value supplied for bytes_read".to_string()),
                    columns: Err("no value supplied for columns".to_string()),
                    definition: Ok(Default::default()),
                    existing: Err("no value supplied for existing".to_string()),
                    exists: Err("no value supplied for exists".to_string()),
                    fit: Err("no value supplied for fit".to_string()),
                    keys_checked: Err("no value supplied for keys_checked".to_string()),
                    unfit: Err("no value supplied for unfit".to_string()),
                }
            }
        }
        impl ImportPlan {
            pub fn auto<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.auto =
                    value.try_into().map_err(|e| format!("error converting supplied value for auto: {e}"));
                self
            }
            pub fn because<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.because =
                    value.try_into().map_err(|e| format!("error converting supplied value for because: {e}"));
                self
            }
            pub fn bytes_read<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes_read = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for bytes_read: {e}"));
                self
            }
            pub fn columns<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::ImportColumn>>,
                T::Error: ::std::fmt::Display,
            {
                self.columns =
                    value.try_into().map_err(|e| format!("error converting supplied value for columns: {e}"));
                self
            }
            pub fn definition<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.definition = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for definition: {e}"));
                self
            }
            pub fn existing<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.existing = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for existing: {e}"));
                self
            }
            pub fn exists<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.exists =
                    value.try_into().map_err(|e| format!("error converting supplied value for exists: {e}"));
                self
            }
            pub fn fit<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.fit =
                    value.try_into().map_err(|e| format!("error converting supplied value for fit: {e}"));
                self
            }
            pub fn keys_checked<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.keys_checked = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for keys_checked: {e}"));
                self
            }
            pub fn unfit<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.unfit =
                    value.try_into().map_err(|e| format!("error converting supplied value for unfit: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ImportPlan> for super::ImportPlan {
            type Error = super::error::ConversionError;
            fn try_from(value: ImportPlan) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    auto: value.auto?,
                    because: value.because?,
                    bytes_read: value.bytes_read?,
                    columns: value.columns?,
                    definition: value.definition?,
                    existing: value.existing?,
                    exists: value.exists?,
                    fit: value.fit?,
                    keys_checked: value.keys_checked?,
                    unfit: value.unfit?,
                })
            }
        }
        impl ::std::convert::From<super::ImportPlan> for ImportPlan {
            fn from(value: super::ImportPlan) -> Self {
                Self {
                    auto: Ok(value.auto),
                    because: Ok(value.because),
                    bytes_read: Ok(value.bytes_read),
                    columns: Ok(value.columns),
                    definition: Ok(value.definition),
                    existing: Ok(value.existing),
                    exists: Ok(value.exists),
                    fit: Ok(value.fit),
                    keys_checked: Ok(value.keys_checked),
                    unfit: Ok(value.unfit),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ImportRows {
            ignored: ::std::result::Result<u64, ::std::string::String>,
            quarantined: ::std::result::Result<u64, ::std::string::String>,
            read: ::std::result::Result<u64, ::std::string::String>,
            stored: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for ImportRows {
            fn default() -> Self {
                Self {
                    ignored: Err("no value supplied for ignored".to_string()),
                    quarantined: Err("no value supplied for quarantined".to_string()),
                    read: Err("no value supplied for read".to_string()),
                    stored: Err("no value supplied for stored".to_string()),
                }
            }
        }
        impl ImportRows {
            pub fn ignored<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.ignored =
                    value.try_into().map_err(|e| format!("error converting supplied value for ignored: {e}"));
                self
            }
            pub fn quarantined<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantined = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantined: {e}"));
                self
            }
            pub fn read<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.read =
                    value.try_into().map_err(|e| format!("error converting supplied value for read: {e}"));
                self
            }
            pub fn stored<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.stored =
                    value.try_into().map_err(|e| format!("error converting supplied value for stored: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ImportRows> for super::ImportRows {
            type Error = super::error::ConversionError;
            fn try_from(value: ImportRows) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    ignored: value.ignored?,
                    quarantined: value.quarantined?,
                    read: value.read?,
                    stored: value.stored?,
                })
            }
        }
        impl ::std::convert::From<super::ImportRows> for ImportRows {
            fn from(value: super::ImportRows) -> Self {
                Self {
                    ignored: Ok(value.ignored),
                    quarantined: Ok(value.quarantined),
                    read: Ok(value.read),
                    stored: Ok(value.stored),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ManySeriesAnswer {
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for ManySeriesAnswer {
            fn default() -> Self {
                Self { results: Err("no value supplied for results".to_string()) }
            }
        }
        impl ManySeriesAnswer {
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ManySeriesAnswer> for super::ManySeriesAnswer {
            type Error = super::error::ConversionError;
            fn try_from(
                value: ManySeriesAnswer,
            ) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { results: value.results? })
            }
        }
        impl ::std::convert::From<super::ManySeriesAnswer> for ManySeriesAnswer {
            fn from(value: super::ManySeriesAnswer) -> Self {
                Self { results: Ok(value.results) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Minute {
            accepted: ::std::result::Result<u64, ::std::string::String>,
            at: ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            bytes: ::std::result::Result<u64, ::std::string::String>,
            client_errors: ::std::result::Result<u64, ::std::string::String>,
            commits: ::std::result::Result<u64, ::std::string::String>,
            quarantined: ::std::result::Result<u64, ::std::string::String>,
            requests: ::std::result::Result<u64, ::std::string::String>,
            rows: ::std::result::Result<u64, ::std::string::String>,
            server_errors: ::std::result::Result<u64, ::std::string::String>,
            throws: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for Minute {
            fn default() -> Self {
                Self {
                    accepted: Err("no value supplied for accepted".to_string()),
                    at: Err("no value supplied for at".to_string()),
                    bytes: Err("no value supplied for bytes".to_string()),
                    client_errors: Err("no value supplied for client_errors".to_string()),
                    commits: Err("no value supplied for commits".to_string()),
                    quarantined: Err("no value supplied for quarantined".to_string()),
                    requests: Err("no value supplied for requests".to_string()),
                    rows: Err("no value supplied for rows".to_string()),
                    server_errors: Err("no value supplied for server_errors".to_string()),
                    throws: Err("no value supplied for throws".to_string()),
                }
            }
        }
        impl Minute {
            pub fn accepted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.accepted = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for accepted: {e}"));
                self
            }
            pub fn at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.at =
                    value.try_into().map_err(|e| format!("error converting supplied value for at: {e}"));
                self
            }
            pub fn bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes =
                    value.try_into().map_err(|e| format!("error converting supplied value for bytes: {e}"));
                self
            }
            pub fn client_errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.client_errors = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for client_errors: {e}"));
                self
            }
            pub fn commits<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.commits =
                    value.try_into().map_err(|e| format!("error converting supplied value for commits: {e}"));
                self
            }
            pub fn quarantined<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantined = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantined: {e}"));
                self
            }
            pub fn requests<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.requests = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for requests: {e}"));
                self
            }
            pub fn rows<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows =
                    value.try_into().map_err(|e| format!("error converting supplied value for rows: {e}"));
                self
            }
            pub fn server_errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.server_errors = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for server_errors: {e}"));
                self
            }
            pub fn throws<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.throws =
                    value.try_into().map_err(|e| format!("error converting supplied value for throws: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Minute> for super::Minute {
            type Error = super::error::ConversionError;
            fn try_from(value: Minute) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    accepted: value.accepted?,
                    at: value.at?,
                    bytes: value.bytes?,
                    client_errors: value.client_errors?,
                    commits: value.commits?,
                    quarantined: value.quarantined?,
                    requests: value.requests?,
                    rows: value.rows?,
                    server_errors: value.server_errors?,
                    throws: value.throws?,
                })
            }
        }
        impl ::std::convert::From<super::Minute> for Minute {
            fn from(value: super::Minute) -> Self {
                Self {
                    accepted: Ok(value.accepted),
                    at: Ok(value.at),
                    bytes: Ok(value.bytes),
                    client_errors: Ok(value.client_errors),
                    commits: Ok(value.commits),
                    quarantined: Ok(value.quarantined),
                    requests: Ok(value.requests),
                    rows: Ok(value.rows),
                    server_errors: Ok(value.server_errors),
                    throws: Ok(value.throws),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct NextRemoval {
            at: ::std::result::Result<::std::string::String, ::std::string::String>,
            until: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for NextRemoval {
            fn default() -> Self {
                Self {
                    at: Err("no value supplied for at".to_string()),
                    until: Err("no value supplied for until".to_string()),
                }
            }
        }
        impl NextRemoval {
            pub fn at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.at =
                    value.try_into().map_err(|e| format!("error converting supplied value for at: {e}"));
                self
            }
            pub fn until<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.until =
                    value.try_into().map_err(|e| format!("error converting supplied value for until: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<NextRemoval> for super::NextRemoval {
            type Error = super::error::ConversionError;
            fn try_from(value: NextRemoval) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { at: value.at?, until: value.until? })
            }
        }
        impl ::std::convert::From<super::NextRemoval> for NextRemoval {
            fn from(value: super::NextRemoval) -> Self {
                Self { at: Ok(value.at), until: Ok(value.until) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Plan {
            base: ::std::result::Result<::std::option::Option<i32>, ::std::string::String>,
            changes: ::std::result::Result<::std::vec::Vec<super::Change>, ::std::string::String>,
            class: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            ddl: ::std::result::Result<::std::vec::Vec<::std::string::String>, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            plan_hash: ::std::result::Result<::std::string::String, ::std::string::String>,
            version: ::std::result::Result<i32, ::std::string::String>,
        }
        impl ::std::default::Default for Plan {
            fn default() -> Self {
                Self {
                    base: Ok(Default::default()),
                    changes: Err("no value supplied for changes".to_string()),
                    class: Ok(Default::default()),
                    ddl: Err("no value supplied for ddl".to_string()),
                    name: Err("no value supplied for name".to_string()),
                    plan_hash: Err("no value supplied for plan_hash".to_string()),
                    version: Err("no value supplied for version".to_string()),
                }
            }
        }
        impl Plan {
            pub fn base<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<i32>>,
                T::Error: ::std::fmt::Display,
            {
                self.base =
                    value.try_into().map_err(|e| format!("error converting supplied value for base: {e}"));
                self
            }
            pub fn changes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Change>>,
                T::Error: ::std::fmt::Display,
            {
                self.changes =
                    value.try_into().map_err(|e| format!("error converting supplied value for changes: {e}"));
                self
            }
            pub fn class<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.class =
                    value.try_into().map_err(|e| format!("error converting supplied value for class: {e}"));
                self
            }
            pub fn ddl<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.ddl =
                    value.try_into().map_err(|e| format!("error converting supplied value for ddl: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn plan_hash<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.plan_hash = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for plan_hash: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Plan> for super::Plan {
            type Error = super::error::ConversionError;
            fn try_from(value: Plan) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    base: value.base?,
                    changes: value.changes?,
                    class: value.class?,
                    ddl: value.ddl?,
                    name: value.name?,
                    plan_hash: value.plan_hash?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::Plan> for Plan {
            fn from(value: super::Plan) -> Self {
                Self {
                    base: Ok(value.base),
                    changes: Ok(value.changes),
                    class: Ok(value.class),
                    ddl: Ok(value.ddl),
                    name: Ok(value.name),
                    plan_hash: Ok(value.plan_hash),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Problem {
            code: ::std::result::Result<::std::string::String, ::std::string::String>,
            current: ::std::result::Result<::std::option::Option<::serde_json::Value>, ::std::string::String>,
            detail: ::std::result::Result<::std::string::String, ::std::string::String>,
            errors: ::std::result::Result<::std::vec::Vec<super::Fault>, ::std::string::String>,
            instance: ::std::result::Result<::std::string::String, ::std::string::String>,
            receipt: ::std::result::Result<::std::option::Option<::serde_json::Value>, ::std::string::String>,
            request_id: ::std::result::Result<::std::string::String, ::std::string::String>,
            status: ::std::result::Result<u16, ::std::string::String>,
            title: ::std::result::Result<::std::string::String, ::std::string::String>,
            type_: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for Problem {
            fn default() -> Self {
                Self {
                    code: Err("no value supplied for code".to_string()),
                    current: Ok(Default::default()),
                    detail: Err("no value supplied for detail".to_string()),
                    errors: Ok(Default::default()),
                    instance: Err("no value supplied for instance".to_string()),
                    receipt: Ok(Default::default()),
                    request_id: Err("no value supplied for request_id".to_string()),
                    status: Err("no value supplied for status".to_string()),
                    title: Err("no value supplied for title".to_string()),
                    type_: Err("no value supplied for type_".to_string()),
                }
            }
        }
        impl Problem {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn current<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.current =
                    value.try_into().map_err(|e| format!("error converting supplied value for current: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Fault>>,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn instance<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.instance = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for instance: {e}"));
                self
            }
            pub fn receipt<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.receipt =
                    value.try_into().map_err(|e| format!("error converting supplied value for receipt: {e}"));
                self
            }
            pub fn request_id<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.request_id = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for request_id: {e}"));
                self
            }
            pub fn status<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u16>,
                T::Error: ::std::fmt::Display,
            {
                self.status =
                    value.try_into().map_err(|e| format!("error converting supplied value for status: {e}"));
                self
            }
            pub fn title<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.title =
                    value.try_into().map_err(|e| format!("error converting supplied value for title: {e}"));
                self
            }
            pub fn type_<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.type_ =
                    value.try_into().map_err(|e| format!("error converting supplied value for type_: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Problem> for super::Problem {
            type Error = super::error::ConversionError;
            fn try_from(value: Problem) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    code: value.code?,
                    current: value.current?,
                    detail: value.detail?,
                    errors: value.errors?,
                    instance: value.instance?,
                    receipt: value.receipt?,
                    request_id: value.request_id?,
                    status: value.status?,
                    title: value.title?,
                    type_: value.type_?,
                })
            }
        }
        impl ::std::convert::From<super::Problem> for Problem {
            fn from(value: super::Problem) -> Self {
                Self {
                    code: Ok(value.code),
                    current: Ok(value.current),
                    detail: Ok(value.detail),
                    errors: Ok(value.errors),
                    instance: Ok(value.instance),
                    receipt: Ok(value.receipt),
                    request_id: Ok(value.request_id),
                    status: Ok(value.status),
                    title: Ok(value.title),
                    type_: Ok(value.type_),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Processor {
            kind: ::std::result::Result<::std::string::String, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            program:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            takes: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            version: ::std::result::Result<u32, ::std::string::String>,
            warnings: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for Processor {
            fn default() -> Self {
                Self {
                    kind: Err("no value supplied for kind".to_string()),
                    name: Err("no value supplied for name".to_string()),
                    program: Ok(Default::default()),
                    takes: Ok(Default::default()),
                    version: Err("no value supplied for version".to_string()),
                    warnings: Ok(Default::default()),
                }
            }
        }
        impl Processor {
            pub fn kind<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.kind =
                    value.try_into().map_err(|e| format!("error converting supplied value for kind: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn program<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.program =
                    value.try_into().map_err(|e| format!("error converting supplied value for program: {e}"));
                self
            }
            pub fn takes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.takes =
                    value.try_into().map_err(|e| format!("error converting supplied value for takes: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
            pub fn warnings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.warnings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for warnings: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Processor> for super::Processor {
            type Error = super::error::ConversionError;
            fn try_from(value: Processor) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    kind: value.kind?,
                    name: value.name?,
                    program: value.program?,
                    takes: value.takes?,
                    version: value.version?,
                    warnings: value.warnings?,
                })
            }
        }
        impl ::std::convert::From<super::Processor> for Processor {
            fn from(value: super::Processor) -> Self {
                Self {
                    kind: Ok(value.kind),
                    name: Ok(value.name),
                    program: Ok(value.program),
                    takes: Ok(value.takes),
                    version: Ok(value.version),
                    warnings: Ok(value.warnings),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ProcessorList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Processor>, ::std::string::String>,
        }
        impl ::std::default::Default for ProcessorList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl ProcessorList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Processor>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ProcessorList> for super::ProcessorList {
            type Error = super::error::ConversionError;
            fn try_from(value: ProcessorList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::ProcessorList> for ProcessorList {
            fn from(value: super::ProcessorList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct PushReceipt {
            accepted: ::std::result::Result<u64, ::std::string::String>,
            commands: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            dropped: ::std::result::Result<u64, ::std::string::String>,
            duplicates: ::std::result::Result<u64, ::std::string::String>,
            errors: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
            format: ::std::result::Result<::std::string::String, ::std::string::String>,
            ok: ::std::result::Result<bool, ::std::string::String>,
            quarantined: ::std::result::Result<u64, ::std::string::String>,
            queued: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            reasons: ::std::result::Result<::std::vec::Vec<super::Reason>, ::std::string::String>,
            source: ::std::result::Result<::std::string::String, ::std::string::String>,
            storages: ::std::result::Result<
                ::std::collections::HashMap<::std::string::String, u64>,
                ::std::string::String,
            >,
            throw: ::std::result::Result<::std::string::String, ::std::string::String>,
            truncated: ::std::result::Result<bool, ::std::string::String>,
            warnings: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
        }
        impl ::std::default::Default for PushReceipt {
            fn default() -> Self {
                Self {
                    accepted: Err("no value supplied for accepted".to_string()),
                    commands: Ok(Default::default()),
                    dropped: Err("no value supplied for dropped".to_string()),
                    duplicates: Err("no value supplied for duplicates".to_string()),
                    errors: Err("no value supplied for errors".to_string()),
                    format: Err("no value supplied for format".to_string()),
                    ok: Err("no value supplied for ok".to_string()),
                    quarantined: Err("no value supplied for quarantined".to_string()),
                    queued: Ok(Default::default()),
                    reasons: Err("no value supplied for reasons".to_string()),
                    source: Err("no value supplied for source".to_string()),
                    storages: Err("no value supplied for storages".to_string()),
                    throw: Err("no value supplied for throw".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                    warnings: Err("no value supplied for warnings".to_string()),
                }
            }
        }
        impl PushReceipt {
            pub fn accepted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.accepted = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for accepted: {e}"));
                self
            }
            pub fn commands<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.commands = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for commands: {e}"));
                self
            }
            pub fn dropped<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.dropped =
                    value.try_into().map_err(|e| format!("error converting supplied value for dropped: {e}"));
                self
            }
            pub fn duplicates<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.duplicates = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for duplicates: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn format<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.format =
                    value.try_into().map_err(|e| format!("error converting supplied value for format: {e}"));
                self
            }
            pub fn ok<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.ok =
                    value.try_into().map_err(|e| format!("error converting supplied value for ok: {e}"));
                self
            }
            pub fn quarantined<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantined = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantined: {e}"));
                self
            }
            pub fn queued<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.queued =
                    value.try_into().map_err(|e| format!("error converting supplied value for queued: {e}"));
                self
            }
            pub fn reasons<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Reason>>,
                T::Error: ::std::fmt::Display,
            {
                self.reasons =
                    value.try_into().map_err(|e| format!("error converting supplied value for reasons: {e}"));
                self
            }
            pub fn source<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.source =
                    value.try_into().map_err(|e| format!("error converting supplied value for source: {e}"));
                self
            }
            pub fn storages<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::collections::HashMap<::std::string::String, u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.storages = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for storages: {e}"));
                self
            }
            pub fn throw<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.throw =
                    value.try_into().map_err(|e| format!("error converting supplied value for throw: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
            pub fn warnings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.warnings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for warnings: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<PushReceipt> for super::PushReceipt {
            type Error = super::error::ConversionError;
            fn try_from(value: PushReceipt) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    accepted: value.accepted?,
                    commands: value.commands?,
                    dropped: value.dropped?,
                    duplicates: value.duplicates?,
                    errors: value.errors?,
                    format: value.format?,
                    ok: value.ok?,
                    quarantined: value.quarantined?,
                    queued: value.queued?,
                    reasons: value.reasons?,
                    source: value.source?,
                    storages: value.storages?,
                    throw: value.throw?,
                    truncated: value.truncated?,
                    warnings: value.warnings?,
                })
            }
        }
        impl ::std::convert::From<super::PushReceipt> for PushReceipt {
            fn from(value: super::PushReceipt) -> Self {
                Self {
                    accepted: Ok(value.accepted),
                    commands: Ok(value.commands),
                    dropped: Ok(value.dropped),
                    duplicates: Ok(value.duplicates),
                    errors: Ok(value.errors),
                    format: Ok(value.format),
                    ok: Ok(value.ok),
                    quarantined: Ok(value.quarantined),
                    queued: Ok(value.queued),
                    reasons: Ok(value.reasons),
                    source: Ok(value.source),
                    storages: Ok(value.storages),
                    throw: Ok(value.throw),
                    truncated: Ok(value.truncated),
                    warnings: Ok(value.warnings),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct QuarantineList {
            count: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            count_estimated: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for QuarantineList {
            fn default() -> Self {
                Self {
                    count: Ok(Default::default()),
                    count_estimated: Ok(Default::default()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl QuarantineList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn count_estimated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.count_estimated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for count_estimated: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<QuarantineList> for super::QuarantineList {
            type Error = super::error::ConversionError;
            fn try_from(value: QuarantineList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    count_estimated: value.count_estimated?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::QuarantineList> for QuarantineList {
            fn from(value: super::QuarantineList) -> Self {
                Self {
                    count: Ok(value.count),
                    count_estimated: Ok(value.count_estimated),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct QuarantineSummary {
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            truncated: ::std::result::Result<bool, ::std::string::String>,
        }
        impl ::std::default::Default for QuarantineSummary {
            fn default() -> Self {
                Self {
                    results: Err("no value supplied for results".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                }
            }
        }
        impl QuarantineSummary {
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<QuarantineSummary> for super::QuarantineSummary {
            type Error = super::error::ConversionError;
            fn try_from(
                value: QuarantineSummary,
            ) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { results: value.results?, truncated: value.truncated? })
            }
        }
        impl ::std::convert::From<super::QuarantineSummary> for QuarantineSummary {
            fn from(value: super::QuarantineSummary) -> Self {
                Self { results: Ok(value.results), truncated: Ok(value.truncated) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct QueryPage {
            count: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            count_estimated: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for QueryPage {
            fn default() -> Self {
                Self {
                    count: Ok(Default::default()),
                    count_estimated: Ok(Default::default()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl QueryPage {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn count_estimated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.count_estimated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for count_estimated: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<QueryPage> for super::QueryPage {
            type Error = super::error::ConversionError;
            fn try_from(value: QueryPage) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    count_estimated: value.count_estimated?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::QueryPage> for QueryPage {
            fn from(value: super::QueryPage) -> Self {
                Self {
                    count: Ok(value.count),
                    count_estimated: Ok(value.count_estimated),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Ready {
            migrating: ::std::result::Result<u64, ::std::string::String>,
            status: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for Ready {
            fn default() -> Self {
                Self {
                    migrating: Err("no value supplied for migrating".to_string()),
                    status: Err("no value supplied for status".to_string()),
                }
            }
        }
        impl Ready {
            pub fn migrating<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.migrating = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for migrating: {e}"));
                self
            }
            pub fn status<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.status =
                    value.try_into().map_err(|e| format!("error converting supplied value for status: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Ready> for super::Ready {
            type Error = super::error::ConversionError;
            fn try_from(value: Ready) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { migrating: value.migrating?, status: value.status? })
            }
        }
        impl ::std::convert::From<super::Ready> for Ready {
            fn from(value: super::Ready) -> Self {
                Self { migrating: Ok(value.migrating), status: Ok(value.status) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ReadyStatus {
            applied: ::std::result::Result<bool, ::std::string::String>,
            error: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            rows_done: ::std::result::Result<u64, ::std::string::String>,
            rows_total: ::std::result::Result<u64, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            version: ::std::result::Result<i32, ::std::string::String>,
        }
        impl ::std::default::Default for ReadyStatus {
            fn default() -> Self {
                Self {
                    applied: Err("no value supplied for applied".to_string()),
                    error: Ok(Default::default()),
                    name: Err("no value supplied for name".to_string()),
                    rows_done: Err("no value supplied for rows_done".to_string()),
                    rows_total: Err("no value supplied for rows_total".to_string()),
                    state: Err("no value supplied for state".to_string()),
                    version: Err("no value supplied for version".to_string()),
                }
            }
        }
        impl ReadyStatus {
            pub fn applied<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.applied =
                    value.try_into().map_err(|e| format!("error converting supplied value for applied: {e}"));
                self
            }
            pub fn error<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.error =
                    value.try_into().map_err(|e| format!("error converting supplied value for error: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn rows_done<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_done = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_done: {e}"));
                self
            }
            pub fn rows_total<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_total = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_total: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ReadyStatus> for super::ReadyStatus {
            type Error = super::error::ConversionError;
            fn try_from(value: ReadyStatus) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    applied: value.applied?,
                    error: value.error?,
                    name: value.name?,
                    rows_done: value.rows_done?,
                    rows_total: value.rows_total?,
                    state: value.state?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::ReadyStatus> for ReadyStatus {
            fn from(value: super::ReadyStatus) -> Self {
                Self {
                    applied: Ok(value.applied),
                    error: Ok(value.error),
                    name: Ok(value.name),
                    rows_done: Ok(value.rows_done),
                    rows_total: Ok(value.rows_total),
                    state: Ok(value.state),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Reason {
            code: ::std::result::Result<::std::string::String, ::std::string::String>,
            count: ::std::result::Result<u64, ::std::string::String>,
            field: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            first: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            step: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for Reason {
            fn default() -> Self {
                Self {
                    code: Err("no value supplied for code".to_string()),
                    count: Err("no value supplied for count".to_string()),
                    field: Ok(Default::default()),
                    first: Ok(Default::default()),
                    step: Err("no value supplied for step".to_string()),
                }
            }
        }
        impl Reason {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn field<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.field =
                    value.try_into().map_err(|e| format!("error converting supplied value for field: {e}"));
                self
            }
            pub fn first<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.first =
                    value.try_into().map_err(|e| format!("error converting supplied value for first: {e}"));
                self
            }
            pub fn step<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.step =
                    value.try_into().map_err(|e| format!("error converting supplied value for step: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Reason> for super::Reason {
            type Error = super::error::ConversionError;
            fn try_from(value: Reason) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    code: value.code?,
                    count: value.count?,
                    field: value.field?,
                    first: value.first?,
                    step: value.step?,
                })
            }
        }
        impl ::std::convert::From<super::Reason> for Reason {
            fn from(value: super::Reason) -> Self {
                Self {
                    code: Ok(value.code),
                    count: Ok(value.count),
                    field: Ok(value.field),
                    first: Ok(value.first),
                    step: Ok(value.step),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Receipt {
            accepted: ::std::result::Result<u64, ::std::string::String>,
            dropped: ::std::result::Result<u64, ::std::string::String>,
            duplicates: ::std::result::Result<u64, ::std::string::String>,
            errors: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
            format: ::std::result::Result<::std::string::String, ::std::string::String>,
            ok: ::std::result::Result<bool, ::std::string::String>,
            quarantined: ::std::result::Result<u64, ::std::string::String>,
            queued: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            reasons: ::std::result::Result<::std::vec::Vec<super::Reason>, ::std::string::String>,
            source: ::std::result::Result<::std::string::String, ::std::string::String>,
            storages: ::std::result::Result<
                ::std::collections::HashMap<::std::string::String, u64>,
                ::std::string::String,
            >,
            throw: ::std::result::Result<::std::string::String, ::std::string::String>,
            truncated: ::std::result::Result<bool, ::std::string::String>,
            warnings: ::std::result::Result<::std::vec::Vec<super::Remark>, ::std::string::String>,
        }
        impl ::std::default::Default for Receipt {
            fn default() -> Self {
                Self {
                    accepted: Err("no value supplied for accepted".to_string()),
                    dropped: Err("no value supplied for dropped".to_string()),
                    duplicates: Err("no value supplied for duplicates".to_string()),
                    errors: Err("no value supplied for errors".to_string()),
                    format: Err("no value supplied for format".to_string()),
                    ok: Err("no value supplied for ok".to_string()),
                    quarantined: Err("no value supplied for quarantined".to_string()),
                    queued: Ok(Default::default()),
                    reasons: Err("no value supplied for reasons".to_string()),
                    source: Err("no value supplied for source".to_string()),
                    storages: Err("no value supplied for storages".to_string()),
                    throw: Err("no value supplied for throw".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                    warnings: Err("no value supplied for warnings".to_string()),
                }
            }
        }
        impl Receipt {
            pub fn accepted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.accepted = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for accepted: {e}"));
                self
            }
            pub fn dropped<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.dropped =
                    value.try_into().map_err(|e| format!("error converting supplied value for dropped: {e}"));
                self
            }
            pub fn duplicates<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.duplicates = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for duplicates: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn format<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.format =
                    value.try_into().map_err(|e| format!("error converting supplied value for format: {e}"));
                self
            }
            pub fn ok<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.ok =
                    value.try_into().map_err(|e| format!("error converting supplied value for ok: {e}"));
                self
            }
            pub fn quarantined<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantined = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantined: {e}"));
                self
            }
            pub fn queued<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.queued =
                    value.try_into().map_err(|e| format!("error converting supplied value for queued: {e}"));
                self
            }
            pub fn reasons<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Reason>>,
                T::Error: ::std::fmt::Display,
            {
                self.reasons =
                    value.try_into().map_err(|e| format!("error converting supplied value for reasons: {e}"));
                self
            }
            pub fn source<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.source =
                    value.try_into().map_err(|e| format!("error converting supplied value for source: {e}"));
                self
            }
            pub fn storages<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::collections::HashMap<::std::string::String, u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.storages = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for storages: {e}"));
                self
            }
            pub fn throw<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.throw =
                    value.try_into().map_err(|e| format!("error converting supplied value for throw: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
            pub fn warnings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Remark>>,
                T::Error: ::std::fmt::Display,
            {
                self.warnings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for warnings: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Receipt> for super::Receipt {
            type Error = super::error::ConversionError;
            fn try_from(value: Receipt) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    accepted: value.accepted?,
                    dropped: value.dropped?,
                    duplicates: value.duplicates?,
                    errors: value.errors?,
                    format: value.format?,
                    ok: value.ok?,
                    quarantined: value.quarantined?,
                    queued: value.queued?,
                    reasons: value.reasons?,
                    source: value.source?,
                    storages: value.storages?,
                    throw: value.throw?,
                    truncated: value.truncated?,
                    warnings: value.warnings?,
                })
            }
        }
        impl ::std::convert::From<super::Receipt> for Receipt {
            fn from(value: super::Receipt) -> Self {
                Self {
                    accepted: Ok(value.accepted),
                    dropped: Ok(value.dropped),
                    duplicates: Ok(value.duplicates),
                    errors: Ok(value.errors),
                    format: Ok(value.format),
                    ok: Ok(value.ok),
                    quarantined: Ok(value.quarantined),
                    queued: Ok(value.queued),
                    reasons: Ok(value.reasons),
                    source: Ok(value.source),
                    storages: Ok(value.storages),
                    throw: Ok(value.throw),
                    truncated: Ok(value.truncated),
                    warnings: Ok(value.warnings),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RecentThrow {
            arguments: ::std::result::Result<
                ::std::vec::Vec<::std::vec::Vec<::std::string::String>>,
                ::std::string::String,
            >,
            body: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            body_base64:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            content_type:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            cut: ::std::result::Result<bool, ::std::string::String>,
            detected:
                ::std::result::Result<::std::option::Option<super::DetectedFormat>, ::std::string::String>,
            error: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            headers: ::std::result::Result<::std::vec::Vec<super::ThrowHeader>, ::std::string::String>,
            id: ::std::result::Result<::std::string::String, ::std::string::String>,
            method:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            outcome: ::std::result::Result<super::ThrowOutcome, ::std::string::String>,
            path: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            peer: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            receipt: ::std::result::Result<::std::option::Option<super::Receipt>, ::std::string::String>,
            received_at:
                ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            size: ::std::result::Result<u64, ::std::string::String>,
            source: ::std::result::Result<::std::string::String, ::std::string::String>,
            transport: ::std::result::Result<::std::option::Option<super::Transport>, ::std::string::String>,
        }
        impl ::std::default::Default for RecentThrow {
            fn default() -> Self {
                Self {
                    arguments: Err("no value supplied for arguments".to_string()),
                    body: Ok(Default::default()),
                    body_base64: Ok(Default::default()),
                    content_type: Ok(Default::default()),
                    cut: Err("no value supplied for cut".to_string()),
                    detected: Ok(Default::default()),
                    error: Ok(Default::default()),
                    headers: Err("no value supplied for headers".to_string()),
                    id: Err("no value supplied for id".to_string()),
                    method: Ok(Default::default()),
                    outcome: Err("no value supplied for outcome".to_string()),
                    path: Ok(Default::default()),
                    peer: Ok(Default::default()),
                    receipt: Ok(Default::default()),
                    received_at: Err("no value supplied for received_at".to_string()),
                    size: Err("no value supplied for size".to_string()),
                    source: Err("no value supplied for source".to_string()),
                    transport: Ok(Default::default()),
                }
            }
        }
        impl RecentThrow {
            pub fn arguments<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::vec::Vec<::std::string::String>>>,
                T::Error: ::std::fmt::Display,
            {
                self.arguments = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for arguments: {e}"));
                self
            }
            pub fn body<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.body =
                    value.try_into().map_err(|e| format!("error converting supplied value for body: {e}"));
                self
            }
            pub fn body_base64<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.body_base64 = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for body_base64: {e}"));
                self
            }
            pub fn content_type<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.content_type = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for content_type: {e}"));
                self
            }
            pub fn cut<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.cut =
                    value.try_into().map_err(|e| format!("error converting supplied value for cut: {e}"));
                self
            }
            pub fn detected<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::DetectedFormat>>,
                T::Error: ::std::fmt::Display,
            {
                self.detected = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for detected: {e}"));
                self
            }
            pub fn error<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.error =
                    value.try_into().map_err(|e| format!("error converting supplied value for error: {e}"));
                self
            }
            pub fn headers<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::ThrowHeader>>,
                T::Error: ::std::fmt::Display,
            {
                self.headers =
                    value.try_into().map_err(|e| format!("error converting supplied value for headers: {e}"));
                self
            }
            pub fn id<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.id =
                    value.try_into().map_err(|e| format!("error converting supplied value for id: {e}"));
                self
            }
            pub fn method<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.method =
                    value.try_into().map_err(|e| format!("error converting supplied value for method: {e}"));
                self
            }
            pub fn outcome<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ThrowOutcome>,
                T::Error: ::std::fmt::Display,
            {
                self.outcome =
                    value.try_into().map_err(|e| format!("error converting supplied value for outcome: {e}"));
                self
            }
            pub fn path<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.path =
                    value.try_into().map_err(|e| format!("error converting supplied value for path: {e}"));
                self
            }
            pub fn peer<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.peer =
                    value.try_into().map_err(|e| format!("error converting supplied value for peer: {e}"));
                self
            }
            pub fn receipt<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::Receipt>>,
                T::Error: ::std::fmt::Display,
            {
                self.receipt =
                    value.try_into().map_err(|e| format!("error converting supplied value for receipt: {e}"));
                self
            }
            pub fn received_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.received_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for received_at: {e}"));
                self
            }
            pub fn size<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.size =
                    value.try_into().map_err(|e| format!("error converting supplied value for size: {e}"));
                self
            }
            pub fn source<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.source =
                    value.try_into().map_err(|e| format!("error converting supplied value for source: {e}"));
                self
            }
            pub fn transport<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::Transport>>,
                T::Error: ::std::fmt::Display,
            {
                self.transport = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for transport: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RecentThrow> for super::RecentThrow {
            type Error = super::error::ConversionError;
            fn try_from(value: RecentThrow) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    arguments: value.arguments?,
                    body: value.body?,
                    body_base64: value.body_base64?,
                    content_type: value.content_type?,
                    cut: value.cut?,
                    detected: value.detected?,
                    error: value.error?,
                    headers: value.headers?,
                    id: value.id?,
                    method: value.method?,
                    outcome: value.outcome?,
                    path: value.path?,
                    peer: value.peer?,
                    receipt: value.receipt?,
                    received_at: value.received_at?,
                    size: value.size?,
                    source: value.source?,
                    transport: value.transport?,
                })
            }
        }
        impl ::std::convert::From<super::RecentThrow> for RecentThrow {
            fn from(value: super::RecentThrow) -> Self {
                Self {
                    arguments: Ok(value.arguments),
                    body: Ok(value.body),
                    body_base64: Ok(value.body_base64),
                    content_type: Ok(value.content_type),
                    cut: Ok(value.cut),
                    detected: Ok(value.detected),
                    error: Ok(value.error),
                    headers: Ok(value.headers),
                    id: Ok(value.id),
                    method: Ok(value.method),
                    outcome: Ok(value.outcome),
                    path: Ok(value.path),
                    peer: Ok(value.peer),
                    receipt: Ok(value.receipt),
                    received_at: Ok(value.received_at),
                    size: Ok(value.size),
                    source: Ok(value.source),
                    transport: Ok(value.transport),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RecentThrowDetails {
            arguments: ::std::result::Result<
                ::std::vec::Vec<::std::vec::Vec<::std::string::String>>,
                ::std::string::String,
            >,
            body: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            body_base64:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            content_type:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            cut: ::std::result::Result<bool, ::std::string::String>,
            detected:
                ::std::result::Result<::std::option::Option<super::DetectedFormat>, ::std::string::String>,
            error: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            headers: ::std::result::Result<::std::vec::Vec<super::ThrowHeader>, ::std::string::String>,
            id: ::std::result::Result<::std::string::String, ::std::string::String>,
            method:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            outcome: ::std::result::Result<super::ThrowOutcome, ::std::string::String>,
            path: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            peer: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            receipt: ::std::result::Result<::std::option::Option<super::Receipt>, ::std::string::String>,
            received_at:
                ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            records: ::std::result::Result<::std::vec::Vec<super::ThrownRecord>, ::std::string::String>,
            records_truncated: ::std::result::Result<bool, ::std::string::String>,
            size: ::std::result::Result<u64, ::std::string::String>,
            source: ::std::result::Result<::std::string::String, ::std::string::String>,
            transport: ::std::result::Result<::std::option::Option<super::Transport>, ::std::string::String>,
        }
        impl ::std::default::Default for RecentThrowDetails {
            fn default() -> Self {
                Self {
                    arguments: Err("no value supplied for arguments".to_string()),
                    body: Ok(Default::default()),
                    body_base64: Ok(Default::default()),
                    content_type: Ok(Default::default()),
                    cut: Err("no value supplied for cut".to_string()),
                    detected: Ok(Default::default()),
                    error: Ok(Default::default()),
                    headers: Err("no value supplied for headers".to_string()),
                    id: Err("no value supplied for id".to_string()),
                    method: Ok(Default::default()),
                    outcome: Err("no value supplied for outcome".to_string()),
                    path: Ok(Default::default()),
                    peer: Ok(Default::default()),
                    receipt: Ok(Default::default()),
                    received_at: Err("no value supplied for received_at".to_string()),
                    records: Err("no value supplied for records".to_string()),
                    records_truncated: Err("no value supplied for records_truncated".to_string()),
                    size: Err("no value supplied for size".to_string()),
                    source: Err("no value supplied for source".to_string()),
                    transport: Ok(Default::default()),
                }
            }
        }
        impl RecentThrowDetails {
            pub fn arguments<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::vec::Vec<::std::string::String>>>,
                T::Error: ::std::fmt::Display,
            {
                self.arguments = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for arguments: {e}"));
                self
            }
            pub fn body<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.body =
                    value.try_into().map_err(|e| format!("error converting supplied value for body: {e}"));
                self
            }
            pub fn body_base64<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.body_base64 = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for body_base64: {e}"));
                self
            }
            pub fn content_type<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.content_type = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for content_type: {e}"));
                self
            }
            pub fn cut<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.cut =
                    value.try_into().map_err(|e| format!("error converting supplied value for cut: {e}"));
                self
            }
            pub fn detected<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::DetectedFormat>>,
                T::Error: ::std::fmt::Display,
            {
                self.detected = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for detected: {e}"));
                self
            }
            pub fn error<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.error =
                    value.try_into().map_err(|e| format!("error converting supplied value for error: {e}"));
                self
            }
            pub fn headers<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::ThrowHeader>>,
                T::Error: ::std::fmt::Display,
            {
                self.headers =
                    value.try_into().map_err(|e| format!("error converting supplied value for headers: {e}"));
                self
            }
            pub fn id<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.id =
                    value.try_into().map_err(|e| format!("error converting supplied value for id: {e}"));
                self
            }
            pub fn method<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.method =
                    value.try_into().map_err(|e| format!("error converting supplied value for method: {e}"));
                self
            }
            pub fn outcome<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ThrowOutcome>,
                T::Error: ::std::fmt::Display,
            {
                self.outcome =
                    value.try_into().map_err(|e| format!("error converting supplied value for outcome: {e}"));
                self
            }
            pub fn path<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.path =
                    value.try_into().map_err(|e| format!("error converting supplied value for path: {e}"));
                self
            }
            pub fn peer<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.peer =
                    value.try_into().map_err(|e| format!("error converting supplied value for peer: {e}"));
                self
            }
            pub fn receipt<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::Receipt>>,
                T::Error: ::std::fmt::Display,
            {
                self.receipt =
                    value.try_into().map_err(|e| format!("error converting supplied value for receipt: {e}"));
                self
            }
            pub fn received_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.received_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for received_at: {e}"));
                self
            }
            pub fn records<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::ThrownRecord>>,
                T::Error: ::std::fmt::Display,
            {
                self.records =
                    value.try_into().map_err(|e| format!("error converting supplied value for records: {e}"));
                self
            }
            pub fn records_truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.records_truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for records_truncated: {e}"));
                self
            }
            pub fn size<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.size =
                    value.try_into().map_err(|e| format!("error converting supplied value for size: {e}"));
                self
            }
            pub fn source<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.source =
                    value.try_into().map_err(|e| format!("error converting supplied value for source: {e}"));
                self
            }
            pub fn transport<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::Transport>>,
                T::Error: ::std::fmt::Display,
            {
                self.transport = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for transport: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RecentThrowDetails> for super::RecentThrowDetails {
            type Error = super::error::ConversionError;
            fn try_from(
                value: RecentThrowDetails,
            ) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    arguments: value.arguments?,
                    body: value.body?,
                    body_base64: value.body_base64?,
                    content_type: value.content_type?,
                    cut: value.cut?,
                    detected: value.detected?,
                    error: value.error?,
                    headers: value.headers?,
                    id: value.id?,
                    method: value.method?,
                    outcome: value.outcome?,
                    path: value.path?,
                    peer: value.peer?,
                    receipt: value.receipt?,
                    received_at: value.received_at?,
                    records: value.records?,
                    records_truncated: value.records_truncated?,
                    size: value.size?,
                    source: value.source?,
                    transport: value.transport?,
                })
            }
        }
        impl ::std::convert::From<super::RecentThrowDetails> for RecentThrowDetails {
            fn from(value: super::RecentThrowDetails) -> Self {
                Self {
                    arguments: Ok(value.arguments),
                    body: Ok(value.body),
                    body_base64: Ok(value.body_base64),
                    content_type: Ok(value.content_type),
                    cut: Ok(value.cut),
                    detected: Ok(value.detected),
                    error: Ok(value.error),
                    headers: Ok(value.headers),
                    id: Ok(value.id),
                    method: Ok(value.method),
                    outcome: Ok(value.outcome),
                    path: Ok(value.path),
                    peer: Ok(value.peer),
                    receipt: Ok(value.receipt),
                    received_at: Ok(value.received_at),
                    records: Ok(value.records),
                    records_truncated: Ok(value.records_truncated),
                    size: Ok(value.size),
                    source: Ok(value.source),
                    transport: Ok(value.transport),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RecentThrowList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::RecentThrow>, ::std::string::String>,
        }
        impl ::std::default::Default for RecentThrowList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl RecentThrowList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::RecentThrow>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RecentThrowList> for super::RecentThrowList {
            type Error = super::error::ConversionError;
            fn try_from(
                value: RecentThrowList,
            ) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::RecentThrowList> for RecentThrowList {
            fn from(value: super::RecentThrowList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RecordFate {
            key: ::std::result::Result<::std::option::Option<::serde_json::Value>, ::std::string::String>,
            quarantine:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            status: ::std::result::Result<super::FateStatus, ::std::string::String>,
            storage:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
        }
        impl ::std::default::Default for RecordFate {
            fn default() -> Self {
                Self {
                    key: Ok(Default::default()),
                    quarantine: Ok(Default::default()),
                    status: Err("no value supplied for status".to_string()),
                    storage: Ok(Default::default()),
                }
            }
        }
        impl RecordFate {
            pub fn key<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.key =
                    value.try_into().map_err(|e| format!("error converting supplied value for key: {e}"));
                self
            }
            pub fn quarantine<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantine = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantine: {e}"));
                self
            }
            pub fn status<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::FateStatus>,
                T::Error: ::std::fmt::Display,
            {
                self.status =
                    value.try_into().map_err(|e| format!("error converting supplied value for status: {e}"));
                self
            }
            pub fn storage<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.storage =
                    value.try_into().map_err(|e| format!("error converting supplied value for storage: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RecordFate> for super::RecordFate {
            type Error = super::error::ConversionError;
            fn try_from(value: RecordFate) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    key: value.key?,
                    quarantine: value.quarantine?,
                    status: value.status?,
                    storage: value.storage?,
                })
            }
        }
        impl ::std::convert::From<super::RecordFate> for RecordFate {
            fn from(value: super::RecordFate) -> Self {
                Self {
                    key: Ok(value.key),
                    quarantine: Ok(value.quarantine),
                    status: Ok(value.status),
                    storage: Ok(value.storage),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Remark {
            code: ::std::result::Result<::std::string::String, ::std::string::String>,
            detail: ::std::result::Result<::std::string::String, ::std::string::String>,
            field: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            index: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            line: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            quarantine:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
        }
        impl ::std::default::Default for Remark {
            fn default() -> Self {
                Self {
                    code: Err("no value supplied for code".to_string()),
                    detail: Err("no value supplied for detail".to_string()),
                    field: Ok(Default::default()),
                    index: Ok(Default::default()),
                    line: Ok(Default::default()),
                    quarantine: Ok(Default::default()),
                }
            }
        }
        impl Remark {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn field<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.field =
                    value.try_into().map_err(|e| format!("error converting supplied value for field: {e}"));
                self
            }
            pub fn index<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.index =
                    value.try_into().map_err(|e| format!("error converting supplied value for index: {e}"));
                self
            }
            pub fn line<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.line =
                    value.try_into().map_err(|e| format!("error converting supplied value for line: {e}"));
                self
            }
            pub fn quarantine<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantine = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantine: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Remark> for super::Remark {
            type Error = super::error::ConversionError;
            fn try_from(value: Remark) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    code: value.code?,
                    detail: value.detail?,
                    field: value.field?,
                    index: value.index?,
                    line: value.line?,
                    quarantine: value.quarantine?,
                })
            }
        }
        impl ::std::convert::From<super::Remark> for Remark {
            fn from(value: super::Remark) -> Self {
                Self {
                    code: Ok(value.code),
                    detail: Ok(value.detail),
                    field: Ok(value.field),
                    index: Ok(value.index),
                    line: Ok(value.line),
                    quarantine: Ok(value.quarantine),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Replay {
            done: ::std::result::Result<u64, ::std::string::String>,
            dry_run: ::std::result::Result<bool, ::std::string::String>,
            errors: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            failed: ::std::result::Result<u64, ::std::string::String>,
            id: ::std::result::Result<::std::string::String, ::std::string::String>,
            skipped: ::std::result::Result<u64, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            stored: ::std::result::Result<u64, ::std::string::String>,
            superseded: ::std::result::Result<u64, ::std::string::String>,
            total: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for Replay {
            fn default() -> Self {
                Self {
                    done: Err("no value supplied for done".to_string()),
                    dry_run: Err("no value supplied for dry_run".to_string()),
                    errors: Err("no value supplied for errors".to_string()),
                    failed: Err("no value supplied for failed".to_string()),
                    id: Err("no value supplied for id".to_string()),
                    skipped: Err("no value supplied for skipped".to_string()),
                    state: Err("no value supplied for state".to_string()),
                    stored: Err("no value supplied for stored".to_string()),
                    superseded: Err("no value supplied for superseded".to_string()),
                    total: Err("no value supplied for total".to_string()),
                }
            }
        }
        impl Replay {
            pub fn done<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.done =
                    value.try_into().map_err(|e| format!("error converting supplied value for done: {e}"));
                self
            }
            pub fn dry_run<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.dry_run =
                    value.try_into().map_err(|e| format!("error converting supplied value for dry_run: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn failed<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.failed =
                    value.try_into().map_err(|e| format!("error converting supplied value for failed: {e}"));
                self
            }
            pub fn id<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.id =
                    value.try_into().map_err(|e| format!("error converting supplied value for id: {e}"));
                self
            }
            pub fn skipped<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.skipped =
                    value.try_into().map_err(|e| format!("error converting supplied value for skipped: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn stored<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.stored =
                    value.try_into().map_err(|e| format!("error converting supplied value for stored: {e}"));
                self
            }
            pub fn superseded<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.superseded = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for superseded: {e}"));
                self
            }
            pub fn total<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.total =
                    value.try_into().map_err(|e| format!("error converting supplied value for total: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Replay> for super::Replay {
            type Error = super::error::ConversionError;
            fn try_from(value: Replay) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    done: value.done?,
                    dry_run: value.dry_run?,
                    errors: value.errors?,
                    failed: value.failed?,
                    id: value.id?,
                    skipped: value.skipped?,
                    state: value.state?,
                    stored: value.stored?,
                    superseded: value.superseded?,
                    total: value.total?,
                })
            }
        }
        impl ::std::convert::From<super::Replay> for Replay {
            fn from(value: super::Replay) -> Self {
                Self {
                    done: Ok(value.done),
                    dry_run: Ok(value.dry_run),
                    errors: Ok(value.errors),
                    failed: Ok(value.failed),
                    id: Ok(value.id),
                    skipped: Ok(value.skipped),
                    state: Ok(value.state),
                    stored: Ok(value.stored),
                    superseded: Ok(value.superseded),
                    total: Ok(value.total),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ReplayList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Replay>, ::std::string::String>,
        }
        impl ::std::default::Default for ReplayList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl ReplayList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Replay>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ReplayList> for super::ReplayList {
            type Error = super::error::ConversionError;
            fn try_from(value: ReplayList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::ReplayList> for ReplayList {
            fn from(value: super::ReplayList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RetentionStatus {
            bytes: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            limits: ::std::result::Result<
                ::serde_json::Map<::std::string::String, ::serde_json::Value>,
                ::std::string::String,
            >,
            measured_at:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<super::NextRemoval>, ::std::string::String>,
            oldest:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            removed: ::std::result::Result<u64, ::std::string::String>,
            rows: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            storage: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for RetentionStatus {
            fn default() -> Self {
                Self {
                    bytes: Ok(Default::default()),
                    limits: Err("no value supplied for limits".to_string()),
                    measured_at: Ok(Default::default()),
                    next: Ok(Default::default()),
                    oldest: Ok(Default::default()),
                    removed: Err("no value supplied for removed".to_string()),
                    rows: Ok(Default::default()),
                    storage: Err("no value supplied for storage".to_string()),
                }
            }
        }
        impl RetentionStatus {
            pub fn bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes =
                    value.try_into().map_err(|e| format!("error converting supplied value for bytes: {e}"));
                self
            }
            pub fn limits<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.limits =
                    value.try_into().map_err(|e| format!("error converting supplied value for limits: {e}"));
                self
            }
            pub fn measured_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.measured_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for measured_at: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::NextRemoval>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn oldest<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.oldest =
                    value.try_into().map_err(|e| format!("error converting supplied value for oldest: {e}"));
                self
            }
            pub fn removed<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.removed =
                    value.try_into().map_err(|e| format!("error converting supplied value for removed: {e}"));
                self
            }
            pub fn rows<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.rows =
                    value.try_into().map_err(|e| format!("error converting supplied value for rows: {e}"));
                self
            }
            pub fn storage<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.storage =
                    value.try_into().map_err(|e| format!("error converting supplied value for storage: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RetentionStatus> for super::RetentionStatus {
            type Error = super::error::ConversionError;
            fn try_from(
                value: RetentionStatus,
            ) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    bytes: value.bytes?,
                    limits: value.limits?,
                    measured_at: value.measured_at?,
                    next: value.next?,
                    oldest: value.oldest?,
                    removed: value.removed?,
                    rows: value.rows?,
                    storage: value.storage?,
                })
            }
        }
        impl ::std::convert::From<super::RetentionStatus> for RetentionStatus {
            fn from(value: super::RetentionStatus) -> Self {
                Self {
                    bytes: Ok(value.bytes),
                    limits: Ok(value.limits),
                    measured_at: Ok(value.measured_at),
                    next: Ok(value.next),
                    oldest: Ok(value.oldest),
                    removed: Ok(value.removed),
                    rows: Ok(value.rows),
                    storage: Ok(value.storage),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct RowList {
            count: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            count_estimated: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for RowList {
            fn default() -> Self {
                Self {
                    count: Ok(Default::default()),
                    count_estimated: Ok(Default::default()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl RowList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn count_estimated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.count_estimated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for count_estimated: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<RowList> for super::RowList {
            type Error = super::error::ConversionError;
            fn try_from(value: RowList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    count_estimated: value.count_estimated?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::RowList> for RowList {
            fn from(value: super::RowList) -> Self {
                Self {
                    count: Ok(value.count),
                    count_estimated: Ok(value.count_estimated),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct SensorList {
            count: ::std::result::Result<u64, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for SensorList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl SensorList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<SensorList> for super::SensorList {
            type Error = super::error::ConversionError;
            fn try_from(value: SensorList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { count: value.count?, results: value.results? })
            }
        }
        impl ::std::convert::From<super::SensorList> for SensorList {
            fn from(value: super::SensorList) -> Self {
                Self { count: Ok(value.count), results: Ok(value.results) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct SeriesList {
            bucket:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            from: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            series: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            to: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            truncated: ::std::result::Result<bool, ::std::string::String>,
        }
        impl ::std::default::Default for SeriesList {
            fn default() -> Self {
                Self {
                    bucket: Ok(Default::default()),
                    from: Ok(Default::default()),
                    series: Err("no value supplied for series".to_string()),
                    to: Ok(Default::default()),
                    truncated: Err("no value supplied for truncated".to_string()),
                }
            }
        }
        impl SeriesList {
            pub fn bucket<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.bucket =
                    value.try_into().map_err(|e| format!("error converting supplied value for bucket: {e}"));
                self
            }
            pub fn from<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.from =
                    value.try_into().map_err(|e| format!("error converting supplied value for from: {e}"));
                self
            }
            pub fn series<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.series =
                    value.try_into().map_err(|e| format!("error converting supplied value for series: {e}"));
                self
            }
            pub fn to<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.to =
                    value.try_into().map_err(|e| format!("error converting supplied value for to: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<SeriesList> for super::SeriesList {
            type Error = super::error::ConversionError;
            fn try_from(value: SeriesList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    bucket: value.bucket?,
                    from: value.from?,
                    series: value.series?,
                    to: value.to?,
                    truncated: value.truncated?,
                })
            }
        }
        impl ::std::convert::From<super::SeriesList> for SeriesList {
            fn from(value: super::SeriesList) -> Self {
                Self {
                    bucket: Ok(value.bucket),
                    from: Ok(value.from),
                    series: Ok(value.series),
                    to: Ok(value.to),
                    truncated: Ok(value.truncated),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Source {
            counted: ::std::result::Result<super::ThrowCounters, ::std::string::String>,
            created_at: ::std::result::Result<::std::string::String, ::std::string::String>,
            last_format:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            settings: ::std::result::Result<
                ::serde_json::Map<::std::string::String, ::serde_json::Value>,
                ::std::string::String,
            >,
            updated_at: ::std::result::Result<::std::string::String, ::std::string::String>,
            version: ::std::result::Result<i32, ::std::string::String>,
        }
        impl ::std::default::Default for Source {
            fn default() -> Self {
                Self {
                    counted: Err("no value supplied for counted".to_string()),
                    created_at: Err("no value supplied for created_at".to_string()),
                    last_format: Ok(Default::default()),
                    name: Err("no value supplied for name".to_string()),
                    settings: Err("no value supplied for settings".to_string()),
                    updated_at: Err("no value supplied for updated_at".to_string()),
                    version: Err("no value supplied for version".to_string()),
                }
            }
        }
        impl Source {
            pub fn counted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ThrowCounters>,
                T::Error: ::std::fmt::Display,
            {
                self.counted =
                    value.try_into().map_err(|e| format!("error converting supplied value for counted: {e}"));
                self
            }
            pub fn created_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.created_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for created_at: {e}"));
                self
            }
            pub fn last_format<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.last_format = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for last_format: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn settings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.settings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for settings: {e}"));
                self
            }
            pub fn updated_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.updated_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for updated_at: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Source> for super::Source {
            type Error = super::error::ConversionError;
            fn try_from(value: Source) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    counted: value.counted?,
                    created_at: value.created_at?,
                    last_format: value.last_format?,
                    name: value.name?,
                    settings: value.settings?,
                    updated_at: value.updated_at?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::Source> for Source {
            fn from(value: super::Source) -> Self {
                Self {
                    counted: Ok(value.counted),
                    created_at: Ok(value.created_at),
                    last_format: Ok(value.last_format),
                    name: Ok(value.name),
                    settings: Ok(value.settings),
                    updated_at: Ok(value.updated_at),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct SourceList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Source>, ::std::string::String>,
        }
        impl ::std::default::Default for SourceList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl SourceList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Source>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<SourceList> for super::SourceList {
            type Error = super::error::ConversionError;
            fn try_from(value: SourceList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::SourceList> for SourceList {
            fn from(value: super::SourceList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Status {
            backend: ::std::result::Result<::std::string::String, ::std::string::String>,
            change_log: ::std::result::Result<super::ChangeLog, ::std::string::String>,
            commits: ::std::result::Result<u64, ::std::string::String>,
            connections: ::std::result::Result<u64, ::std::string::String>,
            database_bytes: ::std::result::Result<u64, ::std::string::String>,
            fsync: ::std::result::Result<super::Fsync, ::std::string::String>,
            history: ::std::result::Result<::std::vec::Vec<super::Minute>, ::std::string::String>,
            quarantine_waiting: ::std::result::Result<u64, ::std::string::String>,
            queue: ::std::result::Result<super::WriteQueue, ::std::string::String>,
            requests: ::std::result::Result<u64, ::std::string::String>,
            retention: ::std::result::Result<::std::vec::Vec<super::RetentionStatus>, ::std::string::String>,
            rows_written: ::std::result::Result<u64, ::std::string::String>,
            storage_count: ::std::result::Result<u64, ::std::string::String>,
            storages: ::std::result::Result<::std::vec::Vec<super::StorageState>, ::std::string::String>,
            streams: ::std::result::Result<u64, ::std::string::String>,
            throws: ::std::result::Result<super::ThrowCounters, ::std::string::String>,
            uptime_s: ::std::result::Result<f64, ::std::string::String>,
            version: ::std::result::Result<::std::string::String, ::std::string::String>,
            warnings: ::std::result::Result<::std::vec::Vec<::std::string::String>, ::std::string::String>,
        }
        impl ::std::default::Default for Status {
            fn default() -> Self {
                Self {
                    backend: Err("no value supplied for backend".to_string()),
                    change_log: Err("no value supplied for change_log".to_string()),
                    commits: Err("no value supplied for commits".to_string()),
                    connections: Err("no value supplied for connections".to_string()),
                    database_bytes: Err("no value supplied for database_bytes".to_string()),
                    fsync: Err("no value supplied for fsync".to_string()),
                    history: Err("no value supplied for history".to_string()),
                    quarantine_waiting: Err("no value supplied for quarantine_waiting".to_string()),
                    queue: Err("no value supplied for queue".to_string()),
                    requests: Err("no value supplied for requests".to_string()),
                    retention: Err("no value supplied for retention".to_string()),
                    rows_written: Err("no value supplied for rows_written".to_string()),
                    storage_count: Err("no value supplied for storage_count".to_string()),
                    storages: Err("no value supplied for storages".to_string()),
                    streams: Err("no value supplied for streams".to_string()),
                    throws: Err("no value supplied for throws".to_string()),
                    uptime_s: Err("no value supplied for uptime_s".to_string()),
                    version: Err("no value supplied for version".to_string()),
                    warnings: Err("no value supplied for warnings".to_string()),
                }
            }
        }
        impl Status {
            pub fn backend<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.backend =
                    value.try_into().map_err(|e| format!("error converting supplied value for backend: {e}"));
                self
            }
            pub fn change_log<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ChangeLog>,
                T::Error: ::std::fmt::Display,
            {
                self.change_log = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for change_log: {e}"));
                self
            }
            pub fn commits<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.commits =
                    value.try_into().map_err(|e| format!("error converting supplied value for commits: {e}"));
                self
            }
            pub fn connections<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.connections = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for connections: {e}"));
                self
            }
            pub fn database_bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.database_bytes = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for database_bytes: {e}"));
                self
            }
            pub fn fsync<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::Fsync>,
                T::Error: ::std::fmt::Display,
            {
                self.fsync =
                    value.try_into().map_err(|e| format!("error converting supplied value for fsync: {e}"));
                self
            }
            pub fn history<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Minute>>,
                T::Error: ::std::fmt::Display,
            {
                self.history =
                    value.try_into().map_err(|e| format!("error converting supplied value for history: {e}"));
                self
            }
            pub fn quarantine_waiting<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantine_waiting = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantine_waiting: {e}"));
                self
            }
            pub fn queue<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::WriteQueue>,
                T::Error: ::std::fmt::Display,
            {
                self.queue =
                    value.try_into().map_err(|e| format!("error converting supplied value for queue: {e}"));
                self
            }
            pub fn requests<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.requests = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for requests: {e}"));
                self
            }
            pub fn retention<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::RetentionStatus>>,
                T::Error: ::std::fmt::Display,
            {
                self.retention = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for retention: {e}"));
                self
            }
            pub fn rows_written<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_written = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_written: {e}"));
                self
            }
            pub fn storage_count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.storage_count = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for storage_count: {e}"));
                self
            }
            pub fn storages<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::StorageState>>,
                T::Error: ::std::fmt::Display,
            {
                self.storages = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for storages: {e}"));
                self
            }
            pub fn streams<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.streams =
                    value.try_into().map_err(|e| format!("error converting supplied value for streams: {e}"));
                self
            }
            pub fn throws<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<super::ThrowCounters>,
                T::Error: ::std::fmt::Display,
            {
                self.throws =
                    value.try_into().map_err(|e| format!("error converting supplied value for throws: {e}"));
                self
            }
            pub fn uptime_s<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<f64>,
                T::Error: ::std::fmt::Display,
            {
                self.uptime_s = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for uptime_s: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
            pub fn warnings<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.warnings = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for warnings: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Status> for super::Status {
            type Error = super::error::ConversionError;
            fn try_from(value: Status) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    backend: value.backend?,
                    change_log: value.change_log?,
                    commits: value.commits?,
                    connections: value.connections?,
                    database_bytes: value.database_bytes?,
                    fsync: value.fsync?,
                    history: value.history?,
                    quarantine_waiting: value.quarantine_waiting?,
                    queue: value.queue?,
                    requests: value.requests?,
                    retention: value.retention?,
                    rows_written: value.rows_written?,
                    storage_count: value.storage_count?,
                    storages: value.storages?,
                    streams: value.streams?,
                    throws: value.throws?,
                    uptime_s: value.uptime_s?,
                    version: value.version?,
                    warnings: value.warnings?,
                })
            }
        }
        impl ::std::convert::From<super::Status> for Status {
            fn from(value: super::Status) -> Self {
                Self {
                    backend: Ok(value.backend),
                    change_log: Ok(value.change_log),
                    commits: Ok(value.commits),
                    connections: Ok(value.connections),
                    database_bytes: Ok(value.database_bytes),
                    fsync: Ok(value.fsync),
                    history: Ok(value.history),
                    quarantine_waiting: Ok(value.quarantine_waiting),
                    queue: Ok(value.queue),
                    requests: Ok(value.requests),
                    retention: Ok(value.retention),
                    rows_written: Ok(value.rows_written),
                    storage_count: Ok(value.storage_count),
                    storages: Ok(value.storages),
                    streams: Ok(value.streams),
                    throws: Ok(value.throws),
                    uptime_s: Ok(value.uptime_s),
                    version: Ok(value.version),
                    warnings: Ok(value.warnings),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Storage {
            created_at:
                ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            definition: ::std::result::Result<
                ::serde_json::Map<::std::string::String, ::serde_json::Value>,
                ::std::string::String,
            >,
            locked: ::std::result::Result<bool, ::std::string::String>,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            updated_at:
                ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            version: ::std::result::Result<i32, ::std::string::String>,
        }
        impl ::std::default::Default for Storage {
            fn default() -> Self {
                Self {
                    created_at: Err("no value supplied for created_at".to_string()),
                    definition: Err("no value supplied for definition".to_string()),
                    locked: Err("no value supplied for locked".to_string()),
                    name: Err("no value supplied for name".to_string()),
                    state: Err("no value supplied for state".to_string()),
                    updated_at: Err("no value supplied for updated_at".to_string()),
                    version: Err("no value supplied for version".to_string()),
                }
            }
        }
        impl Storage {
            pub fn created_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.created_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for created_at: {e}"));
                self
            }
            pub fn definition<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.definition = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for definition: {e}"));
                self
            }
            pub fn locked<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.locked =
                    value.try_into().map_err(|e| format!("error converting supplied value for locked: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn updated_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.updated_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for updated_at: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Storage> for super::Storage {
            type Error = super::error::ConversionError;
            fn try_from(value: Storage) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    created_at: value.created_at?,
                    definition: value.definition?,
                    locked: value.locked?,
                    name: value.name?,
                    state: value.state?,
                    updated_at: value.updated_at?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::Storage> for Storage {
            fn from(value: super::Storage) -> Self {
                Self {
                    created_at: Ok(value.created_at),
                    definition: Ok(value.definition),
                    locked: Ok(value.locked),
                    name: Ok(value.name),
                    state: Ok(value.state),
                    updated_at: Ok(value.updated_at),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct StorageChange {
            key: ::std::result::Result<::serde_json::Value, ::std::string::String>,
            op: ::std::result::Result<::std::string::String, ::std::string::String>,
            position: ::std::result::Result<::std::string::String, ::std::string::String>,
            row: ::std::result::Result<
                ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            trim: ::std::result::Result<::std::option::Option<super::TrimmedRows>, ::std::string::String>,
        }
        impl ::std::default::Default for StorageChange {
            fn default() -> Self {
                Self {
                    key: Err("no value supplied for key".to_string()),
                    op: Err("no value supplied for op".to_string()),
                    position: Err("no value supplied for position".to_string()),
                    row: Ok(Default::default()),
                    trim: Ok(Default::default()),
                }
            }
        }
        impl StorageChange {
            pub fn key<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::serde_json::Value>,
                T::Error: ::std::fmt::Display,
            {
                self.key =
                    value.try_into().map_err(|e| format!("error converting supplied value for key: {e}"));
                self
            }
            pub fn op<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.op =
                    value.try_into().map_err(|e| format!("error converting supplied value for op: {e}"));
                self
            }
            pub fn position<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.position = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for position: {e}"));
                self
            }
            pub fn row<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.row =
                    value.try_into().map_err(|e| format!("error converting supplied value for row: {e}"));
                self
            }
            pub fn trim<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<super::TrimmedRows>>,
                T::Error: ::std::fmt::Display,
            {
                self.trim =
                    value.try_into().map_err(|e| format!("error converting supplied value for trim: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<StorageChange> for super::StorageChange {
            type Error = super::error::ConversionError;
            fn try_from(value: StorageChange) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    key: value.key?,
                    op: value.op?,
                    position: value.position?,
                    row: value.row?,
                    trim: value.trim?,
                })
            }
        }
        impl ::std::convert::From<super::StorageChange> for StorageChange {
            fn from(value: super::StorageChange) -> Self {
                Self {
                    key: Ok(value.key),
                    op: Ok(value.op),
                    position: Ok(value.position),
                    row: Ok(value.row),
                    trim: Ok(value.trim),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct StorageList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Storage>, ::std::string::String>,
        }
        impl ::std::default::Default for StorageList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl StorageList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Storage>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<StorageList> for super::StorageList {
            type Error = super::error::ConversionError;
            fn try_from(value: StorageList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::StorageList> for StorageList {
            fn from(value: super::StorageList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct StorageState {
            bytes: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            last_write: ::std::result::Result<
                ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
                ::std::string::String,
            >,
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            rows: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            rows_estimated: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            version: ::std::result::Result<::std::option::Option<i32>, ::std::string::String>,
        }
        impl ::std::default::Default for StorageState {
            fn default() -> Self {
                Self {
                    bytes: Ok(Default::default()),
                    last_write: Ok(Default::default()),
                    name: Err("no value supplied for name".to_string()),
                    rows: Ok(Default::default()),
                    rows_estimated: Ok(Default::default()),
                    state: Err("no value supplied for state".to_string()),
                    version: Ok(Default::default()),
                }
            }
        }
        impl StorageState {
            pub fn bytes<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.bytes =
                    value.try_into().map_err(|e| format!("error converting supplied value for bytes: {e}"));
                self
            }
            pub fn last_write<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>>,
                T::Error: ::std::fmt::Display,
            {
                self.last_write = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for last_write: {e}"));
                self
            }
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn rows<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.rows =
                    value.try_into().map_err(|e| format!("error converting supplied value for rows: {e}"));
                self
            }
            pub fn rows_estimated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.rows_estimated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for rows_estimated: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<i32>>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<StorageState> for super::StorageState {
            type Error = super::error::ConversionError;
            fn try_from(value: StorageState) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    bytes: value.bytes?,
                    last_write: value.last_write?,
                    name: value.name?,
                    rows: value.rows?,
                    rows_estimated: value.rows_estimated?,
                    state: value.state?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::StorageState> for StorageState {
            fn from(value: super::StorageState) -> Self {
                Self {
                    bytes: Ok(value.bytes),
                    last_write: Ok(value.last_write),
                    name: Ok(value.name),
                    rows: Ok(value.rows),
                    rows_estimated: Ok(value.rows_estimated),
                    state: Ok(value.state),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ThrowCounters {
            accepted: ::std::result::Result<u64, ::std::string::String>,
            dropped: ::std::result::Result<u64, ::std::string::String>,
            duplicates: ::std::result::Result<u64, ::std::string::String>,
            quarantined: ::std::result::Result<u64, ::std::string::String>,
            throws: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for ThrowCounters {
            fn default() -> Self {
                Self {
                    accepted: Err("no value supplied for accepted".to_string()),
                    dropped: Err("no value supplied for dropped".to_string()),
                    duplicates: Err("no value supplied for duplicates".to_string()),
                    quarantined: Err("no value supplied for quarantined".to_string()),
                    throws: Err("no value supplied for throws".to_string()),
                }
            }
        }
        impl ThrowCounters {
            pub fn accepted<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.accepted = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for accepted: {e}"));
                self
            }
            pub fn dropped<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.dropped =
                    value.try_into().map_err(|e| format!("error converting supplied value for dropped: {e}"));
                self
            }
            pub fn duplicates<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.duplicates = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for duplicates: {e}"));
                self
            }
            pub fn quarantined<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.quarantined = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for quarantined: {e}"));
                self
            }
            pub fn throws<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.throws =
                    value.try_into().map_err(|e| format!("error converting supplied value for throws: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ThrowCounters> for super::ThrowCounters {
            type Error = super::error::ConversionError;
            fn try_from(value: ThrowCounters) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    accepted: value.accepted?,
                    dropped: value.dropped?,
                    duplicates: value.duplicates?,
                    quarantined: value.quarantined?,
                    throws: value.throws?,
                })
            }
        }
        impl ::std::convert::From<super::ThrowCounters> for ThrowCounters {
            fn from(value: super::ThrowCounters) -> Self {
                Self {
                    accepted: Ok(value.accepted),
                    dropped: Ok(value.dropped),
                    duplicates: Ok(value.duplicates),
                    quarantined: Ok(value.quarantined),
                    throws: Ok(value.throws),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ThrowHeader {
            name: ::std::result::Result<::std::string::String, ::std::string::String>,
            value: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for ThrowHeader {
            fn default() -> Self {
                Self {
                    name: Err("no value supplied for name".to_string()),
                    value: Err("no value supplied for value".to_string()),
                }
            }
        }
        impl ThrowHeader {
            pub fn name<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.name =
                    value.try_into().map_err(|e| format!("error converting supplied value for name: {e}"));
                self
            }
            pub fn value<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.value =
                    value.try_into().map_err(|e| format!("error converting supplied value for value: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ThrowHeader> for super::ThrowHeader {
            type Error = super::error::ConversionError;
            fn try_from(value: ThrowHeader) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { name: value.name?, value: value.value? })
            }
        }
        impl ::std::convert::From<super::ThrowHeader> for ThrowHeader {
            fn from(value: super::ThrowHeader) -> Self {
                Self { name: Ok(value.name), value: Ok(value.value) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ThrownRecord {
            became: ::std::result::Result<::std::vec::Vec<super::RecordFate>, ::std::string::String>,
            index: ::std::result::Result<u64, ::std::string::String>,
            line: ::std::result::Result<::std::option::Option<u64>, ::std::string::String>,
            record: ::std::result::Result<
                ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
        }
        impl ::std::default::Default for ThrownRecord {
            fn default() -> Self {
                Self {
                    became: Err("no value supplied for became".to_string()),
                    index: Err("no value supplied for index".to_string()),
                    line: Ok(Default::default()),
                    record: Ok(Default::default()),
                }
            }
        }
        impl ThrownRecord {
            pub fn became<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::RecordFate>>,
                T::Error: ::std::fmt::Display,
            {
                self.became =
                    value.try_into().map_err(|e| format!("error converting supplied value for became: {e}"));
                self
            }
            pub fn index<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.index =
                    value.try_into().map_err(|e| format!("error converting supplied value for index: {e}"));
                self
            }
            pub fn line<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<u64>>,
                T::Error: ::std::fmt::Display,
            {
                self.line =
                    value.try_into().map_err(|e| format!("error converting supplied value for line: {e}"));
                self
            }
            pub fn record<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::option::Option<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.record =
                    value.try_into().map_err(|e| format!("error converting supplied value for record: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ThrownRecord> for super::ThrownRecord {
            type Error = super::error::ConversionError;
            fn try_from(value: ThrownRecord) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    became: value.became?,
                    index: value.index?,
                    line: value.line?,
                    record: value.record?,
                })
            }
        }
        impl ::std::convert::From<super::ThrownRecord> for ThrownRecord {
            fn from(value: super::ThrownRecord) -> Self {
                Self {
                    became: Ok(value.became),
                    index: Ok(value.index),
                    line: Ok(value.line),
                    record: Ok(value.record),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct TrimmedRows {
            after: ::std::result::Result<::std::string::String, ::std::string::String>,
            rows: ::std::result::Result<u64, ::std::string::String>,
            until: ::std::result::Result<::std::string::String, ::std::string::String>,
        }
        impl ::std::default::Default for TrimmedRows {
            fn default() -> Self {
                Self {
                    after: Err("no value supplied for after".to_string()),
                    rows: Err("no value supplied for rows".to_string()),
                    until: Err("no value supplied for until".to_string()),
                }
            }
        }
        impl TrimmedRows {
            pub fn after<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.after =
                    value.try_into().map_err(|e| format!("error converting supplied value for after: {e}"));
                self
            }
            pub fn rows<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.rows =
                    value.try_into().map_err(|e| format!("error converting supplied value for rows: {e}"));
                self
            }
            pub fn until<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.until =
                    value.try_into().map_err(|e| format!("error converting supplied value for until: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<TrimmedRows> for super::TrimmedRows {
            type Error = super::error::ConversionError;
            fn try_from(value: TrimmedRows) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { after: value.after?, rows: value.rows?, until: value.until? })
            }
        }
        impl ::std::convert::From<super::TrimmedRows> for TrimmedRows {
            fn from(value: super::TrimmedRows) -> Self {
                Self { after: Ok(value.after), rows: Ok(value.rows), until: Ok(value.until) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct ValueList {
            ordering: ::std::result::Result<::std::string::String, ::std::string::String>,
            results: ::std::result::Result<
                ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                ::std::string::String,
            >,
            truncated: ::std::result::Result<bool, ::std::string::String>,
        }
        impl ::std::default::Default for ValueList {
            fn default() -> Self {
                Self {
                    ordering: Err("no value supplied for ordering".to_string()),
                    results: Err("no value supplied for results".to_string()),
                    truncated: Err("no value supplied for truncated".to_string()),
                }
            }
        }
        impl ValueList {
            pub fn ordering<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.ordering = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for ordering: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<
                        ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                    >,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
            pub fn truncated<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<bool>,
                T::Error: ::std::fmt::Display,
            {
                self.truncated = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for truncated: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<ValueList> for super::ValueList {
            type Error = super::error::ConversionError;
            fn try_from(value: ValueList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { ordering: value.ordering?, results: value.results?, truncated: value.truncated? })
            }
        }
        impl ::std::convert::From<super::ValueList> for ValueList {
            fn from(value: super::ValueList) -> Self {
                Self {
                    ordering: Ok(value.ordering),
                    results: Ok(value.results),
                    truncated: Ok(value.truncated),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct Version {
            applied_at: ::std::result::Result<
                ::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>,
                ::std::string::String,
            >,
            created_at:
                ::std::result::Result<::chrono::DateTime<::chrono::offset::Utc>, ::std::string::String>,
            definition: ::std::result::Result<
                ::serde_json::Map<::std::string::String, ::serde_json::Value>,
                ::std::string::String,
            >,
            error: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            state: ::std::result::Result<::std::string::String, ::std::string::String>,
            version: ::std::result::Result<i32, ::std::string::String>,
        }
        impl ::std::default::Default for Version {
            fn default() -> Self {
                Self {
                    applied_at: Ok(Default::default()),
                    created_at: Err("no value supplied for created_at".to_string()),
                    definition: Err("no value supplied for definition".to_string()),
                    error: Ok(Default::default()),
                    state: Err("no value supplied for state".to_string()),
                    version: Err("no value supplied for version".to_string()),
                }
            }
        }
        impl Version {
            pub fn applied_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::chrono::DateTime<::chrono::offset::Utc>>>,
                T::Error: ::std::fmt::Display,
            {
                self.applied_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for applied_at: {e}"));
                self
            }
            pub fn created_at<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::chrono::DateTime<::chrono::offset::Utc>>,
                T::Error: ::std::fmt::Display,
            {
                self.created_at = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for created_at: {e}"));
                self
            }
            pub fn definition<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.definition = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for definition: {e}"));
                self
            }
            pub fn error<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.error =
                    value.try_into().map_err(|e| format!("error converting supplied value for error: {e}"));
                self
            }
            pub fn state<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::string::String>,
                T::Error: ::std::fmt::Display,
            {
                self.state =
                    value.try_into().map_err(|e| format!("error converting supplied value for state: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<i32>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<Version> for super::Version {
            type Error = super::error::ConversionError;
            fn try_from(value: Version) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    applied_at: value.applied_at?,
                    created_at: value.created_at?,
                    definition: value.definition?,
                    error: value.error?,
                    state: value.state?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::Version> for Version {
            fn from(value: super::Version) -> Self {
                Self {
                    applied_at: Ok(value.applied_at),
                    created_at: Ok(value.created_at),
                    definition: Ok(value.definition),
                    error: Ok(value.error),
                    state: Ok(value.state),
                    version: Ok(value.version),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct VersionList {
            count: ::std::result::Result<u64, ::std::string::String>,
            next: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            previous:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            results: ::std::result::Result<::std::vec::Vec<super::Version>, ::std::string::String>,
        }
        impl ::std::default::Default for VersionList {
            fn default() -> Self {
                Self {
                    count: Err("no value supplied for count".to_string()),
                    next: Ok(Default::default()),
                    previous: Ok(Default::default()),
                    results: Err("no value supplied for results".to_string()),
                }
            }
        }
        impl VersionList {
            pub fn count<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.count =
                    value.try_into().map_err(|e| format!("error converting supplied value for count: {e}"));
                self
            }
            pub fn next<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.next =
                    value.try_into().map_err(|e| format!("error converting supplied value for next: {e}"));
                self
            }
            pub fn previous<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.previous = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for previous: {e}"));
                self
            }
            pub fn results<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Version>>,
                T::Error: ::std::fmt::Display,
            {
                self.results =
                    value.try_into().map_err(|e| format!("error converting supplied value for results: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<VersionList> for super::VersionList {
            type Error = super::error::ConversionError;
            fn try_from(value: VersionList) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    count: value.count?,
                    next: value.next?,
                    previous: value.previous?,
                    results: value.results?,
                })
            }
        }
        impl ::std::convert::From<super::VersionList> for VersionList {
            fn from(value: super::VersionList) -> Self {
                Self {
                    count: Ok(value.count),
                    next: Ok(value.next),
                    previous: Ok(value.previous),
                    results: Ok(value.results),
                }
            }
        }
        #[derive(Clone, Debug)]
        pub struct WriteQueue {
            capacity: ::std::result::Result<u64, ::std::string::String>,
            depth: ::std::result::Result<u64, ::std::string::String>,
            refused: ::std::result::Result<u64, ::std::string::String>,
        }
        impl ::std::default::Default for WriteQueue {
            fn default() -> Self {
                Self {
                    capacity: Err("no value supplied for capacity".to_string()),
                    depth: Err("no value supplied for depth".to_string()),
                    refused: Err("no value supplied for refused".to_string()),
                }
            }
        }
        impl WriteQueue {
            pub fn capacity<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.capacity = value
                    .try_into()
                    .map_err(|e| format!("error converting supplied value for capacity: {e}"));
                self
            }
            pub fn depth<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.depth =
                    value.try_into().map_err(|e| format!("error converting supplied value for depth: {e}"));
                self
            }
            pub fn refused<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u64>,
                T::Error: ::std::fmt::Display,
            {
                self.refused =
                    value.try_into().map_err(|e| format!("error converting supplied value for refused: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<WriteQueue> for super::WriteQueue {
            type Error = super::error::ConversionError;
            fn try_from(value: WriteQueue) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self { capacity: value.capacity?, depth: value.depth?, refused: value.refused? })
            }
        }
        impl ::std::convert::From<super::WriteQueue> for WriteQueue {
            fn from(value: super::WriteQueue) -> Self {
                Self { capacity: Ok(value.capacity), depth: Ok(value.depth), refused: Ok(value.refused) }
            }
        }
        #[derive(Clone, Debug)]
        pub struct WriteResult {
            code: ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            current: ::std::result::Result<::std::option::Option<::serde_json::Value>, ::std::string::String>,
            detail:
                ::std::result::Result<::std::option::Option<::std::string::String>, ::std::string::String>,
            errors: ::std::result::Result<::std::vec::Vec<super::Fault>, ::std::string::String>,
            ignored: ::std::result::Result<::std::option::Option<bool>, ::std::string::String>,
            key: ::std::result::Result<::std::option::Option<::serde_json::Value>, ::std::string::String>,
            status: ::std::result::Result<u16, ::std::string::String>,
            version: ::std::result::Result<::std::option::Option<i32>, ::std::string::String>,
        }
        impl ::std::default::Default for WriteResult {
            fn default() -> Self {
                Self {
                    code: Ok(Default::default()),
                    current: Ok(Default::default()),
                    detail: Ok(Default::default()),
                    errors: Ok(Default::default()),
                    ignored: Ok(Default::default()),
                    key: Ok(Default::default()),
                    status: Err("no value supplied for status".to_string()),
                    version: Ok(Default::default()),
                }
            }
        }
        impl WriteResult {
            pub fn code<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.code =
                    value.try_into().map_err(|e| format!("error converting supplied value for code: {e}"));
                self
            }
            pub fn current<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.current =
                    value.try_into().map_err(|e| format!("error converting supplied value for current: {e}"));
                self
            }
            pub fn detail<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::std::string::String>>,
                T::Error: ::std::fmt::Display,
            {
                self.detail =
                    value.try_into().map_err(|e| format!("error converting supplied value for detail: {e}"));
                self
            }
            pub fn errors<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::vec::Vec<super::Fault>>,
                T::Error: ::std::fmt::Display,
            {
                self.errors =
                    value.try_into().map_err(|e| format!("error converting supplied value for errors: {e}"));
                self
            }
            pub fn ignored<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<bool>>,
                T::Error: ::std::fmt::Display,
            {
                self.ignored =
                    value.try_into().map_err(|e| format!("error converting supplied value for ignored: {e}"));
                self
            }
            pub fn key<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<::serde_json::Value>>,
                T::Error: ::std::fmt::Display,
            {
                self.key =
                    value.try_into().map_err(|e| format!("error converting supplied value for key: {e}"));
                self
            }
            pub fn status<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<u16>,
                T::Error: ::std::fmt::Display,
            {
                self.status =
                    value.try_into().map_err(|e| format!("error converting supplied value for status: {e}"));
                self
            }
            pub fn version<T>(mut self, value: T) -> Self
            where
                T: ::std::convert::TryInto<::std::option::Option<i32>>,
                T::Error: ::std::fmt::Display,
            {
                self.version =
                    value.try_into().map_err(|e| format!("error converting supplied value for version: {e}"));
                self
            }
        }
        impl ::std::convert::TryFrom<WriteResult> for super::WriteResult {
            type Error = super::error::ConversionError;
            fn try_from(value: WriteResult) -> ::std::result::Result<Self, super::error::ConversionError> {
                Ok(Self {
                    code: value.code?,
                    current: value.current?,
                    detail: value.detail?,
                    errors: value.errors?,
                    ignored: value.ignored?,
                    key: value.key?,
                    status: value.status?,
                    version: value.version?,
                })
            }
        }
        impl ::std::convert::From<super::WriteResult> for WriteResult {
            fn from(value: super::WriteResult) -> Self {
                Self {
                    code: Ok(value.code),
                    current: Ok(value.current),
                    detail: Ok(value.detail),
                    errors: Ok(value.errors),
                    ignored: Ok(value.ignored),
                    key: Ok(value.key),
                    status: Ok(value.status),
                    version: Ok(value.version),
                }
            }
        }
    }
    #[doc = " Error types."]
    pub mod error {
        #[doc = r" Error from a `TryFrom` or `FromStr` implementation."]
        pub struct ConversionError(::std::borrow::Cow<'static, str>);
        impl ::std::error::Error for ConversionError {}
        impl ::std::fmt::Display for ConversionError {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }
        impl ::std::fmt::Debug for ConversionError {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> Result<(), ::std::fmt::Error> {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
        impl From<&'static str> for ConversionError {
            fn from(value: &'static str) -> Self {
                Self(value.into())
            }
        }
        impl From<String> for ConversionError {
            fn from(value: String) -> Self {
                Self(value.into())
            }
        }
    }
}
#[derive(Clone, Debug)]
#[doc = "Client for Data-Dump\n\nThrow any data at `/` or `/throw/{source}`, in any format: the format is detected, and the data becomes rows of typed storages without any setup. Storages can also be declared, with filters, paging, optimistic locking and versioned migrations.\n\nEvery path works with and without a trailing slash. Every error is a `Problem` (RFC 9457, `application/problem+json`) whose `detail` explains what is wrong and whose `request_id` identifies the request in the server's log. Unknown query parameters are errors, except on throws, where they are data.\n\n`GET /` and `GET /throw/{source}` can be upgraded to a WebSocket: each message is a throw, and the receipts are sent in the same order. The receipt for a message `{\"id\": …, \"throw\": …}` contains its `id`.\n\n\nVersion: 0.1.0"]
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
}
impl Client {
    #[doc = r" Create a new client."]
    #[doc = r""]
    #[doc = r" `baseurl` is the base URL provided to the internal"]
    #[doc = r" `reqwest::Client`, and should include a scheme and hostname,"]
    #[doc = r" as well as port and a path stem if applicable."]
    pub fn new(baseurl: &str) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        let client = {
            let dur = ::std::time::Duration::from_secs(15u64);
            reqwest::ClientBuilder::new().connect_timeout(dur).timeout(dur)
        };
        #[cfg(target_arch = "wasm32")]
        let client = reqwest::ClientBuilder::new();
        Self::new_with_client(baseurl, client.build().unwrap())
    }
    #[doc = r" Construct a new client with an existing `reqwest::Client`,"]
    #[doc = r" allowing more control over its configuration."]
    #[doc = r""]
    #[doc = r" `baseurl` is the base URL provided to the internal"]
    #[doc = r" `reqwest::Client`, and should include a scheme and hostname,"]
    #[doc = r" as well as port and a path stem if applicable."]
    pub fn new_with_client(baseurl: &str, client: reqwest::Client) -> Self {
        Self { baseurl: baseurl.to_string(), client }
    }
}
impl ClientInfo<()> for Client {
    fn api_version() -> &'static str {
        "0.1.0"
    }
    fn baseurl(&self) -> &str {
        self.baseurl.as_str()
    }
    fn client(&self) -> &reqwest::Client {
        &self.client
    }
    fn inner(&self) -> &() {
        &()
    }
}
impl ClientHooks<()> for &Client {}
impl Client {
    #[doc = "Throw the query parameters at the source `inbox`: `/?speed=1.75`\n\nAll query parameters are fields of the record. A client that accepts HTML gets the start page instead.\n\nSends a `GET` request to `/`\n\n```text\nlet response = client.throw_arguments()\n    .send()\n    .await;\n```"]
    pub fn throw_arguments(&self) -> builder::ThrowArguments<'_> {
        builder::ThrowArguments::new(self)
    }
    #[doc = "Throw data at the source `inbox`, like `POST`\n\nSends a `PUT` request to `/`\n\nArguments:\n- `ack`: `accepted`: answer 202 before the throw is committed.\n- `format`: Format to parse the body as; detected if omitted.\n- `stream`: `1`: a body of any length in a line-based format, committed chunk by chunk.\n- `strict`: `1`: if any record has an error, store nothing and answer 422.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The data.\n```text\nlet response = client.throw_put()\n    .ack(ack)\n    .format(format)\n    .stream(stream)\n    .strict(strict)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn throw_put(&self) -> builder::ThrowPut<'_> {
        builder::ThrowPut::new(self)
    }
    #[doc = "Throw data at the source `inbox`\n\nAccepts any body, with or without a content type, and uncompressed or compressed with gzip, deflate,\nbr or zstd. The format is detected. All other query parameters are stored with the throw; if the body\nis empty, they are the record.\n\nSends a `POST` request to `/`\n\nArguments:\n- `ack`: `accepted`: answer 202 before the throw is committed.\n- `format`: Format to parse the body as; detected if omitted.\n- `stream`: `1`: a body of any length in a line-based format, committed chunk by chunk.\n- `strict`: `1`: if any record has an error, store nothing and answer 422.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The data.\n```text\nlet response = client.throw()\n    .ack(ack)\n    .format(format)\n    .stream(stream)\n    .strict(strict)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn throw(&self) -> builder::Throw<'_> {
        builder::Throw::new(self)
    }
    #[doc = "Throw the query parameters at a source: `/throw/car?speed=1.75`\n\nAll query parameters are fields of the record.\n\nSends a `GET` request to `/throw/{source}`\n\nArguments:\n- `source`: Name of the source.\n```text\nlet response = client.throw_arguments_at()\n    .source(source)\n    .send()\n    .await;\n```"]
    pub fn throw_arguments_at(&self) -> builder::ThrowArgumentsAt<'_> {
        builder::ThrowArgumentsAt::new(self)
    }
    #[doc = "Throw data at a source, like `POST`\n\nSends a `PUT` request to `/throw/{source}`\n\nArguments:\n- `source`: Name of the source.\n- `ack`: `accepted`: answer 202 before the throw is committed.\n- `format`: Format to parse the body as; detected if omitted.\n- `stream`: `1`: a body of any length in a line-based format, committed chunk by chunk.\n- `strict`: `1`: if any record has an error, store nothing and answer 422.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The data.\n```text\nlet response = client.throw_put_at()\n    .source(source)\n    .ack(ack)\n    .format(format)\n    .stream(stream)\n    .strict(strict)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn throw_put_at(&self) -> builder::ThrowPutAt<'_> {
        builder::ThrowPutAt::new(self)
    }
    #[doc = "Throw data at a source, which is created by its first throw\n\nAccepts any body, with or without a content type, and uncompressed or compressed with gzip, deflate,\nbr or zstd. The format is detected. All other query parameters are stored with the throw; if the body\nis empty, they are the record.\n\nSends a `POST` request to `/throw/{source}`\n\nArguments:\n- `source`: Name of the source.\n- `ack`: `accepted`: answer 202 before the throw is committed.\n- `format`: Format to parse the body as; detected if omitted.\n- `stream`: `1`: a body of any length in a line-based format, committed chunk by chunk.\n- `strict`: `1`: if any record has an error, store nothing and answer 422.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The data.\n```text\nlet response = client.throw_at()\n    .source(source)\n    .ack(ack)\n    .format(format)\n    .stream(stream)\n    .strict(strict)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn throw_at(&self) -> builder::ThrowAt<'_> {
        builder::ThrowAt::new(self)
    }
    #[doc = "List the last throws of all sources, newest first\n\nThis server remembers the last throws it received, at most 500 of them, until it is stopped. Streams and imports\nare not among them.\n\nSends a `GET` request to `/api/v1/throw`\n\nArguments:\n- `before`: ID of a throw: only older ones are listed. Empty once the throw itself is no longer remembered.\n- `format`: Name of a format.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `outcome`: `stored`, `quarantined` (at least a part of it) or `refused`.\n- `q`: Text that the body, the path or the name of the source contains, in upper or lower case.\n- `source`: Name of a source; `_hub` for pushes to the hub.\n```text\nlet response = client.list_recent_throws()\n    .before(before)\n    .format(format)\n    .limit(limit)\n    .outcome(outcome)\n    .q(q)\n    .source(source)\n    .send()\n    .await;\n```"]
    pub fn list_recent_throws(&self) -> builder::ListRecentThrows<'_> {
        builder::ListRecentThrows::new(self)
    }
    #[doc = "Get a recent throw with its records and what became of them\n\nThe records are read once more from the kept bytes. The keys are those of the rows as they were stored.\n\nSends a `GET` request to `/api/v1/throw/{id}`\n\nArguments:\n- `id`: ID of the throw.\n```text\nlet response = client.get_recent_throw()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn get_recent_throw(&self) -> builder::GetRecentThrow<'_> {
        builder::GetRecentThrow::new(self)
    }
    #[doc = "List sources\n\nSends a `GET` request to `/api/v1/source`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_sources()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_sources(&self) -> builder::ListSources<'_> {
        builder::ListSources::new(self)
    }
    #[doc = "Get a source\n\nSends a `GET` request to `/api/v1/source/{source}`\n\nArguments:\n- `source`: Name of the source.\n```text\nlet response = client.get_source()\n    .source(source)\n    .send()\n    .await;\n```"]
    pub fn get_source(&self) -> builder::GetSource<'_> {
        builder::GetSource::new(self)
    }
    #[doc = "Create a source, or replace all its settings\n\nSends a `PUT` request to `/api/v1/source/{source}`\n\nArguments:\n- `source`: Name of the source.\n- `if_match`: Quoted version the settings must have, or `*` if the source must exist.\n- `if_none_match`: `*`: the source must not exist.\n- `body`: The settings; omitted ones get their defaults.\n```text\nlet response = client.set_source()\n    .source(source)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn set_source(&self) -> builder::SetSource<'_> {
        builder::SetSource::new(self)
    }
    #[doc = "Remove a source\n\nIts rows are kept. The next throw creates the source again.\n\nSends a `DELETE` request to `/api/v1/source/{source}`\n\nArguments:\n- `source`: Name of the source.\n- `if_match`: Quoted version the settings must have.\n```text\nlet response = client.remove_source()\n    .source(source)\n    .if_match(if_match)\n    .send()\n    .await;\n```"]
    pub fn remove_source(&self) -> builder::RemoveSource<'_> {
        builder::RemoveSource::new(self)
    }
    #[doc = "Change some settings of a source (JSON merge patch, RFC 7396)\n\nSends a `PATCH` request to `/api/v1/source/{source}`\n\nArguments:\n- `source`: Name of the source.\n- `if_match`: Quoted version the settings must have.\n- `body`: The settings to change.\n```text\nlet response = client.patch_source()\n    .source(source)\n    .if_match(if_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_source(&self) -> builder::PatchSource<'_> {
        builder::PatchSource::new(self)
    }
    #[doc = "List recent throws at a source, newest first\n\nAll that this server remembers, as it received them; `/api/v1/throw/` lists those of all sources.\n\nSends a `GET` request to `/api/v1/source/{source}/recent`\n\nArguments:\n- `source`: Name of the source.\n```text\nlet response = client.recent_throws()\n    .source(source)\n    .send()\n    .await;\n```"]
    pub fn recent_throws(&self) -> builder::RecentThrows<'_> {
        builder::RecentThrows::new(self)
    }
    #[doc = "List processors\n\nBuilt-in ones, native ones compiled into this server, and programs.\n\nSends a `GET` request to `/api/v1/processor`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_processors()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_processors(&self) -> builder::ListProcessors<'_> {
        builder::ListProcessors::new(self)
    }
    #[doc = "Create a program, or a new version of it\n\nThe program is compiled first, and only stored if that succeeds.\n\nSends a `POST` request to `/api/v1/processor`\n\nArguments:\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `name`, `program` (VRL) and `takes`: `record` (default) or `throw`.\n```text\nlet response = client.create_processor()\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn create_processor(&self) -> builder::CreateProcessor<'_> {
        builder::CreateProcessor::new(self)
    }
    #[doc = "Simulate throws without storing anything\n\nReturns what each step of the processing would produce.\n\nSends a `POST` request to `/api/v1/processor/simulate`\n\nArguments:\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `throws`: samples with `body` or `body_base64`, `content_type` and `args`; and how to process\nthem: `source`, `format`, `processor` or `program` with `takes`, `routes`, `unrouted`.\n```text\nlet response = client.simulate()\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn simulate(&self) -> builder::Simulate<'_> {
        builder::Simulate::new(self)
    }
    #[doc = "Get a processor\n\nSends a `GET` request to `/api/v1/processor/{name}`\n\nArguments:\n- `name`: Name of the processor.\n```text\nlet response = client.get_processor()\n    .name(name)\n    .send()\n    .await;\n```"]
    pub fn get_processor(&self) -> builder::GetProcessor<'_> {
        builder::GetProcessor::new(self)
    }
    #[doc = "Create the program of this name, or a new version of it\n\nSends a `PUT` request to `/api/v1/processor/{name}`\n\nArguments:\n- `name`: Name of the processor.\n- `body`: `program` (VRL) and `takes`: `record` (default) or `throw`.\n```text\nlet response = client.set_processor()\n    .name(name)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn set_processor(&self) -> builder::SetProcessor<'_> {
        builder::SetProcessor::new(self)
    }
    #[doc = "Delete a program with all its versions\n\nA program that a source uses cannot be deleted.\n\nSends a `DELETE` request to `/api/v1/processor/{name}`\n\nArguments:\n- `name`: Name of the processor.\n```text\nlet response = client.remove_processor()\n    .name(name)\n    .send()\n    .await;\n```"]
    pub fn remove_processor(&self) -> builder::RemoveProcessor<'_> {
        builder::RemoveProcessor::new(self)
    }
    #[doc = "List the versions of a program, oldest first\n\nSends a `GET` request to `/api/v1/processor/{name}/versions`\n\nArguments:\n- `name`: Name of the processor.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_processor_versions()\n    .name(name)\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_processor_versions(&self) -> builder::ListProcessorVersions<'_> {
        builder::ListProcessorVersions::new(self)
    }
    #[doc = "List quarantine entries, newest first\n\nEvery field of an entry can be used as a filter, like the fields of rows: `source=inbox`,\n`state=waiting`, `code=null`, `received_at__gt=…`.\n\nSends a `GET` request to `/api/v1/quarantine`\n\nArguments:\n- `count`: How to count all results: `exact`, `estimated` or `none`.\n- `cursor`: Use cursor paging instead of `offset`: empty for the first page, then the value from `next`.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n- `ordering`: Field names to sort by, separated by commas; `-` before a name sorts in descending order.\n- `source`: Name of the source.\n- `state`: `waiting` or `replayed`.\n```text\nlet response = client.list_quarantine()\n    .count(count)\n    .cursor(cursor)\n    .limit(limit)\n    .offset(offset)\n    .ordering(ordering)\n    .source(source)\n    .state(state)\n    .send()\n    .await;\n```"]
    pub fn list_quarantine(&self) -> builder::ListQuarantine<'_> {
        builder::ListQuarantine::new(self)
    }
    #[doc = "Count quarantine entries by source, step, code and field\n\nTakes the filters of the list. `limit` is the maximum number of groups.\n\nSends a `GET` request to `/api/v1/quarantine/summary`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `source`: Name of the source.\n- `state`: `waiting` or `replayed`.\n```text\nlet response = client.summarize_quarantine()\n    .limit(limit)\n    .source(source)\n    .state(state)\n    .send()\n    .await;\n```"]
    pub fn summarize_quarantine(&self) -> builder::SummarizeQuarantine<'_> {
        builder::SummarizeQuarantine::new(self)
    }
    #[doc = "Get a quarantine entry with its original bytes\n\nThe bytes are returned as base64 in `raw` and, if they are text, in `text`.\n\nSends a `GET` request to `/api/v1/quarantine/{id}`\n\nArguments:\n- `id`: ID of the entry.\n- `raw`: `1`: return only the original bytes.\n```text\nlet response = client.get_quarantined()\n    .id(id)\n    .raw(raw)\n    .send()\n    .await;\n```"]
    pub fn get_quarantined(&self) -> builder::GetQuarantined<'_> {
        builder::GetQuarantined::new(self)
    }
    #[doc = "Discard a quarantine entry and its original bytes\n\nSends a `DELETE` request to `/api/v1/quarantine/{id}`\n\nArguments:\n- `id`: ID of the entry.\n```text\nlet response = client.discard_quarantined()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn discard_quarantined(&self) -> builder::DiscardQuarantined<'_> {
        builder::DiscardQuarantined::new(self)
    }
    #[doc = "Replay a quarantine entry\n\nThe entry is processed again, and its records are stored once. Rows that were written after the entry was\nreceived are kept, and the entry counts as `superseded`, unless `overwrite` is set.\n\nSends a `POST` request to `/api/v1/quarantine/{id}/replay`\n\nArguments:\n- `id`: ID of the entry.\n- `overwrite`: `1`: overwrite rows that were written after the entry was received, like `overwrite` in the body.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `dry_run`, `overwrite`, `body` or `body_base64` to use instead of the entry's, and `program` and\n`takes` to use instead of the source's; all are optional.\n```text\nlet response = client.replay_quarantined()\n    .id(id)\n    .overwrite(overwrite)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn replay_quarantined(&self) -> builder::ReplayQuarantined<'_> {
        builder::ReplayQuarantined::new(self)
    }
    #[doc = "Replay all matching quarantine entries\n\nThe entries are processed again, oldest first, and their records are stored once. Rows that were written\nafter an entry was received are kept, and the entry counts as `superseded`, unless `overwrite` is set.\nAnswers 200 if the replay ends within two seconds, otherwise 202; `/api/v1/replay/{id}/` then shows the\nprogress.\n\nSends a `POST` request to `/api/v1/quarantine/replay`\n\nArguments:\n- `overwrite`: `1`: overwrite rows that were written after the entry was received, like `overwrite` in the body.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `filters` (as in the list, by name), `dry_run`, `overwrite`, `program` and `takes` to use instead of the\nsource's, and `kept` to replay kept throws instead of quarantine entries; all are optional.\n```text\nlet response = client.replay()\n    .overwrite(overwrite)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn replay(&self) -> builder::Replay<'_> {
        builder::Replay::new(self)
    }
    #[doc = "List running and recent replays, newest first\n\nSends a `GET` request to `/api/v1/replay`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_replays()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_replays(&self) -> builder::ListReplays<'_> {
        builder::ListReplays::new(self)
    }
    #[doc = "Get the progress or outcome of a replay\n\nSends a `GET` request to `/api/v1/replay/{id}`\n\nArguments:\n- `id`: ID of the replay.\n```text\nlet response = client.get_replay()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn get_replay(&self) -> builder::GetReplay<'_> {
        builder::GetReplay::new(self)
    }
    #[doc = "Stop a replay after the entries in progress\n\nThe rows it has stored are kept.\n\nSends a `DELETE` request to `/api/v1/replay/{id}`\n\nArguments:\n- `id`: ID of the replay.\n```text\nlet response = client.stop_replay()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn stop_replay(&self) -> builder::StopReplay<'_> {
        builder::StopReplay::new(self)
    }
    #[doc = "List storages\n\nSends a `GET` request to `/api/v1/factory/storage`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_storages()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_storages(&self) -> builder::ListStorages<'_> {
        builder::ListStorages::new(self)
    }
    #[doc = "Declare a storage, or a new version of it\n\nThe version is recorded before the response is sent and applied in the background; `ready_status`\nshows the progress. A new version requires the whole definition. Only additive changes are applied,\nunless `allow` names a higher class and `plan` is the hash of a current plan.\n\nSends a `POST` request to `/api/v1/factory/storage`\n\nArguments:\n- `allow`: Highest class of changes to apply: `additive`, `widening`, `data-dependent`, `breaking` or `destructive`.\n- `plan`: `plan_hash` of the plan for these changes.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The definition: `name`, `key`, `fields` and `meta`, as described in the guide.\n```text\nlet response = client.declare_storage()\n    .allow(allow)\n    .plan(plan)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn declare_storage(&self) -> builder::DeclareStorage<'_> {
        builder::DeclareStorage::new(self)
    }
    #[doc = "Get a storage\n\nSends a `GET` request to `/api/v1/factory/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n```text\nlet response = client.get_storage()\n    .name(name)\n    .send()\n    .await;\n```"]
    pub fn get_storage(&self) -> builder::GetStorage<'_> {
        builder::GetStorage::new(self)
    }
    #[doc = "Remove a storage with all its rows\n\nSends a `DELETE` request to `/api/v1/factory/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n- `confirm`: Name of the storage, repeated.\n```text\nlet response = client.remove_storage()\n    .name(name)\n    .confirm(confirm)\n    .send()\n    .await;\n```"]
    pub fn remove_storage(&self) -> builder::RemoveStorage<'_> {
        builder::RemoveStorage::new(self)
    }
    #[doc = "List the versions of a storage\n\nSends a `GET` request to `/api/v1/factory/storage/{name}/versions`\n\nArguments:\n- `name`: Name of the storage.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_versions()\n    .name(name)\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_versions(&self) -> builder::ListVersions<'_> {
        builder::ListVersions::new(self)
    }
    #[doc = "Plan a definition without declaring it\n\nSends a `POST` request to `/api/v1/factory/storage/{name}/plan`\n\nArguments:\n- `name`: Name of the storage, which need not exist.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The definition; its `name` is optional.\n```text\nlet response = client.plan_storage()\n    .name(name)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn plan_storage(&self) -> builder::PlanStorage<'_> {
        builder::PlanStorage::new(self)
    }
    #[doc = "Get migration progress\n\nSends a `GET` request to `/api/v1/factory/ready_status/{name}`\n\nArguments:\n- `name`: Name of the storage.\n```text\nlet response = client.ready_status()\n    .name(name)\n    .send()\n    .await;\n```"]
    pub fn ready_status(&self) -> builder::ReadyStatus<'_> {
        builder::ReadyStatus::new(self)
    }
    #[doc = "List rows, most recently updated first\n\nEvery field can be used as a filter: `field=value`, or `field__op=value`, where `op` is one of `eq`,\n`ne`, `lt`, `lte`, `gt`, `gte`, `in`, `nin`, `between`, `contains`, `icontains`, `startswith`,\n`endswith` and `isnull`. Repeated filters must all match, except that repeated `in` and `nin` are one list.\n\nWith `Accept: text/csv` or `application/x-ndjson`, the response is the rows of the page in that format, with the\nlinks in a `Link` header.\n\nSends a `GET` request to `/api/v1/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n- `count`: How to count all results: `exact`, `estimated` or `none`.\n- `cursor`: Use cursor paging instead of `offset`: empty for the first page, then the value from `next`.\n- `fields`: Fields to return, separated by commas.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n- `ordering`: Field names to sort by, separated by commas; `-` before a name sorts in descending order.\n- `where_`: Filter as JSON: `{\"or\":[{\"age\":{\"lt\":18}},{\"color\":{\"in\":[\"red\"]}}]}`.\n```text\nlet response = client.list_rows()\n    .name(name)\n    .count(count)\n    .cursor(cursor)\n    .fields(fields)\n    .limit(limit)\n    .offset(offset)\n    .ordering(ordering)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn list_rows(&self) -> builder::ListRows<'_> {
        builder::ListRows::new(self)
    }
    #[doc = "Insert a row, or change the row with the same key\n\nOf an existing row only the fields that are sent change. A new row gets the defaults of the fields that\nare omitted; 400 if one of them is required. A `version` in the row is the version it is expected to\nhave: 409 if it has another.\n\nSends a `POST` request to `/api/v1/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `if_match`: Quoted version the row must have, or `*` if any row with this key must exist.\n- `if_none_match`: `*`: the row must not exist.\n- `body`: The row.\n```text\nlet response = client.save_row()\n    .name(name)\n    .idempotency_key(idempotency_key)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn save_row(&self) -> builder::SaveRow<'_> {
        builder::SaveRow::new(self)
    }
    #[doc = "Delete all rows that match\n\nTakes the filters of the list.\n\nSends a `DELETE` request to `/api/v1/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n- `all`: `1`: all rows of the storage, instead of filters.\n- `dry_run`: `1`: answers the same, but stores nothing.\n- `max_affected`: Maximum number of rows, 1 to 100000, which must be given: 409 if more rows match, and none is changed.\n- `where_`: Filter as JSON.\n```text\nlet response = client.delete_rows()\n    .name(name)\n    .all(all)\n    .dry_run(dry_run)\n    .max_affected(max_affected)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn delete_rows(&self) -> builder::DeleteRows<'_> {
        builder::DeleteRows::new(self)
    }
    #[doc = "Change all rows that match (JSON merge patch, RFC 7396)\n\nTakes the filters of the list. All rows are changed at once, or none if one of them would not be valid.\n\nSends a `PATCH` request to `/api/v1/storage/{name}`\n\nArguments:\n- `name`: Name of the storage.\n- `all`: `1`: all rows of the storage, instead of filters.\n- `dry_run`: `1`: answers the same, but stores nothing.\n- `max_affected`: Maximum number of rows, 1 to 100000, which must be given: 409 if more rows match, and none is changed.\n- `where_`: Filter as JSON.\n- `body`: The fields to change.\n```text\nlet response = client.patch_rows()\n    .name(name)\n    .all(all)\n    .dry_run(dry_run)\n    .max_affected(max_affected)\n    .where_(where_)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_rows(&self) -> builder::PatchRows<'_> {
        builder::PatchRows::new(self)
    }
    #[doc = "Get a row\n\nSends a `GET` request to `/api/v1/storage/{name}/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_none_match`: Quoted versions the client has cached: 304 if the row has one of them.\n```text\nlet response = client.get_row()\n    .name(name)\n    .key(key)\n    .if_none_match(if_none_match)\n    .send()\n    .await;\n```"]
    pub fn get_row(&self) -> builder::GetRow<'_> {
        builder::GetRow::new(self)
    }
    #[doc = "Insert or replace the row with this key\n\nFields that are omitted get their defaults.\n\nSends a `PUT` request to `/api/v1/storage/{name}/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_match`: Quoted version the row must have, or `*` if any row with this key must exist.\n- `if_none_match`: `*`: the row must not exist.\n- `body`: The row; its key is optional.\n```text\nlet response = client.replace_row()\n    .name(name)\n    .key(key)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn replace_row(&self) -> builder::ReplaceRow<'_> {
        builder::ReplaceRow::new(self)
    }
    #[doc = "Delete a row\n\nSends a `DELETE` request to `/api/v1/storage/{name}/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `version`: Expected version of the row; 409 if it has another.\n- `if_match`: Quoted version the row must have.\n```text\nlet response = client.delete_row()\n    .name(name)\n    .key(key)\n    .version(version)\n    .if_match(if_match)\n    .send()\n    .await;\n```"]
    pub fn delete_row(&self) -> builder::DeleteRow<'_> {
        builder::DeleteRow::new(self)
    }
    #[doc = "Change some fields of a row (JSON merge patch, RFC 7396)\n\nSends a `PATCH` request to `/api/v1/storage/{name}/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_match`: Quoted version the row must have.\n- `if_none_match`: Always fails, because only an existing row can be changed.\n- `body`: The fields to change.\n```text\nlet response = client.patch_row()\n    .name(name)\n    .key(key)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_row(&self) -> builder::PatchRow<'_> {
        builder::PatchRow::new(self)
    }
    #[doc = "Save many rows\n\nEach row is inserted, or merged into the row with its key, as if it were sent alone; a later row sees what the\nearlier ones have stored. All rows become visible at once. A row that fails does not affect the others, unless\nthe request is `atomic`: then nothing is stored, and the response is 400 or 409 with the first 100 failures in `errors`.\nAt most 10,000 rows.\n\nSends a `POST` request to `/api/v1/storage/{name}/bulk`\n\nArguments:\n- `name`: Name of the storage.\n- `atomic`: `1`: if a row fails, none is stored.\n- `dry_run`: `1`: answers the same, but stores nothing.\n- `on_conflict`: What to do with a row whose key exists: `merge` changes the fields that are sent (default), `replace` replaces the whole row, `ignore` leaves it as it is, `error` fails.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: A JSON array of rows, or one row per line (NDJSON).\n```text\nlet response = client.save_rows()\n    .name(name)\n    .atomic(atomic)\n    .dry_run(dry_run)\n    .on_conflict(on_conflict)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn save_rows(&self) -> builder::SaveRows<'_> {
        builder::SaveRows::new(self)
    }
    #[doc = "Query rows with a filter of any depth\n\nTakes the parameters of the list as JSON. To get the next page, send the same query with the `next` of the\nresponse as `cursor`.\n\nSends a `POST` request to `/api/v1/storage/{name}/query`\n\nArguments:\n- `name`: Name of the storage.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `where`, `fields`, `ordering`, `limit`, `cursor` and `count`; all are optional.\n```text\nlet response = client.query_rows()\n    .name(name)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn query_rows(&self) -> builder::QueryRows<'_> {
        builder::QueryRows::new(self)
    }
    #[doc = "Count the values of a field\n\nThe most frequent value comes first. Only if a storage has more than 100,000 rows, the field is indexed, there are\nno filters, and there are more values than `limit`, the smallest values are returned instead, in ascending order\n(`ordering` is `value`). Takes the filters of the list.\n\nSends a `GET` request to `/api/v1/storage/{name}/values`\n\nArguments:\n- `name`: Name of the storage.\n- `field`: Field whose values are counted.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `where_`: Filter as JSON.\n```text\nlet response = client.list_values()\n    .name(name)\n    .field(field)\n    .limit(limit)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn list_values(&self) -> builder::ListValues<'_> {
        builder::ListValues::new(self)
    }
    #[doc = "Aggregate rows\n\nComputes functions of all rows, or of each group of them. All other parameters are filters, as in the list.\n\nSends a `GET` request to `/api/v1/storage/{name}/aggregate`\n\nArguments:\n- `name`: Name of the storage.\n- `agg`: Functions, separated by commas: `count`, and of a field `count(x)`, `count_distinct(x)`, `sum(x)`, `avg(x)`, `min(x)`, `max(x)`, `first(x)`, `last(x)`, `stddev(x)`, and percentiles from `p1(x)` to `p99(x)`. `avg(x):mean` names the result `mean`. Default: `count`.\n- `fill`: Results for buckets without rows: `none` (default), `null`, `zero` or `previous`.\n- `group_by`: Fields, paths into JSON such as `data.kind`, and buckets of time such as `bucket(created_at,1h)`, with the units `s`, `m`, `h`, `d`, `w`, `mo`, `q` and `y`; separated by commas.\n- `having`: Condition on the results as JSON, by their names.\n- `limit`: Maximum number of groups, 1 to 100000 (default 1000).\n- `ordering`: Names of results to sort by, separated by commas; `-` before a name sorts in descending order. Default: by group.\n- `time`: Field by which `first` and `last` choose (default: that of the bucket, else `created_at`).\n- `tz`: Time zone of buckets, such as `Europe/Berlin` (default UTC).\n- `where_`: Filter as JSON.\n```text\nlet response = client.aggregate_rows()\n    .name(name)\n    .agg(agg)\n    .fill(fill)\n    .group_by(group_by)\n    .having(having)\n    .limit(limit)\n    .ordering(ordering)\n    .time(time)\n    .tz(tz)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn aggregate_rows(&self) -> builder::AggregateRows<'_> {
        builder::AggregateRows::new(self)
    }
    #[doc = "Aggregate rows with a filter of any depth\n\nSends a `POST` request to `/api/v1/storage/{name}/aggregate`\n\nArguments:\n- `name`: Name of the storage.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `agg`, `group_by`, `tz`, `where`, `having`, `ordering`, `limit`, `fill` and `time`; all are optional.\n```text\nlet response = client.find_aggregates()\n    .name(name)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn find_aggregates(&self) -> builder::FindAggregates<'_> {
        builder::FindAggregates::new(self)
    }
    #[doc = "Read values over time, for a chart\n\nReturns the rows as points if they are few, otherwise one point for each bucket of time. All other parameters\nare filters, as in the list.\n\nSends a `GET` request to `/api/v1/storage/{name}/series`\n\nArguments:\n- `name`: Name of the storage.\n- `field`: Fields or paths into JSON, separated by commas.\n- `from`: Start of the time, such as `2026-11-29T00:00:00Z` or `now-1h`. Default: the first row.\n- `group_by`: Fields whose values make separate series.\n- `points`: Number of points that suffice, 1 to 10000 (default 500). If a series has more rows, it consists of buckets.\n- `time`: Field with the time of a row. Default: the first timestamp with an index, else `created_at`.\n- `to`: End of the time, such as `now`. Default: the last row.\n- `tz`: Time zone of days and longer buckets (default UTC).\n- `where_`: Filter as JSON.\n```text\nlet response = client.read_series()\n    .name(name)\n    .field(field)\n    .from(from)\n    .group_by(group_by)\n    .points(points)\n    .time(time)\n    .to(to)\n    .tz(tz)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn read_series(&self) -> builder::ReadSeries<'_> {
        builder::ReadSeries::new(self)
    }
    #[doc = "Read values over time of several storages\n\nA query that fails has an `error`, and the others their results. All together take at most 30 seconds and return at\nmost 200,000 points; queries that are beyond this have an `error`.\n\nSends a `POST` request to `/api/v1/series`\n\nArguments:\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `series`: a list of queries, each with `storage` and `field`, and optional `id`, `time`, `from`, `to`,\n`points`, `group_by`, `tz` and `where`. `from`, `to`, `points` and `tz` beside the list apply to all queries\nthat have none.\n```text\nlet response = client.find_series()\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn find_series(&self) -> builder::FindSeries<'_> {
        builder::FindSeries::new(self)
    }
    #[doc = "List the changes of a storage in commit order\n\nFor programs that copy a storage. Begin with `next` of the previous page as `after`. Answers 410 if the\nchanges after a position are no longer kept: read the rows anew.\n\nSends a `GET` request to `/api/v1/storage/{name}/changes`\n\nArguments:\n- `name`: Name of the storage.\n- `after`: Position after which to begin: the `next` of the previous page, or the id of an event of a stream. `now` begins at the end. Default: the oldest change that is kept.\n- `limit`: Maximum number of changes, 1 to 1000 (default 100).\n- `wait`: If there are no changes, wait up to this many seconds for one (at most 30).\n```text\nlet response = client.list_changes()\n    .name(name)\n    .after(after)\n    .limit(limit)\n    .wait(wait)\n    .send()\n    .await;\n```"]
    pub fn list_changes(&self) -> builder::ListChanges<'_> {
        builder::ListChanges::new(self)
    }
    #[doc = "Get a row with any key\n\nSends a `GET` request to `/api/v1/storage/{name}/key/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_none_match`: Quoted versions the client has cached: 304 if the row has one of them.\n```text\nlet response = client.get_row_by_key()\n    .name(name)\n    .key(key)\n    .if_none_match(if_none_match)\n    .send()\n    .await;\n```"]
    pub fn get_row_by_key(&self) -> builder::GetRowByKey<'_> {
        builder::GetRowByKey::new(self)
    }
    #[doc = "Insert or replace the row with this key, whatever it is\n\nSends a `PUT` request to `/api/v1/storage/{name}/key/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_match`: Quoted version the row must have, or `*` if any row with this key must exist.\n- `if_none_match`: `*`: the row must not exist.\n- `body`: The row; its key is optional.\n```text\nlet response = client.replace_row_by_key()\n    .name(name)\n    .key(key)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn replace_row_by_key(&self) -> builder::ReplaceRowByKey<'_> {
        builder::ReplaceRowByKey::new(self)
    }
    #[doc = "Delete a row with any key\n\nSends a `DELETE` request to `/api/v1/storage/{name}/key/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `version`: Expected version of the row; 409 if it has another.\n- `if_match`: Quoted version the row must have.\n```text\nlet response = client.delete_row_by_key()\n    .name(name)\n    .key(key)\n    .version(version)\n    .if_match(if_match)\n    .send()\n    .await;\n```"]
    pub fn delete_row_by_key(&self) -> builder::DeleteRowByKey<'_> {
        builder::DeleteRowByKey::new(self)
    }
    #[doc = "Change some fields of a row with any key (JSON merge patch, RFC 7396)\n\nSends a `PATCH` request to `/api/v1/storage/{name}/key/{key}`\n\nArguments:\n- `name`: Name of the storage.\n- `key`: Key of the row.\n- `if_match`: Quoted version the row must have.\n- `if_none_match`: Always fails, because only an existing row can be changed.\n- `body`: The fields to change.\n```text\nlet response = client.patch_row_by_key()\n    .name(name)\n    .key(key)\n    .if_match(if_match)\n    .if_none_match(if_none_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_row_by_key(&self) -> builder::PatchRowByKey<'_> {
        builder::PatchRowByKey::new(self)
    }
    #[doc = "Get the API document of a storage\n\nOpenAPI 3.0: the operations on the rows of this storage, with the types of the rows and a parameter for each\nfilter. Client generators take it.\n\nSends a `GET` request to `/api/v1/storage/{name}/openapi.json`\n\nArguments:\n- `name`: Name of the storage.\n- `if_none_match`: Quoted tags of the copies that the client has: 304 if one of them is current.\n```text\nlet response = client.storage_openapi()\n    .name(name)\n    .if_none_match(if_none_match)\n    .send()\n    .await;\n```"]
    pub fn storage_openapi(&self) -> builder::StorageOpenapi<'_> {
        builder::StorageOpenapi::new(self)
    }
    #[doc = "Get the JSON Schema of a row\n\nJSON Schema 2020-12. It describes a row as it is read; `#/$defs/RowInput` is what may be sent, and\n`#/$defs/RowPatch` a patch.\n\nSends a `GET` request to `/api/v1/storage/{name}/schema.json`\n\nArguments:\n- `name`: Name of the storage.\n- `if_none_match`: Quoted tags of the copies that the client has: 304 if one of them is current.\n```text\nlet response = client.storage_schema()\n    .name(name)\n    .if_none_match(if_none_match)\n    .send()\n    .await;\n```"]
    pub fn storage_schema(&self) -> builder::StorageSchema<'_> {
        builder::StorageSchema::new(self)
    }
    #[doc = "Get the API document of all storages\n\nThe same as that of each storage, for as many of them as fit into one document.\n\nSends a `GET` request to `/api/v1/openapi.json`\n\nArguments:\n- `if_none_match`: Quoted tags of the copies that the client has: 304 if one of them is current.\n```text\nlet response = client.storages_openapi()\n    .if_none_match(if_none_match)\n    .send()\n    .await;\n```"]
    pub fn storages_openapi(&self) -> builder::StoragesOpenapi<'_> {
        builder::StoragesOpenapi::new(self)
    }
    #[doc = "Carry out operations on rows of several storages\n\n`op` is `create` (the row must be new), `save` (insert, or change the fields that are sent), `replace`, `patch`\n(RFC 7396) or `delete`. `create` and `save` have the key in the `row`; the others name it as `key`. With\n`if_version` the row must have this version. The operations take effect in order, in one transaction. If one\nfails, none takes effect, and the response is 400 or 409 with the first 100 failures in `errors`; with\n`atomic: false` each succeeds or fails by itself. At most 1,000 operations.\n\nSends a `POST` request to `/api/v1/batch`\n\nArguments:\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `operations`, a list of objects with `op`, `storage`, `key`, `row` and `if_version`; and `atomic`.\n```text\nlet response = client.run_batch()\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn run_batch(&self) -> builder::RunBatch<'_> {
        builder::RunBatch::new(self)
    }
    #[doc = "Export rows as a file: CSV, NDJSON, JSON or Parquet\n\nTakes the filters of the list. The rows are in the order of their keys unless `ordering` is given, and are read\nwhile they are sent: rows that are written meanwhile may or may not be there. If reading them fails, the\nresponse breaks off.\n\nSends a `GET` request to `/api/v1/storage/{name}/export`\n\nArguments:\n- `name`: Name of the storage.\n- `fields`: Fields to export, separated by commas.\n- `format`: `csv`, `ndjson`, `json` or `parquet`. Default: what `Accept` names, else `ndjson`.\n- `limit`: Maximum number of rows (default: no limit).\n- `ordering`: Field to sort by: the key (default), the time of the last update, or a field with an index; `-` before the name sorts in descending order.\n- `raw`: `1` leaves text in CSV as it is, even if a spreadsheet would run it as a formula.\n- `where_`: Filter as JSON.\n```text\nlet response = client.export_rows()\n    .name(name)\n    .fields(fields)\n    .format(format)\n    .limit(limit)\n    .ordering(ordering)\n    .raw(raw)\n    .where_(where_)\n    .send()\n    .await;\n```"]
    pub fn export_rows(&self) -> builder::ExportRows<'_> {
        builder::ExportRows::new(self)
    }
    #[doc = "Export rows with a filter of any depth\n\nSends a `POST` request to `/api/v1/storage/{name}/export`\n\nArguments:\n- `name`: Name of the storage.\n- `body`: `format`, `raw`, `where`, `fields`, `ordering` and `limit`; all are optional.\n```text\nlet response = client.find_export()\n    .name(name)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn find_export(&self) -> builder::FindExport<'_> {
        builder::FindExport::new(self)
    }
    #[doc = "Import a file of any length\n\nTakes CSV, TSV, NDJSON or a JSON array, uncompressed or compressed with gzip, deflate, br or zstd. It is\ncommitted chunk by chunk. A storage that does not exist is created. If the import is interrupted, send the same\nfile with `resume` or with the same idempotency key.\n\nSends a `POST` request to `/api/v1/storage/{name}/import`\n\nArguments:\n- `name`: Name of the storage.\n- `format`: `csv`, `tsv`, `ndjson` or `json`; detected if omitted.\n- `offset`: Position of the body in the file, in decompressed bytes; only with `resume`.\n- `on_conflict`: What to do with a record whose key exists: `merge` (default: change the fields it has), `replace` the row, `ignore` the record, or `error`.\n- `on_error`: What to do with a record that does not fit: `quarantine` (default), or `stop` before the chunk that has one, and answer 422.\n- `plan`: `1`: read the file to its end and return what the import would do; store nothing.\n- `raw`: `1`: in a table, an apostrophe before a formula (`'=1`) belongs to the text. Otherwise it is removed, because exports add it.\n- `resume`: ID of an import to continue with the same file and parameters: what is stored is skipped.\n- `strict`: `1`: the same as `on_error=stop`.\n- `content_range`: The part of the file that the body holds, as `bytes 1000-1999/2000`. Unless it is the last one, the lines,\nrows or items that are complete are stored, and the import stays `interrupted`.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The file.\n```text\nlet response = client.import_rows()\n    .name(name)\n    .format(format)\n    .offset(offset)\n    .on_conflict(on_conflict)\n    .on_error(on_error)\n    .plan(plan)\n    .raw(raw)\n    .resume(resume)\n    .strict(strict)\n    .content_range(content_range)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn import_rows(&self) -> builder::ImportRows<'_> {
        builder::ImportRows::new(self)
    }
    #[doc = "List running and recent imports, newest first\n\nAn import is listed for a day after its last progress.\n\nSends a `GET` request to `/api/v1/import`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_imports()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_imports(&self) -> builder::ListImports<'_> {
        builder::ListImports::new(self)
    }
    #[doc = "Get the progress or outcome of an import\n\nSends a `GET` request to `/api/v1/import/{id}`\n\nArguments:\n- `id`: ID of the import.\n```text\nlet response = client.get_import()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn get_import(&self) -> builder::GetImport<'_> {
        builder::GetImport::new(self)
    }
    #[doc = "Push readings of one or more devices\n\n`{\"device_id\": \"pico_w\", \"sensors\": {\"temperature\": 21.5, \"moisture\": 30}}`, or `{\"device_id\":\n\"pico_w\", \"sensor_type\": \"temperature\", \"value\": 21.5}`, or an array or lines of either, with a\n`timestamp` if the device has a clock. Unknown devices and sensors are registered by their first\nreading.\n\nSends a `POST` request to `/api/data`\n\nArguments:\n- `commands`: `1`: return the commands that are waiting for the device.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The readings.\n```text\nlet response = client.push()\n    .commands(commands)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn push(&self) -> builder::Push<'_> {
        builder::Push::new(self)
    }
    #[doc = "Fetch the readings of a device, newest first: `/api/fetch/device?pico_w`\n\nAn id of digits is looked up as a number first, then as a name. The array ends early before it exceeds\n32 MiB: to get the rest, add its length to `offset` until the array is empty.\n\nSends a `GET` request to `/api/fetch/device`\n\nArguments:\n- `id`: Number or name of the device; `id=` can be omitted.\n- `limit`: Maximum number of readings: 100 by default, at most 10,000.\n- `offset`: Number of results to skip.\n- `sensor`: Number or name of a sensor of the device.\n```text\nlet response = client.fetch_device()\n    .id(id)\n    .limit(limit)\n    .offset(offset)\n    .sensor(sensor)\n    .send()\n    .await;\n```"]
    pub fn fetch_device(&self) -> builder::FetchDevice<'_> {
        builder::FetchDevice::new(self)
    }
    #[doc = "Fetch the readings of a sensor, newest first: `/api/fetch/sensor?temperature`\n\nAn id of digits is looked up as a number first, then as a name. The array ends early before it exceeds\n32 MiB: to get the rest, add its length to `offset` until the array is empty.\n\nSends a `GET` request to `/api/fetch/sensor`\n\nArguments:\n- `device`: Number or name of the device.\n- `id`: Number of a sensor, or a name that selects all sensors with it; `id=` can be omitted.\n- `limit`: Maximum number of readings: 100 by default, at most 10,000.\n- `offset`: Number of results to skip.\n```text\nlet response = client.fetch_sensor()\n    .device(device)\n    .id(id)\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn fetch_sensor(&self) -> builder::FetchSensor<'_> {
        builder::FetchSensor::new(self)
    }
    #[doc = "List devices with their status, sensors and latest readings\n\n`device`, `state`, `labels`, `period_s` and `own_table` can be used as filters, like the fields of\nrows: `device__contains=pico`, `labels.room=attic`.\n\nSends a `GET` request to `/api/v1/device`\n\nArguments:\n- `count`: How to count all results: `exact`, `estimated` or `none`.\n- `cursor`: Use cursor paging instead of `offset`: empty for the first page, then the value from `next`.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n- `ordering`: Field names to sort by, separated by commas; `-` before a name sorts in descending order. Sorted by name if omitted.\n- `status`: Only devices with this status: `online`, `late`, `offline` or `never`. Can only be combined with `limit` and `offset`.\n```text\nlet response = client.list_devices()\n    .count(count)\n    .cursor(cursor)\n    .limit(limit)\n    .offset(offset)\n    .ordering(ordering)\n    .status(status)\n    .send()\n    .await;\n```"]
    pub fn list_devices(&self) -> builder::ListDevices<'_> {
        builder::ListDevices::new(self)
    }
    #[doc = "Get a device\n\nSends a `GET` request to `/api/v1/device/{id}`\n\nArguments:\n- `id`: Name or number of the device.\n```text\nlet response = client.get_device()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn get_device(&self) -> builder::GetDevice<'_> {
        builder::GetDevice::new(self)
    }
    #[doc = "Remove a device, its sensors and its waiting commands\n\nIts readings are kept.\n\nSends a `DELETE` request to `/api/v1/device/{id}`\n\nArguments:\n- `id`: Name or number of the device.\n```text\nlet response = client.remove_device()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn remove_device(&self) -> builder::RemoveDevice<'_> {
        builder::RemoveDevice::new(self)
    }
    #[doc = "Change a device\n\n`device` renames it; `labels` sets its labels; `period_s` is its expected reporting interval (null to\nlearn it); `own_table` stores its readings in a table of its own, and `move` moves earlier readings\nthere too; `state` set to `known` adopts the device.\n\nSends a `PATCH` request to `/api/v1/device/{id}`\n\nArguments:\n- `id`: Name or number of the device.\n- `if_match`: Quoted version the device must have.\n- `body`: The changes.\n```text\nlet response = client.patch_device()\n    .id(id)\n    .if_match(if_match)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_device(&self) -> builder::PatchDevice<'_> {
        builder::PatchDevice::new(self)
    }
    #[doc = "Create a token for a device, replacing any previous one\n\nFrom now on, pushing readings of the device and taking its commands require `Authorization: Bearer …`.\n\nSends a `POST` request to `/api/v1/device/{id}/token`\n\nArguments:\n- `id`: Name or number of the device.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n```text\nlet response = client.make_device_token()\n    .id(id)\n    .idempotency_key(idempotency_key)\n    .send()\n    .await;\n```"]
    pub fn make_device_token(&self) -> builder::MakeDeviceToken<'_> {
        builder::MakeDeviceToken::new(self)
    }
    #[doc = "Remove the token of a device\n\nAnyone can then push readings of the device and take its commands.\n\nSends a `DELETE` request to `/api/v1/device/{id}/token`\n\nArguments:\n- `id`: Name or number of the device.\n```text\nlet response = client.remove_device_token()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn remove_device_token(&self) -> builder::RemoveDeviceToken<'_> {
        builder::RemoveDeviceToken::new(self)
    }
    #[doc = "List the sensors of a device with their latest readings\n\nSends a `GET` request to `/api/v1/device/{id}/sensor`\n\nArguments:\n- `id`: Name or number of the device.\n```text\nlet response = client.list_sensors()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn list_sensors(&self) -> builder::ListSensors<'_> {
        builder::ListSensors::new(self)
    }
    #[doc = "Change a sensor\n\n`period_s` is its expected reporting interval: `{\"period_s\": 60}`, or null to learn it.\n\nSends a `PATCH` request to `/api/v1/device/{id}/sensor/{sensor}`\n\nArguments:\n- `id`: Name or number of the device.\n- `sensor`: Name or number of the sensor.\n- `body`: The changes.\n```text\nlet response = client.patch_sensor()\n    .id(id)\n    .sensor(sensor)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn patch_sensor(&self) -> builder::PatchSensor<'_> {
        builder::PatchSensor::new(self)
    }
    #[doc = "List the readings of a device, newest first\n\nFields can be used as filters, like those of rows: `sensor_type=temperature`, `value__gt=20`,\n`timestamp__gte=…`. Readings that were left in another table when the device got a table of its own\nare listed there.\n\nSends a `GET` request to `/api/v1/device/{id}/reading`\n\nArguments:\n- `id`: Name or number of the device.\n- `count`: How to count all results: `exact`, `estimated` or `none`.\n- `cursor`: Use cursor paging instead of `offset`: empty for the first page, then the value from `next`.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n- `ordering`: Field names to sort by, separated by commas; `-` before a name sorts in descending order.\n```text\nlet response = client.list_readings()\n    .id(id)\n    .count(count)\n    .cursor(cursor)\n    .limit(limit)\n    .offset(offset)\n    .ordering(ordering)\n    .send()\n    .await;\n```"]
    pub fn list_readings(&self) -> builder::ListReadings<'_> {
        builder::ListReadings::new(self)
    }
    #[doc = "List the status transitions of a device and its sensors, newest first\n\nSends a `GET` request to `/api/v1/device/{id}/transition`\n\nArguments:\n- `id`: Name or number of the device.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.list_transitions()\n    .id(id)\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn list_transitions(&self) -> builder::ListTransitions<'_> {
        builder::ListTransitions::new(self)
    }
    #[doc = "List the commands of a device, newest first, or lease them\n\nFields can be used as filters: `state=queued`, `method=pump`. With `wait` or `max`, the device leases\nthe commands that are waiting for it: no one else gets them until the lease ends.\n\nSends a `GET` request to `/api/v1/device/{id}/command`\n\nArguments:\n- `id`: Name or number of the device.\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `max`: Lease at most this many commands, 1 to 100 (default 10).\n- `offset`: Number of results to skip.\n- `state`: Only commands in this state: `queued`, `leased`, `acked`, `done`, `failed`, `expired`, `cancelled` or `superseded`.\n- `wait`: Lease commands; if none is waiting, wait up to this many seconds for one (at most 300).\n```text\nlet response = client.list_commands()\n    .id(id)\n    .limit(limit)\n    .max(max)\n    .offset(offset)\n    .state(state)\n    .wait(wait)\n    .send()\n    .await;\n```"]
    pub fn list_commands(&self) -> builder::ListCommands<'_> {
        builder::ListCommands::new(self)
    }
    #[doc = "Send a command to a device\n\nThe command is queued even if the device is offline. `method` and `params`; `ttl_s`: seconds until it\nexpires (default one day); `retries`: how often it is leased again if it is not acknowledged (default\n3); `lease_s`: seconds the device has to acknowledge it (default 30); `key`: commands with the same\nkey are queued once; `replace`: a slot in which a new command supersedes waiting ones; `wait_s`:\nseconds to wait for the result.\n\nSends a `POST` request to `/api/v1/device/{id}/command`\n\nArguments:\n- `id`: Name or number of the device.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: The command.\n```text\nlet response = client.send_command()\n    .id(id)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn send_command(&self) -> builder::SendCommand<'_> {
        builder::SendCommand::new(self)
    }
    #[doc = "Get a command with its history\n\nSends a `GET` request to `/api/v1/command/{id}`\n\nArguments:\n- `id`: ID of the command.\n```text\nlet response = client.get_command()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn get_command(&self) -> builder::GetCommand<'_> {
        builder::GetCommand::new(self)
    }
    #[doc = "Cancel a command that has not ended\n\nSends a `DELETE` request to `/api/v1/command/{id}`\n\nArguments:\n- `id`: ID of the command.\n```text\nlet response = client.cancel_command()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn cancel_command(&self) -> builder::CancelCommand<'_> {
        builder::CancelCommand::new(self)
    }
    #[doc = "Acknowledge a command, as the device\n\n`{\"attempt\": 1}` names the attempt, if the device knows it.\n\nSends a `POST` request to `/api/v1/command/{id}/ack`\n\nArguments:\n- `id`: ID of the command.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `attempt`, which is optional.\n```text\nlet response = client.ack_command()\n    .id(id)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn ack_command(&self) -> builder::AckCommand<'_> {
        builder::AckCommand::new(self)
    }
    #[doc = "Report the result of a command, as the device\n\nSends a `POST` request to `/api/v1/command/{id}/result`\n\nArguments:\n- `id`: ID of the command.\n- `idempotency_key`: A unique name for this request, 1 to 255 visible ASCII characters. A request that is retried with the same key within a day takes effect once, and the first response is returned again. The same key with a different request is refused with 422.\n- `body`: `ok`, `data` and, if it is known, `attempt`.\n```text\nlet response = client.answer_command()\n    .id(id)\n    .idempotency_key(idempotency_key)\n    .body(body)\n    .send()\n    .await;\n```"]
    pub fn answer_command(&self) -> builder::AnswerCommand<'_> {
        builder::AnswerCommand::new(self)
    }
    #[doc = "Stream changes as server-sent events\n\nEvery inserted, updated or deleted row, in commit order. If the stream is limited to one storage, its\nfields can be used as filters, as in lists: `field=value`, or `field__op=value`. The stream is also\navailable over a WebSocket at this URL, with one message per event. With `multi=1`, one WebSocket has\nseveral subscriptions, which the client adds with `{\"add\": {\"id\": …, …}}` and removes with\n`{\"remove\": …}`.\n\nSends a `GET` request to `/api/v1/stream`\n\nArguments:\n- `backfill`: Send existing rows first: a number of them, 1 to 1000, or those of a period such as `10m`.\n- `device`: Only hub events of this device, given by name or number.\n- `multi`: `1`: several subscriptions over one WebSocket, which messages of the client add and remove.\n- `sensor`: Only hub events of sensors with this name, or of the sensor with this number.\n- `since`: Resume after this position, which is the ID of an earlier event.\n- `source`: Only rows of the storages that these sources write to, separated by commas.\n- `storage`: Only rows of these storages, separated by commas.\n- `where_`: Filter as JSON: `{\"or\":[{\"age\":{\"lt\":18}},{\"color\":{\"in\":[\"red\"]}}]}`.\n- `last_event_id`: ID of the last event received, as a browser sends it when it reconnects. Takes precedence over `since`.\n```text\nlet response = client.stream()\n    .backfill(backfill)\n    .device(device)\n    .multi(multi)\n    .sensor(sensor)\n    .since(since)\n    .source(source)\n    .storage(storage)\n    .where_(where_)\n    .last_event_id(last_event_id)\n    .send()\n    .await;\n```"]
    pub fn stream(&self) -> builder::Stream<'_> {
        builder::Stream::new(self)
    }
    #[doc = "Stream the commands of a device, as the device\n\nEach command is leased to the device when it is sent. The stream is also available over a WebSocket at\nthis URL, with one message per command.\n\nSends a `GET` request to `/api/v1/device/{id}/command/stream`\n\nArguments:\n- `id`: Name or number of the device.\n```text\nlet response = client.stream_commands()\n    .id(id)\n    .send()\n    .await;\n```"]
    pub fn stream_commands(&self) -> builder::StreamCommands<'_> {
        builder::StreamCommands::new(self)
    }
    #[doc = "Stream readings in their simplest form, for `new EventSource(\"/api/stream\")`\n\n`{\"device_id\", \"device\", \"sensor_id\", \"sensor_type\", \"value\", \"timestamp\"}` for each committed\nreading. The stream is also available over a WebSocket at this URL, with one message per reading.\n\nSends a `GET` request to `/api/stream`\n\nArguments:\n- `backfill`: Send existing rows first: a number of them, 1 to 1000, or those of a period such as `10m`.\n- `device`: Only readings of this device, given by name or number.\n- `sensor`: Only readings of sensors with this name, or of the sensor with this number.\n- `since`: Resume after this position, which is the ID of an earlier event.\n- `last_event_id`: ID of the last event received, as a browser sends it when it reconnects. Takes precedence over `since`.\n```text\nlet response = client.stream_readings()\n    .backfill(backfill)\n    .device(device)\n    .sensor(sensor)\n    .since(since)\n    .last_event_id(last_event_id)\n    .send()\n    .await;\n```"]
    pub fn stream_readings(&self) -> builder::StreamReadings<'_> {
        builder::StreamReadings::new(self)
    }
    #[doc = "Get the state of the server\n\nAll counters are those of this process, since its start.\n\nSends a `GET` request to `/api/v1/status`\n\nArguments:\n- `limit`: Maximum number of results, 1 to 1000 (default 100).\n- `offset`: Number of results to skip.\n```text\nlet response = client.status()\n    .limit(limit)\n    .offset(offset)\n    .send()\n    .await;\n```"]
    pub fn status(&self) -> builder::Status<'_> {
        builder::Status::new(self)
    }
    #[doc = "Get metrics in the Prometheus text format\n\nSends a `GET` request to `/metrics`\n\n```text\nlet response = client.metrics()\n    .send()\n    .await;\n```"]
    pub fn metrics(&self) -> builder::Metrics<'_> {
        builder::Metrics::new(self)
    }
    #[doc = "Check that the process is alive\n\nSends a `GET` request to `/health`\n\n```text\nlet response = client.health()\n    .send()\n    .await;\n```"]
    pub fn health(&self) -> builder::Health<'_> {
        builder::Health::new(self)
    }
    #[doc = "Check that the server can serve requests\n\nChecks that the database responds, can be written and, on SQLite, that its file is intact. After a failed write (507: no space left; 503:\nthe disk or the database fails), each call tries to write again.\n\nSystem tables are migrated before the server accepts requests, and a migration of one storage does not\nblock the others, so neither makes the server unready.\n\nSends a `GET` request to `/ready`\n\n```text\nlet response = client.ready()\n    .send()\n    .await;\n```"]
    pub fn ready(&self) -> builder::Ready<'_> {
        builder::Ready::new(self)
    }
}
#[doc = r" Types for composing operation parameters."]
#[allow(clippy::all)]
pub mod builder {
    use super::types;
    #[allow(unused_imports)]
    use super::{
        ByteStream, ClientHooks, ClientInfo, Error, OperationInfo, RequestBuilderExt, ResponseValue,
        encode_path,
    };
    #[doc = "Builder for [`Client::throw_arguments`]\n\n[`Client::throw_arguments`]: super::Client::throw_arguments"]
    #[derive(Debug, Clone)]
    pub struct ThrowArguments<'a> {
        client: &'a super::Client,
    }
    impl<'a> ThrowArguments<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client }
        }
        #[doc = "Sends a `GET` request to `/`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client } = self;
            let url = format!("{}/", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw_arguments" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::throw_put`]\n\n[`Client::throw_put`]: super::Client::throw_put"]
    #[derive(Debug)]
    pub struct ThrowPut<'a> {
        client: &'a super::Client,
        ack: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        stream: Result<Option<::std::string::String>, String>,
        strict: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::ThrowPutIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> ThrowPut<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                ack: Ok(None),
                format: Ok(None),
                stream: Ok(None),
                strict: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn ack<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ack = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ack failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn stream<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.stream = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for stream failed".to_string());
            self
        }
        pub fn strict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.strict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for strict failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ThrowPutIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `ThrowPutIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `PUT` request to `/`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client, ack, format, stream, strict, idempotency_key, body } = self;
            let ack = ack.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let stream = stream.map_err(Error::InvalidRequest)?;
            let strict = strict.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("ack", &ack))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("stream", &stream))
                .query(&progenitor_client::QueryParam::new("strict", &strict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw_put" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::throw`]\n\n[`Client::throw`]: super::Client::throw"]
    #[derive(Debug)]
    pub struct Throw<'a> {
        client: &'a super::Client,
        ack: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        stream: Result<Option<::std::string::String>, String>,
        strict: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::ThrowIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> Throw<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                ack: Ok(None),
                format: Ok(None),
                stream: Ok(None),
                strict: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn ack<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ack = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ack failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn stream<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.stream = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for stream failed".to_string());
            self
        }
        pub fn strict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.strict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for strict failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ThrowIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `ThrowIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `POST` request to `/`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client, ack, format, stream, strict, idempotency_key, body } = self;
            let ack = ack.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let stream = stream.map_err(Error::InvalidRequest)?;
            let strict = strict.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("ack", &ack))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("stream", &stream))
                .query(&progenitor_client::QueryParam::new("strict", &strict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::throw_arguments_at`]\n\n[`Client::throw_arguments_at`]: super::Client::throw_arguments_at"]
    #[derive(Debug, Clone)]
    pub struct ThrowArgumentsAt<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
    }
    impl<'a> ThrowArgumentsAt<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, source: Err("source was not initialized".to_string()) }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/throw/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client, source } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let url = format!("{}/throw/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw_arguments_at" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::throw_put_at`]\n\n[`Client::throw_put_at`]: super::Client::throw_put_at"]
    #[derive(Debug)]
    pub struct ThrowPutAt<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
        ack: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        stream: Result<Option<::std::string::String>, String>,
        strict: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::ThrowPutAtIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> ThrowPutAt<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                source: Err("source was not initialized".to_string()),
                ack: Ok(None),
                format: Ok(None),
                stream: Ok(None),
                strict: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn ack<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ack = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ack failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn stream<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.stream = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for stream failed".to_string());
            self
        }
        pub fn strict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.strict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for strict failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ThrowPutAtIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `ThrowPutAtIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `PUT` request to `/throw/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client, source, ack, format, stream, strict, idempotency_key, body } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let ack = ack.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let stream = stream.map_err(Error::InvalidRequest)?;
            let strict = strict.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/throw/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("ack", &ack))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("stream", &stream))
                .query(&progenitor_client::QueryParam::new("strict", &strict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw_put_at" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::throw_at`]\n\n[`Client::throw_at`]: super::Client::throw_at"]
    #[derive(Debug)]
    pub struct ThrowAt<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
        ack: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        stream: Result<Option<::std::string::String>, String>,
        strict: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::ThrowAtIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> ThrowAt<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                source: Err("source was not initialized".to_string()),
                ack: Ok(None),
                format: Ok(None),
                stream: Ok(None),
                strict: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn ack<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ack = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ack failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn stream<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.stream = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for stream failed".to_string());
            self
        }
        pub fn strict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.strict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for strict failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ThrowAtIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `ThrowAtIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `POST` request to `/throw/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Receipt>, Error<ByteStream>> {
            let Self { client, source, ack, format, stream, strict, idempotency_key, body } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let ack = ack.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let stream = stream.map_err(Error::InvalidRequest)?;
            let strict = strict.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/throw/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("ack", &ack))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("stream", &stream))
                .query(&progenitor_client::QueryParam::new("strict", &strict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "throw_at" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_recent_throws`]\n\n[`Client::list_recent_throws`]: super::Client::list_recent_throws"]
    #[derive(Debug, Clone)]
    pub struct ListRecentThrows<'a> {
        client: &'a super::Client,
        before: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        outcome: Result<Option<types::ThrowOutcome>, String>,
        q: Result<Option<::std::string::String>, String>,
        source: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListRecentThrows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                before: Ok(None),
                format: Ok(None),
                limit: Ok(None),
                outcome: Ok(None),
                q: Ok(None),
                source: Ok(None),
            }
        }
        pub fn before<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.before = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for before failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn outcome<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ThrowOutcome>,
        {
            self.outcome = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `ThrowOutcome` for outcome failed".to_string());
            self
        }
        pub fn q<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.q = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for q failed".to_string());
            self
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/throw`"]
        pub async fn send(self) -> Result<ResponseValue<types::RecentThrowList>, Error<ByteStream>> {
            let Self { client, before, format, limit, outcome, q, source } = self;
            let before = before.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let outcome = outcome.map_err(Error::InvalidRequest)?;
            let q = q.map_err(Error::InvalidRequest)?;
            let source = source.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/throw", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("before", &before))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("outcome", &outcome))
                .query(&progenitor_client::QueryParam::new("q", &q))
                .query(&progenitor_client::QueryParam::new("source", &source))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_recent_throws" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_recent_throw`]\n\n[`Client::get_recent_throw`]: super::Client::get_recent_throw"]
    #[derive(Debug, Clone)]
    pub struct GetRecentThrow<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> GetRecentThrow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/throw/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<types::RecentThrowDetails>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/throw/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_recent_throw" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_sources`]\n\n[`Client::list_sources`]: super::Client::list_sources"]
    #[derive(Debug, Clone)]
    pub struct ListSources<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListSources<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/source`"]
        pub async fn send(self) -> Result<ResponseValue<types::SourceList>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/source", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_sources" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_source`]\n\n[`Client::get_source`]: super::Client::get_source"]
    #[derive(Debug, Clone)]
    pub struct GetSource<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
    }
    impl<'a> GetSource<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, source: Err("source was not initialized".to_string()) }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/source/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Source>, Error<ByteStream>> {
            let Self { client, source } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/source/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_source" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::set_source`]\n\n[`Client::set_source`]: super::Client::set_source"]
    #[derive(Debug, Clone)]
    pub struct SetSource<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> SetSource<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                source: Err("source was not initialized".to_string()),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PUT` request to `/api/v1/source/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Source>, Error<ByteStream>> {
            let Self { client, source, if_match, if_none_match, body } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/source/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "set_source" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::remove_source`]\n\n[`Client::remove_source`]: super::Client::remove_source"]
    #[derive(Debug, Clone)]
    pub struct RemoveSource<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> RemoveSource<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, source: Err("source was not initialized".to_string()), if_match: Ok(None) }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/source/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, source, if_match } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/source/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client.client.delete(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "remove_source" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_source`]\n\n[`Client::patch_source`]: super::Client::patch_source"]
    #[derive(Debug, Clone)]
    pub struct PatchSource<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchSource<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                source: Err("source was not initialized".to_string()),
                if_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/source/{source}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Source>, Error<ByteStream>> {
            let Self { client, source, if_match, body } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/source/{}", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_source" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::recent_throws`]\n\n[`Client::recent_throws`]: super::Client::recent_throws"]
    #[derive(Debug, Clone)]
    pub struct RecentThrows<'a> {
        client: &'a super::Client,
        source: Result<::std::string::String, String>,
    }
    impl<'a> RecentThrows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, source: Err("source was not initialized".to_string()) }
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/source/{source}/recent`"]
        pub async fn send(self) -> Result<ResponseValue<types::RecentThrowList>, Error<ByteStream>> {
            let Self { client, source } = self;
            let source = source.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/source/{}/recent", client.baseurl, encode_path(&source.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "recent_throws" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_processors`]\n\n[`Client::list_processors`]: super::Client::list_processors"]
    #[derive(Debug, Clone)]
    pub struct ListProcessors<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListProcessors<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/processor`"]
        pub async fn send(self) -> Result<ResponseValue<types::ProcessorList>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_processors" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::create_processor`]\n\n[`Client::create_processor`]: super::Client::create_processor"]
    #[derive(Debug, Clone)]
    pub struct CreateProcessor<'a> {
        client: &'a super::Client,
        idempotency_key: Result<Option<types::CreateProcessorIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> CreateProcessor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::CreateProcessorIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `CreateProcessorIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/processor`"]
        pub async fn send(self) -> Result<ResponseValue<types::Processor>, Error<ByteStream>> {
            let Self { client, idempotency_key, body } = self;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "create_processor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::simulate`]\n\n[`Client::simulate`]: super::Client::simulate"]
    #[derive(Debug, Clone)]
    pub struct Simulate<'a> {
        client: &'a super::Client,
        idempotency_key: Result<Option<types::SimulateIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> Simulate<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::SimulateIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `SimulateIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/processor/simulate`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, idempotency_key, body } = self;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor/simulate", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "simulate" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_processor`]\n\n[`Client::get_processor`]: super::Client::get_processor"]
    #[derive(Debug, Clone)]
    pub struct GetProcessor<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
    }
    impl<'a> GetProcessor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, name: Err("name was not initialized".to_string()) }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/processor/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Processor>, Error<ByteStream>> {
            let Self { client, name } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_processor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::set_processor`]\n\n[`Client::set_processor`]: super::Client::set_processor"]
    #[derive(Debug, Clone)]
    pub struct SetProcessor<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> SetProcessor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PUT` request to `/api/v1/processor/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Processor>, Error<ByteStream>> {
            let Self { client, name, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "set_processor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::remove_processor`]\n\n[`Client::remove_processor`]: super::Client::remove_processor"]
    #[derive(Debug, Clone)]
    pub struct RemoveProcessor<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
    }
    impl<'a> RemoveProcessor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, name: Err("name was not initialized".to_string()) }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/processor/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, name } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/processor/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.delete(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "remove_processor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_processor_versions`]\n\n[`Client::list_processor_versions`]: super::Client::list_processor_versions"]
    #[derive(Debug, Clone)]
    pub struct ListProcessorVersions<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListProcessorVersions<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                limit: Ok(None),
                offset: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/processor/{name}/versions`"]
        pub async fn send(self) -> Result<ResponseValue<types::ProcessorList>, Error<ByteStream>> {
            let Self { client, name, limit, offset } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/processor/{}/versions", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_processor_versions" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_quarantine`]\n\n[`Client::list_quarantine`]: super::Client::list_quarantine"]
    #[derive(Debug, Clone)]
    pub struct ListQuarantine<'a> {
        client: &'a super::Client,
        count: Result<Option<::std::string::String>, String>,
        cursor: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
        source: Result<Option<::std::string::String>, String>,
        state: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListQuarantine<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                count: Ok(None),
                cursor: Ok(None),
                limit: Ok(None),
                offset: Ok(None),
                ordering: Ok(None),
                source: Ok(None),
                state: Ok(None),
            }
        }
        pub fn count<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.count = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for count failed".to_string());
            self
        }
        pub fn cursor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.cursor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for cursor failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn state<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.state = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for state failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/quarantine`"]
        pub async fn send(self) -> Result<ResponseValue<types::QuarantineList>, Error<ByteStream>> {
            let Self { client, count, cursor, limit, offset, ordering, source, state } = self;
            let count = count.map_err(Error::InvalidRequest)?;
            let cursor = cursor.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let source = source.map_err(Error::InvalidRequest)?;
            let state = state.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/quarantine", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("count", &count))
                .query(&progenitor_client::QueryParam::new("cursor", &cursor))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .query(&progenitor_client::QueryParam::new("source", &source))
                .query(&progenitor_client::QueryParam::new("state", &state))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_quarantine" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::summarize_quarantine`]\n\n[`Client::summarize_quarantine`]: super::Client::summarize_quarantine"]
    #[derive(Debug, Clone)]
    pub struct SummarizeQuarantine<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        source: Result<Option<::std::string::String>, String>,
        state: Result<Option<::std::string::String>, String>,
    }
    impl<'a> SummarizeQuarantine<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), source: Ok(None), state: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn state<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.state = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for state failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/quarantine/summary`"]
        pub async fn send(self) -> Result<ResponseValue<types::QuarantineSummary>, Error<ByteStream>> {
            let Self { client, limit, source, state } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let source = source.map_err(Error::InvalidRequest)?;
            let state = state.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/quarantine/summary", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("source", &source))
                .query(&progenitor_client::QueryParam::new("state", &state))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "summarize_quarantine" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_quarantined`]\n\n[`Client::get_quarantined`]: super::Client::get_quarantined"]
    #[derive(Debug, Clone)]
    pub struct GetQuarantined<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        raw: Result<Option<u64>, String>,
    }
    impl<'a> GetQuarantined<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()), raw: Ok(None) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn raw<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.raw =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for raw failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/quarantine/{id}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, raw } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let raw = raw.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/quarantine/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("raw", &raw))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_quarantined" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::discard_quarantined`]\n\n[`Client::discard_quarantined`]: super::Client::discard_quarantined"]
    #[derive(Debug, Clone)]
    pub struct DiscardQuarantined<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> DiscardQuarantined<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/quarantine/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/quarantine/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.delete(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "discard_quarantined" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::replay_quarantined`]\n\n[`Client::replay_quarantined`]: super::Client::replay_quarantined"]
    #[derive(Debug, Clone)]
    pub struct ReplayQuarantined<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        overwrite: Result<Option<u8>, String>,
        idempotency_key: Result<Option<types::ReplayQuarantinedIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> ReplayQuarantined<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                overwrite: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn overwrite<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u8>,
        {
            self.overwrite =
                value.try_into().map(Some).map_err(|_| "conversion to `u8` for overwrite failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ReplayQuarantinedIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `ReplayQuarantinedIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/quarantine/{id}/replay`"]
        pub async fn send(self) -> Result<ResponseValue<types::Replay>, Error<ByteStream>> {
            let Self { client, id, overwrite, idempotency_key, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let overwrite = overwrite.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/quarantine/{}/replay", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .query(&progenitor_client::QueryParam::new("overwrite", &overwrite))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "replay_quarantined" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::replay`]\n\n[`Client::replay`]: super::Client::replay"]
    #[derive(Debug, Clone)]
    pub struct Replay<'a> {
        client: &'a super::Client,
        overwrite: Result<Option<u8>, String>,
        idempotency_key: Result<Option<types::ReplayIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> Replay<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                overwrite: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn overwrite<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u8>,
        {
            self.overwrite =
                value.try_into().map(Some).map_err(|_| "conversion to `u8` for overwrite failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ReplayIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `ReplayIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/quarantine/replay`"]
        pub async fn send(self) -> Result<ResponseValue<types::Replay>, Error<ByteStream>> {
            let Self { client, overwrite, idempotency_key, body } = self;
            let overwrite = overwrite.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/quarantine/replay", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .query(&progenitor_client::QueryParam::new("overwrite", &overwrite))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "replay" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_replays`]\n\n[`Client::list_replays`]: super::Client::list_replays"]
    #[derive(Debug, Clone)]
    pub struct ListReplays<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListReplays<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/replay`"]
        pub async fn send(self) -> Result<ResponseValue<types::ReplayList>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/replay", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_replays" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_replay`]\n\n[`Client::get_replay`]: super::Client::get_replay"]
    #[derive(Debug, Clone)]
    pub struct GetReplay<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> GetReplay<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/replay/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Replay>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/replay/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_replay" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::stop_replay`]\n\n[`Client::stop_replay`]: super::Client::stop_replay"]
    #[derive(Debug, Clone)]
    pub struct StopReplay<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> StopReplay<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/replay/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Replay>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/replay/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "stop_replay" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_storages`]\n\n[`Client::list_storages`]: super::Client::list_storages"]
    #[derive(Debug, Clone)]
    pub struct ListStorages<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListStorages<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/factory/storage`"]
        pub async fn send(self) -> Result<ResponseValue<types::StorageList>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/factory/storage", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_storages" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::declare_storage`]\n\n[`Client::declare_storage`]: super::Client::declare_storage"]
    #[derive(Debug, Clone)]
    pub struct DeclareStorage<'a> {
        client: &'a super::Client,
        allow: Result<Option<::std::string::String>, String>,
        plan: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::DeclareStorageIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> DeclareStorage<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                allow: Ok(None),
                plan: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn allow<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.allow = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for allow failed".to_string());
            self
        }
        pub fn plan<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.plan = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for plan failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::DeclareStorageIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `DeclareStorageIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/factory/storage`"]
        pub async fn send(self) -> Result<ResponseValue<types::Storage>, Error<ByteStream>> {
            let Self { client, allow, plan, idempotency_key, body } = self;
            let allow = allow.map_err(Error::InvalidRequest)?;
            let plan = plan.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/factory/storage", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .query(&progenitor_client::QueryParam::new("allow", &allow))
                .query(&progenitor_client::QueryParam::new("plan", &plan))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "declare_storage" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_storage`]\n\n[`Client::get_storage`]: super::Client::get_storage"]
    #[derive(Debug, Clone)]
    pub struct GetStorage<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
    }
    impl<'a> GetStorage<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, name: Err("name was not initialized".to_string()) }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/factory/storage/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Storage>, Error<ByteStream>> {
            let Self { client, name } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/factory/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_storage" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::remove_storage`]\n\n[`Client::remove_storage`]: super::Client::remove_storage"]
    #[derive(Debug, Clone)]
    pub struct RemoveStorage<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        confirm: Result<Option<::std::string::String>, String>,
    }
    impl<'a> RemoveStorage<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, name: Err("name was not initialized".to_string()), confirm: Ok(None) }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn confirm<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.confirm = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for confirm failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/factory/storage/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, name, confirm } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let confirm = confirm.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/factory/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .query(&progenitor_client::QueryParam::new("confirm", &confirm))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "remove_storage" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_versions`]\n\n[`Client::list_versions`]: super::Client::list_versions"]
    #[derive(Debug, Clone)]
    pub struct ListVersions<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListVersions<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                limit: Ok(None),
                offset: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/factory/storage/{name}/versions`"]
        pub async fn send(self) -> Result<ResponseValue<types::VersionList>, Error<ByteStream>> {
            let Self { client, name, limit, offset } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/factory/storage/{}/versions",
                client.baseurl,
                encode_path(&name.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_versions" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::plan_storage`]\n\n[`Client::plan_storage`]: super::Client::plan_storage"]
    #[derive(Debug, Clone)]
    pub struct PlanStorage<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::PlanStorageIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PlanStorage<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::PlanStorageIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `PlanStorageIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/factory/storage/{name}/plan`"]
        pub async fn send(self) -> Result<ResponseValue<types::Plan>, Error<ByteStream>> {
            let Self { client, name, idempotency_key, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/factory/storage/{}/plan", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "plan_storage" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::ready_status`]\n\n[`Client::ready_status`]: super::Client::ready_status"]
    #[derive(Debug, Clone)]
    pub struct ReadyStatus<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
    }
    impl<'a> ReadyStatus<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, name: Err("name was not initialized".to_string()) }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/factory/ready_status/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::ReadyStatus>, Error<ByteStream>> {
            let Self { client, name } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/factory/ready_status/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "ready_status" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_rows`]\n\n[`Client::list_rows`]: super::Client::list_rows"]
    #[derive(Debug, Clone)]
    pub struct ListRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        count: Result<Option<::std::string::String>, String>,
        cursor: Result<Option<::std::string::String>, String>,
        fields: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                count: Ok(None),
                cursor: Ok(None),
                fields: Ok(None),
                limit: Ok(None),
                offset: Ok(None),
                ordering: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn count<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.count = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for count failed".to_string());
            self
        }
        pub fn cursor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.cursor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for cursor failed".to_string());
            self
        }
        pub fn fields<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.fields = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for fields failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::RowList>, Error<ByteStream>> {
            let Self { client, name, count, cursor, fields, limit, offset, ordering, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let count = count.map_err(Error::InvalidRequest)?;
            let cursor = cursor.map_err(Error::InvalidRequest)?;
            let fields = fields.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("count", &count))
                .query(&progenitor_client::QueryParam::new("cursor", &cursor))
                .query(&progenitor_client::QueryParam::new("fields", &fields))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::save_row`]\n\n[`Client::save_row`]: super::Client::save_row"]
    #[derive(Debug, Clone)]
    pub struct SaveRow<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::SaveRowIdempotencyKey>, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> SaveRow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                idempotency_key: Ok(None),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::SaveRowIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `SaveRowIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, idempotency_key, if_match, if_none_match, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(4usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "save_row" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::delete_rows`]\n\n[`Client::delete_rows`]: super::Client::delete_rows"]
    #[derive(Debug, Clone)]
    pub struct DeleteRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        all: Result<Option<bool>, String>,
        dry_run: Result<Option<bool>, String>,
        max_affected: Result<Option<u64>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> DeleteRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                all: Ok(None),
                dry_run: Ok(None),
                max_affected: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn all<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.all =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for all failed".to_string());
            self
        }
        pub fn dry_run<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.dry_run =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for dry_run failed".to_string());
            self
        }
        pub fn max_affected<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.max_affected = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `u64` for max_affected failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/storage/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Affected>, Error<ByteStream>> {
            let Self { client, name, all, dry_run, max_affected, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let all = all.map_err(Error::InvalidRequest)?;
            let dry_run = dry_run.map_err(Error::InvalidRequest)?;
            let max_affected = max_affected.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("all", &all))
                .query(&progenitor_client::QueryParam::new("dry_run", &dry_run))
                .query(&progenitor_client::QueryParam::new("max_affected", &max_affected))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "delete_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_rows`]\n\n[`Client::patch_rows`]: super::Client::patch_rows"]
    #[derive(Debug, Clone)]
    pub struct PatchRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        all: Result<Option<bool>, String>,
        dry_run: Result<Option<bool>, String>,
        max_affected: Result<Option<u64>, String>,
        where_: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                all: Ok(None),
                dry_run: Ok(None),
                max_affected: Ok(None),
                where_: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn all<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.all =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for all failed".to_string());
            self
        }
        pub fn dry_run<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.dry_run =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for dry_run failed".to_string());
            self
        }
        pub fn max_affected<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.max_affected = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `u64` for max_affected failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/storage/{name}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Affected>, Error<ByteStream>> {
            let Self { client, name, all, dry_run, max_affected, where_, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let all = all.map_err(Error::InvalidRequest)?;
            let dry_run = dry_run.map_err(Error::InvalidRequest)?;
            let max_affected = max_affected.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .query(&progenitor_client::QueryParam::new("all", &all))
                .query(&progenitor_client::QueryParam::new("dry_run", &dry_run))
                .query(&progenitor_client::QueryParam::new("max_affected", &max_affected))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_row`]\n\n[`Client::get_row`]: super::Client::get_row"]
    #[derive(Debug, Clone)]
    pub struct GetRow<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> GetRow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_none_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_none_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_row" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::replace_row`]\n\n[`Client::replace_row`]: super::Client::replace_row"]
    #[derive(Debug, Clone)]
    pub struct ReplaceRow<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> ReplaceRow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PUT` request to `/api/v1/storage/{name}/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_match, if_none_match, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "replace_row" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::delete_row`]\n\n[`Client::delete_row`]: super::Client::delete_row"]
    #[derive(Debug, Clone)]
    pub struct DeleteRow<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        version: Result<Option<i32>, String>,
        if_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> DeleteRow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                version: Ok(None),
                if_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn version<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<i32>,
        {
            self.version =
                value.try_into().map(Some).map_err(|_| "conversion to `i32` for version failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/storage/{name}/{key}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, name, key, version, if_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let version = version.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .query(&progenitor_client::QueryParam::new("version", &version))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "delete_row" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_row`]\n\n[`Client::patch_row`]: super::Client::patch_row"]
    #[derive(Debug, Clone)]
    pub struct PatchRow<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchRow<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/storage/{name}/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_match, if_none_match, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_row" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::save_rows`]\n\n[`Client::save_rows`]: super::Client::save_rows"]
    #[derive(Debug, Clone)]
    pub struct SaveRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        atomic: Result<Option<bool>, String>,
        dry_run: Result<Option<bool>, String>,
        on_conflict: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::SaveRowsIdempotencyKey>, String>,
        body: Result<::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>, String>,
    }
    impl<'a> SaveRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                atomic: Ok(None),
                dry_run: Ok(None),
                on_conflict: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn atomic<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.atomic =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for atomic failed".to_string());
            self
        }
        pub fn dry_run<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.dry_run =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for dry_run failed".to_string());
            self
        }
        pub fn on_conflict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.on_conflict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for on_conflict failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::SaveRowsIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `SaveRowsIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<
                    ::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
                >,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: std :: vec :: Vec < :: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value > >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}/bulk`"]
        pub async fn send(self) -> Result<ResponseValue<types::BulkAnswer>, Error<ByteStream>> {
            let Self { client, name, atomic, dry_run, on_conflict, idempotency_key, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let atomic = atomic.map_err(Error::InvalidRequest)?;
            let dry_run = dry_run.map_err(Error::InvalidRequest)?;
            let on_conflict = on_conflict.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/bulk", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .query(&progenitor_client::QueryParam::new("atomic", &atomic))
                .query(&progenitor_client::QueryParam::new("dry_run", &dry_run))
                .query(&progenitor_client::QueryParam::new("on_conflict", &on_conflict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "save_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::query_rows`]\n\n[`Client::query_rows`]: super::Client::query_rows"]
    #[derive(Debug, Clone)]
    pub struct QueryRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::QueryRowsIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> QueryRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::QueryRowsIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `QueryRowsIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}/query`"]
        pub async fn send(self) -> Result<ResponseValue<types::QueryPage>, Error<ByteStream>> {
            let Self { client, name, idempotency_key, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/query", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "query_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_values`]\n\n[`Client::list_values`]: super::Client::list_values"]
    #[derive(Debug, Clone)]
    pub struct ListValues<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        field: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListValues<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                field: Ok(None),
                limit: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn field<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.field = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for field failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/values`"]
        pub async fn send(self) -> Result<ResponseValue<types::ValueList>, Error<ByteStream>> {
            let Self { client, name, field, limit, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let field = field.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/values", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("field", &field))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_values" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::aggregate_rows`]\n\n[`Client::aggregate_rows`]: super::Client::aggregate_rows"]
    #[derive(Debug, Clone)]
    pub struct AggregateRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        agg: Result<Option<::std::string::String>, String>,
        fill: Result<Option<::std::string::String>, String>,
        group_by: Result<Option<::std::string::String>, String>,
        having: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
        time: Result<Option<::std::string::String>, String>,
        tz: Result<Option<::std::string::String>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> AggregateRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                agg: Ok(None),
                fill: Ok(None),
                group_by: Ok(None),
                having: Ok(None),
                limit: Ok(None),
                ordering: Ok(None),
                time: Ok(None),
                tz: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn agg<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.agg = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for agg failed".to_string());
            self
        }
        pub fn fill<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.fill = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for fill failed".to_string());
            self
        }
        pub fn group_by<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.group_by = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for group_by failed".to_string());
            self
        }
        pub fn having<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.having = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for having failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        pub fn time<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.time = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for time failed".to_string());
            self
        }
        pub fn tz<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.tz = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for tz failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/aggregate`"]
        pub async fn send(self) -> Result<ResponseValue<types::AggregateList>, Error<ByteStream>> {
            let Self { client, name, agg, fill, group_by, having, limit, ordering, time, tz, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let agg = agg.map_err(Error::InvalidRequest)?;
            let fill = fill.map_err(Error::InvalidRequest)?;
            let group_by = group_by.map_err(Error::InvalidRequest)?;
            let having = having.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let time = time.map_err(Error::InvalidRequest)?;
            let tz = tz.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/storage/{}/aggregate", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("agg", &agg))
                .query(&progenitor_client::QueryParam::new("fill", &fill))
                .query(&progenitor_client::QueryParam::new("group_by", &group_by))
                .query(&progenitor_client::QueryParam::new("having", &having))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .query(&progenitor_client::QueryParam::new("time", &time))
                .query(&progenitor_client::QueryParam::new("tz", &tz))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "aggregate_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::find_aggregates`]\n\n[`Client::find_aggregates`]: super::Client::find_aggregates"]
    #[derive(Debug, Clone)]
    pub struct FindAggregates<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::FindAggregatesIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> FindAggregates<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::FindAggregatesIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `FindAggregatesIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}/aggregate`"]
        pub async fn send(self) -> Result<ResponseValue<types::AggregateList>, Error<ByteStream>> {
            let Self { client, name, idempotency_key, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/storage/{}/aggregate", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "find_aggregates" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::read_series`]\n\n[`Client::read_series`]: super::Client::read_series"]
    #[derive(Debug, Clone)]
    pub struct ReadSeries<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        field: Result<Option<::std::string::String>, String>,
        from: Result<Option<::std::string::String>, String>,
        group_by: Result<Option<::std::string::String>, String>,
        points: Result<Option<u64>, String>,
        time: Result<Option<::std::string::String>, String>,
        to: Result<Option<::std::string::String>, String>,
        tz: Result<Option<::std::string::String>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ReadSeries<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                field: Ok(None),
                from: Ok(None),
                group_by: Ok(None),
                points: Ok(None),
                time: Ok(None),
                to: Ok(None),
                tz: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn field<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.field = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for field failed".to_string());
            self
        }
        pub fn from<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.from = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for from failed".to_string());
            self
        }
        pub fn group_by<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.group_by = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for group_by failed".to_string());
            self
        }
        pub fn points<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.points =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for points failed".to_string());
            self
        }
        pub fn time<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.time = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for time failed".to_string());
            self
        }
        pub fn to<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.to = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for to failed".to_string());
            self
        }
        pub fn tz<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.tz = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for tz failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/series`"]
        pub async fn send(self) -> Result<ResponseValue<types::SeriesList>, Error<ByteStream>> {
            let Self { client, name, field, from, group_by, points, time, to, tz, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let field = field.map_err(Error::InvalidRequest)?;
            let from = from.map_err(Error::InvalidRequest)?;
            let group_by = group_by.map_err(Error::InvalidRequest)?;
            let points = points.map_err(Error::InvalidRequest)?;
            let time = time.map_err(Error::InvalidRequest)?;
            let to = to.map_err(Error::InvalidRequest)?;
            let tz = tz.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/series", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("field", &field))
                .query(&progenitor_client::QueryParam::new("from", &from))
                .query(&progenitor_client::QueryParam::new("group_by", &group_by))
                .query(&progenitor_client::QueryParam::new("points", &points))
                .query(&progenitor_client::QueryParam::new("time", &time))
                .query(&progenitor_client::QueryParam::new("to", &to))
                .query(&progenitor_client::QueryParam::new("tz", &tz))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "read_series" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::find_series`]\n\n[`Client::find_series`]: super::Client::find_series"]
    #[derive(Debug, Clone)]
    pub struct FindSeries<'a> {
        client: &'a super::Client,
        idempotency_key: Result<Option<types::FindSeriesIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> FindSeries<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::FindSeriesIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `FindSeriesIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/series`"]
        pub async fn send(self) -> Result<ResponseValue<types::ManySeriesAnswer>, Error<ByteStream>> {
            let Self { client, idempotency_key, body } = self;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/series", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "find_series" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_changes`]\n\n[`Client::list_changes`]: super::Client::list_changes"]
    #[derive(Debug, Clone)]
    pub struct ListChanges<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        after: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        wait: Result<Option<f64>, String>,
    }
    impl<'a> ListChanges<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                after: Ok(None),
                limit: Ok(None),
                wait: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn after<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.after = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for after failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn wait<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<f64>,
        {
            self.wait =
                value.try_into().map(Some).map_err(|_| "conversion to `f64` for wait failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/changes`"]
        pub async fn send(self) -> Result<ResponseValue<types::ChangePage>, Error<ByteStream>> {
            let Self { client, name, after, limit, wait } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let after = after.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let wait = wait.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/storage/{}/changes", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("after", &after))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("wait", &wait))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_changes" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_row_by_key`]\n\n[`Client::get_row_by_key`]: super::Client::get_row_by_key"]
    #[derive(Debug, Clone)]
    pub struct GetRowByKey<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> GetRowByKey<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_none_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/key/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_none_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/key/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_row_by_key" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::replace_row_by_key`]\n\n[`Client::replace_row_by_key`]: super::Client::replace_row_by_key"]
    #[derive(Debug, Clone)]
    pub struct ReplaceRowByKey<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> ReplaceRowByKey<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PUT` request to `/api/v1/storage/{name}/key/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_match, if_none_match, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/key/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .put(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "replace_row_by_key" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::delete_row_by_key`]\n\n[`Client::delete_row_by_key`]: super::Client::delete_row_by_key"]
    #[derive(Debug, Clone)]
    pub struct DeleteRowByKey<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        version: Result<Option<i32>, String>,
        if_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> DeleteRowByKey<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                version: Ok(None),
                if_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn version<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<i32>,
        {
            self.version =
                value.try_into().map(Some).map_err(|_| "conversion to `i32` for version failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/storage/{name}/key/{key}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, name, key, version, if_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let version = version.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/key/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .query(&progenitor_client::QueryParam::new("version", &version))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "delete_row_by_key" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_row_by_key`]\n\n[`Client::patch_row_by_key`]: super::Client::patch_row_by_key"]
    #[derive(Debug, Clone)]
    pub struct PatchRowByKey<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        key: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchRowByKey<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                key: Err("key was not initialized".to_string()),
                if_match: Ok(None),
                if_none_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.key = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for key failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/storage/{name}/key/{key}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, key, if_match, if_none_match, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let key = key.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/storage/{}/key/{}",
                client.baseurl,
                encode_path(&name.to_string()),
                encode_path(&key.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_row_by_key" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::storage_openapi`]\n\n[`Client::storage_openapi`]: super::Client::storage_openapi"]
    #[derive(Debug, Clone)]
    pub struct StorageOpenapi<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> StorageOpenapi<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                if_none_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/openapi.json`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, if_none_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/storage/{}/openapi.json", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "storage_openapi" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::storage_schema`]\n\n[`Client::storage_schema`]: super::Client::storage_schema"]
    #[derive(Debug, Clone)]
    pub struct StorageSchema<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        if_none_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> StorageSchema<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                if_none_match: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/schema.json`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, name, if_none_match } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/storage/{}/schema.json", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "storage_schema" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::storages_openapi`]\n\n[`Client::storages_openapi`]: super::Client::storages_openapi"]
    #[derive(Debug, Clone)]
    pub struct StoragesOpenapi<'a> {
        client: &'a super::Client,
        if_none_match: Result<Option<::std::string::String>, String>,
    }
    impl<'a> StoragesOpenapi<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, if_none_match: Ok(None) }
        }
        pub fn if_none_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_none_match = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for if_none_match failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/openapi.json`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, if_none_match } = self;
            let if_none_match = if_none_match.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/openapi.json", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_none_match {
                header_map.append("If-None-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "storages_openapi" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::run_batch`]\n\n[`Client::run_batch`]: super::Client::run_batch"]
    #[derive(Debug, Clone)]
    pub struct RunBatch<'a> {
        client: &'a super::Client,
        idempotency_key: Result<Option<types::RunBatchIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> RunBatch<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::RunBatchIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `RunBatchIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/batch`"]
        pub async fn send(self) -> Result<ResponseValue<types::BatchAnswer>, Error<ByteStream>> {
            let Self { client, idempotency_key, body } = self;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/batch", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "run_batch" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::export_rows`]\n\n[`Client::export_rows`]: super::Client::export_rows"]
    #[derive(Debug, Clone)]
    pub struct ExportRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        fields: Result<Option<::std::string::String>, String>,
        format: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
        raw: Result<Option<bool>, String>,
        where_: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ExportRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                fields: Ok(None),
                format: Ok(None),
                limit: Ok(None),
                ordering: Ok(None),
                raw: Ok(None),
                where_: Ok(None),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn fields<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.fields = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for fields failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        pub fn raw<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<bool>,
        {
            self.raw =
                value.try_into().map(Some).map_err(|_| "conversion to `bool` for raw failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/storage/{name}/export`"]
        pub async fn send(self) -> Result<ResponseValue<::std::string::String>, Error<ByteStream>> {
            let Self { client, name, fields, format, limit, ordering, raw, where_ } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let fields = fields.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let raw = raw.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/export", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("fields", &fields))
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .query(&progenitor_client::QueryParam::new("raw", &raw))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "export_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::find_export`]\n\n[`Client::find_export`]: super::Client::find_export"]
    #[derive(Debug, Clone)]
    pub struct FindExport<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> FindExport<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}/export`"]
        pub async fn send(self) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
            let Self { client, name, body } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/export", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.post(url).json(&body).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "find_export" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => Ok(crate::requests::stream(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::import_rows`]\n\n[`Client::import_rows`]: super::Client::import_rows"]
    #[derive(Debug)]
    pub struct ImportRows<'a> {
        client: &'a super::Client,
        name: Result<::std::string::String, String>,
        format: Result<Option<::std::string::String>, String>,
        offset: Result<Option<u64>, String>,
        on_conflict: Result<Option<::std::string::String>, String>,
        on_error: Result<Option<::std::string::String>, String>,
        plan: Result<Option<::std::string::String>, String>,
        raw: Result<Option<::std::string::String>, String>,
        resume: Result<Option<::std::string::String>, String>,
        strict: Result<Option<::std::string::String>, String>,
        content_range: Result<Option<::std::string::String>, String>,
        idempotency_key: Result<Option<types::ImportRowsIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> ImportRows<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                name: Err("name was not initialized".to_string()),
                format: Ok(None),
                offset: Ok(None),
                on_conflict: Ok(None),
                on_error: Ok(None),
                plan: Ok(None),
                raw: Ok(None),
                resume: Ok(None),
                strict: Ok(None),
                content_range: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn name<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.name = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for name failed".to_string());
            self
        }
        pub fn format<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.format = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for format failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn on_conflict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.on_conflict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for on_conflict failed".to_string());
            self
        }
        pub fn on_error<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.on_error = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for on_error failed".to_string());
            self
        }
        pub fn plan<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.plan = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for plan failed".to_string());
            self
        }
        pub fn raw<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.raw = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for raw failed".to_string());
            self
        }
        pub fn resume<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.resume = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for resume failed".to_string());
            self
        }
        pub fn strict<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.strict = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for strict failed".to_string());
            self
        }
        pub fn content_range<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.content_range = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for content_range failed".to_string()
            });
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::ImportRowsIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `ImportRowsIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/storage/{name}/import`"]
        pub async fn send(self) -> Result<ResponseValue<types::Import>, Error<ByteStream>> {
            let Self {
                client,
                name,
                format,
                offset,
                on_conflict,
                on_error,
                plan,
                raw,
                resume,
                strict,
                content_range,
                idempotency_key,
                body,
            } = self;
            let name = name.map_err(Error::InvalidRequest)?;
            let format = format.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let on_conflict = on_conflict.map_err(Error::InvalidRequest)?;
            let on_error = on_error.map_err(Error::InvalidRequest)?;
            let plan = plan.map_err(Error::InvalidRequest)?;
            let raw = raw.map_err(Error::InvalidRequest)?;
            let resume = resume.map_err(Error::InvalidRequest)?;
            let strict = strict.map_err(Error::InvalidRequest)?;
            let content_range = content_range.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/storage/{}/import", client.baseurl, encode_path(&name.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(3usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = content_range {
                header_map.append("Content-Range", value.to_string().try_into()?);
            }
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("format", &format))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("on_conflict", &on_conflict))
                .query(&progenitor_client::QueryParam::new("on_error", &on_error))
                .query(&progenitor_client::QueryParam::new("plan", &plan))
                .query(&progenitor_client::QueryParam::new("raw", &raw))
                .query(&progenitor_client::QueryParam::new("resume", &resume))
                .query(&progenitor_client::QueryParam::new("strict", &strict))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "import_rows" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_imports`]\n\n[`Client::list_imports`]: super::Client::list_imports"]
    #[derive(Debug, Clone)]
    pub struct ListImports<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListImports<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/import`"]
        pub async fn send(self) -> Result<ResponseValue<types::ImportList>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/import", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_imports" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_import`]\n\n[`Client::get_import`]: super::Client::get_import"]
    #[derive(Debug, Clone)]
    pub struct GetImport<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> GetImport<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/import/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<types::Import>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/import/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_import" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::push`]\n\n[`Client::push`]: super::Client::push"]
    #[derive(Debug)]
    pub struct Push<'a> {
        client: &'a super::Client,
        commands: Result<Option<u8>, String>,
        idempotency_key: Result<Option<types::PushIdempotencyKey>, String>,
        body: Result<reqwest::Body, String>,
    }
    impl<'a> Push<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                commands: Ok(None),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn commands<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u8>,
        {
            self.commands =
                value.try_into().map(Some).map_err(|_| "conversion to `u8` for commands failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::PushIdempotencyKey>,
        {
            self.idempotency_key = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `PushIdempotencyKey` for idempotency_key failed".to_string());
            self
        }
        pub fn body<B>(mut self, value: B) -> Self
        where
            B: std::convert::TryInto<reqwest::Body>,
        {
            self.body =
                value.try_into().map_err(|_| "conversion to `reqwest::Body` for body failed".to_string());
            self
        }
        #[doc = "Sends a `POST` request to `/api/data`"]
        pub async fn send(self) -> Result<ResponseValue<types::PushReceipt>, Error<ByteStream>> {
            let Self { client, commands, idempotency_key, body } = self;
            let commands = commands.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/data", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .header(
                    ::reqwest::header::CONTENT_TYPE,
                    ::reqwest::header::HeaderValue::from_static("application/octet-stream"),
                )
                .body(body)
                .query(&progenitor_client::QueryParam::new("commands", &commands))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "push" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::fetch_device`]\n\n[`Client::fetch_device`]: super::Client::fetch_device"]
    #[derive(Debug, Clone)]
    pub struct FetchDevice<'a> {
        client: &'a super::Client,
        id: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        sensor: Result<Option<::std::string::String>, String>,
    }
    impl<'a> FetchDevice<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Ok(None), limit: Ok(None), offset: Ok(None), sensor: Ok(None) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn sensor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.sensor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for sensor failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/fetch/device`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>>,
            Error<ByteStream>,
        > {
            let Self { client, id, limit, offset, sensor } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let sensor = sensor.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/fetch/device", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("id", &id))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("sensor", &sensor))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "fetch_device" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::fetch_sensor`]\n\n[`Client::fetch_sensor`]: super::Client::fetch_sensor"]
    #[derive(Debug, Clone)]
    pub struct FetchSensor<'a> {
        client: &'a super::Client,
        device: Result<Option<::std::string::String>, String>,
        id: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> FetchSensor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, device: Ok(None), id: Ok(None), limit: Ok(None), offset: Ok(None) }
        }
        pub fn device<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.device = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for device failed".to_string());
            self
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/fetch/sensor`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::std::vec::Vec<::serde_json::Map<::std::string::String, ::serde_json::Value>>>,
            Error<ByteStream>,
        > {
            let Self { client, device, id, limit, offset } = self;
            let device = device.map_err(Error::InvalidRequest)?;
            let id = id.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/fetch/sensor", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("device", &device))
                .query(&progenitor_client::QueryParam::new("id", &id))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "fetch_sensor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_devices`]\n\n[`Client::list_devices`]: super::Client::list_devices"]
    #[derive(Debug, Clone)]
    pub struct ListDevices<'a> {
        client: &'a super::Client,
        count: Result<Option<::std::string::String>, String>,
        cursor: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
        status: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListDevices<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                count: Ok(None),
                cursor: Ok(None),
                limit: Ok(None),
                offset: Ok(None),
                ordering: Ok(None),
                status: Ok(None),
            }
        }
        pub fn count<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.count = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for count failed".to_string());
            self
        }
        pub fn cursor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.cursor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for cursor failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        pub fn status<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.status = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for status failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device`"]
        pub async fn send(self) -> Result<ResponseValue<types::HubList>, Error<ByteStream>> {
            let Self { client, count, cursor, limit, offset, ordering, status } = self;
            let count = count.map_err(Error::InvalidRequest)?;
            let cursor = cursor.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let status = status.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("count", &count))
                .query(&progenitor_client::QueryParam::new("cursor", &cursor))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .query(&progenitor_client::QueryParam::new("status", &status))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_devices" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_device`]\n\n[`Client::get_device`]: super::Client::get_device"]
    #[derive(Debug, Clone)]
    pub struct GetDevice<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> GetDevice<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_device" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::remove_device`]\n\n[`Client::remove_device`]: super::Client::remove_device"]
    #[derive(Debug, Clone)]
    pub struct RemoveDevice<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> RemoveDevice<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/device/{id}`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.delete(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "remove_device" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_device`]\n\n[`Client::patch_device`]: super::Client::patch_device"]
    #[derive(Debug, Clone)]
    pub struct PatchDevice<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        if_match: Result<Option<::std::string::String>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchDevice<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                if_match: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn if_match<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.if_match = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for if_match failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/device/{id}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, if_match, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let if_match = if_match.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = if_match {
                header_map.append("If-Match", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_device" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::make_device_token`]\n\n[`Client::make_device_token`]: super::Client::make_device_token"]
    #[derive(Debug, Clone)]
    pub struct MakeDeviceToken<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::MakeDeviceTokenIdempotencyKey>, String>,
    }
    impl<'a> MakeDeviceToken<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()), idempotency_key: Ok(None) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::MakeDeviceTokenIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `MakeDeviceTokenIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/device/{id}/token`"]
        pub async fn send(self) -> Result<ResponseValue<types::DeviceToken>, Error<ByteStream>> {
            let Self { client, id, idempotency_key } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/token", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "make_device_token" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                201u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::remove_device_token`]\n\n[`Client::remove_device_token`]: super::Client::remove_device_token"]
    #[derive(Debug, Clone)]
    pub struct RemoveDeviceToken<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> RemoveDeviceToken<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/device/{id}/token`"]
        pub async fn send(self) -> Result<ResponseValue<()>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/token", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.delete(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "remove_device_token" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                204u16 => Ok(ResponseValue::empty(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_sensors`]\n\n[`Client::list_sensors`]: super::Client::list_sensors"]
    #[derive(Debug, Clone)]
    pub struct ListSensors<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> ListSensors<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}/sensor`"]
        pub async fn send(self) -> Result<ResponseValue<types::SensorList>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/sensor", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_sensors" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::patch_sensor`]\n\n[`Client::patch_sensor`]: super::Client::patch_sensor"]
    #[derive(Debug, Clone)]
    pub struct PatchSensor<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        sensor: Result<::std::string::String, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> PatchSensor<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                sensor: Err("sensor was not initialized".to_string()),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn sensor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.sensor = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for sensor failed".to_string());
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `PATCH` request to `/api/v1/device/{id}/sensor/{sensor}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, sensor, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let sensor = sensor.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!(
                "{}/api/v1/device/{}/sensor/{}",
                client.baseurl,
                encode_path(&id.to_string()),
                encode_path(&sensor.to_string()),
            );
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .patch(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "patch_sensor" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_readings`]\n\n[`Client::list_readings`]: super::Client::list_readings"]
    #[derive(Debug, Clone)]
    pub struct ListReadings<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        count: Result<Option<::std::string::String>, String>,
        cursor: Result<Option<::std::string::String>, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        ordering: Result<Option<::std::string::String>, String>,
    }
    impl<'a> ListReadings<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                count: Ok(None),
                cursor: Ok(None),
                limit: Ok(None),
                offset: Ok(None),
                ordering: Ok(None),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn count<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.count = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for count failed".to_string());
            self
        }
        pub fn cursor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.cursor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for cursor failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn ordering<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.ordering = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for ordering failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}/reading`"]
        pub async fn send(self) -> Result<ResponseValue<types::HubList>, Error<ByteStream>> {
            let Self { client, id, count, cursor, limit, offset, ordering } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let count = count.map_err(Error::InvalidRequest)?;
            let cursor = cursor.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let ordering = ordering.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/reading", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("count", &count))
                .query(&progenitor_client::QueryParam::new("cursor", &cursor))
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("ordering", &ordering))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_readings" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_transitions`]\n\n[`Client::list_transitions`]: super::Client::list_transitions"]
    #[derive(Debug, Clone)]
    pub struct ListTransitions<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> ListTransitions<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                limit: Ok(None),
                offset: Ok(None),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}/transition`"]
        pub async fn send(self) -> Result<ResponseValue<types::HubList>, Error<ByteStream>> {
            let Self { client, id, limit, offset } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/device/{}/transition", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_transitions" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::list_commands`]\n\n[`Client::list_commands`]: super::Client::list_commands"]
    #[derive(Debug, Clone)]
    pub struct ListCommands<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        limit: Result<Option<u64>, String>,
        max: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
        state: Result<Option<::std::string::String>, String>,
        wait: Result<Option<f64>, String>,
    }
    impl<'a> ListCommands<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                limit: Ok(None),
                max: Ok(None),
                offset: Ok(None),
                state: Ok(None),
                wait: Ok(None),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn max<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.max =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for max failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        pub fn state<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.state = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for state failed".to_string());
            self
        }
        pub fn wait<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<f64>,
        {
            self.wait =
                value.try_into().map(Some).map_err(|_| "conversion to `f64` for wait failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}/command`"]
        pub async fn send(self) -> Result<ResponseValue<types::HubList>, Error<ByteStream>> {
            let Self { client, id, limit, max, offset, state, wait } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let max = max.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let state = state.map_err(Error::InvalidRequest)?;
            let wait = wait.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/command", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("max", &max))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .query(&progenitor_client::QueryParam::new("state", &state))
                .query(&progenitor_client::QueryParam::new("wait", &wait))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "list_commands" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::send_command`]\n\n[`Client::send_command`]: super::Client::send_command"]
    #[derive(Debug, Clone)]
    pub struct SendCommand<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::SendCommandIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> SendCommand<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::SendCommandIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `SendCommandIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/device/{id}/command`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, idempotency_key, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/device/{}/command", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "send_command" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                202u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::get_command`]\n\n[`Client::get_command`]: super::Client::get_command"]
    #[derive(Debug, Clone)]
    pub struct GetCommand<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> GetCommand<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/command/{id}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/command/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "get_command" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::cancel_command`]\n\n[`Client::cancel_command`]: super::Client::cancel_command"]
    #[derive(Debug, Clone)]
    pub struct CancelCommand<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> CancelCommand<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `DELETE` request to `/api/v1/command/{id}`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/command/{}", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .delete(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "cancel_command" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::ack_command`]\n\n[`Client::ack_command`]: super::Client::ack_command"]
    #[derive(Debug, Clone)]
    pub struct AckCommand<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::AckCommandIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> AckCommand<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::AckCommandIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `AckCommandIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/command/{id}/ack`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, idempotency_key, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/command/{}/ack", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "ack_command" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::answer_command`]\n\n[`Client::answer_command`]: super::Client::answer_command"]
    #[derive(Debug, Clone)]
    pub struct AnswerCommand<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
        idempotency_key: Result<Option<types::AnswerCommandIdempotencyKey>, String>,
        body: Result<::serde_json::Map<::std::string::String, ::serde_json::Value>, String>,
    }
    impl<'a> AnswerCommand<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                id: Err("id was not initialized".to_string()),
                idempotency_key: Ok(None),
                body: Err("body was not initialized".to_string()),
            }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        pub fn idempotency_key<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<types::AnswerCommandIdempotencyKey>,
        {
            self.idempotency_key = value.try_into().map(Some).map_err(|_| {
                "conversion to `AnswerCommandIdempotencyKey` for idempotency_key failed".to_string()
            });
            self
        }
        pub fn body<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
        {
            self . body = value . try_into () . map_err (| _ | "conversion to `:: serde_json :: Map < :: std :: string :: String , :: serde_json :: Value >` for body failed" . to_string ()) ;
            self
        }
        #[doc = "Sends a `POST` request to `/api/v1/command/{id}/result`"]
        pub async fn send(
            self,
        ) -> Result<
            ResponseValue<::serde_json::Map<::std::string::String, ::serde_json::Value>>,
            Error<ByteStream>,
        > {
            let Self { client, id, idempotency_key, body } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let idempotency_key = idempotency_key.map_err(Error::InvalidRequest)?;
            let body = body.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/command/{}/result", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = idempotency_key {
                header_map.append("Idempotency-Key", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .post(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .json(&body)
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "answer_command" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::stream`]\n\n[`Client::stream`]: super::Client::stream"]
    #[derive(Debug, Clone)]
    pub struct Stream<'a> {
        client: &'a super::Client,
        backfill: Result<Option<::std::string::String>, String>,
        device: Result<Option<::std::string::String>, String>,
        multi: Result<Option<::std::string::String>, String>,
        sensor: Result<Option<::std::string::String>, String>,
        since: Result<Option<::std::string::String>, String>,
        source: Result<Option<::std::string::String>, String>,
        storage: Result<Option<::std::string::String>, String>,
        where_: Result<Option<::std::string::String>, String>,
        last_event_id: Result<Option<::std::string::String>, String>,
    }
    impl<'a> Stream<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                backfill: Ok(None),
                device: Ok(None),
                multi: Ok(None),
                sensor: Ok(None),
                since: Ok(None),
                source: Ok(None),
                storage: Ok(None),
                where_: Ok(None),
                last_event_id: Ok(None),
            }
        }
        pub fn backfill<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.backfill = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for backfill failed".to_string());
            self
        }
        pub fn device<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.device = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for device failed".to_string());
            self
        }
        pub fn multi<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.multi = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for multi failed".to_string());
            self
        }
        pub fn sensor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.sensor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for sensor failed".to_string());
            self
        }
        pub fn since<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.since = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for since failed".to_string());
            self
        }
        pub fn source<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.source = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for source failed".to_string());
            self
        }
        pub fn storage<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.storage = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for storage failed".to_string());
            self
        }
        pub fn where_<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.where_ = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for where_ failed".to_string());
            self
        }
        pub fn last_event_id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.last_event_id = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for last_event_id failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/stream`"]
        pub async fn send(self) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
            let Self {
                client,
                backfill,
                device,
                multi,
                sensor,
                since,
                source,
                storage,
                where_,
                last_event_id,
            } = self;
            let backfill = backfill.map_err(Error::InvalidRequest)?;
            let device = device.map_err(Error::InvalidRequest)?;
            let multi = multi.map_err(Error::InvalidRequest)?;
            let sensor = sensor.map_err(Error::InvalidRequest)?;
            let since = since.map_err(Error::InvalidRequest)?;
            let source = source.map_err(Error::InvalidRequest)?;
            let storage = storage.map_err(Error::InvalidRequest)?;
            let where_ = where_.map_err(Error::InvalidRequest)?;
            let last_event_id = last_event_id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/stream", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = last_event_id {
                header_map.append("Last-Event-ID", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .query(&progenitor_client::QueryParam::new("backfill", &backfill))
                .query(&progenitor_client::QueryParam::new("device", &device))
                .query(&progenitor_client::QueryParam::new("multi", &multi))
                .query(&progenitor_client::QueryParam::new("sensor", &sensor))
                .query(&progenitor_client::QueryParam::new("since", &since))
                .query(&progenitor_client::QueryParam::new("source", &source))
                .query(&progenitor_client::QueryParam::new("storage", &storage))
                .query(&progenitor_client::QueryParam::new("where", &where_))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "stream" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => Ok(crate::requests::stream(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::stream_commands`]\n\n[`Client::stream_commands`]: super::Client::stream_commands"]
    #[derive(Debug, Clone)]
    pub struct StreamCommands<'a> {
        client: &'a super::Client,
        id: Result<::std::string::String, String>,
    }
    impl<'a> StreamCommands<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, id: Err("id was not initialized".to_string()) }
        }
        pub fn id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.id = value
                .try_into()
                .map_err(|_| "conversion to `:: std :: string :: String` for id failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/device/{id}/command/stream`"]
        pub async fn send(self) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
            let Self { client, id } = self;
            let id = id.map_err(Error::InvalidRequest)?;
            let url =
                format!("{}/api/v1/device/{}/command/stream", client.baseurl, encode_path(&id.to_string()),);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.get(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "stream_commands" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => Ok(crate::requests::stream(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::stream_readings`]\n\n[`Client::stream_readings`]: super::Client::stream_readings"]
    #[derive(Debug, Clone)]
    pub struct StreamReadings<'a> {
        client: &'a super::Client,
        backfill: Result<Option<::std::string::String>, String>,
        device: Result<Option<::std::string::String>, String>,
        sensor: Result<Option<::std::string::String>, String>,
        since: Result<Option<::std::string::String>, String>,
        last_event_id: Result<Option<::std::string::String>, String>,
    }
    impl<'a> StreamReadings<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self {
                client: client,
                backfill: Ok(None),
                device: Ok(None),
                sensor: Ok(None),
                since: Ok(None),
                last_event_id: Ok(None),
            }
        }
        pub fn backfill<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.backfill = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for backfill failed".to_string());
            self
        }
        pub fn device<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.device = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for device failed".to_string());
            self
        }
        pub fn sensor<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.sensor = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for sensor failed".to_string());
            self
        }
        pub fn since<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.since = value
                .try_into()
                .map(Some)
                .map_err(|_| "conversion to `:: std :: string :: String` for since failed".to_string());
            self
        }
        pub fn last_event_id<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<::std::string::String>,
        {
            self.last_event_id = value.try_into().map(Some).map_err(|_| {
                "conversion to `:: std :: string :: String` for last_event_id failed".to_string()
            });
            self
        }
        #[doc = "Sends a `GET` request to `/api/stream`"]
        pub async fn send(self) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
            let Self { client, backfill, device, sensor, since, last_event_id } = self;
            let backfill = backfill.map_err(Error::InvalidRequest)?;
            let device = device.map_err(Error::InvalidRequest)?;
            let sensor = sensor.map_err(Error::InvalidRequest)?;
            let since = since.map_err(Error::InvalidRequest)?;
            let last_event_id = last_event_id.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/stream", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(2usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            if let Some(value) = last_event_id {
                header_map.append("Last-Event-ID", value.to_string().try_into()?);
            }
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .query(&progenitor_client::QueryParam::new("backfill", &backfill))
                .query(&progenitor_client::QueryParam::new("device", &device))
                .query(&progenitor_client::QueryParam::new("sensor", &sensor))
                .query(&progenitor_client::QueryParam::new("since", &since))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "stream_readings" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => Ok(crate::requests::stream(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::status`]\n\n[`Client::status`]: super::Client::status"]
    #[derive(Debug, Clone)]
    pub struct Status<'a> {
        client: &'a super::Client,
        limit: Result<Option<u64>, String>,
        offset: Result<Option<u64>, String>,
    }
    impl<'a> Status<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client, limit: Ok(None), offset: Ok(None) }
        }
        pub fn limit<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.limit =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for limit failed".to_string());
            self
        }
        pub fn offset<V>(mut self, value: V) -> Self
        where
            V: std::convert::TryInto<u64>,
        {
            self.offset =
                value.try_into().map(Some).map_err(|_| "conversion to `u64` for offset failed".to_string());
            self
        }
        #[doc = "Sends a `GET` request to `/api/v1/status`"]
        pub async fn send(self) -> Result<ResponseValue<types::Status>, Error<ByteStream>> {
            let Self { client, limit, offset } = self;
            let limit = limit.map_err(Error::InvalidRequest)?;
            let offset = offset.map_err(Error::InvalidRequest)?;
            let url = format!("{}/api/v1/status", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .query(&progenitor_client::QueryParam::new("limit", &limit))
                .query(&progenitor_client::QueryParam::new("offset", &offset))
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "status" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::metrics`]\n\n[`Client::metrics`]: super::Client::metrics"]
    #[derive(Debug, Clone)]
    pub struct Metrics<'a> {
        client: &'a super::Client,
    }
    impl<'a> Metrics<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client }
        }
        #[doc = "Sends a `GET` request to `/metrics`"]
        pub async fn send(self) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
            let Self { client } = self;
            let url = format!("{}/metrics", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client.client.get(url).headers(header_map).build()?;
            let info = OperationInfo { operation_id: "metrics" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => Ok(crate::requests::stream(response)),
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::health`]\n\n[`Client::health`]: super::Client::health"]
    #[derive(Debug, Clone)]
    pub struct Health<'a> {
        client: &'a super::Client,
    }
    impl<'a> Health<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client }
        }
        #[doc = "Sends a `GET` request to `/health`"]
        pub async fn send(self) -> Result<ResponseValue<types::Health>, Error<ByteStream>> {
            let Self { client } = self;
            let url = format!("{}/health", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "health" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
    #[doc = "Builder for [`Client::ready`]\n\n[`Client::ready`]: super::Client::ready"]
    #[derive(Debug, Clone)]
    pub struct Ready<'a> {
        client: &'a super::Client,
    }
    impl<'a> Ready<'a> {
        pub fn new(client: &'a super::Client) -> Self {
            Self { client: client }
        }
        #[doc = "Sends a `GET` request to `/ready`"]
        pub async fn send(self) -> Result<ResponseValue<types::Ready>, Error<ByteStream>> {
            let Self { client } = self;
            let url = format!("{}/ready", client.baseurl,);
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(super::Client::api_version()),
            );
            #[allow(unused_mut)]
            let mut request = client
                .client
                .get(url)
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json"),
                )
                .headers(header_map)
                .build()?;
            let info = OperationInfo { operation_id: "ready" };
            client.pre(&mut request, &info).await?;
            let result = client.exec(request, &info).await;
            client.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200u16 => ResponseValue::from_response(response).await,
                400u16..=499u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                500u16..=599u16 => Err(Error::ErrorResponse(crate::requests::stream(response))),
                _ => Err(Error::UnexpectedResponse(response)),
            }
        }
    }
}
#[doc = r" Items consumers will typically use such as the Client."]
pub mod prelude {
    pub use self::super::Client;
}
