//! Extractors of single headers.

/// Makes a type the extractor of a header. The function reads the header's value, and says what is wrong with it.
macro_rules! header_parameter {
    ($type:ty, $name:expr, $read:expr) => {
        impl<'a> poem_openapi::ApiExtractor<'a> for $type {
            const TYPES: &'static [poem_openapi::ApiExtractorType] =
                &[poem_openapi::ApiExtractorType::Parameter];

            type ParamType = ();
            type ParamRawType = ();

            fn param_in() -> Option<poem_openapi::registry::MetaParamIn> {
                Some(poem_openapi::registry::MetaParamIn::Header)
            }

            fn param_schema_ref() -> Option<poem_openapi::registry::MetaSchemaRef> {
                Some(<String as poem_openapi::types::Type>::schema_ref())
            }

            async fn from_request(
                request: &'a poem::Request,
                _body: &mut poem::RequestBody,
                _options: poem_openapi::ExtractParamOptions<Self::ParamType>,
            ) -> poem::Result<Self> {
                let read: fn(
                    &poem::http::HeaderMap,
                    &poem::http::HeaderName,
                ) -> Result<Self, $crate::problem::Problem> = $read;
                Ok(read(request.headers(), &$name)?)
            }
        }
    };
}

pub(super) use header_parameter;
