//! `/api/v1/processor/`: processors, which turn throws into records, and the programs among them.

use datadump_core::{Dump, ProcessorInfo};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::tag::Tag;
use crate::{
    answer::{Object, Reply, Streamed, Window, encoded, separated},
    extract::{BaseUrl, JsonBody, Paging, Query, typed},
    problem::{FaultAnswer, Problem},
    throwing::source_name,
};

const PATH: &str = "/api/v1/processor/";

/// A name that cannot be used, because it has another meaning in the path.
const RESERVED_NAME: &str = "simulate";

/// Operations on processors.
pub(crate) struct Processors {
    pub(crate) dump: Dump,
}

/// A page of processors sorted by name, or of the versions of one, oldest first.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct ProcessorList {
    /// Total number of results.
    count: u64,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The processors.
    results: Vec<ProcessorAnswer>,
}

/// A processor.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Processor")]
pub(crate) struct ProcessorAnswer {
    /// Name.
    name: String,
    /// `built-in`, `program` (written in VRL) or `native` (compiled into this server).
    kind: String,
    /// Version.
    version: u32,
    /// Input of a program: `record` or `throw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    takes: Option<String>,
    /// Source code of a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    /// Compiler warnings.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Object>,
}

/// The response to writing a program.
#[derive(ApiResponse)]
pub(crate) enum WriteResponse {
    /// The program is created.
    #[oai(status = 201)]
    Created(Reply<ProcessorAnswer>),
    /// The program has a new version, or is unchanged.
    #[oai(status = 200)]
    Changed(Reply<ProcessorAnswer>),
}

/// The response to removing a program.
#[derive(ApiResponse)]
pub(crate) enum RemoveResponse {
    /// The program is removed with all its versions.
    #[oai(status = 204)]
    Removed,
}

/// The body of a request that writes a program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default = "default_input")]
    takes: String,
    program: String,
}

fn default_input() -> String {
    "record".into()
}

#[OpenApi(prefix_path = "/api/v1/processor", tag = "Tag::Throw")]
impl Processors {
    /// List processors
    ///
    /// Built-in ones, native ones compiled into this server, and programs.
    #[oai(path = "/", method = "get", operation_id = "list_processors")]
    async fn list(&self, paging: Query<Paging>, base: BaseUrl) -> Result<Streamed<ProcessorList>, Problem> {
        let window = paging.0.window()?;
        Ok(page(window, &base.at(PATH), self.dump.programs().all()))
    }

    /// Create a program, or a new version of it
    ///
    /// The program is compiled first, and only stored if that succeeds.
    #[oai(path = "/", method = "post", operation_id = "create_processor")]
    async fn create(
        &self,
        /// `name`, `program` (VRL) and `takes`: `record` (default) or `throw`.
        program: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        let program: ProgramBody = typed(program.0)?;
        let name = program.name.clone().ok_or_else(|| invalid_name("the program needs a `name`"))?;
        self.write(&name, program).await
    }

    /// Simulate throws without storing anything
    ///
    /// Returns what each step of the processing would produce.
    #[oai(path = "/simulate", method = "post", operation_id = "simulate")]
    async fn simulate(
        &self,
        /// `throws`: samples with `body` or `body_base64`, `content_type` and `args`; and how to process
        /// them: `source`, `format`, `processor` or `program` with `takes`, `routes`, `unrouted`.
        request: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.ingest().simulate(&request.0).await?)))
    }

    /// Get a processor
    #[oai(path = "/:name", method = "get", operation_id = "get_processor")]
    async fn get(
        &self,
        /// Name of the processor.
        name: Path<String>,
    ) -> Result<Reply<ProcessorAnswer>, Problem> {
        Ok(Reply(self.dump.programs().get(&name.0)?.into()))
    }

    /// Create the program of this name, or a new version of it
    #[oai(path = "/:name", method = "put", operation_id = "set_processor")]
    async fn set(
        &self,
        /// Name of the processor.
        name: Path<String>,
        /// `program` (VRL) and `takes`: `record` (default) or `throw`.
        program: JsonBody,
    ) -> Result<WriteResponse, Problem> {
        let program: ProgramBody = typed(program.0)?;
        if program.name.as_ref().is_some_and(|sent| *sent != name.0) {
            return Err(invalid_name("the name in the body differs from the name in the path"));
        }
        self.write(&name.0, program).await
    }

    /// Delete a program with all its versions
    ///
    /// A program that a source uses cannot be deleted.
    #[oai(path = "/:name", method = "delete", operation_id = "remove_processor")]
    async fn remove(
        &self,
        /// Name of the processor.
        name: Path<String>,
    ) -> Result<RemoveResponse, Problem> {
        self.dump.programs().remove(&name.0).await?;
        Ok(RemoveResponse::Removed)
    }

    /// List the versions of a program, oldest first
    #[oai(path = "/:name/versions", method = "get", operation_id = "list_processor_versions")]
    async fn versions(
        &self,
        /// Name of the processor.
        name: Path<String>,
        paging: Query<Paging>,
        base: BaseUrl,
    ) -> Result<Streamed<ProcessorList>, Problem> {
        let window = paging.0.window()?;
        let versions = self.dump.programs().versions(&name.0).await?;
        Ok(page(window, &base.at(&format!("{PATH}{}/versions/", encoded(&name.0))), versions))
    }

    async fn write(&self, name: &str, program: ProgramBody) -> Result<WriteResponse, Problem> {
        if name.is_empty() || name == RESERVED_NAME {
            return Err(invalid_name("the name must not be empty or `simulate`"));
        }
        let name = source_name(name).map_err(|problem| invalid_name(&problem.detail))?;
        let (processor, is_new) = self.dump.programs().set(&name, &program.takes, &program.program).await?;
        let answer = Reply(processor.into());
        Ok(if is_new { WriteResponse::Created(answer) } else { WriteResponse::Changed(answer) })
    }
}

fn page(window: Window, address: &str, processors: Vec<ProcessorInfo>) -> Streamed<ProcessorList> {
    let page = window.of(processors);
    Streamed::list(page.map(|page| separated(page.into_iter().map(ProcessorAnswer::from))), address)
}

fn invalid_name(detail: &str) -> Problem {
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

/// Name of the program in examples.
pub(super) const EXAMPLE_NAME: &str = "in-celsius";

/// A program for records with degrees Fahrenheit.
const PROGRAM: &str = ".celsius = (to_float!(.fahrenheit) - 32.0) * 5.0 / 9.0\ndel(.fahrenheit)";

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "create_processor" => Some(json!({"name": EXAMPLE_NAME, "takes": "record", "program": PROGRAM})),
        "set_processor" => Some(json!({"takes": "record", "program": PROGRAM})),
        "simulate" => Some(json!({"program": PROGRAM, "throws": [{"body": "{\"fahrenheit\": 98.6}"}]})),
        _ => None,
    }
}
