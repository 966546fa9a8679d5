//! Cursors: a position in the ordering of a query, as opaque text.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value as Json, json};

use super::{Column, Order, Query, Towards};
use crate::schema::{Definition, Kind, Value};

/// Encodes a position of this query.
pub(crate) fn write(definition: &Definition, query: &Query, position: &[Value], towards: Towards) -> String {
    let values = query.order.iter().zip(position);
    let values: Vec<Json> =
        values.map(|(order, value)| value.to_json(&order.column.kind(definition))).collect();
    BASE64.encode(json!([query.identity, towards, values]).to_string())
}

/// Decodes a position of the query with this identity and ordering. The error says why it is not valid.
pub(super) fn read(
    definition: &Definition,
    order: &[Order],
    identity: &str,
    text: &str,
) -> Result<(Vec<Value>, Towards), &'static str> {
    const BAD: &str = "this is not a valid cursor; use the value of `next` or `previous`";
    let bytes = BASE64.decode(text).map_err(|_| BAD)?;
    let parts: (String, Towards, Vec<Json>) = serde_json::from_slice(&bytes).map_err(|_| BAD)?;
    let (of, towards, values) = parts;
    if of != identity {
        return Err("this cursor belongs to another query: filters and ordering must stay the same");
    }
    if values.len() != order.len() {
        return Err(BAD);
    }
    let read = order.iter().zip(&values).map(|(order, json)| match json {
        Json::Null => Ok(Value::Null),
        json => order.column.kind(definition).read(json).map_err(|_| BAD),
    });
    Ok((read.collect::<Result<_, _>>()?, towards))
}

impl Column {
    /// Returns the kind of its values.
    pub fn kind(self, definition: &Definition) -> Kind {
        match self {
            Self::Key => definition.key.kind.clone(),
            Self::Field(place) => definition.fields.get(place).map_or(Kind::Json, |f| f.kind.clone()),
            Self::Version => Kind::Integer,
            Self::CreatedAt | Self::UpdatedAt => Kind::Timestamp,
        }
    }
}
