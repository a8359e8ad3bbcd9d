//! Builds the packages of `test-vectors/inputs` anew. Only for a new format version: vectors are frozen.

use std::path::Path;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs");
    for name in ["delta", "full", "bsdiff", "stored", "pages"] {
        let package = sprag_vectors::bases::build_base(name)?;
        println!("{name}: {} B", package.len());
        std::fs::write(folder.join(name).with_extension("sprag"), package)?;
    }
    std::fs::write(folder.join("old.bin"), sprag_vectors::bases::old())?;
    std::fs::write(folder.join("new.bin"), sprag_vectors::bases::new())?;
    std::fs::write(folder.join("long.bin"), sprag_vectors::bases::long())?;
    Ok(())
}
