//! How the C library's allocator keeps memory.
//!
//! One of two modules with unsafe code. By itself glibc keeps what was freed in two ways that an operator pays for:
//! - Threads get arenas of their own, eight for each core, and what was freed in one is of no use to another: after 5,000
//!   connects at once 75 MiB stayed, with two arenas none.
//! - Large blocks come from arenas too once one such was freed: after twenty registrations, each of which hashes with
//!   19 MiB, 419 MiB stayed; when they are always mapped by themselves, 1.
//!
//! What is free between what is not stays too, until it is asked for ([`give_back`]).
//!
//! Nothing but `mallopt` tells it, unless every operator set its variables; jemalloc keeps as much as glibc does by itself,
//! and more for each idle connection.

#![allow(unsafe_code)]

/// The fewest arenas: what few threads free is taken again by others, and two do not wait for each other.
const ARENAS_LEAST: usize = 2;

/// Bytes from which an allocation is mapped by itself, and unmapped when it is freed. By itself glibc raises this to the
/// largest that was ever freed, and keeps for good what a few password hashes took.
const MAPPED_FROM: std::ffi::c_int = 256 * 1024;
/// Free bytes at an arena's end past which they go back to the kernel.
const KEPT_FREE: std::ffi::c_int = 1024 * 1024;

/// Keeps memory in as many arenas as there are threads that work all the time. To be said before there are threads.
pub fn keep_together(workers: usize) {
    let arenas = std::ffi::c_int::try_from(workers.max(ARENAS_LEAST)).unwrap_or(std::ffi::c_int::MAX);
    tell_allocator(arenas);
}

/// Gives back to the kernel what is free between what is not: after many have gone at once, much is. Takes a moment, in which
/// others may wait for memory.
pub fn give_back() {
    trim();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    // SAFETY: malloc_trim takes a number, and may be called by any thread at any time.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn tell_allocator(arenas: std::ffi::c_int) {
    // SAFETY: mallopt takes two numbers, and is called before any other thread of this process begins.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, arenas);
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_FREE);
    };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn tell_allocator(_: std::ffi::c_int) {}
