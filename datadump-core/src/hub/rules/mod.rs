//! The hub's rules, without a store: the content of a push, the status of a device, and the state machine of
//! a command.

pub mod command;
pub mod liveness;
pub mod name;
pub mod push;

pub use command::{Command, State};
pub use liveness::{LivenessState, Status};
