//! From password to key stream: scrypt (RFC 7914) with libsodium's limits, as minisign stores them.

use scrypt::Params;
use zeroize::Zeroizing;

use super::format::HIDDEN_LEN;
use super::{KeyError, Password};

/// What each guess at the password of a key file costs, and so does each use of the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cost {
    /// 1 GiB of memory and some seconds, which is what stock `minisign` chooses.
    #[default]
    Sensitive,
    /// 128 MiB and some tenths of a second, for machines where 1 GiB is not to be had.
    Moderate,
}

impl Cost {
    /// Operations and bytes as libsodium counts them.
    pub(super) const fn limits(self) -> (u64, u64) {
        match self {
            Self::Sensitive => (1 << 25, 1 << 30),
            Self::Moderate => (1 << 22, 1 << 27),
        }
    }
}

/// The scrypt output that hides or clears a secret key.
pub(super) fn stream(
    password: &Password,
    salt: &[u8; 32],
    opslimit: u64,
    memlimit: u64,
) -> Result<Zeroizing<[u8; HIDDEN_LEN]>, KeyError> {
    let too_costly = KeyError::TooCostly { opslimit, memlimit };
    let Some((log_n, p)) = log_n_and_p(opslimit, memlimit) else {
        return Err(too_costly);
    };
    // Asked for first, because scrypt itself aborts where there is no memory.
    let needed = usize::try_from((u64::from(R) * 128) << log_n).unwrap_or(usize::MAX);
    if Vec::<u8>::new().try_reserve_exact(needed).is_err() {
        return Err(KeyError::NoMemory { needed });
    }
    let params = Params::new(log_n, R, p).map_err(|_| too_costly)?;
    let mut stream = Zeroizing::new([0; HIDDEN_LEN]);
    match scrypt::scrypt(password.as_bytes(), salt, &params, stream.as_mut_slice()) {
        Ok(()) => Ok(stream),
        Err(_) => Err(KeyError::TooCostly { opslimit, memlimit }),
    }
}

/// libsodium's way from limits to parameters: the largest power of two N that either limit allows,
/// then as much p as the operations leave. `None` for more than the reader of a file should pay.
fn log_n_and_p(opslimit: u64, memlimit: u64) -> Option<(u8, u32)> {
    if opslimit > MAX_OPSLIMIT || memlimit > MAX_MEMLIMIT {
        return None;
    }
    let ops = opslimit.max(MIN_OPSLIMIT);
    let by_memory = memlimit / (u64::from(R) * 128);
    let by_operations = ops / (u64::from(R) * 4);
    let bounded_by_operations = ops < memlimit / 32;
    let max_n = if bounded_by_operations {
        by_operations
    } else {
        by_memory
    };
    let log_n = (1..=MAX_LOG_N).find(|log_n| 1 << log_n > max_n / 2)?;
    let p = if bounded_by_operations {
        1
    } else {
        ((ops / 4) >> log_n) / u64::from(R)
    };
    Some((log_n, u32::try_from(p).ok()?))
}

/// The scrypt block size, fixed in libsodium.
const R: u32 = 8;

/// libsodium raises lower limits to this.
const MIN_OPSLIMIT: u64 = 32_768;

/// Four times what stock `minisign` writes: a hostile key file costs seconds, not hours.
const MAX_OPSLIMIT: u64 = 1 << 27;

/// What stock `minisign` writes: 1 GiB.
const MAX_MEMLIMIT: u64 = 1 << 30;

/// N for 1 GiB.
const MAX_LOG_N: u8 = 20;

#[cfg(test)]
mod tests {
    use super::{Cost, log_n_and_p};

    #[test]
    fn limits_become_parameters_as_in_libsodium() {
        let cases = [
            ("sensitive", Cost::Sensitive.limits(), Some((20, 1))),
            ("moderate", Cost::Moderate.limits(), Some((17, 1))),
            ("libsodium's interactive", (1 << 19, 1 << 24), Some((14, 1))),
            ("the minisign crate's", (1 << 20, 1 << 25), Some((15, 1))),
            (
                "more operations than memory",
                (1 << 25, 1 << 24),
                Some((14, 64)),
            ),
            ("bounded by operations", (1 << 20, 1 << 30), Some((15, 1))),
            ("raised to the least", (0, 1 << 30), Some((10, 1))),
            ("too many operations", ((1 << 27) + 1, 1 << 24), None),
            ("too much memory", (1 << 25, (1 << 30) + 1), None),
            ("everything", (u64::MAX, u64::MAX), None),
        ];
        for (name, (opslimit, memlimit), expected) in cases {
            assert_eq!(log_n_and_p(opslimit, memlimit), expected, "{name}");
        }
    }
}
