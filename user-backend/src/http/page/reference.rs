//! The reference as a page: what `openapi.json` and `asyncapi.json` say, whatever services it is about.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Write as _},
};

use pulldown_cmark::{Parser, html};
use serde_json::{Map, Value};

/// Methods in the order in which they are read.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The main part of the page. A document that is none gives a page without it.
pub fn of(openapi: &str, asyncapi: &str) -> String {
    let read = |text| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (operations, events) = (read(openapi), read(asyncapi));
    let schemas =
        [&operations, &events].into_iter().filter_map(|it| it["components"]["schemas"].as_object()).flatten();
    let reference = Reference { operations: &operations, events: &events, schemas: schemas.collect() };
    let mut page = String::new();
    // Text takes whatever is written to it.
    reference.write(&mut page).ok();
    page
}

struct Reference<'a> {
    operations: &'a Value,
    events: &'a Value,
    schemas: BTreeMap<&'a String, &'a Value>,
}

/// An operation with where it stands.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    says: &'a Value,
}

impl Reference<'_> {
    fn write(&self, page: &mut String) -> fmt::Result {
        page.push_str("<article class=\"reference\"><h1>API reference</h1>");
        page.push_str(&prose(text(&self.operations["info"], "description")));
        page.push_str(
            "<p class=\"actions\"><a class=\"button\" href=\"/docs/guide\">Read the guide</a>\
             <a class=\"button plain\" href=\"/openapi.json\">openapi.json</a>\
             <a class=\"button plain\" href=\"/asyncapi.json\">asyncapi.json</a></p>",
        );
        let groups = self.groups();
        page.push_str("<nav class=\"contents\" aria-label=\"Contents\"><ul>");
        for (name, about, _) in &groups {
            write!(
                page,
                "<li><a href=\"#{}\">{}</a> <span>{}</span></li>",
                id("group", name),
                esc(name),
                esc(about)
            )?;
        }
        page.push_str(
            "<li><a href=\"#from-clients\">What a client sends</a> <span>Events of a socket, and their acks</span></li>\
             <li><a href=\"#from-server\">What the server sends</a> <span>Events of a socket</span></li>\
             <li><a href=\"#schemas\">Schemas</a> <span>Everything that is sent and answered</span></li></ul></nav>",
        );
        for (name, about, operations) in &groups {
            write!(
                page,
                "<h2 id=\"{}\">{}</h2><p class=\"about\">{}</p>",
                id("group", name),
                esc(name),
                esc(about)
            )?;
            for operation in operations {
                self.operation(page, operation)?;
            }
        }
        page.push_str("<h2 id=\"from-clients\">What a client sends</h2>");
        page.push_str(&prose(text(&self.events["info"], "description")));
        for (key, operation) in self.events_of("receive") {
            self.event(page, key, operation)?;
        }
        page.push_str("<h2 id=\"from-server\">What the server sends</h2>");
        for (key, operation) in self.events_of("send") {
            self.event(page, key, operation)?;
        }
        page.push_str("<h2 id=\"schemas\">Schemas</h2>");
        for (name, schema) in &self.schemas {
            if is_envelope(schema) {
                continue;
            }
            write!(
                page,
                "<details><summary><code class=\"path\">{}</code><span>{}</span></summary><div id=\"{}\">",
                esc(name),
                inline(text(schema, "description")),
                id("schema", name)
            )?;
            self.shape(page, schema)?;
            page.push_str("</div></details>");
        }
        page.push_str("</article>");
        Ok(())
    }

    fn groups(&self) -> Vec<(&str, &str, Vec<Operation<'_>>)> {
        let tags = self.operations["tags"].as_array().into_iter().flatten();
        let all: Vec<Operation<'_>> = entries(&self.operations["paths"])
            .flat_map(|(path, item)| {
                METHODS
                    .into_iter()
                    .filter_map(move |method| Some(Operation { method, path, says: item.get(method)? }))
            })
            .collect();
        tags.map(|tag| {
            let name = text(tag, "name");
            let own = all.iter().filter(|operation| operation.says["tags"][0] == name);
            (name, text(tag, "description"), own.map(|it| Operation { ..*it }).collect())
        })
        .collect()
    }

    fn events_of(&self, action: &str) -> impl Iterator<Item = (&String, &Value)> {
        entries(&self.events["operations"]).filter(move |(_, operation)| operation["action"] == action)
    }

    fn operation(&self, page: &mut String, Operation { method, path, says }: &Operation<'_>) -> fmt::Result {
        write!(
            page,
            "<details class=\"operation\"><summary><span class=\"method {method}\">{}</span>\
             <code class=\"path\">{}</code><span>{}</span></summary><div id=\"{}\">",
            method.to_uppercase(),
            esc(path),
            inline(text(says, "summary")),
            id("operation", text(says, "operationId")),
        )?;
        page.push_str(&prose(text(says, "description")));
        let schemes: Vec<&str> = says["security"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(entries)
            .map(|(name, _)| name.as_str())
            .collect();
        let needs = match schemes.as_slice() {
            [] => "For anyone.",
            [one] if *one == "session" => "Needs the session's cookie; a bearer token is not enough.",
            _ => "Needs the session's cookie or a bearer token.",
        };
        write!(page, "<p class=\"needs\">{needs}</p>")?;
        Self::parameters(page, says)?;
        let sent = &says["requestBody"]["content"]["application/json"];
        if !sent.is_null() {
            page.push_str("<h4>Body</h4>");
            self.shape(page, &sent["schema"])?;
        }
        example(page, &format!("{} {}", method.to_uppercase(), filled(path, says)), &sent["example"])?;
        let answers = entries(&says["responses"]);
        let (well, refused): (Vec<_>, Vec<_>) =
            answers.partition(|(status, _)| status.starts_with(['2', '3']));
        for (status, response) in well {
            self.answer(page, status, response)?;
        }
        self.refusals(page, &refused)?;
        page.push_str("</div></details>");
        Ok(())
    }

    fn parameters(page: &mut String, says: &Value) -> fmt::Result {
        let Some(parameters) = says["parameters"].as_array().filter(|all| !all.is_empty()) else {
            return Ok(());
        };
        page.push_str("<h4>Parameters</h4><table><tr><th>name</th><th>in</th><th>type</th><th></th></tr>");
        for parameter in parameters {
            write!(
                page,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                esc(text(parameter, "name")),
                esc(text(parameter, "in")),
                Self::kind(&parameter["schema"]),
                inline(text(parameter, "description")),
            )?;
        }
        page.push_str("</table>");
        Ok(())
    }

    fn answer(&self, page: &mut String, status: &str, response: &Value) -> fmt::Result {
        write!(page, "<h4>Answer <code>{}</code></h4>", esc(status))?;
        for (kind, content) in entries(&response["content"]) {
            if kind != "application/json" {
                write!(page, "<p>{} as <code>{}</code>.</p>", esc(text(response, "description")), esc(kind))?;
                continue;
            }
            let schema = self.resolved(&content["schema"]);
            match schema["properties"].get("data").filter(|_| is_envelope(schema)) {
                Some(data) => write!(page, "<p><code>data</code> is {}.</p>", Self::kind(data))?,
                None if is_envelope(schema) && schema["properties"].get("message").is_some() => {
                    page.push_str("<p>A <code>message</code>, without <code>data</code>.</p>");
                }
                None => write!(page, "<p>{}.</p>", Self::kind(&content["schema"]))?,
            }
            if let Some(headers) = response["headers"].as_object() {
                for (name, header) in headers {
                    write!(
                        page,
                        "<p><code>{}</code>: {}.</p>",
                        esc(name),
                        inline(text(header, "description"))
                    )?;
                }
            }
            example(page, "", &content["example"])?;
        }
        Ok(())
    }

    fn refusals(&self, page: &mut String, refused: &[(&String, &Value)]) -> fmt::Result {
        let codes = refused.iter().flat_map(|(status, response)| {
            entries(&response["content"]["application/json"]["examples"])
                .map(move |(code, _)| (*status, code))
        });
        let codes: Vec<_> = codes.collect();
        if codes.is_empty() {
            return Ok(());
        }
        write!(page, "<details class=\"refusals\"><summary>Refusals ({})</summary>", codes.len())?;
        page.push_str("<table><tr><th>status</th><th>code</th><th>message</th></tr>");
        for (status, code) in codes {
            let said = &self.operations["components"]["examples"][code]["value"];
            write!(
                page,
                "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
                esc(status),
                esc(code),
                esc(text(said, "message"))
            )?;
        }
        page.push_str("</table></details>");
        Ok(())
    }

    fn event(&self, page: &mut String, key: &str, operation: &Value) -> fmt::Result {
        let message = &self.events["components"]["messages"][key];
        write!(
            page,
            "<details class=\"operation\"><summary><code class=\"path\">{}</code><span>{}</span></summary><div id=\"{}\">",
            esc(text(operation, "title")),
            inline(
                text(operation, "summary")
                    .split_inclusive(&['.', ':'][..])
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(['.', ':'])
            ),
            id("event", key),
        )?;
        page.push_str(&prose(text(operation, "summary")));
        page.push_str("<h4>Payload</h4>");
        self.shape(page, &message["payload"])?;
        example(page, "", &message["examples"][0]["payload"])?;
        let ack = operation["reply"]["messages"][0]["$ref"].as_str().and_then(|it| it.rsplit('/').next());
        if let Some(ack) = ack {
            let ack = &self.events["components"]["messages"][ack];
            write!(
                page,
                "<h4>Ack</h4><p><code>data</code> is {}.</p>",
                Self::kind(&ack["payload"]["oneOf"][0]["properties"]["data"])
            )?;
            example(page, "", &ack["examples"][0]["payload"])?;
            let codes = operation["x-error-codes"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let codes: Vec<_> = codes.map(|code| format!("<code>{}</code>", esc(code))).collect();
            write!(page, "<p>Refused with {}. ", codes.join(", "))?;
            page.push_str(if operation["x-refusal-without-ack"].is_null() {
                "Without an ack a refusal is not told.</p>"
            } else {
                "Without an ack, by an <code>error</code> event.</p>"
            });
        }
        page.push_str("</div></details>");
        Ok(())
    }

    /// The fields of an object, or what it is otherwise.
    fn shape(&self, page: &mut String, schema: &Value) -> fmt::Result {
        let named = schema.get("$ref").map(|_| Self::kind(schema));
        let schema = self.resolved(schema);
        let choices = ["oneOf", "anyOf"].into_iter().find_map(|word| schema[word].as_array());
        if let Some(choices) = choices {
            let real: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").collect();
            for (n, choice) in real.iter().enumerate() {
                if n > 0 {
                    page.push_str("<p>or</p>");
                }
                self.shape(page, choice)?;
            }
            return Ok(());
        }
        if let Some(all) = schema["allOf"].as_array() {
            return all.first().map_or(Ok(()), |first| self.shape(page, first));
        }
        let Some(properties) = schema["properties"].as_object().filter(|all| !all.is_empty()) else {
            return write!(page, "<p>{}</p>", named.unwrap_or_else(|| Self::kind(schema)));
        };
        if let Some(named) = named {
            write!(page, "<p>{named}</p>")?;
        }
        page.push_str("<table><tr><th>field</th><th>type</th><th></th></tr>");
        for (name, property, needed) in in_order(schema, properties) {
            let optional = if needed { "" } else { " <span class=\"optional\">optional</span>" };
            let about = inline(text(property, "description"));
            write!(
                page,
                "<tr><td><code>{}</code>{optional}</td><td>{}</td><td>{about}</td></tr>",
                esc(name),
                Self::kind(property)
            )?;
        }
        page.push_str("</table>");
        Ok(())
    }

    /// What a schema is, in few words.
    fn kind(schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()) {
            return format!("<a href=\"#{}\">{}</a>", id("schema", name), esc(name));
        }
        let choices = ["oneOf", "anyOf"].into_iter().find_map(|word| schema[word].as_array());
        if let Some(choices) = choices {
            return choices.iter().map(Self::kind).collect::<Vec<_>>().join(" or ");
        }
        if let Some(first) = schema["allOf"].as_array().and_then(|all| all.first()) {
            return Self::kind(first);
        }
        let allowed = schema["enum"].as_array().map(Vec::as_slice);
        if let Some(words) = allowed.or_else(|| schema.get("const").map(std::slice::from_ref)) {
            let words: Vec<_> =
                words.iter().map(|word| format!("<code>{}</code>", esc(&bare(word)))).collect();
            return words.join(" or ");
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let words = types.into_iter().map(|word| match (word, text(schema, "format")) {
            ("array", _) => format!("list of {}", Self::kind(&schema["items"])),
            ("string", "date-time") => "time".to_owned(),
            ("string", "date") => "day".to_owned(),
            ("string", "email") => "mail address".to_owned(),
            ("string", "password") => "secret text".to_owned(),
            ("string", _) => "text".to_owned(),
            ("boolean", _) => "true or false".to_owned(),
            ("integer", _) => "whole number".to_owned(),
            (other, _) => esc(other).to_string(),
        });
        let kind = words.collect::<Vec<_>>().join(" or ");
        let kind = if kind.is_empty() { "anything".to_owned() } else { kind };
        match (
            bound(schema, &["minLength", "minimum", "minItems"]),
            bound(schema, &["maxLength", "maximum", "maxItems"]),
        ) {
            (Some(least), Some(most)) => format!("{kind}, {least}–{most}"),
            (None, Some(most)) => format!("{kind}, {most} at most"),
            (Some(least), None) if least > 0 => format!("{kind}, {least} or more"),
            _ => kind,
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let name = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next());
        name.and_then(|name| self.schemas.get(&name.to_owned()).copied()).unwrap_or(schema)
    }
}

/// Whether a schema is what every answer is wrapped in.
fn is_envelope(schema: &Value) -> bool {
    let properties = &schema["properties"];
    let parts = properties.as_object().map_or(0, Map::len);
    let wrapped = ["success", "message", "data"].into_iter().filter(|name| properties.get(name).is_some());
    properties.get("success").is_some() && wrapped.count() == parts
}

/// Fields that must be there in the order in which they were written, then the others.
fn in_order<'s>(schema: &'s Value, properties: &'s Map<String, Value>) -> Vec<(&'s str, &'s Value, bool)> {
    let needed: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let first = needed.iter().filter_map(|name| Some((*name, properties.get(*name)?, true)));
    let others = properties.iter().filter(|(name, _)| !needed.contains(&name.as_str()));
    first.chain(others.map(|(name, property)| (name.as_str(), property, false))).collect()
}

