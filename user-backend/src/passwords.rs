//! Passwords, hashed slowly and not too many at once.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{error::Error, turns::Turns};

/// KiB one hash works in.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes of one hash.
const LANES: u32 = 1;
/// Hashes that may wait for their turn. Past it: [`Error::Busy`].
const WAITING: usize = 64;

/// Hashes and verifies passwords, as many at once as there are processors. Clones share the places.
#[derive(Debug, Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Turns,
    /// Verified against for an unknown address, so that the time taken tells nothing.
    nobodys: Arc<str>,
}

impl Passwords {
    /// Argon2id with 19 MiB, two passes and one lane. Takes as long as one hash.
    pub fn new() -> Result<Self, Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| fault(&error))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobodys = hash(&argon2, "nobody has this password")?;
        let threads = available_parallelism().map_or(1, NonZero::get);
        Ok(Self { argon2, turns: Turns::new("passwords", threads, WAITING)?, nobodys: nobodys.into() })
    }

    /// The password as a PHC string with a salt of its own.
    pub async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let argon2 = self.argon2.clone();
        self.turns.work(move || hash(&argon2, password.expose_secret())).await
    }

    /// Whether the password is the one hashed; with no hash never, after as long a time.
    pub async fn verify(&self, password: SecretString, hashed: Option<&str>) -> Result<bool, Error> {
        let known = hashed.is_some();
        let hashed: Arc<str> = hashed.map_or_else(|| self.nobodys.clone(), Into::into);
        let argon2 = self.argon2.clone();
        let same = self.turns.work(move || verify(&argon2, password.expose_secret(), &hashed)).await?;
        Ok(same && known)
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("a password can't be hashed: {error}"))
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, Error> {
    let hash: PasswordHash = argon2.hash_password(password.as_bytes()).map_err(|error| fault(&error))?;
    Ok(hash.to_string())
}

fn verify(argon2: &Argon2<'_>, password: &str, hashed: &str) -> Result<bool, Error> {
    let hashed = PasswordHash::new(hashed).map_err(|error| fault(&error))?;
    match argon2.verify_password(password.as_bytes(), &hashed) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(fault(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::new().unwrap();
        let hashed = passwords.hash("contraseña".into()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(passwords.verify("contraseña".into(), Some(&hashed)).await.unwrap());
        assert!(!passwords.verify("contrasena".into(), Some(&hashed)).await.unwrap());
        assert_ne!(hashed, passwords.hash("contraseña".into()).await.unwrap(), "each has its own salt");
    }

    #[tokio::test]
    async fn without_a_hash_no_password_is_right() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.verify("nobody has this password".into(), None).await.unwrap());
    }
}
