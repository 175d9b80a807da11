//! Connections: accepting them, serving HTTP on them, knowing how far behind their readers are, and
//! cutting them.

mod address;
mod answers;
mod connection;
mod io;
mod kernel;
mod listen;
mod newcomers;
mod trace;
mod unfinished;
mod watch;

pub use address::bare_http;
pub use answers::{Answers, ask};
pub use connection::{Connection, CutReason, OnCut};
pub use io::ConnectionIo;
pub use listen::{Limits, announce, bind, serve};
pub use trace::{REQUEST_ID, Sent, trace};
pub use watch::Behind;
