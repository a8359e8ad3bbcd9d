use std::collections::BTreeSet;
use std::io;

use sprag_manifest::{DecodeError, DecodeErrorKind, Digest, EncodeError, Isa, KeyId};
use sprag_verifier::{BINDING_CODES, CODES, lwm2m_result};

use super::render::exit_code;
use super::{explain, explanations, render};
use crate::audit::{AUDIT_CODES, AuditError};
use crate::container::{CONTAINER_CODES, ContainerError};
use crate::error::{BUILD_CODES, Error};
use crate::exit;
use crate::holder::{HOLDER_CODES, HolderError};
use crate::input::{INPUT_CODES, InputError};
use crate::keys::{Found, KEY_CODES, KeyError};
use crate::output::{OUTPUT_CODES, OutputError};
use crate::send::{LINK_CODES, LinkError};
use crate::slots::{SLOT_CODES, SlotsError};

/// Every code there is, with its name.
fn registers() -> Vec<(u16, &'static str)> {
    [
        sprag_manifest::CODES,
        CODES,
        BINDING_CODES,
        BUILD_CODES,
        INPUT_CODES,
        CONTAINER_CODES,
        OUTPUT_CODES,
        SLOT_CODES,
        LINK_CODES,
        KEY_CODES,
        AUDIT_CODES,
        HOLDER_CODES,
    ]
    .concat()
}

#[test]
fn every_code_is_explained_and_nothing_else() {
    let explained: Vec<_> = explanations().iter().map(|e| (e.code, e.name)).collect();
    assert!(
        explained.is_sorted_by(|a, b| a.0 < b.0),
        "sorted, and each code once"
    );
    let registered: BTreeSet<_> = registers().into_iter().collect();
    assert_eq!(
        registered.len(),
        registers().len(),
        "a code is registered twice"
    );
    let explained: BTreeSet<_> = explained.into_iter().collect();
    let missing: Vec<_> = registered.difference(&explained).collect();
    let superfluous: Vec<_> = explained.difference(&registered).collect();
    assert!(
        missing.is_empty(),
        "no explanation, or another name: {missing:?}"
    );
    assert!(
        superfluous.is_empty(),
        "no such code, or another name: {superfluous:?}"
    );
}

#[test]
fn codes_are_found() {
    for e in explanations() {
        assert_eq!(explain(e.code), Some(e));
    }
    for code in [0, 99, 499, 999, 1000, u16::MAX] {
        assert_eq!(explain(code), None, "{code}");
    }
}

#[test]
fn explanations_are_sentences() {
    for e in explanations() {
        for (field, text) in [
            ("meaning", e.meaning),
            ("cause", e.cause),
            ("remedy", e.remedy),
        ] {
            let place = format!("{} {field}: {text:?}", e.code);
            assert!(
                text.ends_with('.') && text.len() > 15 && text.len() < 220,
                "{place}"
            );
            assert!(
                text.starts_with(|c: char| c.is_uppercase() || "`-".contains(c)),
                "{place}"
            );
            assert!(
                !text.contains("  ") && !text.contains('\n') && text.is_ascii(),
                "{place}"
            );
        }
        let mut parts = e.meaning.split(". ").skip(1);
        assert!(
            !parts.any(|part| part.starts_with(char::is_uppercase)),
            "{}: the meaning is one sentence",
            e.code
        );
        assert_ne!(e.cause, e.meaning, "{}", e.code);
    }
}

#[test]
fn an_explanation_looks_like_this() {
    let expected = "\
402 INSUFFICIENT_RAM

meaning  The update needs more RAM than the device gives to it.
cause    The package was built for a larger profile, or with larger blocks.
remedy   Build with a smaller `--ram` or `--block-size`, or with the device's profile; or give the
         updater a larger arena.

stage download
LwM2M result 3 (out of RAM)
exit code 8 (does not fit the device)
";
    assert_eq!(render(explain(402).unwrap()), expected);
}

#[test]
fn every_rendering_has_both_results_and_fits() {
    for e in explanations() {
        let text = render(e);
        assert!(
            text.starts_with(&format!("{} {}\n\n", e.code, e.name)),
            "{text}"
        );
        assert!(text.ends_with(")\n"), "{text}");
        assert!(
            text.lines()
                .all(|line| line.len() <= 100 && line == line.trim_end()),
            "{text}"
        );
        let words: Vec<_> = text.split_whitespace().collect();
        for sentence in [e.meaning, e.cause, e.remedy] {
            let wanted: Vec<_> = sentence.split(' ').collect();
            assert!(
                words.windows(wanted.len()).any(|found| found == wanted),
                "{text}"
            );
        }
        let lwm2m = match e.code {
            ..1000 => format!("\nLwM2M result {} (", lwm2m_result(e.code)),
            _ => "\nno LwM2M result: ".into(),
        };
        assert_eq!(text.matches(&lwm2m).count(), 1, "{text}");
        let exit = format!("\nexit code {} (", exit_code(e.code));
        assert_eq!(text.matches(&exit).count(), 1, "{text}");
        assert!(
            !text.contains("(reserved)") && !text.contains("(unknown)"),
            "{text}"
        );
    }
}

