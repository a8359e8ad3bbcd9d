//! Why an update was refused, with both sides of the comparison, as a structure of numbers, texts and bytes.

use sprag_verifier::{Error, KeyId, Reason, Text, lwm2m_result};

use crate::session::Session;
use crate::status::{Refusal, status};
use crate::types::Report;

/// The report of a session, of this size.
pub(crate) fn report(session: &Session, struct_size: u32) -> Report {
    let progress = session.progress();
    let last = session.last();
    let mut report = Report {
        struct_size,
        status: status(last),
        lwm2m_result: result_of(last),
        retry_after: 0,
        blocks_done: progress.blocks.0,
        blocks: progress.blocks.1,
        image_done: progress.image.0,
        image: progress.image.1,
        package_number: 0,
        device_number: 0,
        package_text: [0; 33],
        device_text: [0; 33],
        package_bytes: [0; 32],
        device_bytes: [0; 32],
    };
    if let Err(Refusal::Update(e)) = last {
        both_sides(&mut report, &e);
    }
    report
}

/// The LwM2M result: 0 while nothing is decided, 1 for success.
fn result_of(last: Result<i32, Refusal>) -> u32 {
    match last {
        Ok(crate::SPRAG_OK) => 0,
        Ok(_) => 1,
        Err(refusal) => lwm2m_result(refusal.code()).into(),
    }
}

fn both_sides(report: &mut Report, error: &Error) {
    match *error {
        Error::UnknownKey { package, trusted } => {
            put_key(report, package);
            numbers(report, 0_u32, trusted);
        }
        Error::SignatureInvalid { key }
        | Error::KeyRole { key }
        | Error::WeakKey { key }
        | Error::ExampleKey { key } => put_key(report, key),
        Error::Vendor { package, device }
        | Error::Product { package, device }
        | Error::Hardware { package, device }
        | Error::BootloaderId { package, device }
        | Error::OsId { package, device }
        | Error::Layout { package, device }
        | Error::SourceVersion { package, device } => {
            put_text(&mut report.package_text, &package);
            put_text(&mut report.device_text, &device);
        }
        Error::SourceNotListed { sources, device } => {
            numbers(report, sources, 0_u32);
            put_text(&mut report.device_text, &device);
        }
        Error::Isa { package, device } => numbers(report, package.number(), device.number()),
        Error::BootloaderVersion { min, device, .. } | Error::OsVersion { min, device, .. } => {
            numbers(report, min, device);
        }
        Error::LoadAddress { package, device }
        | Error::SecurityCounter { package, device }
        | Error::Sequence { package, device }
        | Error::NotYetValid { package, device }
        | Error::Expired { package, device } => numbers(report, package, device),
        Error::KeysetVersion { package, device } => numbers(report, package, device),
        Error::EnvelopeTooLarge { need, have }
        | Error::Ram { need, have }
        | Error::Scratch { need, have }
        | Error::SlotTooSmall { need, have } => numbers(report, need, have),
        Error::SourceDigest { package, device } | Error::TargetDigest { package, device } => {
            report.package_bytes = package.0;
            report.device_bytes = device.0;
        }
        Error::RevertedBefore { manifest } => report.package_bytes = manifest.0,
        Error::BlockHash { block: part } | Error::PageHash { page: part } => {
            numbers(report, part, 0_u32);
        }
        Error::StreamGap { wanted, found } => numbers(report, wanted, found),
        Error::StreamEnd { package, found } => numbers(report, package, found),
        Error::FlashRead { address, .. }
        | Error::FlashWrite { address, .. }
        | Error::FlashErase { address, .. }
        | Error::FlashVerify { address, .. }
        | Error::StagedBlock { address, .. } => numbers(report, 0_u32, address),
        Error::Deferred {
            reason,
            retry_after,
        } => {
            report.retry_after = retry_after;
            match reason {
                Reason::Battery { need, have } => numbers(report, need, have),
                Reason::Storage { need, have } | Reason::Ram { need, have } => {
                    numbers(report, need, have);
                }
                _ => {}
            }
        }
        // The code says it all, or the rest is for the one who made the package.
        _ => {}
    }
}

fn numbers(report: &mut Report, package: impl Into<u64>, device: impl Into<u64>) {
    report.package_number = package.into();
    report.device_number = device.into();
}

fn put_key(report: &mut Report, key: KeyId) {
    for (to, from) in report.package_bytes.iter_mut().zip(key.0) {
        *to = from;
    }
}

/// A zero byte is left at the end.
fn put_text(to: &mut [u8; 33], text: &Text) {
    for (to, from) in to.iter_mut().take(32).zip(text.as_str().bytes()) {
        *to = from;
    }
}
