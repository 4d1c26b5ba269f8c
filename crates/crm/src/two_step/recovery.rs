//! Recovery codes: ten for whoever has lost the phone, each for one use. 120 random bits each, kept as SHA-256.

use aws_lc_rs::digest;
use db::{Tx, params};

use crate::{
    AgentId, Error,
    ids::AccountId,
    randomness::{self, Randomness},
};

/// How many there are.
pub(super) const COUNT: usize = 10;
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a code, and of a group of it.
pub(super) const LENGTH: usize = 24;
const GROUP: usize = 4;

/// Puts ten new codes in place of those there were. They are as they are shown: six groups of four letters.
pub(super) fn replace(
    tx: &mut Tx<'_>,
    random: &dyn Randomness,
    agent: AgentId,
    account: AccountId,
) -> Result<Vec<String>, Error> {
    remove(tx, agent, account)?;
    let mut shown = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let code = randomness::text(random, LETTERS, LENGTH);
        tx.execute(
            "INSERT INTO recovery_codes (agent_id, account_id, code_hash) VALUES ($1, $2, $3)",
            params![&agent, &account, &hash(&code)],
        )?;
        let groups = code.as_bytes().chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned());
        shown.push(groups.collect::<Vec<_>>().join("-"));
    }
    Ok(shown)
}

/// Uses a code up, written without its hyphens. Whether it was one.
pub(super) fn spend(tx: &mut Tx<'_>, agent: AgentId, account: AccountId, code: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM recovery_codes WHERE agent_id = $1 AND account_id = $2 AND code_hash = $3";
    Ok(tx.execute(sql, params![&agent, &account, &hash(code)])? == 1)
}

pub(super) fn remove(tx: &mut Tx<'_>, agent: AgentId, account: AccountId) -> Result<(), Error> {
    let sql = "DELETE FROM recovery_codes WHERE agent_id = $1 AND account_id = $2";
    tx.execute(sql, params![&agent, &account])?;
    Ok(())
}

fn hash(code: &str) -> [u8; 32] {
    digest::digest(&digest::SHA256, code.as_bytes()).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}
