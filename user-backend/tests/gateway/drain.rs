//! The end of a gateway before nodes that go on, and of a node before a gateway that goes on.

use std::time::Duration;

use futures_util::future::join_all;
use plenum_service::{clock, lifecycle::LEAVING};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    node::Node,
    world::{Gateway, PATIENCE, World},
};

#[tokio::test]
async fn tunnels_are_cut_one_after_the_other_and_answers_close_their_connections() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await];
    let gateway = world.gateway(&[nodes[0].address(), nodes[1].address()]).await;
    let open = join_all((0..30).map(|_| gateway.upgrades(None))).await;
    let sid = gateway.opens().await.sid();
    assert!(!gateway.gets("/api/meetings").await.closes);

    gateway.life.stop();
    let told = clock::instant();
    let ready = gateway.gets("/ready").await;
    assert_eq!((ready.status, ready.closes), (503, true));
    let refused = gateway.opens().await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"));
    let meetings = gateway.gets("/api/meetings").await;
    assert_eq!((meetings.status, meetings.closes), (200, true));
    assert_eq!(gateway.gets(&Gateway::of(&sid)).await.status, 200, "who is here is served meanwhile");

    let cut = open.into_iter().map(|(mut stream, _)| async move {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut [0; 16])).await;
        assert!(read.expect("it is cut in time").is_ok_and(|count| count == 0));
        clock::instant() - told
    });
    let mut cut = join_all(cut).await;
    cut.sort();
    assert!(cut[29] > cut[0] + LEAVING / 20, "not all at once: {cut:?}");
    assert!(cut[29] < LEAVING * 2, "{cut:?}");
    assert!(gateway.life.ended().await, "nothing had to be cut off");
}

#[tokio::test]
async fn who_was_let_in_last_is_answered() {
    let world = World::new();
    let node = Node::start("a").await;
    let gateway = world.gateway(&[node.address()]).await;
    let address = gateway.url.strip_prefix("http://").unwrap();
    gateway.life.stop();
    let mut last = TcpStream::connect(address).await.unwrap();
    let refused = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while TcpStream::connect(address).await.is_ok() {
            tick.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("the listener closes");
    last.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, last.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn nodes_that_end_one_after_the_other_fail_no_request() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await, Node::start("c").await];
    let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
    let gateway = world.gateway(&addresses).await;
    let first = gateway.gets("/api/meetings").await.text;
    // The two that serve this session first go, one after the other, while it goes on asking.
    let mut left: Vec<_> = nodes.iter().collect();
    left.sort_by_key(|node| node.name() != first);
    let mut asked = 0;
    while left.len() > 1 {
        let ending = gateway.gets("/api/meetings").await.text;
        let ending = left.remove(left.iter().position(|node| node.name() == ending).unwrap());
        ending.end();
        let ended = ending.ended();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                () = &mut ended => break,
                answer = gateway.posts("/api/meetings", "{}") => assert_eq!(answer.status, 200, "{}", answer.text),
            }
            let answer = gateway.gets("/api/meetings").await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            asked += 2;
        }
    }
    assert!(asked > 100, "{asked}");
    assert_eq!(gateway.posts("/api/meetings", "{}").await.text, format!("{} 2", left[0].name()));
}
