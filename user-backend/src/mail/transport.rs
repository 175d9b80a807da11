//! Where mails go: to a mail server, or into a folder where there is none.

use std::path::{Path, PathBuf};

use lettre::Message;
use plenum_service::clock;

use super::{
    Kind,
    smtp::{NotSent, Smtp},
};

/// Files that are kept in the folder; the oldest are removed past it.
pub const FILES_MAX: usize = 200;

/// Where mails go.
#[derive(Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(Smtp),
    /// A folder, a file for each.
    Folder(PathBuf),
}

impl Transport {
    /// Whether mails reach people.
    #[must_use]
    pub const fn reaches_people(&self) -> bool {
        matches!(self, Self::Smtp(_))
    }

    /// Sends a mail.
    pub async fn send(&self, kind: Kind, id: &str, message: &Message) -> Result<(), NotSent> {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => {
                let name = format!("{}-{}-{id}.eml", clock::now().as_millisecond(), kind.as_str());
                let (folder, path, bytes) = (folder.clone(), folder.join(name), message.formatted());
                let file = path.display().to_string();
                let written = tokio::task::spawn_blocking(move || {
                    write(&path, &bytes)?;
                    keep_few(&folder)
                });
                let written = written.await.map_err(std::io::Error::other).flatten();
                written.map_err(|error| NotSent::Server(format!("{file} can't be written: {error}")))?;
                tracing::info!(file, kind = kind.as_str(), "without SMTP_URL a mail is written to a file");
                Ok(())
            }
        }
    }

    /// Closes what is not needed any more.
    pub fn tidy(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.tidy();
        }
    }
}

/// Only this user may read it: it holds a code.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{
        fs::{DirBuilder, OpenOptions},
        io::Write as _,
        os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    };
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

/// Removes the oldest past [`FILES_MAX`]: names begin with the time.
fn keep_few(folder: &Path) -> std::io::Result<()> {
    let mails = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut mails: Vec<PathBuf> =
        mails.filter(|path| path.extension().is_some_and(|ending| ending == "eml")).collect();
    mails.sort();
    for old in mails.iter().rev().skip(FILES_MAX) {
        match std::fs::remove_file(old) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_are_for_this_user_alone_and_the_oldest_go() {
        let folder = std::env::temp_dir().join(format!("plenum-outbox-{}", uuid::Uuid::new_v4()));
        let name = |n: usize| folder.join(format!("{n:04}-reset.eml"));
        for n in 0..FILES_MAX + 3 {
            write(&name(n), b"a mail").unwrap();
        }
        std::fs::write(folder.join("kept.txt"), "not ours").unwrap();
        keep_few(&folder).unwrap();
        assert!(!name(2).exists() && name(3).exists() && folder.join("kept.txt").exists());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&name(3)), mode(&folder)), (0o600, 0o700));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
