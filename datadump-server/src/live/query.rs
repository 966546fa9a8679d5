//! The queries of streams.

use datadump_core::live::{Backfill, Cursor, SubscriptionRequest};
use poem_openapi::{registry::MetaSchemaRef, types::Type as _};

use crate::{
    config,
    extract::{LAST_EVENT_ID, LastEventId, Parameter, QueryParameters, parse_query_lossy},
    problem::Problem,
};

/// Parameters of lists that a stream does not take. Any other name could be a filter.
const LIST_PARAMETERS: [&str; 7] = ["limit", "offset", "cursor", "count", "ordering", "fields", "search"];

/// The parameter that asks for several subscriptions.
const MULTI: &str = "multi";

/// Maximum number of rows in a backfill.
const MAX_BACKFILL_ROWS: u64 = 1000;

/// The query of a stream of row changes.
pub(crate) enum RowStreamQuery {}

/// The query of a WebSocket with several subscriptions.
pub(super) enum MultiplexedQuery {}

/// The query of a stream of readings.
pub(crate) enum ReadingStreamQuery {}

impl QueryParameters for RowStreamQuery {
    type Value = SubscriptionRequest;

    const DECLARED: &'static [&'static Parameter<SubscriptionRequest>] = &[
        &Parameter {
            name: "storage",
            schema: String::schema_ref,
            description: "Only rows of these storages, separated by commas.",
            set: |subscribe, _name, text| {
                subscribe.storages.extend(names(text));
                Ok(())
            },
        },
        &Parameter {
            name: "source",
            schema: String::schema_ref,
            description: "Only rows of the storages that these sources write to, separated by commas.",
            set: |subscribe, _name, text| {
                subscribe.sources.extend(names(text));
                Ok(())
            },
        },
        &device("Only hub events of this device, given by name or number."),
        &sensor("Only hub events of sensors with this name, or of the sensor with this number."),
        &Parameter {
            name: "where",
            schema: String::schema_ref,
            description: "Filter as JSON: `{\"or\":[{\"age\":{\"lt\":18}},{\"color\":{\"in\":[\"red\"]}}]}`.",
            set: push_filter,
        },
        &BACKFILL,
        &SINCE,
        &Parameter {
            name: MULTI,
            schema: String::schema_ref,
            description: "`1`: several subscriptions over one WebSocket, which messages of the client add and remove.",
            set: |_subscribe, name, _text| {
                let detail = "`multi` requires a WebSocket, and has no other parameters";
                Err(Problem::parameter(name, "not-applicable", detail))
            },
        },
    ];

    const IS_OPEN: bool = true;

    fn set_other(subscribe: &mut SubscriptionRequest, name: &str, text: &str) -> Result<(), Problem> {
        if LIST_PARAMETERS.contains(&name) {
            let detail = format!(
                "`{name}` applies to lists; a stream takes `storage`, `source`, `device`, `sensor`, `since`, `backfill` and filters"
            );
            return Err(Problem::parameter(name, "unknown-parameter", detail));
        }
        push_filter(subscribe, name, text)
    }
}

impl QueryParameters for ReadingStreamQuery {
    type Value = SubscriptionRequest;

    const DECLARED: &'static [&'static Parameter<SubscriptionRequest>] = &[
        &device("Only readings of this device, given by name or number."),
        &sensor("Only readings of sensors with this name, or of the sensor with this number."),
        &BACKFILL,
        &SINCE,
    ];

    fn set_other(_subscribe: &mut SubscriptionRequest, name: &str, _text: &str) -> Result<(), Problem> {
        let detail = format!(
            "`{name}` is not a parameter of the readings stream, which takes `device`, `sensor`, `since` and `backfill`"
        );
        Err(Problem::parameter(name, "unknown-parameter", detail))
    }
}

impl QueryParameters for MultiplexedQuery {
    type Value = ();

    const DECLARED: &'static [&'static Parameter<()>] = &[&Parameter {
        name: MULTI,
        schema: String::schema_ref,
        description: "`1`",
        set: |(), name, text| match text {
            "1" => Ok(()),
            _ => Err(Problem::parameter(name, "invalid-parameter", format!("`{name}` can only be `1`"))),
        },
    }];

    fn set_other((): &mut (), name: &str, _text: &str) -> Result<(), Problem> {
        let detail = format!(
            "`{name}` cannot be combined with `{MULTI}`: send it in the message that adds a subscription"
        );
        Err(Problem::parameter(name, "not-applicable", detail))
    }
}

/// Returns whether a query asks for several subscriptions over one WebSocket.
pub(super) fn is_multiplexed(query: &str) -> bool {
    parse_query_lossy(query).iter().any(|(name, _)| name == MULTI)
}

const BACKFILL: Parameter<SubscriptionRequest> = Parameter {
    name: "backfill",
    schema: String::schema_ref,
    description: "Send existing rows first: a number of them, 1 to 1000, or those of a period such as `10m`.",
    set: |subscribe, _name, text| {
        subscribe.backfill = Some(backfill(text)?);
        Ok(())
    },
};

const SINCE: Parameter<SubscriptionRequest> = Parameter {
    name: "since",
    schema: String::schema_ref,
    description: "Resume after this position, which is the ID of an earlier event.",
    set: |subscribe, name, text| {
        subscribe.from = Some(cursor(name, text)?);
        Ok(())
    },
};

const fn device(description: &'static str) -> Parameter<SubscriptionRequest> {
    let schema: fn() -> MetaSchemaRef = String::schema_ref;
    Parameter {
        name: "device",
        schema,
        description,
        set: |subscribe, _name, text| {
            subscribe.device = Some(text.to_owned());
            Ok(())
        },
    }
}

const fn sensor(description: &'static str) -> Parameter<SubscriptionRequest> {
    let schema: fn() -> MetaSchemaRef = String::schema_ref;
    Parameter {
        name: "sensor",
        schema,
        description,
        set: |subscribe, _name, text| {
            subscribe.sensor = Some(text.to_owned());
            Ok(())
        },
    }
}

/// Resumes after the event in the `Last-Event-ID` header, if there is one.
pub(super) fn resume(
    subscribe: &mut SubscriptionRequest,
    last_event_id: &LastEventId,
) -> Result<(), Problem> {
    if let Some(id) = &last_event_id.0 {
        subscribe.from = Some(cursor(LAST_EVENT_ID, id)?);
    }
    Ok(())
}

fn push_filter(subscribe: &mut SubscriptionRequest, name: &str, text: &str) -> Result<(), Problem> {
    subscribe.filters.push((name.to_owned(), text.to_owned()));
    Ok(())
}

fn names(text: &str) -> impl Iterator<Item = String> {
    text.split(',').filter(|name| !name.is_empty()).map(str::to_owned)
}

fn cursor(parameter: &str, text: &str) -> Result<Cursor, Problem> {
    Cursor::parse(text).ok_or_else(|| {
        let detail = format!("`{parameter}` must be the ID of an event of a stream, not {text:?}");
        Problem::parameter(parameter, "not-a-position", detail)
    })
}

fn backfill(text: &str) -> Result<Backfill, Problem> {
    let rows = text.parse().ok().filter(|rows| (1..=MAX_BACKFILL_ROWS).contains(rows)).map(Backfill::Rows);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let period = || config::duration(text).ok().filter(|_| !is_number).map(Backfill::Since);
    rows.or_else(period).ok_or_else(|| {
        let detail = format!(
            "`backfill` must be a number of rows from 1 to {MAX_BACKFILL_ROWS}, or a period such as `10m`, not {text:?}"
        );
        Problem::parameter("backfill", "not-a-backfill", detail)
    })
}
