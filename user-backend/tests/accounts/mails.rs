//! Mails that wait, codes that count once, and who may register, on every database.

use futures_util::future::join_all;
use jiff::SignedDuration;
use plenum_contract::{ErrorCode, Locale, SessionId, UserId};
use plenum_service::{clock, database::Database};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use user_backend::{
    accounts::{NotAdded, UserStore as _},
    error::Error,
    mail::{IN_WINDOW, Kind, Mails, OutboxStore as _, PAUSE, WINDOW, Waiting},
    mail_codes::{CodeStore as _, DIGITS, Purpose, RESET, TRIES},
    registration::{INVITATION, InvitationStore as _, Invitations, Policy, Registering},
    rules::Email,
    tokens::Token,
};

use crate::world::{Kind as WorldKind, World, someone};

fn id(fields: &Value) -> UserId {
    UserId::parse(fields["uid"].as_str().unwrap()).unwrap()
}

fn address(fields: &Value) -> Email {
    Email::parse(fields["email"].as_str().unwrap()).unwrap()
}

fn code_of(error: &Error) -> ErrorCode {
    error.problems()[0].code
}

/// A mail that is due so late that no sender of these tests takes it.
fn a_mail(kind: Kind, user: Option<UserId>) -> Waiting {
    let email = address(&someone());
    let made_at = clock::now() + SignedDuration::from_hours(24 * 365);
    Waiting { id: SessionId::random().to_string(), kind, user, email, locale: Locale::En, tries: 0, made_at }
}

pub async fn a_mail_that_waits_is_taken_by_one_process_and_by_another_once_that_is_given_up(world: World) {
    let other = world.beside().await;
    let mails: Vec<Waiting> = (0..20).map(|_| a_mail(Kind::Reset, None)).collect();
    for mail in &mails {
        assert!(world.state.store().put_mail(mail, u64::MAX).await.unwrap());
    }
    let due = mails.last().unwrap().made_at;
    let until = due + SignedDuration::from_mins(3);
    // Those of other tests that wait in the same database are let go again.
    let take = async |world: &World, at, until| {
        let taken = world.state.store().take_mails(at, until, 1_000).await.unwrap();
        taken.into_iter().filter(|taken| mails.iter().any(|mail| mail.id == taken.id)).collect::<Vec<_>>()
    };
    let taken = join_all((0..6).map(|n| take([&world, &other][n % 2], due, until))).await.concat();
    let mut ids: Vec<&str> = taken.iter().map(|mail| mail.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), taken.len()), (20, 20), "each once");
    assert!(taken.iter().all(|mail| mail.tries == 1));
    assert!(take(&world, due, until).await.is_empty(), "they are another's");
    let (sent, refused) = (&taken[0].id, &taken[1].id);
    world.state.store().remove_mail(sent).await.unwrap();
    world.state.store().mail_is_due(refused, due + SignedDuration::from_secs(1)).await.unwrap();
    let soon = due + SignedDuration::from_secs(2);
    let again = take(&other, soon, until).await;
    assert_eq!((again.len(), &again[0].id, again[0].tries), (1, refused, 2));
    assert_eq!(
        take(&other, until, until + SignedDuration::from_mins(3)).await.len(),
        19,
        "whoever had them is given up"
    );
    for mail in &mails {
        world.state.store().remove_mail(&mail.id).await.unwrap();
    }
}

pub async fn mails_that_wait_are_bounded_and_a_later_change_takes_the_place_of_one_before(world: World) {
    let store = world.state.store();
    let (user, other) = (UserId::random(), UserId::random());
    let (first, second) = (a_mail(Kind::Change, Some(user.clone())), a_mail(Kind::Change, Some(user)));
    let someones = a_mail(Kind::Change, Some(other));
    assert!(!store.put_mail(&first, 0).await.unwrap());
    for mail in [&first, &someones, &second] {
        assert!(store.put_mail(mail, 100_000).await.unwrap());
    }
    let waits = async |mail: &Waiting| {
        let database = world.database.read();
        let sql = format!("SELECT id FROM outbox WHERE id = '{}'", mail.id);
        let row = Statement::from_string(database.get_database_backend(), sql);
        database.query_one_raw(row).await.unwrap().is_some()
    };
    assert!(!waits(&first).await && waits(&second).await && waits(&someones).await);
    for mail in [&second, &someones] {
        store.remove_mail(&mail.id).await.unwrap();
    }
}

