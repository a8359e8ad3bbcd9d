//! A device with fixed keys that asks for an LMS signature as well: what it has more than `anchors` is what LMS costs.
//! The signature is made up, and refused when all of it has been walked.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod lms {
    use footprint::{Measure, Part, TRUST, package, say, stop};
    #[cfg(not(feature = "salty"))]
    use sprag_verifier::Dalek as Curve;
    #[cfg(feature = "salty")]
    use sprag_verifier::Salty as Curve;
    use sprag_verifier::{BootRecord, Error, Intake, KeyId, LmsKey};

    const BUFFER_LEN: usize = 2 * 1024;
    /// Bytes of a signature by a tree of 1024 leaves with digits of 8 bits.
    const SIGNATURE_LEN: usize = 1456;

    /// Such a tree, with a root that nothing leads to.
    static KEY: LmsKey = {
        let mut key = [0; 60];
        (key[3], key[7], key[11]) = (1, 6, 4);
        LmsKey {
            id: KeyId([7; 8]),
            key,
        }
    };

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
        static mut SIGNATURE: [u8; SIGNATURE_LEN] = [0; SIGNATURE_LEN];
        // SAFETY: the program calls this function once.
        let buffer = unsafe { &mut *(&raw mut BUFFER) };
        // SAFETY: as above.
        let signature = unsafe { &mut *(&raw mut SIGNATURE) };
        (signature[11], signature[12 + 32 * 35 + 3]) = (4, 6);
        let measure = Measure::begin();
        let verified = verify(signature);
        measure.end("lms");
        if !matches!(verified, Err(Error::SignatureInvalid { .. })) {
            stop(1);
        }
        // The package has no LMS signature: refused when its Ed25519 signature has been checked.
        let judged = release(buffer);
        if !matches!(judged, Err(Error::LmsMissing { .. })) {
            stop(2);
        }
    }

    #[inline(never)]
    fn verify(signature: &[u8]) -> Result<(), Error> {
        KEY.verify(&[package()], signature)
    }

    #[inline(never)]
    fn release(buffer: &mut [u8]) -> Result<(), Error> {
        BootRecord::forgive(&mut Part::new())?;
        let mut intake = Intake::new(buffer);
        intake.push(package())?;
        let authentic = intake.authenticate_both::<Curve>(&TRUST, &[KEY])?;
        say("manifest", "sequence", authentic.manifest().sequence as u32);
        Ok(())
    }
}

#[cfg(not(bare_metal))]
fn main() {}
