//! Query parameters: read strictly, all of them or by name.

use std::{borrow::Cow, marker::PhantomData};

use percent_encoding::percent_decode_str;
use poem::{FromRequest, Request, RequestBody};
// Where the framework's own `Query` looks. Its service fills it in; our routes stand in its place.
use poem_openapi::__private::UrlQuery;
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef},
    types,
};

use crate::problem::Problem;

/// All parameters of the query, in order: for operations whose parameters are the fields of rows.
#[derive(Debug)]
pub(crate) struct Parameters(pub(crate) Vec<(String, String)>);

impl<'a> FromRequest<'a> for Parameters {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(request.extensions().get::<UrlQuery>().map(|query| query.0.clone()).unwrap_or_default()))
    }
}

/// A query parameter that is told in the API document and read elsewhere, by [`Parameters`].
pub(crate) type Noted<T> = NotedIn<T, false>;

/// The same of a header.
pub(crate) type NotedHeader<T> = NotedIn<T, true>;

/// What is told in the API document and read elsewhere.
#[derive(Debug)]
pub(crate) struct NotedIn<T, const HEADER: bool>(PhantomData<T>);

// `Type` is not imported: it has an `is_empty` of its own that says `false` of an empty `&&str`.
impl<'a, T: types::Type, const HEADER: bool> ApiExtractor<'a> for NotedIn<T, HEADER> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(if HEADER { MetaParamIn::Header } else { MetaParamIn::Query })
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(T::schema_ref())
    }

    async fn from_request(
        _request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(PhantomData))
    }
}

/// Reads a query. One that is not UTF-8 is refused: replacing letters would ask for something else.
pub(crate) fn parse_query(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| not_utf8(name))?;
            let value = decode(value).ok_or_else(|| not_utf8(&name))?;
            Ok((name, value))
        })
        .collect()
}

/// Reads a query that is data: what is not UTF-8 in it is replaced, as in any other data.
pub(crate) fn parse_query_loosely(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

fn not_utf8(name: &str) -> Problem {
    Problem::parameter(name, "not-utf8", format!("the query parameter `{name}` is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_in_order() {
        let parsed = parse_query("a=1&a=2&&b=x+y%2Bz&c&d=%C3%BC=%26").unwrap();
        let expected = [("a", "1"), ("a", "2"), ("b", "x y+z"), ("c", ""), ("d", "ü=&")];
        assert_eq!(parsed, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse_query("a=%FF").unwrap_err().status, 400);
        assert_eq!(
            parse_query_loosely("a=%FF+x&b"),
            [("a".into(), "\u{fffd} x".into()), ("b".into(), String::new())]
        );
    }
}
