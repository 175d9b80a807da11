//! The table of sessions.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{
    Condition, DatabaseTransaction, IntoActiveModel, QueryOrder as _, QuerySelect, entity::prelude::*,
};

use super::{SqlStore, away, bearers, guests, identities, in_time, mail_codes, session_ends, users};
use crate::{
    error::StoreUnavailable,
    proof::{By, Proof},
    sessions::{End, Ended, Kind, NamedSession, Session, SessionStore, Which},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub token_hash: String,
    pub user_id: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub device: Option<String>,
    pub used_at: Option<i64>,
    pub kind: Option<String>,
    pub factor_at: Option<i64>,
    pub guest_name: Option<String>,
    pub guest_code: Option<String>,
}

/// The kind of sessions that are named by a refresh token; a browser's has none.
pub(super) const APP: &str = "app";
/// The kind of sessions that are named by a trusted issuer's token.
pub(super) const TRUSTED: &str = "trusted";

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "users::Entity", from = "Column::UserId", to = "users::Column::Id")]
    User,
}

impl Related<users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(super) fn into_session(self) -> Result<Session, StoreUnavailable> {
        Ok(Session {
            id: SessionId::parse(&self.id).map_err(away)?,
            user: UserId::parse(&self.user_id).map_err(away)?,
            created_at: clock::from_millis(self.created_at),
            expires_at: clock::from_millis(self.expires_at),
            device: self.device,
            used_at: clock::from_millis(self.used_at.unwrap_or(self.created_at)),
        })
    }
}

/// The row of a session that is named by this token.
pub(super) fn row_of(session: &Session, hash: &TokenHash, kind: Option<&str>) -> Model {
    Model {
        id: session.id.as_str().to_owned(),
        token_hash: hash.to_text(),
        user_id: session.user.as_str().to_owned(),
        created_at: session.created_at.as_millisecond(),
        expires_at: session.expires_at.as_millisecond(),
        device: session.device.clone(),
        used_at: Some(session.used_at.as_millisecond()),
        kind: kind.map(str::to_owned),
        factor_at: None,
        guest_name: None,
        guest_code: None,
    }
}

/// A session with its user's name; none when they are disabled.
pub(super) fn named(row: Model, user: users::Model) -> Result<Option<NamedSession>, StoreUnavailable> {
    let user = user.into_user()?.user;
    if user.disabled_at.is_some() {
        return Ok(None);
    }
    let token_hash = row.token_hash.clone();
    let session = row.into_session()?;
    Ok(Some(NamedSession {
        token_expires_at: session.expires_at,
        session,
        token_hash,
        name: user.display_name(),
        scopes: None,
        roles: user.roles,
        has_second_factor: user.has_second_factor,
        guest: None,
    }))
}

/// Adds a session for who has shown who they are. False, and there is none, when that holds no more.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    session: &Session,
    hash: &TokenHash,
    kind: Option<&str>,
    proof: &Proof,
) -> Result<bool, DbErr> {
    if !holds(transaction, proof).await? {
        return Ok(false);
    }
    let factor_at = proof.factor.is_some().then(|| session.created_at.as_millisecond());
    let row = Model { factor_at, ..row_of(session, hash, kind) };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(true)
}

/// Whether what somebody has shown still counts. The account is held until the end of the transaction: whoever changes it comes
/// before, and is seen here, or after, and finds what the transaction has added.
async fn holds(transaction: &DatabaseTransaction, proof: &Proof) -> Result<bool, DbErr> {
    let found = users::Entity::find_by_id(proof.user.as_str()).lock_exclusive().one(transaction).await?;
    let Some(account) = found else { return Ok(false) };
    let factor = account.totp_secret.filter(|_| account.totp_since.is_some());
    if account.disabled_at.is_some() || factor != proof.factor {
        return Ok(false);
    }
    Ok(match &proof.by {
        By::Password(hash) => account.password_hash == *hash,
        By::Identity { provider, subject } => {
            let key = (provider.clone(), subject.clone());
            let linked = identities::Entity::find_by_id(key).one(transaction).await?;
            linked.is_some_and(|linked| linked.user_id == proof.user.as_str())
        }
    })
}

