//! What the flags give: the release, the old images, and the entry of a log that the package is to name.

use sprag_manifest::Release;

use super::BuildArgs;
use crate::audit::{Action, AuditError, EntryRef};
use crate::digest::sha256;
use crate::error::Error;
use crate::input::Image;
use crate::keys::{Found, KeyError, PasswordSource};
use crate::lms::LmsSecret;
use crate::release::{ReleaseSpec, read_release};

impl BuildArgs {
    /// The LMS key that signs as well.
    pub(super) fn lms_key(&self) -> Result<Option<LmsSecret>, Error> {
        let Some(path) = &self.lms_key else {
            return Ok(None);
        };
        let password = PasswordSource::from_option(self.password_file.as_deref());
        let key = LmsSecret::load(path, &password)?.ok_or_else(|| KeyError::NotAKey {
            path: path.clone(),
            found: Found::SecretKey,
        })?;
        Ok(Some(key))
    }

    /// The entry that the package is to name. One that does not approve the image is of no use to anybody.
    pub(super) fn named_entry(
        &self,
        release: &ReleaseSpec,
        new: &[u8],
    ) -> Result<Option<EntryRef>, Error> {
        let Some(number) = self.approval else {
            return Ok(None);
        };
        let chain = self.audit.chain()?;
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let listed = chain.entries().get(place).ok_or(AuditError::Truncated {
            entries: chain.len(),
            wanted: number,
        })?;
        let subject = &listed.entry.subject;
        let image = subject.new.as_ref();
        let approves = listed.entry.action == Action::Approve
            && image.is_some_and(|image| {
                image.version == release.new_version && image.sha256 == sha256(new)
            });
        if !approves {
            return Err(AuditError::NamesOther { number }.into());
        }
        Ok(Some(EntryRef {
            seq: number,
            digest: listed.digest,
        }))
    }

    /// `release.toml` with the flags over it.
    pub(super) fn merged_release(&self) -> Result<Release, Error> {
        let mut release = match &self.release {
            Some(path) => read_release(path)?,
            None => Release::default(),
        };
        let texts = [
            (&mut release.vendor, &self.vendor),
            (&mut release.product, &self.product),
            (&mut release.old_version, &self.old_version),
            (&mut release.new_version, &self.new_version),
            (&mut release.layout, &self.layout),
        ];
        for (field, flag) in texts {
            if flag.is_some() {
                field.clone_from(flag);
            }
        }
        if !self.hardware.is_empty() {
            release.hardware.clone_from(&self.hardware);
        }
        release.isa = self.isa.or(release.isa);
        release.security_counter = self.security_counter.or(release.security_counter);
        release.sequence = self.sequence.or(release.sequence);
        release.load_address = self.load_address.or(release.load_address);
        release.block_size = self.block_size.or(release.block_size);
        release.keyset_version = self.keyset_version.or(release.keyset_version);
        release.bootloader = self.bootloader.clone().or(release.bootloader);
        release.os = self.os.clone().or(release.os);
        let validity = &mut release.validity;
        validity.not_before = self.not_before.or(validity.not_before);
        validity.not_after = self.not_after.or(validity.not_after);
        let preconditions = &mut release.preconditions;
        preconditions.min_battery_percent = self
            .min_battery_percent
            .or(preconditions.min_battery_percent);
        preconditions.min_free_storage = self.min_free_storage.or(preconditions.min_free_storage);
        preconditions.min_temperature = self.min_temperature.or(preconditions.min_temperature);
        preconditions.max_temperature = self.max_temperature.or(preconditions.max_temperature);
        preconditions.min_free_ram = self.min_free_ram.or(preconditions.min_free_ram);
        preconditions.window = self.window.or(preconditions.window);
        Ok(release)
    }

    /// The old images with their versions.
    pub(super) fn read_old(&self, release: &ReleaseSpec) -> Result<Vec<(String, Image)>, Error> {
        let mut images = Vec::new();
        for old in &self.old {
            let version = old
                .version
                .clone()
                .or_else(|| release.rest.old_version.clone());
            let version = version.ok_or(Error::MissingField {
                field: "old-version",
            })?;
            images.push((version, Image::read(&old.path, self.input_format)?));
        }
        Ok(images)
    }
}
