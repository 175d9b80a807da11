//! What the kernel still holds of what we wrote to a socket.
//!
//! One of two modules with unsafe code. The rule that cuts a slow reader counts the kernel's memory
//! too, and only `SIOCOUTQ` tells it: `TCP_USER_TIMEOUT` misses a reader that trickles, and without the
//! kernel's count a stalled reader of a quiet room (less than the 64 kB send buffer waiting) is never seen:
//! `tests/suites/slow-readers.test.js` fails without it. No safe wrapper of it exists in rustix, nix or socket2.

#![allow(unsafe_code)]

use std::os::fd::AsFd;

use rustix::ioctl::{Getter, ioctl};

/// `SIOCOUTQ` of `linux/sockios.h` (the same number as `TIOCOUTQ`).
const SIOCOUTQ: rustix::ioctl::Opcode = 0x5411;

/// Bytes that the peer has not acknowledged. Zero when the kernel can't tell.
pub fn unacknowledged(socket: impl AsFd) -> usize {
    // SAFETY: SIOCOUTQ takes a pointer to an int, writes that int and nothing else; the descriptor is open
    // for as long as `socket` is borrowed.
    let count = unsafe { ioctl(socket, Getter::<SIOCOUTQ, std::ffi::c_int>::new()) };
    count.ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
}
