//! `cargo xtask panic-free`: the device crates, linked with a panic handler that does not exist.
//!
//! The cryptography is walled off (`device/panic-free/walls`): its panic paths are named in docs/PORTING.md.

use crate::failure::Failure;
use crate::report::{Done, Report};
use crate::tools::DeviceTools;
use crate::{repo, run};

/// The function that the handler calls, which is nowhere.
const SURVIVOR: &str = "a_panic_path_survived";

/// Links for each target; then sees that an index expression is found out.
pub(crate) fn check(report: &mut Report) {
    for target in repo::DEVICE_TARGETS {
        report.stage(&format!("panic-free: {target}"), || {
            match link(target, &[]) {
                Err(Failure::Command { output, .. }) if output.contains(SURVIVOR) => {
                    let what = "a panic path survived in a device crate: look for indexing, slices' own copies and arithmetic that \
                                can overflow or divide by zero; `llvm-objdump --disassemble` of the device/footprint programs shows who calls core::panicking";
                    Err(Failure::Check(what.to_owned()))
                }
                linked => linked.map(|()| Done::passed()),
            }
        });
    }
    report.stage(
        "panic-free: an index expression does not link",
        || match link(repo::DEVICE_TARGETS[0], &["--features", "index"]) {
            Err(Failure::Command { output, .. }) if output.contains(SURVIVOR) => Ok(Done::passed()),
            Err(other) => Err(other),
            Ok(()) => Err(Failure::Check(
                "it linked: the check sees nothing".to_owned(),
            )),
        },
    );
}

fn link(target: &str, features: &[&str]) -> Result<(), Failure> {
    let tools = DeviceTools::for_target(target)?;
    let mut cargo = tools.cargo("build", target);
    cargo.args(["--release", "--locked"]).args(features);
    run::output(cargo.current_dir(repo::path("device/panic-free"))).map(|_| ())
}
