//! One room's log in Redis: a hash of what stands, a stream of entries, a snapshot; all in the room's hash slot.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    limits::{ROOM_LOG_BYTES, ROOM_LOG_ENTRIES, ROOM_LOG_TTL},
};
use redis::{FromRedisValue, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    Shared,
    feeds::{Ear, Word, channel_of},
    link::Away,
    post::Letter,
};
use crate::rooms::{
    delivery::Payload,
    entry::{ENTRY_VERSION, Entry, Fact, Incarnation, Proposed},
    log::{Appended, Heard, LogError, Opened, RoomLog, fold},
    state::{Epoch, Room, Seat},
};

/// The keys of a room, in one slot.
pub struct Keys {
    meta: String,
    log: String,
    snapshot: String,
    channel: String,
}

impl Keys {
    pub fn of(meeting: &MeetingId) -> Self {
        let key = |part| format!("plenum:{{{meeting}}}:{part}");
        Self { meta: key("meta"), log: key("log"), snapshot: key("snapshot"), channel: channel_of(meeting) }
    }

    pub fn all(&self) -> impl Iterator<Item = &str> {
        [&*self.meta, &self.log, &self.snapshot].into_iter()
    }

    pub fn meta(&self) -> &str {
        &self.meta
    }
}

/// A fact before it is numbered.
#[derive(Serialize)]
struct Unnumbered<'a> {
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a str>,
    #[serde(flatten)]
    fact: &'a Fact,
}

/// A passing event between nodes.
#[derive(Serialize, Deserialize)]
struct Passing {
    #[serde(default)]
    but: Option<UserId>,
    event: String,
    data: Box<RawValue>,
}

/// The fields of a room's hash that say who has appended to it begin with this.
const APPENDED: &str = "t:";
/// What tells a passing event from entries, where those have an epoch.
const PASSING: &str = "~";

pub struct RedisLog {
    shared: Arc<Shared>,
    keys: Keys,
    meeting: MeetingId,
    epoch: Epoch,
    by: Incarnation,
    life: u32,
    ear: Ear,
    known: u64,
    /// The append with which entry `known` came.
    mark: String,
}

impl From<Away> for LogError {
    fn from(_: Away) -> Self {
        Self::Away
    }
}

/// Redis holds something that this release can't read.
fn unreadable(meeting: &MeetingId, what: &dyn std::fmt::Display) -> LogError {
    tracing::error!(%meeting, %what, "a room's log holds something that can't be read; was it written by a newer release?");
    LogError::Away
}

fn ttl() -> String {
    ROOM_LOG_TTL.as_secs().to_string()
}

/// A room's log as it was read.
struct Read {
    snapshot: Room,
    top: u64,
    mark: String,
    entries: Vec<Entry>,
}

/// The lives of nodes that are gone and hold seats in a room. It does not keep the log alive.
pub async fn seats_of_the_dead(shared: &Shared, meeting: &MeetingId) -> Result<Vec<Incarnation>, LogError> {
    let mut ask = redis::pipe();
    ask.cmd("HKEYS").arg(Keys::of(meeting).meta());
    let (fields,): (Vec<String>,) = shared.link.pipe(&ask).await?;
    // Who has ever appended: the whole log is read only where one of them may have left something behind.
    let appended =
        fields.iter().filter_map(|field| field.strip_prefix(APPENDED)).filter_map(Incarnation::parse);
    if !appended.into_iter().any(|by| shared.nodes.is_gone(&by)) {
        return Ok(Vec::new());
    }
    let Some(Read { snapshot, entries, .. }) = read(shared, meeting, For::Looking).await? else {
        return Ok(Vec::new());
    };
    let room = fold(snapshot, &entries);
    let by: BTreeSet<&Incarnation> = room.seats().map(|(_, seat)| &seat.by).collect();
    Ok(by.into_iter().filter(|by| shared.nodes.is_gone(by)).cloned().collect())
}

/// What a log is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// To be followed; a new one is made when there is none.
    Joining,
    /// To be followed, where there is one.
    Following,
    /// To be seen. It lives no longer for that.
    Looking,
}

