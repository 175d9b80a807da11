//! Every operation of the gateway, as its handler tells it, with what all of them have in common.

use std::collections::{BTreeMap, BTreeSet};

use plenum_contract::{ApiError, ErrorCode, status};
use serde_json::{Map, Value, json};
use utoipa::{OpenApi as _, ToSchema as _, openapi::OpenApi};

use super::{examples, finish_schemas, plain, refusal};

/// The codes that an operation's own handler, or what it calls, may refuse with.
const CODES: &str = "x-error-codes";
/// Other paths of the same operation: `{operationId: path}`.
const ALSO: &str = "x-also";
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

const ABOUT: &str = "Accounts, sessions, tokens, meetings and the state of calls. What a socket says is in \
    `asyncapi.json`; [the guide](/docs/guide) tells the rest: what is promised, limits, every code.\n\n\
    A browser is known by the session's cookie, which login sets; an app or a script by `Authorization: Bearer`. Bodies are JSON \
    objects of 100 kB at most, and fields that are not named here are ignored. Requests that change something are refused when \
    they come with the `Origin` of a site that is neither in `CORS_ORIGIN` nor the server's own. Every answer has an \
    `X-Request-Id`, which the server's log names too. `message` is for people, in English or Spanish as `Accept-Language` asks; \
    `error.code` is for programs and never changes.";

/// Groups of operations, in the order in which they are read.
const TAGS: &[(&str, &str)] = &[
    ("Accounts", "Registering, signing in and out"),
    ("Profiles", "Oneself and others"),
    ("Sessions", "Where one is signed in"),
    ("Second factor", "Codes of an authenticator app"),
    ("Signing in elsewhere", "By providers of OAuth and OpenID Connect"),
    ("Tokens", "For apps and scripts, which hold no cookies"),
    ("Meetings", "Making, finding and changing them"),
    ("Chat", "What is said where"),
    ("Calls", "Audio and video"),
    ("Admin", "What an operator sees and does in a browser"),
    ("Process", "Whether it is up, and should get traffic"),
    ("Documents", "This reference"),
];

/// The operations of all services, merged.
pub fn document() -> Value {
    let services = chat_backend::http::Document::openapi();
    let behind: BTreeSet<String> = services.paths.paths.keys().cloned().collect();
    let mut all = user_backend::http::document::Document::openapi();
    all.merge(services);
    add_schemas(&mut all);
    let mut document = serde_json::to_value(all).expect("a document is JSON");
    document["info"] = json!({
        "title": "Plenum",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "The server that this document came from" }]);
    document["components"]["securitySchemes"] = json!({
        "session": { "type": "apiKey", "in": "cookie", "name": "session",
            "description": "Set by login. In production it comes as `__Host-session` too; either is read." },
        "bearer": { "type": "http", "scheme": "bearer",
            "description": "An access token of `POST /api/auth/token`, or a personal token. Never beside a cookie." },
    });
    name_data(document["components"]["schemas"].as_object_mut().expect("there are schemas"));
    finish_schemas(&mut document["components"]["schemas"]);
    let given = examples();
    let mut used = BTreeSet::new();
    let paths = document["paths"].as_object_mut().expect("there are paths");
    add_aliases(paths);
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().expect("a path has operations") {
            let operation = operation.as_object_mut().expect("an operation is an object");
            let is_behind = behind.iter().any(|known| known == path) || path.starts_with("/api/chat/");
            say(operation);
            make_files_binary(operation);
            used.extend(add_refusals(operation, method, path, is_behind));
            let id = operation["operationId"].as_str().expect("it has an id").to_owned();
            add_examples(operation, &given["operations"][&id]);
        }
    }
    let named: BTreeSet<&str> = paths.values().flat_map(tags_of).collect();
    let known: Vec<_> = TAGS.iter().filter(|(name, _)| named.contains(name)).collect();
    assert_eq!(known.len(), named.len(), "src/documents/openapi.rs has a group of {named:?} still to tell");
    let tags: Vec<_> =
        known.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect();
    document["tags"] = tags.into();
    document["components"]["examples"] =
        used.iter().map(|code| (code.as_str().to_owned(), json!({ "value": refusal(code.0) }))).collect();
    document
}

