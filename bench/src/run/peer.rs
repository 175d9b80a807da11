//! Those who are measured, and how each is started.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Failure,
    process::{Server, free_port},
    world::World,
};

/// One of those who are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Both services in one process.
    Plenum,
    /// user-backend and chat-backend.
    Apart,
    /// express, http-proxy and socket.io, in two processes.
    Node,
    /// The system calls alone, one write a delivery.
    Floor,
    /// The system calls alone, one write a socket in each round of the event loop.
    FloorBatch,
    /// The floor behind a dumb hop.
    FloorHop,
    /// The batching floor behind a dumb hop.
    FloorBatchHop,
}

impl Peer {
    /// All, in the order in which they take turns.
    pub const ALL: [Self; 7] = [
        Self::Plenum,
        Self::Apart,
        Self::Node,
        Self::Floor,
        Self::FloorBatch,
        Self::FloorHop,
        Self::FloorBatchHop,
    ];
    /// Those who are whole servers.
    pub const SERVERS: [Self; 3] = [Self::Plenum, Self::Apart, Self::Node];

    /// Its name in tables and arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plenum => "plenum",
            Self::Apart => "apart",
            Self::Node => "node",
            Self::Floor => "floor",
            Self::FloorBatch => "floor-batch",
            Self::FloorHop => "floor+hop",
            Self::FloorBatchHop => "floor-batch+hop",
        }
    }

    /// The peer of a name.
    pub fn named(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|peer| peer.name() == name).ok_or_else(|| format!("one of {}", known()))
    }
}

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder of the servers' binaries.
    pub binaries: PathBuf,
    /// The folder of the Node peer.
    pub node: PathBuf,
    /// A folder for what is made on the way.
    pub work: PathBuf,
    /// Users and meetings of the prepared world.
    pub world: (usize, usize),
    /// What our servers run under.
    pub under: Under,
}

/// What a server runs under, when it is counted rather than timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// Nothing.
    Nothing,
    /// strace, which writes every system call.
    Strace,
    /// valgrind's dhat, which counts allocations and instructions.
    Dhat,
}

/// A peer that runs, in a folder of its own.
pub struct Running {
    /// Its processes; clients reach the first one.
    pub servers: Vec<Server>,
    /// Its accounts and meetings.
    pub world: World,
    /// Its folder, until it is dropped.
    pub folder: PathBuf,
}

impl Running {
    /// Starts a peer that has at least so many users and meetings.
    pub fn start(peer: Peer, places: &Places, users: usize, meetings: usize) -> Result<Self, Failure> {
        let folder = places.work.join(format!("{}-{}", peer.name(), free_port()?));
        fs::create_dir_all(&folder)?;
        let mut running = Self { servers: Vec::new(), world: World::default(), folder };
        match peer {
            Peer::Plenum | Peer::Apart => {
                running.world = prepared_world(places)?;
                running.start_ours(peer, places)?;
            }
            Peer::Node => {
                running.start_node(places)?;
                running.world = World::make(&running.url(), users, meetings)?;
            }
            _ => {
                running.start_floor(peer)?;
                running.world = made_up_world(users, meetings);
            }
        }
        Ok(running)
    }

    /// Where clients reach it.
    pub fn address(&self) -> SocketAddr {
        self.servers[0].address
    }

    /// Ends its processes in order.
    pub fn end(&mut self) {
        self.servers.drain(..).for_each(Server::stop);
    }

    fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The gateway's process goes first: it is what clients reach.
    fn add(&mut self, name: &'static str, command: &mut Command, port: u16) -> Result<u16, Failure> {
        let server = Server::start(name, command, port, &self.folder)?;
        self.servers.insert(0, server);
        Ok(port)
    }

    fn start_ours(&mut self, peer: Peer, places: &Places) -> Result<(), Failure> {
        for file in ["user.db", "chat.db"] {
            copy_database(&places.work.join("world"), &self.folder, file)?;
        }
        if peer == Peer::Plenum {
            let port = free_port()?;
            self.add("plenum", &mut ours(places, "plenum", port, "user.db"), port)?;
            return Ok(());
        }
        let port = free_port()?;
        let chat = self.add("chat-backend", &mut ours(places, "chat-backend", port, "chat.db"), port)?;
        let port = free_port()?;
        let mut gateway = ours(places, "user-backend", port, "user.db");
        gateway.env("CHAT_BACKEND_URL", format!("http://127.0.0.1:{chat}"));
        self.add("user-backend", &mut gateway, port)?;
        Ok(())
    }