fn container_errors() -> impl Iterator<Item = Error> {
    use ContainerError as E;
    let reason = || "for a test".to_owned();
    [
        E::NotInFormat {
            format: "UF2",
            reason: reason(),
        },
        E::BadRecord {
            unit: "line",
            number: 1,
            reason: reason(),
        },
        E::BadChecksum {
            line: 1,
            found: 2,
            expected: 3,
        },
        E::CutShort { missing: reason() },
        E::Overlap { address: 4 },
        E::Gap {
            from: 5,
            to: 6,
            max: 7,
        },
        E::NoData,
        E::MixedFamilies {
            first: 8,
            second: 9,
        },
    ]
    .into_iter()
    .map(|error| Error::Container {
        path: "fw.hex".into(),
        error,
    })
}

fn slots_errors() -> [SlotsError; 3] {
    let path = || "fw/slot-a".into();
    let source = io::Error::other("for a test");
    [
        SlotsError::Incomplete {
            path: path(),
            reason: "is missing",
        },
        SlotsError::Busy { folder: path() },
        SlotsError::Failed {
            path: path(),
            source,
        },
    ]
}

fn link_errors() -> [LinkError; 6] {
    let (port, version) = (|| "ttyUSB0".into(), || "1.1.0".into());
    [
        LinkError::Failed {
            port: port(),
            source: io::Error::other("for a test"),
        },
        LinkError::Silent { port: port() },
        LinkError::Answer { what: "for a test" },
        LinkError::Unserved { rc: 8 },
        LinkError::NotConfirmed { version: version() },
        LinkError::Reverted { version: version() },
    ]
}

/// The builder's codes have their exit codes in the error types; here they must be the same.
#[test]
fn exit_codes_are_those_of_the_errors() {
    let errors: Vec<Error> = build_errors()
        .into_iter()
        .chain(input_errors().into_iter().map(Error::Input))
        .chain(container_errors())
        .chain(output_errors().into_iter().map(Error::Output))
        .chain(slots_errors().into_iter().map(Error::Slots))
        .chain(link_errors().into_iter().map(Error::Link))
        .chain(key_errors().into_iter().map(Error::Key))
        .chain(audit_errors().into_iter().map(Error::Audit))
        .chain(holder_errors().into_iter().map(Error::Holder))
        .collect();
    for e in &errors {
        assert_eq!(exit_code(e.code()), e.exit_code(), "{} {e}", e.code());
    }
    let seen: BTreeSet<_> = errors.iter().map(Error::code).collect();
    let registered: BTreeSet<_> = registers()
        .into_iter()
        .map(|(code, _)| code)
        .filter(|&code| code >= 1000)
        .collect();
    assert_eq!(seen, registered);

    for (code, _) in registers().into_iter().filter(|&(code, _)| code < 1000) {
        assert_eq!(exit_code(code), exit::for_device(code), "{code}");
        assert_ne!(exit_code(code), exit::BUG, "{code}");
    }
}

fn build_errors() -> Vec<Error> {
    let text = || String::from("x");
    let refused = DecodeError {
        kind: DecodeErrorKind::Empty,
        offset: 0,
    };
    vec![
        Error::MissingField { field: "vendor" },
        Error::BadValue {
            field: "vendor",
            value: text(),
            reason: text(),
        },
        Error::Authoring {
            path: "x".into(),
            reason: text(),
        },
        Error::SameImages { version: text() },
        Error::EmptyImage { version: text() },
        Error::DuplicateSource {
            first: text(),
            second: text(),
        },
        Error::IsaMismatch {
            declared: Isa::Thumb,
            found: Isa::Rv32,
            evidence: "x",
        },
        Error::DoesNotFit {
            what: "x",
            need: 2,
            have: 1,
        },
        Error::Codec {
            codec: "native",
            reason: text(),
        },
        Error::Manifest(EncodeError::Refused(refused)),
        Error::SelfCheckBytes { source: text() },
        Error::Gate { reason: text() },
        Error::TrustFile {
            path: "x".into(),
            reason: text(),
        },
        Error::TrustChange { reason: text() },
        Error::SignRequest {
            path: "x".into(),
            reason: text(),
        },
    ]
}

