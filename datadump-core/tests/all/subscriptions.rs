//! Subscriptions, in a program that uses the library.

use std::time::Duration;

use datadump_core::{Dump, live::SubscriptionRequest};

#[tokio::test]
async fn a_subscription_ends_when_the_last_handle_is_dropped() {
    let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
    let mut subscription = dump.subscribe(SubscriptionRequest::default()).await.unwrap();
    drop(dump);
    let next = tokio::time::timeout(Duration::from_secs(10), subscription.next()).await;
    assert!(next.expect("the subscription ends").is_none());
}
