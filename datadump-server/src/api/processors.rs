//! `/api/v1/processor/`: what turns throws into records, and programs of one's own.

use datadump_core::{Dump, ProcessorInfo};
use poem_openapi::{
    ApiResponse, Object as ApiObject, OpenApi,
    param::{Path, Query},
};
use serde::{Deserialize, Serialize};

use super::Tag;
use crate::{
    answer::{Object, Reply, Window, encoded},
    extract::{Base, JsonBody, typed},
    problem::{FaultAnswer, Problem},
    throwing::source_name,
};

const PATH: &str = "/api/v1/processor/";

/// Stands in the path where a name would.
const RESERVED: &str = "simulate";

/// The processors there are.
pub(crate) struct Processors {
    pub(crate) dump: Dump,
}

/// A page of processors, by name, or of versions of one, first to last.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ProcessorList {
    /// How many there are in all.
    count: u64,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// The processors.
    results: Vec<ProcessorAnswer>,
}

/// A processor.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Processor")]
pub(crate) struct ProcessorAnswer {
    /// Its name.
    name: String,
    /// `built-in`, `program` (written here) or `native` (compiled into this server).
    kind: String,
    /// Its version.
    version: u32,
    /// What a program takes: `record` or `throw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    takes: Option<String>,
    /// The text of a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    /// What the compiler warns of.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Object>,
}

/// A program that was written.
#[derive(ApiResponse)]
pub(crate) enum ProcessorPut {
    /// There was none of that name.
    #[oai(status = 201)]
    Created(Reply<ProcessorAnswer>),
    /// This is its next version, or the same as before.
    #[oai(status = 200)]
    Changed(Reply<ProcessorAnswer>),
}

/// A program that is gone.
#[derive(ApiResponse)]
pub(crate) enum ProcessorGone {
    /// The program and its versions are gone.
    #[oai(status = 204)]
    Done,
}

/// A program, as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "record")]
    takes: String,
    program: String,
}

fn record() -> String {
    "record".into()
}

#[OpenApi(prefix_path = "/api/v1/processor", tag = "Tag::Throw")]
impl Processors {
    /// List all processors: built in, compiled in, and programs written here.
    #[oai(path = "/", method = "get", operation_id = "list_processors")]
    async fn list(
        &self,
        /// The most processors to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<ProcessorList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        Ok(page(window, &base.at(PATH), self.dump.processors()))
    }

    /// Write a program, or its next version. It is compiled before it is kept.
    #[oai(path = "/", method = "post", operation_id = "create_processor")]
    async fn create(
        &self,
        /// `name`, `program` (VRL) and `takes`: `record` (as a rule) or `throw`.
        program: JsonBody,
    ) -> Result<ProcessorPut, Problem> {
        let program: Program = typed(program.0)?;
        let name = program.name.clone().ok_or_else(|| wrong_name("the program needs a `name`"))?;
        self.write(&name, program).await
    }

    /// Say what would become of sample throws, after each step; store nothing.
    #[oai(path = "/simulate", method = "post", operation_id = "simulate")]
    async fn simulate(
        &self,
        /// `throws`: samples with `body` or `body_base64`, `content_type` and `args`; and how they are
        /// to be treated: `source`, `format`, `processor` or `program` with `takes`, `routes`,
        /// `unrouted`.
        request: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.simulate(&request.0).await?)))
    }

    /// Read a processor.
    #[oai(path = "/:name", method = "get", operation_id = "get_processor")]
    async fn get(
        &self,
        /// The processor.
        name: Path<String>,
    ) -> Result<Reply<ProcessorAnswer>, Problem> {
        Ok(Reply(self.dump.processor(&name.0)?.into()))
    }

    /// Write a program of this name, or its next version.
    #[oai(path = "/:name", method = "put", operation_id = "set_processor")]
    async fn set(
        &self,
        /// The processor.
        name: Path<String>,
        /// `program` (VRL) and `takes`: `record` (as a rule) or `throw`.
        program: JsonBody,
    ) -> Result<ProcessorPut, Problem> {
        let program: Program = typed(program.0)?;
        if program.name.as_ref().is_some_and(|sent| *sent != name.0) {
            return Err(wrong_name("the name in the body is not the one in the path"));
        }
        self.write(&name.0, program).await
    }

    /// Delete a program with all its versions. One that a source uses is refused.
    #[oai(path = "/:name", method = "delete", operation_id = "remove_processor")]
    async fn remove(
        &self,
        /// The processor.
        name: Path<String>,
    ) -> Result<ProcessorGone, Problem> {
        self.dump.remove_processor(&name.0).await?;
        Ok(ProcessorGone::Done)
    }

    /// List the versions of a program, first to last.
    #[oai(path = "/:name/versions", method = "get", operation_id = "list_processor_versions")]
    async fn versions(
        &self,
        /// The processor.
        name: Path<String>,
        /// The most versions to answer with, 1 to 1000 (100).
        limit: Query<Option<u64>>,
        /// How many to skip.
        offset: Query<Option<u64>>,
        base: Base,
    ) -> Result<Reply<ProcessorList>, Problem> {
        let window = Window::new(limit.0, offset.0)?;
        let versions = self.dump.processor_versions(&name.0).await?;
        Ok(page(window, &base.at(&format!("{PATH}{}/versions/", encoded(&name.0))), versions))
    }

    async fn write(&self, name: &str, program: Program) -> Result<ProcessorPut, Problem> {
        if name.is_empty() || name == RESERVED {
            return Err(wrong_name("the name is empty or reserved"));
        }
        let name = source_name(name).map_err(|problem| wrong_name(&problem.detail))?;
        let (processor, is_new) = self.dump.set_processor(&name, &program.takes, &program.program).await?;
        let answer = Reply(processor.into());
        Ok(if is_new { ProcessorPut::Created(answer) } else { ProcessorPut::Changed(answer) })
    }
}

fn page(window: Window, address: &str, processors: Vec<ProcessorInfo>) -> Reply<ProcessorList> {
    let part = window.of(address, processors.into_iter().map(ProcessorAnswer::from).collect());
    let (count, next, previous) = (part.count, part.next, part.previous);
    Reply(ProcessorList { count, next, previous, results: part.results })
}

fn wrong_name(detail: &str) -> Problem {
    let detail = format!("name: {detail}");
    let fault = FaultAnswer { pointer: Some("/name".into()), ..FaultAnswer::new("name", detail.clone()) };
    let status = poem::http::StatusCode::BAD_REQUEST;
    Problem::new(status, "name", "The name is not valid", detail).with_faults(vec![fault])
}

impl From<ProcessorInfo> for ProcessorAnswer {
    fn from(processor: ProcessorInfo) -> Self {
        Self {
            name: processor.name,
            kind: processor.kind.into(),
            version: processor.version,
            takes: processor.takes,
            program: processor.program,
            warnings: processor.warnings.into_iter().map(Object).collect(),
        }
    }
}
