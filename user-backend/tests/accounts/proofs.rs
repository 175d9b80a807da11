//! What somebody has shown while they sign in, and what happens to their account meanwhile, on every database.

use futures_util::future::join_all;
use plenum_contract::{ErrorCode, SessionId, UserId};
use plenum_service::clock;
use user_backend::{
    accounts::UserStore,
    error::Error,
    identities::{Identity, IdentityStore as _, Linking},
    operator::OperatorStore as _,
    proof::{By, Proof},
    second_factor::SecondFactorStore as _,
    sessions::{SessionStore as _, Which},
    store::SqlStore,
    tokens::Token,
};

use crate::world::{World, account, someone};

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// What may happen to an account while somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Password,
    Reset,
    Factor,
    Disabled,
    Deleted,
}

const CHANGES: [Change; 5] =
    [Change::Password, Change::Reset, Change::Factor, Change::Disabled, Change::Deleted];

impl Change {
    /// Makes it, which ends all sessions that there are.
    async fn of(self, world: &World, user: &UserId, link: &Token) {
        let (store, now) = (world.state.store(), clock::now());
        let made = match self {
            Self::Password => store.change_password(user, "another", "hash", &Which::All, now).await,
            Self::Reset => {
                use user_backend::mail_codes::CodeStore as _;
                let reset = store.reset_password(&link.hash(), "another", now).await;
                reset.map(|reset| reset.map(|(_, ended)| ended))
            }
            Self::Factor => store.enable(user, SECRET, 1, &[], &SessionId::random(), now).await,
            Self::Disabled => store.set_disabled(user, true, now).await,
            Self::Deleted => store.delete(user, now).await,
        };
        assert!(made.unwrap().is_some(), "{self:?}");
    }
}

/// An account with a password, an identity, a proposed second factor and a reset link: what opens it by password, and by
/// identity.
async fn an_account(world: &World) -> (Proof, Proof, Token) {
    let (store, account, now) = (world.state.store(), account(&someone()["email"]), clock::now());
    UserStore::add(store, &account, "hash").await.unwrap();
    let user = account.id;
    let subject = format!("sub-{user}");
    let identity = Identity { provider: "google".into(), subject: subject.clone(), email: None };
    assert_eq!(store.link(&user, &identity, now).await.unwrap(), Linking::Done);
    assert!(store.propose(&user, SECRET).await.unwrap());
    let email = user_backend::rules::Email::parse(&account.email).unwrap();
    let link = world.state.codes().make_reset(&user, &email, now).await.unwrap();
    let proof = |by| Proof { user: user.clone(), by, factor: None };
    let password = proof(By::Password("hash".into()));
    (password, proof(By::Identity { provider: "google".into(), subject }), link)
}

/// How a browser and an app are refused that show this; none when they are not.
async fn refused(world: &World, proof: &Proof) -> [Option<ErrorCode>; 2] {
    let now = clock::now();
    let code = |error: Error| error.problems()[0].code;
    [
        world.state.sessions().begin(proof, None, now).await.err().map(code),
        world.state.app_tokens().begin(proof, None, now).await.err().map(code),
    ]
}

async fn sessions_of(store: &SqlStore, user: &UserId) -> usize {
    store.of_user(user, clock::now(), 100).await.unwrap().len()
}

pub async fn a_session_begins_only_while_what_was_shown_still_holds(world: World) {
    let store = world.state.store();
    for change in CHANGES {
        let (password, identity, link) = an_account(&world).await;
        assert_eq!(refused(&world, &password).await, [None; 2]);
        assert_eq!(refused(&world, &identity).await, [None; 2]);
        assert_eq!(sessions_of(store, &password.user).await, 4);
        change.of(&world, &password.user, &link).await;
        assert_eq!(refused(&world, &password).await, [Some(ErrorCode::InvalidCredentials); 2], "{change:?}");
        // Who changes the password knows it, and leaves the identity; a reset takes it away.
        let stays = change == Change::Password;
        let expected = (!stays).then_some(ErrorCode::OauthExpired);
        assert_eq!(refused(&world, &identity).await, [expected; 2], "{change:?}");
        assert_eq!(sessions_of(store, &password.user).await, if stays { 2 } else { 0 }, "{change:?}");
    }
    let (password, identity, _) = an_account(&world).await;
    store.unlink(&identity.user, "google", "none").await.unwrap();
    assert_eq!(refused(&world, &identity).await, [Some(ErrorCode::OauthExpired); 2]);
    assert_eq!(refused(&world, &password).await, [None; 2]);
    let another = Proof { user: identity.user.clone(), ..an_account(&world).await.1 };
    assert_eq!(
        refused(&world, &another).await,
        [Some(ErrorCode::OauthExpired); 2],
        "it is another account's"
    );
    Change::Factor.of(&world, &password.user, &Token::random().unwrap()).await;
    let both = Proof { factor: Some(SECRET.into()), ..password.clone() };
    assert_eq!(refused(&world, &both).await, [None; 2]);
    store.disable(&password.user).await.unwrap();
    assert_eq!(refused(&world, &both).await, [Some(ErrorCode::InvalidCredentials); 2], "it is off by now");
    assert_eq!(refused(&world, &password).await, [None; 2]);
}

/// What comes first is chance; what holds afterwards is not.
pub async fn whatever_comes_first_no_session_outlives_what_was_shown_for_it(world: World) {
    for round in 0..6 {
        for change in CHANGES {
            let (password, _, link) = an_account(&world).await;
            let before = join_all((0..round).map(|_| refused(&world, &password)));
            let after = join_all((round..3).map(|_| refused(&world, &password)));
            tokio::join!(before, change.of(&world, &password.user, &link), after);
            assert_eq!(sessions_of(world.state.store(), &password.user).await, 0, "{change:?}");
        }
    }
}

pub async fn a_second_factor_that_was_shown_at_the_login_counts_as_shown_in_the_session(world: World) {
    let ((password, _, _), now) = (an_account(&world).await, clock::now());
    Change::Factor.of(&world, &password.user, &Token::random().unwrap()).await;
    let both = Proof { factor: Some(SECRET.into()), ..password };
    let browser = world.state.sessions().begin(&both, None, now).await.unwrap().1;
    let app = world.state.app_tokens().begin(&both, None, now).await.unwrap().session;
    for (session, shown) in [(browser, true), (app, true), (SessionId::random(), false)] {
        let may = world.state.second_factors().before_change(&both.user, &session, now).await;
        assert_eq!(may.is_ok(), shown);
    }
}
