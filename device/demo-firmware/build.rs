//! Tells the linker where the memory map is.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo::rerun-if-changed=link.ld");
    println!("cargo::rustc-link-arg=-T{folder}/link.ld");
    println!("cargo::rustc-link-arg=--nmagic");
    println!("cargo::rustc-link-arg=--build-id=none");
}
