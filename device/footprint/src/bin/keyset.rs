//! A device with a stored keyset: follows the chain of a package and judges its signatures. What `anchors` does not link
//! is what keysets cost.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod keyset {
    use footprint::{Measure, Part, old_image, package, say, stop};
    #[cfg(not(feature = "salty"))]
    use sprag_verifier::Dalek as Curve;
    #[cfg(feature = "salty")]
    use sprag_verifier::Salty as Curve;
    use sprag_verifier::{Error, ExampleKeys, Intake, Keyring};

    const BUFFER_LEN: usize = 2 * 1024;

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        static mut BUFFER: [u8; BUFFER_LEN] = [0; BUFFER_LEN];
        static mut MEMORY: [u8; 1000] = [0; 1000];
        // SAFETY: the program calls this function once.
        let (buffer, memory) = unsafe { (&mut *(&raw mut BUFFER), &mut *(&raw mut MEMORY)) };
        let mut part = Part::new();
        if let Err(e) = judge(&mut part, buffer, memory) {
            say("error", "code", e.code().into());
            stop(1);
        }
    }

    fn judge(part: &mut Part, buffer: &mut [u8], memory: &mut [u8; 1000]) -> Result<(), Error> {
        let measure = Measure::begin();
        // The factory's keyset takes the old image's place.
        let mut keyring = Keyring::load(part, old_image(), memory, ExampleKeys::Accept)?;
        measure.end("load");
        let measure = Measure::begin();
        let intake = chain(part, buffer, &mut keyring)?;
        measure.end("chain");
        say("keyset", "version", keyring.version());
        let measure = Measure::begin();
        release(intake, &keyring)?;
        measure.end("release");
        Ok(())
    }

    #[inline(never)]
    fn chain<'b>(
        part: &mut Part,
        buffer: &'b mut [u8],
        keyring: &mut Keyring<'_>,
    ) -> Result<Intake<'b>, Error> {
        let mut intake = Intake::new(buffer);
        intake.push_with::<Curve, _>(package(), keyring, part)?;
        Ok(intake)
    }

    #[inline(never)]
    fn release(intake: Intake<'_>, keyring: &Keyring<'_>) -> Result<(), Error> {
        let authentic = intake.authenticate_with::<Curve>(keyring, None)?;
        say("manifest", "sequence", authentic.manifest().sequence as u32);
        Ok(())
    }
}

#[cfg(not(bare_metal))]
fn main() {}
