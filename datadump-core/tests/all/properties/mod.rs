//! What must hold for anything that can be made up, on both databases.

mod definitions;
mod filters;
mod rows;
mod values;

/// How many cases each property is tried with.
const CASES: u32 = 2_000;

/// A runner that tries so many cases and, when one fails, looks for the smallest that does.
fn runner() -> proptest::test_runner::TestRunner {
    let config = proptest::test_runner::Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..proptest::test_runner::Config::default()
    };
    proptest::test_runner::TestRunner::new(config)
}