    fn start_node(&mut self, places: &Places) -> Result<(), Failure> {
        let script = |name: &str, port: u16| {
            let mut node = Command::new("node");
            node.arg(places.node.join(name)).env("PORT", port.to_string()).env("HOST", "127.0.0.1");
            node.env("NODE_ENV", "production").env("RATE_LIMIT_EVENTS_PER_SECOND", "1000000");
            node.env("MAX_MEETING_CAPACITY", "1000");
            node
        };
        let port = free_port()?;
        let chat = self.add("node-chat", &mut script("chat.js", port), port)?;
        let port = free_port()?;
        let mut gateway = script("gateway.js", port);
        gateway.env("CHAT_BACKEND_URL", format!("http://127.0.0.1:{chat}"));
        self.add("node-gateway", &mut gateway, port)?;
        Ok(())
    }

    fn start_floor(&mut self, peer: Peer) -> Result<(), Failure> {
        let own = env::current_exe()?;
        let port = free_port()?;
        let mut floor = Command::new(&own);
        floor.args(["floor", "--port", &port.to_string()]);
        if matches!(peer, Peer::FloorBatch | Peer::FloorBatchHop) {
            floor.arg("--batch");
        }
        let to = self.add("floor", &mut floor, port)?;
        if matches!(peer, Peer::FloorHop | Peer::FloorBatchHop) {
            let port = free_port()?;
            let ports = (port.to_string(), to.to_string());
            self.add("hop", Command::new(&own).args(["hop", "--port", &ports.0, "--to", &ports.1]), port)?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.servers.clear();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A binary of ours with every limit on, and none in the way.
fn ours(places: &Places, name: &str, port: u16, database: &str) -> Command {
    let binary = places.binaries.join(name);
    let mut command = match places.under {
        Under::Nothing => Command::new(&binary),
        Under::Strace => {
            let mut command = Command::new("strace");
            // -D: the server is our child, and strace its own.
            command.args([
                "-D",
                "-f",
                "-qq",
                "-s",
                "0",
                "-e",
                "signal=none",
                "-o",
                &format!("{name}.strace"),
            ]);
            command
        }
        Under::Dhat => {
            let mut command = Command::new("valgrind");
            command.args(["--tool=dhat", &format!("--dhat-out-file={name}.dhat")]);
            command
        }
    };
    if places.under != Under::Nothing {
        command.arg(binary);
    }
    command
        .env_clear()
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("DATABASE_URL", format!("sqlite://{database}"))
        .env("INTERNAL_SECRET", "the-bench-keeps-no-secret-from-anyone")
        .env("MAX_CONNECTIONS", "16000")
        .env("MAX_MEETING_CAPACITY", "1000")
        .env("RATE_LIMIT_EVENTS_PER_SECOND", "1000000")
        .env("RATE_LIMIT_AUTH_PER_MINUTE", "1000000")
        .env("RATE_LIMIT_API_PER_MINUTE", "100000000")
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "warn");
    command
}

/// The database that every start of ours is given a copy of. Passwords are hashed slowly, so it is made once and
/// kept, and made again when the server no longer knows it.
fn prepared_world(places: &Places) -> Result<World, Failure> {
    let folder = places.work.join("world");
    let list = folder.join("world.json");
    if let Ok(world) = fs::read(&list) {
        return Ok(serde_json::from_slice(&world)?);
    }
    let world = make_world(places, &folder)?;
    fs::write(list, serde_json::to_vec(&world)?)?;
    Ok(world)
}

fn make_world(places: &Places, folder: &Path) -> Result<World, Failure> {
    let (users, meetings) = places.world;
    println!("making {users} accounts and {meetings} meetings, once");
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    let port = free_port()?;
    let server = Server::start("plenum", &mut ours(places, "plenum", port, "world.db"), port, folder)?;
    let world = World::make(&format!("http://{}", server.address), users, meetings);
    server.stop();
    world
}

/// Forgets the prepared world when the server does not know it any more.
pub fn check_world(places: &Places) -> Result<(), Failure> {
    let running = Running::start(Peer::Plenum, places, places.world.0, places.world.1)?;
    if running.world.is_at(&running.url()) {
        return Ok(());
    }
    fs::remove_dir_all(places.work.join("world"))?;
    prepared_world(places).map(|_| ())
}

fn copy_database(from: &Path, to: &Path, name: &str) -> Result<(), Failure> {
    for end in ["", "-wal"] {
        let file = from.join(format!("world.db{end}"));
        if file.exists() {
            fs::copy(file, to.join(format!("{name}{end}")))?;
        }
    }
    Ok(())
}

/// The floor knows nobody: any names do.
fn made_up_world(users: usize, meetings: usize) -> World {
    World {
        cookies: vec!["session=none".to_owned(); users],
        meetings: (0..meetings).map(|number| format!("00000000-0000-4000-8000-{number:012}")).collect(),
    }
}
