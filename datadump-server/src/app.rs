//! One request from its head to its answer: an id, the log, the guard, the operation; and every
//! error, whoever made it, as a `Problem`.

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
    api::{self, Resources},
    config::Config,
    door::Door,
    extract::BodyLimits,
    guard::Guard,
    live::{self, Streams},
    metrics::Metrics,
    problem::Problem,
    request_id::{self, RequestIds},
    routes,
    socket::{self, Sockets},
    throwing::Thrower,
    ui,
    unread::Unread,
};

/// Everything that answers requests.
pub(crate) struct App {
    routes: Route,
    guard: Guard,
    door: Door,
    limits: BodyLimits,
    ids: RequestIds,
    thrower: Thrower,
    sockets: Sockets,
    streams: Streams,
    dump: Dump,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl App {
    /// Answers on behalf of this database, at this address.
    pub(crate) fn new(config: &Config, dump: &Dump, address: SocketAddr) -> Self {
        let metrics = Arc::new(Metrics::new(routes::operations::<Resources>()));
        let (thrower, streams) = (Thrower::new(config, dump), Streams::new(dump, config, &metrics));
        let routes = routes::routes(api::resources(dump, &thrower, &streams, &metrics), dump)
            .at("/docs", routes::only_get(make(ui::docs)))
            .at("/docs/page.js", routes::only_get(make(ui::docs_script)))
            .at("/docs/rapidoc.js", routes::only_get(make(ui::rapidoc_script)))
            .at("/openapi.json", routes::only_get(make(ui::openapi)));
        let limits = BodyLimits { bytes: config.max_body, pause: config.body_timeout };
        let sockets = Sockets::new(thrower.clone(), config);
        let (guard, ids) = (Guard::new(config, address), RequestIds::new());
        let door = Door::new(dump);
        let dump = dump.clone();
        Self { routes, guard, door, limits, ids, thrower, sockets, streams, dump, metrics }
    }

    /// Ends what would never end by itself.
    pub(crate) fn stop(&self) {
        self.streams.stop();
        self.dump.stop_waiting();
    }

    /// Commits what was accepted.
    pub(crate) async fn finish(&self) {
        self.thrower.finish().await;
    }

    /// The answer to a request. There always is one.
    pub(crate) fn answer(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        let started = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let id = self.ids.of(request.headers());
        // Nobody pays for lines that nobody reads: what goes wrong is told with its request anyway.
        let span = tracing::debug_span!("request", %id, %method, path);
        let unread = Unread::of(&mut request);
        let begun = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| self.dispatch(request, &id))));
        let outcome = match begun {
            Ok(Ok(going)) => Either::Left(AssertUnwindSafe(going).catch_unwind().instrument(span.clone())),
            Ok(Err(error)) => Either::Right(ready(Ok(Err(error)))),
            Err(panic) => Either::Right(ready(Err(panic))),
        };
        let asked = Asked { started, method, path, id, span, unread };
        outcome.then(|outcome| self.told(asked, outcome))
    }

    /// What came of a request, as its answer and in the log.
    async fn told(&self, asked: Asked, outcome: thread::Result<poem::Result<Response>>) -> Response {
        let Asked { started, method, path, id, span, unread } = asked;
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
                // A body that has stopped coming is not waited for again.
                if let Some(unread) = unread.filter(|_| problem.status != 408) {
                    unread.drain().await;
                }
                (problem.answer(&id, &path), operation)
            }
            // The panic itself is on standard error already.
            Err(_) => (Problem::internal().answer(&id, &path), None),
        };
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        let took = started.elapsed();
        self.metrics.answered(operation.map(|operation| operation.0), response.status(), took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        match status {
            // What is refused for being too much must not cost as much again.
            503 if is_overload => tracing::debug!(%id, %method, path, status, micros, "answered"),
            500.. => tracing::error!(%id, %method, path, status, micros, "answered"),
            400.. => tracing::info!(%id, %method, path, status, micros, "answered"),
            _ => tracing::debug!(%id, %method, path, status, micros, "answered"),
        }
        response
    }

    /// What answers a request. The room of the largest way is moved with every request: what is rare is boxed.
    fn dispatch<'a>(
        &'a self,
        mut request: Request,
        id: &str,
    ) -> poem::Result<impl Future<Output = poem::Result<Response>> + Send + use<'a>> {
        self.guard.check(request.method(), request.uri(), request.version(), request.headers())?;
        let uri = plain(request.uri())?;
        *request.uri_mut() = uri;
        // Upgrades are no part of the API document, and the first page shares its path with throws.
        if let Some(source) = socket::asked(&request) {
            let accepted = self.sockets.accept(&request, &source, id)?;
            return Ok(Either::Right(ready(Ok(accepted)).boxed()));
        }
        if live::is_upgrade(&request) {
            return Ok(Either::Right(async move { self.streams.accept(&request).await }.boxed()));
        }
        if ui::is_first_page(&request) {
            return Ok(Either::Right(ui::landing(request).boxed()));
        }
        self.door.check(request.method(), request.uri())?;
        request.set_data(self.limits);
        Ok(Either::Left(self.routes.call(request)))
    }
}

/// What is known of a request when it is answered.
struct Asked {
    started: Instant,
    method: Method,
    path: String,
    id: String,
    span: Span,
    unread: Option<Unread>,
}

/// The address without the slash at its end. What is percent-encoded stays so: `%2F` is part of a key.
fn plain(uri: &Uri) -> Result<Uri, Problem> {
    let path = uri.path();
    if percent_decode_str(path).decode_utf8().is_err() {
        let detail = "the path is not UTF-8";
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
            routes: Route::new().at("/panic", make(panics)).at("/fine", make(fine)),
            guard: Guard::new(&config, config.listen),
            door: Door::new(&dump),
            limits: BodyLimits { bytes: 1, pause: config.body_timeout },
            ids: RequestIds::new(),
            metrics,
        };
        for (path, status) in [("/panic", 500), ("/fine", 200), ("/none", 404)] {
            let request =
                Request::builder().uri_str(path).header("host", "localhost").header("x-request-id", "mine");
            let response = app.answer(request.finish()).await;
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
    fn one_slash_at_the_end_makes_no_difference() {
        for (sent, expected) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a/?b=/", "/a?b=/"),
            ("/a%2F/", "/a%2F"),
            ("/a//", "/a/"),
            ("http://localhost/a/", "http://localhost/a"),
        ] {
            assert_eq!(plain(&sent.parse().unwrap()).unwrap().to_string(), expected);
        }
        assert_eq!(plain(&"/a%FF".parse().unwrap()).unwrap_err().status, 400);
    }
}