/// A path with the examples of its parameters.
fn filled(path: &str, says: &Value) -> String {
    let mut path = path.to_owned();
    let mut before = '?';
    for parameter in says["parameters"].as_array().into_iter().flatten() {
        let (name, value) = (text(parameter, "name"), bare(&parameter["example"]));
        if parameter["in"] == "query" {
            // Of text that takes whatever is written to it.
            write!(path, "{before}{name}={value}").ok();
            before = '&';
        } else if !value.is_empty() {
            path = path.replace(&format!("{{{name}}}"), &value);
        }
    }
    path
}

fn example(page: &mut String, head: &str, value: &Value) -> fmt::Result {
    let body =
        if value.is_null() { String::new() } else { serde_json::to_string_pretty(value).unwrap_or_default() };
    let gap = if head.is_empty() || body.is_empty() { "" } else { "\n\n" };
    if head.is_empty() && body.is_empty() {
        return Ok(());
    }
    write!(page, "<pre>{}{gap}{}</pre>", esc(head), esc(&body))
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn bare(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn bound(schema: &Value, words: &[&str]) -> Option<u64> {
    words.iter().find_map(|word| schema[*word].as_f64()).filter(|it| *it >= 0.0).map(|it| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounds are small and whole"
        )]
        let whole = it as u64;
        whole
    })
}

