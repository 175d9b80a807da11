//! Where pictures are kept: what a folder and a bucket promise alike.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use plenum_contract::{SessionId, UserId};
use plenum_service::{Env, Lifecycle};
use tokio::net::TcpListener;
use user_backend::{
    avatars::{Kept, PictureName, Pictures as _},
    pictures::{KeptPictures, Place},
};

/// How long a call may take, and some.
const PATIENCE: Duration = Duration::from_secs(8);

fn pictures(variables: Vec<(&'static str, String)>) -> KeptPictures {
    let mut env = Env::lookup(move |name| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    });
    let place = Place::read(&mut env, "sqlite://data/plenum.db");
    env.finish().unwrap();
    KeptPictures::at(place, Lifecycle::new())
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("plenum-pictures-{}", SessionId::random())).join("made")
}

fn in_folder(path: &std::path::Path) -> KeptPictures {
    pictures(vec![("AVATAR_STORE", path.display().to_string())])
}

/// A bucket at this server. `store` is a bucket and a prefix.
fn in_bucket(endpoint: &str, store: &str) -> KeptPictures {
    pictures(vec![
        ("AVATAR_STORE", format!("s3://{store}")),
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_REGION", "eu-west-1".into()),
    ])
}

/// The server's address and a bucket's name; none, said aloud, where there is no such server; in CI there must be.
fn s3() -> Option<(String, String)> {
    let mut env = Env::process();
    let Some(url) = env.text("TEST_S3_URL") else {
        assert_ne!(env.text("CI").as_deref(), Some("true"), "in CI TEST_S3_URL must be set");
        println!("skipped: TEST_S3_URL is not set");
        return None;
    };
    let (server, bucket) = url.rsplit_once('/').unwrap();
    Some((server.to_owned(), bucket.to_owned()))
}

fn kept() -> Kept {
    Kept { user: UserId::random(), name: PictureName::new(b"a picture").unwrap() }
}

/// What both promise.
async fn keep_give_and_remove(pictures: &KeptPictures) {
    let (one, other) = (kept(), kept());
    assert_eq!(pictures.give(&one).await.unwrap(), None);
    let file = Bytes::from(vec![7; 300_000]);
    pictures.keep(&one, file.clone()).await.unwrap();
    pictures.keep(&other, Bytes::from_static(b"another")).await.unwrap();
    assert_eq!(pictures.give(&one).await.unwrap(), Some(file));
    let given = join_all((0..100).map(|_| pictures.give(&other))).await;
    assert!(given.into_iter().all(|given| given.unwrap().as_deref() == Some(b"another".as_slice())));
    for _ in 0..2 {
        // What is not there is removed, too.
        pictures.remove(&one).await.unwrap();
        assert_eq!(pictures.give(&one).await.unwrap(), None);
    }
    assert!(pictures.give(&other).await.unwrap().is_some(), "each by itself");
    let large = kept();
    pictures.keep(&large, Bytes::from(vec![7; 5_000_000])).await.unwrap();
    assert!(pictures.give(&large).await.is_err(), "none of ours is so large");
    for kept in [other, large] {
        pictures.remove(&kept).await.unwrap();
    }
}

/// Every call fails, in time and with what is needed to set it right.
async fn is_away(pictures: &KeptPictures, says: &str) {
    let one = kept();
    let calls = async {
        let (kept, given, removed) = tokio::join!(
            pictures.keep(&one, Bytes::from_static(b"a picture")),
            pictures.give(&one),
            pictures.remove(&one)
        );
        [kept.unwrap_err(), given.unwrap_err(), removed.unwrap_err()]
    };
    for error in tokio::time::timeout(PATIENCE, calls).await.expect("it is told in time") {
        assert!(error.to_string().contains(says), "{says} in {error}");
    }
}

#[tokio::test]
async fn a_folder_keeps_gives_and_removes() {
    let folder = folder();
    let pictures = in_folder(&folder);
    keep_give_and_remove(&pictures).await;
    let (one, aside) = (kept(), folder.with_extension("aside"));
    pictures.keep(&one, Bytes::from_static(b"a picture")).await.unwrap();
    std::fs::rename(&folder, &aside).unwrap();
    assert!(pictures.remove(&one).await.is_err(), "it may come back");
    std::fs::rename(&aside, &folder).unwrap();
    pictures.remove(&one).await.unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_folder_that_can_t_be_is_away_until_it_can() {
    let folder = folder();
    let parent = folder.parent().unwrap().to_owned();
    std::fs::write(&parent, "no folder").unwrap();
    let pictures = in_folder(&folder);
    is_away(&pictures, folder.to_str().unwrap()).await;
    std::fs::remove_file(&parent).unwrap();
    keep_give_and_remove(&pictures).await;
    std::fs::remove_dir_all(parent).unwrap();
}

#[tokio::test]
async fn a_bucket_keeps_gives_and_removes_under_its_prefix() {
    let Some((server, bucket)) = s3() else { return };
    let prefix = SessionId::random();
    for store in [bucket.clone(), format!("{bucket}/of/{prefix}/")] {
        keep_give_and_remove(&in_bucket(&server, &store)).await;
    }
    let (here, there) = (in_bucket(&server, &bucket), in_bucket(&server, &format!("{bucket}/of/{prefix}")));
    let one = kept();
    there.keep(&one, Bytes::from_static(b"there")).await.unwrap();
    assert_eq!(here.give(&one).await.unwrap(), None);
    there.remove(&one).await.unwrap();
}

#[tokio::test]
async fn no_bucket_keeps_nothing() {
    let Some((server, _)) = s3() else { return };
    let pictures = in_bucket(&server, &format!("no-{}", SessionId::random()).to_lowercase());
    let refused = pictures.keep(&kept(), Bytes::from_static(b"a picture")).await.unwrap_err();
    assert!(refused.to_string().contains("s3://no-"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_away_or_never_answers_is_told_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    is_away(&in_bucket(&address, "pictures"), "no answer within").await;
    drop(listener);
    is_away(&in_bucket(&address, "pictures"), "s3://pictures").await;
}

#[test]
fn what_can_t_be_a_place_is_told_by_its_variable() {
    let bad: [&'static [(&'static str, &'static str)]; 6] = [
        &[("AVATAR_STORE", "https://example.com/pictures")],
        &[("AVATAR_STORE", "s3://")],
        &[("AVATAR_STORE", "s3:///prefix")],
        &[("AVATAR_STORE", "s3://bucket/a//b")],
        &[("AVATAR_STORE", "s3://bucket"), ("AWS_ENDPOINT_URL", "minio:9000")],
        &[("AVATAR_STORE", "s3://bucket"), ("AWS_ACCESS_KEY_ID", "alone")],
    ];
    for variables in bad {
        let mut env = Env::lookup(move |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        Place::read(&mut env, "sqlite://data/plenum.db");
        let problems = env.finish().unwrap_err().0;
        let (name, _) = variables.last().unwrap();
        assert!(problems.len() == 1 && problems[0].contains(name), "{name} in {problems:?}");
    }
    for (url, folder) in [
        ("sqlite:///var/lib/plenum/plenum.db", "/var/lib/plenum/avatars"),
        ("sqlite://data/plenum.db?mode=rwc", "data/avatars"),
        ("sqlite://plenum.db", "avatars"),
        ("postgres://db/plenum", "data/avatars"),
    ] {
        let place = Place::read(&mut Env::lookup(|_| None), url);
        assert_eq!(place.to_string(), format!("the folder {folder}"));
    }
}
