//! `plenum audit`

use clap::Subcommand;
use plenum_service::process::StartError;
use user_backend::{http::admin::recorded, operator::Operator};

use super::print;

/// What is done with the record.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what admins and operators did, oldest first, one object of JSON a line
    Export {
        /// Only what came after the act with this number
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, operator: &Operator) -> Result<(), StartError> {
        let Self::Export { mut after } = self;
        loop {
            let some = operator.record_after(after).await?;
            let Some(last) = some.last() else { return Ok(()) };
            after = last.number;
            for one in some {
                let line = serde_json::to_string(&recorded(one))
                    .map_err(|error| StartError::from(error.to_string()))?;
                if !print::line(&line) {
                    return Ok(());
                }
            }
        }
    }
}
