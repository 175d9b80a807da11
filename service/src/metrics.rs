//! What is counted and timed in a process, and the listener from which Prometheus reads it.
//!
//! Each metric is a constant in a table that says what it means; a document is made of the tables. Without `METRICS_PORT` nothing is
//! kept, and counting costs next to nothing.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, http::header, response::IntoResponse, routing::get};
pub use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;

use crate::{
    Env, Lifecycle,
    net::{self, Behind, Limits},
    process::StartError,
};

/// Connections at once: Prometheus has one, and a person or two may look.
const CONNECTIONS: usize = 16;
/// Bytes of a request's head, and of an answer that waits for its reader.
const HEAD_MAX: usize = 8 * 1024;
const ANSWER_MAX: usize = 4 * 1024 * 1024;
/// How long a head may take, and a reader.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what was timed is gathered when nobody asks: until then each value is held by itself.
const GATHER_EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of what is timed, seconds.
const SECONDS: [f64; 14] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, from 0 at the process's start.
    Counter,
    /// It is what it is now.
    Gauge,
    /// How often something took how long, in seconds.
    Seconds,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What its values are told apart by.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

impl Metric {
    /// A counter without labels.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, labels: &[], help }
    }

    /// A gauge without labels.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, labels: &[], help }
    }

    /// Times without labels.
    #[must_use]
    pub const fn seconds(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Seconds, labels: &[], help }
    }

    /// The same, told apart by these.
    #[must_use]
    pub const fn by(mut self, labels: &'static [&'static str]) -> Self {
        self.labels = labels;
        self
    }

    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, n: u64) {
        metrics::counter!(self.name).increment(n);
    }

    /// One more of those with this label.
    pub fn count_of(&self, label: &'static str) {
        self.counter_of(label).increment(1);
    }

    /// It is this now.
    #[expect(clippy::cast_precision_loss, reason = "a count of things is far below 2^52")]
    pub fn is(&self, value: usize) {
        metrics::gauge!(self.name).set(value as f64);
    }

    /// It is this now for those with this label.
    #[expect(clippy::cast_precision_loss, reason = "a count of things is far below 2^52")]
    pub fn is_of(&self, label: &'static str, value: usize) {
        self.gauge_of(label).set(value as f64);
    }

    /// It took this long.
    pub fn took(&self, time: Duration) {
        metrics::histogram!(self.name).record(time);
    }

    /// The counter of those with this label, to keep where it is counted often.
    pub fn counter_of(&self, label: &'static str) -> Counter {
        metrics::counter!(self.name, &[(self.label(), label)])
    }

    /// The gauge of those with this label, to keep where it changes often.
    pub fn gauge_of(&self, label: &'static str) -> Gauge {
        metrics::gauge!(self.name, &[(self.label(), label)])
    }

    /// The times of those with this label, to keep where much is timed.
    pub fn times_of(&self, label: &'static str) -> Histogram {
        metrics::histogram!(self.name, &[(self.label(), label)])
    }

    fn label(&self) -> &'static str {
        debug_assert_eq!(self.labels.len(), 1, "{} has other labels", self.name);
        self.labels.first().copied().unwrap_or("of")
    }

    fn describe(&self) {
        match self.kind {
            Kind::Counter => metrics::describe_counter!(self.name, self.help),
            Kind::Gauge => metrics::describe_gauge!(self.name, self.help),
            Kind::Seconds => metrics::describe_histogram!(self.name, self.help),
        }
        // What has not happened yet is 0, not missing: an alert on its rise would miss the first.
        if self.kind == Kind::Counter && self.labels.is_empty() {
            metrics::counter!(self.name).increment(0);
        }
    }
}

/// What every process counts, whatever it serves.
pub mod of_process {
    use super::Metric;

