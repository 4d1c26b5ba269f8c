//! What the owner of a failing webhook is told by mail, each once in a spell of failures.

use std::time::Duration;

use db::{Tx, params};

use super::{DisabledBy, Notice, health::DISABLED_AFTER};
use crate::{
    AgentId, Crm, Error,
    clock::UnixMillis,
    ids::WebhookId,
    mails::{self, Letter},
};

/// How long a webhook has failed when its owner is first told.
const TOLD_AFTER: Duration = Duration::from_secs(60 * 60);
/// How long before it is disabled its owner is warned.
const WARNED_BEFORE: Duration = Duration::from_secs(24 * 60 * 60);
/// Webhooks that one run looks at.
const SLICE: i64 = 500;

/// Tells the owners of webhooks that have failed for an hour, and of those that will be disabled within a day. Only while something
/// waits for its retry: else the receiver has refused nothing since, and nothing will disable its webhook.
///
/// # Errors
/// Storage's errors; who was told before one is not told again.
pub(crate) async fn tell_failing(crm: &Crm) -> Result<(), Error> {
    let now = crm.clock.now();
    let (told, warned) = (now.minus(TOLD_AFTER), now.minus(DISABLED_AFTER.saturating_sub(WARNED_BEFORE)));
    let found = crm
        .db
        .read("webhooks.find_failing", move |tx| {
            // A subquery of one row, not EXISTS: that may be taken as a join with everything that waits anywhere.
            let sql = "SELECT w.agent_id, w.id, w.failing_since FROM webhooks w
                       WHERE w.failing_since <= $1 AND w.is_enabled = 1 AND w.deleted_at IS NULL
                         AND ((w.noticed & 1) = 0 OR (w.failing_since <= $2 AND (w.noticed & 2) = 0))
                         AND (SELECT 1 FROM deliveries d WHERE d.agent_id = w.agent_id AND d.webhook_id = w.id
                             AND d.state = 1 AND d.manual_from IS NULL LIMIT 1) IS NOT NULL
                       ORDER BY w.failing_since LIMIT $3";
            Ok::<_, Error>(tx.query(sql, params![told.0, warned.0, SLICE], |row| {
                Ok((row.get::<AgentId>(0)?, row.get::<WebhookId>(1)?, UnixMillis(row.get(2)?)))
            })?)
        })
        .await?;
    for (agent, webhook, since) in found {
        let notice = if since <= warned { Notice::DisabledSoon } else { Notice::Failing };
        set_noticed(crm, agent, webhook, notice).await?;
    }
    Ok(())
}

macro_rules! noticed_sql {
    ($lock:literal) => {
        concat!(
            "SELECT noticed, failing_since, last_error, url FROM webhooks
             WHERE agent_id = $1 AND id = $2 AND is_enabled = 1 AND deleted_at IS NULL",
            $lock
        )
    };
}

/// Notes that the owner of a failing webhook is told so, and queues the mail. Whether it was the first time in this spell.
///
/// # Errors
/// Storage's errors.
pub async fn set_noticed(crm: &Crm, agent: AgentId, webhook: WebhookId, notice: Notice) -> Result<bool, Error> {
    let own = crm.clone();
    let is_first = crm.change_in_background("webhooks.set_noticed", agent, move |tx, _| {
        // Locked, for results are recorded without the agent's turn.
        let sql = match tx.lock_clause() {
            "" => noticed_sql!(""),
            _ => noticed_sql!(" FOR NO KEY UPDATE"),
        };
        let found = tx.query_opt(sql, params![&agent, &webhook], |row| {
            let since = row.get::<Option<i64>>(1)?.map(UnixMillis);
            Ok((row.get::<i64>(0)?, since, row.get::<Option<String>>(2)?, row.get::<String>(3)?))
        })?;
        // It may have answered by now.
        let Some((noticed, Some(since), error, url)) = found else { return Ok(false) };
        if noticed & notice.bit() != 0 {
            return Ok(false);
        }
        // Who is warned need not be told what came before.
        let raised = if notice == Notice::DisabledSoon { notice.bit() | Notice::Failing.bit() } else { notice.bit() };
        tx.execute(
            "UPDATE webhooks SET noticed = $3 WHERE agent_id = $1 AND id = $2",
            params![&agent, &webhook, noticed | raised],
        )?;
        let host = host(&url);
        let letter = match notice {
            Notice::Failing => Letter::WebhookFailing { webhook, host, since, error },
            Notice::DisabledSoon => Letter::WebhookDisabledSoon { webhook, host, since, error },
            Notice::Disabled => Letter::WebhookDisabled { webhook, host, is_gone: false, error },
        };
        mails::queue_to_agent(tx, &own, agent, &letter, &[]).map(|()| true)
    });
    let is_first = is_first.await?;
    if is_first {
        crm.mail_is_queued();
    }
    Ok(is_first)
}

/// Queues the mail about a webhook that is being disabled in this transaction.
pub(super) fn tell_disabled(
    tx: &mut Tx<'_>,
    crm: &Crm,
    agent: AgentId,
    webhook: WebhookId,
    by: DisabledBy,
) -> Result<(), Error> {
    let sql = "SELECT url, last_error FROM webhooks WHERE agent_id = $1 AND id = $2";
    let found =
        tx.query_opt(sql, params![&agent, &webhook], |row| Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?)))?;
    let Some((url, error)) = found else { return Ok(()) };
    let letter = Letter::WebhookDisabled { webhook, host: host(&url), is_gone: by == DisabledBy::Gone, error };
    mails::queue_to_agent(tx, crm, agent, &letter, &[])
}

/// The host of a URL; what stands behind it may be a secret.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn of_a_url_only_the_host_is_told() {
        for (url, told) in [
            ("https://hooks.example.com/secret/1", "hooks.example.com"),
            ("https://user:pass@hooks.example.com:8443?token=x", "hooks.example.com:8443"),
            ("https://[2001:db8::1]:444/x", "[2001:db8::1]:444"),
        ] {
            assert_eq!(host(url), told);
        }
    }
}
