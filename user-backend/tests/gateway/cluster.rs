//! A process with a node of its own, and others.

use std::pin::pin;

use plenum_service::Lifecycle;
use tokio::{net::TcpListener, sync::watch};
use user_backend::gateway::Nodes;

use crate::{
    node::Node,
    world::{Gateway, World},
};

type Peers = watch::Sender<Vec<String>>;

/// A gateway with a node in its process, which others reach too.
async fn with_node(world: &World, name: &'static str, peers: &Peers) -> (Gateway, Node) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = Node::made(name, &listener);
    node.serve(listener);
    peers.send_modify(|all| all.push(node.address().to_string()));
    let nodes = |life: &Lifecycle| {
        Nodes::cluster(node.routes(), &node.address(), peers.subscribe(), None, life).unwrap()
    };
    let gateway = world.gateway_of(nodes).await;
    (gateway, node)
}

#[tokio::test]
async fn a_websocket_is_served_here_and_what_polls_is_found_from_everywhere() {
    let world = World::new();
    let peers = watch::Sender::new(Vec::new());
    let (one, _a) = with_node(&world, "a", &peers).await;
    let (mut other, b) = with_node(&world, "b", &peers).await;
    other.cookie.clone_from(&one.cookie);
    for (gateway, name) in [(&one, "a"), (&other, "b")] {
        let (_open, came) = gateway.upgrades(None).await;
        assert!(came.ends_with(&format!("\r\n\r\n{name}")), "{came}");
    }
    // Both see each other's node, and both send this session to the same one.
    let first = one.gets("/api/meetings").await.text;
    let first = other.until("/api/meetings", |answer| answer.text == first).await.text;
    one.until("/api/meetings", |answer| answer.text == first).await;
    let sid = one.opens().await.sid();
    assert_eq!(sid[..1], first);
    for gateway in [&other, &one] {
        assert_eq!(gateway.gets(&Gateway::of(&sid)).await.text, format!("4{first}"));
    }

    // A node that goes is not asked any more, but for the sessions that it was known to have.
    peers.send_modify(|all| all.retain(|address| *address != b.address().to_string()));
    one.until("/api/meetings", |answer| answer.text == "a").await;
    assert_eq!(one.gets(&Gateway::of(&sid)).await.text, format!("4{first}"));
}

#[tokio::test]
async fn the_own_node_is_not_dialled_and_the_end_of_a_session_is_told_to_all() {
    let world = World::new();
    let peers = watch::Sender::new(Vec::new());
    // Whatever reaches it came from within: nobody accepts at its own address.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = Node::made("a", &listener);
    peers.send_replace(vec![here.address().to_string(), "not an address".into()]);
    let nodes = |life: &Lifecycle| {
        Nodes::cluster(here.routes(), &here.address(), peers.subscribe(), None, life).unwrap()
    };
    let gateway = world.gateway_of(nodes).await;
    assert_eq!(gateway.gets("/api/meetings").await.text, "a");
    gateway.until("/ready", |answer| answer.status == 200).await;

    let there = Node::start("b").await;
    peers.send_replace(vec![here.address().to_string(), there.address().to_string()]);
    there_is_told(&world, &gateway, &[&here, &there]).await;
    assert!(futures_util::poll!(pin!(listener.accept())).is_pending(), "nobody dialled it");
}

/// Logs out of another gateway on the same database, whose only node is none of these.
async fn there_is_told(world: &World, gateway: &Gateway, nodes: &[&Node]) {
    let apart = Node::start("c").await;
    let mut elsewhere = world.gateway(&[apart.address()]).await;
    elsewhere.cookie.clone_from(&gateway.cookie);
    assert_eq!(gateway.gets("/api/me").await.status, 200);
    assert_eq!(elsewhere.posts("/api/auth/logout", "{}").await.status, 200);
    let session = apart.told().await;
    for node in nodes {
        node.is_told(&session).await;
    }
    assert_eq!(gateway.gets("/api/me").await.code(), "invalid_session");
}
