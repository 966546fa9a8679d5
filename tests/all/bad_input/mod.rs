//! Invalid input is refused with a problem that points at the error, and changes nothing.

mod definitions;
mod queries;
mod requests;
mod rows;
mod versions;

use datadump_tests::{Response, Server};
use serde_json::Value as Json;

/// An invalid input, the pointer of the expected problem, and the words in its detail.
struct Case {
    name: &'static str,
    body: Json,
    at: &'static str,
    words: &'static [&'static str],
}

fn case(name: &'static str, body: Json, at: &'static str, words: &'static [&'static str]) -> Case {
    Case { name, body, at, words }
}

/// Asserts that the response is a problem with an error at or below `at`, which is a JSON pointer or the name of a
/// parameter.
#[track_caller]
fn check(name: &str, response: Response, status: u16, at: &str, words: &[&str]) {
    let context = format!("{name}: {response:?}");
    let problem = response.problem_about(status, words);
    let place = if at.is_empty() || at.starts_with('/') { "pointer" } else { "parameter" };
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {context}"));
    let inside = |found: &str| found == at || (at.starts_with('/') && found.starts_with(&format!("{at}/")));
    assert!(
        errors.iter().any(|error| error[place].as_str().is_some_and(inside)),
        "no error at {place} {at:?}: {context}"
    );
}

/// Returns all storages, versions and rows, which must not change.
async fn everything(server: &Server) -> (Json, Vec<Json>) {
    let storages = server.get("/api/v1/factory/storage/?limit=1000").await.is(200).json();
    let mut rows = Vec::new();
    for storage in storages["results"].as_array().unwrap() {
        let path = format!("/api/v1/storage/{}/?limit=1000", storage["name"].as_str().unwrap());
        rows.push(server.get(&path).await.is(200).json());
    }
    (storages, rows)
}
