//! `contract/openapi.json` and `contract/asyncapi.json`, made of the code: the services' handlers, the wire's types, its events,
//! and the examples that a running server gave (`contract/examples.json`); and `docs/metrics.md`, made of what is counted.

mod asyncapi;
mod errors;
mod metrics;
mod openapi;
mod routes;

use std::{fs, path::Path};

use plenum_contract::{ApiError, ErrorBody, ErrorCode, Locale, error::Problem};
use serde_json::{Value, json};

/// Set, the documents are written; otherwise they are compared.
const WRITE: &str = "WRITE_DOCUMENTS";
const EXAMPLES: &str = include_str!("../contract/examples.json");

fn examples() -> Value {
    serde_json::from_str(EXAMPLES).expect("the examples are JSON")
}

/// What a code is answered with, in English.
fn refusal(code: ErrorCode) -> Value {
    let n = match code {
        ErrorCode::WeakPassword => 6,
        ErrorCode::InvalidToken => 366,
        ErrorCode::TooManyTokens => 50,
        ErrorCode::InvalidCapacity => 1_000,
        _ => 10,
    };
    let body = ErrorBody::one(&Problem::new(code).with("n", n), Locale::En);
    serde_json::to_value(ApiError::from(body)).expect("a body is JSON")
}

/// An error whose code is one of these.
fn error_of(schema: &str, codes: &[ErrorCode]) -> Value {
    json!({ "allOf": [
        { "$ref": format!("#/components/schemas/{schema}") },
        { "type": "object", "properties": { "code": { "enum": codes } } },
    ] })
}

/// Descriptions come from the code's own, which link to items: readers of the documents know none.
fn plain(mut text: String) -> String {
    while let Some((before, rest)) = text.split_once("[`") {
        let Some((name, after)) = rest.split_once("`]") else { break };
        let after =
            after.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(after, |(_, rest)| rest);
        text = format!("{before}`{}`{after}", name.rsplit("::").next().unwrap_or(name));
    }
    text
}

/// What stands in every schema, whichever document it is in.
fn finish_schemas(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(description)) = object.get_mut("description") {
                *description = plain(std::mem::take(description)).replace('\n', " ");
            }
            // `example` is another version's word.
            let is_schema = object.contains_key("type") || object.contains_key("oneOf");
            if is_schema && let Some(example) = object.remove("example") {
                object.insert("examples".to_owned(), json!([example]));
            }
            object.values_mut().for_each(finish_schemas);
        }
        Value::Array(items) => items.iter_mut().for_each(finish_schemas),
        _ => {}
    }
}

/// Writes a document, or says whether it is as the code has it.
fn settle(name: &str, document: &Value) {
    let mut text = serde_json::to_string_pretty(document).expect("a document is JSON");
    text.push('\n');
    settle_text(&format!("contract/{name}"), &text);
}

fn settle_text(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os(WRITE).is_some() {
        return fs::write(&path, text).expect("the document can be written");
    }
    let stands = fs::read_to_string(&path).expect("the document is there");
    assert!(
        stands == text,
        "{name} is not what the code says; write it by\n  \
         {WRITE}=1 cargo test --workspace --bin plenum documents"
    );
}

#[test]
fn the_documents_are_current() {
    settle("openapi.json", &openapi::document());
    settle("asyncapi.json", &asyncapi::document());
    settle_text("docs/metrics.md", &metrics::page());
    settle_text("docs/errors.md", &errors::page());
}

#[test]
fn a_link_to_an_item_is_its_name() {
    let text = plain("As [`crate::ids::UserId`] or [`x`](y) says, [not this]".to_owned());
    assert_eq!(text, "As `UserId` or `x` says, [not this]");
}
