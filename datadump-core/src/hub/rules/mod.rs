//! The hub's rules, without a store: what a push says, whether a device is online, and how a command changes
//! its state.

pub(crate) mod command;
pub(crate) mod liveness;
pub(crate) mod name;
pub(crate) mod push;

pub(crate) use command::{Command, State};
pub(crate) use liveness::{LivenessState, Status};
