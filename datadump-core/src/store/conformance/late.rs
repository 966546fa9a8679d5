//! Checks of late indexes: whatever has happened to the rows, they answer as plain ones do.

use serde_json::{Value as Json, json};

use super::{Bench, Subject, holds, same};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Counted, Expect, Outcome, Paging, Write, WriteBatch, query::Towards},
};

/// The same storage with an index of each kind.
const TWINS: [&str; 2] = ["late", "btree"];

fn definition(name: &str, kind: Option<&str>) -> Json {
    let indexes: Vec<Json> =
        kind.iter().map(|kind| json!({"fields": ["device", "at"], "kind": kind})).collect();
    json!({
        "name": name,
        "key": {"name": "id", "type": "long", "generated": true},
        "fields": [
            {"name": "device", "type": "long"},
            {"name": "at", "type": "long", "nullable": true},
            {"name": "n", "type": "long"},
        ],
        "meta": {"scans": true, "indexes": indexes},
    })
}

/// Some rows that follow one another are of one device, so many that they may go into an index at once; others of
/// several.
fn device(n: i64) -> i64 {
    if n / 100 % 2 == 0 { n / 40 % 5 } else { n * 13 % 5 }
}

fn row(n: i64) -> Json {
    let at = if n % 31 == 0 { Json::Null } else { json!(n * 7919 % 1000) };
    json!({"device": device(n), "at": at, "n": n})
}

/// Writes rows, as one call; their keys.
async fn put(subject: &Subject<'_>, name: &str, rows: impl IntoIterator<Item = Json>) -> Result<Vec<Value>> {
    let writes = rows.into_iter().map(|row| subject.put(name, &row, Expect::Anything));
    let outcomes = subject.store.write(WriteBatch::independent(writes.collect::<Result<_>>()?)).await?;
    let keys = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Created(stored) | Outcome::Updated(stored) => Ok(stored.row.key),
        other => Err(Error::internal(format!("{other:?}"))),
    });
    keys.collect()
}

/// What is answered to a question: the number of each row, and how many there are.
async fn asked(
    subject: &Subject<'_>,
    name: &str,
    question: &[(&str, &str)],
) -> Result<(Vec<Value>, Counted)> {
    let (page, _) = subject.list(name, question).await?;
    Ok((page.rows.into_iter().filter_map(|row| row.values.into_iter().nth(2)).collect(), page.count))
}

async fn compare(subject: &Subject<'_>, when: &str) -> Result<()> {
    for question in [
        &[][..],
        &[("device", "3")],
        &[("device", "3"), ("ordering", "-at"), ("limit", "7")],
        &[("device", "2"), ("ordering", "at"), ("at__isnull", "true")],
        &[("device__gte", "3"), ("ordering", "at,-n"), ("limit", "1000")],
        &[("device__in", "1,4"), ("ordering", "-at,n"), ("offset", "50"), ("limit", "20")],
        &[("device", "1"), ("at__gt", "500"), ("count", "exact"), ("limit", "1000")],
        &[("ordering", "-device,at"), ("limit", "500")],
        &[("at__lt", "20"), ("ordering", "n")],
        &[("n__lt", "50"), ("ordering", "device,n")],
    ] {
        let (late, plain) =
            (asked(subject, TWINS[0], question).await?, asked(subject, TWINS[1], question).await?);
        holds(&format!("{when}: {question:?} finds something"), !plain.0.is_empty())?;
        same(&format!("{when}: {question:?}"), late, plain)?;
    }
    for towards in [Towards::Next, Towards::Previous] {
        let walks = (walk(subject, TWINS[0], towards).await?, walk(subject, TWINS[1], towards).await?);
        same(&format!("{when}: page by page, {towards:?}"), walks.0, walks.1)?;
    }
    Ok(())
}

