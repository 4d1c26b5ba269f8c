//! The loop that does what is due.

use std::{pin::pin, time::Duration};

use super::{claim, kinds, seed, settle};
use crate::{Crm, Error};

/// How often to look for due work.
const POLL: Duration = Duration::from_secs(1);

/// Does what is due until `stopped`; the run that is under way then ends first, as it is short.
pub async fn run(crm: Crm, stopped: impl Future<Output = ()>) {
    let mut stopped = pin!(stopped);
    let mut is_seeded = false;
    loop {
        if !is_seeded {
            is_seeded =
                seed(&crm).await.inspect_err(|error| tracing::warn!(%error, "recurring jobs were not set up")).is_ok();
        }
        let has_more = match run_next(&crm).await {
            Ok(ran) => ran,
            Err(error) => {
                tracing::warn!(%error, "due work is not done for now");
                false
            }
        };
        let pause = if has_more { Duration::ZERO } else { POLL };
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Does all that is due now. Says how many runs that took.
///
/// # Errors
/// Storage's errors on claiming or settling; a job's own failure is kept with the job.
pub async fn run_due(crm: &Crm) -> Result<usize, Error> {
    let mut runs = 0;
    while run_next(crm).await? {
        runs += 1;
    }
    Ok(runs)
}

/// Does one slice of one job. Whether something was due.
async fn run_next(crm: &Crm) -> Result<bool, Error> {
    let Some(job) = claim(crm).await? else { return Ok(false) };
    let outcome = kinds::run_once(crm, &job).await;
    settle(crm, job, outcome).await?;
    Ok(true)
}