pub async fn one_mail_a_minute_and_five_an_hour_are_caused_by_one_however_many_ask_at_once(world: World) {
    let (mails, store, now) = (world.state.mails(), world.state.store(), clock::now());
    let who = SessionId::random();
    let at_once = join_all((0..20).map(|_| mails.may_cause("reset", who.as_str(), now))).await;
    assert_eq!(at_once.into_iter().filter(|may| *may.as_ref().unwrap()).count(), 1);
    assert!(mails.may_cause("code", who.as_str(), now).await.unwrap(), "of another kind");
    let mut caused = 1;
    for minute in 1..60 {
        let at = now + SignedDuration::from_mins(minute);
        assert!(!mails.may_cause("reset", who.as_str(), at - SignedDuration::from_secs(61)).await.unwrap());
        caused += i64::from(mails.may_cause("reset", who.as_str(), at).await.unwrap());
    }
    assert_eq!(caused, IN_WINDOW);
    let later = now + WINDOW;
    assert!(mails.may_cause("reset", who.as_str(), later).await.unwrap(), "an hour later it begins anew");
    assert!(
        !mails.may_cause("reset", who.as_str(), later + PAUSE - SignedDuration::from_secs(1)).await.unwrap()
    );
    let subject = Mails::subject("reset", who.as_str());
    let counted = || store.count_mail(&subject, later, later - PAUSE, later - WINDOW, 5);
    assert!(!counted().await.unwrap());
    store.forget_mails_counted(later - WINDOW, 100).await.unwrap();
    assert!(!counted().await.unwrap(), "what counts is not forgotten");
}

pub async fn a_reset_link_counts_once_for_thirty_minutes_and_the_last_one_alone(world: World) {
    let ana = world.registers().await;
    let (codes, store, now) = (world.state.codes(), world.state.store(), clock::now());
    let make = async || codes.make_reset(&id(&ana), &address(&ana), now).await.unwrap().hash();
    let (first, link) = (make().await, make().await);
    assert!(!store.is_reset(&first, now).await.unwrap(), "another was sent since");
    assert!(store.reset_password(&first, "x", now).await.unwrap().is_none());
    let last_moment = now + RESET - SignedDuration::from_millis(1);
    assert!(store.is_reset(&link, last_moment).await.unwrap());
    assert!(!store.is_reset(&link, now + RESET).await.unwrap());
    assert!(store.reset_password(&link, "x", now + RESET).await.unwrap().is_none(), "it has expired");
    let hashes: Vec<String> = (0..50).map(|n| format!("hash {n}")).collect();
    // A database may tell some that it is too busy: they have changed nothing.
    let confirmed = join_all(hashes.iter().map(|hash| store.reset_password(&link, hash, last_moment))).await;
    let winners: Vec<usize> = (0..50).filter(|n| matches!(confirmed[*n], Ok(Some(_)))).collect();
    assert_eq!(winners.len(), 1, "{confirmed:?}");
    let account = store.with_password(&id(&ana)).await.unwrap().unwrap();
    assert_eq!(account.password_hash, hashes[winners[0]]);
    assert!(account.user.verified, "the mail was received");
}

