//! Flags, environment and configuration file, `check`, and invalid settings.

use std::{fs, os::unix::fs::symlink, path::Path};

use datadump_tests::{Database, Exit, Server, Setup, workspace};
use rustix::process::Signal;

#[tokio::test]
async fn flags_override_environment_and_environment_overrides_file() {
    let file = "listen = '127.0.0.1:1001'\nlog_level = 'debug'\nmax_body = 1000\n";
    let setup = Setup::default()
        .file("datadump.toml", file)
        .environment("DATADUMP_LISTEN", "127.0.0.1:1002")
        .environment("DATADUMP_MAX_BODY", "2000")
        .arguments(["check", "--listen", "127.0.0.1:1003"]);
    let exit = setup.run().await;
    assert!(exit.status.success(), "{exit:?}");
    assert!(exit.stdout.contains("127.0.0.1:1003"), "{exit:?}");
    assert!(!exit.stdout.contains("127.0.0.1:1001") && !exit.stdout.contains("127.0.0.1:1002"), "{exit:?}");
    assert!(exit.stdout.contains("2000") && exit.stdout.contains("debug"), "{exit:?}");
    assert!(!Path::new(&setup.folder().join("datadump-data")).exists(), "`check` opens no database");
}

#[tokio::test]
async fn a_named_configuration_file_must_exist() {
    let setup = Setup::default().file("mine.toml", "listen = '127.0.0.1:1004'");
    let exit = setup.arguments(["check", "--config", "mine.toml"]).run().await;
    assert!(exit.status.success() && exit.stdout.contains("127.0.0.1:1004"), "{exit:?}");
    let exit = Setup::default().arguments(["check", "--config", "nope.toml"]).run().await;
    assert!(!exit.status.success() && exit.stderr.contains("nope.toml"), "{exit:?}");
}

#[tokio::test]
async fn invalid_settings_are_refused_by_name() {
    let file = |text: &str| Setup::default().file("datadump.toml", text).arguments(["check"]);
    let flags = |flags: &[&str]| Setup::default().arguments(flags.iter().copied());
    let variable = |name: &str, value: &str| Setup::default().arguments(["check"]).environment(name, value);
    for (setup, words) in [
        (file("databse = 'sqlite:x'"), ["databse", "database"].as_slice()),
        (file("listen = 'nonsense'"), &["listen", "nonsense"]),
        (file("listen = ["), &["datadump.toml"]),
        (file("[limits]\nmax_body = 5"), &["limits"]),
        (file("max_body = -5"), &["max_body"]),
        (file("max_body = 1.5"), &["max_body"]),
        (variable("DATADUMP_LOG_FORMAT", "xml"), &["LOG_FORMAT", "xml"]),
        (variable("DATADUMP_DATABASE", "mysql://x"), &["database"]),
        (variable("DATADUMP_DATABASE", "postgres:x"), &["database"]),
        (flags(&["check", "--listne", "127.0.0.1:1"]), &["--listne", "--listen"]),
        (flags(&["check", "--header-timeout", "soon"]), &["header-timeout", "soon"]),
        (flags(&["chekc"]), &["chekc"]),
        (flags(&["check", "--listen", "0.0.0.0:6050"]), &["0.0.0.0", "--open"]),
        (flags(&["--listen", "0.0.0.0:0"]), &["0.0.0.0", "--open"]),
        (flags(&["--listen", "[::]:0"]), &["--open"]),
        (
            flags(&["--listen", "127.0.0.1:0", "--database", "postgres://u:SECRET@127.0.0.1:1/x"]),
            &["u:***@127.0.0.1"],
        ),
        (flags(&["--listen", "127.0.0.1:0", "--database", "sqlite:/proc/nope/x.db"]), &["/proc/nope/x.db"]),
    ] {
        let exit = setup.run().await;
        assert!(!exit.status.success(), "{words:?}: {exit:?}");
        for word in words {
            assert!(exit.stderr.contains(word), "{word:?} is not named: {exit:?}");
        }
        assert!(!exit.stderr.contains("panicked") && !exit.stderr.contains("SECRET"), "{exit:?}");
        assert!(exit.stdout.is_empty(), "{exit:?}");
        let left: Vec<_> =
            fs::read_dir(setup.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name == "datadump-data"), "a database was created: {words:?}");
    }
}

#[tokio::test]
async fn public_addresses_require_an_explicit_setting() {
    for address in ["0.0.0.0:6050", "192.168.1.1:80", "[::]:6050"] {
        let exit = Setup::default().arguments(["check", "--open", "--listen", address]).run().await;
        assert!(exit.status.success() && exit.stdout.contains(address), "{exit:?}");
    }
    let server = Setup::default().arguments(["--open"]).start(Database::sqlite()).await;
    server.get("/health").header("host", "192.168.1.5:6050").await.is(200).ok();
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let address = "postgres://ann:hunter2@db.example/x?sslpassword=hunter3";
    let exit = Setup::default().arguments(["check", "--database", address]).run().await;
    assert!(!exit.status.success() && exit.stderr.contains("db.example"), "{exit:?}");
    assert!(!format!("{exit:?}").contains("hunter"), "{exit:?}");
    let database = Database::postgres().await;
    let exit = Setup::default().arguments(["check", "--database", &database.address()]).run().await;
    assert!(exit.status.success() && exit.stdout.contains(":***@"), "{exit:?}");
}