/// All rows of a device, page by page.
async fn walk(subject: &Subject<'_>, name: &str, towards: Towards) -> Result<Vec<Value>> {
    let (_, mut query) = subject.list(name, &[("device", "2"), ("ordering", "-at"), ("cursor", "")]).await?;
    let in_force = subject.in_force(name)?;
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        query.paging = Paging::Keyset { limit: 100, from, towards };
        let page = subject.store.page(&in_force, &query).await?;
        let edge = match towards {
            Towards::Next => page.rows.last(),
            Towards::Previous => page.rows.first(),
        };
        from = edge.map(|row| query.order.iter().map(|order| order.column.value(row)).collect());
        let numbers = page.rows.into_iter().filter_map(|row| row.values.into_iter().nth(2));
        match towards {
            Towards::Next => found.extend(numbers),
            Towards::Previous => found.splice(0..0, numbers).for_each(drop),
        }
        if !page.more {
            return Ok(found);
        }
    }
}

pub(super) async fn late_indexes_answer_as_plain_ones_do(bench: &dyn Bench) -> Result<()> {
    let mut subject = Subject::open(bench).await?;
    for name in TWINS {
        subject.declare(definition(name, Some(name))).await?;
    }
    let mut keys: Vec<Value> = Vec::new();
    for round in 0..8_i64 {
        let rows = || (round * 700..(round + 1) * 700).map(row);
        let mut of = Vec::new();
        for name in TWINS {
            of.push(put(&subject, name, rows()).await?);
        }
        keys.extend(of.pop().unwrap_or_default());
        compare(&subject, &format!("round {round}")).await?;
        for name in TWINS {
            change(&subject, name, round, &keys).await?;
        }
        compare(&subject, &format!("round {round}, changed")).await?;
        if round == 4 {
            subject = subject.reopen().await?;
            compare(&subject, "opened again").await?;
        }
    }
    Ok(())
}

/// Old and new rows go to another device, others go away, and some are given keys by hand: one that was there
/// before, and one that is far ahead.
async fn change(subject: &Subject<'_>, name: &str, round: i64, keys: &[Value]) -> Result<()> {
    let in_force = subject.in_force(name)?;
    let number = |key: &Value| key.to_json(&in_force.definition.key.kind);
    let moved = keys.iter().enumerate().filter(|(place, _)| place % 41 == 7);
    let moved =
        moved.map(|(place, key)| json!({"id": number(key), "device": place % 4, "at": round, "n": place}));
    put(subject, name, moved).await?;
    let is_gone = |(place, _): &(usize, &Value)| place % 29 == 11;
    let gone = keys.iter().enumerate().filter(is_gone).map(|(_, key)| key.clone());
    let gone: Vec<Write> = gone.map(|key| Write::delete(in_force.clone(), key, Expect::Anything)).collect();
    subject.store.write(WriteBatch::independent(gone)).await?;
    let back = keys.iter().enumerate().find(is_gone).map(|(_, key)| number(key)).unwrap_or_default();
    let ahead = 100_000 * (round + 1);
    let by_hand = [back, json!(ahead)];
    put(subject, name, by_hand.map(|id| json!({"id": id, "device": 2, "at": 333, "n": -round}))).await?;
    Ok(())
}

pub(super) async fn an_index_becomes_late_and_goes(bench: &dyn Bench) -> Result<()> {
    let subject = Subject::open(bench).await?;
    let kinds = [Some("btree"), Some("late"), None, Some("late"), Some("btree"), None];
    for (round, kind) in (0..).zip(kinds) {
        subject.declare(definition("reading", kind)).await?;
        for half in 0..2_i64 {
            let first = (2 * round + half) * 600;
            put(&subject, "reading", (first..first + 600).map(row)).await?;
            let expected: Vec<Value> =
                (0..first + 600).filter(|n| device(*n) == 3).map(Value::Integer).collect();
            let found = asked(&subject, "reading", &[("device", "3"), ("ordering", "n"), ("limit", "1000")]);
            let (found, count) = found.await?;
            let what = format!("round {round}, {kind:?}");
            same(&what, found.as_slice(), expected.get(..found.len().min(1000)).unwrap_or_default())?;
            same(&what, count, Counted::Exactly(expected.len() as u64))?;
        }
    }
    Ok(())
}
