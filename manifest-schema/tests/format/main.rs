//! The format's rules, one by one and in sweeps, held against an independent reading of CBOR.

#[cfg(test)]
mod cbor;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod header;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod skipping;
#[cfg(test)]
mod sweeps;
