//! Operating the server: status and metrics, shutdown, logs, access, and threads.

use std::time::Duration;

use datadump_tests::{Database, Server, Setup, dog, on_both};
use rustix::process::Signal;
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

on_both![
    health_status_and_metrics_are_reported,
    quarantine_size_and_devices_are_measured,
    a_stop_completes_accepted_requests,
    logs_contain_the_request_id_and_no_data,
];

async fn health_status_and_metrics_are_reported(server: Server) {
    assert_eq!(server.get("/health").await.is(200).json(), json!({"status": "ok"}));
    server.get("/ready").await.is(200).ok();
    server.declare(&dog()).await;
    for number in 0..5 {
        let row = json!({"chip_id": format!("C{number}"), "color": "red", "collar_size": 1});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    let status = server.get("/api/v1/status").await.is(200).json();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["backend"], if server.database().is_postgres() { "postgres" } else { "sqlite" });
    assert!(status["uptime_s"].as_f64().is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{status}");
    assert!(status["database_bytes"].as_u64().is_some_and(|bytes| bytes > 1000), "{status}");
    assert_eq!(status["storages"][0]["name"], "dog", "{status}");
    assert_eq!(status["rows_written"], 5, "{status}");
    let metrics = server.get("/metrics").await.is(200);
    assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")), "{metrics:?}");
    for line in metrics.text().lines().filter(|line| !line.is_empty()) {
        let is_sample = line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
        assert!(line.starts_with("# HELP ") || line.starts_with("# TYPE ") || is_sample, "{line:?}");
    }
    let docs = server.get("/docs").await.is(200);
    let policy = docs.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {docs:.500?}"));
    assert!(
        policy.contains("default-src 'self'") && !policy.contains("http"),
        "the page loads nothing from other hosts: {policy}"
    );
    assert!(
        !policy.split(';').any(|rule| rule.contains("script") || rule.contains("unsafe-eval")),
        "{policy}"
    );
    for (path, part) in
        [("/docs", "rapi-doc"), ("/docs/page.js", "/openapi.json"), ("/docs/rapidoc.js", "rapi-doc")]
    {
        assert!(server.get(path).await.is(200).text().contains(part), "{path}");
    }
    assert!(server.get("/openapi.json").await.is(200).text().contains("/api/v1/factory/storage"));
    assert!(server.get("/").header("accept", "*/*").await.is(200).text().contains("/docs"));
    for header in ["x-content-type-options", "x-request-id"] {
        assert!(server.get("/docs").await.header(header).is_some(), "{header}");
    }
}

async fn a_stop_completes_accepted_requests(mut server: Server) {
    server.declare(&dog()).await;
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let api = (*server).clone();
            tokio::spawn(async move {
                let mut stored = Vec::new();
                for number in 0.. {
                    let key = format!("{client}-{number}");
                    let row = json!({"chip_id": key, "color": "red", "collar_size": number});
                    match api.post("/api/v1/storage/dog/", &row).send().await {
                        Ok(response) if response.status == 201 => stored.push(key),
                        Ok(response) => {
                            assert_eq!(response.status, 503, "{response:?}");
                            break;
                        }
                        // The request may have reached a connection that was being closed, so its fate is unknown.
                        Err(_) => break,
                    }
                }
                stored
            })
        })
        .collect();
    // A request whose headers have arrived but whose body has not.
    let body = json!({"chip_id": "SLOW", "color": "red", "collar_size": 1}).to_string();
    let length = body.len();
    let head =
        format!("POST /api/v1/storage/dog/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(&body.as_bytes()[..10]).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    server.signal(Signal::TERM);
    sleep(Duration::from_millis(300)).await;
    let refused = TcpStream::connect(server.address()).await;
    assert!(refused.is_err(), "a stopping server accepts no connections");
    slow.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut response = String::new();
    slow.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 201"), "{response}");
    let status = server.wait().await;
    assert!(status.success(), "it ended with {status}: {}", server.output());
    let mut stored = Vec::new();
    for client in clients {
        stored.extend(client.await.unwrap());
    }
    assert!(stored.len() > 20, "only {} rows", stored.len());
    stored.push("SLOW".into());
    let server = server.restart().await;
    for key in &stored {
        server.get(&format!("/api/v1/storage/dog/{key}/")).await.is(200).ok();
    }
}

async fn logs_contain_the_request_id_and_no_data(server: Server) {
    // Successful requests are only logged at this level.
    let (setup, database) = server.stop().await;
    let server = setup.arguments(["--log-level", "debug"]).start(database).await;
    server.declare(&dog()).await;
    let row = json!({"chip_id": "SECRETKEY", "color": "SECRETCOLOR", "collar_size": 1});
    let response = server.post("/api/v1/storage/dog/", &row).header("x-request-id", "my-id-1").await.is(201);
    assert_eq!(response.header("x-request-id"), Some("my-id-1"), "{response:?}");
    let wrong = json!({"chip_id": "X", "color": 5, "secret_field": "SECRETVALUE"});
    let problem = server.post("/api/v1/storage/dog/", &wrong).await.problem(400);
    let token = "Bearer SECRETTOKEN";
    server.get("/api/v1/storage/dog/?color=SECRETFILTER").header("authorization", token).await.is(200).ok();
    let logs = server.output();
    assert!(logs.contains("my-id-1"), "{logs}");
    assert!(logs.contains(problem["request_id"].as_str().unwrap()), "{logs}");
    for secret in ["SECRETCOLOR", "SECRETVALUE", "SECRETFILTER", "SECRETTOKEN"] {
        assert!(!logs.contains(secret), "{secret} in {logs}");
    }
    if let Database::Postgres { url, .. } = server.database() {
        let password = url.split([':', '@']).nth(2).unwrap();
        assert!(!logs.contains(password), "{logs}");
    }
}

