//! Commands: delivered to their device, run once, with every step recorded.

use std::time::{Duration, Instant};

use datadump_tests::{Server, SimulationOptions, on_both};
use serde_json::{Value as Json, json};

use super::{command, only, pump, push, state, step, steps, take, until};

on_both![
    a_command_is_delivered_and_its_result_returned,
    an_unacknowledged_command_is_delivered_again,
    waiting_requests_are_answered_immediately,
    idempotency_keys_and_slots_prevent_duplicate_commands,
    invalid_requests_are_refused_with_a_reason,
    an_offline_device_receives_its_command_when_it_returns,
    a_command_is_delivered_to_one_of_many_waiting_requests,
];

async fn a_command_is_delivered_and_its_result_returned(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    let queued = command(&server, "a", pump()).await.is(202).json();
    assert_eq!((&queued["state"], &queued["params"]["seconds"]), (&json!("queued"), &json!(3)));
    let taken = take(&server, "a", 0.0).await;
    assert_eq!((taken.len(), &taken[0]["id"], &taken[0]["attempt"]), (1, &queued["id"], &json!(1)));
    assert_eq!(take(&server, "a", 0.0).await, Vec::<Json>::new(), "the command is not delivered twice");
    step(&server, &queued, "ack", json!({"attempt": 1})).await.is(200).ok();
    step(&server, &queued, "ack", json!({})).await.is(200).ok();
    let done =
        step(&server, &queued, "result", json!({"ok": true, "data": {"litres": 2}})).await.is(200).json();
    assert_eq!((&done["state"], &done["result"]["data"]["litres"]), (&json!("done"), &json!(2)));
    // The device repeats a request whose response it has not received.
    step(&server, &queued, "result", json!({"ok": true, "data": {"litres": 2}})).await.is(200).ok();
    let other = step(&server, &queued, "result", json!({"ok": false})).await.problem(409);
    assert_eq!(other["current"]["state"], "done");
    assert_eq!(steps(&state(&server, &queued).await), ["queued", "leased", "acked", "done"]);

    // Delivered with the response to a push; this command fails.
    let queued = command(&server, "a", json!({"method": "fly"})).await.is(202).json();
    let pushed = server.post("/api/data?commands=1", &json!({"device_id": "a", "t": 2})).await.is(201).json();
    assert_eq!(pushed["commands"][0]["id"], queued["id"]);
    step(&server, &queued, "result", json!({"ok": false, "data": "no wings"})).await.is(200).ok();
    assert_eq!(steps(&state(&server, &queued).await), ["queued", "leased", "failed"]);

    let cancelled = command(&server, "a", pump()).await.is(202).json();
    let path = format!("/api/v1/command/{}/", cancelled["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).await.is(200).json()["state"], "cancelled");
    server.delete(&path).await.problem(409);
    assert!(take(&server, "a", 0.0).await.is_empty());

    let list = server.get("/api/v1/device/a/command/").await.is(200).json();
    assert_eq!(
        only(list["results"].as_array().unwrap(), &["method", "state"]),
        json!([["pump", "cancelled"], ["fly", "failed"], ["pump", "done"],])
    );
    assert_eq!(server.get("/api/v1/device/a/command/?state=done").await.is(200).json()["count"], 1);
}

async fn an_unacknowledged_command_is_delivered_again(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    let queued =
        command(&server, "a", json!({"method": "x", "lease_s": 0.3, "retries": 1})).await.is(202).json();
    let first = take(&server, "a", 0.0).await;
    assert_eq!(first[0]["attempt"], 1);
    let again = take(&server, "a", 10.0).await;
    assert_eq!((&again[0]["id"], &again[0]["attempt"]), (&queued["id"], &json!(2)));
    let late = step(&server, &queued, "result", json!({"ok": true, "attempt": 1})).await.problem(409);
    assert_eq!(late["current"]["attempt"], 2);
    until("it has failed", async || state(&server, &queued).await["state"] == "failed").await;
    let found = state(&server, &queued).await;
    assert_eq!(steps(&found), ["queued", "leased", "queued", "leased", "failed"]);
    step(&server, &queued, "ack", json!({})).await.problem(409);

    let short = command(&server, "a", json!({"method": "x", "ttl_s": 0.2})).await.is(202).json();
    until("it has expired", async || state(&server, &short).await["state"] == "expired").await;
    assert!(take(&server, "a", 0.0).await.is_empty());
}

async fn waiting_requests_are_answered_immediately(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    let began = Instant::now();
    let (taken, queued) = tokio::join!(take(&server, "a", 30.0), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        command(&server, "a", pump()).await.is(202).json()
    });
    assert_eq!(taken[0]["id"], queued["id"]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    step(&server, &queued, "result", json!({"ok": true})).await.is(200).ok();
    // The sender waits for the result.
    let body = json!({"method": "read", "wait_s": 30});
    let (answered, ()) = tokio::join!(async { command(&server, "a", body).await.is(202).json() }, async {
        let taken = take(&server, "a", 30.0).await;
        step(&server, &taken[0], "result", json!({"ok": true, "data": 42})).await.is(200).ok();
    });
    assert_eq!((&answered["state"], &answered["result"]["data"]), (&json!("done"), &json!(42)));
    // No device answers.
    let body = json!({"method": "read", "wait_s": 0.3});
    assert_eq!(command(&server, "a", body).await.is(202).json()["state"], "queued");
    let began = Instant::now();
    push(&server, json!({"device_id": "b", "t": 1})).await;
    assert!(take(&server, "b", 0.5).await.is_empty());
    assert!(began.elapsed() >= Duration::from_millis(500));
}

async fn idempotency_keys_and_slots_prevent_duplicate_commands(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    push(&server, json!({"device_id": "b", "t": 1})).await;
    let body = json!({"method": "pump", "key": "morning"});
    let first = command(&server, "a", body.clone()).await.is(202).json();
    assert_eq!(command(&server, "a", body.clone()).await.is(202).json()["id"], first["id"]);
    assert_ne!(command(&server, "b", body).await.is(202).json()["id"], first["id"]);
    command(&server, "a", json!({"method": "other", "key": "morning"})).await.problem(422);
    // Concurrent commands with one key are one command.
    let body = json!({"method": "pump", "key": "noon"});
    let many =
        (0..8).map(|_| async { command(&server, "b", body.clone()).await.is(202).json()["id"].clone() });
    let ids: std::collections::BTreeSet<String> =
        futures_util::future::join_all(many).await.iter().map(Json::to_string).collect();
    assert_eq!(ids.len(), 1);

    let slot = |value: i32| json!({"method": "set", "params": value, "replace": "level"});
    let one = command(&server, "b", slot(1)).await.is(202).json();
    let other = command(&server, "b", json!({"method": "set", "replace": "other"})).await.is(202).json();
    let two = command(&server, "b", slot(2)).await.is(202).json();
    assert_eq!(state(&server, &one).await["state"], "superseded");
    assert_eq!(state(&server, &other).await["state"], "queued");
    let taken = take(&server, "b", 0.0).await;
    assert!(taken.iter().any(|taken| taken["id"] == two["id"]));
    // Of many concurrent commands for one slot, one remains.
    push(&server, json!({"device_id": "c", "t": 1})).await;
    let many = (0..8).map(|value| command(&server, "c", slot(value)));
    futures_util::future::join_all(many).await.into_iter().for_each(|response| response.is(202).ok());
    assert_eq!(take(&server, "c", 0.0).await.len(), 1);
    // A leased command is superseded, one that is being run is not.
    let three = command(&server, "b", slot(3)).await.is(202).json();
    step(&server, &two, "ack", json!({})).await.problem(409);
    take(&server, "b", 0.0).await;
    step(&server, &three, "ack", json!({})).await.is(200).ok();
    command(&server, "b", slot(4)).await.is(202).ok();
    assert_eq!(state(&server, &three).await["state"], "acked");
}

async fn invalid_requests_are_refused_with_a_reason(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    command(&server, "nobody", pump()).await.problem_about(404, &["nobody"]);
    server.get("/api/v1/device/nobody/command/?wait=1").await.problem_about(404, &["nobody"]);
    for (wrong, word) in [
        (json!({}), "method"),
        (json!({"method": ""}), "empty"),
        (json!({"method": 1}), "method"),
        (json!({"method": "x", "ttl_s": -1}), "ttl_s"),
        (json!({"method": "x", "lease_s": 0}), "lease_s"),
        (json!({"method": "x", "retries": 1_000}), "retries"),
        (json!({"method": "x", "wait_s": 1_000}), "wait_s"),
        (json!({"method": "x", "colour": "red"}), "colour"),
        (json!({"method": "x", "params": {"a": "\u{0}"}}), "U+0000"),
    ] {
        command(&server, "a", wrong).await.problem_about(400, &[word]);
    }
    for (path, word) in [
        ("/api/v1/device/a/command/?wait=x", "wait"),
        ("/api/v1/device/a/command/?max=0", "max"),
        ("/api/v1/device/a/command/?wait=1&state=done", "state"),
        ("/api/v1/device/a/command/?nothing=1", "nothing"),
    ] {
        server.get(path).await.problem_about(400, &[word]);
    }
    for id in ["x", "019f0000-0000-7000-8000-000000000000"] {
        server.get(&format!("/api/v1/command/{id}/")).await.problem_about(404, &[id]);
        server.post(&format!("/api/v1/command/{id}/ack/"), &json!({})).await.problem_about(404, &[id]);
        server.post(&format!("/api/v1/command/{id}/result/"), &json!({"ok": true})).await.problem(404);
    }
    let queued = command(&server, "a", pump()).await.is(202).json();
    step(&server, &queued, "ack", json!({"attempt": "x"})).await.problem(400);
    step(&server, &queued, "result", json!({})).await.problem_about(400, &["ok"]);
    // The command was never delivered.
    step(&server, &queued, "ack", json!({})).await.problem(409);
}

async fn an_offline_device_receives_its_command_when_it_returns(server: Server) {
    let device = SimulationOptions {
        name: "far".into(),
        interval: Duration::from_millis(100),
        ..SimulationOptions::default()
    };
    let running = device.start(&server);
    until("the device pushes", async || running.progress().pushed > 0).await;
    running.stop().await;
    let queued =
        command(&server, "far", json!({"method": "set", "params": {"level": 7}})).await.is(202).json();
    assert_eq!(state(&server, &queued).await["state"], "queued");
    let (setup, database) = server.stop().await;
    let server = setup.start(database).await;
    assert_eq!(state(&server, &queued).await["state"], "queued");
    let running = device.start(&server);
    until("it is done", async || state(&server, &queued).await["state"] == "done").await;
    let pushed = running.progress().pushed;
    until("the device continues to push", async || running.progress().pushed > pushed + 5).await;
    let done = running.progress();
    let id = queued["id"].as_str().unwrap();
    assert_eq!(done.commands.get(id), Some(&1), "the command is run once");
    let found = state(&server, &queued).await;
    assert_eq!(steps(&found), ["queued", "leased", "acked", "done"]);
    assert_eq!(found["result"], json!({"ok": true, "data": {"level": 7}}));
    drop(running);
    server.stop().await;
}

async fn a_command_is_delivered_to_one_of_many_waiting_requests(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    let body: Vec<_> = (0..16)
        .map(|_| {
            let api = (*server).clone();
            tokio::spawn(async move { take(&api, "a", 3.0).await })
        })
        .collect();
    for number in 0..8 {
        command(&server, "a", json!({"method": "x", "params": number})).await.is(202).ok();
    }
    let mut given = Vec::new();
    for taken in body {
        given.extend(taken.await.unwrap().into_iter().map(|command| command["id"].to_string()));
    }
    let count = given.len();
    given.sort_unstable();
    given.dedup();
    assert_eq!((count, given.len()), (8, 8), "each command is delivered once");
}
