//! A device with fixed keys, as far as `keyset` goes: what that one has more is what keysets cost.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod anchors {
    use footprint::{Measure, Part, TRUST, package, say, stop};
    #[cfg(not(feature = "salty"))]
    use sprag_verifier::Dalek as Curve;
    #[cfg(feature = "salty")]
    use sprag_verifier::Salty as Curve;
    use sprag_verifier::{BootRecord, Error, Intake};

    const BUFFER_LEN: usize = 2 * 1024;

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
        // SAFETY: the program calls this function once.
        let buffer = unsafe { &mut *(&raw mut BUFFER) };
        let measure = Measure::begin();
        let judged = release(buffer);
        measure.end("release");
        if let Err(e) = judged {
            say("error", "code", e.code().into());
            stop(1);
        }
    }

    #[inline(never)]
    fn release(buffer: &mut [u8]) -> Result<(), Error> {
        // Every device writes its boot record, with what a keyset is written with.
        BootRecord::forgive(&mut Part::new())?;
        let mut intake = Intake::new(buffer);
        intake.push(package())?;
        let authentic = intake.authenticate_by::<Curve>(&TRUST)?;
        say("manifest", "sequence", authentic.manifest().sequence as u32);
        Ok(())
    }
}

#[cfg(not(bare_metal))]
fn main() {}
