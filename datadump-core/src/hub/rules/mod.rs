//! The hub's rules, without a store: what a push says, whether a device is online, and how a command changes
//! its state.

pub mod command;
pub mod liveness;
pub mod name;
pub mod push;

pub use command::{Command, State};
pub use liveness::{LivenessState, Status};
