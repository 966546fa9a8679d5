//! Query parameters: each is declared once, with its documentation and its parser.
//!
//! A handler takes one [`Query`]. To the framework it is a single parameter of an object type with one
//! property for each query parameter, which is how OpenAPI describes exploded form parameters. Client
//! generators only understand flat parameters, so [`flatten`] replaces the object with its properties in the
//! API document.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::problem::Problem;

/// Names and values of a query, decoded and in order.
pub(crate) type Pairs = Vec<(String, String)>;

/// A query parameter.
pub(crate) struct Parameter<T: 'static> {
    /// Name in the query.
    pub(crate) name: &'static str,
    /// Type in the API document.
    pub(crate) schema: fn() -> MetaSchemaRef,
    /// Description in the API document.
    pub(crate) description: &'static str,
    /// Parses a value and stores it. The second argument is the name.
    pub(crate) set: fn(&mut T, &str, &str) -> Result<(), Problem>,
}

/// The query parameters of an operation.
pub(crate) trait QueryParameters: Send {
    /// The type they are parsed into.
    type Value: Default + Send + 'static;

    /// The declared parameters, in the order of the API document.
    const DECLARED: &'static [&'static Parameter<Self::Value>];

    /// Accepts names that are not declared, and declared ones more than once.
    const IS_OPEN: bool = false;

    /// Decodes the query.
    fn decode(query: &str) -> Result<Pairs, Problem> {
        parse_query(query)
    }

    /// Takes a parameter that is not declared.
    fn set_other(_value: &mut Self::Value, name: &str, _text: &str) -> Result<(), Problem> {
        Err(unknown_parameter(name, Self::DECLARED))
    }

    /// Parses a query.
    fn parse(query: &str) -> Result<Self::Value, Problem> {
        Self::of_pairs(&Self::decode(query)?)
    }

    /// Parses the names and values of a query.
    fn of_pairs(pairs: &[(String, String)]) -> Result<Self::Value, Problem> {
        let mut value = Self::Value::default();
        for (position, (name, text)) in pairs.iter().enumerate() {
            let declared = Self::DECLARED.iter().find(|parameter| parameter.name == name);
            if declared.is_some()
                && !Self::IS_OPEN
                && pairs.iter().take(position).any(|(other, _)| other == name)
            {
                let detail = format!("the query parameter `{name}` is given more than once");
                return Err(Problem::parameter(name, "repeated-parameter", detail));
            }
            match declared {
                Some(parameter) => (parameter.set)(&mut value, name, text)?,
                None => Self::set_other(&mut value, name, text)?,
            }
        }
        Ok(value)
    }
}

/// The query of an operation without query parameters.
pub(crate) enum NoQuery {}

impl QueryParameters for NoQuery {
    type Value = ();

    const DECLARED: &'static [&'static Parameter<()>] = &[];
}

/// Extracts and documents the query parameters of an operation.
#[derive(Debug)]
pub(crate) struct Query<P: QueryParameters>(pub(crate) P::Value);

impl<'a, P: QueryParameters> ApiExtractor<'a> for Query<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Query)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let declared = P::DECLARED.iter();
        Some(object(declared.map(|parameter| (parameter.name, (parameter.schema)(), parameter.description))))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(P::parse(request.uri().query().unwrap_or_default())?))
    }
}

/// Parses a parameter that is on or off.
pub(crate) fn flag(name: &str, text: &str) -> Result<bool, Problem> {
    datadump_core::parse_flag(text).ok_or_else(|| {
        let detail = format!("`{name}` must be 1 or 0, not `{text}`");
        Problem::parameter(name, "invalid-parameter", detail)
    })
}

/// Creates a parameter that the core parses.
pub(crate) const fn passed_on(
    name: &'static str,
    schema: fn() -> MetaSchemaRef,
    description: &'static str,
) -> Parameter<Pairs> {
    Parameter { name, schema, description, set: push }
}

/// Appends a parameter for the core to parse.
pub(crate) fn push(pairs: &mut Pairs, name: &str, text: &str) -> Result<(), Problem> {
    pairs.push((name.to_owned(), text.to_owned()));
    Ok(())
}

/// Parses a whole number.
pub(crate) fn whole_number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        let detail = format!("the query parameter `{name}` is not a whole number in range");
        Problem::parameter(name, "invalid-parameter", detail)
    })
}

/// Returns the schema of a parameter that [`flatten`] replaces with its properties.
pub(super) fn object(
    properties: impl Iterator<Item = (&'static str, MetaSchemaRef, &'static str)>,
) -> MetaSchemaRef {
    let properties = properties.map(|(name, schema, description)| {
        (name, schema.merge(MetaSchema { description: Some(description), ..MetaSchema::ANY }))
    });
    MetaSchemaRef::Inline(Box::new(MetaSchema {
        properties: properties.collect(),
        ..MetaSchema::new("object")
    }))
}

