//! The health checks of an image on trial: confirmed when all have passed, given up when one fails or time runs out.
//!
//! Pure: the application brings its clock and its checks, and does what the verdict says. A trial that hangs is the
//! watchdog's: it resets, and the boot record counts the boots ([`crate::Resources::trial_boots`]).
//!
//! ```
//! use sprag_verifier::{Trial, Verdict};
//!
//! const LINK: u32 = 1;
//! const SENSOR: u32 = 2;
//! let mut trial = Trial::new(LINK | SENSOR, 1_000, 60_000);
//! trial.pass(SENSOR);
//! assert_eq!(trial.judge(31_000), Verdict::Wait { left_ms: 30_000 });
//! trial.pass(LINK);
//! assert_eq!(trial.judge(31_001), Verdict::Confirm);
//! ```

/// What is to be done with the image on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait {
        /// Milliseconds that are left.
        left_ms: u64,
    },
    /// Call [`crate::confirm`].
    Confirm,
    /// Call [`crate::give_up`], and reset.
    Revert,
}

/// Checks that an image on trial has to pass in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Checks that have not passed, one bit each.
    open: u32,
    failed: bool,
    started_ms: u64,
    limit_ms: u64,
}

impl Trial {
    /// Begins at `now_ms` of any clock that runs forward, with these checks, one bit each. Without checks, the image is
    /// well as soon as it asks.
    #[must_use]
    pub const fn new(checks: u32, now_ms: u64, limit_ms: u64) -> Self {
        Self {
            open: checks,
            failed: false,
            started_ms: now_ms,
            limit_ms,
        }
    }

    /// These checks have passed. A check that failed before stays failed.
    pub const fn pass(&mut self, checks: u32) {
        self.open &= !checks;
    }

    /// A check has failed for good.
    pub const fn fail(&mut self) {
        self.failed = true;
    }

    /// What is to be done at `now_ms`. In the last millisecond all may still be well; behind it nothing is.
    #[must_use]
    pub const fn judge(&self, now_ms: u64) -> Verdict {
        let elapsed = now_ms.saturating_sub(self.started_ms);
        match self.limit_ms.checked_sub(elapsed) {
            _ if self.failed => Verdict::Revert,
            None => Verdict::Revert,
            Some(_) if self.open == 0 => Verdict::Confirm,
            Some(0) => Verdict::Revert,
            Some(left_ms) => Verdict::Wait { left_ms },
        }
    }
}

#[cfg(test)]
mod tests;
