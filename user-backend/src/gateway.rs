//! The way to the services behind: who calls is checked and stamped here, and nothing a client says in
//! Plenum's own name passes. The gateway knows where a service's paths begin and nothing of what they mean.

mod account_ends;
mod backend;
mod hop;
mod inside;
mod invited;
mod looks;
mod mount;
mod nodes;
mod path;
mod proxy;
mod remote;
mod route;
mod session_ends;
mod sids;
mod tunnel;

pub use self::{
    account_ends::AccountEnds,
    invited::Invited,
    mount::Mount,
    nodes::{KeepsItsRooms, Nodes},
    path::refuse_escapes,
    proxy::{Gateway, before},
    session_ends::TellBackends,
};
