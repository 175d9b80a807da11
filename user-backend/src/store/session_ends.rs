//! The table of ended sessions: each with a number that rises, though not always in the order in which rows are seen.

use jiff::Timestamp;
use plenum_contract::SessionId;
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, QueryOrder as _, QuerySelect as _, entity::prelude::*,
};

use super::{SqlStore, away, in_time};
use crate::{error::StoreUnavailable, sessions::End, tokens::TokenHash};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session_ends")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub session_id: String,
    pub token_hash: String,
    pub ended_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn into_end(self) -> Result<End, StoreUnavailable> {
        let token = TokenHash::parse(&self.token_hash);
        Ok(End {
            number: self.number,
            session: SessionId::parse(&self.session_id).map_err(away)?,
            token: token.ok_or_else(|| away("a token's hash in session_ends is none"))?,
        })
    }
}

/// Adds the end of a session. Its number is drawn by the last statement of its transaction, so that little time lies
/// between that and its being seen.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    hash: &TokenHash,
    session: &SessionId,
    at: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        session_id: Set(session.as_str().to_owned()),
        token_hash: Set(hash.to_text()),
        ended_at: Set(at.as_millisecond()),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

impl SqlStore {
    /// The number after which the ends since `since` stand.
    pub(super) async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable> {
        // The last comes first: whatever is added between the two is behind it.
        let last = Entity::find().order_by_desc(Column::Number).one(self.database.read());
        let last = in_time(last).await.map_err(away)?.map_or(0, |last| last.number);
        let first = Entity::find()
            .filter(Column::EndedAt.gte(since.as_millisecond()))
            .order_by_asc(Column::Number)
            .one(self.database.read());
        let first = in_time(first).await.map_err(away)?;
        Ok(first.map_or(last, |first| last.min(first.number - 1)))
    }

    /// The ends after a number, in order.
    pub(super) async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable> {
        let rows = Entity::find()
            .filter(Column::Number.gt(number))
            .order_by_asc(Column::Number)
            .limit(most)
            .all(self.database.read());
        in_time(rows).await.map_err(away)?.into_iter().map(Model::into_end).collect()
    }

    /// Deletes ends from before a time, `most` at once, and says how many.
    pub(super) async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let old = Entity::find()
            .select_only()
            .column(Column::Number)
            .filter(Column::EndedAt.lt(before.as_millisecond()))
            .limit(most)
            .into_tuple::<i64>()
            .all(self.database.read());
        let numbers = in_time(old).await.map_err(away)?;
        if numbers.is_empty() {
            return Ok(0);
        }
        let delete = Entity::delete_many().filter(Column::Number.is_in(numbers));
        Ok(in_time(delete.exec(self.database.write())).await.map_err(away)?.rows_affected)
    }
}
