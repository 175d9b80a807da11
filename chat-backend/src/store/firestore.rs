//! Meetings in Firestore: documents `meetings/{meetingId}` that other systems read and write too.

mod access;
mod connection;
mod document;

use std::collections::HashSet;

use async_trait::async_trait;
use firestore::{
    FirestoreDocument,
    FirestoreQueryFilter::Compare,
    FirestoreQueryFilterCompare::{self, ArrayContains, Equal},
    errors::FirestoreError,
    gcloud_sdk::{
        google::firestore::v1::{
            BatchWriteRequest, CommitRequest, DocumentMask, Precondition, Write,
            document_transform::{FieldTransform, field_transform::TransformType},
            precondition::ConditionType,
            write::Operation,
        },
        google_cloud_auth::build_errors::Error as BuildError,
        tonic::Code,
    },
};
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::MEETINGS_LISTED_MAX};

pub use self::access::FirestoreConfig;
use self::{
    connection::{Connection, request},
    document::{ACTIVE_PARTICIPANTS, Fields, HOST_ID, PARTICIPANTS, UPDATED_AT, named},
};
use super::{MeetingStore, StoreError};
use crate::meetings::{Meeting, MeetingChange};

const COLLECTION: &str = "meetings";
/// Documents of one user that are read to find the newest: Firestore can't sort them without an index that
/// operators would have to make.
const SCANNED_MAX: u32 = 10_000;
/// Documents that are set right at once: Firestore's own bound of a batch.
const BATCH: u32 = 500;

/// Meetings in Firestore. Clones share its connection.
#[derive(Debug, Clone)]
pub struct FirestoreStore(Connection);

impl FirestoreStore {
    /// Prepares to connect. Nothing is sent before the first request, so Firestore may be away.
    pub fn new(config: &FirestoreConfig) -> Result<Self, BuildError> {
        Ok(Self(Connection::new(config, config.credentials()?)))
    }

    async fn find(&self, by: FirestoreQueryFilterCompare) -> Result<Vec<FirestoreDocument>, StoreError> {
        let found = self
            .0
            .ask(|db| async move {
                let filter = |_| Some(Compare(Some(by.clone())));
                db.fluent().select().from(COLLECTION).filter(filter).limit(SCANNED_MAX).query().await
            })
            .await?;
        if found.len() >= SCANNED_MAX as usize {
            tracing::warn!("a user has so many meetings that the newest may be missing from the list");
        }
        Ok(found)
    }

    /// Writes one document at once, whole or not at all.
    async fn write(&self, id: &MeetingId, write: Write) -> Result<(), FirestoreError> {
        self.0
            .ask(|db| async move {
                let mut write = write;
                let name = format!("{}/{COLLECTION}/{id}", db.get_documents_path());
                match &mut write.operation {
                    Some(Operation::Update(document)) => document.name = name,
                    operation => *operation = Some(Operation::Delete(name)),
                }
                let commit = CommitRequest {
                    database: db.get_database_path().clone(),
                    writes: vec![write],
                    ..Default::default()
                };
                db.client().get().commit(request(commit)).await?;
                Ok(())
            })
            .await
    }

