//! An SQLite database as a file: copied while it is used, and put back while it is not.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown},
    path::{Path, PathBuf},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbBackend, DbErr, Statement,
};

use super::{Database, DatabaseError, lock_file, sqlite_path};

/// Tables without which it is none of ours.
const OURS: [&str; 2] = ["user_backend_migrations", "users"];
/// Its owner alone reads it: password hashes are in it.
const PRIVATE: u32 = 0o600;

impl Database {
    /// Writes all of an SQLite database, as of one moment, into a new file, while others use it.
    pub async fn back_up(&self, to: &Path) -> Result<(), DatabaseError> {
        self.file().ok_or(DatabaseError::NoFile)?;
        if to.exists() {
            return Err(DatabaseError::Exists(to.to_owned()));
        }
        // Under another name until it is whole: who finds the name finds a backup.
        let part = beside(to, "part");
        let made = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&part);
        made.map_err(|error| DatabaseError::Folder(part.clone(), error))?;
        let copied = async {
            let statement = Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "VACUUM INTO ?",
                [part.to_string_lossy().into_owned().into()],
            );
            self.read.execute_raw(statement).await?;
            check(&part).await?;
            keep(&part, to).map_err(|error| DatabaseError::Folder(to.to_owned(), error))
        };
        let copied = copied.await;
        if copied.is_err() {
            fs::remove_file(&part).ok();
        }
        copied
    }

    /// Puts a backup in the place of the SQLite database at `url`, which nobody may use meanwhile. What was there is kept
    /// beside it; its path is returned.
    pub async fn restore(url: &str, from: &Path, mark: &str) -> Result<Option<PathBuf>, DatabaseError> {
        let path = sqlite_path(url).ok_or(DatabaseError::NoFile)?;
        let folder = |error| DatabaseError::Folder(path.clone(), error);
        check(from).await?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(folder)?;
        }
        // Two that restore at once would mix their files.
        let lock = File::create(lock_file(&path)).map_err(folder)?;
        lock.try_lock().map_err(|_| DatabaseError::InUse(path.clone()))?;
        // The long part first: then only renames are left, and whoever interrupts it leaves what there was.
        let part = beside(&path, "part");
        let placed = async {
            copy(from, &part).map_err(folder)?;
            let before = if let Ok(old) = fs::metadata(&path) {
                chown(&part, Some(old.uid()), Some(old.gid())).map_err(folder)?;
                alone(&path).await?;
                true
            } else {
                false
            };
            let kept = beside(&path, &format!("before-restore-{mark}"));
            replace(&path, &part, &kept)?;
            Ok(before.then_some(kept))
        };
        let placed = placed.await;
        if placed.is_err() {
            fs::remove_file(&part).ok();
        }
        placed
    }
}

/// Puts a file in the place of a database, which goes on under another name. At every moment there is one or the other; when it
/// fails, all is as it was.
fn replace(path: &Path, part: &Path, kept: &Path) -> Result<(), DatabaseError> {
    let folder = |error| DatabaseError::Folder(path.to_owned(), error);
    File::open(part).and_then(|part| part.sync_all()).map_err(folder)?;
    second_name(path, kept).map_err(folder)?;
    // A log that was left behind would be played into the restored file.
    let replaced = move_journals(path, kept).and_then(|()| fs::rename(part, path));
    replaced.map_err(|error| match move_journals(kept, path) {
        Ok(()) => {
            fs::remove_file(kept).ok();
            folder(error)
        }
        Err(_) => DatabaseError::Moved { path: path.to_owned(), kept: kept.to_owned(), error },
    })?;
    sync_folder(path).map_err(folder)
}

/// Gives a database, if there is one, a second name; a copy where the file system knows no second names.
fn second_name(path: &Path, kept: &Path) -> io::Result<()> {
    match fs::hard_link(path, kept) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::copy(path, kept).map(drop),
        Ok(()) => Ok(()),
    }
}

