//! The commands for capture: throw, sources, quarantine and replay.

use datadump_client::{Client, Throw, done};
use futures_util::stream;
use serde_json::{Map, Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{
    Output,
    arguments::{QuarantineArguments, ReplayArguments, ThrowArguments},
    to_json,
};

/// Number of bytes read from a file at a time.
const CHUNK_SIZE: usize = 64 << 10;

pub(crate) async fn throw(client: &Client, arguments: ThrowArguments) -> Output {
    let ThrowArguments { data, source, format, content_type, stream, strict, idempotency_key } = arguments;
    let mut throw = Throw::new(body(&data).await?);
    if let Some(source) = source {
        throw = throw.source(source);
    }
    if let Some(format) = format {
        throw = throw.format(format);
    }
    if let Some(content_type) = content_type {
        throw = throw.content_type(content_type);
    }
    if stream {
        throw = throw.stream();
    }
    if strict {
        throw = throw.strict();
    }
    if let Some(key) = idempotency_key {
        throw = throw.idempotency_key(key);
    }
    to_json(throw.send(client).await)
}

pub(crate) async fn sources(client: &Client, name: Option<String>) -> Output {
    match name {
        None => to_json(done(client.list_sources().limit(1000_u64).send().await).await),
        Some(name) => to_json(done(client.get_source().source(name).send().await).await),
    }
}

pub(crate) async fn quarantine(client: &Client, arguments: QuarantineArguments) -> Output {
    let QuarantineArguments { id, source, all, limit } = arguments;
    if let Some(id) = id {
        return to_json(done(client.get_quarantined().id(id).send().await).await);
    }
    let mut list = client.list_quarantine();
    if !all {
        list = list.state("waiting");
    }
    if let Some(source) = source {
        list = list.source(source);
    }
    if let Some(limit) = limit {
        list = list.limit(limit);
    }
    to_json(done(list.send().await).await)
}

pub(crate) async fn replay(client: &Client, arguments: ReplayArguments) -> Output {
    let ReplayArguments { id, source, program, dry_run, overwrite } = arguments;
    let mut request = Map::new();
    request.insert("dry_run".into(), dry_run.into());
    request.insert("overwrite".into(), overwrite.into());
    if let Some(file) = program {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("cannot read the file {file}: {error}"))?;
        request.insert("program".into(), text.into());
    }
    let started = match id {
        Some(id) => done(client.replay_quarantined().id(id).body(request).send().await).await?,
        None => {
            if let Some(source) = source {
                request.insert("filters".into(), json!({"source": source}));
            }
            done(client.replay().body(request).send().await).await?
        }
    };
    wait_for_replay(client, started.id.clone(), serde_json::to_value(started)?).await
}

/// Waits until a replay has finished, and returns its final state.
async fn wait_for_replay(client: &Client, id: String, mut state: Json) -> Output {
    while state["state"] == "running" {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        state = to_json(done(client.get_replay().id(&id).send().await).await)?;
    }
    Ok(state)
}

/// Returns the body to throw: the argument itself if it is JSON, otherwise the file it names, or
/// standard input. Files and standard input are streamed.
async fn body(data: &str) -> Result<reqwest::Body, Box<dyn std::error::Error>> {
    match data.trim_start() {
        literal if literal.starts_with(['{', '[']) => Ok(data.to_owned().into()),
        "-" => Ok(stream_from(tokio::io::stdin())),
        name => {
            let name = name.strip_prefix('@').unwrap_or(name);
            let file = tokio::fs::File::open(name)
                .await
                .map_err(|error| format!("cannot read the file {name}: {error}"))?;
            Ok(stream_from(file))
        }
    }
}

fn stream_from(from: impl AsyncRead + Send + Sync + Unpin + 'static) -> reqwest::Body {
    let chunks = stream::try_unfold(from, |mut from| async {
        let mut chunk = Vec::with_capacity(CHUNK_SIZE);
        let length = from.read_buf(&mut chunk).await?;
        Ok::<_, std::io::Error>((length > 0).then_some((chunk, from)))
    });
    reqwest::Body::wrap_stream(chunks)
}
