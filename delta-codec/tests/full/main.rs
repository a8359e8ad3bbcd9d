//! The full-image codec through its public interface, with operations made up by the tests: what
//! an encoder would choose is not the matter here.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod support;
