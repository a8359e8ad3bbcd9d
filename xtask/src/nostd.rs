//! Builds each device crate alone for targets that have no std: alone, because a workspace build would unite
//! the features of all crates and hide a missing or an extra one.

use crate::report::{Done, Report};
use crate::tools::DeviceTools;
use crate::{repo, run};

/// `cargo xtask nostd`.
pub(crate) fn check(report: &mut Report) {
    for target in repo::DEVICE_TARGETS {
        for package in repo::DEVICE_CRATES {
            report.stage(&format!("no_std: {package} for {target}"), || {
                let tools = DeviceTools::for_target(target)?;
                run::output(tools.cargo("build", target).args([
                    "--locked",
                    "--lib",
                    "--package",
                    package,
                ]))?;
                Ok(Done::passed())
            });
        }
    }
}