#[tokio::test]
async fn logs_can_be_json() {
    let setup = Setup::default().arguments(["--log-format", "json"]);
    let server = setup.start(Database::sqlite()).await;
    server.get("/health").await.is(200).ok();
    let problem = server.get("/nope").await.problem(404);
    let printed = server.output();
    let logs = printed.split_once("stderr:\n").unwrap().1;
    let lines: Vec<Json> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let id = problem["request_id"].as_str().unwrap();
    assert!(lines.iter().any(|line| line.to_string().contains(id)), "{logs}");
}

#[tokio::test]
async fn an_interrupt_stops_the_server() {
    let mut server = Server::start(Database::sqlite()).await;
    server.signal(Signal::INT);
    assert!(server.wait().await.success(), "{}", server.output());
}

#[tokio::test]
async fn only_the_names_of_the_server_are_served() {
    let local = &["localhost", "LOCALHOST:6050", "127.0.0.1", "[::1]"][..];
    let addresses = &["192.168.0.1", "10.1.2.3:80", "[fe80::1]:6050"][..];
    let names = &["data.example", "Pi.Local:6050"][..];
    let evil = &["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil.data.example"];
    let hosts = "hosts = ['Data.example', 'pi.local']";
    for (setup, served, refused) in [
        (Setup::default(), [local, &[], &[]], [&evil[..], addresses, names]),
        (
            Setup::default().arguments(["--hosts", "data.example,pi.local"]),
            [local, names, &[]],
            [evil, addresses, &[]],
        ),
        (Setup::default().arguments(["--open"]), [local, addresses, &[]], [evil, names, &[]]),
        (
            Setup::default().arguments(["--open"]).file("datadump.toml", hosts),
            [local, addresses, names],
            [evil, &[], &[]],
        ),
    ] {
        let server = setup.start(Database::sqlite()).await;
        for host in served.concat() {
            server.get("/health").header("host", host).await.is(200).ok();
        }
        for host in refused.concat() {
            for path in ["/health", "/api/v1/source/", "/", "/metrics"] {
                server
                    .get(path)
                    .header("host", host)
                    .await
                    .problem_about(421, &[host.split(':').next().unwrap(), "hosts"]);
            }
            server.request("POST", "/").header("host", host).body("{}").await.problem(421);
        }
        assert_eq!(server.get("/api/v1/source/").await.is(200).json()["count"], 0);
    }
}

/// Most writes use temporary functions. A role that may not create them uses statements without them.
#[tokio::test]
async fn a_role_without_the_temporary_privilege_works() {
    let database = Database::postgres().await;
    let Database::Postgres { name, url } = &database else { panic!("it is PostgreSQL") };
    let role = format!("plain_{name}");
    database
        .execute(&format!(
            "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'plain'; \
             REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC; GRANT ALL ON SCHEMA public TO {role}"
        ))
        .await;
    let may = format!("SELECT has_database_privilege('{role}', '{name}', 'TEMPORARY')::text");
    assert_eq!(database.query_texts(&may).await, ["false"]);
    let (_, place) = url.split_once('@').expect("the URL has a user");
    let server = Server::start(Database::External { url: format!("postgres://{role}:plain@{place}") }).await;
    for number in 0..3 {
        server.post("/throw/plain", &json!({"number": number})).await.is(200).ok();
    }
    server.post("/api/data", &json!({"device_id": "pico", "temperature": 21.5})).await.is(201).ok();
    let page = server.get("/api/v1/storage/plain/").await.is(200).json();
    assert_eq!(page["results"].as_array().map(Vec::len), Some(3), "{page}");
    server.stop().await;
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

async fn quarantine_size_and_devices_are_measured(server: Server) {
    let sample = async |name: &str| {
        let text = server.get("/metrics").await.is(200).text();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))?.parse::<u64>().ok());
        line.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
    };
    assert_eq!(sample("datadump_quarantine_waiting").await, 0);
    assert!(sample("datadump_database_bytes").await > 1000);
    server.declare(&dog()).await;
    server.post("/throw/dog", &json!([{"chip_id": 1}, {"chip_id": 2}])).await.is(202).ok();
    for device in ["one", "two", "three"] {
        server.post("/api/data", &json!({"device_id": device, "temperature": 21.5})).await.is(201).ok();
    }
    for (name, expected) in [
        ("datadump_quarantine_waiting", 2),
        ("datadump_devices{status=\"online\"}", 3),
        ("datadump_devices{status=\"late\"}", 0),
        ("datadump_devices{status=\"offline\"}", 0),
        ("datadump_devices{status=\"never\"}", 0),
    ] {
        datadump_tests::eventually(name, || async { (sample(name).await == expected).then_some(()) }).await;
    }
}
