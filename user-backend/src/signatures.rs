//! Signed tokens of others (JWT): whether they are what their issuer signed, for us, and now.

use std::{path::PathBuf, str::FromStr as _, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::outside::{Away, Kept, Outside};

/// Bytes of a token. Past it it is not looked at.
pub const TOKEN_MAX: usize = 8 * 1024;
/// Seconds by which clocks may differ.
pub const LEEWAY: u64 = 60;
/// Keys of one issuer.
const KEYS_MAX: usize = 100;
/// Bytes of a file of keys.
const FILE_MAX: u64 = 256 * 1024;

/// Reads the name of an algorithm that has a public key: no other can be configured.
#[must_use]
pub fn algorithm(name: &str) -> Option<Algorithm> {
    let secret = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    Algorithm::from_str(name).ok().filter(|algorithm| !secret.contains(algorithm))
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// At this address.
    Address(String),
    /// In this file.
    File(PathBuf),
}

impl Source {
    async fn read(&self, outside: &Outside) -> Result<KeySet, Away> {
        let set = match self {
            Self::Address(address) => outside.get(address, None).await?,
            Self::File(path) => {
                let unreadable = |why: String| Away(format!("{} can't be read: {why}", path.display()));
                let about = tokio::fs::metadata(path).await.map_err(|error| unreadable(error.to_string()))?;
                if about.len() > FILE_MAX {
                    return Err(unreadable(format!("it has more than {FILE_MAX} bytes")));
                }
                let bytes = tokio::fs::read(path).await.map_err(|error| unreadable(error.to_string()))?;
                serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?
            }
        };
        KeySet::read(&set).ok_or_else(|| Away(format!("there are no keys at {self:?}")))
    }
}

/// Public keys that somebody signs with.
#[derive(Debug)]
struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    jwk: Jwk,
    decoding: DecodingKey,
}

impl KeySet {
    /// Those of a JWKS that we can use; none when it is no JWKS.
    fn read(set: &Value) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?.iter().take(KEYS_MAX).filter_map(|key| {
            let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
            let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
            // A secret has no place in what is published.
            let public = !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
            let decoding = DecodingKey::from_jwk(&jwk).ok()?;
            (signs && public).then(|| Key { id: jwk.common.key_id.clone(), jwk, decoding })
        });
        Some(Self(keys.collect()))
    }

    /// The key of this name that is for this algorithm. A token that names none has to be signed with the only one.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| key.is_for(algorithm));
        let key = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id))?,
            None => fitting.next().filter(|_| fitting.next().is_none())?,
        };
        Some(key.decoding.clone())
    }
}

impl Key {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        let named = self.jwk.common.key_algorithm.is_none_or(|named| named == algorithm.into());
        let fits = match (&self.jwk.algorithm, algorithm) {
            (
                AlgorithmParameters::RSA(_),
                A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512,
            ) => true,
            (AlgorithmParameters::EllipticCurve(key), A::ES256) => key.curve == EllipticCurve::P256,
            (AlgorithmParameters::EllipticCurve(key), A::ES384) => key.curve == EllipticCurve::P384,
            (AlgorithmParameters::OctetKeyPair(key), A::EdDSA) => key.curve == EllipticCurve::Ed25519,
            _ => false,
        };
        named && fits
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotBelieved {
    /// It is not what it should be; the text is for the log.
    #[error("{0}")]
    Invalid(String),
    /// That can't be known now: the issuer's keys can't be had.
    #[error(transparent)]
    Away(#[from] Away),
}

fn invalid(why: impl Into<String>) -> NotBelieved {
    NotBelieved::Invalid(why.into())
}

/// What a token has to be.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Who has to have issued it.
    pub issuer: &'a str,
    /// For whom it has to be.
    pub audience: &'a str,
    /// With which it may be signed: a token that says another is not believed, whatever it says.
    pub algorithms: &'a [Algorithm],
}

/// An issuer's keys, remembered.
#[derive(Debug, Default)]
pub struct Keys(Kept<KeySet>);

impl Keys {
    /// The claims of a token that keeps the rules, signed with one of the keys at `source`: these are asked for again when
    /// the token names one that is not known.
    pub async fn claims<C: DeserializeOwned>(
        &self,
        outside: &Outside,
        source: &Source,
        token: &str,
        rules: Rules<'_>,
    ) -> Result<C, NotBelieved> {
        if token.len() > TOKEN_MAX {
            return Err(invalid("it is too long"));
        }
        let header = decode_header(token).map_err(|error| invalid(error.to_string()))?;
        if !rules.algorithms.contains(&header.alg) {
            return Err(invalid(format!("it is signed with {:?}", header.alg)));
        }
        if header.crit.is_some() {
            return Err(invalid("it asks for something to be understood that is not"));
        }
        let key = self.find(outside, source, &header).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[rules.issuer]);
        validation.set_audience(&[rules.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        Ok(decode(token, &key, &validation).map_err(|error| invalid(error.to_string()))?.claims)
    }

    async fn find(
        &self,
        outside: &Outside,
        source: &Source,
        header: &Header,
    ) -> Result<DecodingKey, NotBelieved> {
        let known: Arc<KeySet> = self.0.get(source.read(outside)).await?;
        let id = header.kid.as_deref();
        if let Some(key) = known.find(id, header.alg) {
            return Ok(key);
        }
        let newer = self.0.newer(&known, source.read(outside)).await?;
        newer
            .find(id, header.alg)
            .ok_or_else(|| invalid("it is signed with a key that its issuer does not have"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_algorithm_without_a_public_key_can_be_named() {
        for right in ["RS256", "PS512", "ES256", "ES384", "EdDSA"] {
            assert!(algorithm(right).is_some(), "{right}");
        }
        for wrong in ["none", "None", "HS256", "HS384", "HS512", "", "rs256", "RSA"] {
            assert!(algorithm(wrong).is_none(), "{wrong}");
        }
    }
}
