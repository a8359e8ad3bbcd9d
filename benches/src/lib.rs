//! Size, speed and memory of Sprag beside the public delta tools.
//!
//! The `table` binary measures a folder of image pairs. Every tool, ours included, runs as a child
//! process of the same run, every patch is applied, and every result is compared with the new
//! image byte by byte before its size counts.
//!
//! - CPU seconds are user plus system time of the child and of the children it waited for, as
//!   `wait4(2)` reports them; they do not depend on what else the machine is doing, beyond caches.
//! - Peak memory is the child's maximum resident set from the same call. It can not fall below
//!   this process's own peak, which [`Report`] states as `memory_floor_bytes`.
//! - A tool that is not installed is named with the command that installs it.

#[cfg(feature = "ablation")]
mod ablation;
mod args;
mod child;
mod compare;
mod decode;
mod error;
mod in_place;
mod install;
mod instructions;
mod layout;
mod measure;
mod numbers;
mod ours;
mod pairs;
mod peers;
mod recorded;
mod report;
mod run;
mod tables;
mod tools;

#[cfg(feature = "ablation")]
pub use ablation::{AblationArgs, ablate};
pub use args::{Args, PairArgs};
pub use decode::decode_patch;
pub use error::BenchError;
pub use in_place::{InPlaceArgs, measure_in_place};
pub use instructions::{InstructionArgs, count_instructions};
pub use report::{Best, Kind, Mean, PairReport, Report, Row, Status, ToolInfo};
pub use run::run;
