//! Throws as they come: how many are recognised, and what no bytes may do.

mod corpus;
mod fuzz;
mod recognised;
