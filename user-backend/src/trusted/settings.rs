//! The variable of trusted issuers.

use std::path::PathBuf;

use jsonwebtoken::Algorithm;
use plenum_service::Env;

use crate::{
    oauth::{Reader, is_issuer_name, is_safe},
    signatures::{Source, algorithm},
};

/// An issuer whose tokens are believed.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// As it stands in `iss`.
    pub issuer: String,
    /// What has to stand in `aud`.
    pub audience: String,
    /// Where its keys are.
    pub keys: Source,
    /// With which it signs: a token that says another is not believed.
    pub algorithms: Vec<Algorithm>,
}

/// `TRUSTED_ISSUERS`; what is wrong is noted in `env`.
pub fn read(env: &mut Env) -> Vec<Issuer> {
    let issuers = Reader::list(env, "TRUSTED_ISSUERS", |item| {
        let issuer = item.text("issuer", "what stands in `iss`, 255 characters at most", is_issuer_name);
        let audience = item.text("audience", "what stands in `aud`", |_| true);
        let keys = item.text("jwks", "an https address, or the path of a file that can be read", |text| {
            let source = source(text);
            match &source {
                Source::Address(address) => is_safe(address),
                Source::File(path) => std::fs::File::open(path).is_ok(),
            }
        });
        let what = "algorithms with a public key (RS256, PS256, ES256, EdDSA and the like)";
        let algorithms = item.texts("algorithms", &["RS256"], what, |names| {
            names.iter().all(|name| algorithm(name).is_some())
        });
        item.nothing_else(&["issuer", "audience", "jwks", "algorithms"]);
        Some(Issuer {
            issuer: issuer?,
            audience: audience?,
            keys: source(&keys?),
            algorithms: algorithms?.iter().filter_map(|name| algorithm(name)).collect(),
        })
    });
    for (n, issuer) in issuers.iter().enumerate() {
        if issuers[..n].iter().any(|other| other.issuer == issuer.issuer) {
            env.problem(format!("TRUSTED_ISSUERS names {:?} twice", issuer.issuer));
        }
    }
    issuers
}

fn source(text: &str) -> Source {
    if text.contains("://") { Source::Address(text.to_owned()) } else { Source::File(PathBuf::from(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(text: &'static str) -> Result<Vec<Issuer>, Vec<String>> {
        let mut env = Env::lookup(move |name| (name == "TRUSTED_ISSUERS").then(|| text.to_owned()));
        let issuers = read(&mut env);
        env.finish().map(|()| issuers).map_err(|bad| bad.0)
    }

    #[test]
    fn an_issuer_signs_with_rs256_unless_told_otherwise() {
        let found = read_from(
            r#"[{"issuer":"https://login.example.com","audience":"plenum","jwks":"https://login.example.com/jwks"},
                {"issuer":"app","audience":"plenum","jwks":"https://login.example.com/jwks","algorithms":["ES256","EdDSA"]}]"#,
        )
        .unwrap();
        assert_eq!(found[0].algorithms, [Algorithm::RS256]);
        assert_eq!(found[1].algorithms, [Algorithm::ES256, Algorithm::EdDSA]);
    }

    #[test]
    fn what_would_let_anybody_in_is_refused() {
        for (text, said) in [
            (
                r#"[{"issuer":"app","audience":"p","jwks":"https://a.example.com/j","algorithms":["none"]}]"#,
                "algorithms",
            ),
            (
                r#"[{"issuer":"app","audience":"p","jwks":"https://a.example.com/j","algorithms":["RS256","HS256"]}]"#,
                "algorithms",
            ),
            (
                r#"[{"issuer":"app","audience":"p","jwks":"https://a.example.com/j","algorithms":[]}]"#,
                "algorithms",
            ),
            (r#"[{"issuer":"app","audience":"p","jwks":"http://a.example.com/j"}]"#, "jwks"),
            (r#"[{"issuer":"app","audience":"p","jwks":"/no/such/file"}]"#, "jwks"),
            (r#"[{"issuer":"app","audience":"","jwks":"https://a.example.com/j"}]"#, "audience"),
            (
                r#"[{"issuer":"app","audience":"p","jwks":"https://a.example.com/j","alg":["RS256"]}]"#,
                "\"alg\"",
            ),
        ] {
            let bad = read_from(text).unwrap_err();
            assert_eq!(bad.len(), 1, "{bad:?}");
            assert!(bad[0].contains("TRUSTED_ISSUERS[0]") && bad[0].contains(said), "{bad:?}");
        }
    }
}