async fn read(shared: &Shared, meeting: &MeetingId, what_for: For) -> Result<Option<Read>, LogError> {
    type Stands = (String, String, u64, String, Vec<String>);
    let keys = Keys::of(meeting);
    let epoch = Epoch::random();
    let empty = Room::new(meeting.clone(), epoch.clone());
    let empty = serde_json::to_string(&empty).map_err(|error| unreadable(meeting, &error))?;
    let create = if what_for == For::Joining { "1" } else { "0" };
    let ttl = if what_for == For::Looking { String::new() } else { ttl() };
    let args = [create, &*epoch.0, &empty, &ttl];
    let script = &shared.scripts.open;
    let found: Value =
        shared.link.run_script(script, &[&keys.meta, &keys.log, &keys.snapshot], &args).await?;
    if matches!(&found, Value::Array(none) if none.is_empty()) {
        return Ok(None);
    }
    let (epoch, snapshot, top, mark, entries) =
        Stands::from_redis_value(found).map_err(|error| unreadable(meeting, &error))?;
    let snapshot: Room = serde_json::from_str(&snapshot).map_err(|error| unreadable(meeting, &error))?;
    let entries = entries.iter().map(|entry| serde_json::from_str(entry)).collect::<Result<Vec<_>, _>>();
    let entries = entries.map_err(|error| unreadable(meeting, &error))?;
    Ok(Some(Read { snapshot: snapshot.restored(Epoch(epoch.into())), top, mark, entries }))
}

/// A room as its log has it.
pub async fn look(shared: &Shared, meeting: &MeetingId) -> Result<Option<Room>, LogError> {
    let found = look_into(shared, meeting).await?;
    Ok(found.map(|(snapshot, entries)| fold(snapshot, &entries)))
}

/// A room's snapshot and the entries of its log.
pub async fn look_into(shared: &Shared, meeting: &MeetingId) -> Result<Option<(Room, Vec<Entry>)>, LogError> {
    let found = read(shared, meeting, For::Looking).await?;
    Ok(found.map(|Read { snapshot, entries, .. }| (snapshot, entries)))
}

/// Opens a room's log, and listens to it.
pub async fn open(
    shared: &Arc<Shared>,
    meeting: &MeetingId,
    create: bool,
) -> Result<Option<Opened>, LogError> {
    let ear = shared.feeds.listen(meeting).await?;
    let what_for = if create { For::Joining } else { For::Following };
    let Some(Read { snapshot, top, mark, entries }) = read(shared, meeting, what_for).await? else {
        return Ok(None);
    };
    ear.known.store(top, Ordering::Relaxed);
    let log = RedisLog {
        shared: shared.clone(),
        keys: Keys::of(meeting),
        meeting: meeting.clone(),
        epoch: snapshot.epoch().clone(),
        by: Incarnation::new(&shared.nodes.own, 0),
        life: 0,
        ear,
        known: top,
        mark,
    };
    Ok(Some(Opened { log: Box::new(log), snapshot, entries }))
}

/// What the append script says.
struct Said {
    outcome: String,
    missed: Vec<Entry>,
    /// The log's top and its mark, and when the own entries were appended.
    rest: Vec<String>,
}

impl Said {
    fn read(said: Vec<Value>) -> Result<Self, String> {
        let text = |value: Value| String::from_redis_value(value).map_err(|error| error.to_string());
        let mut said = said.into_iter();
        let outcome = said.next().map(text).transpose()?.unwrap_or_default();
        let missed = said.next().map(Vec::<String>::from_redis_value).transpose();
        let missed = missed.map_err(|error| error.to_string())?.unwrap_or_default();
        let missed = missed.iter().map(|entry| serde_json::from_str(entry)).collect::<Result<_, _>>();
        let missed = missed.map_err(|error| error.to_string())?;
        let rest = said.map(text).collect::<Result<_, _>>()?;
        Ok(Self { outcome, missed, rest })
    }
}

