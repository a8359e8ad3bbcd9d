//! LMS keys (RFC 8554, SP 800-208): a second signature beside Ed25519, from a hash alone.
//!
//! Such a key is used up: each of its leaves may sign once, and two signatures by one leaf let anybody forge a third.
//! So a leaf is taken in `FILE.key.state` and is on the disk before its signature is made ([`state`]); what was taken is
//! never given back, whatever becomes of the signature. SP 800-208 forbids copies of such a key, and Sprag makes none.
//!
//! The device's own code ([`sprag_verifier::LmsKey`]) checks each signature before it leaves.

mod file;
mod package;
mod state;
mod tree;

#[cfg(test)]
mod tests;

pub use self::file::{LmsFacts, LmsSecret, NewLmsKey, load_public};
pub use self::package::add_lms_signature;
pub(crate) use self::state::path_of as lms_state_path;
pub use self::tree::LmsParameters;