/// Replaces each parameter of an object type with one parameter for each of its properties.
pub(crate) fn flatten(parameters: Vec<MetaOperationParam>) -> Vec<MetaOperationParam> {
    let mut flat = Vec::new();
    for parameter in parameters {
        match parameter.schema {
            MetaSchemaRef::Inline(object) if object.ty == "object" => {
                flat.extend(
                    object.properties.into_iter().map(|(name, schema)| one(name, schema, parameter.in_type)),
                );
            }
            schema => flat.push(MetaOperationParam { schema, ..parameter }),
        }
    }
    flat
}

fn one(name: &str, mut schema: MetaSchemaRef, in_type: MetaParamIn) -> MetaOperationParam {
    let description = match &mut schema {
        MetaSchemaRef::Inline(schema) => schema.description.take(),
        MetaSchemaRef::Reference(_) => None,
    };
    MetaOperationParam {
        name: name.to_owned(),
        schema,
        in_type,
        description: description.map(str::to_owned),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

/// Returns the problem of a parameter that is not declared.
pub(crate) fn unknown_parameter<T>(name: &str, declared: &[&Parameter<T>]) -> Problem {
    let declared: Vec<&str> = declared.iter().map(|parameter| parameter.name).collect();
    let detail = match declared.as_slice() {
        [] => format!("unknown query parameter `{name}`: this endpoint takes no query parameters"),
        names => format!("unknown query parameter `{name}`: this endpoint takes {}", names.join(", ")),
    };
    Problem::parameter(name, "unknown-parameter", detail)
}

/// Decodes a query strictly: replacing invalid UTF-8 would silently change a filter.
fn parse_query(query: &str) -> Result<Pairs, Problem> {
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

/// Decodes a query that is data: invalid UTF-8 is replaced, as in any other text that is thrown.
pub(crate) fn parse_query_lossy(query: &str) -> Pairs {
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
    Problem::parameter(name, "not-utf8", format!("the query parameter `{name}` is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::Type as _;

    use super::*;

    struct Numbers;

    impl QueryParameters for Numbers {
        type Value = Vec<u8>;

        const DECLARED: &'static [&'static Parameter<Vec<u8>>] = &[
            &Parameter { name: "a", schema: u8::schema_ref, description: "First", set: add },
            &Parameter { name: "b", schema: u8::schema_ref, description: "Second", set: add },
        ];
    }

    fn add(numbers: &mut Vec<u8>, name: &str, text: &str) -> Result<(), Problem> {
        numbers.push(whole_number(name, text)?);
        Ok(())
    }

    #[test]
    fn declared_parameters_are_parsed_and_others_refused() {
        for (query, expected) in [
            ("", Ok(vec![])),
            ("b=2&a=1", Ok(vec![2, 1])),
            ("a=1&a=1", Err("repeated-parameter")),
            ("c=1", Err("unknown-parameter")),
            ("a=256", Err("invalid-parameter")),
            ("a=", Err("invalid-parameter")),
            ("a=%FF", Err("not-utf8")),
        ] {
            let parsed = Numbers::parse(query);
            assert_eq!(
                parsed.as_ref().map_err(|problem| problem.code.as_str()),
                expected.as_ref().map_err(|code| *code),
                "{query}"
            );
        }
    }

    #[test]
    fn declared_parameters_are_documented_flat() {
        let whole = MetaOperationParam {
            name: "query".into(),
            schema: <Query<Numbers> as ApiExtractor>::param_schema_ref().unwrap(),
            in_type: MetaParamIn::Query,
            description: None,
            required: false,
            deprecated: false,
            explode: true,
            style: None,
        };
        let flat = flatten(vec![whole]);
        let shown: Vec<_> = flat.iter().map(|one| (one.name.as_str(), one.description.as_deref())).collect();
        assert_eq!(shown, [("a", Some("First")), ("b", Some("Second"))]);
        assert_eq!(flat[0].schema, u8::schema_ref());
    }

    #[test]
    fn queries_are_decoded_in_order() {
        let parsed = parse_query("a=1&a=2&&b=x+y%2Bz&c&d=%C3%BC=%26").unwrap();
        let expected = [("a", "1"), ("a", "2"), ("b", "x y+z"), ("c", ""), ("d", "ü=&")];
        assert_eq!(parsed, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse_query("a=%FF").unwrap_err().status, 400);
        assert_eq!(
            parse_query_lossy("a=%FF+x&b"),
            [("a".into(), "\u{fffd} x".into()), ("b".into(), String::new())]
        );
    }
}
