//! The harness of the footprint probe: what it takes to run a program under QEMU, to give it a flash part and a
//! package, and to measure it. None of it is counted: the program `empty` links the same and no more.
#![no_std]

mod flash;
mod machine;
mod say;

pub use flash::{Part, new_len, old_image, package};
pub use machine::instructions;
pub use say::{say, stop};

use machine::{deepest, paint};
use sprag_manifest::KeyId;
use sprag_verifier::{EXAMPLE_KEYS, ExampleKeys, KeyRole, TrustAnchors, TrustedKey};
#[cfg(bare_metal)]
use start as _;

/// The key that signs what is measured.
pub static TRUST: TrustAnchors<'_> = TrustAnchors {
    keys: &[TrustedKey {
        id: KeyId([0x22, 0xad, 0xe0, 0xf6, 0x43, 0x38, 0x86, 0x82]),
        role: KeyRole::Release,
        key: EXAMPLE_KEYS[0],
    }],
    example_keys: ExampleKeys::Accept,
};

/// The measuring of one part of a program, from where it begins.
#[derive(Debug)]
pub struct Measure {
    before: u32,
}

impl Measure {
    /// Begins. The part is called right after, from the same function: a closure would hold copies of what it takes.
    #[must_use]
    pub fn begin() -> Self {
        paint();
        Self {
            before: instructions(),
        }
    }

    /// Reports the part's instructions and the deepest the stack has been, from its very top: what called the part
    /// is included.
    #[inline(never)]
    pub fn end(self, name: &str) {
        let after = instructions();
        say(name, "stack", deepest());
        say(name, "instructions", after.wrapping_sub(self.before));
    }
}
