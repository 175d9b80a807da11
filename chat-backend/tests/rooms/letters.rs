//! What nodes write to each other, on Redis and on a Redis Cluster.

use std::time::Duration;

use chat_backend::cluster::{Address, Cluster, Letter};
use plenum_contract::SessionId;
use plenum_service::Lifecycle;
use tokio::sync::mpsc::Receiver;

/// More than are fetched at once, and than wait for a reader.
const MANY: usize = 250;
const PATIENCE: Duration = Duration::from_secs(20);

fn letter(n: usize) -> Letter {
    Letter::SessionEnded { session: SessionId::parse(&format!("session-{n}")).unwrap() }
}

async fn next(letters: &mut Receiver<Letter>) -> Letter {
    tokio::time::timeout(PATIENCE, letters.recv()).await.expect("a letter comes in time").unwrap()
}

async fn every_other_node_reads_each_letter_once_and_in_order(url: String) {
    let life = Lifecycle::new();
    let node = async || Cluster::join(Address::parse(&url).unwrap(), None, &life).await.unwrap();
    let (writer, early, late) = (node().await, node().await, node().await);
    let (mut early_letters, mut own_letters) = (early.letters(&life), writer.letters(&life));
    // The writer sees the others at its next tick.
    tokio::time::timeout(PATIENCE, async {
        while writer.others() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the nodes see each other");
    for n in 0..MANY {
        writer.write_to_others(&letter(n)).await.unwrap();
    }
    // Who has not asked for its letters yet finds them all.
    let mut late_letters = late.letters(&life);
    for n in 0..MANY {
        assert_eq!(next(&mut early_letters).await, letter(n));
        assert_eq!(next(&mut late_letters).await, letter(n));
    }
    early.write_to_others(&letter(MANY)).await.unwrap();
    assert_eq!(next(&mut late_letters).await, letter(MANY), "nothing comes twice");
    assert_eq!(next(&mut own_letters).await, letter(MANY), "nobody writes to itself");
    for node in [writer, early, late] {
        node.leave().await;
    }
}

fn url(variable: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test's own settings")]
    let (url, ci) = (std::env::var(variable).ok(), std::env::var("CI").is_ok());
    if url.is_none() {
        assert!(!ci, "{variable} is not set");
        eprintln!("SKIPPED: {variable} is not set");
    }
    url
}

#[tokio::test]
async fn on_redis_every_other_node_reads_each_letter_once_and_in_order() {
    if let Some(url) = url("TEST_REDIS_URL") {
        every_other_node_reads_each_letter_once_and_in_order(url).await;
    }
}

#[tokio::test]
async fn on_a_redis_cluster_every_other_node_reads_each_letter_once_and_in_order() {
    if let Some(url) = url("TEST_REDIS_CLUSTER_URL") {
        every_other_node_reads_each_letter_once_and_in_order(url).await;
    }
}
