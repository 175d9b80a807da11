//! A SQL database: SQLite, PostgreSQL or MySQL (MariaDB), with bounded waits.

mod file;

use std::{
    fs::File,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::metrics::of_process;

/// How long a caller waits for a connection of the pool.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long SQLite waits for another process's write.
const BUSY: Duration = Duration::from_secs(2);
/// How long a start waits for another process's migrations.
const MIGRATION_LOCK: Duration = Duration::from_secs(60);
/// Connections of a pool; for SQLite, those that read.
const CONNECTIONS: u32 = 8;
/// The advisory lock of PostgreSQL under which migrations run: "plen" in ASCII.
const POSTGRES_LOCK: i64 = 0x706c_656e;

/// A database that is open. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
    watch: Option<Watch>,
    url: String,
}

/// What a database was at one time. Equal to another only when nothing was committed in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    connection: u64,
    changes: i32,
}

/// A connection that never writes and so sees everybody's writes as changes. Its numbers mean nothing to another
/// connection, so those are counted.
#[derive(Debug, Clone)]
struct Watch {
    connection: DatabaseConnection,
    opened: Arc<AtomicU64>,
}

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The address is not one we can use.
    #[error("DATABASE_URL must begin with sqlite://, postgres:// or mysql://")]
    Scheme,
    /// The folder of an SQLite file, or a file in it, can't be made or locked.
    #[error("{0} can't be made or locked: {1}; give DATABASE_URL a path this user may write to")]
    Folder(PathBuf, std::io::Error),
    /// Another process holds the migration lock.
    #[error(
        "another process has been migrating or restoring this database for too long; see whether it hangs"
    )]
    Locked,
    /// Only SQLite is a file.
    #[error(
        "only an SQLite database is backed up and restored here; use the tools of PostgreSQL or MySQL (pg_dump, mysqldump)"
    )]
    NoFile,
    /// The file is there, and would be overwritten.
    #[error("{0} is there already; name a file that is not")]
    Exists(PathBuf),
    /// What was to be restored is no backup.
    #[error("{0} is no whole backup of Plenum: {1}")]
    NoBackup(PathBuf, String),
    /// A server has the database open.
    #[error("{0} is in use; stop Plenum first")]
    InUse(PathBuf),
    /// A restore failed at its end, and what it had moved can't be moved back.
    #[error(
        "{path} is not restored: {error}. It is as it was, but for its journals, which stand beside it now: before Plenum starts \
         again, rename each {kept}-* back to {path}-*"
    )]
    Moved {
        /// The database.
        path: PathBuf,
        /// What its journals' names begin with.
        kept: PathBuf,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The database said no.
    #[error("the database can't be used: {0}; check DATABASE_URL and that the server runs")]
    Database(#[from] DbErr),
}

impl Database {
    /// Opens a database. An SQLite file and its folder are made when absent.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let mut options = ConnectOptions::new(url);
        options.sqlx_logging(false).acquire_timeout(ACQUIRE).connect_timeout(ACQUIRE);
        let Some(path) = sqlite_path(url) else {
            if !["postgres://", "postgresql://", "mysql://", "mariadb://"].iter().any(|s| url.starts_with(s))
            {
                return Err(DatabaseError::Scheme);
            }
            options.max_connections(CONNECTIONS);
            let mut pool = SeaOrm::connect(options).await?;
            time_statements(&mut pool);
            return Ok(Self { read: pool.clone(), write: pool, watch: None, url: url.to_owned() });
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| DatabaseError::Folder(path.clone(), error))?;
        }
        // Whoever restores a backup holds it too: what is opened here is not about to be replaced.
        let lock = hold(&path).await?;
        options.map_sqlx_sqlite_opts(|sqlite| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true)
                .busy_timeout(BUSY)
        });
        // A file does not go away as a server does: asking the connection first would double each query's cost.
        options.test_before_acquire(false);
        // One writer a process: writers would only wait for each other inside SQLite, where they can't queue.
        let mut write =
            SeaOrm::connect(without_broken_transactions(options.clone()).max_connections(1).to_owned())
                .await?;
        let watch = Watch::open(options.clone()).await?;
        let mut read = SeaOrm::connect(options.max_connections(CONNECTIONS).to_owned()).await?;
        time_statements(&mut write);
        time_statements(&mut read);
        drop(lock);
        Ok(Self { read, write, watch: Some(watch), url: url.to_owned() })
    }

    /// For statements that change nothing.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single statements that change something.
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// A transaction that writes. In SQLite it takes the write lock at once: one that turned into a writer
    /// half-way would be refused without waiting.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.write.begin_with_options(options).await
    }

    /// Runs migrations while no other process does.
    pub async fn migrate<F>(&self, migrate: impl FnOnce(DatabaseConnection) -> F) -> Result<(), DatabaseError>
    where
        F: Future<Output = Result<(), DbErr>>,
    {
        let work = migrate(self.write.clone());
        match self.write.get_database_backend() {
            DbBackend::Sqlite => self.migrate_sqlite(work).await,
            backend => self.migrate_server(backend, work).await,
        }
    }

    async fn migrate_sqlite(
        &self,
        work: impl Future<Output = Result<(), DbErr>>,
    ) -> Result<(), DatabaseError> {
        let Some(path) = sqlite_path(&self.url) else {
            return Ok(work.await?); // in memory: nobody else can see it
        };
        let lock = hold(&path).await?;
        let done = work.await;
        drop(lock);
        Ok(done?)
    }

    async fn migrate_server(
        &self,
        backend: DbBackend,
        work: impl Future<Output = Result<(), DbErr>>,
    ) -> Result<(), DatabaseError> {
        // A session's lock lives on its connection, so that connection is one of its own.
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1).sqlx_logging(false).connect_timeout(ACQUIRE);
        let holder = SeaOrm::connect(options).await?;
        let take = match backend {
            DbBackend::MySql => format!("SELECT GET_LOCK('plenum_migration', {})", MIGRATION_LOCK.as_secs()),
            _ => format!("SELECT pg_advisory_lock({POSTGRES_LOCK})"),
        };
        let taken =
            tokio::time::timeout(MIGRATION_LOCK, holder.query_one_raw(Statement::from_string(backend, take)))
                .await
                .map_err(|_| DatabaseError::Locked)??;
        if backend == DbBackend::MySql {
            let got = taken.and_then(|row| row.try_get_by_index::<Option<i64>>(0).ok().flatten());
            if got != Some(1) {
                return Err(DatabaseError::Locked);
            }
        }
        let done = work.await;
        holder.close().await?; // which gives the lock back
        Ok(done?)
    }

    /// The file of an SQLite database; none of another, or of one in memory.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        sqlite_path(&self.url)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    /// What the database is now; none when it can't tell, which only SQLite can.
    pub async fn version(&self) -> Result<Option<Version>, DbErr> {
        match &self.watch {
            Some(watch) => watch.version().await,
            None => Ok(None),
        }
    }

    /// Closes all connections; SQLite tidies its files.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        if let Some(watch) = self.watch {
            watch.connection.close().await?;
        }
        self.write.close().await
    }
}