fn move_journals(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        match fs::rename(with_suffix(from, suffix), with_suffix(to, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a file is a whole database of ours.
async fn check(path: &Path) -> Result<(), DatabaseError> {
    let none = |why: String| DatabaseError::NoBackup(path.to_owned(), why);
    if !path.is_file() {
        return Err(none("there is no such file".into()));
    }
    let looked = async {
        let connection = open(path, "ro").await?;
        let whole = one_text(&connection, "PRAGMA integrity_check").await?;
        let mut tables = Vec::new();
        for table in OURS {
            let count = format!("SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{table}'");
            tables.push(one_text(&connection, &count).await?);
        }
        connection.close().await?;
        Ok::<_, DbErr>((whole, tables))
    };
    let (whole, tables) = looked.await.map_err(|error| none(error.to_string()))?;
    match whole.as_deref() {
        Some("ok") if tables.iter().all(Option::is_some) => Ok(()),
        Some("ok") => Err(none("it has no accounts".into())),
        other => Err(none(other.unwrap_or("it says nothing of itself").to_owned())),
    }
}

/// Fails while anybody else has it open, and leaves all of it in its one file. One that is damaged can't tell, and is nobody's.
async fn alone(path: &Path) -> Result<(), DatabaseError> {
    let asked = async {
        let connection = open(path, "rw").await?;
        let mode = one_text(&connection, "PRAGMA journal_mode = DELETE").await;
        connection.close().await?;
        mode
    };
    match asked.await {
        Ok(Some(mode)) if mode.eq_ignore_ascii_case("delete") => Ok(()),
        Err(error) if !error.to_string().contains("locked") => Ok(()),
        _ => Err(DatabaseError::InUse(path.to_owned())),
    }
}

async fn open(path: &Path, mode: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode={mode}", path.display()));
    options.max_connections(1).sqlx_logging(false);
    SeaOrm::connect(options).await
}

async fn one_text(connection: &DatabaseConnection, sql: &str) -> Result<Option<String>, DbErr> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(to)?;
    io::copy(&mut File::open(from)?, &mut written).map(drop)
}

/// Gives a file that is written its name, for good.
fn keep(part: &Path, to: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, to)?;
    sync_folder(to)
}

/// Names in a file's folder are there for good.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, mark: &str) -> PathBuf {
    with_suffix(path, &format!(".{mark}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::{env::temp_dir, time::Duration};

    use super::*;

    /// A folder of its own with these files, each of which holds its name; gone when it is dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[&str]) -> Self {
            let folder = Self(temp_dir().join(format!("plenum-{name}-{}", std::process::id())));
            fs::create_dir_all(&folder.0).unwrap();
            for file in files {
                fs::write(folder.0.join(file), file).unwrap();
            }
            folder
        }

        fn at(&self, file: &str) -> PathBuf {
            self.0.join(file)
        }

        /// Each file, and what it holds.
        fn holds(&self) -> Vec<(String, String)> {
            let files = fs::read_dir(&self.0).unwrap().map(|file| file.unwrap());
            let mut all: Vec<_> = files
                .map(|file| {
                    let name = file.file_name().into_string().unwrap();
                    (name, fs::read_to_string(file.path()).unwrap())
                })
                .collect();
            all.sort();
            all
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_database_is_replaced_and_goes_on_under_another_name_with_its_journals() {
        let folder = Folder::with("replaced", &["a.db", "a.db-wal", "a.db.part"]);
        replace(&folder.at("a.db"), &folder.at("a.db.part"), &folder.at("kept")).unwrap();
        let expected = [("a.db", "a.db.part"), ("kept", "a.db"), ("kept-wal", "a.db-wal")];
        assert_eq!(folder.holds(), pairs(&expected));
    }

    #[test]
    fn one_that_can_not_be_replaced_is_as_it_was() {
        let folder = Folder::with("unreplaced", &["a.db", "a.db-wal", "a.db-journal"]);
        let before = folder.holds();
        // A folder takes no file's name.
        let failed = replace(&folder.at("a.db"), &temp_dir(), &folder.at("kept"));
        assert!(matches!(failed, Err(DatabaseError::Folder(..))), "{failed:?}");
        assert_eq!(folder.holds(), before);
    }

    #[test]
    fn journals_that_can_not_be_moved_back_are_named() {
        let folder = Folder::with("stuck", &["a.db", "a.db.part", "kept-wal"]);
        // A folder stands where the journal was: what has moved can't be moved back.
        fs::create_dir(folder.at("a.db-wal")).unwrap();
        fs::write(folder.at("a.db-wal/file"), "").unwrap();
        let failed = replace(&folder.at("a.db"), &folder.at("a.db.part"), &folder.at("kept")).unwrap_err();
        let said = failed.to_string();
        assert!(matches!(failed, DatabaseError::Moved { .. }), "{said}");
        assert!(said.contains("kept-*") && said.contains("a.db-*"), "{said}");
        assert_eq!(fs::read_to_string(folder.at("a.db")).unwrap(), "a.db");
    }

    #[tokio::test]
    async fn nobody_opens_a_database_while_it_is_restored() {
        let folder = Folder::with("locked", &[]);
        let path = folder.at("a.db");
        let lock = File::create(lock_file(&path)).unwrap();
        lock.lock().unwrap();
        let url = format!("sqlite://{}", path.display());
        let mut opening = Box::pin(Database::open(&url));
        let early = tokio::time::timeout(Duration::from_millis(200), &mut opening).await;
        assert!(early.is_err() && !path.exists(), "it waits, and makes no file meanwhile");
        drop(lock);
        opening.await.unwrap().close().await.unwrap();
        assert!(path.exists());
    }
}
