//! A device in memory: packages made by the tests go through the crate's public interface into simulated
//! flash, whole, bent, cut and torn.

#[cfg(test)]
mod attacks_keys;
#[cfg(test)]
mod binding;
#[cfg(test)]
mod boot;
#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod decoding;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod in_place;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod lms;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod resources;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod two_slots;
