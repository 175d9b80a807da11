//! The table of accounts.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{Locale, UserId};
use plenum_service::clock;
use sea_orm::{
    ActiveValue::Set,
    Condition, IntoActiveModel, QueryOrder as _, QuerySelect as _, SqlErr,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, Func, LikeExpr},
};

use super::{
    SqlStore, avatars, away, deletions, devices, identities, in_time, invitations, mail_codes,
    personal_tokens, second_factor, sessions,
};
use crate::{
    accounts::{NotAdded, User, UserChange, UserStore, UserWithPassword},
    error::StoreUnavailable,
    identities::Identity,
    rules::Email,
    sessions::{Ended, Which},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub email: String,
    pub password_hash: String,
    pub name: String,
    pub last_name: String,
    pub age: i32,
    pub picture: Option<String>,
    pub verified: bool,
    pub created_at: i64,
    pub updated_at: i64,
    pub roles: Option<String>,
    pub disabled_at: Option<i64>,
    pub locale: Option<String>,
    pub words: Option<String>,
    pub totp_secret: Option<String>,
    pub totp_since: Option<i64>,
    pub totp_step: i64,
    pub totp_tries: i64,
    pub totp_tried_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(super) fn into_user(self) -> Result<UserWithPassword, StoreUnavailable> {
        let user = User {
            id: UserId::parse(&self.id).map_err(away)?,
            email: self.email,
            name: self.name,
            last_name: self.last_name,
            age: u32::try_from(self.age).map_err(away)?,
            picture: self.picture,
            verified: self.verified,
            created_at: clock::from_millis(self.created_at),
            updated_at: clock::from_millis(self.updated_at),
            roles: self
                .roles
                .iter()
                .flat_map(|roles| roles.split(','))
                .filter(|role| !role.is_empty())
                .map(str::to_owned)
                .collect(),
            disabled_at: self.disabled_at.map(clock::from_millis),
            has_second_factor: self.totp_since.is_some(),
            locale: self.locale.as_deref().and_then(Locale::from_tag),
        };
        Ok(UserWithPassword { user, password_hash: self.password_hash })
    }
}

/// The row of a new account.
fn row_of(user: &User, password_hash: &str) -> Result<Model, StoreUnavailable> {
    Ok(Model {
        id: user.id.as_str().to_owned(),
        email: user.email.clone(),
        password_hash: password_hash.to_owned(),
        name: user.name.clone(),
        last_name: user.last_name.clone(),
        age: i32::try_from(user.age).map_err(away)?,
        picture: user.picture.clone(),
        verified: user.verified,
        created_at: user.created_at.as_millisecond(),
        updated_at: user.updated_at.as_millisecond(),
        roles: Some(user.roles.join(",")),
        disabled_at: user.disabled_at.map(Timestamp::as_millisecond),
        locale: user.locale.map(|locale| locale.as_str().to_owned()),
        words: Some(words(&user.name, &user.last_name)),
        totp_secret: None,
        totp_since: None,
        totp_step: 0,
        totp_tries: 0,
        totp_tried_at: 0,
    })
}

/// What has to go well before an account is added.
enum First<'a> {
    /// The identity is the account's.
    Identity(&'a Identity),
    /// The invitation is spent, for this address.
    Invitation(&'a TokenHash, Email),
}

impl SqlStore {
    /// Does both or neither.
    async fn add_after(&self, first: &First<'_>, user: &User, password_hash: &str) -> Result<(), NotAdded> {
        let (row, at) = (row_of(user, password_hash)?, user.created_at);
        let adding = async {
            let transaction = self.database.begin().await?;
            let refused = match first {
                First::Identity(identity) => {
                    let added = identities::add(&transaction, &user.id, identity, at).await?;
                    (!added).then_some(NotAdded::IdentityTaken)
                }
                First::Invitation(invitation, email) => {
                    let spent = invitations::spend(&transaction, invitation, email, at).await?;
                    (!spent).then_some(NotAdded::NotInvited)
                }
            };
            if refused.is_some() {
                transaction.rollback().await?;
                return Ok(refused);
            }
            Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
            transaction.commit().await?;
            Ok(None)
        };
        in_time(adding).await.map_err(not_added)?.map_or(Ok(()), Err)
    }
}

/// Ids can't collide, so it is the address that another account has.
pub(super) fn not_added(error: DbErr) -> NotAdded {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => NotAdded::EmailTaken,
        _ => away(error).into(),
    }
}

#[async_trait]
impl UserStore for SqlStore {
    async fn add(&self, user: &User, password_hash: &str) -> Result<(), NotAdded> {
        let row = row_of(user, password_hash)?;
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(not_added)
    }

    async fn add_with_identity(
        &self,
        user: &User,
        password_hash: &str,
        identity: &Identity,
    ) -> Result<(), NotAdded> {
        self.add_after(&First::Identity(identity), user, password_hash).await
    }

    async fn add_invited(
        &self,
        user: &User,
        password_hash: &str,
        invitation: &TokenHash,
    ) -> Result<(), NotAdded> {
        let email = Email::parse(&user.email).ok_or(NotAdded::NotInvited)?;
        self.add_after(&First::Invitation(invitation, email), user, password_hash).await
    }

    async fn by_id(&self, id: &UserId) -> Result<Option<User>, StoreUnavailable> {
        let query = Entity::find_by_id(id.as_str()).one(self.database.read());
        let found = in_time(query).await.map_err(away)?;
        Ok(found.map(Model::into_user).transpose()?.map(|found| found.user))
    }

