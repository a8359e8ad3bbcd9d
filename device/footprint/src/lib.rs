//! The harness of the footprint probe: what it takes to run a program under QEMU, to give it a flash part and a
//! package, and to measure it. None of it is counted: the program `empty` links the same and no more.
#![no_std]

mod flash;
mod machine;
mod say;
#[cfg(bare_metal)]
mod start;

pub use flash::{Part, new_len, old_image, package};
pub use machine::instructions;
pub use say::{say, stop};

use machine::{deepest, paint};

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
