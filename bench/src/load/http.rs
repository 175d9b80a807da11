//! GET of meetings over connections that stay open, each asking again when it is answered.

use std::io::{self, ErrorKind};

use hdrhistogram::Histogram;

use crate::{
    clock::{self, Nanos},
    load::{
        measure::{self, Window},
        plan::{Outcome, Plan},
    },
    sockets::{Driver, Sockets},
};

/// Headers that an answer may have.
const HEADERS: usize = 48;

struct Http {
    requests: Vec<Vec<u8>>,
    asked: Vec<Nanos>,
    window: Window,
    done: u64,
    latency: Histogram<u64>,
    failure: Option<io::Error>,
}

/// Runs it to its end.
pub fn run(plan: &Plan, connections: usize) -> io::Result<Outcome> {
    let before = measure::rss(&plan.servers);
    let requests = (0..connections).map(|connection| request(plan, connection)).collect();
    let mut sockets = Sockets::new(plan.address)?;
    let mut http = Http {
        requests,
        asked: vec![clock::now(); connections],
        window: Window::open(plan, clock::now()),
        done: 0,
        latency: measure::histogram(),
        failure: None,
    };
    for (connection, request) in http.requests.iter().enumerate() {
        sockets.connect(connection, request.clone())?;
    }
    sockets.run(&mut http)?;
    http.failure.map_or(Ok(()), Err)?;
    Ok(Outcome {
        usage: http.window.usage(),
        rss: before.into_iter().zip(measure::rss(&plan.servers)).collect(),
        done: http.done,
        latency: measure::latency(&http.latency),
        ..Outcome::default()
    })
}

fn request(plan: &Plan, connection: usize) -> Vec<u8> {
    let meeting = &plan.meetings[connection % plan.meetings.len()];
    let cookie = &plan.cookies[connection % plan.cookies.len()];
    let host = plan.address;
    format!("GET /api/meetings/{meeting} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").into_bytes()
}

/// Bytes of the answer that `bytes` begin with, once it is whole.
fn answer(bytes: &[u8]) -> io::Result<Option<usize>> {
    let bad = |what: &str| {
        let said = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        io::Error::other(format!("{what}: {said}"))
    };
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(bytes).map_err(|why| bad(&why.to_string()))?;
    let httparse::Status::Complete(end) = parsed else { return Ok(None) };
    if head.code != Some(200) {
        return Err(bad("no meeting"));
    }
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let whole = end + length.ok_or_else(|| bad("no length"))?;
    Ok((bytes.len() >= whole).then_some(whole))
}

impl Driver for Http {
    fn bytes(&mut self, sockets: &mut Sockets, connection: usize, at: Nanos, bytes: &[u8]) -> usize {
        match answer(bytes) {
            Ok(Some(whole)) => {
                if self.window.is_measured() {
                    self.done += 1;
                    let _ = self.latency.record((at - self.asked[connection]) / 1_000);
                }
                self.asked[connection] = at;
                sockets.send(connection, &self.requests[connection]);
                whole
            }
            Ok(None) => 0,
            Err(why) => {
                self.failure = Some(why);
                0
            }
        }
    }

    fn closed(&mut self, _: &mut Sockets, _: usize, why: io::Error) {
        let why = if why.kind() == ErrorKind::UnexpectedEof { io::Error::other("closed") } else { why };
        self.failure.get_or_insert(why);
    }

    fn due(&mut self, _: &mut Sockets, now: Nanos) -> Option<Nanos> {
        if self.failure.is_some() { None } else { self.window.turn(now) }
    }
}
