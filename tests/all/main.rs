//! All black-box tests in one binary, a module for each subject.

mod architecture;
mod audit;
mod bad_input;
mod client;
mod configuration;
mod documents;
mod evolution;
mod faults;
mod limits;
mod listing;
mod locking;
mod names;
mod operation;
mod walkthrough;
