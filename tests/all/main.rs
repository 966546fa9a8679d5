//! All black-box tests, in one binary with one module per subject.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking and print measurements"
)]

mod aggregate_order;
mod aggregates;
mod architecture;
mod audit;
mod backup;
mod bad_input;
mod batches;
mod bulk;
mod changes;
mod client;
mod configuration;
mod connections;
mod cross_site;
mod damage;
mod documents;
mod evolution;
mod exports;
mod exports_large;
mod faults;
mod feed;
mod filtered_writes;
mod hub;
mod idempotency;
mod imports;
mod large_patches;
mod limits;
mod listing;
mod listing_large;
mod live;
mod locking;
mod memory;
mod merging;
mod names;
mod operation;
mod processors;
mod programs;
mod quarantine;
mod queries;
mod receipts;
mod recent_throws;
mod replays;
mod retention;
mod sources;
mod status;
mod storage_limit;
mod throwing;
mod typed;
mod typescript;
mod unreadable_rows;
mod upgrade;
mod walkthrough;
mod websocket;
