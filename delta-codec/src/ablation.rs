//! Stages of the model that can be switched off, to measure what each is worth (`cargo xtask bench --ablation`). Encoder
//! and decoder of the process then both do without. This takes the feature `ablation`; without it all stages are on,
//! and nothing is left of the questions. Devices link none of this.

#[cfg(feature = "ablation")]
use core::sync::atomic::{AtomicU32, Ordering};

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "ablation"),
    expect(
        dead_code,
        unreachable_pub,
        reason = "public, and asked for by others, with the feature"
    )
)]
pub enum Stage {
    /// Counters and weights begin with what was trained.
    Priors,
    /// Bytes that came after a context before.
    Recall,
    /// Weights of the mixer by what is known of the place.
    Sets,
    /// What old halfwords became.
    Substitutions,
    /// Targets of fields by the map of major operations.
    Map,
    /// Targets in RAM by those nearby.
    Anchors,
    /// Targets that were learned.
    Learned,
    /// Targets told relative to the one by the map.
    Residuals,
    /// Fields of instructions.
    Instructions,
    /// Pointers among instructions.
    Pointers,
    /// Fields of tables.
    Data,
    /// A second parse, at measured prices.
    Reparse,
    /// Local search.
    Search,
}

#[cfg(feature = "ablation")]
static OFF: AtomicU32 = AtomicU32::new(0);

/// Whether a stage is on.
#[cfg(feature = "ablation")]
#[must_use]
pub fn is_on(stage: Stage) -> bool {
    OFF.load(Ordering::Relaxed) & stage.bit() == 0
}

#[cfg(not(feature = "ablation"))]
#[inline(always)]
pub(crate) const fn is_on(_: Stage) -> bool {
    true
}

/// From now on, only these stages are off. Not to be called while something is encoded or decoded.
#[cfg(feature = "ablation")]
pub fn switch_off(stages: &[Stage]) {
    let off = stages.iter().fold(0, |off, stage| off | stage.bit());
    OFF.store(off, Ordering::Relaxed);
}

/// The first weight of a mixer: of its only set, if there is but one.
#[cfg(feature = "ablation")]
pub(crate) fn first_weight(first: usize) -> usize {
    if is_on(Stage::Sets) {
        return first;
    }
    let starts = crate::model::SETS.into_iter();
    starts.rev().find(|start| *start <= first).unwrap_or(first)
}

#[cfg(not(feature = "ablation"))]
#[inline(always)]
pub(crate) const fn first_weight(first: usize) -> usize {
    first
}

#[cfg(feature = "ablation")]
impl Stage {
    /// All stages.
    pub const ALL: [Self; 13] = [
        Self::Priors,
        Self::Recall,
        Self::Sets,
        Self::Substitutions,
        Self::Map,
        Self::Anchors,
        Self::Learned,
        Self::Residuals,
        Self::Instructions,
        Self::Pointers,
        Self::Data,
        Self::Reparse,
        Self::Search,
    ];

    /// What it is, for a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Priors => "trained priors",
            Self::Recall => "recalled bytes",
            Self::Sets => "mixer weights by place",
            Self::Substitutions => "substituted halfwords",
            Self::Map => "targets by the map",
            Self::Anchors => "RAM anchors",
            Self::Learned => "learned targets",
            Self::Residuals => "residuals of targets",
            Self::Instructions => "fields of instructions",
            Self::Pointers => "pointers among instructions",
            Self::Data => "fields of tables",
            Self::Reparse => "second parse",
            Self::Search => "local search",
        }
    }

    const fn bit(self) -> u32 {
        let place = match self {
            Self::Priors => 0,
            Self::Recall => 1,
            Self::Sets => 2,
            Self::Substitutions => 3,
            Self::Map => 4,
            Self::Anchors => 5,
            Self::Learned => 6,
            Self::Residuals => 7,
            Self::Instructions => 8,
            Self::Pointers => 9,
            Self::Data => 10,
            Self::Reparse => 11,
            Self::Search => 12,
        };
        1_u32.wrapping_shl(place)
    }
}