    /// Writes these fields, and these elements behind those of the participants. False when there is no such
    /// document.
    async fn change(
        &self,
        id: &MeetingId,
        fields: Fields,
        participants: &[UserId],
    ) -> Result<bool, StoreError> {
        let mut write = update_of(fields, ConditionType::Exists(true));
        if !participants.is_empty() {
            write.update_transforms.push(FieldTransform {
                field_path: PARTICIPANTS.to_owned(),
                transform_type: Some(TransformType::AppendMissingElements(document::users(participants))),
            });
        }
        match self.write(id, write).await {
            Ok(()) => Ok(true),
            Err(FirestoreError::DataNotFoundError(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets one batch of counts to nought, unless the document changed meanwhile. Says how many counts it
    /// looked at and how many of these it left alone.
    async fn reset_some(&self, live: &HashSet<MeetingId>, skip: u32) -> Result<(usize, usize), StoreError> {
        self.0
            .ask(|db| async move {
                let found = db
                    .fluent()
                    .select()
                    .fields([ACTIVE_PARTICIPANTS])
                    .from(COLLECTION)
                    .filter(|q| q.field(ACTIVE_PARTICIPANTS).greater_than(0))
                    .offset(skip)
                    .limit(BATCH)
                    .query()
                    .await?;
                let is_live = |document: &FirestoreDocument| {
                    let id = document.name.rsplit('/').next().unwrap_or_default();
                    MeetingId::parse(id).is_ok_and(|id| live.contains(&id))
                };
                let (looked_at, mut writes) = (found.len(), Vec::new());
                for document in found.into_iter().filter(|document| !is_live(document)) {
                    let Some(seen) = document.update_time else { continue };
                    let nobody = Fields::from([named(ACTIVE_PARTICIPANTS, document::number(0))]);
                    let mut write = update_of(nobody, ConditionType::UpdateTime(seen));
                    if let Some(Operation::Update(update)) = &mut write.operation {
                        update.name = document.name;
                    }
                    writes.push(write);
                }
                let left = looked_at - writes.len();
                if writes.is_empty() {
                    return Ok((looked_at, left));
                }
                let batch = BatchWriteRequest {
                    database: db.get_database_path().clone(),
                    writes,
                    ..Default::default()
                };
                let done = db.client().get().batch_write(request(batch)).await?.into_inner();
                let changed_meanwhile =
                    |code: Code| matches!(code, Code::FailedPrecondition | Code::NotFound);
                match done.status.into_iter().find(|status| {
                    let code = Code::from(status.code);
                    code != Code::Ok && !changed_meanwhile(code)
                }) {
                    Some(status) => Err(firestore::gcloud_sdk::tonic::Status::new(
                        Code::from(status.code),
                        status.message,
                    )
                    .into()),
                    None => Ok((looked_at, left)),
                }
            })
            .await
            .map_err(StoreError::from)
    }
}

fn update_of(fields: Fields, condition: ConditionType) -> Write {
    Write {
        update_mask: Some(DocumentMask { field_paths: fields.keys().cloned().collect() }),
        operation: Some(Operation::Update(FirestoreDocument { fields, ..Default::default() })),
        current_document: Some(Precondition { condition_type: Some(condition) }),
        ..Default::default()
    }
}

#[async_trait]
impl MeetingStore for FirestoreStore {
    async fn create(&self, meeting: &Meeting) -> Result<(), StoreError> {
        let write = update_of(document::fields_of(meeting), ConditionType::Exists(false));
        match self.write(&meeting.id, write).await {
            // Ids are never made twice: it is ours, of an attempt whose answer was lost.
            Ok(()) | Err(FirestoreError::DataConflictError(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        let found = self
            .0
            .ask(|db| async move { db.fluent().select().by_id_in(COLLECTION).one(id.as_str()).await })
            .await?;
        found.as_ref().map(document::meeting_of).transpose()
    }

    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError> {
        // Older systems did not always note the host among the participants.
        let (joined, hosted) = tokio::try_join!(
            self.find(ArrayContains(PARTICIPANTS.to_owned(), user.as_str().into())),
            self.find(Equal(HOST_ID.to_owned(), user.as_str().into())),
        )?;
        let mut seen = HashSet::new();
        let mut meetings = Vec::new();
        for document in joined.iter().chain(&hosted).filter(|document| seen.insert(document.name.as_str())) {
            match document::meeting_of(document) {
                Ok(meeting) => meetings.push(meeting),
                // One that another system broke does not hide the others.
                Err(error) => tracing::warn!(%error, "a meeting is left out of a list"),
            }
        }
        meetings.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        meetings.truncate(MEETINGS_LISTED_MAX);
        Ok(meetings)
    }

    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        if self.change(id, document::fields_of_change(change, now), &[]).await? {
            self.get(id).await
        } else {
            Ok(None)
        }
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        Ok(self.write(id, Write::default()).await?)
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let touched = Fields::from([named(UPDATED_AT, document::time(now))]);
        if self.change(id, touched, users).await? { self.get(id).await } else { Ok(None) }
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32) -> Result<(), StoreError> {
        let count = Fields::from([named(ACTIVE_PARTICIPANTS, document::number(users))]);
        self.change(id, count, &[]).await.map(|_| ())
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>) -> Result<(), StoreError> {
        let mut skip = 0;
        loop {
            // What was set to nought is not found again; what was left alone is.
            let (looked_at, left) = self.reset_some(live, skip).await?;
            skip += u32::try_from(left).unwrap_or(u32::MAX);
            if looked_at < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.ask(|db| async move { db.ping().await }).await?)
    }
}

impl From<FirestoreError> for StoreError {
    fn from(error: FirestoreError) -> Self {
        match error {
            FirestoreError::DeserializeError(error) => Self::Corrupt(error.to_string()),
            error => Self::unavailable(error),
        }
    }
}
