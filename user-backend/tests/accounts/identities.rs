//! Who people are elsewhere, on every database: what counts once, and what is whose.

use futures_util::future::join_all;
use jiff::SignedDuration;
use plenum_contract::{ErrorCode, Locale, SessionId, UserId};
use plenum_service::{clock, database::Database};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use user_backend::{
    accounts::{NO_PASSWORD, UserStore as _},
    error::Error,
    identities::{Identity, IdentityStore as _, Linking, Person, Unlinking},
    oauth::{Attempt, AttemptStore as _, Purpose},
    proof::{By, Proof},
    rules::Email,
    sessions::{Kind, Session, SessionStore as _, Which},
    tokens::Token,
    trusted::BearerStore as _,
};

use crate::world::World;

/// Somebody whom nobody else is, with an address that their provider knows to be theirs.
fn somebody() -> Person {
    let mark = SessionId::random();
    Person {
        subject: format!("sub-{mark}"),
        email: Email::parse(&format!("ana.{mark}@example.com")),
        verified: true,
        given_name: Some("Ana".into()),
        family_name: Some("Ñandú".into()),
        ..Person::default()
    }
}

fn identity(provider: &str, person: &Person) -> Identity {
    Identity { provider: provider.into(), subject: person.subject.clone(), email: None }
}

async fn signs_in(world: &World, provider: &str, person: &Person) -> Result<UserId, Error> {
    world.state.identities().sign_in(provider, person, Locale::En, clock::now()).await.map(|user| user.id)
}

async fn vouched(world: &World, person: &Person) -> UserId {
    world.state.identities().vouched("an-app", person, Locale::En, clock::now()).await.unwrap().id
}

async fn write(world: &World, sql: String) {
    let database = Database::open(&world.url).await.unwrap();
    database.write().execute_unprepared(&sql).await.unwrap();
    database.close().await.unwrap();
}

pub async fn of_many_who_come_back_with_one_state_at_once_one_is_taken(world: World) {
    let (store, now) = (world.state.store(), clock::now());
    let link = Purpose::Link { user: UserId::random(), session: SessionId::random() };
    for purpose in [Purpose::SignIn, link] {
        let (state, browser) = (Token::random().unwrap(), Token::random().unwrap());
        let attempt = Attempt {
            state: state.hash(),
            browser: browser.hash(),
            provider: "google".into(),
            verifier: "v".repeat(43),
            nonce: "n".repeat(43),
            purpose: purpose.clone(),
            expires_at: now + SignedDuration::from_mins(10),
        };
        store.add_attempt(&attempt).await.unwrap();
        let hash = state.hash();
        let taken = join_all((0..20).map(|_| store.take_attempt(&hash))).await;
        let taken: Vec<Attempt> = taken.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(taken.len(), 1);
        assert_eq!((&taken[0].purpose, &*taken[0].provider), (&purpose, "google"));
        assert_eq!(
            (taken[0].browser, taken[0].verifier.len(), taken[0].nonce.len()),
            (browser.hash(), 43, 43)
        );
        store.add_attempt(&attempt).await.unwrap();
        let later = attempt.expires_at + SignedDuration::from_secs(1);
        while store.remove_expired_attempts(later, 100).await.unwrap() > 0 {}
        assert!(store.take_attempt(&hash).await.unwrap().is_none(), "it has expired and is swept");
    }
}

pub async fn of_many_who_come_as_one_person_at_once_one_has_an_account(world: World) {
    let (ana, ben) = (somebody(), somebody());
    let all = join_all((0..20).map(|_| signs_in(&world, "google", &ana))).await;
    let ids: Vec<UserId> = all.into_iter().map(Result::unwrap).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert!(world.state.store().by_id(&ids[0]).await.unwrap().is_some());
    let words = join_all((0..20).map(|_| vouched(&world, &ben))).await;
    assert!(words.iter().all(|id| *id == words[0]));
    assert_ne!(words[0], ids[0]);
    // Two providers, one address that both know to be theirs, at once.
    let both = somebody();
    let other = Person { subject: "7".repeat(9) + &both.subject, ..both.clone() };
    let (one, two) = tokio::join!(signs_in(&world, "google", &both), signs_in(&world, "github", &other));
    assert_eq!(one.unwrap(), two.unwrap());
}

