//! An SQLite file that another program overwrites or truncates.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::PathBuf,
};

use datadump_tests::{Database, Server, Setup, eventually};
use serde_json::json;

/// Damage to the file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Truncated,
    Emptied,
    Overwritten,
    /// Only pages in the middle.
    PagesOverwritten,
    /// Overwritten by the file of another database.
    Replaced,
}

const ALL: [Damage; 5] =
    [Damage::Truncated, Damage::Emptied, Damage::Overwritten, Damage::PagesOverwritten, Damage::Replaced];

impl Damage {
    async fn inflict(self, path: &PathBuf) {
        let mut file = fs::File::options().write(true).open(path).unwrap();
        let length = file.metadata().unwrap().len();
        match self {
            Self::Truncated => file.set_len(length / 2).unwrap(),
            Self::Emptied => file.set_len(0).unwrap(),
            Self::Overwritten => file.write_all(&vec![b'x'; usize::try_from(length).unwrap()]).unwrap(),
            Self::PagesOverwritten => {
                file.seek(SeekFrom::Start(4096)).unwrap();
                file.write_all(&vec![b'x'; usize::try_from(length - 4096).unwrap()]).unwrap();
            }
            Self::Replaced => {
                let (_, other) = Server::start(Database::sqlite()).await.stop().await;
                let mut bytes = fs::read(path_of(&other)).unwrap();
                // Not shorter, which would be noticed by itself.
                bytes.resize(bytes.len().max(usize::try_from(length).unwrap()), 0);
                file.write_all(&bytes).unwrap();
            }
        }
        file.sync_all().unwrap();
    }
}

fn path_of(database: &Database) -> PathBuf {
    database.address().trim_start_matches("sqlite:").into()
}

/// Starts a server, stores some rows, and has them in the main file.
async fn stored() -> (Setup, Database) {
    let server = Server::start(Database::sqlite()).await;
    for number in 0..20 {
        server.post("/throw/kept", &json!({"number": number, "text": "x".repeat(5000)})).await.is(200).ok();
    }
    server.stop().await
}

#[tokio::test]
async fn a_server_is_not_ready_while_its_file_is_damaged() {
    for damage in ALL {
        let (setup, database) = stored().await;
        let server = setup.start(database).await;
        server.get("/ready").await.is(200).ok();
        server.get("/api/v1/storage/kept/").await.is(200).ok();
        damage.inflict(&path_of(server.database())).await;
        eventually(&format!("the server is not ready: {damage:?}"), || async {
            let ready = server.get("/ready").await;
            (ready.status == 503).then(|| ready.problem_about(503, &["database"]))
        })
        .await;
        server.get("/health").await.is(200).ok();
        assert!(server.output().contains("damaged"), "{damage:?}: {}", server.output());
    }
}

#[tokio::test]
async fn a_server_does_not_start_on_a_damaged_file() {
    for damage in ALL {
        if let Damage::Replaced | Damage::Emptied = damage {
            // It is the database of somebody, or none yet.
            continue;
        }
        let (setup, database) = stored().await;
        damage.inflict(&path_of(&database)).await;
        let exit = setup.environment("DATADUMP_DATABASE", &database.address()).run().await;
        assert_eq!(exit.status.code(), Some(1), "{damage:?}: {exit:?}");
        assert!(exit.stderr.contains("damaged") && exit.stderr.contains("backup"), "{damage:?}: {exit:?}");
    }
}
