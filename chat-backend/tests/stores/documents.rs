//! Documents in Firestore as other systems see them, over its REST API.

use chat_backend::meetings::{Code, MeetingChange, Options, Passcode};
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, meeting::MeetingStatus};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::{
    place::Place,
    promises::{hosted_by, noon},
};

/// The fields of a document, each with its type; none when there is no such document.
async fn fields(place: &Place, id: &MeetingId) -> Option<Value> {
    let (status, mut body) = request(place, "GET", id, "").await;
    (status == 200).then(|| body["fields"].take())
}

/// Writes a document as another system would.
async fn write(place: &Place, id: &MeetingId, fields: &Value) {
    let (status, body) = request(place, "PATCH", id, &json!({ "fields": fields }).to_string()).await;
    assert_eq!(status, 200, "{body}");
}

async fn request(place: &Place, method: &str, id: &MeetingId, body: &str) -> (u16, Value) {
    let path = format!("/v1/projects/{}/databases/(default)/documents/meetings/{id}", place.project());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer owner\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        place.at,
        body.len()
    );
    let mut connection = BufReader::new(TcpStream::connect(&place.at).await.unwrap());
    connection.write_all((head + body).as_bytes()).await.unwrap();
    let (mut status, mut length, mut line) = (0, 0, String::new());
    while connection.read_line(&mut line).await.unwrap() > 2 {
        match line.trim_end().to_lowercase().split_once(' ') {
            Some((version, rest)) if version.starts_with("http/") => status = rest[..3].parse().unwrap(),
            Some(("content-length:", bytes)) => length = bytes.parse().unwrap(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn text(text: &str) -> Value {
    json!({ "stringValue": text })
}

fn whole(number: u32) -> Value {
    json!({ "integerValue": number.to_string() })
}

fn flag(flag: bool) -> Value {
    json!({ "booleanValue": flag })
}

/// As Firestore tells it: nothing of one that is empty.
fn array(users: &[&UserId]) -> Value {
    let values: Vec<Value> = users.iter().map(|user| text(user.as_str())).collect();
    if values.is_empty() {
        json!({ "arrayValue": {} })
    } else {
        json!({ "arrayValue": { "values": values } })
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub async fn a_document_has_the_names_and_types_that_other_systems_read(place: &Place) {
    let store = place.open().await;
    let meeting = hosted_by(&UserId::random());
    store.create(&meeting).await.unwrap();
    let expected = json!({
        "meetingId": text(meeting.id.as_str()),
        "hostId": text(meeting.host.as_str()),
        "title": text(&meeting.title),
        "description": text(&meeting.description),
        "date": text("2026-12-01"),
        "time": text("09:30"),
        "timeZone": text("Europe/Madrid"),
        "startsAt": text("2026-12-01T08:30:00.000Z"),
        "estimatedDuration": whole(45),
        "maxParticipants": whole(12),
        "participants": array(&[&meeting.host]),
        "activeParticipants": whole(0),
        "createdAt": text("2026-11-21T09:00:00.123Z"),
        "updatedAt": text("2026-11-21T09:00:00.123Z"),
        "status": text("active"),
        "code": text(meeting.options.code.as_str()),
        "coHosts": array(&[]),
        "waitingRoom": flag(false),
        "guestsAllowed": flag(false),
        "passcode": { "nullValue": null },
        "removed": array(&[]),
        "emptiedAt": { "nullValue": null },
        "activeFrom": text("2026-12-01T08:30:00.000Z"),
    });
    assert_eq!(fields(place, &meeting.id).await, Some(expected.clone()));

    let guest = UserId::random();
    store.add_participants(&meeting.id, std::slice::from_ref(&guest), noon()).await.unwrap();
    store.set_live_count(&meeting.id, 2, noon()).await.unwrap();
    store.set_removed(&meeting.id, &guest, true, noon()).await.unwrap();
    let change = MeetingChange {
        co_hosts: Some(vec![guest.clone()]),
        waiting_room: Some(true),
        guests_allowed: Some(true),
        passcode: Some(Passcode::parse("sesame")),
        ..MeetingChange::default()
    };
    store.update(&meeting.id, &change, noon()).await.unwrap();
    let mut then = expected;
    then["participants"] = array(&[&meeting.host, &guest]);
    then["activeParticipants"] = whole(2);
    then["coHosts"] = array(&[&guest]);
    then["removed"] = array(&[&guest]);
    then["waitingRoom"] = flag(true);
    then["guestsAllowed"] = flag(true);
    then["passcode"] = text("sesame");
    assert_eq!(fields(place, &meeting.id).await, Some(then), "one name and type through every change");
}

/// The least that an older system wrote.
fn old(host: &UserId) -> Value {
    json!({
        "hostId": text(host.as_str()),
        "title": text("Old"),
        "date": text("2025-06-01"),
        "time": text("10:00"),
        "maxParticipants": whole(4),
        "participants": array(&[host]),
        "activeParticipants": whole(0),
        "createdAt": text("2025-05-01T10:00:00.000Z"),
        "status": text("active"),
    })
}

pub async fn what_an_older_document_lacks_has_its_usual_value(place: &Place) {
    let store = place.open().await;
    let (id, host) = (MeetingId::random(), UserId::random());
    write(place, &id, &old(&host)).await;
    let meeting = store.get(&id).await.unwrap().unwrap();
    assert_eq!((meeting.description.as_str(), meeting.estimated_duration), ("", 60));
    assert_eq!(meeting.schedule.time_zone, "UTC");
    assert_eq!(meeting.schedule.starts_at, at("2025-06-01T10:00:00Z"));
    assert_eq!((meeting.max_participants, meeting.status), (4, MeetingStatus::Active));
    assert_eq!(meeting.created_at, at("2025-05-01T10:00:00Z"));
    assert!(meeting.updated_at > meeting.created_at, "Firestore itself knows when it was last written");
    assert_eq!(meeting.options, Options::open(Code::of(&id)));
    assert_eq!(store.of_user(&host).await.unwrap(), [meeting]);
}

pub async fn the_code_of_an_older_document_is_noted_when_somebody_reads_it(place: &Place) {
    let store = place.open().await;
    let host = UserId::random();
    let ids = [MeetingId::random(), MeetingId::random()];
    for id in &ids {
        write(place, id, &old(&host)).await;
        assert_eq!(store.by_code(&Code::of(id)).await.unwrap(), None, "nobody was told of it");
    }
    let read = store.get(&ids[0]).await.unwrap().unwrap();
    assert_eq!(store.by_code(&Code::of(&ids[0])).await.unwrap(), Some(read));
    let listed = store.of_user(&host).await.unwrap();
    for meeting in listed {
        assert_eq!(store.by_code(&meeting.options.code).await.unwrap(), Some(meeting));
    }
    assert_eq!(fields(place, &ids[1]).await.unwrap()["code"], text(Code::of(&ids[1]).as_str()));
}

pub async fn a_passcode_that_can_not_be_one_opens_nothing(place: &Place) {
    let store = place.open().await;
    for passcode in [whole(1234), text("abc")] {
        let (id, host) = (MeetingId::random(), UserId::random());
        let mut fields = old(&host);
        fields["passcode"] = passcode;
        write(place, &id, &fields).await;
        let error = store.get(&id).await.unwrap_err().to_string();
        assert!(error.contains("passcode") && !error.contains("1234"), "{error}");
    }
}

pub async fn times_may_be_timestamps_and_numbers_doubles(place: &Place) {
    let store = place.open().await;
    let (id, host) = (MeetingId::random(), UserId::random());
    let mut fields = old(&host);
    fields["createdAt"] = json!({ "timestampValue": "2025-05-01T10:00:00.123456Z" });
    fields["updatedAt"] = json!({ "timestampValue": "2025-05-02T10:00:00Z" });
    fields["maxParticipants"] = json!({ "doubleValue": 6.0 });
    fields["description"] = json!({ "nullValue": null });
    write(place, &id, &fields).await;
    let meeting = store.get(&id).await.unwrap().unwrap();
    assert_eq!(meeting.created_at, at("2025-05-01T10:00:00.123Z"));
    assert_eq!(meeting.updated_at, at("2025-05-02T10:00:00Z"));
    assert_eq!((meeting.max_participants, meeting.description.as_str()), (6, ""));
}

pub async fn the_host_comes_first_and_sees_the_meeting_wherever_an_older_document_has_them(place: &Place) {
    let store = place.open().await;
    let [host, ben, eva] = [UserId::random(), UserId::random(), UserId::random()];
    for participants in [vec![], vec![&ben], vec![&ben, &host]] {
        let id = MeetingId::random();
        let mut fields = old(&host);
        fields["participants"] = array(&participants);
        write(place, &id, &fields).await;
        let joined = store.add_participants(&id, std::slice::from_ref(&eva), noon()).await.unwrap().unwrap();
        let others = participants.into_iter().filter(|user| **user != host);
        let expected: Vec<&UserId> = [&host].into_iter().chain(others).chain([&eva]).collect();
        assert_eq!(joined.participants.iter().collect::<Vec<_>>(), expected);
        let listed = store.of_user(&host).await.unwrap();
        assert_eq!(listed.iter().filter(|meeting| meeting.id == id).count(), 1);
    }
}

pub async fn a_document_that_is_no_meeting_hides_no_other_and_is_not_called_missing(place: &Place) {
    let store = place.open().await;
    let (good, broken, host) = (MeetingId::random(), MeetingId::random(), UserId::random());
    write(place, &good, &old(&host)).await;
    let mut fields = old(&host);
    fields["title"] = whole(5);
    write(place, &broken, &fields).await;
    let listed: Vec<MeetingId> =
        store.of_user(&host).await.unwrap().into_iter().map(|meeting| meeting.id).collect();
    assert_eq!(listed, [good]);
    let error = store.get(&broken).await.unwrap_err();
    assert!(error.to_string().contains("title"), "{error}");
}