pub async fn an_identity_is_one_account_s_and_an_account_has_one_of_each_provider(world: World) {
    let (store, now) = (world.state.store(), clock::now());
    let registered = join_all((0..4).map(|_| world.registers())).await;
    let users: Vec<UserId> =
        registered.iter().map(|user| UserId::parse(user["uid"].as_str().unwrap()).unwrap()).collect();
    let (one, other) = (identity("google", &somebody()), identity("google", &somebody()));
    let linked = join_all(users.iter().map(|user| store.link(user, &one, now))).await;
    let linked: Vec<Linking> = linked.into_iter().map(Result::unwrap).collect();
    assert_eq!(linked.iter().filter(|what| **what == Linking::Done).count(), 1, "{linked:?}");
    let winner = &users[linked.iter().position(|what| *what == Linking::Done).unwrap()];
    assert_eq!(store.owner("google", &one.subject).await.unwrap().unwrap().id, *winner);
    assert!(store.owner("github", &one.subject).await.unwrap().is_none());
    assert!(store.owner("google", &one.subject.to_uppercase()).await.unwrap().is_none());
    assert_eq!(store.link(winner, &one, now).await.unwrap(), Linking::Before);
    assert_eq!(store.link(winner, &other, now).await.unwrap(), Linking::HasAnother);
    assert_eq!(store.link(&UserId::random(), &other, now).await.unwrap(), Linking::Others);
    assert_eq!(store.linked(winner).await.unwrap().len(), 1);
    assert_eq!(store.unlink(winner, "google", NO_PASSWORD).await.unwrap(), Unlinking::Done);
    assert_eq!(store.unlink(winner, "google", NO_PASSWORD).await.unwrap(), Unlinking::None);
    assert_eq!(store.link(winner, &other, now).await.unwrap(), Linking::Done);
}

pub async fn of_the_last_two_ways_in_taken_away_at_once_one_stays(world: World) {
    let (store, now) = (world.state.store(), clock::now());
    for _ in 0..5 {
        let ana = somebody();
        let user = signs_in(&world, "google", &ana).await.unwrap();
        assert_eq!(store.unlink(&user, "google", NO_PASSWORD).await.unwrap(), Unlinking::LastWayIn);
        assert_eq!(store.link(&user, &identity("github", &ana), now).await.unwrap(), Linking::Done);
        let (one, other) = tokio::join!(
            store.unlink(&user, "google", NO_PASSWORD),
            store.unlink(&user, "github", NO_PASSWORD)
        );
        let both = [one.unwrap(), other.unwrap()];
        assert!(both.contains(&Unlinking::Done) && both.contains(&Unlinking::LastWayIn), "{both:?}");
        assert_eq!(store.linked(&user).await.unwrap().len(), 1);
    }
}

pub async fn a_deleted_account_leaves_its_identities_to_whoever_comes_next(world: World) {
    let (store, ana) = (world.state.store(), somebody());
    let first = signs_in(&world, "google", &ana).await.unwrap();
    store.delete(&first, clock::now()).await.unwrap();
    assert!(store.linked(&first).await.unwrap().is_empty());
    let second = signs_in(&world, "google", &ana).await.unwrap();
    assert_ne!(second, first);
    // An earlier release deletes accounts and knows no identities.
    write(&world, format!("DELETE FROM users WHERE id = '{second}'")).await;
    let third = signs_in(&world, "google", &ana).await.unwrap();
    assert_ne!(third, second);
    assert_eq!(signs_in(&world, "google", &ana).await.unwrap(), third);
}

pub async fn who_is_disabled_or_has_a_second_factor_is_not_let_in_by_a_providers_word(world: World) {
    let (ana, now) = (somebody(), clock::now());
    let user = signs_in(&world, "google", &ana).await.unwrap();
    write(&world, format!("UPDATE users SET totp_secret = 'A', totp_since = 1 WHERE id = '{user}'")).await;
    let other = Person { subject: format!("other-{}", ana.subject), ..ana.clone() };
    for (provider, person) in [("google", &ana), ("github", &other)] {
        let refused = signs_in(&world, provider, person).await.unwrap_err().problems();
        assert_eq!(refused[0].code, ErrorCode::SecondFactorRequired, "{provider}");
    }
    assert!(
        world.state.store().owner("github", &other.subject).await.unwrap().is_none(),
        "nothing is linked"
    );
    assert_ne!(vouched(&world, &other).await, user, "nor by the address of who is vouched for");
    let undo = format!("UPDATE users SET totp_since = NULL, disabled_at = 1 WHERE id = '{user}'");
    write(&world, undo).await;
    for (provider, person) in [("google", &ana), ("github", &other)] {
        let refused = signs_in(&world, provider, person).await;
        assert!(matches!(refused, Err(Error::AccountDisabled)), "{provider}: {refused:?}");
    }
    let linked = world.state.store().link(&user, &identity("iss:an-app", &ana), now).await.unwrap();
    assert_eq!(linked, Linking::Done);
    let refused = world.state.identities().vouched("an-app", &ana, Locale::En, now).await;
    assert!(matches!(refused, Err(Error::AccountDisabled)), "{refused:?}");
}

