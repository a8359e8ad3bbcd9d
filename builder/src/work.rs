//! What the encoders' loops do, counted in tests: work must not depend on what images hold, beyond a factor. Elsewhere
//! nothing is counted, and nothing is left of the calls.

#[cfg(test)]
use core::cell::Cell;

#[cfg(test)]
std::thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// Notes `steps` of a loop.
#[inline]
pub(crate) fn spend(steps: usize) {
    #[cfg(test)]
    SPENT.set(SPENT.get() + u64::try_from(steps).unwrap_or(u64::MAX));
    #[cfg(not(test))]
    let _ = steps;
}

/// The steps that `work` takes on this thread.
#[cfg(test)]
pub(crate) fn counted(work: impl FnOnce()) -> u64 {
    SPENT.set(0);
    work();
    SPENT.get()
}

#[cfg(test)]
mod tests;
