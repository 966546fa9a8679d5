//! Tests of format detection on real-world samples, and fuzzing of the processors.

mod corpus;
mod fuzz;
mod recognised;
