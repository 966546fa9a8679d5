//! What a request asks to be told.

use datadump_core::live::{Backfill, Cursor, Subscribe};
use poem::Request;

use super::{LAST_EVENT_ID, saying::Form};
use crate::{config, extract::parse_query, problem::Problem};

/// What a list takes beside filters.
const OF_LISTS: [&str; 7] = ["limit", "offset", "cursor", "count", "ordering", "fields", "search"];

/// Reads it from the address, and from the header with which a browser goes on.
pub(super) fn asked(request: &Request, form: Form) -> Result<Subscribe, Problem> {
    let mut asked = Subscribe::default();
    asked.hub = form == Form::Readings;
    for (name, value) in parse_query(request.uri().query().unwrap_or_default())? {
        match name.as_str() {
            "device" => asked.device = Some(value),
            "sensor" => asked.sensor = Some(value),
            "storage" if form == Form::Rows => asked.storages.extend(names(&value)),
            "source" if form == Form::Rows => asked.sources.extend(names(&value)),
            "since" => asked.from = Some(cursor("since", &value)?),
            "backfill" => asked.backfill = Some(backfill(&value)?),
            _ if OF_LISTS.contains(&name.as_str()) => {
                let detail = format!(
                    "`{name}` is of a list; a stream takes `storage`, `source`, `device`, `sensor`, `since`, `backfill` and filters"
                );
                return Err(Problem::parameter(&name, "unknown-parameter", detail));
            }
            _ if form == Form::Readings => {
                let detail = format!(
                    "`{name}` is nothing of readings; their stream takes `device`, `sensor`, `since` and `backfill`"
                );
                return Err(Problem::parameter(&name, "unknown-parameter", detail));
            }
            _ => asked.filters.push((name, value)),
        }
    }
    if let Some(value) = request.headers().get(LAST_EVENT_ID).filter(|value| !value.is_empty()) {
        asked.from = Some(cursor("Last-Event-ID", value.to_str().unwrap_or_default())?);
    }
    Ok(asked)
}

fn names(value: &str) -> impl Iterator<Item = String> {
    value.split(',').filter(|name| !name.is_empty()).map(str::to_owned)
}

fn cursor(parameter: &str, text: &str) -> Result<Cursor, Problem> {
    Cursor::parse(text).ok_or_else(|| {
        let detail = format!("`{parameter}` is a position as a stream says it, not {text:?}");
        Problem::parameter(parameter, "not-a-position", detail)
    })
}

fn backfill(text: &str) -> Result<Backfill, Problem> {
    let rows = text.parse().ok().filter(|rows| (1..=1000).contains(rows)).map(Backfill::Rows);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let time = || config::duration(text).ok().filter(|_| !is_number).map(Backfill::Since);
    rows.or_else(time).ok_or_else(|| {
        let detail =
            format!("`backfill` is a number of rows, 1 to 1000, or a time such as `10m`, not {text:?}");
        Problem::parameter("backfill", "not-a-backfill", detail)
    })
}
