//! Maps paths and methods to operations. The framework's own routing would ignore unknown query parameters,
//! and answer a wrong method without naming the right ones.
//!
//! The endpoints here are not `async` functions: each would store the request, half a KiB, in its future once
//! more, and that would be moved with the future.

use std::{
    collections::HashMap,
    future::{Future, ready},
};

use datadump_core::Dump;
use futures_util::future::Either;
use poem::{
    Endpoint, Request, Response, Route,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    OpenApi, OperationId,
    registry::{MetaOperation, MetaParamIn},
};

use crate::{
    api,
    extract::{IDEMPOTENCY_KEY, NoQuery, QueryParameters as _, flatten},
    idempotency,
    problem::Problem,
};

/// Returns all operations of an API, each at its path without a trailing slash.
pub(crate) fn routes<T: OpenApi>(api: T, dump: &Dump) -> Route {
    let mut declared = declarations::<T>();
    let mut table = HashMap::new();
    api.add_routes(&mut table);
    table.into_iter().fold(Route::new(), |route, (path, endpoints)| {
        let operations = endpoints.into_iter().map(|(method, inner)| {
            let Declaration { id, takes_query, takes_key } =
                declared.remove(&(path.clone(), method.clone())).unwrap_or_default();
            let is_recorded = method == Method::POST
                && !takes_key
                && !api::has_secret_response(id)
                && !api::has_endless_response(id);
            let recorder = is_recorded.then(|| dump.clone());
            (method, Operation { id, takes_query, recorder, inner })
        });
        let operations: Vec<_> = operations.collect();
        let has_side_effects =
            operations.iter().any(|(_, operation)| api::is_get_with_side_effects(operation.id));
        route.at(
            path,
            Methods { operations, head: if has_side_effects { Head::Empty } else { Head::LikeGet } },
        )
    })
}

/// Returns the IDs of all operations of an API, with their methods.
pub(crate) fn operations<T: OpenApi>() -> Vec<(&'static str, Method)> {
    let paths = T::meta().into_iter().flat_map(|api| api.paths);
    let operations = paths.flat_map(|path| path.operations);
    operations.filter_map(|operation| Some((operation.operation_id?, operation.method))).collect()
}

/// Returns an endpoint that only answers GET and HEAD.
pub(crate) fn only_get(
    endpoint: impl Endpoint<Output = Response> + 'static,
) -> impl Endpoint<Output = Response> {
    Methods { operations: vec![(Method::GET, endpoint)], head: Head::LikeGet }
}

/// The declarations of an operation's handler.
#[derive(Default)]
struct Declaration {
    id: &'static str,
    /// True if the handler parses the query. If not, there may be none.
    takes_query: bool,
    /// True if the handler records the idempotency key together with its write.
    takes_key: bool,
}

fn declarations<T: OpenApi>() -> HashMap<(String, Method), Declaration> {
    let mut declared = HashMap::new();
    for path in T::meta().into_iter().flat_map(|api| api.paths) {
        for operation in path.operations {
            let route = (route_path(&path.path), operation.method.clone());
            declared.insert(route, Declaration::of(operation));
        }
    }
    declared
}

impl Declaration {
    fn of(operation: MetaOperation) -> Self {
        Self {
            id: operation.operation_id.unwrap_or_default(),
            takes_query: operation.params.iter().any(|parameter| parameter.in_type == MetaParamIn::Query),
            takes_key: flatten(operation.params).iter().any(|parameter| parameter.name == IDEMPOTENCY_KEY),
        }
    }
}

/// Converts the documented path `/a/{name}/b` to the framework's form, `/a/:param0/b`.
fn route_path(documented: &str) -> String {
    let mut count = 0;
    let segments = documented.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        count += 1;
        format!(":param{}", count - 1)
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The operations at one path.
struct Methods<E> {
    operations: Vec<(Method, E)>,
    head: Head,
}

/// How HEAD requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Like GET, without the body.
    LikeGet,
    /// With an empty response, because GET has side effects.
    Empty,
}

impl<E: Endpoint<Output = Response>> Endpoint for Methods<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        // Hyper omits the body of a response to HEAD and keeps its length.
        if request.method() == Method::HEAD {
            if self.head == Head::Empty {
                let empty = Response::builder().content_type("application/json").finish();
                return Either::Right(ready(Ok(empty)));
            }
            request.set_method(Method::GET);
        }
        let found = self.operations.iter().find(|(method, _)| method == request.method());
        match found {
            Some((_, operation)) => Either::Left(operation.call(request)),
            None => Either::Right(ready(Err(self.not_allowed(request.method()).into()))),
        }
    }
}

impl<E> Methods<E> {
    fn not_allowed(&self, method: &Method) -> Problem {
        let mut allowed: Vec<&str> = self.operations.iter().map(|(method, _)| method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.sort_unstable();
        let allowed = allowed.join(", ");
        let detail = format!("method {method} is not allowed for this path, which supports {allowed}");
        let problem =
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "The method is not allowed", detail);
        match HeaderValue::from_str(&allowed) {
            Ok(allowed) => problem.with_header(header::ALLOW, allowed),
            Err(_) => problem,
        }
    }
}

/// One operation.
struct Operation {
    id: &'static str,
    takes_query: bool,
    /// Records the responses to requests with an idempotency key, if the handler does not.
    recorder: Option<Dump>,
    inner: BoxEndpoint<'static>,
}

impl Endpoint for Operation {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        match self.check_query(&request) {
            Ok(()) => Either::Left(match &self.recorder {
                None => DynEndpoint::call(&*self.inner, request),
                Some(dump) => Box::pin(self.call_recorded(dump, request)),
            }),
            Err(problem) => Either::Right(ready(Err(self.tagged(problem.into())))),
        }
    }
}

impl Operation {
    fn check_query(&self, request: &Request) -> Result<(), Problem> {
        if self.takes_query {
            return Ok(());
        }
        NoQuery::parse(request.uri().query().unwrap_or_default())
    }

    async fn call_recorded(&self, dump: &Dump, request: Request) -> poem::Result<Response> {
        match idempotency::respond(dump, request, &self.inner).await {
            Ok(mut response) => {
                response.set_data(OperationId(self.id));
                Ok(response)
            }
            Err(error) => Err(self.tagged(error)),
        }
    }

    /// Adds the operation's ID to an error, for the metrics.
    fn tagged(&self, mut error: poem::Error) -> poem::Error {
        if error.data::<OperationId>().is_none() {
            error.set_data(OperationId(self.id));
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_paths_are_routed() {
        assert_eq!(route_path("/a/{name}/b/{key}"), "/a/:param0/b/:param1");
        assert_eq!(route_path("/a"), "/a");
    }

    #[test]
    fn routes_know_what_handlers_declare() {
        let declared = declarations::<api::Resources>();
        let of = |method: Method, path: &str| {
            let declared = &declared[&(path.to_owned(), method)];
            (declared.id, declared.takes_query, declared.takes_key)
        };
        assert_eq!(of(Method::POST, "/"), ("throw", true, true));
        assert_eq!(of(Method::POST, "/api/v1/storage/:param0"), ("save_row", false, true));
        assert_eq!(of(Method::GET, "/api/v1/storage/:param0"), ("list_rows", true, false));
        assert_eq!(of(Method::POST, "/api/v1/factory/storage"), ("declare_storage", true, false));
    }
}
