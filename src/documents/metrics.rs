//! `docs/metrics.md`, made of the tables in the code; and that whoever reads metrics reads some that are there.

use std::{fmt::Write as _, fs, path::Path};

use plenum_service::metrics::{Kind, Metric, of_process};

fn tables() -> [(&'static str, &'static [Metric]); 3] {
    [
        ("Every process", of_process::ALL),
        ("Gateways (`plenum`, `user-backend`)", user_backend::metrics::ALL),
        ("Chat nodes (`plenum`, `chat-backend`)", chat_backend::metrics::ALL),
    ]
}

const HEAD: &str = "\
# Metrics

With `METRICS_PORT` set, each process answers `GET /metrics` on `METRICS_HOST` (127.0.0.1) in Prometheus' format; without it nothing is
counted. [`deploy/prometheus`](../deploy/prometheus) has a configuration, alert rules and their tests, [`deploy/grafana`](../deploy/grafana)
a dashboard, and [runbook.md](runbook.md) says what to do at each alert. The listener asks nobody who they are: keep it where only
Prometheus reaches it. No label names a person, a meeting or an address.

Times are histograms in seconds from 0.5 ms to 10 s. Beside these there are `process_*` (memory, processor time, open files, start).
This page is made of the code.
";

/// The page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for (title, metrics) in tables() {
        writeln!(page, "\n## {title}\n\n| Metric | | By | |\n|---|---|---|---|").expect("a string takes all");
        for Metric { name, kind, labels, help } in metrics {
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Seconds => "seconds",
            };
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            writeln!(page, "| `{name}` | {kind} | {} | {help} |", labels.join(", "))
                .expect("a string takes all");
        }
    }
    page
}

/// Every name in a text that could be one of our metrics'.
fn names(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'))
        .filter(|word| word.starts_with("plenum_"))
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the file is there")
}

#[test]
fn the_dashboard_and_the_alerts_read_metrics_that_are_there_and_the_dashboard_all_of_them() {
    let all: Vec<&Metric> = tables().iter().flat_map(|(_, metrics)| *metrics).collect();
    let is_one = |name: &str| {
        all.iter().any(|metric| match metric.kind {
            Kind::Seconds => {
                name.strip_prefix(metric.name).is_some_and(|end| matches!(end, "_bucket" | "_sum" | "_count"))
            }
            _ => name == metric.name,
        })
    };
    let (rules, dashboard) = (read("deploy/prometheus/rules.yml"), read("deploy/grafana/plenum.json"));
    for name in names(&rules).into_iter().chain(names(&dashboard)) {
        assert!(is_one(name), "{name} is read and never counted");
    }
    for metric in &all {
        assert!(
            names(&dashboard).iter().any(|name| name.starts_with(metric.name)),
            "nobody sees {}",
            metric.name
        );
    }
}

#[test]
fn each_alert_has_a_paragraph_in_the_runbook_and_a_test() {
    let (rules, tests) = (read("deploy/prometheus/rules.yml"), read("deploy/prometheus/rules.test.yml"));
    let runbook = read("docs/runbook.md");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    for alert in &alerts {
        assert!(runbook.contains(&format!("\n### {alert}\n")), "{alert} has no paragraph");
        assert!(rules.contains(&format!("runbook: docs/runbook.md#{}\n", alert.to_lowercase())), "{alert}");
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test");
    }
    let told: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(told, alerts, "the runbook tells of the alerts, in their order");
}

#[test]
fn a_metric_is_named_as_prometheus_asks() {
    for Metric { name, kind, help, .. } in tables().iter().flat_map(|(_, metrics)| *metrics) {
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert_eq!(name.ends_with("_seconds"), *kind == Kind::Seconds, "{name}");
        assert!(!help.is_empty() && !help.contains('|') && !help.ends_with('.'), "{name}: {help}");
    }
}
