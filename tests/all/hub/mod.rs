//! The hub: pushes, devices, their liveness, and commands.

mod commands;
mod devices;
mod liveness;
mod nodes;
mod pushes;
mod storages;
mod streams;

use datadump_tests::{Api, Response, eventually};
use serde_json::{Value as Json, json};

const DATA: &str = "/api/data";

/// Waits until a condition holds.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    eventually(what, async || is_so().await.then_some(())).await;
}

/// Pushes readings and returns the response.
async fn push(api: &Api, push: Json) -> Json {
    api.post(DATA, &push).await.is(201).json()
}

async fn fetch(api: &Api, what: &str) -> Vec<Json> {
    api.get(&format!("/api/fetch/{what}")).await.is(200).json().as_array().unwrap().clone()
}

async fn device(api: &Api, name: &str) -> Json {
    api.get(&format!("/api/v1/device/{}/", datadump_tests::segment(name))).await.is(200).json()
}

/// Returns only these fields of each reading.
fn only(readings: &[Json], fields: &[&str]) -> Json {
    readings.iter().map(|one| fields.iter().map(|field| one[*field].clone()).collect::<Json>()).collect()
}

async fn command(api: &Api, device: &str, command: Json) -> Response {
    api.post(&format!("/api/v1/device/{device}/command/"), &command).await
}

/// Fetches the pending commands of a device.
async fn take(api: &Api, device: &str, wait: f64) -> Vec<Json> {
    let taken = api.get(&format!("/api/v1/device/{device}/command/?wait={wait}")).await.is(200).json();
    taken["results"].as_array().unwrap().clone()
}

async fn step(api: &Api, command: &Json, step: &str, body: Json) -> Response {
    api.post(&format!("/api/v1/command/{}/{step}/", command["id"].as_str().unwrap()), &body).await
}

async fn state(api: &Api, command: &Json) -> Json {
    let path = format!("/api/v1/command/{}/", command["id"].as_str().unwrap());
    api.get(&path).await.is(200).json()
}

/// Returns the states that a command went through.
fn steps(command: &Json) -> Vec<String> {
    let steps = command["steps"].as_array().unwrap().iter();
    steps.map(|step| step["state"].as_str().unwrap().to_owned()).collect()
}

/// Returns a command with only a method, `pump`.
fn pump() -> Json {
    json!({"method": "pump", "params": {"seconds": 3}})
}