pub async fn a_reset_link_is_worthless_once_the_account_is_disabled_has_another_address_or_is_gone(
    world: World,
) {
    let (codes, store, now) = (world.state.codes(), world.state.store(), clock::now());
    let database = Database::open(&world.url).await.unwrap();
    for statement in [
        "UPDATE users SET disabled_at = 1 WHERE id =",
        "UPDATE users SET email = CONCAT('x', email) WHERE id =",
        "DELETE FROM users WHERE id =",
    ] {
        let ana = world.registers().await;
        let link = codes.make_reset(&id(&ana), &address(&ana), now).await.unwrap().hash();
        // SQLite has had CONCAT since 3.44.
        database.write().execute_unprepared(&format!("{statement} '{}'", id(&ana))).await.unwrap();
        assert!(store.reset_password(&link, "x", now).await.unwrap().is_none(), "{statement}");
    }
    database.close().await.unwrap();
    let ana = world.registers().await;
    let link = codes.make_reset(&id(&ana), &address(&ana), now).await.unwrap().hash();
    world.delete("/api/users/profile", &world.logs_in(&ana).await).await;
    assert!(!store.is_reset(&link, now).await.unwrap(), "its codes went with it");
}

pub async fn six_digits_are_looked_at_five_times_within_ten_minutes_and_count_once(world: World) {
    let ana = world.registers().await;
    let (user, email, now) = (id(&ana), address(&ana), clock::now());
    let (codes, store) = (world.state.codes(), world.state.store());
    let make = async || codes.make_digits(&user, Purpose::Verify, &email, now).await.unwrap();
    let (first, digits) = (make().await, make().await);
    if first != digits {
        assert!(
            codes.of_digits(&email, &first, None, now).await.unwrap().is_none(),
            "another was sent since"
        );
    }
    let digits = if first == digits { digits } else { make().await };
    assert!(codes.of_digits(&email, &digits, None, now + DIGITS).await.unwrap().is_none(), "it has expired");
    let other = address(&someone());
    assert!(codes.of_digits(&other, &digits, None, now).await.unwrap().is_none(), "it is one address's");
    let found = codes.of_digits(&email, &digits, None, now).await.unwrap().unwrap();
    let confirmed = join_all((0..20).map(|_| store.confirm(&found, now))).await;
    assert_eq!(
        confirmed.iter().filter(|confirmed| matches!(confirmed, Ok(true))).count(),
        1,
        "{confirmed:?}"
    );
    assert!(store.by_id(&user).await.unwrap().unwrap().verified);

    let digits = make().await;
    let tries = join_all((0..20).map(|_| store.try_codes(&email, None, now))).await;
    let looked: usize = tries.iter().map(|tried| tried.as_ref().unwrap().len()).sum();
    assert_eq!(looked, usize::try_from(TRIES).unwrap());
    assert!(
        codes.of_digits(&email, &digits, None, now).await.unwrap().is_none(),
        "the right one counts no more"
    );
    store.remove_expired_codes(now + DIGITS, 1_000).await.unwrap();
    assert!(store.try_codes(&email, None, now).await.unwrap().is_empty());
}

pub async fn a_new_address_is_confirmed_unless_another_account_has_it_by_then(world: World) {
    let (ana, ben) = (world.registers().await, world.registers().await);
    let (codes, store, now) = (world.state.codes(), world.state.store(), clock::now());
    let wanted = address(&someone());
    let digits = codes.make_digits(&id(&ana), Purpose::Change, &wanted, now).await.unwrap();
    assert_eq!(store.waits_for(&wanted).await.unwrap(), Some(id(&ana)));
    let reset = codes.make_reset(&id(&ana), &address(&ana), now).await.unwrap().hash();
    let code = codes.of_digits(&wanted, &digits, None, now).await.unwrap().unwrap();
    assert!(store.confirm(&code, now).await.unwrap());
    let account = store.by_id(&id(&ana)).await.unwrap().unwrap();
    assert_eq!((account.email.as_str(), account.verified), (wanted.as_str(), true));
    assert!(!store.is_reset(&reset, now).await.unwrap(), "a link to the address before is worthless");
    let digits = codes.make_digits(&id(&ben), Purpose::Change, &wanted, now).await.unwrap();
    let code = codes.of_digits(&wanted, &digits, None, now).await.unwrap().unwrap();
    assert!(matches!(store.confirm(&code, now).await, Err(NotAdded::EmailTaken)));
    assert_eq!(store.by_id(&id(&ben)).await.unwrap().unwrap().email, address(&ben).as_str());
}

