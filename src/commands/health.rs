//! `plenum health`

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use plenum_service::process::{self, StartError};

use super::print;

/// How long the process may take to answer: less than what asks again would wait.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ask the Plenum of this machine how it is: for containers, which have nothing else to ask with
#[derive(Debug, Args)]
pub struct Health {
    /// Whether it should get traffic too, and not only that it lives
    #[arg(long)]
    ready: bool,
}

impl Health {
    /// Does it: exit status 0 says yes.
    pub fn run(&self) -> ExitCode {
        let path = if self.ready { "ready" } else { "health" };
        process::once(
            |env| {
                let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
                let host = env.parse("HOST", here, "an IP address");
                let host = if host.is_unspecified() { here } else { host };
                SocketAddr::new(host, env.number("PORT", 3000, 1, u16::MAX))
            },
            async |address, _| {
                let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
                let answer = client.get(format!("http://{address}/{path}")).send().await?;
                let (status, text) = (answer.status(), answer.text().await?);
                print::line(&text);
                if status.is_success() {
                    Ok(())
                } else {
                    Err(StartError::from(format!("/{path} answered {status}")))
                }
            },
        )
    }
}
