//! The head and body of a request that throws: any content type or none.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use datadump_core::{
    RequestHead, Transport,
    process::decompress::{Encoding, encodings},
};
use poem::{
    Body, FromRequest, Request, RequestBody,
    http::{HeaderMap, header},
    web::RemoteAddr,
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{Binary, Payload as _},
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef},
};

use super::{chunks::content_length, request_head::request_head};
use crate::problem::Problem;

/// The head of a throw request.
#[derive(Debug)]
pub(crate) struct ThrowHead {
    /// Content type, if it is given.
    pub(crate) content_type: Option<String>,
    /// Content encodings, in the order they were applied.
    pub(crate) encodings: Vec<Encoding>,
    /// Content length, if it is given.
    pub(crate) content_length: Option<u64>,
    /// IP address of the client.
    pub(crate) peer: Option<IpAddr>,
    /// Head of the request, which is kept with the throw.
    pub(crate) request: Arc<RequestHead>,
}

/// The body of a throw, not read yet. The framework's own type would insist on a content type.
#[derive(Debug)]
pub(crate) struct ThrowBody(pub(crate) Body);

impl ThrowHead {
    pub(crate) fn of(request: &Request, transport: Transport) -> Result<Self, Problem> {
        let headers = request.headers();
        Ok(Self {
            content_type: joined(headers, &header::CONTENT_TYPE).filter(|sent| !sent.trim().is_empty()),
            encodings: match joined(headers, &header::CONTENT_ENCODING) {
                Some(sent) => encodings(&sent)?,
                None => Vec::new(),
            },
            content_length: content_length(headers),
            peer: peer(request),
            request: request_head(request, transport),
        })
    }
}

/// Returns the client's address without its port, which does not identify it.
fn peer(request: &Request) -> Option<IpAddr> {
    let RemoteAddr(address) = request.remote_addr();
    address.as_socket_addr().map(SocketAddr::ip)
}

fn joined(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first = values.next()?.into_owned();
    Some(values.fold(first, |all, value| all + ", " + &value))
}

impl<'a> FromRequest<'a> for ThrowHead {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request, Transport::Http)?)
    }
}

impl<'a> ApiExtractor<'a> for ThrowBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        // Clients that are generated from the document encode objects as JSON only if it names that type.
        let json = MetaMediaType {
            content_type: "application/json",
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)),
        };
        let bytes = MetaMediaType {
            content_type: "application/octet-stream",
            schema: Binary::<Vec<u8>>::schema_ref(),
        };
        Some(MetaRequest { description: None, content: vec![json, bytes], required: true })
    }

    async fn from_request(
        _request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(body.take()?))
    }
}
