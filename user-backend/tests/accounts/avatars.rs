//! Whose picture is which, on every database.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::UserId;
use plenum_service::clock;
use serde_json::Value;
use user_backend::{
    accounts::UserStore as _,
    avatars::{AvatarStore as _, Kept, PictureName},
    store::SqlStore,
};

use crate::world::World;

fn id(fields: &Value) -> UserId {
    UserId::parse(fields["uid"].as_str().unwrap()).unwrap()
}

fn kept(user: &UserId) -> Kept {
    Kept { user: user.clone(), name: PictureName::new(b"a picture").unwrap() }
}

/// Later than any process that runs now would remove something.
fn later() -> Timestamp {
    clock::now() + SignedDuration::from_hours(24 * 365)
}

/// This user's pictures that are to be removed at that time.
async fn to_remove(store: &SqlStore, user: &UserId, at: Timestamp) -> Vec<PictureName> {
    let all = store.to_remove(at, 1_000_000).await.unwrap();
    all.into_iter().filter(|kept| kept.user == *user).map(|kept| kept.name).collect()
}

pub async fn of_many_pictures_at_once_one_is_left_and_the_others_are_removed(world: World) {
    let (ana, store, at) = (id(&world.registers().await), world.state.store(), later());
    let pictures: Vec<Kept> = (0..8).map(|_| kept(&ana)).collect();
    let adopted = join_all(pictures.iter().map(async |kept| {
        store.announce(kept, at).await?;
        store.adopt(&ana, Some(&kept.name), at).await
    }))
    .await;
    let taken = adopted.iter().filter(|adopted| matches!(adopted, Ok(Some(_)))).count();
    assert!(taken > 0, "{adopted:?}");
    let picture = store.by_id(&ana).await.unwrap().unwrap().picture.unwrap();
    let left = PictureName::at(&ana, &picture).unwrap();
    let mut removed = to_remove(store, &ana, at).await;
    assert!(!removed.contains(&left), "what is left is not removed");
    removed.push(left);
    for kept in &pictures {
        let refused = store.to_remove(at, 1_000_000).await.unwrap().contains(kept);
        assert!(removed.contains(&kept.name) || refused, "{kept:?} is neither hers nor to be removed");
    }
    assert_eq!(removed.len(), pictures.len(), "each once");

    let gone = store.adopt(&ana, None, at).await.unwrap().unwrap();
    assert_eq!(gone.picture, None);
    assert_eq!(to_remove(store, &ana, at).await.len(), pictures.len());
    for kept in &pictures {
        store.is_removed(kept).await.unwrap();
    }
    assert_eq!(to_remove(store, &ana, at).await, []);
}

pub async fn a_picture_that_nobody_took_and_that_of_who_has_gone_are_removed(world: World) {
    let (ana, store, at) = (id(&world.registers().await), world.state.store(), later());
    let never = kept(&ana);
    assert!(store.adopt(&ana, Some(&never.name), at).await.is_err(), "it was never announced");
    let (late, hers) = (kept(&ana), kept(&ana));
    for kept in [&late, &hers] {
        store.announce(kept, at).await.unwrap();
    }
    let before = at - SignedDuration::from_secs(1);
    assert_eq!(to_remove(store, &ana, before).await, [], "not before its time");
    let user = store.adopt(&ana, Some(&hers.name), at).await.unwrap().unwrap();
    assert_eq!(user.picture, Some(hers.name.address(&ana)));
    assert_eq!(to_remove(store, &ana, at).await, std::slice::from_ref(&late.name));

    // Somebody else's address is none of ours: nothing is to be removed of it.
    let ben = id(&world.registers().await);
    assert_eq!(PictureName::at(&ben, &hers.name.address(&ana)), None);
    assert_eq!(PictureName::at(&ana, "https://example.com/ana.png"), None);

    store.delete(&ana, at).await.unwrap().unwrap();
    let removed = to_remove(store, &ana, at).await;
    assert!(
        removed.contains(&hers.name) && removed.contains(&late.name) && removed.len() == 2,
        "{removed:?}"
    );
    assert!(store.adopt(&ana, Some(&late.name), at).await.unwrap().is_none(), "who has gone has no picture");
    store.deletion_is_told(&ana).await.unwrap();
    for kept in [&late, &hers] {
        store.is_removed(kept).await.unwrap();
    }
}
