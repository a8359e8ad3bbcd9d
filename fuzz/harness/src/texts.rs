//! Any bytes as the documents that people and other programs write: trust stores, requests to sign and their answers, audit logs, release
//! files, device profiles and logs. Refused with words, or read; and what was read and written again is the same.

use std::path::Path;

use sprag::diagnose::diagnose;
use sprag::{
    Answer, Chain, ReleaseSpec, Request, TrustFile, changes, describe_keyset, profile_device,
};
use sprag_manifest::{DeviceProfile, Release};

use crate::choices::Choices;

/// Most versions of a trust store that are looked at.
const VERSIONS_MAX: u32 = 8;

/// Runs one input: which kind (1 B), then the text.
///
/// # Panics
/// If a promise is broken.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let which = choices.u8() % 7;
    let bytes = choices.rest();
    let path = Path::new("x");
    match which {
        0 => trust(path, bytes),
        1 => log(bytes),
        2 => audit(bytes),
        _ => {
            let Ok(text) = core::str::from_utf8(bytes) else {
                return;
            };
            match which {
                3 => request(path, text),
                4 => answer(path, text),
                5 => release(text),
                _ => profile(text),
            }
        }
    }
}

fn trust(path: &Path, bytes: &[u8]) {
    let file = match TrustFile::decode(path, bytes) {
        Ok(file) => file,
        Err(e) => return assert!(!e.to_string().is_empty()),
    };
    let mut before = None;
    for number in 1..=file.last().min(VERSIONS_MAX) {
        let Ok(spec) = file.spec(number) else {
            continue;
        };
        assert!(!describe_keyset(&spec).is_empty());
        let _ = changes(before.as_ref(), &spec);
        let _ = file.judge(number);
        before = Some(spec);
    }
    let written = file.encode().expect("what was read can be written");
    let again = TrustFile::decode(path, &written).expect("what was written");
    assert_eq!(again.encode().ok(), Some(written));
}

fn log(bytes: &[u8]) {
    let diagnosis = diagnose(bytes);
    for cause in &diagnosis.causes {
        assert!((1..=99).contains(&cause.confidence) && cause.count > 0);
        assert!(!cause.subject.name().is_empty());
    }
    assert!(diagnosis.telling <= diagnosis.lines || diagnosis.lines == 0);
}

fn audit(bytes: &[u8]) {
    match Chain::read(bytes, None) {
        Ok(chain) => {
            let len = u64::try_from(chain.entries().len()).expect("a length");
            assert_eq!(chain.len(), len);
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

fn request(path: &Path, text: &str) {
    match Request::parse(path, text) {
        Ok(request) => {
            let written = request.to_text().expect("what was read can be written");
            let again = Request::parse(path, &written).expect("what was written");
            assert_eq!(again.manifest(), request.manifest());
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

fn answer(path: &Path, text: &str) {
    match Answer::parse(path, text) {
        Ok(answer) => {
            let again = Answer::parse(path, &answer.to_text()).expect("what was written");
            assert_eq!(again.key_id(), answer.key_id());
        }
        Err(e) => assert!(!e.to_string().is_empty()),
    }
}

fn release(text: &str) {
    let Ok(release) = toml::from_str::<Release>(text) else {
        return;
    };
    if let Err(e) = ReleaseSpec::new(release) {
        assert!(!e.to_string().is_empty());
    }
}

fn profile(text: &str) {
    if let Ok(profile) = toml::from_str::<DeviceProfile>(text) {
        let _ = profile_device(&profile);
    }
}
