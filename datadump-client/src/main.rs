//! `datadump`, the command line.

fn main() {}
