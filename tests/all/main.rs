//! All black-box tests in one binary, a module for each subject.

mod bad_input;
mod configuration;
mod evolution;
mod limits;
mod listing;
mod locking;
mod names;
mod operation;
mod walkthrough;
