//! The hub's rules, without a store: what a push says, whether a device is still heard, and which step a
//! command may take next. What they are applied to is kept by the façade.

pub mod command;
pub mod liveness;
pub mod name;
pub mod push;

pub use command::{Command, State};
pub use liveness::{Pulse, Status};