fn id(kind: &str, name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    format!("{kind}-{}", name.chars().map(plain).collect::<String>())
}

/// Markdown in paragraphs.
fn prose(markdown: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new(markdown));
    out
}

/// Markdown within a line.
fn inline(markdown: &str) -> String {
    let html = prose(markdown);
    html.trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

/// Text as it stands in a page.
struct Escaped<'t>(&'t str);

fn esc(text: &(impl AsRef<str> + ?Sized)) -> Escaped<'_> {
    Escaped(text.as_ref())
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(operations: &Value) -> String {
        of(&operations.to_string(), "{}")
    }

    #[test]
    fn an_operation_is_shown_with_what_it_takes_answers_and_refuses() {
        let page = page(&json!({
            "tags": [{ "name": "Things" }],
            "paths": { "/things/{id}": { "put": {
                "tags": ["Things"], "operationId": "changeThing", "summary": "Changes a thing",
                "security": [{ "session": [] }],
                "parameters": [{ "name": "id", "in": "path", "schema": { "type": "string" }, "example": "t1" }],
                "requestBody": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Change" }, "example": { "name": "<b>" } } } },
                "responses": {
                    "200": { "content": { "application/json": { "schema": { "type": "object" }, "example": { "ok": true } } } },
                    "404": { "content": { "application/json": { "examples": { "gone": {} } } } } } } } },
            "components": {
                "schemas": { "Change": { "type": "object", "required": ["name"], "properties": {
                    "age": { "type": "integer", "minimum": 1, "maximum": 120 }, "name": { "type": "string" } } } },
                "examples": { "gone": { "value": { "message": "It is gone" } } } },
        }));
        for part in [
            "<span class=\"method put\">PUT</span><code class=\"path\">/things/{id}</code>",
            "Changes a thing",
            "a bearer token is not enough",
            "PUT /things/t1",
            "&lt;b&gt;",
            "whole number, 1–120",
            "<td>404</td><td><code>gone</code></td><td>It is gone</td>",
            "<code>age</code> <span class=\"optional\">",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("<b>"), "{page}");
    }

    #[test]
    fn what_is_no_document_gives_a_page_all_the_same() {
        assert!(of("", "nonsense").contains("API reference"));
    }
}
