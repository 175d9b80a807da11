//! Tells cargo when the web client that a release build holds was built.

const BUILT: &str = "../web/app/dist";

#[expect(clippy::disallowed_methods, reason = "what cargo tells a build")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads the client from this folder, whose real path is taken down when it is compiled: it must be there by
    // then, if only empty. Where it can't be made there will be no client.
    std::fs::create_dir_all(BUILT).ok();
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={BUILT}");
    }
}
