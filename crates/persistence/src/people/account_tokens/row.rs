//! The rows of tokens.

use std::time::Duration;

use denizen_domain::{
    AccountToken, Coded as _, Error, NewAccountToken, PermissionSet, Result, SecretHash, TokenKind, TokenLife,
};
use diesel::prelude::*;

use crate::connection::broken_row;
use crate::schema::account_tokens;
use crate::types::{StoredTime, StoredUuid, stored};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = account_tokens, treat_none_as_default_value = false)]
pub(super) struct TokenRow {
    pub(super) secret_hash: Vec<u8>,
    id: StoredUuid,
    account_id: StoredUuid,
    kind: String,
    ending: String,
    description: String,
    inquirer: String,
    permissions: String,
    request_hash: Option<Vec<u8>>,
    life_seconds: Option<i64>,
    is_prolonged: bool,
    expires_at: Option<StoredTime>,
    created_at: StoredTime,
}

impl TryFrom<TokenRow> for AccountToken {
    type Error = Error;

    fn try_from(row: TokenRow) -> Result<Self> {
        let TokenRow {
            secret_hash: _,
            id,
            account_id,
            kind,
            ending,
            description,
            inquirer,
            permissions,
            request_hash: _,
            life_seconds,
            is_prolonged,
            expires_at,
            created_at,
        } = row;
        let broken = |column, problem| broken_row("account_tokens", column, id, problem);
        Ok(Self {
            id: id.into(),
            account_id: account_id.into(),
            kind: TokenKind::from_code(&kind).map_err(|problem| broken("kind", problem))?,
            ending,
            description,
            inquirer,
            permissions: PermissionSet::from_stored(&permissions)
                .map_err(|problem| broken("permissions", problem))?,
            life: life_of(life_seconds, is_prolonged),
            expires_at: expires_at.map(Into::into),
            created_at: created_at.into(),
        })
    }
}

fn life_of(seconds: Option<i64>, is_prolonged: bool) -> TokenLife {
    let life = seconds.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    match life {
        None => TokenLife::Endless,
        Some(life) if is_prolonged => TokenLife::Prolonged(life),
        Some(life) => TokenLife::Fixed(life),
    }
}

pub(super) fn row_of(new: &NewAccountToken, request_hash: Option<SecretHash>) -> TokenRow {
    let NewAccountToken { token, secret } = new;
    let AccountToken {
        id,
        account_id,
        kind,
        ending,
        description,
        inquirer,
        permissions,
        life,
        expires_at,
        created_at,
    } = token;
    let (life, is_prolonged) = match life {
        TokenLife::Endless => (None, false),
        TokenLife::Fixed(life) => (Some(life), false),
        TokenLife::Prolonged(life) => (Some(life), true),
    };
    TokenRow {
        secret_hash: secret.hash().as_bytes().to_vec(),
        id: stored(*id),
        account_id: stored(*account_id),
        kind: kind.to_string(),
        ending: ending.clone(),
        description: description.clone(),
        inquirer: inquirer.clone(),
        permissions: permissions.to_stored(),
        request_hash: request_hash.map(|hash| hash.as_bytes().to_vec()),
        life_seconds: life.map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX)),
        is_prolonged,
        expires_at: expires_at.map(Into::into),
        created_at: (*created_at).into(),
    }
}
