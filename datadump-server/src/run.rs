//! From a configuration to a server that serves, and back.

use std::{io::Write as _, sync::Arc};

use datadump_core::{Dump, HubOptions, process::Processor};
use tokio::net::TcpListener;

use crate::{
    Error, app,
    config::{Config, masked},
    log, net,
};

/// Processors of a program's own, beside those built in.
pub type Processors = Vec<Arc<dyn Processor>>;

/// Serves until SIGTERM or SIGINT: a runtime and the logs for [`run`], for a program that has
/// neither.
pub fn run_until_signal(config: Config, processors: Processors) -> Result<(), Error> {
    log::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(async {
        let stop = net::signal::stop().map_err(Error::Runtime)?;
        run(config, processors, stop).await
    })
}

/// Serves until `stop` is ready, then finishes what was accepted and closes the database.
///
/// The address is printed as the first line of standard output when requests are answered.
pub async fn run(
    config: Config,
    processors: Processors,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    config.validate()?;
    // Before the database: a second server on the same address must not touch it.
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|cause| Error::Listen { address: config.listen, cause })?;
    let address = listener.local_addr().map_err(|cause| Error::Listen { address: config.listen, cause })?;
    let mut builder =
        Dump::builder().database(&config.database).max_throw(config.max_throw).processors(processors);
    builder = builder.hub(HubOptions {
        registration: config.registration,
        devices: config.max_devices,
        rate: u32::try_from(config.device_rate).unwrap_or(u32::MAX).into(),
    });
    builder = builder.record_memory(config.throw_memory.saturating_mul(2));
    builder = builder.change_log_time(config.change_log_time).change_log_size(config.change_log_size);
    if let Some(worker) = &config.worker {
        builder = builder.workers(worker.clone());
    }
    let cores = net::Cores::start().map_err(Error::Runtime)?;
    let dump =
        builder.open().await.map_err(|cause| Error::Open { database: masked(&config.database), cause })?;
    let app = Arc::new(app::App::new(&config, &dump, address));
    announce(address);
    tracing::info!(%address, database = %masked(&config.database), open = config.open, "listening");
    net::serve(listener, &cores, app.clone(), &config, stop).await;
    if tokio::time::timeout(config.stop_timeout, app.finish()).await.is_err() {
        tracing::error!("some accepted throws were not committed in time");
    }
    // What is waiting to be committed is committed; a database that hangs must not keep the process.
    if tokio::time::timeout(config.stop_timeout, dump.close()).await.is_err() {
        tracing::error!("the database did not close in time");
    }
    // Not before: what requests have left on them to be done is done by now.
    drop(cores);
    tracing::info!("stopped");
    Ok(())
}

/// A program that started this one reads the address here; one that does not listen is no error.
fn announce(address: std::net::SocketAddr) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
}
