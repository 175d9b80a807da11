//! The whole bench at toy size, against every peer: that it works, not how fast anything is.
//!
//! The servers' binaries must stand beside the bench's own: `cargo build --workspace` first.

use std::{collections::BTreeMap, error::Error, fs, path::Path, process::Command};

use serde_json::Value;

const SERVERS: [&str; 3] = ["plenum", "apart", "node"];
const ALL: [&str; 7] = ["plenum", "apart", "node", "floor", "floor-batch", "floor+hop", "floor-batch+hop"];

/// Who is measured, and what each sample must be like.
type Scenario = (&'static [&'static str], fn(&str, &Value));

fn scenarios() -> BTreeMap<&'static str, Scenario> {
    let mut scenarios: BTreeMap<_, Scenario> = BTreeMap::new();
    for name in ["f50", "o50", "f5", "o5", "f1", "o1"] {
        scenarios.insert(name, (&ALL, all_arrive));
    }
    for name in ["many-10", "many-100", "many-500", "many-2000"] {
        scenarios.insert(name, (&["plenum", "apart", "floor"], all_arrive));
    }
    for (name, peers) in [("idle5", &SERVERS[..]), ("idle15", &["plenum"])] {
        scenarios.insert(name, (peers, something_happened));
    }
    for (name, peers) in [("idle5-joined", &SERVERS[..]), ("idle15-joined", &["plenum"])] {
        scenarios.insert(name, (peers, something_happened));
    }
    scenarios.insert("storm", (&SERVERS, something_happened));
    scenarios.insert("http", (&SERVERS, something_happened));
    scenarios.insert("drops", (&SERVERS, drops_are_healed));
    scenarios
}

fn all_arrive(which: &str, outcome: &Value) {
    assert!(count(outcome, "expected") > 0, "{which} sent nothing");
    for fault in ["missing", "doubled", "disordered", "refused"] {
        assert_eq!(count(outcome, fault), 0, "{which}: {fault}");
    }
}

fn something_happened(which: &str, outcome: &Value) {
    assert!(count(outcome, "done") > 0, "{which} did nothing");
}

/// Except by the Node peer, which has no replay.
fn drops_are_healed(which: &str, outcome: &Value) {
    something_happened(which, outcome);
    assert_eq!(count(outcome, "doubled"), 0, "{which}");
    if !which.ends_with("node") {
        assert_eq!(count(outcome, "missing"), 0, "{which}");
        assert_eq!(count(outcome, "recovered"), count(outcome, "done"), "{which}");
    }
}

fn count(outcome: &Value, what: &str) -> u64 {
    outcome[what].as_u64().unwrap_or_else(|| panic!("no {what} in {outcome}"))
}

#[test]
fn the_short_form_measures_every_peer() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let node = root.join("node-peer");
    if !node.join("node_modules").exists() {
        let installed =
            Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&node).status()?;
        assert!(installed.success(), "npm ci failed in bench/node-peer");
    }
    let run = Command::new(env!("CARGO_BIN_EXE_plenum-bench")).args(["run", "--short"]).output()?;
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");

    let results = root.join("../target/bench/short");
    let record: Value = serde_json::from_slice(&fs::read(results.join("results.json"))?)?;
    let samples = record["samples"].as_array().ok_or("no samples")?;
    let document = fs::read_to_string(results.join("performance.md"))?;
    let scenarios = scenarios();
    assert_eq!(samples.len(), scenarios.values().map(|(peers, _)| peers.len()).sum::<usize>());
    for (scenario, (peers, check)) in scenarios {
        let section =
            document.split(&format!("## `{scenario}`")).nth(1).ok_or("a scenario is not in the report")?;
        let section = section.split("\n## ").next().unwrap_or_default();
        for peer in peers {
            let found =
                samples.iter().find(|sample| sample["scenario"] == scenario && sample["peer"] == *peer);
            let sample = found.ok_or_else(|| format!("no {scenario} of {peer}"))?;
            check(&format!("{scenario} of {peer}"), &sample["outcome"]);
            assert!(section.contains(&format!("\n| {peer} |")), "{scenario} of {peer} is not in the report");
        }
    }
    assert!(!document.contains("not measured"), "a row of the headline is empty");
    assert!(fs::read_to_string(results.join("performance.svg"))?.contains("</svg>"));
    Ok(())
}
