//! The tasks of this repository, as `cargo xtask NAME`. `cargo xtask help` lists them.

mod apt;
mod bench;
mod broken;
mod c_firmware;
mod c_lib;
mod c_modules;
mod command;
mod demo_images;
mod deps;
mod failure;
mod footprint;
mod fuzz;
mod header;
mod interop;
mod journey;
mod nostd;
mod panic_free;
mod repo;
mod report;
mod run;
mod test;
mod tools;

use std::process::ExitCode;

use crate::report::Report;

const HELP: &str = include_str!("help.txt");

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let task: fn(&mut Report) = match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => return report::print(HELP),
        ["test"] => test::full,
        ["test", "--quick"] => test::quick,
        ["bench", ..] => return bench::run(words.get(1..).unwrap_or_default()),
        ["fuzz", ..] => match fuzz::Run::of(words.get(1..).unwrap_or_default()) {
            Some(run) => return Report::of(|report| run.start(report)),
            None => return report::usage(&words, HELP),
        },
        ["broken"] => return Report::of(|report| broken::start(report, "")),
        ["broken", name] => return Report::of(|report| broken::start(report, name)),
        ["device-tools"] => tools::task,
        ["interop-tools"] => interop::task,
        ["demo-images"] => demo_images::write,
        ["demo-images", "--check"] => demo_images::check,
        ["footprint"] => footprint::check,
        ["footprint", "--quick"] => footprint::quick,
        ["footprint", "--bless"] => footprint::bless,
        ["footprint", "--quick", "--bless"] => footprint::bless_quick,
        ["footprint", "--json"] => return footprint::json(),
        ["c-lib", ..] => match c_lib::Library::of(words.get(1..).unwrap_or_default()) {
            Some(library) => return Report::of(|report| library.task(report)),
            None => return report::usage(&words, HELP),
        },
        ["c-firmware"] => c_firmware::check,
        ["c-modules"] => c_modules::check,
        ["header"] => header::write,
        ["header", "--check"] => header::check,
        ["journey", ..] => match journey::Options::of(words.get(1..).unwrap_or_default()) {
            Some(options) => return Report::of(|report| journey::start(report, options)),
            None => return report::usage(&words, HELP),
        },
        ["panic-free"] => panic_free::check,
        ["nostd"] => nostd::check,
        ["deps"] => deps::check,
        ["deps", "--bless"] => deps::bless,
        _ => return report::usage(&words, HELP),
    };
    Report::of(task)
}
