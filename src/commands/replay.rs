//! `plenum replay`

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use chat_backend::rooms::{
    recording::Recording,
    replay::{Replay as Player, Step, Told},
};
use clap::Args;
use plenum_contract::UserId;
use serde_json::json;

use super::print;

/// Bytes of a recording, at most: a room's log holds one megabyte, and its snapshot is of that order.
const FILE_MAX: u64 = 64 * 1024 * 1024;

/// Play a room's recording again, without a server: what happened, and what each person saw of it.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Replay {
    /// What GET /api/admin/rooms/MEETING/recording answered
    file: PathBuf,
    /// Only what this person saw: an id, or the name that others see
    #[arg(long, value_name = "USER")]
    seen_by: Option<String>,
    /// One JSON object for each entry, with the payloads of all events
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Each entry of the room's log has a number, a time, and the node that wrote it; below it stands what was told of it, and to
whom. What is not in a log is not in it either: who was typing, reactions of the moment, signals between callers, and what a
client that came back had seen before. A reading is told by this release: take the one that the server had.

Try it:
  curl -H 'Authorization: Bearer TOKEN' https://meet.example.com/api/admin/rooms/MEETING/recording > room.json
  plenum replay room.json
  plenum replay room.json --seen-by 'Ana Prueba'";

impl Replay {
    /// Does it.
    pub fn run(&self) -> ExitCode {
        match self.play() {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                drop(writeln!(io::stderr(), "{}: {why}", self.file.display()));
                ExitCode::FAILURE
            }
        }
    }

    fn play(&self) -> Result<(), String> {
        let size = std::fs::metadata(&self.file).map_err(|error| error.to_string())?.len();
        if size > FILE_MAX {
            return Err(format!("it has {size} bytes, and no recording has more than {FILE_MAX}"));
        }
        let text = std::fs::read_to_string(&self.file).map_err(|error| error.to_string())?;
        let recording = Recording::parse(&text).map_err(|error| error.to_string())?;
        if !self.json {
            head(&recording);
        }
        let (mut player, entries) = Player::of(recording);
        let steps: Vec<Step> = entries.iter().filter_map(|entry| player.step(entry)).collect();
        let only = self.seen_by.as_deref().map(|who| find(&player, &steps, who)).transpose()?;
        for step in &steps {
            let told: Vec<&Told> = step
                .told
                .iter()
                .filter(|told| only.as_ref().is_none_or(|only| told.to.iter().any(|(_, user)| user == only)))
                .collect();
            if only.is_some() && told.is_empty() {
                continue;
            }
            let goes_on = if self.json { as_json(step, &told) } else { as_text(&player, step, &told) };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }
}

fn head(recording: &Recording) {
    let texts = if recording.texts { "with texts" } else { "texts redacted" };
    let span = match recording.span() {
        Some((first, last)) => format!("entries {first} to {last}"),
        None => "no entries since its snapshot".to_owned(),
    };
    print::line(&format!("The room of meeting {}", recording.meeting()));
    print::line(&format!("recorded {}, {span}, {texts}\n", recording.taken_at));
}

/// Whom an id or a name means, of those who are told of.
fn find(player: &Player, steps: &[Step], who: &str) -> Result<UserId, String> {
    let all: BTreeSet<&UserId> =
        steps.iter().flat_map(|step| &step.told).flat_map(|told| &told.to).map(|(_, user)| user).collect();
    let mut meant = all.iter().filter(|user| user.as_str() == who || player.name_of(user) == who);
    match (meant.next(), meant.next()) {
        (Some(user), None) => Ok((**user).clone()),
        (Some(_), Some(_)) => Err(format!("several people are called {who:?}; name one by id")),
        (None, _) => {
            let names: Vec<_> =
                all.iter().map(|user| format!("  {user}  {}", player.name_of(user))).collect();
            Err(format!("nobody in it is {who:?}; there are:\n{}", names.join("\n")))
        }
    }
}

fn as_text(player: &Player, step: &Step, told: &[&Told]) -> bool {
    let mut goes_on =
        print::line(&format!("{:>6}  {}  [{}]  {}", step.seq, step.time(), step.by.as_str(), step.what));
    for told in told {
        let people: BTreeSet<&str> = told.to.iter().map(|(_, user)| player.name_of(user)).collect();
        let people: Vec<&str> = people.into_iter().collect();
        goes_on &= print::line(&format!("        {} -> {}", told.event, people.join(", ")));
    }
    goes_on
}

fn as_json(step: &Step, told: &[&Told]) -> bool {
    let told: Vec<_> = told
        .iter()
        .map(|told| {
            let to: Vec<_> =
                told.to.iter().map(|(socket, user)| json!({ "socket": socket, "userId": user })).collect();
            json!({ "event": told.event, "data": told.data, "to": to })
        })
        .collect();
    let line = json!({ "seq": step.seq, "at": step.time(), "by": step.by, "what": step.what, "told": told });
    writeln!(io::stdout().lock(), "{line}").is_ok()
}
