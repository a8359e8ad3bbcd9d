//! The encoder's part in switching stages off; see `sprag_delta::ablation`.

#[cfg(feature = "ablation")]
pub(super) use sprag_delta::ablation::{Stage, is_on};

/// The stages that the encoder itself asks for.
#[cfg(not(feature = "ablation"))]
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Reparse,
    Search,
}

#[cfg(not(feature = "ablation"))]
pub(super) const fn is_on(_: Stage) -> bool {
    true
}
