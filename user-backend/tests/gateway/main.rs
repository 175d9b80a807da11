//! The gateway before several chat nodes: small servers of our own, over real sockets.

mod cluster;
mod drain;
mod node;
mod nodes;
mod sids;
mod world;
