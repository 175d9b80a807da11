//! WebSocket frames and socket.io packets, as far as load and floor need them.

use std::ops::Range;

use memchr::memmem;

/// Opcode of a text frame.
pub const TEXT: u8 = 1;
/// Opcode of a close frame.
pub const CLOSE: u8 = 8;
/// Begins the packet of every message, whoever sends it.
pub const MESSAGE: &[u8] = b"42[\"chat:message\"";

/// A frame's opcode and payload.
pub struct Frame<'a> {
    /// What it is.
    pub opcode: u8,
    /// What it says.
    pub payload: &'a [u8],
}

/// The first whole frame, and how many bytes it takes. A mask is skipped, not applied: ours is zero.
#[inline]
pub fn first_frame(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let &[opcode, size, ..] = bytes else { return None };
    let (size, masked) = (size & 0x7f, size & 0x80 != 0);
    let (length, start) = match size {
        126 => (usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?, 10),
        size => (usize::from(size), 2),
    };
    let start = if masked { start + 4 } else { start };
    let payload = bytes.get(start..start + length)?;
    Some((Frame { opcode: opcode & 0x0f, payload }, start + length))
}

/// A client's text frame.
pub fn client_frame(payload: &[u8]) -> Vec<u8> {
    frame(payload, 0x80, &[0; 4])
}

/// A server's text frame.
pub fn server_frame(payload: &[u8]) -> Vec<u8> {
    frame(payload, 0, &[])
}

fn frame(payload: &[u8], mask_bit: u8, mask: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | TEXT];
    match payload.len() {
        size @ 0..126 => frame.push(mask_bit | u8::try_from(size).unwrap_or(0)),
        size => {
            let size = u16::try_from(size).expect("the bench sends no frame past 64 kB");
            frame.push(mask_bit | 0x7e);
            frame.extend(size.to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload);
    frame
}

/// The request that opens a WebSocket with Engine.IO 4 on it.
pub fn upgrade(host: &str, cookie: &str) -> Vec<u8> {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Cookie: {cookie}\r\n\r\n"
    )
    .into_bytes()
}

/// A head's end, after its empty line.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// The digits that begin `bytes`.
#[inline]
pub fn digits(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(10))
        .fold(0, |number, digit| number * 10 + u64::from(digit))
}

/// Where the text of a JSON string field is, without escapes.
pub fn text_field(json: &[u8], name: &str) -> Option<Range<usize>> {
    let key = format!("\"{name}\":\"");
    let start = memmem::find(json, key.as_bytes())? + key.len();
    Some(start..start + memchr::memchr(b'"', &json[start..])?)
}

/// What every text of the bench carries, so that each delivery can be accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Whose message.
    pub voice: u32,
    /// Which of theirs, from 0.
    pub number: u32,
    /// When it was to be sent: microseconds since the generator began.
    pub scheduled: u32,
}

impl Mark {
    /// What precedes a mark; nothing else on the wire holds it.
    pub const SIGN: u8 = b'~';
    /// Bytes of a mark with its sign.
    pub const SIZE: usize = 25;

    /// As text.
    pub fn write(self, out: &mut [u8; Self::SIZE]) {
        out[0] = Self::SIGN;
        for (part, digits) in
            [self.voice, self.number, self.scheduled].into_iter().zip(out[1..].chunks_mut(8))
        {
            for (place, digit) in digits.iter_mut().enumerate() {
                *digit = b"0123456789abcdef"[(part >> (28 - 4 * place)) as usize & 15];
            }
        }
    }

    /// The first mark in `payload`, and where it ends.
    #[inline]
    pub fn find(payload: &[u8]) -> Option<(Self, usize)> {
        let at = memchr::memchr(Self::SIGN, payload)?;
        let text: &[u8; Self::SIZE] = payload[at..].first_chunk()?;
        let part = |from: usize| {
            text[from..from + 8].iter().fold(0, |number: u32, digit| {
                number << 4 | u32::from(if *digit > b'9' { digit - b'a' + 10 } else { digit - b'0' })
            })
        };
        Some((Self { voice: part(1), number: part(9), scheduled: part(17) }, at + Self::SIZE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_found_again() {
        for size in [0, 125, 126, 65_535] {
            let payload = vec![b'x'; size];
            for mut bytes in [client_frame(&payload), server_frame(&payload)] {
                let whole = bytes.len();
                assert!(first_frame(&bytes[..whole - 1]).is_none());
                bytes.extend(b"next");
                let (frame, taken) = first_frame(&bytes).expect("a whole frame");
                assert_eq!((frame.opcode, frame.payload, taken), (TEXT, &payload[..], whole));
            }
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = Mark { voice: 7, number: 0xdead_beef, scheduled: u32::MAX };
        let mut text = [0; Mark::SIZE];
        mark.write(&mut text);
        let payload = [b"before ".as_slice(), &text, b" after"].concat();
        assert_eq!(Mark::find(&payload), Some((mark, 7 + Mark::SIZE)));
        assert_eq!(Mark::find(b"none"), None);
    }
}