#[tokio::test]
async fn help_lists_every_setting() {
    let exit = Setup::default().arguments(["--help"]).run().await;
    assert!(exit.status.success(), "{exit:?}");
    for word in [
        "--listen",
        "--database",
        "--open",
        "--max-body",
        "127.0.0.1:6050",
        "check",
        "DATADUMP_",
        "datadump.toml",
    ] {
        assert!(exit.stdout.contains(word), "{word} is missing: {}", exit.stdout);
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_address_does_not_start() {
    let server = Server::start(Database::sqlite()).await;
    let other = Database::sqlite();
    let arguments = ["--listen", server.address(), "--database", &other.address()].map(str::to_owned);
    let exit = Setup::default().arguments(arguments).run().await;
    assert!(!exit.status.success() && exit.stderr.contains(server.address()), "{exit:?}");
    assert!(!other.file().exists(), "a database was created although the server cannot listen");
}

#[tokio::test]
async fn the_default_database_is_created_in_the_working_folder() {
    let mut setup = Setup::default().arguments(["--listen", "127.0.0.1:0"]);
    setup = setup.environment("DATADUMP_DATABASE", "");
    let folder = setup.folder().to_owned();
    let server = setup.start_unmodified().await;
    server.get("/ready").await.is(200).ok();
    assert!(folder.join("datadump-data/datadump.db").is_file());
}

#[tokio::test]
async fn the_openapi_document_matches_the_committed_one() {
    let server = Server::start(Database::sqlite()).await;
    let served: serde_json::Value = server.get("/openapi.json").await.is(200).json();
    let committed: serde_json::Value = serde_json::from_str(&workspace::read("docs/openapi.json")).unwrap();
    assert!(served == committed, "docs/openapi.json is out of date: run tests/run generated");
    let printed = Setup::default().arguments(["openapi"]).run().await;
    assert_eq!(printed.stdout, workspace::read("docs/openapi.json"));
}

/// Kubernetes sets such variables for a service called `datadump`.
#[tokio::test]
async fn unknown_variables_are_ignored_with_a_warning() {
    let kubernetes = [
        ("DATADUMP_SERVICE_HOST", "10.0.0.1"),
        ("DATADUMP_SERVICE_PORT", "6050"),
        ("DATADUMP_PORT", "tcp://10.0.0.1:6050"),
        ("DATADUMP_PORT_6050_TCP_PROTO", "tcp"),
        ("DATADUMP_SERVER", "tcp://10.0.0.1:6050"),
        ("DATADUMP_LISTN", "127.0.0.1:1"),
    ];
    let setup =
        || kubernetes.iter().fold(Setup::default(), |setup, (name, value)| setup.environment(name, value));
    let server = setup().start(Database::sqlite()).await;
    server.get("/ready").await.is(200).ok();
    let output = server.output();
    let exit = setup().arguments(["check"]).run().await;
    assert!(exit.status.success(), "{exit:?}");
    for (name, _) in kubernetes.iter().filter(|(name, _)| *name != "DATADUMP_SERVER") {
        assert!(output.contains(&format!("`{name}`")), "{name}: {output}");
        assert!(exit.stdout.contains(&format!("warning: `{name}`")), "{name}: {exit:?}");
    }
    assert!(output.contains("did you mean `DATADUMP_LISTEN`?"), "{output}");
}

#[tokio::test]
async fn a_hangup_does_not_stop_the_server() {
    let server = Server::start(Database::sqlite()).await;
    for _ in 0..3 {
        server.signal(Signal::HUP);
        server.get("/ready").await.is(200).ok();
    }
    // Asserts that it was not killed.
    drop(server.stop().await);
}

#[tokio::test]
async fn a_database_can_be_given_as_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let absolute = folder.path().join("absolute.db");
    for path in ["data.db", "./sub/y.db", "sqlite:z.db", absolute.to_str().unwrap()] {
        let setup = Setup::default().arguments(["--listen", "127.0.0.1:0", "--database", path]);
        let file = setup.folder().join(path.trim_start_matches("sqlite:"));
        let server = setup.start_unmodified().await;
        server.post("/throw/a", &serde_json::json!({"n": 1})).await.is(200).ok();
        assert!(file.is_file(), "{path}");
    }
    let exit = Setup::default().arguments(["--help"]).run().await;
    assert!(exit.stdout.contains("path of an SQLite file"), "{exit:?}");
}

/// All names of a database lead to the same file, lock and WAL.
#[tokio::test]
async fn a_database_can_have_several_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    symlink(at("real"), at("folder")).unwrap();
    symlink("real/data.db", at("relative.db")).unwrap();
    symlink(at("relative.db"), at("link.db")).unwrap();
    let start = |name: &str| {
        let database = at(name);
        Setup::default().arguments(["--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()])
    };
    // The file does not exist yet when it is opened through links.
    let names = ["link.db", "folder/data.db", "real/data.db", "relative.db"];
    for (count, name) in (1..).zip(names) {
        let mut server = start(name).start_unmodified().await;
        server.post("/throw/a", &serde_json::json!({"n": count})).await.is(200).ok();
        let list = server.get("/api/v1/storage/a/").await.is(200).json();
        assert_eq!(list["count"], count, "{name}");
        for other in names {
            let exit = start(other).run().await;
            assert!(!exit.status.success() && exit.stderr.contains("in use"), "{other}: {exit:?}");
        }
        for suffix in ["", ".lock", "-wal", "-shm"] {
            assert!(at(&format!("real/data.db{suffix}")).exists(), "{suffix}");
        }
        // What a killed server left in the WAL is found under the next name.
        server.signal(Signal::KILL);
        server.wait().await;
    }
    fs::hard_link(at("real/data.db"), at("hard.db")).unwrap();
    let server = start("real/data.db").start_unmodified().await;
    let exit = start("hard.db").run().await;
    assert!(!exit.status.success() && exit.stderr.contains("in use"), "{exit:?}");
    drop(server);
    let mut left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["folder", "hard.db", "hard.db.lock", "link.db", "real", "relative.db"]);
}

/// Returns the names and contents of all files in a folder. SQLite may change its shared memory while it reads.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let content = if name.ends_with("-shm") { Vec::new() } else { fs::read(entry.path()).unwrap() };
        (name, content)
    };
    let mut found: Vec<_> = files.map(file).collect();
    found.sort();
    found
}

