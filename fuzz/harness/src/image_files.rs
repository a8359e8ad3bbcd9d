//! Any bytes as an ELF, Intel HEX, S-record or UF2 file: refused, or one image that is no longer than a file may ask for.

use sprag::{GAP_MAX, InputFormat, flatten};

use crate::choices::Choices;

/// Runs one input: the format (1 B), then the file.
///
/// # Panics
/// If a promise is broken.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let format = choices.pick(&[
        InputFormat::Auto,
        InputFormat::Elf,
        InputFormat::Hex,
        InputFormat::Srec,
        InputFormat::Uf2,
    ]);
    let file = choices.rest();
    match flatten(file, format) {
        Ok(image) => {
            assert_ne!(image.format, InputFormat::Auto);
            // Each byte may stand behind the longest gap that is filled.
            let gap = usize::try_from(GAP_MAX).expect("a gap in memory");
            let most = file.len().saturating_mul(gap);
            assert!(image.bytes.len() <= most, "{} bytes", image.bytes.len());
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}
