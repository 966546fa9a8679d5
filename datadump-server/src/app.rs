//! Turns requests into responses: assigns an ID, checks the guard and admission, dispatches, logs, and
//! converts every error into a `Problem`.

use std::{
    future::{Future, ready},
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Instant,
};

use datadump_core::Dump;
use futures_util::{FutureExt as _, future::Either};
use percent_encoding::percent_decode_str;
use poem::{
    Endpoint as _, Request, Response, Route,
    endpoint::make,
    http::{HeaderValue, Method, StatusCode, Uri, uri::PathAndQuery},
};
use poem_openapi::OperationId;
use tracing::{Instrument as _, Span};

use crate::{
    admission::Admission,
    api::{self, Resources},
    config::Config,
    drain::UnreadBody,
    extract::BodyLimits,
    guard::{Cors, Guard},
    history::History,
    live::{self, Streams},
    metrics::Metrics,
    problem::Problem,
    request_id::{self, RequestIds},
    routes,
    row_paths::RowPaths,
    socket::{self, Sockets},
    throwing::Thrower,
    ui,
};

/// The application that responds to requests.
pub(crate) struct App {
    routes: Route,
    row_paths: RowPaths,
    guard: Guard,
    admission: Admission,
    limits: BodyLimits,
    ids: RequestIds,
    thrower: Thrower,
    sockets: Sockets,
    streams: Streams,
    dump: Dump,
    /// Metrics.
    pub(crate) metrics: Arc<Metrics>,
    /// The counters of the last hour.
    pub(crate) history: Arc<History>,
}

impl App {
    /// Creates the application for a database and the address it is served on.
    pub(crate) fn new(config: &Config, dump: &Dump, address: SocketAddr) -> Self {
        let metrics = Arc::new(Metrics::new(routes::operations::<Resources>()));
        let (thrower, streams) = (Thrower::new(config, dump), Streams::new(dump, config, &metrics));
        let history = Arc::new(History::new(dump, &metrics));
        let routes = routes::routes(api::resources(dump, &thrower, &streams, &metrics, &history), dump)
            .at(ui::DOCS_PATH, routes::only_get(make(ui::docs)))
            .at("/docs/page.js", routes::only_get(make(ui::docs_script)))
            .at("/docs/rapidoc.js", routes::only_get(make(ui::rapidoc_script)))
            .at("/openapi.json", routes::only_get(make(ui::openapi)));
        let limits = BodyLimits { bytes: config.max_body, stall_timeout: config.body_timeout };
        let sockets = Sockets::new(thrower.clone(), config);
        let (guard, ids) = (Guard::new(config, address, dump), RequestIds::new());
        let admission = Admission::of::<Resources>(dump);
        let dump = dump.clone();
        let row_paths = RowPaths::of::<Resources>();
        Self {
            routes,
            row_paths,
            guard,
            admission,
            limits,
            ids,
            thrower,
            sockets,
            streams,
            dump,
            metrics,
            history,
        }
    }

    /// Closes long-lived streams.
    pub(crate) fn stop(&self) {
        self.streams.stop();
        self.dump.hub().stop_waiting();
        self.dump.live().stop_waiting();
    }

    /// Commits all accepted throws.
    pub(crate) async fn finish(&self) {
        self.thrower.finish().await;
    }

    /// Responds to a request. Errors and panics become problems.
    pub(crate) fn respond(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        let started = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let id = self.ids.assign(request.headers());
        // Debug level: successful requests need no span, and failed ones are logged with their request.
        let span = tracing::debug_span!("request", %id, %method, path);
        let unread = UnreadBody::of(&mut request);
        let (cors, dispatched) = match self.guard.check(&request) {
            Ok(cors) => {
                let dispatch = AssertUnwindSafe(|| self.dispatch(request, &id, &cors));
                let dispatched = span.in_scope(|| catch_unwind(dispatch));
                (Some(cors), dispatched)
            }
            Err(problem) => (None, Ok(Err(problem.into()))),
        };
        let outcome = match dispatched {
            Ok(Ok(response)) => {
                Either::Left(AssertUnwindSafe(response).catch_unwind().instrument(span.clone()))
            }
            Ok(Err(error)) => Either::Right(ready(Ok(Err(error)))),
            Err(panic) => Either::Right(ready(Err(panic))),
        };
        let log = RequestLog { started, method, path, id, span, unread, cors };
        outcome.then(|outcome| self.complete(log, outcome))
    }

