//! The tables of mails that wait, and of how many somebody has caused.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{Locale, UserId};
use plenum_service::clock;
use sea_orm::{
    Condition, IntoActiveModel as _, PaginatorTrait as _, QueryOrder as _, QuerySelect as _, SqlErr,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _},
};

use super::{SqlStore, away, in_time};
use crate::{
    error::StoreUnavailable,
    mail::{Kind, OutboxStore, Waiting},
    rules::Email,
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub user_id: Option<String>,
    pub email: String,
    pub locale: String,
    pub tries: i64,
    pub next_at: i64,
    pub made_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod allowances {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_allowances")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub count: i64,
        pub began_at: i64,
        pub last_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl Model {
    /// None when a later release has written what this one does not know.
    fn into_mail(self) -> Option<Waiting> {
        Some(Waiting {
            kind: Kind::parse(&self.kind)?,
            user: self.user_id.map(|id| UserId::parse(&id)).transpose().ok()?,
            email: Email::parse(&self.email)?,
            locale: Locale::from_tag(&self.locale).unwrap_or_default(),
            tries: self.tries,
            made_at: clock::from_millis(self.made_at),
            id: self.id,
        })
    }
}

/// Deletes mails to addresses that an account was to have. One by one: MySQL would lock all that wait to find them.
pub(super) async fn remove_changes(database: &impl ConnectionTrait, user: &UserId) -> Result<(), DbErr> {
    let theirs = Entity::find()
        .filter(Column::Kind.eq(Kind::Change.as_str()))
        .filter(Column::UserId.eq(user.as_str()))
        .all(database)
        .await?;
    for mail in theirs {
        Entity::delete_by_id(mail.id).exec(database).await?;
    }
    Ok(())
}

#[async_trait]
impl OutboxStore for SqlStore {
    async fn put_mail(&self, mail: &Waiting, most: u64) -> Result<bool, StoreUnavailable> {
        let row = Model {
            id: mail.id.clone(),
            kind: mail.kind.as_str().to_owned(),
            user_id: mail.user.as_ref().map(|user| user.as_str().to_owned()),
            email: mail.email.as_str().to_owned(),
            locale: mail.locale.as_str().to_owned(),
            tries: mail.tries,
            next_at: mail.made_at.as_millisecond(),
            made_at: mail.made_at.as_millisecond(),
        };
        let putting = async {
            let database = self.database.write();
            if Entity::find().count(database).await? >= most {
                return Ok(false);
            }
            if mail.kind == Kind::Change
                && let Some(user) = &mail.user
            {
                remove_changes(database, user).await?;
            }
            Entity::insert(row.into_active_model()).exec_without_returning(database).await?;
            Ok(true)
        };
        in_time(putting).await.map_err(away)
    }

    async fn take_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u64,
    ) -> Result<Vec<Waiting>, StoreUnavailable> {
        let taking = async {
            let due = Entity::find()
                .filter(Column::NextAt.lte(now.as_millisecond()))
                .order_by_asc(Column::NextAt)
                .limit(most)
                .all(self.database.read())
                .await?;
            let mut taken = Vec::with_capacity(due.len());
            for row in due {
                // Whoever moves it from where all have seen it has it.
                let took = Entity::update_many()
                    .col_expr(Column::NextAt, until.as_millisecond().into())
                    .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
                    .filter(Column::Id.eq(row.id.as_str()))
                    .filter(Column::NextAt.eq(row.next_at))
                    .filter(Column::Tries.eq(row.tries))
                    .exec(self.database.write())
                    .await?;
                if took.rows_affected == 1 {
                    taken.extend(Model { tries: row.tries + 1, ..row }.into_mail());
                }
            }
            Ok(taken)
        };
        in_time(taking).await.map_err(away)
    }

    async fn remove_mail(&self, id: &str) -> Result<(), StoreUnavailable> {
        let delete = Entity::delete_by_id(id).exec(self.database.write());
        in_time(delete).await.map(drop).map_err(away)
    }

    async fn mail_is_due(&self, id: &str, at: Timestamp) -> Result<(), StoreUnavailable> {
        let due = Entity::update_many()
            .col_expr(Column::NextAt, at.as_millisecond().into())
            .filter(Column::Id.eq(id))
            .exec(self.database.write());
        in_time(due).await.map(drop).map_err(away)
    }

    async fn count_mail(
        &self,
        subject: &TokenHash,
        now: Timestamp,
        paused: Timestamp,
        began: Timestamp,
        most: i64,
    ) -> Result<bool, StoreUnavailable> {
        use allowances::{Column, Entity, Model};
        let (subject, now) = (subject.to_text(), now.as_millisecond());
        let counting = async {
            let database = self.database.write();
            // A window that is over begins anew with this one ...
            let anew = Entity::update_many()
                .col_expr(Column::Count, 1.into())
                .col_expr(Column::BeganAt, now.into())
                .col_expr(Column::LastAt, now.into())
                .filter(Column::Subject.eq(subject.as_str()))
                .filter(Column::BeganAt.lte(began.as_millisecond()))
                .filter(Column::LastAt.lte(paused.as_millisecond()))
                .exec(database)
                .await?;
            if anew.rows_affected == 1 {
                return Ok(true);
            }
            // ... one that is not takes it, if there is room and the last is long enough ago ...
            let one_more = Entity::update_many()
                .col_expr(Column::Count, Expr::col(Column::Count).add(1))
                .col_expr(Column::LastAt, now.into())
                .filter(Column::Subject.eq(subject.as_str()))
                .filter(Column::BeganAt.gt(began.as_millisecond()))
                .filter(Column::LastAt.lte(paused.as_millisecond()))
                .filter(Column::Count.lt(most))
                .exec(database)
                .await?;
            if one_more.rows_affected == 1 {
                return Ok(true);
            }
            // ... and the first there is for somebody begins one.
            let first = Model { subject, count: 1, began_at: now, last_at: now };
            match Entity::insert(first.into_active_model()).exec_without_returning(database).await {
                Ok(_) => Ok(true),
                Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        };
        in_time(counting).await.map_err(away)
    }

    async fn forget_mails_counted(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        use allowances::{Column, Entity};
        let old = Condition::all()
            .add(Column::BeganAt.lte(before.as_millisecond()))
            .add(Column::LastAt.lte(before.as_millisecond()));
        self.remove_some::<Entity>(Column::Subject, old, most).await
    }
}
