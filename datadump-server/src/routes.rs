//! From paths and methods to operations. The framework's own table would take unknown query
//! parameters silently, and answer a wrong method without saying which ones are right.
//!
//! What is between the two are no `async` functions: each would keep a request, half a KiB, once more beside what it
//! passes it on to, and all of that is moved to where it is polled.

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
use poem_openapi::{__private::UrlQuery, OpenApi, OperationId, registry::MetaParamIn};

use crate::{
    extract::{parse_query, parse_query_loosely},
    problem::Problem,
    repeats,
};

/// Operations whose query parameters are the fields of rows: the core knows which there are.
const ANY_PARAMETERS: &[&str] = &[
    "list_rows",
    "list_quarantine",
    "stream",
    "list_devices",
    "list_readings",
    "list_transitions",
    "list_commands",
    "fetch_device",
    "fetch_sensor",
];

/// Operations whose query parameters are data.
const THROWS: &[&str] =
    &["throw", "throw_put", "throw_arguments", "throw_at", "throw_put_at", "throw_arguments_at"];

/// Beside throws, what records by itself that it is done once, together with what it does.
const RECORDS: &[&str] = &["save_row", "push"];

/// What must be recorded nowhere.
const SECRETS: &[&str] = &["make_device_token"];

/// What GET does that a HEAD must not do: a device takes its commands with it.
const TAKES: &[&str] = &["list_commands"];

/// All operations of an API, each at its path without a trailing slash.
pub(crate) fn routes<T: OpenApi>(api: T, dump: &Dump) -> Route {
    let mut known = known_parameters::<T>();
    let mut table = HashMap::new();
    api.add_routes(&mut table);
    table.into_iter().fold(Route::new(), |route, (path, endpoints)| {
        let operations = endpoints.into_iter().map(|(method, inner)| {
            let (id, known) = known.remove(&(path.clone(), method.clone())).unwrap_or_default();
            let is_repeated = method == Method::POST
                && ![THROWS, RECORDS, SECRETS].iter().any(|others| others.contains(&id));
            let repeated = is_repeated.then(|| dump.clone());
            (method, Operation { id, known, repeated, inner })
        });
        let operations: Vec<_> = operations.collect();
        let takes = |id| THROWS.contains(&id) || TAKES.contains(&id);
        let throws = operations.iter().any(|(_, operation)| takes(operation.id));
        route.at(path, Methods { operations, head: if throws { Head::DoesNothing } else { Head::LikeGet } })
    })
}

/// The ids of all operations of an API, with their methods.
pub(crate) fn operations<T: OpenApi>() -> Vec<(&'static str, Method)> {
    let paths = T::meta().into_iter().flat_map(|api| api.paths);
    let operations = paths.flat_map(|path| path.operations);
    operations.filter_map(|operation| Some((operation.operation_id?, operation.method))).collect()
}

/// One path that only answers GET.
pub(crate) fn only_get(
    endpoint: impl Endpoint<Output = Response> + 'static,
) -> impl Endpoint<Output = Response> {
    Methods { operations: vec![(Method::GET, endpoint)], head: Head::LikeGet }
}

/// `None` takes any.
type Known = (&'static str, Option<Vec<String>>);

fn known_parameters<T: OpenApi>() -> HashMap<(String, Method), Known> {
    let mut known = HashMap::new();
    for path in T::meta().into_iter().flat_map(|api| api.paths) {
        for operation in path.operations {
            let id = operation.operation_id.unwrap_or_default();
            let of_query = operation.params.into_iter().filter(|param| param.in_type == MetaParamIn::Query);
            let names = of_query.map(|param| param.name).collect();
            let names = Some(names).filter(|_| !ANY_PARAMETERS.contains(&id) && !THROWS.contains(&id));
            known.insert((route_path(&path.path), operation.method), (id, names));
        }
    }
    known
}

/// `/a/{name}/b` as the routes of the framework have it: `/a/:param0/b`.
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

/// What HEAD does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// The same as GET.
    LikeGet,
    /// Nothing, because GET throws.
    DoesNothing,
}

impl<E: Endpoint<Output = Response>> Endpoint for Methods<E> {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        // The connection leaves the body out of what answers HEAD, and keeps its length.
        if request.method() == Method::HEAD {
            if self.head == Head::DoesNothing {
                let nothing = Response::builder().content_type("application/json").finish();
                return Either::Right(ready(Ok(nothing)));
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
        let detail = format!("{method} is not one of the methods of this path: {allowed}");
        let problem =
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "The method is not allowed", detail);
        match HeaderValue::from_str(&allowed) {
            Ok(allowed) => problem.with_header(header::ALLOW, allowed),
            Err(_) => problem,
        }
    }
}

/// One operation, behind the check of its query.
struct Operation {
    id: &'static str,
    known: Option<Vec<String>>,
    /// Set for one whose answers are recorded behind it.
    repeated: Option<Dump>,
    inner: BoxEndpoint<'static>,
}

impl Endpoint for Operation {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        match self.query(&request) {
            Ok(query) => {
                request.extensions_mut().insert(UrlQuery(query));
                Either::Left(match &self.repeated {
                    None => DynEndpoint::call(&*self.inner, request),
                    Some(dump) => Box::pin(self.repeat(dump, request)),
                })
            }
            Err(problem) => Either::Right(ready(Err(self.named(problem.into())))),
        }
    }
}

impl Operation {
    async fn repeat(&self, dump: &Dump, request: Request) -> poem::Result<Response> {
        match repeats::answer(dump, request, &self.inner).await {
            Ok(mut response) => {
                response.set_data(OperationId(self.id));
                Ok(response)
            }
            Err(error) => Err(self.named(error)),
        }
    }

    /// An error that says which operation it is of.
    fn named(&self, mut error: poem::Error) -> poem::Error {
        if error.data::<OperationId>().is_none() {
            error.set_data(OperationId(self.id));
        }
        error
    }

    fn query(&self, request: &Request) -> Result<Vec<(String, String)>, Problem> {
        let query = request.uri().query().unwrap_or_default();
        if THROWS.contains(&self.id) {
            return Ok(parse_query_loosely(query));
        }
        let query = parse_query(query)?;
        let Some(known) = &self.known else { return Ok(query) };
        for (position, (name, _)) in query.iter().enumerate() {
            if !known.contains(name) {
                return Err(unknown(name, known));
            }
            if query[..position].iter().any(|(earlier, _)| earlier == name) {
                let detail = format!("the query parameter `{name}` is given more than once");
                return Err(Problem::parameter(name, "repeated-parameter", detail));
            }
        }
        Ok(query)
    }
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let detail = match known {
        [] => format!("there is no query parameter `{name}` here, nor any other"),
        _ => format!("there is no query parameter `{name}` here, only {}", known.join(", ")),
    };
    Problem::parameter(name, "unknown-parameter", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_paths_are_routed() {
        assert_eq!(route_path("/a/{name}/b/{key}"), "/a/:param0/b/:param1");
        assert_eq!(route_path("/a"), "/a");
    }
}
