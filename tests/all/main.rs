//! All black-box tests in one binary, a module for each subject.

mod bad_input;
mod evolution;
mod listing;
mod locking;
mod names;
mod walkthrough;
