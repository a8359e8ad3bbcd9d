//! An agent that is played: what it may answer, and what is made of it.

use std::io::{self, Read, Write};

use sprag_manifest::KeyId;

use super::agent::{sign_over, string};
use super::pkcs11::point;
use crate::keys::SigningKey;

const MESSAGE: &[u8] = b"\x85\x69Signature and the rest";

fn key() -> SigningKey {
    SigningKey::from_seed(KeyId([7; 8]), &[7; 32])
}

/// Answers in turn, whatever is asked.
struct Played {
    answers: Vec<u8>,
    asked: Vec<u8>,
}

impl Read for Played {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.answers.as_slice();
        let count = rest.read(buffer)?;
        self.answers.drain(..count);
        Ok(count)
    }
}

impl Write for Played {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn blob(key: &SigningKey) -> Vec<u8> {
    let public = key.verifying_key().to_bytes();
    [string(b"ssh-ed25519"), string(&public)].concat()
}

fn identities(keys: &[Vec<u8>]) -> Vec<u8> {
    let mut answer = vec![12];
    answer.extend(u32::try_from(keys.len()).unwrap().to_be_bytes());
    for key in keys {
        answer.extend([string(key), string(b"a comment")].concat());
    }
    string(&answer)
}

fn signature(kind: &[u8], bytes: &[u8]) -> Vec<u8> {
    let inner = [string(kind), string(bytes)].concat();
    string(&[vec![14], string(&inner)].concat())
}

/// The outcome, by its code, and what was asked.
fn play(answers: &[Vec<u8>]) -> (Result<[u8; 64], u16>, Vec<u8>) {
    let mut agent = Played {
        answers: answers.concat(),
        asked: Vec::new(),
    };
    let outcome = sign_over(&mut agent, &key().verifying_key(), MESSAGE);
    (outcome.map_err(|e| e.code()), agent.asked)
}

#[test]
fn an_agent_signs() {
    let other = SigningKey::from_seed(KeyId([8; 8]), &[8; 32]);
    let wanted = key().sign_ed25519(MESSAGE);
    let listed = identities(&[blob(&other), blob(&key())]);
    let (outcome, asked) = play(&[listed, signature(b"ssh-ed25519", &wanted)]);
    assert_eq!(outcome, Ok(wanted));
    // The messages of the protocol: list, then sign these bytes with this key, no flags.
    let sign = [vec![13], string(&blob(&key())), string(MESSAGE), vec![0; 4]].concat();
    assert_eq!(asked, [string(&[11]), string(&sign)].concat());
}

#[test]
fn answers_that_are_no_signature() {
    let other = SigningKey::from_seed(KeyId([8; 8]), &[8; 32]);
    let listed = || identities(&[blob(&key())]);
    let good = key().sign_ed25519(MESSAGE);
    let failure = || string(&[5]);
    let mut bent = good;
    bent[0] ^= 1;
    let security_key = [string(b"sk-ssh-ed25519@openssh.com"), string(&[7; 32])].concat();
    for (name, answers, code) in [
        ("no key", vec![identities(&[])], 1186),
        ("another key", vec![identities(&[blob(&other)])], 1186),
        ("a security key", vec![identities(&[security_key])], 1186),
        ("locked", vec![failure()], 1185),
        ("refuses", vec![listed(), failure()], 1187),
        (
            "another key's signature",
            vec![
                listed(),
                signature(b"ssh-ed25519", &other.sign_ed25519(MESSAGE)),
            ],
            1188,
        ),
        (
            "bent",
            vec![listed(), signature(b"ssh-ed25519", &bent)],
            1188,
        ),
        (
            "short",
            vec![listed(), signature(b"ssh-ed25519", &good[..63])],
            1188,
        ),
        (
            "long",
            vec![
                listed(),
                signature(b"ssh-ed25519", &[&good[..], &[0]].concat()),
            ],
            1188,
        ),
        (
            "another type",
            vec![listed(), signature(b"ssh-rsa", &good)],
            1188,
        ),
        ("nothing", vec![], 1185),
        ("nothing more", vec![listed()], 1185),
        ("empty message", vec![vec![0; 4]], 1185),
        ("a message of 4 GiB", vec![vec![0xff; 4]], 1185),
        ("another message", vec![string(&[6])], 1185),
        (
            "keys cut short",
            vec![string(&[12, 0, 0, 0, 1, 0, 0, 0, 9])],
            1185,
        ),
        (
            "keys without end",
            vec![string(&[12, 0xff, 0xff, 0xff, 0xff])],
            1185,
        ),
        (
            "signature cut short",
            vec![listed(), string(&[14, 0, 0, 0, 80, 0])],
            1185,
        ),
    ] {
        assert_eq!(play(&answers).0, Err(code), "{name}");
    }
}

#[test]
fn points_of_tokens() {
    let bare = [9; 32];
    let framed = [&[0x04, 0x20], &bare[..]].concat();
    assert_eq!(point(&bare), Some(bare));
    assert_eq!(point(&framed), Some(bare));
    for wrong in [
        &framed[..33],
        &bare[..31],
        &[],
        &[&framed[..], &[0]].concat(),
    ] {
        assert_eq!(point(wrong), None);
    }
}