    /// This release.
    pub const BUILD: Metric =
        Metric::gauge("plenum_build_info", "1; the release is in its label").by(&["version"]);
    /// Open connections.
    pub const CONNECTIONS: Metric = Metric::gauge(
        "plenum_connections",
        "TCP connections that are open, by listener: clients, gateways (of a chat node) or metrics",
    )
    .by(&["listener"]);
    /// How many there may be.
    pub const MOST: Metric = Metric::gauge(
        "plenum_connections_most",
        "Connections that a listener has at once at most; further ones wait to be accepted",
    )
    .by(&["listener"]);
    /// Accepted connections.
    pub const ACCEPTED: Metric =
        Metric::counter("plenum_connections_accepted_total", "TCP connections that were accepted")
            .by(&["listener"]);
    /// Those that could not be accepted.
    pub const NOT_ACCEPTED: Metric = Metric::counter(
        "plenum_connections_not_accepted_total",
        "Times that no connection could be accepted; most likely the limit of open files",
    );
    /// Those that were cut.
    pub const CUT: Metric =
        Metric::counter("plenum_connections_cut_total", "Connections that were cut from our side, by reason")
            .by(&["reason"]);
    /// Answered requests.
    pub const HTTP: Metric = Metric::seconds(
        "plenum_http_request_seconds",
        "HTTP requests, by the class of their status; a poll of socket.io may wait for its next event",
    )
    .by(&["status"]);
    /// Refusals.
    pub const REFUSED: Metric = Metric::counter(
        "plenum_http_refused_total",
        "HTTP requests that this process refused or failed, by the code in their answer",
    )
    .by(&["code"]);
    /// Statements.
    pub const SQL: Metric = Metric::seconds(
        "plenum_sql_seconds",
        "Statements that a SQL database was asked, by outcome: ok or failed",
    )
    .by(&["outcome"]);

    /// All of them.
    pub const ALL: &[Metric] = &[BUILD, CONNECTIONS, MOST, ACCEPTED, NOT_ACCEPTED, CUT, HTTP, REFUSED, SQL];
}

type Look = Box<dyn Fn() + Send + Sync>;

/// What is looked at when somebody reads.
static LOOKS: Mutex<Vec<Look>> = Mutex::new(Vec::new());

/// Calls this before each reading: for gauges of what is there anyway, so that nobody keeps a second count of it.
pub fn at_reading(look: impl Fn() + Send + Sync + 'static) {
    LOOKS.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(look));
}

/// Says what these metrics mean, to whoever reads them.
pub fn describe(metrics: &[Metric]) {
    metrics.iter().for_each(Metric::describe);
}

/// Where metrics are read.
#[derive(Debug, Clone, Copy)]
pub struct MetricsConfig {
    address: Option<SocketAddr>,
}

impl MetricsConfig {
    /// Reads `METRICS_PORT` and `METRICS_HOST`. Without a port there is no listener; 0 takes any free one.
    pub fn read(env: &mut Env) -> Self {
        let wanted = env.text("METRICS_PORT").is_some();
        let port = env.number("METRICS_PORT", 0_u16, 0, u16::MAX);
        let host = env.parse("METRICS_HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), "an IP address");
        Self { address: wanted.then_some(SocketAddr::new(host, port)) }
    }

    /// Begins to count, where somebody may read it. Before this nothing is kept.
    pub(crate) fn start(self, version: &'static str) -> Result<Option<Reading>, StartError> {
        let Some(address) = self.address else { return Ok(None) };
        let listener = net::bind(address, "METRICS_HOST and METRICS_PORT")?;
        let timed = Matcher::Suffix("_seconds".to_owned());
        let recorder = PrometheusBuilder::new().set_buckets_for_metric(timed, &SECONDS)?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)?;
        describe(of_process::ALL);
        of_process::BUILD.is_of(version, 1);
        let process = Collector::default();
        process.describe();
        Ok(Some(Reading { listener, handle, process }))
    }
}

/// A listener that is open, and what is read from it.
pub(crate) struct Reading {
    listener: tokio::net::TcpListener,
    handle: PrometheusHandle,
    process: Collector,
}

impl Reading {
    /// Serves `GET /metrics` until the process has stopped.
    pub(crate) fn serve(self, life: &Lifecycle) {
        let Self { listener, handle, process } = self;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(address = %format_args!("http://{address}/metrics"), "metrics are read here");
        }
        let (gathering, stopping) = (handle.clone(), life.clone());
        life.spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(GATHER_EVERY) => gathering.run_upkeep(),
                    () = stopping.stopping() => return,
                }
            }
        });
        let read = async move || {
            process.collect();
            LOOKS.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|look| look());
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
                .into_response()
        };
        let limits = Limits {
            name: "metrics",
            connections: CONNECTIONS,
            head_bytes: HEAD_MAX,
            head_time: PATIENCE,
            behind: Behind { bytes: ANSWER_MAX, age: PATIENCE },
            unfinished: ANSWER_MAX,
        };
        let routes = Router::new().route("/metrics", get(read));
        life.spawn(net::serve(listener, routes, limits, life.clone()));
    }
}