fn input_errors() -> Vec<InputError> {
    let path = || "x".into();
    let source = || io::Error::other("x");
    vec![
        InputError::Missing { path: path() },
        InputError::Directory { path: path() },
        InputError::NotAFile { path: path() },
        InputError::Unreadable {
            path: path(),
            source: source(),
        },
        InputError::Empty { path: path() },
        InputError::TooLarge {
            path: path(),
            max: 1,
        },
        InputError::Changed {
            path: path(),
            before: 1,
            after: None,
        },
        InputError::StdinTwice,
        InputError::NoCopy {
            path: path(),
            source: source(),
        },
        InputError::NotText {
            path: path(),
            offset: 0,
        },
    ]
}

fn output_errors() -> Vec<OutputError> {
    let path = || "x".into();
    let source = || io::Error::other("x");
    vec![
        OutputError::FolderMissing { folder: path() },
        OutputError::NotAFolder { folder: path() },
        OutputError::Directory { path: path() },
        OutputError::Exists { path: path() },
        OutputError::SameAsInput { path: path() },
        OutputError::DiskFull {
            path: path(),
            source: source(),
        },
        OutputError::NotWritable {
            path: path(),
            source: source(),
        },
        OutputError::Failed {
            path: path(),
            source: source(),
        },
    ]
}

fn audit_errors() -> Vec<AuditError> {
    let (path, key) = (|| "x.log".into(), KeyId([1; 8]));
    let reason = || String::from("x");
    let (expected, found) = (Digest([1; 32]), Digest([2; 32]));
    vec![
        AuditError::Failed {
            path: path(),
            source: io::Error::other("x"),
        },
        AuditError::Exists { path: path() },
        AuditError::Line {
            number: 1,
            reason: reason(),
        },
        AuditError::Untrusted { number: 1, key },
        AuditError::Signature { number: 1, key },
        AuditError::Sequence {
            number: 1,
            found: 2,
        },
        AuditError::Chain {
            number: 1,
            expected,
            found,
        },
        AuditError::Torn {
            path: path(),
            entries: 1,
            bytes: 2,
        },
        AuditError::Head {
            path: path(),
            reason: reason(),
        },
        AuditError::Truncated {
            entries: 1,
            wanted: 2,
        },
        AuditError::Fork {
            number: 1,
            expected,
            found,
        },
        AuditError::NotApproved {
            needed: 2,
            found: 1,
            withdrawn: None,
        },
        AuditError::NamesOther { number: 1 },
        AuditError::WithdrawsNothing,
    ]
}

fn holder_errors() -> Vec<HolderError> {
    let (key, text) = (KeyId([1; 8]), || String::from("x"));
    vec![
        HolderError::Module {
            path: "x.so".into(),
            reason: text(),
        },
        HolderError::Token {
            label: text(),
            found: 0,
            labels: vec![text()],
        },
        HolderError::TokenKey {
            label: text(),
            found: 0,
        },
        HolderError::Pin {
            token: text(),
            reason: text(),
        },
        HolderError::Refused {
            token: text(),
            reason: text(),
        },
        HolderError::AgentUnreachable { reason: text() },
        HolderError::AgentKey { key, held: 0 },
        HolderError::AgentRefused { key },
        HolderError::Wrong { key },
    ]
}

fn key_errors() -> Vec<KeyError> {
    let path = || "x".into();
    let source = || io::Error::other("x");
    let (found, key_id) = (Found::Unknown, KeyId([1; 8]));
    vec![
        KeyError::Foreign {
            path: path(),
            reason: "x".into(),
        },
        KeyError::ExportName { name: "x".into() },
        KeyError::Exposed {
            path: path(),
            mode: 0o044,
        },
        KeyError::Published { path: path() },
        KeyError::LmsState {
            path: path(),
            reason: "it is missing",
        },
        KeyError::LmsUsedUp {
            path: path(),
            leaves: 32,
        },
        KeyError::Missing { path: path() },
        KeyError::Unreadable {
            path: path(),
            source: source(),
        },
        KeyError::NotAKey {
            path: path(),
            found,
        },
        KeyError::SecretWherePublic {
            path: path(),
            found,
        },
        KeyError::PublicWhereSecret {
            path: path(),
            found,
        },
        KeyError::Broken { path: path() },
        KeyError::Weak { key_id },
        KeyError::Exists { path: path() },
        KeyError::WrongPassword { path: path() },
        KeyError::TooCostly {
            opslimit: 1,
            memlimit: 1,
        },
        KeyError::NoMemory { needed: 1 },
        KeyError::NoRandomness,
        KeyError::NoPassword,
        KeyError::PasswordsDiffer,
        KeyError::PasswordFile {
            path: path(),
            source: source(),
        },
        KeyError::EmptyPassword,
        KeyError::PasswordTooLong { max: 1 },
        KeyError::PasswordNotText,
        KeyError::ToStdout,
        KeyError::MalformedSignature,
        KeyError::OtherKey {
            expected: key_id,
            found: key_id,
        },
        KeyError::InvalidSignature,
        KeyError::CommentRefused,
        KeyError::Data(source()),
    ]
}
