//! Adding participants, to many meetings at once.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId};
use plenum_service::database::Database;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    entity::{self, meeting, participant},
    reading::participants_of,
};
use crate::{
    meetings::Meeting,
    store::{StoreError, gather::Round},
};

/// Participants inserted by one statement, so that no database's number of parameters is passed.
const INSERTED_AT_ONCE: usize = 1_000;

/// Users who join a meeting.
#[derive(Debug, Clone)]
pub struct Addition {
    pub meeting: MeetingId,
    pub users: Vec<UserId>,
    pub now: Timestamp,
}

/// Adds participants to meetings of one database, in one transaction for all who ask at once.
pub struct Adding {
    database: Database,
}

impl Adding {
    pub const fn to(database: Database) -> Self {
        Self { database }
    }

    async fn add(&self, additions: &[Addition]) -> Result<HashMap<String, List>, DbErr> {
        let transaction = self.database.begin().await?;
        // Holding the meetings' rows, nobody else can add to the lists in between; in one order, so that two nodes
        // don't wait for each other.
        let rows = meeting::Entity::find()
            .filter(meeting::Column::Id.is_in(additions.iter().map(|addition| addition.meeting.as_str())))
            .order_by(meeting::Column::Id, Order::Asc)
            .lock_exclusive()
            .all(&transaction)
            .await?;
        let mut stored = participants_of(&transaction, rows.iter().map(|row| row.id.as_str())).await?;
        let lists = rows.into_iter().map(|row| (row.id.clone(), List::new(stored.remove(&row.id), row)));
        let mut lists: HashMap<String, List> = lists.collect();
        for addition in additions {
            if let Some(list) = lists.get_mut(addition.meeting.as_str()) {
                list.add(&addition.users);
            }
        }
        let grown: Vec<&mut List> = lists.values_mut().filter(|list| list.has_grown()).collect();
        if let Some(now) = additions.iter().map(|addition| addition.now.as_millisecond()).max()
            && !grown.is_empty()
        {
            let seats = grown.iter().flat_map(|list| list.new_seats()).collect();
            insert_participants(&transaction, seats).await?;
            let renewed = meeting::ActiveModel { updated_at: Set(now), ..Default::default() };
            meeting::Entity::update_many()
                .set(renewed)
                .filter(meeting::Column::Id.is_in(grown.iter().map(|list| list.row.id.as_str())))
                .exec(&transaction)
                .await?;
            for list in grown {
                list.row.updated_at = now;
            }
        }
        transaction.commit().await?;
        Ok(lists)
    }
}

#[async_trait]
impl Round for Adding {
    type Question = Addition;
    type Answer = Option<Meeting>;

    async fn answer(&mut self, additions: &[Addition]) -> Vec<Result<Option<Meeting>, StoreError>> {
        match self.add(additions).await {
            Ok(lists) => {
                let meeting =
                    |addition: &Addition| lists.get(addition.meeting.as_str()).map(List::to_meeting);
                additions.iter().map(|addition| meeting(addition).transpose()).collect()
            }
            Err(error) => {
                let error = StoreError::from(error);
                additions.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }
}

/// A meeting's row and the ids of its participants.
struct List {
    row: meeting::Model,
    users: Vec<String>,
    known: HashSet<String>,
    stored: usize,
}

impl List {
    fn new(stored: Option<Vec<String>>, row: meeting::Model) -> Self {
        let users = stored.unwrap_or_default();
        Self { row, known: users.iter().cloned().collect(), stored: users.len(), users }
    }

    fn add(&mut self, users: &[UserId]) {
        let known = &mut self.known;
        let new = users.iter().map(|user| user.as_str().to_owned()).filter(|user| known.insert(user.clone()));
        self.users.extend(new);
    }

    const fn has_grown(&self) -> bool {
        self.users.len() > self.stored
    }

    fn new_seats(&self) -> impl Iterator<Item = participant::ActiveModel> {
        let new = self.users.iter().enumerate().skip(self.stored);
        new.map(|(at, user)| entity::seat_of(&self.row.id, user, at))
    }

    fn to_meeting(&self) -> Result<Meeting, StoreError> {
        self.row.clone().with(&self.users)
    }
}

/// Inserts these participants where they are not yet.
pub async fn insert_participants(
    on: &impl ConnectionTrait,
    seats: Vec<participant::ActiveModel>,
) -> Result<(), DbErr> {
    for some in seats.chunks(INSERTED_AT_ONCE) {
        participant::Entity::insert_many(some.to_vec()).on_conflict_do_nothing().exec(on).await?;
    }
    Ok(())
}
