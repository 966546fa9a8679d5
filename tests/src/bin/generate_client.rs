//! Writes the client.

fn main() {}