impl RedisLog {
    fn knows(&mut self, top: u64, mark: String) {
        (self.known, self.mark) = (top, mark);
        self.ear.known.store(top, Ordering::Relaxed);
    }

    async fn run(&mut self, facts: &[Proposed], guard: Option<u64>) -> Result<(Said, u64), LogError> {
        let turn = self.shared.turns.fetch_add(1, Ordering::Relaxed);
        let buried = facts.iter().find_map(|new| match &new.fact {
            Fact::Gone { node } => Some(node.as_str().to_owned()),
            _ => None,
        });
        let mut args = vec![
            self.epoch.0.to_string(),
            self.by.as_str().to_owned(),
            turn.to_string(),
            self.known.to_string(),
            self.mark.clone(),
            guard.map(|guard| guard.to_string()).unwrap_or_default(),
            buried.unwrap_or_default(),
            ttl(),
            ROOM_LOG_ENTRIES.to_string(),
            ROOM_LOG_BYTES.to_string(),
            self.keys.channel.clone(),
        ];
        for Proposed { fact, trace } in facts {
            let trace = trace.as_deref();
            args.push(if fact.rules() { "r" } else { "-" }.into());
            args.push(fact.once().map_or_else(String::new, |(user, id)| format!("{user} {id}")));
            args.push(fact.redacts().map_or_else(String::new, |message| message.to_string()));
            let json = serde_json::to_string(&Unnumbered { version: ENTRY_VERSION, trace, fact })
                .map_err(|error| unreadable(&self.meeting, &error))?;
            args.push(json[1..].to_owned());
        }
        let keys = [&*self.keys.meta, &self.keys.log, &self.keys.snapshot];
        let said: Vec<Value> = self.shared.link.run_script(&self.shared.scripts.append, &keys, &args).await?;
        let said = Said::read(said).map_err(|what| unreadable(&self.meeting, &what))?;
        match said.outcome.as_str() {
            "lost" | "behind" => return Err(LogError::Lost),
            "torn" => {
                self.turn_epoch().await?;
                return Err(LogError::Lost);
            }
            "stale" => return Err(LogError::Away),
            _ => {}
        }
        let (Some(top), Some(mark)) = (said.rest.first().and_then(|top| top.parse().ok()), said.rest.get(1))
        else {
            return Err(unreadable(&self.meeting, &"an answer without a top"));
        };
        self.knows(top, mark.clone());
        Ok((said, turn))
    }

    /// The log is not the one that was seen: a replica that had less of it has become the primary.
    async fn turn_epoch(&self) -> Result<(), LogError> {
        tracing::warn!(meeting = %self.meeting, "a room's log went back in time: Redis lost what it had acknowledged; the room goes on in a new epoch, and everybody in it is told what can't be recovered");
        let args = [&*self.epoch.0, &*Epoch::random().0];
        let done: Result<Value, Away> =
            self.shared.link.run_script(&self.shared.scripts.turn, &[&self.keys.meta], &args).await;
        done.map(drop).map_err(LogError::from)
    }

    /// What another node published; nothing when it is known already.
    fn hear(&mut self, word: &[u8]) -> Option<Heard> {
        let mut lines = std::str::from_utf8(word).ok()?.split('\n');
        let (_by, epoch) = (lines.next()?, lines.next()?);
        if epoch == PASSING {
            let Passing { but, event, data } = serde_json::from_str(lines.next()?).ok()?;
            return Some(Heard::Passing { but, event, data: Payload::from(data) });
        }
        let before: u64 = lines.next()?.parse().ok()?;
        if epoch != &*self.epoch.0 || before > self.known {
            return Some(Heard::Behind);
        }
        let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_str).collect();
        let Ok(mut entries) = entries else { return Some(Heard::Behind) };
        entries.retain(|entry| entry.seq > self.known);
        let last = entries.last()?;
        let (top, mark) = (last.seq, format!("{}:{}", last.by.as_str(), last.turn));
        self.knows(top, mark);
        Some(Heard::Entries(entries))
    }
}

#[async_trait]
impl RoomLog for RedisLog {
    fn by(&self) -> &Incarnation {
        &self.by
    }

