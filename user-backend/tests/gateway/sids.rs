//! Finding the node that has a session.

use plenum_contract::{SessionId, limits::FRAME_MAX};

use crate::{
    node::Node,
    world::{Gateway, World},
};

#[tokio::test]
async fn any_gateway_finds_a_session_wherever_it_is_and_then_knows_it() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await, Node::start("c").await];
    let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
    let one = world.gateway(&addresses).await;
    let mut other = world.gateway(&addresses).await;
    other.cookie.clone_from(&one.cookie);
    let sid = one.opens().await.sid();
    let (name, way) = (&sid[..1], Gateway::of(&sid));
    // Whom it would be asked of first: nobody is there for what is new, so this session is looked for.
    let has = nodes.iter().find(|node| node.name() == name).unwrap();
    has.stops(true);
    other.until("/api/meetings", |answer| answer.text != name).await;
    for node in &nodes {
        node.saw();
    }

    let posted = other.posts(&way, "4".repeat(FRAME_MAX)).await;
    assert_eq!(posted.text, format!("ok {name} {FRAME_MAX}"), "the whole body, wherever it was asked before");
    let walked: Vec<_> = nodes.iter().map(|node| node.saw().len()).collect();
    assert_eq!(walked, [1, 1, 1], "the others say that they don't know it");
    assert_eq!(other.gets(&way).await.text, format!("4{name}"));
    assert_eq!(other.posts(&way, "4").await.text, format!("ok {name} 1"));
    let (_open, came) = other.upgrades(Some(&sid)).await;
    assert!(came.ends_with(&format!("\r\n\r\n{name}")), "{came}");
    for node in &nodes {
        assert_eq!(node.saw().len(), if node.name() == name { 3 } else { 0 }, "{}", node.name());
    }
    // The gateway that opened it never had to look.
    assert_eq!(one.gets(&way).await.text, format!("4{name}"));
    assert!(nodes.iter().all(|node| node.saw().len() == usize::from(node.name() == name)));
}

#[tokio::test]
async fn an_upgrade_finds_its_session_by_itself() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await];
    let addresses = [nodes[0].address(), nodes[1].address()];
    let one = world.gateway(&addresses).await;
    let sid = one.opens().await.sid();
    let has = nodes.iter().find(|node| node.name() == &sid[..1]).unwrap();
    has.stops(true);
    let mut other = world.gateway(&addresses).await;
    other.cookie.clone_from(&one.cookie);
    let (_open, came) = other.upgrades(Some(&sid)).await;
    assert!(came.starts_with("HTTP/1.1 101") && came.ends_with(&format!("\r\n\r\n{}", has.name())), "{came}");
}

#[tokio::test]
async fn a_session_that_nobody_has_costs_one_walk_each_time_and_leaves_nothing() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await];
    let gateway = world.gateway(&[nodes[0].address(), nodes[1].address()]).await;
    for sid in ["made-up", "made-up", &SessionId::random().to_string()] {
        let answer = gateway.gets(&Gateway::of(sid)).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_sid"));
        assert!(nodes.iter().all(|node| node.saw() == ["GET"]), "{sid}");
    }
    // What can't be one is not looked for.
    for odd in ["a%26b", "a&sid=b", &"a".repeat(65)] {
        assert_eq!(gateway.gets(&Gateway::of(odd)).await.code(), "unknown_sid", "{odd}");
        assert_eq!(nodes.iter().map(|node| node.saw().len()).sum::<usize>(), 1, "{odd}");
    }
    let large = gateway.posts(&Gateway::of("made-up"), "4".repeat(FRAME_MAX + 1)).await;
    assert_eq!((large.status, large.code().as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn while_a_node_does_not_answer_nobody_says_that_a_session_is_unknown() {
    let world = World::new();
    let there = Node::start("a").await;
    let gateway = world.gateway(&[there.address(), Node::nobody().await]).await;
    let answer = gateway.gets(&Gateway::of("may-be-there")).await;
    assert_eq!((answer.status, answer.code().as_str()), (502, "backend_unavailable"));
}
