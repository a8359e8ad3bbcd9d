//! Prints `sprag.h`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["types", "status", "update", "boot"];
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml"));
    let made = config.map_err(|e| e.to_string()).and_then(|config| {
        let mut builder = cbindgen::Builder::new().with_config(config);
        for source in sources {
            builder = builder.with_src(folder.join(format!("../src/{source}.rs")));
        }
        builder.generate().map_err(|e| e.to_string())
    });
    match made {
        Ok(bindings) => {
            let mut header = Vec::new();
            bindings.write(&mut header);
            // What Rust calls safety is the caller's half of the contract.
            let header = String::from_utf8_lossy(&header)
                .replace("* # Safety", "* The caller sees to this:");
            print!("{header}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}