    async fn append(
        &mut self,
        facts: Vec<Proposed>,
        guard: Option<u64>,
        _: Timestamp,
    ) -> Result<Appended, LogError> {
        let (said, turn) = self.run(&facts, guard).await?;
        match said.outcome.as_str() {
            "ok" => {
                let at = said.rest.get(2).and_then(|at| at.parse().ok()).unwrap_or_default();
                let first = self.known + 1 - facts.len() as u64;
                let entry = |(n, Proposed { fact, trace }): (u64, Proposed)| {
                    let by = self.by.clone();
                    Entry { seq: first + n, at, by, turn, version: ENTRY_VERSION, trace, fact }
                };
                Ok(Appended { before: said.missed, own: (0..).zip(facts).map(entry).collect() })
            }
            "guard" => Err(LogError::GuardLost(said.missed)),
            // Entries that came with a refusal are known now, and may not get lost: the caller takes them like a guard.
            _ if !said.missed.is_empty() => Err(LogError::GuardLost(said.missed)),
            "full" => Err(LogError::Full),
            _ => Err(LogError::Declared),
        }
    }

    async fn catch_up(&mut self) -> Result<Vec<Entry>, LogError> {
        let (said, _) = self.run(&[], None).await?;
        // One that was declared gone has missed that too, unless it knew.
        if said.outcome == "declared" && said.missed.is_empty() {
            Err(LogError::Declared)
        } else {
            Ok(said.missed)
        }
    }

    async fn heard(&mut self) -> Heard {
        loop {
            match self.ear.words.recv().await {
                Some(Word::Published(word)) => {
                    if let Some(heard) = self.hear(&word) {
                        return heard;
                    }
                }
                Some(Word::Check) => return Heard::Behind,
                Some(Word::NodeGone(node)) => return Heard::NodeGone(node),
                None => std::future::pending().await,
            }
        }
    }

    fn pass(&self, but: Option<&UserId>, event: &'static str, data: &Payload) {
        let Ok(data) = RawValue::from_string(data.get().to_owned()) else { return };
        let passing = Passing { but: but.cloned(), event: event.to_owned(), data };
        let Ok(json) = serde_json::to_string(&passing) else { return };
        let word = format!("{}\n{PASSING}\n{json}", self.by.as_str());
        self.shared.feeds.publish(&self.meeting, word.into_bytes());
    }

    async fn hand(&self, seat: &Seat, event: &'static str, data: &Payload) -> Result<(), LogError> {
        if !self.shared.link.is_up() {
            return Err(LogError::Away);
        }
        let letter = Letter::ForSocket {
            meeting: self.meeting.clone(),
            socket: seat.socket.clone(),
            event: event.to_owned(),
            data: data.get().to_owned(),
        };
        let node = seat.by.node().to_owned();
        Ok(self.shared.post.send(&[node], &letter).await?)
    }

    async fn renew(&mut self, snapshot: Room, keep_from: u64) -> Result<(), LogError> {
        let top = snapshot.top();
        let json = serde_json::to_string(&snapshot).map_err(|error| unreadable(&self.meeting, &error))?;
        let args = [&*self.epoch.0, &top.to_string(), &json, &keep_from.min(top).max(1).to_string(), &ttl()];
        let keys = [&*self.keys.meta, &self.keys.log, &self.keys.snapshot];
        let said: Vec<String> = self.shared.link.run_script(&self.shared.scripts.renew, &keys, &args).await?;
        if said.first().is_some_and(|said| said == "ok") { Ok(()) } else { Err(LogError::Lost) }
    }

    async fn remove(&mut self) -> Result<bool, LogError> {
        let args = [&*self.epoch.0, &self.known.to_string()];
        let keys = [&*self.keys.meta, &self.keys.log, &self.keys.snapshot];
        let gone: u8 = self.shared.link.run_script(&self.shared.scripts.remove, &keys, &args).await?;
        Ok(gone == 1)
    }

    fn begin_again(&mut self) {
        self.life += 1;
        self.by = Incarnation::new(&self.shared.nodes.own, self.life);
    }
}
