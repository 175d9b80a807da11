//! What is documented is what there is: the operations of `openapi.json`, and the routes of a whole server.

use std::{collections::BTreeSet, net::SocketAddr};

use chat_backend::http::router as chat;
use plenum_service::{Env, Lifecycle, database::Database, net};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use user_backend::{
    gateway::Mount,
    http::{admin, guests, router},
    serve,
};

use super::openapi;

/// A method that no route has: the refusal lists those that it has.
const NO_METHOD: &str = "PLENUM";

fn paths() -> BTreeSet<String> {
    let all = [
        router::listed().paths(),
        serve::listed().paths(),
        guests::listed().paths(),
        admin::listed().paths(),
        chat::trusted().paths(),
        chat::for_anyone().paths(),
    ]
    .map(<[&str]>::to_vec);
    all.into_iter().flatten().map(str::to_owned).collect()
}

/// The methods of a path, as the server tells them.
async fn methods(server: SocketAddr, path: &str) -> Vec<String> {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "one" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    let mut stream = TcpStream::connect(server).await.unwrap();
    let asked = format!("{NO_METHOD} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let head: Vec<&str> = answer.split("\r\n").collect();
    assert!(head[0].contains(" 405 "), "{path}: {answer}");
    let allow = head
        .iter()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("allow"));
    let (_, allow) = allow.unwrap_or_else(|| panic!("{path} does not say which methods it has: {answer}"));
    allow.split(',').map(|method| method.trim().to_owned()).filter(|method| method != "HEAD").collect()
}

#[tokio::test]
async fn every_route_is_documented_and_every_documented_one_is_there() {
    let folder = std::env::temp_dir().join(format!("plenum-routes-{}", std::process::id()));
    let url = format!("sqlite://{}/plenum.db", folder.display());
    let mut env = Env::lookup(move |name| match name {
        "HOST" => Some("127.0.0.1".to_owned()),
        "PORT" => Some("0".to_owned()),
        "DATABASE_URL" => Some(url.clone()),
        _ => None,
    });
    let (user, chat) = (user_backend::Config::read(&mut env), chat_backend::Config::read_embedded(&mut env));
    env.finish().unwrap();
    let life = Lifecycle::new();
    let listener = net::bind(user.address, "HOST and PORT").unwrap();
    let address = listener.local_addr().unwrap();
    let database = Database::open(user.database_url()).await.unwrap();
    let nodes = crate::chat_nodes(chat, &user, database.clone(), &life).await.unwrap();
    let serving = Box::pin(serve(user, database, vec![Mount::chat(nodes)], listener, life.clone()));
    let asking = async {
        let mut there = BTreeSet::new();
        for path in paths() {
            there.extend(methods(address, &path).await.into_iter().map(|method| (method, path.clone())));
        }
        life.stop();
        there
    };
    let (served, there) = tokio::join!(serving, asking);
    served.unwrap();
    std::fs::remove_dir_all(&folder).ok();

    let documented = openapi::operations(&openapi::document());
    let lacking: Vec<_> = there.difference(&documented).collect();
    assert!(
        lacking.is_empty(),
        "not documented: {lacking:?}; give each handler a #[utoipa::path] and add it to its service's Document"
    );
    let gone: Vec<_> = documented.difference(&there).collect();
    assert!(gone.is_empty(), "documented, and not there: {gone:?}");
}
