//! Key sets on the maker's side: the file that holds all versions of one, what changes from version to version, and who
//! has signed. Devices judge with [`sprag_verifier::Keyring`], and so does this module.

mod device;
mod file;
mod spec;
mod summary;

#[cfg(test)]
mod tests;

pub use self::device::Followed;
pub(crate) use self::device::{Memory, authenticate, follow};
pub use self::file::{Signatures, TrustFile};
pub use self::spec::{KeysetSpec, ReleaseRoleSpec, RoleSpec};
pub use self::summary::{changes, describe_keyset};
