//! Flags, environment and configuration file, `check`, and invalid settings.

use std::{fs, path::Path};

use datadump_tests::{Database, Setup, workspace};

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
        (variable("DATADUMP_LISTN", "127.0.0.1:1"), &["DATADUMP_LISTN", "DATADUMP_LISTEN"]),
        (variable("DATADUMP_LOG_FORMAT", "xml"), &["LOG_FORMAT", "xml"]),
        (variable("DATADUMP_DATABASE", "mysql://x"), &["database"]),
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
    assert!(exit.status.success() && exit.stdout.contains("db.example"), "{exit:?}");
    assert!(!format!("{exit:?}").contains("hunter"), "{exit:?}");
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
    let server = datadump_tests::Server::start(Database::sqlite()).await;
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
    let server = datadump_tests::Server::start(Database::sqlite()).await;
    let served: serde_json::Value = server.get("/openapi.json").await.is(200).json();
    let committed: serde_json::Value = serde_json::from_str(&workspace::read("docs/openapi.json")).unwrap();
    assert!(served == committed, "docs/openapi.json is out of date: run tests/run generated");
    let printed = Setup::default().arguments(["openapi"]).run().await;
    assert_eq!(printed.stdout, workspace::read("docs/openapi.json"));
}