/// Every operation's method and path.
pub fn operations(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("there are paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = METHODS.iter().filter(move |method| item.get(**method).is_some());
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    each.collect()
}

fn tags_of(item: &Value) -> Vec<&str> {
    let operations = item.as_object().into_iter().flat_map(Map::values);
    operations.filter_map(|operation| operation["tags"][0].as_str()).collect()
}

fn add_schemas(all: &mut OpenApi) {
    let mut schemas = vec![(ApiError::name().into_owned(), <ApiError as utoipa::PartialSchema>::schema())];
    ApiError::schemas(&mut schemas);
    all.components.get_or_insert_default().schemas.extend(schemas);
}

/// What an answer holds has a schema of its own, which is named rather than written out again.
fn name_data(schemas: &mut Map<String, Value>) {
    let known: BTreeSet<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas.iter_mut() {
        let Some((_, data)) = name.split_once('_') else { continue };
        let (many, data) = data.strip_prefix("Vec_").map_or((false, data), |one| (true, one));
        if known.contains(data) {
            let one = json!({ "$ref": format!("#/components/schemas/{data}") });
            schema["properties"]["data"] = if many { json!({ "type": "array", "items": one }) } else { one };
        }
    }
}

fn add_aliases(paths: &mut Map<String, Value>) {
    let mut aliases = Vec::new();
    for item in paths.values_mut() {
        for (method, operation) in item.as_object_mut().expect("a path has operations") {
            let Some(Value::Object(also)) = operation.as_object_mut().and_then(|it| it.remove(ALSO)) else {
                continue;
            };
            for (id, path) in also {
                let mut alias = operation.clone();
                alias["operationId"] = id.into();
                let group = path.as_str().and_then(|path| path.strip_prefix("/api/chat/"));
                if group.is_some() {
                    alias["tags"] = json!(["Chat"]);
                }
                aliases.push((path.as_str().expect("a path").to_owned(), method.clone(), alias));
            }
        }
    }
    for (path, method, operation) in aliases {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    }
}

/// The first sentence of a handler's own words, after what it answers to, is the summary; the rest its description.
fn say(operation: &mut Map<String, Value>) {
    let mut text = |name: &str| operation.remove(name).and_then(|it| it.as_str().map(str::to_owned));
    let (summary, description) =
        (text("summary").unwrap_or_default(), text("description").unwrap_or_default());
    let whole = plain(format!("{summary} {description}")).split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = whole.split_once("`: ").map_or(whole.as_str(), |(_, rest)| rest);
    let (first, rest) = whole.split_once(". ").unwrap_or((whole, ""));
    let mut letters = first.trim_end_matches('.').chars();
    let capital = letters.next().into_iter().flat_map(char::to_uppercase);
    operation.insert("summary".into(), capital.chain(letters).collect::<String>().into());
    if !rest.is_empty() {
        operation.insert("description".into(), rest.into());
    }
}

/// What is no JSON, no form and no page is a file: of bytes, and not of a list of numbers.
fn make_files_binary(operation: &mut Map<String, Value>) {
    let mut contents: Vec<&mut Value> = Vec::new();
    for (part, value) in operation.iter_mut() {
        match part.as_str() {
            "requestBody" => contents.push(value),
            "responses" => contents.extend(value.as_object_mut().into_iter().flat_map(Map::values_mut)),
            _ => {}
        }
    }
    for holder in contents {
        let kinds = holder.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten();
        for (_, content) in kinds.filter(|(kind, _)| kind.starts_with("image/")) {
            content["schema"] = json!({ "type": "string", "format": "binary" });
        }
    }
}

/// The codes of every operation like this one, whatever its handler does.
fn common(operation: &Map<String, Value>, method: &str, path: &str, behind: bool) -> Vec<ErrorCode> {
    let session = operation.get("security").is_some_and(|it| it != &json!([]));
    let in_query = |parameter: &Value| parameter["in"] == "query";
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let mut codes = vec![ErrorCode::Internal];
    if path.starts_with("/api/") {
        codes.extend([
            ErrorCode::BodyTooLarge,
            ErrorCode::UnsupportedMediaType,
            ErrorCode::RateLimited,
            ErrorCode::StoreUnavailable,
        ]);
    }
    if session {
        codes.extend([ErrorCode::NoSession, ErrorCode::InvalidSession, ErrorCode::InvalidBearer]);
        // A guest's session opens the one meeting.
        if !matches!(path, "/api/me" | "/api/auth/logout") {
            codes.push(ErrorCode::Forbidden);
        }
    }
    if session || behind {
        codes.extend([ErrorCode::TwoCredentials, ErrorCode::InsufficientScope]);
        // A trusted issuer's token signs somebody in with whatever they ask first.
        codes.extend([
            ErrorCode::AccountDisabled,
            ErrorCode::OauthAddressUnverified,
            ErrorCode::OauthAddressTaken,
            ErrorCode::ProviderLinked,
            ErrorCode::Busy,
        ]);
        let own = method == "get" && matches!(path, "/api/me" | "/api/users/profile");
        if !own && path != "/api/auth/logout" && !path.starts_with("/api/auth/second-factor") {
            codes.push(ErrorCode::SecondFactorSetupRequired);
        }
    }
    if behind {
        codes.extend([ErrorCode::BackendUnavailable, ErrorCode::BackendTimeout]);
    }
    let takes = operation.get("requestBody").map(|body| &body["content"]);
    if takes.is_some_and(|kinds| kinds.get("application/json").is_some()) {
        codes.push(ErrorCode::InvalidJson);
    }
    if method != "get" {
        codes.push(ErrorCode::ForeignOrigin);
    }
    if path.contains('{') {
        codes.extend([ErrorCode::InvalidPath, ErrorCode::NotFound, ErrorCode::UriTooLong]);
    }
    if parameters.is_some_and(|all| all.iter().any(in_query)) {
        codes.push(ErrorCode::UriTooLong);
    }
    codes
}

/// One answer for each status that the codes have; says which codes there are.
fn add_refusals(
    operation: &mut Map<String, Value>,
    method: &str,
    path: &str,
    behind: bool,
) -> BTreeSet<Sorted> {
    let mut codes: BTreeSet<Sorted> =
        common(operation, method, path, behind).into_iter().map(Sorted).collect();
    codes.extend(flat(&operation.remove(CODES).unwrap_or_default()).into_iter().map(Sorted));
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for Sorted(code) in &codes {
        by_status.entry(status::of(*code).as_u16()).or_default().push(*code);
    }
    let responses = operation["responses"].as_object_mut().expect("there are responses");
    for (status, response) in responses.iter_mut() {
        let words = match status.as_str() {
            "200" => "Done",
            "201" => "Made",
            _ => "Another answer",
        };
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = words.into();
        }
    }
    for (status, codes) in by_status {
        let said = codes.iter().map(|code| {
            let words = refusal(*code)["message"].as_str().unwrap_or_default().to_owned();
            format!("`{}`: {words}", code.as_str())
        });
        let reference = |code: &ErrorCode| {
            let example = json!({ "$ref": format!("#/components/examples/{}", code.as_str()) });
            (code.as_str().to_owned(), example)
        };
        let mut response = json!({
            "description": said.collect::<Vec<_>>().join("\n\n"),
            "content": { "application/json": {
                "schema": { "allOf": [
                    { "$ref": "#/components/schemas/ApiError" },
                    { "type": "object", "properties": {
                        "error": { "type": "object", "properties": { "code": { "enum": codes } } } } },
                ] },
                "examples": codes.iter().map(reference).collect::<Map<_, _>>(),
            } },
        });
        if matches!(status, 429 | 503) {
            response["headers"] = json!({ "Retry-After": {
                "description": "Seconds after which to try again",
                "required": true,
                "schema": { "type": "integer", "minimum": 0 },
            } });
        }
        match responses.get_mut(&status.to_string()) {
            // It may be answered by what is no failure, too.
            Some(own) => {
                let json = &mut own["content"]["application/json"];
                let either =
                    [json["schema"].take(), response["content"]["application/json"]["schema"].take()];
                json["schema"] = json!({ "anyOf": either });
            }
            None => {
                responses.insert(status.to_string(), response);
            }
        }
    }
    codes
}

