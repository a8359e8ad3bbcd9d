//! Calls all that a device calls, with values that the compiler cannot know. It is linked and never run.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod device;
#[cfg(target_os = "none")]
mod through_c;

#[cfg(not(target_os = "none"))]
fn main() {}
