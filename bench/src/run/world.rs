//! Accounts and meetings, made by the contract's own routes.

use std::{sync::Mutex, thread};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

use super::Failure;

/// Who meets where.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct World {
    /// A session's cookie for each user.
    pub cookies: Vec<String>,
    /// Ids of meetings that everybody may join.
    pub meetings: Vec<String>,
}

/// Requests under way at once: enough for two cores.
const AT_ONCE: usize = 4;
const PASSWORD: &str = "correct horse battery staple";

impl World {
    /// Registers and signs in so many users, and has the first one create so many meetings.
    pub fn make(url: &str, users: usize, meetings: usize) -> Result<Self, Failure> {
        let agent = agent();
        let cookies = in_parallel(users, |number| sign_up(&agent, url, number))?;
        let host = cookies.first().cloned().unwrap_or_default();
        let meetings = in_parallel(meetings, |number| create_meeting(&agent, url, &host, number))?;
        Ok(Self { cookies, meetings })
    }

    /// Whether a server has this world.
    pub fn is_at(&self, url: &str) -> bool {
        let (Some(cookie), Some(meeting)) = (self.cookies.last(), self.meetings.last()) else { return false };
        let asked = agent().get(format!("{url}/api/meetings/{meeting}")).header("Cookie", cookie).call();
        asked.is_ok_and(|answer| answer.status() == 200)
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().into()
}

fn sign_up(agent: &Agent, url: &str, number: usize) -> Result<String, Failure> {
    let account = json!({
        "email": format!("user{number}@bench.example"), "password": PASSWORD,
        "name": "Bench", "last_name": "User", "age": 30,
    });
    expect(201, agent.post(format!("{url}/api/auth/register")).send_json(&account)?)?;
    let answer = expect(200, agent.post(format!("{url}/api/auth/login")).send_json(&account)?)?;
    let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let session =
        cookies.filter_map(|cookie| cookie.split(';').next()).find(|cookie| cookie.starts_with("session="));
    session.map(str::to_owned).ok_or_else(|| Failure::Answer("login set no session".to_owned()))
}

fn create_meeting(agent: &Agent, url: &str, cookie: &str, number: usize) -> Result<String, Failure> {
    let meeting = json!({
        "title": format!("Room {number}"), "date": "2027-01-01", "time": "10:00", "maxParticipants": 1000,
    });
    let asked = agent.post(format!("{url}/api/meetings")).header("Cookie", cookie).send_json(&meeting)?;
    let body: Value = expect(201, asked)?.body_mut().read_json()?;
    let id = body["data"]["meetingId"].as_str();
    id.map(str::to_owned).ok_or_else(|| Failure::Answer(format!("no meeting in {body}")))
}

fn expect(status: u16, mut answer: Response<Body>) -> Result<Response<Body>, Failure> {
    if answer.status() == status {
        return Ok(answer);
    }
    let said = answer.body_mut().read_to_string().unwrap_or_default();
    Err(Failure::Answer(format!("{} rather than {status}: {said}", answer.status())))
}

/// The answers in order, or the first failure.
fn in_parallel<T: Send>(
    count: usize,
    one: impl Fn(usize) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let made = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                let (made, one) = (&made, &one);
                scope.spawn(move || {
                    for number in (worker..count).step_by(AT_ONCE) {
                        let answer = one(number)?;
                        made.lock().expect("no worker panics").push((number, answer));
                    }
                    Ok::<(), Failure>(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
    })?;
    let mut made = made.into_inner().expect("no worker panics");
    made.sort_by_key(|(number, _)| *number);
    Ok(made.into_iter().map(|(_, answer)| answer).collect())
}
