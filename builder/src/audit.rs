//! The audit log: who built, simulated, signed, approved, revoked and overrode what, in a file that only grows.
//!
//! One line of JSON for each entry. It holds its number, the SHA-256 of the line before, and a signature over all that,
//! so that nothing in the middle can be taken out, put in, moved or edited. What a chain cannot show is that its end is
//! missing, or that it was written anew by whoever holds the keys: for that there are signed heads ([`Head`]), kept
//! elsewhere, and packages that name the entry which approved them ([`EntryRef`]).
//!
//! An entry is written before what it speaks of gets its name, so a log may tell of a package that a full disk
//! prevented, and never misses one that exists.

mod approval;
mod chain;
mod entry;
mod error;
mod head;
mod log;
mod seal;
mod subject;

#[cfg(test)]
mod tests;

pub use self::approval::{Approved, EntryRef};
pub use self::chain::{Chain, Listed, Proof};
pub use self::entry::{Action, Entry};
pub use self::error::{AUDIT_CODES, AuditError};
pub use self::head::Head;
pub(crate) use self::log::now;
pub use self::log::{AuditLog, Repaired};
pub use self::subject::{ImageName, KeysetName, Subject, Tail};
