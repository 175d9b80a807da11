//! How the C library's allocator keeps memory.
//!
//! One of two modules with unsafe code. glibc gives threads arenas of their own, eight for each core, and what was freed in
//! one is of no use to another: under a thousand attackers on two cores memory grew by 106 and 110 MiB, with two arenas by 0 in
//! four runs and by 53 in one (`tests/faults/attackers.test.js`); after 5,000 connects at once 75 MiB stayed, now none. Nothing but `mallopt` tells it, unless every
//! operator set `MALLOC_ARENA_MAX`; jemalloc keeps as much as glibc does by itself, and more for each idle connection.

#![allow(unsafe_code)]

/// The fewest arenas: what few threads free is taken again by others, and two do not wait for each other.
const ARENAS_LEAST: usize = 2;

/// Keeps memory in as many arenas as there are threads that work all the time. To be said before there are threads.
pub fn keep_together(workers: usize) {
    let arenas = std::ffi::c_int::try_from(workers.max(ARENAS_LEAST)).unwrap_or(std::ffi::c_int::MAX);
    set_arenas(arenas);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set_arenas(arenas: std::ffi::c_int) {
    // SAFETY: mallopt takes two numbers, and is called before any other thread of this process begins.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, arenas) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn set_arenas(_: std::ffi::c_int) {}
