//! `include/sprag_codes.h` has every code that a function can return, with what it means. `SPRAG_BLESS=1` writes it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use core::fmt::Write as _;
use std::path::Path;

/// The header as the registers and their explanations say it.
fn made() -> String {
    let mut text = String::from(
        "/*\n * The stable numbers of Sprag's errors, as functions return them. `sprag explain NUMBER` tells cause and remedy.\n *\n \
         * Made from the registers by `cargo xtask header`; do not edit.\n *\n * SPDX-License-Identifier: Apache-2.0 OR MIT\n */\n\
         \n#ifndef SPRAG_CODES_H\n#define SPRAG_CODES_H\n",
    );
    for explanation in sprag::explanations() {
        if explanation.code < 1000 {
            let (name, code) = (explanation.name, explanation.code);
            writeln!(text, "\n/** {} */", explanation.meaning).unwrap();
            writeln!(text, "#define SPRAG_E_{name} (-{code})").unwrap();
        }
    }
    text.push_str("\n#endif /* SPRAG_CODES_H */\n");
    text
}

#[test]
fn the_header_has_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/sprag_codes.h");
    if std::env::var_os("SPRAG_BLESS").is_some() {
        std::fs::write(&path, made()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made(),
        "c-api/include/sprag_codes.h is not what the registers say: run `cargo xtask header`"
    );
}

/// What the header tells of memory is what the verifier asks for.
#[test]
fn the_constants_are_those_of_the_verifier() {
    assert_eq!(
        sprag_c::SPRAG_INTAKE_OVERHEAD,
        sprag_verifier::intake_len(0)
    );
    assert_eq!(sprag_c::SPRAG_MAX_TEXT, sprag_manifest::MAX_TEXT_LEN);
}

/// Each register of the device side is in it, number and name.
#[test]
fn no_register_is_missing() {
    let header = made();
    let registers = [
        sprag_manifest::CODES,
        sprag_verifier::CODES,
        sprag_verifier::BINDING_CODES,
    ];
    for (code, name) in registers.concat() {
        let line = format!("#define SPRAG_E_{name} (-{code})\n");
        assert_eq!(header.matches(&line).count(), 1, "{line}");
    }
}