fn flat(codes: &Value) -> Vec<ErrorCode> {
    match codes {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        code => vec![serde_json::from_value(code.clone()).expect("it is a code")],
    }
}

fn add_examples(operation: &mut Map<String, Value>, example: &Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        if let Some(value) = example["parameters"].get(name) {
            parameter["example"] = value.clone();
        }
    }
    let json = "application/json";
    if let (Some(body), Some(sent)) = (operation.get_mut("requestBody"), example.get("body")) {
        body["content"][json]["example"] = sent.clone();
    }
    let (Some(status), Some(answer)) = (example["status"].as_u64(), example.get("answer")) else { return };
    let id = operation["operationId"].clone();
    let response = operation["responses"].get_mut(status.to_string());
    let response = response.unwrap_or_else(|| panic!("{id} answers {status}, which it does not document"));
    response["content"][json]["example"] = answer.clone();
}

/// A code in the order of its name, so that the documents don't change with the order in the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sorted(ErrorCode);

impl Sorted {
    const fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

impl std::ops::Deref for Sorted {
    type Target = ErrorCode;
    fn deref(&self) -> &ErrorCode {
        &self.0
    }
}

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[test]
fn every_operation_has_an_example_that_a_server_answered() {
    let document = document();
    let given = examples();
    let paths = document["paths"].as_object().unwrap();
    let ids: BTreeSet<&str> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let shown: BTreeSet<&str> = given["operations"].as_object().unwrap().keys().map(String::as_str).collect();
    let lacking: Vec<_> = ids.difference(&shown).collect();
    assert!(
        lacking.is_empty(),
        "without an example: {lacking:?}; add a step to tests/harness/examples.mjs and run\n  \
         WRITE_EXAMPLES=1 node --test suites/openapi.test.js (in tests/)"
    );
    let unknown: Vec<_> = shown.difference(&ids).collect();
    assert!(unknown.is_empty(), "examples of no operation: {unknown:?}");
    assert_eq!(ids.len(), operations(&document).len(), "every operation has an id of its own");
}
