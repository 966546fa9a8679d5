//! The hub's rules, without a store: the content of a push, the status of a device, and the state machine of
//! a command.

pub(crate) mod command;
pub(crate) mod liveness;
pub(crate) mod name;
pub(crate) mod push;

pub(crate) use command::{Command, State};
pub(crate) use liveness::{LivenessState, Status};