#[tokio::test]
async fn check_reads_the_database_without_changing_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    let check =
        || async { Setup::default().arguments(["check", "--database", file.to_str().unwrap()]).run().await };
    let says = |exit: &Exit, words: &str| {
        assert!(exit.status.success() && exit.stdout.contains(words), "{words}: {exit:?}");
    };
    let unchanged = |before: &[(String, Vec<u8>)]| {
        let after = contents(folder.path());
        let names =
            |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&after), names(before));
        assert!(after == before, "a file was changed");
    };
    says(&check().await, "would create the SQLite database");
    assert!(contents(folder.path()).is_empty());

    let start =
        || Setup::default().arguments(["--listen", "127.0.0.1:0", "--database", file.to_str().unwrap()]);
    let mut server = start().start_unmodified().await;
    server.post("/throw/a", &serde_json::json!({"n": 1})).await.is(200).ok();
    let before = contents(folder.path());
    says(&check().await, "would open the SQLite database");
    unchanged(&before);
    server.post("/throw/a", &serde_json::json!({"n": 2})).await.is(200).ok();
    // After a crash, and with the WAL but without its index, as in a copy.
    server.signal(Signal::KILL);
    server.wait().await;
    let before = contents(folder.path());
    says(&check().await, "would open the SQLite database");
    unchanged(&before);
    fs::remove_file(folder.path().join("data.db-shm")).unwrap();
    let before = contents(folder.path());
    says(&check().await, "the SQLite database");
    unchanged(&before);
    // After a stop.
    let mut server = start().start_unmodified().await;
    assert_eq!(server.get("/api/v1/storage/a/").await.is(200).json()["count"], 2);
    server.signal(Signal::TERM);
    server.wait().await;
    let before = contents(folder.path());
    says(&check().await, "would open the SQLite database");
    unchanged(&before);

    // Databases that the server could not open.
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE datadump_info SET system_version = 999", []).unwrap();
    drop(connection);
    let exit = check().await;
    assert!(!exit.status.success() && exit.stderr.contains("999"), "{exit:?}");
    fs::write(&file, "this is not a database, but long enough to be one".repeat(20)).unwrap();
    let exit = check().await;
    assert!(!exit.status.success() && exit.stderr.contains("data.db"), "{exit:?}");
}

#[tokio::test]
async fn check_reads_a_postgres_database_without_changing_it() {
    let database = Database::postgres().await;
    let address = database.address();
    let check = || async { Setup::default().arguments(["check", "--database", &address]).run().await };
    let exit = check().await;
    assert!(exit.status.success() && exit.stdout.contains("and create its tables"), "{exit:?}");
    let exit = check().await;
    assert!(exit.stdout.contains("and create its tables"), "nothing was created: {exit:?}");
    let server = Server::start(database).await;
    let exit = check().await;
    assert!(exit.status.success() && exit.stdout.contains("would connect to"), "{exit:?}");
    assert!(!exit.stdout.contains("create its tables"), "{exit:?}");
    drop(server);
    let missing = format!("{address}_missing");
    let exit = Setup::default().arguments(["check", "--database", &missing]).run().await;
    assert!(!exit.status.success() && exit.stderr.contains("_missing"), "{exit:?}");
}
