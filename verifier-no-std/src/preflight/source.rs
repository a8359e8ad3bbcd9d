//! Which of the listed sources the running image is, in one pass over it.

use sprag_manifest::{Digest, Image};

use crate::error::Error;
use crate::flash::Flash;
use crate::hash::{Hasher, same};
use crate::policy::VerifiedManifest;
use crate::storage::{Area, Storage};

/// Bytes hashed in one step.
const STEP_LEN: u32 = 4096;
/// Bytes read at a time.
const PIECE_LEN: usize = 256;
/// Times the running image is hashed at most before it counts as none of the sources.
const MAX_PASSES: u8 = 4;

/// A source that the running image was found to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceMatch {
    pub(super) number: u32,
    pub(super) size: u32,
}

/// Hashes the running image up to each listed size in turn.
#[derive(Debug)]
pub(super) struct SourceSearch<'m, 'b> {
    verified: &'m VerifiedManifest<'b>,
    hasher: Hasher,
    at: u32,
    /// Digest found where the installed version's source ends.
    installed: Option<(Digest, Digest)>,
    /// A source that matched under another version. The search goes on: it may be how a longer source begins.
    misnamed: Option<Error>,
    /// What the last pass found, where it matched nothing; and the passes so far.
    refused: Option<Digest>,
    passes: u8,
}

impl<'m, 'b> SourceSearch<'m, 'b> {
    pub(super) fn new(verified: &'m VerifiedManifest<'b>) -> Self {
        Self {
            verified,
            hasher: Hasher::new(),
            at: 0,
            installed: None,
            misnamed: None,
            refused: None,
            passes: 0,
        }
    }

    /// Hashes at most 4 KiB. `None` while there is more to hash; then the source, or why there is none.
    pub(super) fn step<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        slot: Area,
        limit: u32,
    ) -> Result<Option<Result<SourceMatch, Error>>, Error> {
        let Some(boundary) = self.next_boundary(limit) else {
            return Ok(self.refuse());
        };
        let end = boundary.min(self.at.saturating_add(STEP_LEN));
        let mut buf = [0_u8; PIECE_LEN];
        while self.at < end {
            let left = usize::try_from(end.saturating_sub(self.at)).unwrap_or(PIECE_LEN);
            let Some(piece) = buf.get_mut(..left.min(PIECE_LEN)) else {
                break;
            };
            flash.read(slot, self.at, piece)?;
            self.hasher.update(piece);
            let len = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            self.at = self.at.saturating_add(len);
        }
        Ok(if self.at == boundary {
            self.judge()
        } else {
            None
        })
    }

    /// Refuses what was found to be no source twice alike; a bit that was misread must not look like another image.
    fn refuse(&mut self) -> Option<Result<SourceMatch, Error>> {
        let found = self.hasher.so_far();
        let alike = self.refused.is_some_and(|before| same(&before, &found));
        self.passes = self.passes.saturating_add(1);
        if alike || self.at == 0 || self.passes >= MAX_PASSES {
            return Some(Err(self.refusal()));
        }
        (self.hasher, self.at) = (Hasher::new(), 0);
        (self.installed, self.misnamed) = (None, None);
        self.refused = Some(found);
        None
    }

    /// The smallest listed size not yet passed that fits the slot.
    fn next_boundary(&self, limit: u32) -> Option<u32> {
        let sizes = self
            .verified
            .manifest()
            .sources
            .iter()
            .map(|source| source.size);
        sizes.filter(|&size| size > self.at && size <= limit).min()
    }

    fn judge(&mut self) -> Option<Result<SourceMatch, Error>> {
        let found = self.hasher.so_far();
        let reported = self.verified.installed_version;
        let sources = self.verified.manifest().sources;
        for (number, source) in (0_u32..).zip(sources.iter()) {
            if source.size != self.at {
                continue;
            }
            if same(&source.digest, &found) {
                match self.accept(number, &source) {
                    Ok(matched) => return Some(Ok(matched)),
                    Err(e) => self.misnamed = self.misnamed.or(Some(e)),
                }
            } else if source.version == reported.as_str() {
                self.installed = Some((source.digest, found));
            }
        }
        None
    }

    fn accept(&self, number: u32, source: &Image<'_>) -> Result<SourceMatch, Error> {
        let device = self.verified.installed_version;
        if device.as_str().is_empty() || device.as_str() == source.version {
            Ok(SourceMatch {
                number,
                size: source.size,
            })
        } else {
            Err(Error::SourceVersion {
                package: source.version.into(),
                device,
            })
        }
    }

    fn refusal(&self) -> Error {
        match (self.misnamed, self.installed) {
            (Some(misnamed), _) => misnamed,
            (None, Some((package, device))) => Error::SourceDigest { package, device },
            (None, None) => Error::SourceNotListed {
                sources: self.verified.manifest().sources.len(),
                device: self.verified.installed_version,
            },
        }
    }
}
