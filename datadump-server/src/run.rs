//! Starts and stops the server.

use std::{io::Write as _, sync::Arc};

use datadump_core::{Dump, HubOptions, process::Processor};
use tokio::net::TcpListener;

use crate::{
    Error, app,
    config::{Config, mask_password},
    log, net,
};

/// Serves until SIGTERM or SIGINT. Starts the logs and a runtime, and calls [`run`].
pub fn run_until_signal(config: Config, processors: Vec<Arc<dyn Processor>>) -> Result<(), Error> {
    run_with_warnings(config, &[], processors)
}

/// Does the same after logging warnings about the configuration.
pub(crate) fn run_with_warnings(
    config: Config,
    warnings: &[String],
    processors: Vec<Arc<dyn Processor>>,
) -> Result<(), Error> {
    log::start(&config)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    net::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(net::BLOCKING_KEEP_ALIVE)
        .build()
        .map_err(Error::Runtime)?;
    runtime.block_on(async {
        let stop = net::signal::stop().map_err(Error::Runtime)?;
        run(config, processors, stop).await
    })
}

/// Serves until `stop` is ready, then commits all accepted throws and closes the database.
///
/// `processors` are used in addition to the built-in ones. The first line on standard output is the address;
/// it is printed once the server accepts connections.
pub async fn run(
    config: Config,
    processors: Vec<Arc<dyn Processor>>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    config.validate()?;
    // Bound before the database is opened: a second server on the same address must not touch it.
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|cause| Error::Listen { address: config.listen, cause })?;
    let address = listener.local_addr().map_err(|cause| Error::Listen { address: config.listen, cause })?;
    let mut builder =
        Dump::builder().database(&config.database).max_throw(config.max_throw).processors(processors);
    builder = builder.max_storages(config.max_storages);
    builder = builder.hub(HubOptions {
        registration: config.registration,
        devices: config.max_devices,
        rate: u32::try_from(config.device_rate).unwrap_or(u32::MAX).into(),
    });
    builder = builder.throw_memory(config.throw_memory);
    builder = builder.change_log_time(config.change_log_time).change_log_size(config.change_log_size);
    builder = builder.quarantine_time(config.quarantine_time).quarantine_size(config.quarantine_size);
    builder = builder.kept_throws_time(config.kept_throws_time).kept_throws_size(config.kept_throws_size);
    if let Some(worker) = &config.worker {
        builder = builder.workers(worker.clone());
    }
    let workers = net::Workers::start().map_err(Error::Runtime)?;
    let dump = builder
        .open()
        .await
        .map_err(|cause| Error::Open { database: mask_password(&config.database), cause })?;
    let app = Arc::new(app::App::new(&config, &dump, address));
    announce(address);
    tracing::info!(%address, database = %mask_password(&config.database), open = config.open, "listening");
    let recording = tokio::spawn(app.history.clone().record());
    net::serve(listener, &workers, app.clone(), &config, stop).await;
    recording.abort();
    if tokio::time::timeout(config.stop_timeout, app.finish()).await.is_err() {
        tracing::error!("some accepted throws were not committed before the stop timeout");
    }
    // Commits the write queue. The timeout is for a database that hangs.
    if tokio::time::timeout(config.stop_timeout, dump.close()).await.is_err() {
        tracing::error!("the database did not close before the stop timeout");
    }
    // Dropped last, because requests may have left tasks on them.
    drop(workers);
    tracing::info!("stopped");
    Ok(())
}

/// Prints the address for a program that started this one. A closed pipe is not an error.
fn announce(address: std::net::SocketAddr) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
}
