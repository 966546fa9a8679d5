//! Checks of keys: explicit, generated, and unusual ones.

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, dog, ensure, ensure_eq, numbered},
    rows::name,
};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Expect, Outcome, Write, WriteBatch},
};

pub(super) async fn generated_keys_are_never_reused(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    for kind in ["integer", "long"] {
        let definition = json!({"name": kind, "key": {"name": "id", "type": kind, "generated": true},
                                "fields": [{"name": "n", "type": "integer"}]});
        test.declare(definition).await?;
        // An explicit key is skipped by the sequence.
        test.save(kind, json!({"id": 3, "n": -1})).await?;
        let mut keys = vec![json!(3)];
        for n in 0..20 {
            let outcome = test.save(kind, json!({"n": n})).await?;
            let Outcome::Created(stored) = outcome else {
                return Err(Error::internal(format!("row {n}: {outcome:?}")));
            };
            keys.push(stored.to_json()["id"].clone());
        }
        let last = keys.last().cloned().unwrap_or_default();
        let mut distinct: Vec<i64> = keys.iter().filter_map(Json::as_i64).collect();
        distinct.sort_unstable();
        distinct.dedup();
        ensure_eq("distinct keys", distinct.len(), 21)?;
        let key = Value::Integer(last.as_i64().unwrap_or(0));
        let in_force = test.in_force(kind)?;
        test.write(Write::delete(in_force, key, Expect::Anything)).await?;
        let outcome = test.save(kind, json!({"n": 100})).await?;
        let Outcome::Created(stored) = outcome else {
            return Err(Error::internal(format!("{outcome:?}")));
        };
        ensure("a deleted key is not reused", !keys.contains(&stored.to_json()["id"]))?;
    }
    Ok(())
}

pub(super) async fn rows_of_one_batch_get_the_keys_in_their_outcomes(bench: &dyn Bench) -> Result<()> {
    let definition = json!({"name": "n", "key": {"name": "id", "type": "long", "generated": true},
                            "fields": [{"name": "n", "type": "integer", "unique": true}]});
    let test = TestStore::with(bench, definition).await?;
    test.save("n", json!({"id": 5, "n": 1_000})).await?;
    for (round, count) in [1, 2, 16, 17, 40].into_iter().enumerate() {
        let base = 100 * i64::try_from(round).map_err(Error::internal)?;
        let mut writes = Vec::new();
        for n in 0..count {
            // Some rows are refused, and one has an explicit key.
            let record = match n {
                3 | 20 => json!({"n": 1_000}),
                7 => json!({"id": 10_000 + base, "n": base + n}),
                _ => json!({"n": base + n}),
            };
            writes.push(test.put("n", &record, Expect::Anything)?);
        }
        for (n, outcome) in (0..).zip(test.store.write(WriteBatch::independent(writes)).await?) {
            match outcome {
                Outcome::Created(stored) => {
                    let answered = stored.to_json();
                    ensure_eq("the value in the outcome", &answered["n"], &json!(base + n))?;
                    ensure_eq(
                        "what is stored",
                        test.field("n", answered["id"].clone(), "n").await?,
                        json!(base + n),
                    )?;
                }
                other => {
                    ensure_eq(&format!("row {n} of {count}"), name(&other), "invalid")?;
                    ensure("a refusal was expected", [3, 20].contains(&n))?;
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn the_greatest_key_does_not_affect_other_writes(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    test.declare(numbered()).await?;
    // Whether the greatest number can be a key, and whether one can follow it, is up to the backend.
    let _ = test.save("n", json!({"id": i64::MAX, "n": 1})).await?;
    for round in 0..5 {
        let key = format!("{round}");
        let writes = vec![
            test.put("dog", &json!({"chip_id": key}), Expect::Anything)?,
            test.put("n", &json!({"n": round}), Expect::Anything)?,
        ];
        let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
        ensure_eq("the other row", outcomes.first().map(name), Some("created"))?;
        let next = outcomes.get(1).map(name).unwrap_or_default();
        ensure(
            &format!("the next key is generated or refused: {next}"),
            ["created", "invalid"].contains(&next),
        )?;
    }
    Ok(())
}

pub(super) async fn concurrent_batches_share_the_keys_that_are_left(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, numbered()).await?;
    let _ = test.save("n", json!({"id": i64::MAX - 20, "n": -1})).await?;
    let test = &test;
    let calls = (0..16_i64).map(async |call| {
        let put = |n| test.put("n", &json!({"n": 3 * call + n}), Expect::Anything);
        let writes = (0..3).map(put).collect::<Result<_>>()?;
        test.store.write(WriteBatch::independent(writes)).await
    });
    let mut created = 1;
    for (call, outcomes) in (0..).zip(futures_util::future::join_all(calls).await) {
        for (n, outcome) in (0..).zip(outcomes?) {
            match outcome {
                Outcome::Created(stored) => {
                    created += 1;
                    let key = stored.to_json()["id"].clone();
                    ensure_eq("what is stored", test.field("n", key, "n").await?, json!(3 * call + n))?;
                }
                other => ensure_eq("a row for which no key is left", name(&other), "invalid")?,
            }
        }
    }
    let stored = test.list("n", &[("limit", "1000")]).await?.0.rows.len();
    ensure_eq("number of rows, all of them reported", stored, created)?;
    Ok(())
}

pub(super) async fn unusual_keys_are_stored_and_found_exactly(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let keys = [
        "'",
        "\"",
        "a/b",
        "%2F",
        "ключ",
        "ä",
        "a\u{308}",
        "'; DROP TABLE--",
        "a b",
        "\\",
        "0",
        "NULL",
        "\u{1F600}",
        "A",
        "a",
        " a",
        "a ",
    ];
    for key in keys {
        let outcome = test.save("dog", json!({"chip_id": key, "color": key})).await?;
        ensure_eq(key, name(&outcome), "created")?;
    }
    for key in keys {
        ensure_eq(key, test.field("dog", json!(key), "color").await?, json!(key))?;
        let (page, _) = test.list("dog", &[("chip_id", key)]).await?;
        ensure_eq(key, page.rows.len(), 1)?;
    }
    Ok(())
}
