//! The instructions of hashing and of decoding, each by itself.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod speed {
    use footprint::{instructions, new_len, old_image, package, say, stop};
    use sprag_delta::{Decoder, Images, Profile, Pull, workspace_len};
    use sprag_verifier::block_hash;

    const WORKSPACE_LEN: usize = workspace_len(Profile::Kib16);
    const HASHED: usize = 64 * 1024;

    /// The old image; what has been made is not kept, so streams that copy from it cannot be measured here.
    struct Old(&'static [u8]);

    impl Images for Old {
        type Error = ();

        fn read_old(&mut self, offset: u32, buf: &mut [u8]) -> Result<(), ()> {
            let start = offset as usize;
            let old = self.0.get(start..start + buf.len()).ok_or(())?;
            buf.copy_from_slice(old);
            Ok(())
        }

        fn read_new(&mut self, _: u32, _: &mut [u8]) -> Result<(), ()> {
            Err(())
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        let before = instructions();
        core::hint::black_box(block_hash(
            0,
            0,
            old_image().get(..HASHED).unwrap_or_default(),
        ));
        let hashed = instructions().wrapping_sub(before);
        say("hashing", "bytes", HASHED as u32);
        say("hashing", "instructions", hashed);

        let before = instructions();
        let made = decode();
        let decoded = instructions().wrapping_sub(before);
        say("decoding", "bytes", made);
        say("decoding", "instructions", decoded);
        if made != new_len() {
            stop(1);
        }
    }

    /// Decodes the stream that QEMU loaded in place of a package; bytes made.
    #[inline(never)]
    fn decode() -> u32 {
        let mut workspace = [0; WORKSPACE_LEN];
        let mut out = [0; 256];
        let mut images = Old(old_image());
        let old_len = images.0.len() as u32;
        let mut decoder = Decoder::new(&mut workspace, old_len, new_len());
        let mut rest = package();
        loop {
            match decoder.pull(&mut images, &mut out) {
                Ok(Pull::Output(_)) => {}
                Ok(Pull::NeedInput) if rest.is_empty() => decoder.finish(),
                Ok(Pull::NeedInput) => {
                    let taken = decoder.push(rest);
                    rest = rest.get(taken..).unwrap_or_default();
                }
                Ok(Pull::Done) | Err(_) => return decoder.produced(),
            }
        }
    }
}

#[cfg(not(bare_metal))]
fn main() {}
