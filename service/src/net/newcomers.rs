//! A listener that takes no newcomers any more, so that it can close without breaking anybody off.
//!
//! When a listener closes, the kernel resets every connection that it has accepted and the process has not. However long
//! one takes them, one more may come in between. So its first packets are dropped before it closes: who sends one tries
//! again a second later, and finds the next process or a port that refuses.

use socket2::{SockFilter, SockRef};
use tokio::net::TcpListener;

/// The byte of a TCP header that holds its flags, and that of them which only a connection's very first packet lacks.
const FLAGS: u32 = 13;
const ACK: u32 = 0x10;

/// The kernel's packet filter in its classic form (`linux/filter.h`): load that byte; without the flag drop the packet,
/// else pass all of it.
const ONLY_THOSE_UNDER_WAY: [SockFilter; 4] = [
    SockFilter::new(0x30, 0, 0, FLAGS),
    SockFilter::new(0x45, 1, 0, ACK),
    SockFilter::new(0x06, 0, 0, 0),
    SockFilter::new(0x06, 0, 0, u32::MAX),
];

/// From now on nobody new is accepted; who has been, or is half-way, still is.
pub fn turn_away(listener: &TcpListener) {
    if let Err(error) = SockRef::from(listener).attach_filter(&ONLY_THOSE_UNDER_WAY) {
        tracing::debug!(%error, "newcomers can't be turned away; one may be broken off at the end");
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    #[tokio::test]
    async fn who_was_let_in_stays_and_nobody_else_comes_in() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut before = TcpStream::connect(address).await.unwrap();
        turn_away(&listener);
        let mut late = pin!(TcpStream::connect(address));
        assert!(tokio::time::timeout(Duration::from_millis(200), &mut late).await.is_err(), "nobody answers");
        let (mut accepted, _) = listener.accept().await.unwrap();
        drop(listener);
        before.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        accepted.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        // Its next try meets whoever listens then.
        let next = TcpListener::bind(address).await.unwrap();
        let (came, accepted) = tokio::join!(late, next.accept());
        assert_eq!(came.unwrap().local_addr().unwrap(), accepted.unwrap().1);
    }
}