pub async fn of_two_who_ask_for_one_address_each_confirms_their_own(world: World) {
    let (ana, ben) = (world.registers().await, world.registers().await);
    let (codes, store, now) = (world.state.codes(), world.state.store(), clock::now());
    let wanted = address(&someone());
    let soon = now + SignedDuration::from_secs(61);
    let make =
        async |who: &Value, at| codes.make_digits(&id(who), Purpose::Change, &wanted, at).await.unwrap();
    let (hers, mut his) = (make(&ana, now).await, make(&ben, soon).await);
    while his == hers {
        his = make(&ben, soon).await;
    }
    assert_eq!(store.waits_for(&wanted).await.unwrap(), Some(id(&ben)), "who was sent one last");
    let verifies = async |cookie: &str, digits: &str| {
        world.post("/api/auth/verify", cookie, &json!({ "email": wanted.as_str(), "code": digits })).await
    };
    let her_cookie = world.logs_in(&ana).await;
    for _ in 0..TRIES {
        let refused = verifies(&her_cookie, &his).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid_verification_code"), "it is his");
    }
    assert_eq!(
        verifies(&her_cookie, &hers).await.code(),
        "invalid_verification_code",
        "she has tried too often"
    );
    let me = async |cookie: &str| world.get("/api/me", cookie).await.body["data"]["email"].clone();
    assert_eq!(me(&her_cookie).await, ana["email"]);
    let his_cookie = world.logs_in(&ben).await;
    assert_eq!(verifies(&his_cookie, &his).await.status, 200, "her tries are none of his");
    assert_eq!(
        (me(&his_cookie).await, me(&her_cookie).await),
        (wanted.as_str().into(), ana["email"].clone())
    );
    let hers = make(&ana, soon).await;
    let taken = verifies("session=nobodys", &hers).await;
    assert_eq!(
        (taken.status, taken.code()),
        (409, "email_taken"),
        "who is not signed in may show a code too"
    );
}