impl Watch {
    async fn open(mut options: ConnectOptions) -> Result<Self, DbErr> {
        let opened = Arc::new(AtomicU64::new(0));
        let count = opened.clone();
        options.max_connections(1).idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_pool_opts(
            move |pool| {
                let count = count.clone();
                pool.after_connect(move |_, _| {
                    count.fetch_add(1, Ordering::SeqCst);
                    Box::pin(async { Ok(()) })
                })
            },
        );
        Ok(Self { connection: SeaOrm::connect(options).await?, opened })
    }

    async fn version(&self) -> Result<Option<Version>, DbErr> {
        let connection = self.opened.load(Ordering::SeqCst);
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA data_version");
        let row = self.connection.query_one_raw(statement).await?;
        let changes = row.map(|row| row.try_get_by_index(0)).transpose()?;
        let same = self.opened.load(Ordering::SeqCst) == connection;
        Ok(changes.filter(|_| same).map(|changes| Version { connection, changes }))
    }
}

/// A connection whose transaction did not end is closed. When a commit finds the disk full, SQLite rolls it back by
/// itself, the rollback after it fails, and the driver goes on as if it were inside: whatever is written on that
/// connection later would seem to be taken, and never be committed.
fn without_broken_transactions(mut options: ConnectOptions) -> ConnectOptions {
    use sea_orm::sqlx::Connection as _;
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    connection.ping().await?; // behind the rollback that is under way
                }
                Ok(!connection.is_in_transaction())
            })
        })
    });
    options
}

/// Times what is asked on these connections.
fn time_statements(connections: &mut DatabaseConnection) {
    let ok = of_process::SQL.times_of("ok");
    let failed = of_process::SQL.times_of("failed");
    connections.set_metric_callback(move |asked| {
        if asked.failed { &failed } else { &ok }.record(asked.elapsed);
    });
}

/// The file whose lock whoever opens, migrates or restores this SQLite file holds meanwhile.
fn lock_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".migration-lock");
    name.into()
}

/// Waits for that lock.
async fn hold(path: &Path) -> Result<File, DatabaseError> {
    let path = lock_file(path);
    let lock = File::create(&path).map_err(|error| DatabaseError::Folder(path.clone(), error))?;
    let held = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
    let lock = tokio::time::timeout(MIGRATION_LOCK, held).await.map_err(|_| DatabaseError::Locked)?;
    let lock = lock.map_err(std::io::Error::other).flatten();
    lock.map_err(|error| DatabaseError::Folder(path, error))
}

/// The file of an `sqlite://` address; none for another database, or one in memory.
fn sqlite_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}
