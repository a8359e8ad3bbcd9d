//! Every seed, and some noise, through every fuzz target with stable Rust; and that no part of a target is missing.

#[cfg(test)]
mod replay;