pub async fn of_many_who_show_one_invitation_at_once_one_registers(world: World) {
    let world = world.beside_with(&[("REGISTRATION", "invite")]).await;
    let (now, store) = (clock::now(), world.state.store().clone());
    let invitations = Invitations::new(std::sync::Arc::new(store.clone()));
    let token = invitations.make(None, INVITATION, now).await.unwrap();
    let registers = async |invitation: &Token| {
        let mut fields = someone();
        fields["invitation"] = invitation.reveal().into();
        world.post("/api/auth/register", "", &fields).await
    };
    let answers = join_all((0..20).map(|_| registers(&token))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let texts: Vec<&str> = answers.iter().map(crate::world::Answer::code).collect();
    assert_eq!(made, 1, "{texts:?}");
    assert!(
        texts.iter().all(|code| ["", "invalid_invitation", "busy", "store_unavailable"].contains(code)),
        "{texts:?}"
    );
    assert_eq!(registers(&token).await.code(), "invalid_invitation", "it is spent");
    let none = world.post("/api/auth/register", "", &someone()).await;
    assert_eq!((none.status, none.code()), (403, "invitation_required"));
}

pub async fn an_invitation_is_for_its_address_and_its_time(world: World) {
    let (now, store) = (clock::now(), std::sync::Arc::new(world.state.store().clone()));
    let invitations = Invitations::new(store.clone());
    let policy = Policy { registering: Registering::Invite, domains: vec!["example.com".into()] };
    let (hers, his) = (address(&someone()), address(&someone()));
    let token = invitations.make(Some(hers.clone()), INVITATION, now).await.unwrap();
    let may = async |email: &Email, shown: Option<&str>, at| {
        invitations.may_register(&policy, email, shown, at).await.map_err(|error| code_of(&error))
    };
    assert_eq!(may(&hers, Some(token.reveal()), now).await, Ok(Some(token.hash())));
    assert_eq!(may(&his, Some(token.reveal()), now).await, Err(ErrorCode::InvalidInvitation));
    assert_eq!(may(&hers, Some(token.reveal()), now + INVITATION).await, Err(ErrorCode::InvalidInvitation));
    assert_eq!(may(&hers, Some("x"), now).await, Err(ErrorCode::InvalidInvitation));
    assert_eq!(may(&hers, None, now).await, Err(ErrorCode::InvitationRequired));
    let elsewhere = Email::parse("ana@example.org").unwrap();
    assert_eq!(may(&elsewhere, Some(token.reveal()), now).await, Err(ErrorCode::EmailDomainNotAllowed));
    let open = Policy { registering: Registering::Open, domains: Vec::new() };
    assert_eq!(invitations.may_register(&open, &hers, Some(token.reveal()), now).await.unwrap(), None);
    let closed = Policy { registering: Registering::Closed, ..policy.clone() };
    let refused = invitations.may_register(&closed, &hers, Some(token.reveal()), now).await.unwrap_err();
    assert_eq!(code_of(&refused), ErrorCode::RegistrationClosed);
    let old = invitations.make(None, SignedDuration::from_secs(1), now - INVITATION).await.unwrap();
    assert!(store.remove_expired_invitations(now, 1_000).await.unwrap() >= 1);
    assert!(!store.is_invited(&old.hash(), &hers, now - INVITATION).await.unwrap(), "it is gone");
    assert!(store.is_invited(&token.hash(), &hers, now).await.unwrap());
}

pub async fn what_a_mail_causes_is_told_alike_for_whom_there_is_and_for_whom_there_is_not(world: World) {
    let (ana, nobody) = (world.registers().await, someone());
    let ask = async |path: &str, email: &Value| {
        world.post(path, "", &json!({ "email": email, "code": "123456" })).await
    };
    for path in ["/api/auth/reset-password", "/api/auth/resend-code", "/api/auth/verify"] {
        let (known, unknown) = (ask(path, &ana["email"]).await, ask(path, &nobody["email"]).await);
        assert_eq!(known.status, unknown.status, "{path}");
        let shape =
            |answer: &crate::world::Answer, email: &Value| answer.text.replace(email.as_str().unwrap(), "…");
        assert_eq!(shape(&known, &ana["email"]), shape(&unknown, &nobody["email"]), "{path}");
    }
}

pub async fn what_digits_are_worth_is_told_no_sooner_where_no_code_waits(world: World) {
    let (ana, now) = (world.registers().await, clock::now());
    world.state.codes().make_digits(&id(&ana), Purpose::Verify, &address(&ana), now).await.unwrap();
    for email in [address(&ana), address(&someone())] {
        let verifying = world.state.verification().verify(&email, "none", None, now);
        let soon = std::time::Duration::from_millis(90);
        assert!(tokio::time::timeout(soon, verifying).await.is_err(), "{}", email.as_str());
    }
}

/// On a file alone: of those who share a server, anybody's process may send it.
#[tokio::test]
async fn another_code_for_an_address_that_an_account_is_to_have_comes_in_the_same_words() {
    let world = World::on(WorldKind::Sqlite).await.expect("SQLite needs no server");
    let (ana, wanted) = (world.registers().await, address(&someone()));
    world.state.codes().make_digits(&id(&ana), Purpose::Change, &wanted, clock::now()).await.unwrap();
    let asked = json!({ "email": wanted.as_str() });
    assert_eq!(world.post("/api/auth/resend-code", "", &asked).await.status, 200);
    let subject = world.line_of_a_mail("Subject:").await;
    assert_eq!(subject, "Subject: Your code to use this address for your account");
}
