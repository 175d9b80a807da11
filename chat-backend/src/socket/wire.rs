//! Packets of socket.io as they stand in a WebSocket: one unmasked text frame each.

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

/// Bytes that a frame's head takes at most.
const HEAD_MAX: usize = 10;

/// An event: Engine.IO's `4`, socket.io's `2`, and `[name, payload]`.
pub fn event(name: &str, payload: &str) -> Vec<u8> {
    debug_assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'));
    frame(&["42[\"", name, "\",", payload, "]"])
}

/// The answer to the event that asked for ack `id`.
pub fn ack(id: i64, payload: &str) -> Vec<u8> {
    let id = id.to_string();
    frame(&["43", &id, "[", payload, "]"])
}

fn frame(parts: &[&str]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(HEAD_MAX + length);
    let head = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    head.format(length as u64, &mut bytes).expect("memory takes what is written");
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_one_text_frame_whatever_its_length() {
        assert_eq!(event("typing:stop", "{}"), b"\x81\x1442[\"typing:stop\",{}]");
        assert_eq!(ack(7, "{\"ok\":true}"), b"\x81\x10437[{\"ok\":true}]");
        let long = format!("\"{}\"", "x".repeat(300));
        assert_eq!(event("e", &long)[..4], [0x81, 126, 1, 0x36]);
        let huge = format!("\"{}\"", "x".repeat(70_000));
        assert_eq!(event("e", &huge)[..6], [0x81, 127, 0, 0, 0, 0]);
    }
}
