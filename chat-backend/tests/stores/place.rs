//! Where a test keeps its meetings: an empty store of its own.

use std::{path::PathBuf, sync::Arc};

use chat_backend::store::{
    Bounded, MeetingStore,
    firestore::{FirestoreConfig, FirestoreStore},
    sql::SqlStore,
};
use plenum_contract::MeetingId;
use plenum_service::{Env, database::Database};
use sea_orm::ConnectionTrait as _;

use crate::network::Network;

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    MySql,
    Firestore,
}

/// An empty store.
pub struct Place {
    pub kind: Kind,
    /// A file's folder, or a server's address as `host:port`.
    pub at: String,
    /// The name of the database or of the project.
    name: String,
    /// A server's own address, with which databases are made.
    server: Option<String>,
}

impl Place {
    /// An empty store of this kind. None, said aloud, when there is no such server here; in CI there must be.
    pub async fn on(kind: Kind) -> Option<Self> {
        let name = format!("plenum_{}", MeetingId::random().as_str().replace('-', ""));
        let (at, server) = match kind {
            Kind::Sqlite => (std::env::temp_dir().join(&name).display().to_string(), None),
            Kind::Postgres => sql_server("TEST_POSTGRES_URL", &name).await?,
            Kind::MySql => sql_server("TEST_MYSQL_URL", &name).await?,
            Kind::Firestore => (variable("TEST_FIRESTORE_EMULATOR_HOST")?, None),
        };
        Some(Self { kind, at, name, server })
    }

    /// Opens the store as a service does; every call is another service.
    pub async fn open(&self) -> Arc<dyn MeetingStore> {
        self.open_at(&self.at).await
    }

    /// Opens the store through a network that can fail.
    pub async fn open_through(&self, network: &Network) -> Arc<dyn MeetingStore> {
        self.open_at(&network.address).await
    }

    async fn open_at(&self, address: &str) -> Arc<dyn MeetingStore> {
        if self.kind == Kind::Firestore {
            let config = FirestoreConfig::emulator(&self.project(), address);
            return Arc::new(Bounded(FirestoreStore::new(&config).unwrap()));
        }
        Arc::new(Bounded(SqlStore::open(self.database_at(address).await).await.unwrap()))
    }

    /// The database, for who looks into it or writes to it as others do.
    pub async fn database(&self) -> Database {
        self.database_at(&self.at).await
    }

    async fn database_at(&self, address: &str) -> Database {
        let url = match &self.server {
            Some(server) => self.url(server).replace(&self.at, address),
            None => format!("sqlite://{address}/plenum.db"),
        };
        Database::open(&url).await.unwrap()
    }

    /// The project in Firestore.
    pub fn project(&self) -> String {
        self.name.replace('_', "-")
    }

    fn url(&self, server: &str) -> String {
        let (before, _) = server.rsplit_once('/').unwrap();
        format!("{before}/{}", self.name)
    }

    /// Leaves nothing behind.
    pub async fn remove(&self) {
        if let Some(server) = &self.server {
            let force = if self.kind == Kind::Postgres { " WITH (FORCE)" } else { "" };
            let drop = format!("DROP DATABASE {}{force}", self.name);
            Database::open(server).await.unwrap().write().execute_unprepared(&drop).await.unwrap();
        } else if self.kind == Kind::Sqlite {
            std::fs::remove_dir_all(PathBuf::from(&self.at)).unwrap();
        }
    }
}

/// The address of a server as `host:port`, and its URL, after making a database there.
async fn sql_server(name: &'static str, database: &str) -> Option<(String, Option<String>)> {
    let server = variable(name)?;
    let make = format!("CREATE DATABASE {database}");
    Database::open(&server).await.unwrap().write().execute_unprepared(&make).await.unwrap();
    let authority = server.split('/').nth(2).unwrap();
    let address = authority.rsplit('@').next().unwrap();
    Some((address.to_owned(), Some(server)))
}

fn variable(name: &'static str) -> Option<String> {
    let mut env = Env::process();
    let value = env.text(name);
    if value.is_none() {
        assert_ne!(env.text("CI").as_deref(), Some("true"), "in CI {name} must be set");
        println!("skipped: {name} is not set");
    }
    value
}