/// Deletes some of a user's sessions and adds their ends.
pub(super) async fn end_some(
    transaction: &DatabaseTransaction,
    user: &UserId,
    which: &Which,
    at: Timestamp,
) -> Result<Vec<Ended>, DbErr> {
    if !matches!(which, Which::One(_)) {
        // Whoever has one of them may have asked for another address.
        mail_codes::void_change(transaction, user).await?;
    }
    let mut theirs = Condition::all().add(Column::UserId.eq(user.as_str()));
    match which {
        Which::One(one) => theirs = theirs.add(Column::Id.eq(one.as_str())),
        Which::AllBut(one) => theirs = theirs.add(Column::Id.ne(one.as_str())),
        Which::All => {}
    }
    let rows = Entity::find().filter(theirs).all(transaction).await?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if !ids.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(ids)).exec(transaction).await?;
    }
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        // One that can't be read is deleted all the same.
        let (Ok(session), Some(token)) = (SessionId::parse(&row.id), TokenHash::parse(&row.token_hash))
        else {
            continue;
        };
        if row.kind.as_deref() == Some(TRUSTED) {
            bearers::has_ended(transaction, &row.token_hash, row.expires_at).await?;
        }
        session_ends::add(transaction, &token, &session, at).await?;
        ended.push(Ended { session, token });
    }
    Ok(ended)
}

#[async_trait]
impl SessionStore for SqlStore {
    async fn add(
        &self,
        session: &Session,
        hash: &TokenHash,
        proof: &Proof,
    ) -> Result<bool, StoreUnavailable> {
        let adding = async {
            let transaction = self.database.begin().await?;
            let added = add(&transaction, session, hash, None, proof).await?;
            transaction.commit().await?;
            Ok(added)
        };
        in_time(adding).await.map_err(away)
    }

    async fn find(&self, kind: Kind, hash: &TokenHash) -> Result<Option<NamedSession>, StoreUnavailable> {
        let of_kind = match kind {
            Kind::Cookie => Column::Kind.is_null(),
            Kind::Trusted => Column::Kind.eq(TRUSTED),
            Kind::Access => return self.find_access(hash).await,
            Kind::Personal => return self.find_personal(hash).await,
        };
        let query = Entity::find()
            .filter(Column::TokenHash.eq(hash.to_text()))
            .filter(of_kind)
            .find_also_related(users::Entity)
            .one(self.database.read());
        match in_time(query).await.map_err(away)? {
            Some((row, Some(user))) => named(row, user),
            Some((row, None)) => guests::named(row),
            None => Ok(None),
        }
    }

    async fn of_user(
        &self,
        user: &UserId,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<Session>, StoreUnavailable> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::ExpiresAt.gt(now.as_millisecond()))
            .order_by_desc(Column::UsedAt)
            .order_by_desc(Column::CreatedAt)
            .limit(most)
            .all(self.database.read());
        in_time(rows).await.map_err(away)?.into_iter().map(Model::into_session).collect()
    }

    async fn end_some(
        &self,
        user: &UserId,
        which: &Which,
        at: Timestamp,
    ) -> Result<Vec<Ended>, StoreUnavailable> {
        let ending = async {
            let transaction = self.database.begin().await?;
            let ended = end_some(&transaction, user, which, at).await?;
            transaction.commit().await?;
            Ok(ended)
        };
        in_time(ending).await.map_err(away)
    }

    async fn change_token(
        &self,
        session: &SessionId,
        before: &TokenHash,
        after: &TokenHash,
        at: Timestamp,
    ) -> Result<bool, StoreUnavailable> {
        let changing = async {
            let transaction = self.database.begin().await?;
            let changed = Entity::update_many()
                .col_expr(Column::TokenHash, after.to_text().into())
                .filter(Column::Id.eq(session.as_str()))
                .filter(Column::TokenHash.eq(before.to_text()))
                .exec(&transaction)
                .await?;
            if changed.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(false);
            }
            // The token is over and the session is not, so its end names a session that is nobody's.
            session_ends::add(&transaction, before, &SessionId::random(), at).await?;
            transaction.commit().await?;
            Ok(true)
        };
        in_time(changing).await.map_err(away)
    }

    async fn used(&self, kind: Kind, session: &SessionId, at: Timestamp) -> Result<(), StoreUnavailable> {
        if kind == Kind::Personal {
            return self.personal_is_used(session, at).await;
        }
        let note = Entity::update_many()
            .col_expr(Column::UsedAt, at.as_millisecond().into())
            .filter(Column::Id.eq(session.as_str()))
            .exec(self.database.write());
        in_time(note).await.map(drop).map_err(away)
    }

    async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable> {
        Self::ends_before(self, since).await
    }

    async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable> {
        Self::ends_after(self, number, most).await
    }

    async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        Self::remove_ends(self, before, most).await
    }

    async fn remove_expired(
        &self,
        now: Timestamp,
        unused_since: Timestamp,
        most: u64,
    ) -> Result<u64, StoreUnavailable> {
        let expired = Condition::any().add(Column::ExpiresAt.lte(now.as_millisecond())).add(
            Condition::all()
                .add(Column::UsedAt.lte(unused_since.as_millisecond()))
                .add(Column::Kind.is_null()),
        );
        self.remove_some::<Entity>(Column::Id, expired, most).await
    }
}
