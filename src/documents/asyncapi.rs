//! Every event of the sockets, in both directions, with its ack and its refusals.

use std::collections::BTreeMap;

use plenum_contract::{
    ErrorBody, ErrorCode,
    described::{FROM_CLIENTS, FROM_SERVER, FromClient, FromServer, Shape},
    events::server,
};
use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{RefOr, Schema},
};

use super::{error_of, examples, finish_schemas};

const ABOUT: &str = "What sockets say, over socket.io (Engine.IO 4, namespace `/`, any client of version 3 or later), by polling, \
    WebSocket, or the first upgraded to the second. The handshake needs the session's cookie or a bearer. Each event of a client \
    may ask for an ack: `{ok: true, data}` or `{ok: false, error}`. Events of one socket take effect in the order they were sent. \
    Other routes are in `openapi.json`; [the guide](/docs/guide) tells what is promised, and how to come back after a cut.";

/// Everything that the document refers to.
#[derive(Default)]
struct Parts {
    schemas: BTreeMap<String, Value>,
    messages: Map<String, Value>,
    in_socket: Map<String, Value>,
    in_acks: Map<String, Value>,
    operations: Map<String, Value>,
}

/// The events of all services.
pub fn document() -> Value {
    let mut parts = Parts::default();
    parts.add_schema(ErrorBody::name().into_owned(), &ErrorBody::schema());
    let mut refers_to = Vec::new();
    ErrorBody::schemas(&mut refers_to);
    parts.add_schemas(refers_to);
    let given = examples();
    for event in FROM_CLIENTS {
        parts.client_sends(event, &given["events"]["client"][event.name]);
    }
    for event in FROM_SERVER {
        parts.server_sends(event, &given["events"]["server"][event.name]);
    }
    let mut schemas = json!(parts.schemas);
    finish_schemas(&mut schemas);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Plenum's sockets",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": { "here": {
            "host": "localhost:3000",
            "pathname": "/socket.io/",
            "protocol": "ws",
            "protocolVersion": "13",
            "description": "The server that this document came from",
            "security": [
                { "$ref": "#/components/securitySchemes/session" },
                { "$ref": "#/components/securitySchemes/bearer" },
            ],
        } },
        "channels": {
            "socket": {
                "address": "/",
                "title": "The namespace /",
                "description": "Events in both directions.",
                "servers": [{ "$ref": "#/servers/here" }],
                "messages": parts.in_socket,
                "bindings": { "ws": { "method": "GET", "query": {
                    "type": "object",
                    "required": ["EIO", "transport"],
                    "properties": {
                        "EIO": { "type": "string", "const": "4" },
                        "transport": { "type": "string", "enum": ["polling", "websocket"] },
                        "sid": { "type": "string", "description": "Of a connection that is open already" },
                    },
                } } },
            },
            "acks": {
                "address": null,
                "title": "Acks",
                "description": "What the server answers to an event that asked for an ack.",
                "messages": parts.in_acks,
            },
        },
        "operations": parts.operations,
        "components": {
            "messages": parts.messages,
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "httpApiKey", "in": "cookie", "name": "session",
                    "description": "The session's cookie." },
                "bearer": { "type": "http", "scheme": "bearer",
                    "description": "An access token, or a personal token with the scope `realtime`." },
            },
        },
    })
}

impl Parts {
    fn client_sends(&mut self, event: &FromClient, example: &Value) {
        let (id, ack) = (key("client", event.name), key("ack", event.name));
        let payload = self.payload(&event.payload);
        self.message(&id, event.name, event.summary, &payload, example.get("payload"));
        let data = self.payload(&event.ack);
        let answer = json!({ "oneOf": [
            { "title": "Done", "type": "object", "required": ["ok", "data"],
              "properties": { "ok": { "type": "boolean", "const": true }, "data": data } },
            { "title": "Refused", "type": "object", "required": ["ok", "error"],
              "properties": { "ok": { "type": "boolean", "const": false }, "error": error_of("ErrorBody", event.refusals) } },
        ] });
        let about = format!("The ack of `{}`", event.name);
        self.message(&ack, event.name, &about, &answer, example.get("ack"));
        for (channel, id) in [(&mut self.in_socket, &id), (&mut self.in_acks, &ack)] {
            channel.insert(id.clone(), json!({ "$ref": format!("#/components/messages/{id}") }));
        }
        let mut operation = json!({
            "action": "receive",
            "channel": { "$ref": "#/channels/socket" },
            "title": event.name,
            "summary": event.summary,
            "messages": [{ "$ref": format!("#/channels/socket/messages/{id}") }],
            "reply": {
                "channel": { "$ref": "#/channels/acks" },
                "messages": [{ "$ref": format!("#/channels/acks/messages/{ack}") }],
            },
        });
        operation["x-error-codes"] = json!(event.refusals);
        operation["x-refusal-without-ack"] = json!(event.told_without_ack.then_some(server::ERROR));
        self.operations.insert(id, operation);
    }

    fn server_sends(&mut self, event: &FromServer, example: &Value) {
        let id = key("server", event.name);
        let mut payload = self.payload(&event.payload);
        if event.name == server::ERROR {
            let mut codes: Vec<ErrorCode> = FROM_CLIENTS
                .iter()
                .filter(|asked| asked.told_without_ack)
                .flat_map(|asked| asked.refusals.iter().copied())
                .filter(|code| *code != ErrorCode::EmptyMessage)
                .collect();
            codes.sort_unstable_by_key(|code| code.as_str());
            codes.dedup();
            payload = error_of("SocketError", &codes);
        }
        self.message(&id, event.name, event.summary, &payload, Some(example).filter(|it| !it.is_null()));
        self.in_socket.insert(id.clone(), json!({ "$ref": format!("#/components/messages/{id}") }));
        self.operations.insert(
            id.clone(),
            json!({
                "action": "send",
                "channel": { "$ref": "#/channels/socket" },
                "title": event.name,
                "summary": event.summary,
                "messages": [{ "$ref": format!("#/channels/socket/messages/{id}") }],
            }),
        );
    }

    fn message(&mut self, id: &str, name: &str, summary: &str, payload: &Value, example: Option<&Value>) {
        let mut message = json!({ "name": name, "title": name, "summary": summary, "payload": payload });
        if let Some(example) = example {
            message["examples"] = json!([{ "payload": example }]);
        }
        self.messages.insert(id.to_owned(), message);
    }

    /// A reference to the schema, which is added with all that it refers to.
    fn payload(&mut self, shape: &Shape) -> Value {
        let name = (shape.name)().into_owned();
        let one = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.add_schema(name, &(shape.schema)());
        let mut refers_to = Vec::new();
        (shape.refers_to)(&mut refers_to);
        self.add_schemas(refers_to);
        if shape.many { json!({ "type": "array", "items": one }) } else { one }
    }

    fn add_schemas(&mut self, schemas: Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in schemas {
            self.add_schema(name, &schema);
        }
    }

    fn add_schema(&mut self, name: String, schema: &RefOr<Schema>) {
        self.schemas.insert(name, serde_json::to_value(schema).expect("a schema is JSON"));
    }
}

/// Names of parts may hold no colon.
fn key(side: &str, event: &str) -> String {
    format!("{side}.{}", event.replace(':', "-"))
}

#[test]
fn what_is_documented_for_clients_to_send_is_what_sockets_take() {
    let documented: Vec<_> = FROM_CLIENTS.iter().map(|event| (event.name, event.told_without_ack)).collect();
    assert_eq!(documented, chat_backend::socket::taken());
}
