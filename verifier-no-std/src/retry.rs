//! How often and how soon to fetch again. Pure arithmetic: the integrator asks it after each failure, and waits.
//!
//! What was verified stays verified whatever happens to the link, so a new address, a new token or another network
//! is no business of this module: the updater goes on asking for the part it lacks.

use crate::error::Error;
use crate::preconditions::Reason;

/// Bounds of a session, which is from one start of an update to its end or to its deferral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// Times that one page or block may come wrong, over all sessions that share a [`Retry`].
    pub per_part: u32,
    /// Failures of any kind in a session without a part that was verified in between.
    pub in_a_row: u32,
    /// Failures of any kind in a session.
    pub per_session: u32,
    /// Milliseconds before the first repetition; doubled for each failure in a row.
    pub first_delay_ms: u32,
    /// Milliseconds that no delay exceeds.
    pub longest_delay_ms: u32,
    /// Seconds after which a session that was given up is worth another one.
    pub retry_after_s: u32,
}

impl Default for RetryLimits {
    /// 8 times a part, 16 failures in a row, 1000 in a session; delays of 1 s to 5 min; 15 min until the next session.
    fn default() -> Self {
        Self {
            per_part: 8,
            in_a_row: 16,
            per_session: 1000,
            first_delay_ms: 1_000,
            longest_delay_ms: 300_000,
            retry_after_s: 900,
        }
    }
}

/// Counts failures, and says what to do after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    limits: RetryLimits,
    /// The part that came wrong last, as the error that said so, and how often it did.
    part: Option<(Error, u32)>,
    in_a_row: u32,
    session: u32,
}

impl Retry {
    /// Nothing has failed yet.
    #[must_use]
    pub const fn new(limits: RetryLimits) -> Self {
        Self {
            limits,
            part: None,
            in_a_row: 0,
            session: 0,
        }
    }

    /// A part was verified.
    pub const fn verified(&mut self) {
        self.part = None;
        self.in_a_row = 0;
    }

    /// Another session begins: a part that came wrong keeps its count.
    pub const fn begin_session(&mut self) {
        self.in_a_row = 0;
        self.session = 0;
    }

    /// The link gave nothing that could be used: silence, a lost connection, a refused token. Returns the
    /// milliseconds to wait.
    ///
    /// # Errors
    /// [`Error::Deferred`] with [`Reason::Link`] when the session's tries are used up.
    pub fn no_answer(&mut self) -> Result<u32, Error> {
        let delay = self.delay();
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.session = self.session.saturating_add(1);
        if self.in_a_row >= self.limits.in_a_row || self.session >= self.limits.per_session {
            return Err(Error::Deferred {
                reason: Reason::Link {
                    tries: self.session,
                },
                retry_after: self.limits.retry_after_s,
            });
        }
        Ok(delay)
    }

    /// [`crate::Updater::push`] refused what came. Returns the milliseconds to wait before the part is fetched again.
    ///
    /// # Errors
    /// [`Error::BlockRetries`] or [`Error::PageRetries`] when the part's tries are used up, [`Error::Deferred`] when
    /// the session's are, and `refusal` itself if fetching again does not help.
    pub fn refused(&mut self, refusal: Error) -> Result<u32, Error> {
        match refusal {
            Error::BlockHash { .. } | Error::PageHash { .. } => {}
            // Datagrams that come in another order.
            Error::StreamGap { .. } => return self.no_answer(),
            other => return Err(other),
        }
        let before = match self.part {
            Some((part, tries)) if part == refusal => tries,
            _ => 0,
        };
        let tries = before.saturating_add(1);
        self.part = Some((refusal, tries));
        if tries >= self.limits.per_part {
            return Err(match refusal {
                Error::BlockHash { block } => Error::BlockRetries { block, tries },
                Error::PageHash { page } => Error::PageRetries { page, tries },
                other => other,
            });
        }
        self.no_answer()
    }

    /// Exponential backoff with a cap.
    fn delay(&self) -> u32 {
        let factor = 1_u32.checked_shl(self.in_a_row).unwrap_or(u32::MAX);
        let delay = self.limits.first_delay_ms.saturating_mul(factor);
        delay.min(self.limits.longest_delay_ms)
    }
}

#[cfg(test)]
mod tests;
