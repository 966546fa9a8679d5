//! Checks of results whose size is not known before they are read.

use serde_json::json;

use super::bench::{Bench, TestStore, ensure, ensure_eq};
use crate::{
    clock::Zone,
    error::Result,
    store::{
        Aggregate, AggregateQuery, Column, Expect, Function, GroupBy, Operand, ReadMemory, WriteBatch,
        query::parse,
    },
};

pub(super) async fn results_take_memory_as_long_as_they_are_held(bench: &dyn Bench) -> Result<()> {
    const LONG: usize = 100 << 10;
    let definition = json!({
        "name": "mail",
        "key": {"name": "id", "type": "string", "max_length": 16},
        "fields": [{"name": "body", "type": "text"}],
    });
    let test = TestStore::with(bench, definition).await?;
    let put = |number: usize| {
        let body = format!("{number}{}", "x".repeat(LONG));
        test.put("mail", &json!({"id": number.to_string(), "body": body}), Expect::Anything)
    };
    let writes = (0..20).map(put).collect::<Result<_>>()?;
    test.store.write(WriteBatch::independent(writes)).await?;
    let (in_force, memory) = (test.in_force("mail")?, ReadMemory::new(64 << 20));
    let definition = &in_force.definition;
    let body = Column::named(definition, "body").unwrap_or(Column::Key);
    let query = AggregateQuery {
        filter: None,
        groups: vec![GroupBy::Column(Column::Key)],
        zone: Zone::default(),
        functions: vec![Aggregate {
            function: Function::Last,
            operand: Some(Operand::Column(body)),
            time: Column::CreatedAt,
        }],
        order: Vec::new(),
        limit: 15,
    };
    let found = test.store.aggregate(&in_force, &query, &memory).await?;
    ensure_eq("groups", (found.groups.len(), found.more), (15, true))?;
    ensure("aggregates take memory", (15 * LONG..32 * LONG).contains(&memory.used()))?;
    drop(found);
    ensure_eq("memory", memory.used(), 0)?;
    let query = parse::groups(definition, &[], vec![body])?;
    let found = test.store.groups(&in_force, &query, &memory).await?;
    ensure_eq("values", found.groups.len(), 20)?;
    ensure("values take memory", memory.used() >= 20 * LONG)?;
    drop(found);
    ensure_eq("memory", memory.used(), 0)
}
