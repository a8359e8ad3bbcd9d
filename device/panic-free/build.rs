//! The program is linked and never run: any address will do.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        for argument in ["--entry=begin", "--image-base=0x10000", "--gc-sections"] {
            println!("cargo::rustc-link-arg={argument}");
        }
    }
}
