//! Who answers what begins, and when another is asked instead.

use std::sync::Arc;

use http::{Method, Uri};
use plenum_service::Lifecycle;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot},
};
use user_backend::gateway::Nodes;

use crate::{
    node::Node,
    world::{PATIENCE, World},
};

/// Nodes, the one that a gateway's user is sent to first in front.
fn in_order(mut nodes: Vec<Node>, first: &str) -> Vec<Node> {
    nodes.sort_by_key(|node| node.name() != first);
    for node in &nodes {
        node.saw();
    }
    nodes
}

#[tokio::test]
async fn a_session_keeps_to_one_node_and_goes_on_to_the_next_while_that_stops() {
    let world = World::new();
    let nodes = vec![Node::start("a").await, Node::start("b").await, Node::start("c").await];
    let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
    let gateway = world.gateway(&addresses).await;
    let first = gateway.gets("/api/meetings").await.text;
    for _ in 0..5 {
        assert_eq!(gateway.gets("/api/meetings").await.text, first);
        assert_eq!(gateway.opens().await.sid()[..1], first);
    }
    let nodes = in_order(nodes, &first);

    // In the very moment: it is asked, says that it stops, and another answers. Nothing is done twice.
    nodes[0].stops(true);
    let created = gateway.posts("/api/meetings", "{\"title\":\"x\"}").await;
    assert_eq!(created.status, 200);
    assert!(created.text.ends_with(" 13") && !created.text.starts_with(&first), "{}", created.text);
    let others: usize = nodes[1..].iter().map(|node| node.saw().len()).sum();
    assert_eq!(others, 1);
    nodes[0].saw();
    assert_ne!(gateway.opens().await.sid()[..1], first);
    assert_eq!(nodes[0].saw().len(), 0, "nobody is sent there until a look says otherwise");

    nodes[0].stops(false);
    gateway.until("/api/meetings", |answer| answer.text == first).await;
}

#[tokio::test]
async fn what_did_not_reach_a_node_is_asked_of_the_next() {
    let world = World::new();
    let there = Node::start("a").await;
    for _ in 0..4 {
        // Of every two sessions one would be sent to where nobody is.
        let nowhere = Node::nobody().await;
        let gateway = world.gateway(&[nowhere, there.address()]).await;
        assert_eq!(gateway.posts("/api/meetings", "{}").await.text, "a 2");
        assert_eq!(gateway.gets("/api/meetings").await.text, "a");
        assert_eq!(&gateway.opens().await.sid()[..1], "a");
        let (_open, came) = gateway.upgrades(None).await;
        assert!(came.ends_with("\r\n\r\na"), "{came}");
    }
}

#[tokio::test]
async fn nobody_there_is_told_as_ever() {
    let world = World::new();
    let gateway = world.gateway(&[Node::nobody().await, Node::nobody().await]).await;
    for answer in [gateway.gets("/api/meetings").await, gateway.posts("/api/meetings", "{}").await] {
        assert_eq!((answer.status, answer.code().as_str()), (502, "backend_unavailable"));
    }
    assert_eq!(gateway.opens().await.status, 502);
    assert_eq!(gateway.gets("/ready").await.status, 503);
}

const READY: &str = r#"{"status":"ready","parts":{},"rooms":"shared"}"#;

/// What a connection asks; each is closed after its answer.
async fn asked(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).await.unwrap_or_default();
    (stream, String::from_utf8_lossy(&chunk[..count]).into_owned())
}

async fn answers(mut stream: TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).await.ok();
}

/// A node that is ready, and breaks off whatever else it is asked once it has read it.
async fn breaks_off(life: &Lifecycle) -> (Uri, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (noted, sees) = mpsc::unbounded_channel();
    life.spawn(async move {
        loop {
            let (stream, request) = asked(&listener).await;
            if request.starts_with("GET /ready") {
                answers(stream, READY).await;
            } else if noted.send(request).is_err() {
                return;
            }
        }
    });
    (address, sees)
}

/// A node that answers `gone` until it is told to go, and then, at the next look, is there no more; says so while the
/// look still waits.
async fn goes(life: &Lifecycle) -> (Uri, Arc<Notify>, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (go, (went, has_gone)) = (Arc::new(Notify::new()), oneshot::channel());
    let told = go.clone();
    let life = life.clone();
    life.clone().spawn(async move {
        let told = told.notified();
        tokio::pin!(told);
        loop {
            let (stream, request) = asked(&listener).await;
            match request.starts_with("GET /ready") {
                true if futures_util::poll!(&mut told).is_ready() => {
                    drop(listener);
                    went.send(()).ok();
                    life.stopping().await; // and with it the connection
                    return drop(stream);
                }
                true => answers(stream, READY).await,
                false => answers(stream, "gone").await,
            }
        }
    });
    (address, go, has_gone)
}

