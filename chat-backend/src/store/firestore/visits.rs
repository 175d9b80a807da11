//! Who came and went: documents `meetings/{meetingId}/attendance/{visit}`.

use firestore::{
    FirestoreDb, FirestoreDocument, FirestoreResult,
    errors::FirestoreError,
    gcloud_sdk::google::firestore::v1::{
        DocumentMask, Precondition, Write,
        document_transform::{FieldTransform, field_transform::TransformType},
        precondition::ConditionType,
        value::ValueType,
        write::Operation,
    },
};
use jiff::Timestamp;
use plenum_contract::MeetingId;

use super::{
    BATCH, COLLECTION,
    connection::Connection,
    document::{self, JOINED_AT, LEFT_AT},
    write_batch,
};
use crate::{
    meetings::{Coming, VisitNote, VisitRecord},
    store::{StoreError, VISITS_MAX},
};

const ATTENDANCE: &str = "attendance";
/// What the number of visits is called in Firestore's answer.
const KEPT: &str = "kept";

pub async fn note(connection: &Connection, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
    let places = if notes.iter().any(|note| note.came.is_some()) {
        let kept = connection.ask(|db| async move { count(&db, id).await }).await?;
        VISITS_MAX.saturating_sub(kept)
    } else {
        0
    };
    let mut left = places;
    let notes: Vec<(&VisitNote, Option<&Coming>)> = notes
        .iter()
        .map(|note| {
            let came = note.came.as_ref().filter(|_| left > 0);
            left -= usize::from(came.is_some());
            (note, came)
        })
        .filter(|(note, came)| came.is_some() || note.left_at.is_some())
        .collect();
    for some in notes.chunks(BATCH as usize) {
        connection
            .ask(|db| async move {
                let parent = db.parent_path(COLLECTION, id.as_str())?;
                let name = |note: &VisitNote| format!("{}/{ATTENDANCE}/{}", parent.as_ref(), note.id);
                let writes = some.iter().map(|(note, came)| write_of(name(note), *came, note.left_at));
                write_batch(&db, writes.collect()).await
            })
            .await?;
    }
    Ok(())
}

/// What was noted stays, and of two ends the later one. An end of what is not there is none.
fn write_of(name: String, came: Option<&Coming>, left_at: Option<Timestamp>) -> Write {
    let fields = came.map(document::fields_of_coming).unwrap_or_default();
    let there = Precondition { condition_type: Some(ConditionType::Exists(true)) };
    let later = left_at.map(|at| FieldTransform {
        field_path: LEFT_AT.to_owned(),
        transform_type: Some(TransformType::Maximum(document::millis(at))),
    });
    Write {
        update_mask: Some(DocumentMask { field_paths: fields.keys().cloned().collect() }),
        operation: Some(Operation::Update(FirestoreDocument { name, fields, ..Default::default() })),
        update_transforms: later.into_iter().collect(),
        current_document: came.is_none().then_some(there),
    }
}

async fn count(db: &FirestoreDb, id: &MeetingId) -> Result<usize, FirestoreError> {
    let counted = db
        .fluent()
        .select()
        .from(ATTENDANCE)
        .parent(db.parent_path(COLLECTION, id.as_str())?)
        .aggregate(|a| a.fields([a.field(KEPT).count_up_to(VISITS_MAX)]))
        .query()
        .await?;
    let kept = counted.first().and_then(|document| document.fields.get(KEPT)?.value_type.clone());
    Ok(match kept {
        Some(ValueType::IntegerValue(kept)) => usize::try_from(kept).unwrap_or(0),
        _ => 0,
    })
}

pub async fn of(connection: &Connection, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
    let most = u32::try_from(VISITS_MAX).unwrap_or(u32::MAX);
    let found = connection
        .ask(|db| async move {
            db.fluent()
                .select()
                .from(ATTENDANCE)
                .parent(db.parent_path(COLLECTION, id.as_str())?)
                .order(|o| o.fields([o.field(JOINED_AT).asc()]))
                .limit(most)
                .query()
                .await
        })
        .await?;
    Ok(found.iter().filter_map(document::visit_of).collect())
}

/// Deletes all of them.
pub async fn delete(connection: &Connection, id: &MeetingId) -> Result<(), StoreError> {
    loop {
        let found = connection.ask(|db| async move { delete_some(&db, id).await }).await?;
        if found < BATCH as usize {
            return Ok(());
        }
    }
}

async fn delete_some(db: &FirestoreDb, id: &MeetingId) -> FirestoreResult<usize> {
    let parent = db.parent_path(COLLECTION, id.as_str())?;
    let found =
        db.fluent().select().fields([LEFT_AT]).from(ATTENDANCE).parent(parent).limit(BATCH).query().await?;
    let deleted = found.iter().map(|document| Write {
        operation: Some(Operation::Delete(document.name.clone())),
        ..Default::default()
    });
    if !found.is_empty() {
        write_batch(db, deleted.collect()).await?;
    }
    Ok(found.len())
}
