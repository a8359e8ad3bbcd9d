//! Keys that an ssh-agent holds (draft-ietf-sshm-ssh-agent): two messages of its protocol are all that is needed.
//!
//! An agent signs whatever it is asked to, for anybody who reaches its socket. So a release key belongs in an agent of
//! its own, added with `ssh-add -c`, and never in one that is forwarded.

#[cfg(unix)]
use core::time::Duration;
use std::env;
use std::io::{Error, ErrorKind, Read, Write};

use super::checked;
use super::error::HolderError;
use crate::keys::VerifyingKey;

/// Lets the agent at `SSH_AUTH_SOCK` sign, and checks that `key` did.
///
/// # Errors
/// [`HolderError::AgentUnreachable`], [`HolderError::AgentKey`], [`HolderError::AgentRefused`], [`HolderError::Wrong`].
#[cfg(unix)]
pub fn sign_with_agent(key: &VerifyingKey, message: &[u8]) -> Result<[u8; 64], HolderError> {
    let Some(path) = env::var_os(SOCKET_VARIABLE) else {
        return Err(unreachable(format!("{SOCKET_VARIABLE} is not set")));
    };
    let stream = std::os::unix::net::UnixStream::connect(&path);
    let mut stream = stream.map_err(|e| unreachable(e.to_string()))?;
    let limited = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    limited.map_err(|e| unreachable(e.to_string()))?;
    sign_over(&mut stream, key, message)
}

/// As where agents have sockets: here, nothing is reached.
///
/// # Errors
/// [`HolderError::AgentUnreachable`].
#[cfg(not(unix))]
pub fn sign_with_agent(_: &VerifyingKey, _: &[u8]) -> Result<[u8; 64], HolderError> {
    Err(unreachable("this system has no sockets for one".into()))
}

/// The same over any stream.
pub(super) fn sign_over(
    stream: &mut (impl Read + Write),
    key: &VerifyingKey,
    message: &[u8],
) -> Result<[u8; 64], HolderError> {
    let blob = [string(TYPE), string(&key.to_bytes())].concat();
    let listed = ask(stream, &[REQUEST_IDENTITIES], IDENTITIES_ANSWER)?;
    let listed = listed.ok_or_else(|| unreachable("it is locked".into()))?;
    let mut rest = listed.as_slice();
    let count = number(&mut rest)?;
    let mut holds = false;
    for _ in 0..count {
        holds |= take(&mut rest)? == blob;
        take(&mut rest)?;
    }
    if !holds {
        return Err(HolderError::AgentKey {
            key: key.key_id(),
            held: usize::try_from(count).unwrap_or(usize::MAX),
        });
    }
    let mut request = vec![SIGN_REQUEST];
    request.extend(string(&blob));
    request.extend(string(message));
    request.extend(0_u32.to_be_bytes());
    let Some(answer) = ask(stream, &request, SIGN_RESPONSE)? else {
        return Err(HolderError::AgentRefused { key: key.key_id() });
    };
    let mut rest = answer.as_slice();
    let mut signature = take(&mut rest)?;
    if take(&mut signature)? != TYPE {
        return Err(HolderError::Wrong { key: key.key_id() });
    }
    checked(key, message, take(&mut signature)?)
}

/// One message there and one back; `None` if the agent says that it failed.
fn ask(
    stream: &mut (impl Read + Write),
    request: &[u8],
    expected: u8,
) -> Result<Option<Vec<u8>>, HolderError> {
    let failed = |e: Error| match e.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => unreachable("it does not answer".into()),
        _ => unreachable(e.to_string()),
    };
    stream.write_all(&string(request)).map_err(failed)?;
    stream.flush().map_err(failed)?;
    let mut len = [0; 4];
    stream.read_exact(&mut len).map_err(failed)?;
    let len = u32::from_be_bytes(len);
    if len == 0 || len > MAX_MESSAGE {
        return Err(unreachable(format!("it sent a message of {len} bytes")));
    }
    let mut message = vec![0; usize::try_from(len).unwrap_or(0)];
    stream.read_exact(&mut message).map_err(failed)?;
    match message.split_first() {
        Some((found, rest)) if *found == expected => Ok(Some(rest.to_vec())),
        Some((&FAILURE, _)) => Ok(None),
        _ => Err(unreachable("it answered something else".into())),
    }
}

/// A string of the protocol: its length in four bytes, highest first, and its bytes.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&len.to_be_bytes(), bytes].concat()
}

fn number(rest: &mut &[u8]) -> Result<u32, HolderError> {
    let (head, tail) = rest.split_first_chunk().ok_or_else(cut)?;
    *rest = tail;
    Ok(u32::from_be_bytes(*head))
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], HolderError> {
    let len = usize::try_from(number(rest)?).unwrap_or(usize::MAX);
    let (head, tail) = rest.split_at_checked(len).ok_or_else(cut)?;
    *rest = tail;
    Ok(head)
}

fn cut() -> HolderError {
    unreachable("its answer is cut short".into())
}

fn unreachable(reason: String) -> HolderError {
    HolderError::AgentUnreachable { reason }
}

/// Where the agent's socket is.
#[cfg(unix)]
const SOCKET_VARIABLE: &str = "SSH_AUTH_SOCK";
/// How long an agent may take: whoever added the key with `ssh-add -c` is asked first.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(300);
const TYPE: &[u8] = b"ssh-ed25519";
/// OpenSSH's own limit.
const MAX_MESSAGE: u32 = 256 * 1024;
const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