#[tokio::test]
async fn a_node_that_is_suddenly_not_there_fails_no_request() {
    let world = World::new();
    let there = Node::start("a").await;
    let cookie = world.gateway(&[there.address()]).await.cookie.clone();
    loop {
        let life = Lifecycle::new();
        let (address, go, has_gone) = goes(&life).await;
        let nodes = [address, there.address()];
        let mut gateway = world.start(|life| Nodes::remote(&nodes, None, life).unwrap()).await;
        gateway.cookie.clone_from(&cookie);
        if gateway.gets("/api/meetings").await.text == "gone" {
            go.notify_one();
            tokio::time::timeout(PATIENCE, has_gone).await.unwrap().unwrap();
            let created = gateway.posts("/api/meetings", "{}").await;
            assert_eq!((created.status, created.text.as_str()), (200, "a 2"));
            return life.stop();
        }
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_asked_again_unless_it_only_reads() {
    let world = World::new();
    let there = Node::start("a").await;
    let (life, mut broken) = (Lifecycle::new(), 0);
    while broken == 0 {
        let (address, mut sees) = breaks_off(&life).await;
        let gateway = world.gateway(&[address, there.address()]).await;
        let posted = gateway.posts("/api/meetings", "{}").await;
        if posted.status == 200 {
            assert!(sees.try_recv().is_err());
            continue; // this session's first node is the other
        }
        broken += 1;
        assert_eq!((posted.status, posted.code().as_str()), (502, "backend_unavailable"));
        assert!(sees.try_recv().unwrap().starts_with("POST "));
        there.saw();
        assert_eq!(gateway.gets("/api/meetings").await.text, "a");
        assert!(sees.try_recv().unwrap().starts_with("GET "));
        assert_eq!(there.saw(), ["GET"]);
    }
}

#[tokio::test]
async fn a_body_that_is_passed_on_as_it_comes_is_passed_on_once() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await];
    let gateway = world.gateway(&[nodes[0].address(), nodes[1].address()]).await;
    let first = gateway.gets("/api/meetings").await.text;
    let first = nodes.iter().find(|node| node.name() == first).unwrap();
    let chunked = || {
        let chunks = ["{", "}"].map(Ok::<_, std::io::Error>);
        reqwest::Body::wrap_stream(futures_util::stream::iter(chunks))
    };
    let created = gateway.asks(Method::POST, "/api/meetings", chunked()).await;
    assert_eq!(created.text, format!("{} 2", first.name()));
    first.stops(true);
    let refused = gateway.asks(Method::POST, "/api/meetings", chunked()).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"));
    let created = gateway.asks(Method::POST, "/api/meetings", chunked()).await;
    assert_eq!(created.status, 200, "it is not sent there again: {}", created.text);
}

#[tokio::test]
async fn a_node_that_keeps_its_rooms_keeps_a_gateway_from_starting() {
    let world = World::new();
    let nodes = [Node::start("a").await, Node::start("b").await];
    nodes[1].keeps_its_rooms(true);
    let addresses = [nodes[0].address(), nodes[1].address()];
    let mut refused = world.start(|life| Nodes::remote(&addresses, None, life).unwrap()).await;
    let served = tokio::time::timeout(PATIENCE, &mut refused.served).await.expect("it does not start");
    let error = served.unwrap().unwrap().unwrap_err().to_string();
    for named in ["CHAT_BACKEND_URL", "REDIS_URL", addresses[1].authority().unwrap().as_str()] {
        assert!(error.contains(named), "{named} in {error}");
    }
    // Alone it may.
    let alone = world.gateway(&addresses[1..]).await;
    assert_eq!(alone.gets("/api/meetings").await.text, "b");
}

#[tokio::test]
async fn a_node_that_turns_out_to_keep_its_rooms_is_not_used() {
    let world = World::new();
    let nodes = vec![Node::start("a").await, Node::start("b").await];
    let gateway = world.gateway(&[nodes[0].address(), nodes[1].address()]).await;
    let first = gateway.gets("/api/meetings").await.text;
    let nodes = in_order(nodes, &first);
    nodes[0].keeps_its_rooms(true);
    gateway.until("/api/meetings", |answer| answer.text == nodes[1].name()).await;
    // Nor when it is the only one that is there.
    nodes[0].saw();
    nodes[1].stops(true);
    let refused = gateway.opens().await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"));
    assert_eq!(nodes[0].saw().len(), 0);
}
