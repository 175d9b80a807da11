//! Meetings in Firestore: documents `meetings/{meetingId}` that other systems read and write too.

mod access;
mod connection;
mod document;
mod visits;

use std::collections::HashSet;

use async_trait::async_trait;
use firestore::{
    FirestoreDb, FirestoreDocument,
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
        prost_types,
        tonic::{Code as GrpcCode, Status},
    },
};
use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    limits::{EMPTY_AFTER_END, MEETINGS_LISTED_MAX},
    meeting::MeetingStatus,
};
use plenum_service::clock;

pub use self::access::FirestoreConfig;
use self::{
    connection::{Connection, request},
    document::{
        ACTIVE_FROM, ACTIVE_PARTICIPANTS, CODE, EMPTIED_AT, Fields, HOST_ID, PARTICIPANTS, REMOVED,
        UPDATED_AT, named,
    },
};
use super::{Creation, MeetingStore, StoreError};
use crate::meetings::{Code, Meeting, MeetingChange, VisitNote, VisitRecord};

const COLLECTION: &str = "meetings";
/// Documents of one user that are read to find the newest: Firestore can't sort them without an index that
/// operators would have to make.
const SCANNED_MAX: u32 = 10_000;
/// Documents that are set right at once: Firestore's own bound of a batch.
const BATCH: u32 = 500;
/// Active meetings that have begun, of which those are found that are overdue.
const BEGAN_MAX: u32 = 2_000;

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

    async fn find_one(&self, id: &MeetingId) -> Result<Option<FirestoreDocument>, StoreError> {
        let found = self
            .0
            .ask(|db| async move { db.fluent().select().by_id_in(COLLECTION).one(id.as_str()).await })
            .await?;
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

    /// Writes these fields, and does this to others. False when there is no such document.
    async fn change(
        &self,
        id: &MeetingId,
        fields: Fields,
        transform: Option<(&str, TransformType)>,
    ) -> Result<bool, StoreError> {
        let mut write = update_of(fields, ConditionType::Exists(true));
        write.update_transforms.extend(transform.map(|(field, transform)| FieldTransform {
            field_path: field.to_owned(),
            transform_type: Some(transform),
        }));
        match self.write(id, write).await {
            Ok(()) => Ok(true),
            Err(FirestoreError::DataNotFoundError(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes what documents that were read [lack](document::lacks), unless they changed meanwhile. What is not noted now is
    /// when they are read again.
    async fn note(&self, read: impl IntoIterator<Item = (&FirestoreDocument, &Meeting)>) {
        let lacking = read.into_iter().filter_map(|(document, meeting)| {
            let fields = document::lacks(document, meeting)?;
            Some(update_of_read(document, fields, document.update_time?))
        });
        let writes: Vec<Write> = lacking.take(BATCH as usize).collect();
        if writes.is_empty() {
            return;
        }
        let noted = self.0.ask(|db| async move { write_batch(&db, writes).await }).await;
        if let Err(error) = noted {
            tracing::debug!(%error, "what meetings lack is noted at another time");
        }
    }

    /// Sets one batch of counts to nought, unless the document changed meanwhile. Says how many counts it
    /// looked at and how many of these it left alone.
    async fn reset_some(
        &self,
        live: &HashSet<MeetingId>,
        skip: u32,
        now: Timestamp,
    ) -> Result<(usize, usize), StoreError> {
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
                    let nobody = live_count(0, now);
                    writes.push(update_of_read(&document, nobody, seen));
                }
                let left = looked_at - writes.len();
                if writes.is_empty() {
                    return Ok((looked_at, left));
                }
                write_batch(&db, writes).await?;
                Ok((looked_at, left))
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

fn is_precondition(error: &FirestoreError) -> bool {
    matches!(error, FirestoreError::DatabaseError(error) if error.public.code == format!("{:?}", GrpcCode::FailedPrecondition))
}

fn live_count(users: u32, now: Timestamp) -> Fields {
    let mut fields = Fields::from([named(ACTIVE_PARTICIPANTS, document::number(users))]);
    if users == 0 {
        fields.extend([named(EMPTIED_AT, document::time(now))]);
    }
    fields
}

/// A change of a document that was read, unless it changed meanwhile.
fn update_of_read(document: &FirestoreDocument, fields: Fields, seen: prost_types::Timestamp) -> Write {
    let mut write = update_of(fields, ConditionType::UpdateTime(seen));
    if let Some(Operation::Update(update)) = &mut write.operation {
        update.name.clone_from(&document.name);
    }
    write
}

/// Writes several documents, each by itself. Those that are not as they were expected are left as they are.
async fn write_batch(db: &FirestoreDb, writes: Vec<Write>) -> Result<(), FirestoreError> {
    let batch = BatchWriteRequest { database: db.get_database_path().clone(), writes, ..Default::default() };
    let done = db.client().get().batch_write(request(batch)).await?.into_inner();
    let failed = done.status.into_iter().find(|status| {
        !matches!(status.code.into(), GrpcCode::Ok | GrpcCode::FailedPrecondition | GrpcCode::NotFound)
    });
    failed.map_or(Ok(()), |status| Err(Status::new(status.code.into(), status.message).into()))
}

#[async_trait]
impl MeetingStore for FirestoreStore {
    async fn create(&self, meeting: &Meeting) -> Result<Creation, StoreError> {
        // Firestore knows nothing of unique fields. Two codes that are made at the same time don't meet: each is one of 10^16.
        if self.by_code(&meeting.options.code).await?.is_some_and(|other| other.id != meeting.id) {
            return Ok(Creation::CodeTaken);
        }
        let write = update_of(document::fields_of(meeting), ConditionType::Exists(false));
        match self.write(&meeting.id, write).await {
            // Ids are never made twice: it is ours, of an attempt whose answer was lost.
            Ok(()) | Err(FirestoreError::DataConflictError(_)) => Ok(Creation::Done),
            Err(error) => Err(error.into()),
        }
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        let Some(document) = self.find_one(id).await? else { return Ok(None) };
        let meeting = document::meeting_of(&document)?;
        self.note([(&document, &meeting)]).await;
        Ok(Some(meeting))
    }

    async fn by_code(&self, code: &Code) -> Result<Option<Meeting>, StoreError> {
        let found = self
            .0
            .ask(|db| async move {
                let filter = |_| Some(Compare(Some(Equal(CODE.to_owned(), code.as_str().into()))));
                db.fluent().select().from(COLLECTION).filter(filter).limit(1).query().await
            })
            .await?;
        found.first().map(document::meeting_of).transpose()
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
                Ok(meeting) => meetings.push((document, meeting)),
                // One that another system broke does not hide the others.
                Err(error) => tracing::warn!(%error, "a meeting is left out of a list"),
            }
        }
        meetings.sort_by(|(_, a), (_, b)| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        meetings.truncate(MEETINGS_LISTED_MAX);
        self.note(meetings.iter().map(|(document, meeting)| (*document, meeting))).await;
        Ok(meetings.into_iter().map(|(_, meeting)| meeting).collect())
    }

    async fn active_of_host(&self, host: &UserId, most: u64) -> Result<Vec<MeetingId>, StoreError> {
        let hosted = self.find(Equal(HOST_ID.to_owned(), host.as_str().into())).await?;
        let meetings = hosted.iter().filter_map(|document| document::meeting_of(document).ok());
        let active = meetings.filter(|meeting| meeting.status == MeetingStatus::Active);
        Ok(active.map(|meeting| meeting.id).take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
    }

    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        if self.change(id, document::fields_of_change(change, now), None).await? {
            self.get(id).await
        } else {
            Ok(None)
        }
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        // Its visits go first, so that a deletion that is cut off can be asked again, and once more for those that were noted
        // meanwhile: Firestore deletes no sub-collection by itself.
        visits::delete(&self.0, id).await?;
        self.write(id, Write::default()).await?;
        visits::delete(&self.0, id).await
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let touched = Fields::from([named(UPDATED_AT, document::time(now))]);
        let appended = TransformType::AppendMissingElements(document::users(users));
        let appended = (!users.is_empty()).then_some((PARTICIPANTS, appended));
        if self.change(id, touched, appended).await? { self.get(id).await } else { Ok(None) }
    }

    async fn set_removed(
        &self,
        id: &MeetingId,
        user: &UserId,
        removed: bool,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let touched = Fields::from([named(UPDATED_AT, document::time(now))]);
        let users = document::users(std::slice::from_ref(user));
        let transform = if removed {
            TransformType::AppendMissingElements(users)
        } else {
            TransformType::RemoveAllFromArray(users)
        };
        if self.change(id, touched, Some((REMOVED, transform))).await? {
            self.get(id).await
        } else {
            Ok(None)
        }
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32, now: Timestamp) -> Result<(), StoreError> {
        self.change(id, live_count(users, now), None).await.map(|_| ())
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>, now: Timestamp) -> Result<(), StoreError> {
        let mut skip = 0;
        loop {
            // What was set to nought is not found again; what was left alone is.
            let (looked_at, left) = self.reset_some(live, skip, now).await?;
            skip += u32::try_from(left).unwrap_or(u32::MAX);
            if looked_at < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn overdue(&self, now: Timestamp, most: usize) -> Result<Vec<MeetingId>, StoreError> {
        let Ok(quiet_since) = now.checked_sub(EMPTY_AFTER_END) else { return Ok(Vec::new()) };
        let began = self
            .0
            .ask(|db| async move {
                let latest = clock::iso(quiet_since);
                let began = db.fluent().select().from(COLLECTION);
                began
                    .filter(|q| q.field(ACTIVE_FROM).less_than_or_equal(latest.as_str()))
                    .limit(BEGAN_MAX)
                    .query()
                    .await
            })
            .await?;
        let read = began.iter().filter_map(|document| Some((document, document::meeting_of(document).ok()?)));
        let read: Vec<_> = read.collect();
        self.note(read.iter().map(|(document, meeting)| (*document, meeting))).await;
        let overdue = read.into_iter().map(|(_, meeting)| meeting).filter(|meeting| meeting.is_overdue(now));
        Ok(overdue.map(|meeting| meeting.id).take(most).collect())
    }

    async fn complete_overdue(&self, id: &MeetingId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(document) = self.find_one(id).await? else { return Ok(false) };
        let (true, Some(seen)) = (document::meeting_of(&document)?.is_overdue(now), document.update_time)
        else {
            return Ok(false);
        };
        let over = MeetingChange { status: Some(MeetingStatus::Completed), ..MeetingChange::default() };
        let fields = document::fields_of_change(&over, now);
        match self.write(id, update_of(fields, ConditionType::UpdateTime(seen))).await {
            Ok(()) => Ok(true),
            // It was changed, or deleted, just now.
            Err(FirestoreError::DataNotFoundError(_) | FirestoreError::DataConflictError(_)) => Ok(false),
            Err(error) if is_precondition(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn note_visits(&self, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
        if self.find_one(id).await?.is_none() {
            return Ok(());
        }
        visits::note(&self.0, id, notes).await
    }

    async fn visits(&self, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
        visits::of(&self.0, id).await
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
