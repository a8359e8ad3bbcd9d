//! What the fuzz targets do with their inputs. A target is a module with `run`, which takes any bytes and panics when
//! a promise is broken; `fuzz/fuzz_targets` hands it what libFuzzer makes up, and `tests/fuzz` the seeds and some
//! noise, with stable Rust.
//!
//! # How to add a target
//!
//! 1. A module here, with `run`; a row in [`TARGETS`].
//! 2. `fuzz/fuzz_targets/NAME.rs` of three lines, and its `[[bin]]` in `fuzz/Cargo.toml`.
//! 3. Seeds in `seeds.rs`, written to `fuzz/seeds/NAME/` by `cargo run -p sprag-fuzz --bin seeds`: small, and of nobody
//!    else's images. What once broke something is kept beside them, named for what was wrong.
//!
//! `tests/fuzz` fails until all three are there.

pub mod areas;
mod choices;
mod decoding;
pub mod delta_decode;
pub mod delta_round_trip;
pub mod documents;
pub mod full_decode;
pub mod full_round_trip;
pub mod image_files;
mod images;
pub mod line;
mod made;
pub mod resigned;
pub mod seeds;
pub mod texts;
pub mod update;

pub use choices::Noise;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of the module, the program and the folder of seeds.
    pub name: &'static str,
    /// Runs it on one input.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 11] = [
    Target {
        name: "delta_decode",
        run: delta_decode::run,
    },
    Target {
        name: "delta_round_trip",
        run: delta_round_trip::run,
    },
    Target {
        name: "full_decode",
        run: full_decode::run,
    },
    Target {
        name: "full_round_trip",
        run: full_round_trip::run,
    },
    Target {
        name: "documents",
        run: documents::run,
    },
    Target {
        name: "resigned",
        run: resigned::run,
    },
    Target {
        name: "image_files",
        run: image_files::run,
    },
    Target {
        name: "update",
        run: update::run,
    },
    Target {
        name: "areas",
        run: areas::run,
    },
    Target {
        name: "line",
        run: line::run,
    },
    Target {
        name: "texts",
        run: texts::run,
    },
];
