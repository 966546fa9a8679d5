//! A client for Data-Dump. [`Client`] is generated from the server's OpenAPI document and has one
//! method per operation. [`done`] converts the result of a call to its value or a [`Failure`].
//! [`Throw`] throws data of any kind. Streams, long polls and throws have no time limit; an error ends a stream.
//!
//! ```no_run
//! # async fn example() -> Result<(), datadump_client::Failure> {
//! use datadump_client::{Client, done};
//!
//! let client = Client::new("http://127.0.0.1:6050");
//! let red = client.list_rows().name("dog").where_(r#"{"color": {"eq": "red"}}"#);
//! for row in done(red.send().await).await?.results {
//!     println!("{}", row["chip_id"]);
//! }
//! # Ok(()) }
//! ```

mod failure;
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::implicit_clone,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unused_imports,
    unused_qualifications,
    reason = "generated code follows the generator's style"
)]
mod generated;

mod requests;
mod throwing;

pub use failure::{Failure, done};
pub use generated::{ByteStream, Client, ClientInfo, Error, ResponseValue, builder, types};
pub use throwing::Throw;
