//! Who came and went, in rows.

use plenum_contract::MeetingId;
use plenum_service::database::Database;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait as _, Order, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};

use super::entity::{self, meeting, visit};
use crate::{
    meetings::{VisitNote, VisitRecord},
    store::{StoreError, VISITS_MAX},
};

pub async fn note(database: &Database, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
    let transaction = database.begin().await?;
    // Holding its row, nobody deletes the meeting in between.
    let known = meeting::Entity::find_by_id(id.as_str()).select_only().column(meeting::Column::Id);
    if known.lock_exclusive().into_tuple::<String>().one(&transaction).await?.is_none() {
        return Ok(());
    }
    let of_meeting = visit::Column::MeetingId.eq(id.as_str());
    let came: Vec<visit::ActiveModel> = notes
        .iter()
        .filter_map(|note| Some(entity::row_of_visit(id, &note.id, note.came.as_ref()?)))
        .collect();
    if !came.is_empty() {
        let kept = visit::Entity::find().filter(of_meeting.clone()).count(&transaction).await?;
        let places = VISITS_MAX.saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
        let came: Vec<_> = came.into_iter().take(places).collect();
        if !came.is_empty() {
            visit::Entity::insert_many(came).on_conflict_do_nothing().exec(&transaction).await?;
        }
    }
    for (visit, left_at) in notes.iter().filter_map(|note| Some((&note.id, note.left_at?.as_millisecond()))) {
        visit::Entity::update_many()
            .col_expr(visit::Column::LeftAt, Expr::value(left_at))
            .filter(of_meeting.clone())
            .filter(visit::Column::Id.eq(&**visit))
            .filter(visit::Column::LeftAt.is_null().or(visit::Column::LeftAt.lt(left_at)))
            .exec(&transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

pub async fn of(database: &Database, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
    let rows = visit::Entity::find()
        .filter(visit::Column::MeetingId.eq(id.as_str()))
        .order_by(visit::Column::JoinedAt, Order::Asc)
        .order_by(visit::Column::Id, Order::Asc)
        .limit(VISITS_MAX as u64)
        .all(database.read())
        .await?;
    rows.into_iter().map(visit::Model::into_record).collect()
}