pub async fn who_has_no_password_changes_the_ways_in_only_right_after_signing_in(world: World) {
    let variables = [
        ("GITHUB_CLIENT_ID", "plenum"),
        ("GITHUB_CLIENT_SECRET", "a secret of these tests"),
        ("GITHUB_CALLBACK_URL", "https://meet.example.com/api/auth/oauth/github"),
    ];
    let world = world.beside_with(Box::leak(Box::new(variables))).await;
    let (ana, now) = (somebody(), clock::now());
    let user = signs_in(&world, "google", &ana).await.unwrap();
    let by = By::Identity { provider: "google".into(), subject: ana.subject.clone() };
    let proof = Proof { user: user.clone(), by, factor: None };
    let (link, unlink) = ("/api/auth/oauth/github/link", "/api/auth/identities/google");
    for (minutes, recent) in [(0, true), (9, true), (11, false)] {
        let began = now - SignedDuration::from_mins(minutes);
        let cookie = world.state.sessions().begin(&proof, None, began).await.unwrap().0;
        let cookie = format!("session={}", cookie.reveal());
        let asked = [world.post(link, &cookie, &json!({})).await, world.delete(unlink, &cookie).await];
        let told = asked.map(|answer| (answer.status, answer.code().to_owned()));
        let refused = (403, "recent_login_required".to_owned());
        let expected = if recent {
            [(200, String::new()), (409, "last_way_in".into())]
        } else {
            [refused.clone(), refused]
        };
        assert_eq!(told, expected, "after {minutes} minutes");
    }
}

pub async fn a_token_whose_session_was_ended_opens_none_again(world: World) {
    let (store, now) = (world.state.store(), clock::now());
    let user = vouched(&world, &somebody()).await;
    let token = Token::standing_for(&format!("a.b.{user}"));
    let session = || Session {
        id: SessionId::random(),
        user: user.clone(),
        created_at: now,
        expires_at: now + SignedDuration::from_mins(10),
        device: None,
        used_at: now,
    };
    let hash = token.hash();
    let begun = join_all((0..20).map(|_| async { store.add_bearer(&session(), &hash).await.unwrap() })).await;
    assert!(begun.into_iter().all(|begun| begun), "they are one session");
    assert_eq!(store.of_user(&user, now, 100).await.unwrap().len(), 1);
    assert!(store.find(Kind::Trusted, &hash).await.unwrap().is_some());
    assert!(store.find(Kind::Cookie, &hash).await.unwrap().is_none());
    assert!(store.find(Kind::Access, &hash).await.unwrap().is_none());
    assert!(!store.bearer_has_ended(&hash).await.unwrap());
    // Ended, while requests with the same token come in. MariaDB may have one of many that wait for a row try again.
    let ending = store.end_some(&user, &Which::All, now);
    let coming = (0..20).map(|_| async { store.add_bearer(&session(), &hash).await.ok() });
    let (ended, _) = tokio::join!(ending, join_all(coming));
    assert!(store.bearer_has_ended(&hash).await.unwrap());
    assert_eq!(ended.unwrap().len(), 1);
    for _ in 0..3 {
        assert!(!store.add_bearer(&session(), &hash).await.unwrap());
    }
    assert!(store.find(Kind::Trusted, &hash).await.unwrap().is_none());
    while store.remove_ended_bearers(now + SignedDuration::from_mins(11), 100).await.unwrap() > 0 {}
    assert!(store.add_bearer(&session(), &hash).await.unwrap(), "it has expired long before");
}
