//! How a device comes by the head of a package: header, key set updates and envelope.

use sprag_manifest::{Header, MAX_ENVELOPE_LEN};
use sprag_verifier::{AuthenticManifest, Error, Intake, Retry, intake_len};

use super::life::{Stop, Story, World, stop};
use super::link::Link;
use super::meter::Meter;
use crate::trust::authenticate;

const MILLION: u64 = 1_000_000;
/// Times that the head may come wrong before it is the package that is.
const HEAD_TRIES: u32 = 8;

impl World<'_> {
    /// Fetches the head, which has no parts: its signature tells whether it came right, and it is fetched anew where it
    /// did not.
    pub(super) fn fetch_head(
        &self,
        meter: &mut Meter,
        link: &mut Link<'_>,
        retry: &mut Retry,
        story: &mut Story,
    ) -> Result<Vec<u8>, Stop> {
        let mut tries = 0;
        loop {
            let mut head = Vec::new();
            let mut refused = None;
            while refused.is_none() {
                let wanted = match wanted(&head) {
                    Ok(0) => break,
                    Ok(wanted) => wanted,
                    Err(e) => {
                        refused = Some(e);
                        break;
                    }
                };
                let at = u64::try_from(head.len()).unwrap_or(u64::MAX);
                let len = u32::try_from(wanted).unwrap_or(u32::MAX);
                let answer = link.request(at, len, meter.clock);
                self.wait(meter, story, answer.took);
                let before = head.len();
                for (offset, bytes) in answer.result.unwrap_or_default() {
                    // As with blocks, a datagram that is ahead of its turn is dropped.
                    let here = usize::try_from(offset).unwrap_or(usize::MAX);
                    let fresh = head.len().checked_sub(here);
                    let Some(fresh) = fresh.and_then(|skip| bytes.get(skip..)) else {
                        continue;
                    };
                    let room = (before + wanted).saturating_sub(head.len());
                    head.extend(fresh.iter().take(room));
                }
                if head.len() == before {
                    story.no_answers += 1;
                    let waited = retry.no_answer().map_err(|e| stop(meter, e))?;
                    self.wait(meter, story, u64::from(waited) * MILLION);
                }
            }
            if refused.is_none() {
                meter.hash(u64::try_from(head.len()).unwrap_or(u64::MAX));
                meter.verify();
                // The caller finds out the same; only what came wrong is verified here as well.
                if !self.package.starts_with(&head) {
                    let mut buffer = vec![0; intake_len(MAX_ENVELOPE_LEN)];
                    refused = self.authenticate(Intake::new(&mut buffer), &head).err();
                }
            }
            let Some(e) = refused else {
                retry.verified();
                return Ok(head);
            };
            story.refusals += 1;
            tries += 1;
            if tries >= HEAD_TRIES {
                return Err(stop(meter, e));
            }
            let waited = retry.no_answer().map_err(|e| stop(meter, e))?;
            self.wait(meter, story, u64::from(waited) * MILLION);
        }
    }

    /// Judges a head as a device does that has left the key set updates in it behind.
    pub(super) fn authenticate<'b>(
        &self,
        intake: Intake<'b>,
        head: &[u8],
    ) -> Result<AuthenticManifest<'b>, Error> {
        authenticate(intake, head, self.trust).map(|(authentic, _)| authentic)
    }
}

/// Bytes that are missing behind these at the front of a head: up to the end of the header, then of the envelope.
fn wanted(head: &[u8]) -> Result<usize, Error> {
    let Some(header) = head.get(..Header::LEN) else {
        return Ok(Header::LEN - head.len());
    };
    let end = Header::decode(header)?.payloads_offset();
    Ok(usize::try_from(end).unwrap_or(usize::MAX) - head.len())
}