    /// Converts the outcome of a request into its response, and logs and counts it.
    async fn complete(&self, log: RequestLog, outcome: thread::Result<poem::Result<Response>>) -> Response {
        let RequestLog { started, method, path, id, span, unread, cors } = log;
        let mut is_overload = false;
        let (mut response, operation) = match outcome {
            Ok(Ok(response)) => {
                let operation = response.data::<OperationId>().copied();
                (response, operation)
            }
            Ok(Err(error)) => {
                let operation = error.data::<OperationId>().copied();
                let problem = span.in_scope(|| Problem::from(error));
                is_overload = problem.code == "overloaded";
                // After a timeout of the body, the server does not wait for the rest of it.
                if let Some(unread) = unread.filter(|_| problem.status != 408) {
                    unread.drain().await;
                }
                (problem.respond(&id, &path), operation)
            }
            // The panic message is already on standard error.
            Err(_) => (Problem::internal().respond(&id, &path), None),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        if let Some(cors) = cors {
            cors.apply(response.headers_mut());
        }
        let elapsed = started.elapsed();
        self.metrics.count_response(operation.map(|operation| operation.0), response.status(), elapsed);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        match status {
            // Under overload, logging every refusal would add to the load.
            503 if is_overload => tracing::debug!(%id, %method, path, status, micros, "request completed"),
            500.. => tracing::error!(%id, %method, path, status, micros, "request completed"),
            400.. => tracing::info!(%id, %method, path, status, micros, "request completed"),
            _ => tracing::debug!(%id, %method, path, status, micros, "request completed"),
        }
        response
    }

    /// Returns the future that handles a request. Rare branches are boxed, because every request moves a
    /// future as large as the largest branch.
    fn dispatch<'a>(
        &'a self,
        mut request: Request,
        id: &str,
        cors: &Cors,
    ) -> poem::Result<impl Future<Output = poem::Result<Response>> + Send + use<'a>> {
        let uri = without_trailing_slash(request.uri())?;
        *request.uri_mut() = uri;
        if let Some(preflight) = cors.preflight() {
            return Ok(Either::Right(ready(Ok(preflight)).boxed()));
        }
        // Upgrades are not operations of the API, and the start page shares its path with throws.
        if let Some(source) = socket::upgrade_source(&request) {
            let accepted = self.sockets.accept(&request, &source, id)?;
            return Ok(Either::Right(ready(Ok(accepted)).boxed()));
        }
        if live::is_upgrade(&request) {
            let id = id.to_owned();
            return Ok(Either::Right(async move { self.streams.accept(&request, &id).await }.boxed()));
        }
        if ui::is_start_page(&request) {
            return Ok(Either::Right(ui::start_page(request).boxed()));
        }
        if let Some(uri) = self.row_paths.redirect(request.method(), request.uri()) {
            *request.uri_mut() = uri;
        }
        self.admission.check(request.method(), request.uri())?;
        request.set_data(self.limits);
        Ok(Either::Left(self.routes.call(request)))
    }
}

/// The parts of a request that its response needs: details to log, the unread body, and the page that may read it.
struct RequestLog {
    started: Instant,
    method: Method,
    path: String,
    id: String,
    span: Span,
    unread: Option<UnreadBody>,
    /// `None` if the guard refused the request.
    cors: Option<Cors>,
}

/// Returns the URI without a trailing slash. Nothing is decoded: `%2F` is part of a key.
fn without_trailing_slash(uri: &Uri) -> Result<Uri, Problem> {
    let path = uri.path();
    if percent_decode_str(path).decode_utf8().is_err() {
        let detail = "the path is not valid UTF-8";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid-path", "The path is not valid", detail));
    }
    let shorter = match path.strip_suffix('/') {
        None | Some("") => return Ok(uri.clone()),
        Some(shorter) => shorter,
    };
    let text = match uri.query() {
        Some(query) => format!("{shorter}?{query}"),
        None => shorter.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).map_err(|_| Problem::internal())?);
    Uri::from_parts(parts).map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_and_the_next_request_is_served() {
        let config = Config::default();
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        let thrower = Thrower::new(&config, &dump);
        let metrics = Arc::new(Metrics::new(Vec::new()));
        let app = App {
            sockets: Sockets::new(thrower.clone(), &config),
            streams: Streams::new(&dump, &config, &metrics),
            dump: dump.clone(),
            thrower,
            row_paths: RowPaths::of::<Resources>(),
            routes: Route::new().at("/panic", make(panics)).at("/fine", make(fine)),
            guard: Guard::new(&config, config.listen, &dump),
            admission: Admission::of::<Resources>(&dump),
            limits: BodyLimits { bytes: 1, stall_timeout: config.body_timeout },
            ids: RequestIds::new(),
            history: Arc::new(History::new(&dump, &metrics)),
            metrics,
        };
        for (path, status) in [("/panic", 500), ("/fine", 200), ("/none", 404)] {
            let request =
                Request::builder().uri_str(path).header("host", "localhost").header("x-request-id", "mine");
            let response = app.respond(request.finish()).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert_eq!(response.header("x-request-id"), Some("mine"));
            if status != 200 {
                let body = response.into_body().into_bytes_limit(10_000).await.unwrap();
                let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!((&problem["request_id"], &problem["instance"]), (&"mine".into(), &path.into()));
            }
        }
        dump.close().await;
    }

    async fn fine(_request: Request) -> poem::Result<&'static str> {
        Ok("fine")
    }

    async fn panics(_request: Request) -> poem::Result<()> {
        panic!("this is what the test is about")
    }

    #[test]
    fn one_trailing_slash_makes_no_difference() {
        for (sent, expected) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a/?b=/", "/a?b=/"),
            ("/a%2F/", "/a%2F"),
            ("/a//", "/a/"),
            ("http://localhost/a/", "http://localhost/a"),
        ] {
            assert_eq!(without_trailing_slash(&sent.parse().unwrap()).unwrap().to_string(), expected);
        }
        assert_eq!(without_trailing_slash(&"/a%FF".parse().unwrap()).unwrap_err().status, 400);
    }
}
