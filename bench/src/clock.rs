//! The monotonic clock, and a timer that wakes by the microsecond where `epoll_wait` knows milliseconds only.

use std::{io, os::fd::OwnedFd};

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};

/// Nanoseconds of the monotonic clock.
pub type Nanos = u64;

/// Nanoseconds of a second.
pub const SECOND: Nanos = 1_000_000_000;
/// Nanoseconds of a millisecond.
pub const MILLISECOND: Nanos = 1_000_000;

/// The time now.
pub fn now() -> Nanos {
    nanos(clock_gettime(ClockId::Monotonic))
}

/// CPU time that this process has used.
pub fn own_cpu() -> Nanos {
    nanos(clock_gettime(ClockId::ProcessCPUTime))
}

/// A duration in seconds, as nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "durations are short and positive"
)]
pub fn seconds(duration: f64) -> Nanos {
    (duration * 1e9) as Nanos
}

/// A duration in nanoseconds, as seconds.
#[expect(clippy::cast_precision_loss, reason = "durations are short")]
pub fn as_seconds(duration: Nanos) -> f64 {
    duration as f64 / 1e9
}

fn nanos(time: Timespec) -> Nanos {
    let unsigned = |part: i64| u64::try_from(part).unwrap_or(0);
    unsigned(time.tv_sec) * SECOND + unsigned(time.tv_nsec)
}

/// A timer for an event loop; its descriptor becomes readable when it is due.
pub struct Timer {
    /// What to register.
    pub descriptor: OwnedFd,
    due: Nanos,
}

impl Timer {
    /// One that is not set.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Self { descriptor: timerfd_create(TimerfdClockId::Monotonic, flags)?, due: 0 })
    }

    /// Sets it; setting it to the same time again costs nothing.
    pub fn set(&mut self, due: Nanos) -> io::Result<()> {
        if self.due == due {
            return Ok(());
        }
        self.due = due;
        let part = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: part(due / SECOND), tv_nsec: part(due % SECOND) },
        };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::ABSTIME, &spec)?;
        Ok(())
    }
}
