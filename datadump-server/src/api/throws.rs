//! `/` and `/throw/{source}`: throwing data.

use poem_openapi::{OpenApi, param::Path};

use super::{Tag, receipt_answer::ThrowAnswer};
use crate::{
    extract::{Asked, Noted, ThrowBody},
    problem::Problem,
    throwing::Thrower,
};

/// Everything that can be thrown.
pub(crate) struct Throws {
    pub(crate) thrower: Thrower,
}

#[OpenApi(tag = "Tag::Throw")]
impl Throws {
    /// Throw data at the source `inbox`.
    ///
    /// Any body, with any content type or none, compressed (gzip, deflate, br, zstd) or not. Its format
    /// is recognised. All other arguments of the address are kept with the throw; without a body they
    /// are the record.
    #[oai(path = "/", method = "post", operation_id = "throw")]
    async fn throw(
        &self,
        /// The format to read it as; recognised when it is not said.
        #[oai(name = "format")]
        _format: Noted<String>,
        /// `1`: when anything is wrong, store nothing and answer 422.
        #[oai(name = "strict")]
        _strict: Noted<String>,
        /// `1`: a body of any length, in a format that goes by lines, committed chunk by chunk.
        #[oai(name = "stream")]
        _stream: Noted<String>,
        /// `accepted`: answer 202 before it is committed.
        #[oai(name = "ack")]
        _ack: Noted<String>,
        asked: Asked,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw("", asked, body.0).await?.into())
    }

    /// Throw data at the source `inbox`, like `POST`.
    #[oai(path = "/", method = "put", operation_id = "throw_put")]
    async fn throw_put(
        &self,
        /// The format to read it as; recognised when it is not said.
        #[oai(name = "format")]
        _format: Noted<String>,
        /// `1`: when anything is wrong, store nothing and answer 422.
        #[oai(name = "strict")]
        _strict: Noted<String>,
        /// `1`: a body of any length, in a format that goes by lines, committed chunk by chunk.
        #[oai(name = "stream")]
        _stream: Noted<String>,
        /// `accepted`: answer 202 before it is committed.
        #[oai(name = "ack")]
        _ack: Noted<String>,
        asked: Asked,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw("", asked, body.0).await?.into())
    }

    /// Throw the arguments of the address at the source `inbox`: `/?speed=1.75`.
    ///
    /// Any arguments; all of them are fields of the record. A client that asks for HTML gets the first
    /// page instead.
    #[oai(path = "/", method = "get", operation_id = "throw_arguments")]
    async fn throw_arguments(&self, asked: Asked) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw_arguments("", asked).await?.into())
    }

    /// Throw data at a source. The first throw makes it.
    ///
    /// Any body, with any content type or none, compressed (gzip, deflate, br, zstd) or not. Its format
    /// is recognised. All other arguments of the address are kept with the throw; without a body they
    /// are the record.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/throw/:source", method = "post", operation_id = "throw_at")]
    async fn throw_at(
        &self,
        /// The source.
        source: Path<String>,
        /// The format to read it as; recognised when it is not said.
        #[oai(name = "format")]
        _format: Noted<String>,
        /// `1`: when anything is wrong, store nothing and answer 422.
        #[oai(name = "strict")]
        _strict: Noted<String>,
        /// `1`: a body of any length, in a format that goes by lines, committed chunk by chunk.
        #[oai(name = "stream")]
        _stream: Noted<String>,
        /// `accepted`: answer 202 before it is committed.
        #[oai(name = "ack")]
        _ack: Noted<String>,
        asked: Asked,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw(&source.0, asked, body.0).await?.into())
    }

    /// Throw data at a source, like `POST`.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/throw/:source", method = "put", operation_id = "throw_put_at")]
    async fn throw_put_at(
        &self,
        /// The source.
        source: Path<String>,
        /// The format to read it as; recognised when it is not said.
        #[oai(name = "format")]
        _format: Noted<String>,
        /// `1`: when anything is wrong, store nothing and answer 422.
        #[oai(name = "strict")]
        _strict: Noted<String>,
        /// `1`: a body of any length, in a format that goes by lines, committed chunk by chunk.
        #[oai(name = "stream")]
        _stream: Noted<String>,
        /// `accepted`: answer 202 before it is committed.
        #[oai(name = "ack")]
        _ack: Noted<String>,
        asked: Asked,
        /// The data.
        body: ThrowBody,
    ) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw(&source.0, asked, body.0).await?.into())
    }

    /// Throw the arguments of the address at a source: `/throw/car?speed=1.75`.
    ///
    /// Any arguments; all of them are fields of the record.
    #[oai(path = "/throw/:source", method = "get", operation_id = "throw_arguments_at")]
    async fn throw_arguments_at(
        &self,
        /// The source.
        source: Path<String>,
        asked: Asked,
    ) -> Result<ThrowAnswer, Problem> {
        Ok(self.thrower.throw_arguments(&source.0, asked).await?.into())
    }
}
