#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sprag_fuzz::areas::run(input));
