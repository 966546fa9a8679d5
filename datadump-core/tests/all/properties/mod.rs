//! Property tests with generated definitions, rows and filters, on both databases.

mod aggregates;
mod definitions;
mod filters;
mod names;
mod rows;
mod values;
mod writes;

/// Number of cases per property.
const CASES: u32 = 2_000;

/// Creates a runner with the configured number of cases.
fn runner() -> proptest::test_runner::TestRunner {
    let config = proptest::test_runner::Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..proptest::test_runner::Config::default()
    };
    proptest::test_runner::TestRunner::new(config)
}
