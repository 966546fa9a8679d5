//! A throw, as a request brings it: any content type or none, any arguments.

use std::net::{IpAddr, SocketAddr};

use datadump_core::{
    Once,
    process::decompress::{Encoding, encodings},
};
use poem::{
    Body, FromRequest, Request, RequestBody,
    http::{HeaderMap, header},
    web::RemoteAddr,
};
use poem_openapi::{
    __private::UrlQuery,
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{Binary, Payload as _},
    registry::{MetaMediaType, MetaRequest},
};

use super::{chunks::announced, idempotency::MaybeOnce};
use crate::problem::Problem;

/// What the head of a request says about its throw.
#[derive(Debug)]
pub(crate) struct Asked {
    /// All arguments of the address.
    pub(crate) arguments: Vec<(String, String)>,
    /// What it says its content type is.
    pub(crate) content_type: Option<String>,
    /// How its body is compressed, in the order that was done.
    pub(crate) encodings: Vec<Encoding>,
    /// How long it says its body is.
    pub(crate) announced: Option<u64>,
    /// Who sends it.
    pub(crate) peer: Option<IpAddr>,
    /// That it is to be stored once.
    pub(crate) once: Option<Once>,
}

/// The body of a throw, not read yet: the framework's own would want a content type.
#[derive(Debug)]
pub(crate) struct ThrowBody(pub(crate) Body);

impl Asked {
    pub(crate) fn of(request: &Request) -> Result<Self, Problem> {
        let headers = request.headers();
        Ok(Self {
            arguments: request
                .extensions()
                .get::<UrlQuery>()
                .map(|query| query.0.clone())
                .unwrap_or_default(),
            content_type: joined(headers, &header::CONTENT_TYPE).filter(|sent| !sent.trim().is_empty()),
            encodings: match joined(headers, &header::CONTENT_ENCODING) {
                Some(sent) => encodings(&sent)?,
                None => Vec::new(),
            },
            announced: announced(headers),
            peer: peer(request),
            once: MaybeOnce::of(headers)?.0,
        })
    }
}

/// The address it comes from, without the port, which says nothing of who it is.
fn peer(request: &Request) -> Option<IpAddr> {
    let RemoteAddr(address) = request.remote_addr();
    address.as_socket_addr().map(SocketAddr::ip)
}

fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |all, value| all + ", " + &value))
}

impl<'a> FromRequest<'a> for Asked {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}

impl<'a> ApiExtractor<'a> for ThrowBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = Binary::<Vec<u8>>::schema_ref();
        let content = MetaMediaType { content_type: "application/octet-stream", schema };
        Some(MetaRequest { description: None, content: vec![content], required: true })
    }

    async fn from_request(
        _request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(body.take()?))
    }
}