    async fn by_email(&self, email: &Email) -> Result<Option<UserWithPassword>, StoreUnavailable> {
        let query = Entity::find().filter(Column::Email.eq(email.as_str())).one(self.database.read());
        let found = in_time(query).await.map_err(away)?;
        found.map(Model::into_user).transpose()
    }

    async fn with_password(&self, id: &UserId) -> Result<Option<UserWithPassword>, StoreUnavailable> {
        let query = Entity::find_by_id(id.as_str()).one(self.database.read());
        in_time(query).await.map_err(away)?.map(Model::into_user).transpose()
    }

    async fn change(
        &self,
        id: &UserId,
        change: &UserChange,
        at: Timestamp,
    ) -> Result<Option<User>, NotAdded> {
        let changing = async {
            let transaction = self.database.begin().await?;
            let Some(row) = Entity::find_by_id(id.as_str()).one(&transaction).await? else {
                transaction.rollback().await?;
                return Ok(None);
            };
            let name = change.name.as_ref().unwrap_or(&row.name);
            let last_name = change.last_name.as_ref().unwrap_or(&row.last_name);
            let (name, last_name) = (name.clone(), last_name.clone());
            let mut changed = row.into_active_model();
            changed.words = Set(Some(words(&name, &last_name)));
            (changed.name, changed.last_name) = (Set(name), Set(last_name));
            if let Some(age) = change.age {
                changed.age = Set(i32::try_from(age).map_err(|error| DbErr::Custom(error.to_string()))?);
            }
            if let Some((email, verified)) = &change.email {
                (changed.email, changed.verified) = (Set(email.as_str().to_owned()), Set(*verified));
            }
            changed.updated_at = Set(at.as_millisecond());
            let row = changed.update(&transaction).await?;
            transaction.commit().await?;
            Ok(Some(row))
        };
        let row = in_time(changing).await.map_err(not_added)?;
        Ok(row.map(Model::into_user).transpose()?.map(|found| found.user))
    }

    async fn change_password(
        &self,
        id: &UserId,
        hash: &str,
        before: &str,
        ends: &Which,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable> {
        let changing = async {
            let transaction = self.database.begin().await?;
            let changed = Entity::update_many()
                .col_expr(Column::PasswordHash, hash.into())
                .col_expr(Column::UpdatedAt, at.as_millisecond().into())
                .filter(Column::Id.eq(id.as_str()))
                .filter(Column::PasswordHash.eq(before))
                .exec(&transaction)
                .await?;
            if changed.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(None);
            }
            // Who knew the password before may hold a link, or have asked for another address.
            mail_codes::void(&transaction, id).await?;
            let ended = sessions::end_some(&transaction, id, ends, at).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        };
        in_time(changing).await.map_err(away)
    }

    async fn delete(&self, id: &UserId, at: Timestamp) -> Result<Option<Vec<Ended>>, StoreUnavailable> {
        let deleting = async {
            let transaction = self.database.begin().await?;
            let found = Entity::find_by_id(id.as_str()).lock_exclusive().one(&transaction).await?;
            let mut ended = sessions::end_some(&transaction, id, &Which::All, at).await?;
            ended.extend(personal_tokens::remove_all(&transaction, id, at).await?);
            if Entity::delete_by_id(id.as_str()).exec(&transaction).await?.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(None);
            }
            second_factor::remove_recovery(&transaction, id).await?;
            identities::remove_all(&transaction, id).await?;
            devices::remove_all(&transaction, id).await?;
            let picture = found.and_then(|row| row.picture);
            avatars::let_go(&transaction, id, picture.as_deref(), at).await?;
            mail_codes::void(&transaction, id).await?;
            deletions::add(&transaction, id, at).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        };
        in_time(deleting).await.map_err(away)
    }

    async fn search(&self, words: &[String], most: u64) -> Result<Vec<User>, StoreUnavailable> {
        let mut named = Condition::all();
        for word in words {
            let pattern = format!("%{}%", escaped(word));
            let like = |column: Expr| column.like(LikeExpr::new(pattern.clone()).escape(ESCAPE));
            // What an earlier release has written has no words; letters beyond ASCII may not be folded there.
            let folded = |column: Column| Expr::expr(Func::lower(Expr::col(column)));
            let of_earlier = Condition::all()
                .add(Column::Words.is_null())
                .add(Condition::any().add(like(folded(Column::Name))).add(like(folded(Column::LastName))));
            named = named.add(Condition::any().add(like(Expr::col(Column::Words))).add(of_earlier));
        }
        let wanted = match words {
            [address] => Condition::any().add(named).add(Column::Email.eq(address.as_str())),
            _ => named,
        };
        let rows = Entity::find()
            .filter(wanted)
            .filter(Column::DisabledAt.is_null())
            .order_by_asc(Column::Name)
            .order_by_asc(Column::LastName)
            .order_by_asc(Column::Id)
            .limit(most)
            .all(self.database.read());
        let found = in_time(rows).await.map_err(away)?;
        found.into_iter().map(|row| row.into_user().map(|found| found.user)).collect()
    }

    async fn untold_deletions(&self, most: u64) -> Result<Vec<UserId>, StoreUnavailable> {
        Self::untold_deletions(self, most).await
    }

    async fn deletion_is_told(&self, id: &UserId) -> Result<(), StoreUnavailable> {
        Self::deletion_is_told(self, id).await
    }
}

/// What is searched for an account's names.
fn words(name: &str, last_name: &str) -> String {
    format!("{name} {last_name}").to_lowercase()
}

/// What goes before a character that would stand for others.
pub(super) const ESCAPE: char = '!';

/// The word as it stands, whatever a pattern would make of it.
pub(super) fn escaped(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            text.push(ESCAPE);
        }
        text.push(c);
    }
    text
}
