//! An answer from elsewhere and a signature made here are the same bytes; a changed request is not answered.

use super::{Answer, Request, add_signature};
use crate::error::Error;
use crate::keys::SigningKey;
use crate::testing::{anchors, built, inputs, key, noise_of, trusted};
use crate::verify::verify;
use sprag_manifest::KeyId;

fn other() -> SigningKey {
    SigningKey::from_seed(KeyId([9; 8]), &[9; 32])
}

fn package() -> Vec<u8> {
    built(&inputs(Vec::new(), &noise_of(1, 700))).unwrap()
}

fn refused<T: core::fmt::Debug>(result: Result<T, Error>) -> String {
    match result.unwrap_err() {
        Error::SignRequest { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_from_elsewhere_is_a_signature_made_here() {
    let package = package();
    let path = "request.txt".as_ref();
    let request = Request::new(&package, &other().verifying_key()).unwrap();
    let text = request.to_text().unwrap();
    let read = Request::parse(path, &text).unwrap();
    assert_eq!(read, request);
    let answer = read.answer(path, &other()).unwrap();
    let answer = Answer::parse(path, &answer.to_text()).unwrap();
    let attached = answer.attach(path, &package).unwrap();
    assert_eq!(attached, add_signature(&package, &other()).unwrap());
    // Good by either key.
    for key in [key(), other()] {
        verify(&attached, &anchors(&trusted(&key)), None).unwrap();
    }
    let again = answer.attach(path, &attached).unwrap_err();
    assert!(matches!(again, Error::TrustChange { .. }), "{again}");
}

#[test]
fn every_word_of_a_request_counts() {
    let package = package();
    let path = "request.txt".as_ref();
    let request = Request::new(&package, &other().verifying_key()).unwrap();
    let text = request.to_text().unwrap();
    for (number, line) in text.lines().enumerate() {
        for change in ["", "x", "7"] {
            let mut lines: Vec<String> = text.lines().map(Into::into).collect();
            lines[number] = match change {
                "" => String::new(),
                more => format!("{line}{more}"),
            };
            let bent = lines.join("\n") + "\n";
            let bent = Request::parse(path, &bent);
            assert!(
                matches!(bent, Err(Error::SignRequest { .. } | Error::Device(_))),
                "{line}"
            );
        }
    }
    // Another release's words around this manifest: the check sum is made anew, as a forger would.
    let body = text.split("check: ").next().unwrap();
    let body = body.replace("product: gateway", "product: gatevvay");
    let forged = format!("{body}check: {}\n", crate::digest::sha256(body.as_bytes()));
    let reason = refused(Request::parse(path, &forged));
    assert!(reason.contains("changed on the way"), "{reason}");
}

#[test]
fn answers_fit_their_request_alone() {
    let package = package();
    let path = "answer.txt".as_ref();
    let request = Request::new(&package, &other().verifying_key()).unwrap();
    let reason = refused(request.answer(path, &key()));
    assert!(reason.starts_with("it asks key"), "{reason}");
    let answer = request.answer(path, &other()).unwrap();
    let image = noise_of(1, 700);
    let mut next = inputs(Vec::new(), &image);
    next.release.sequence += 1;
    let next = built(&next).unwrap();
    let reason = refused(answer.attach(path, &next));
    assert!(reason.starts_with("it is for manifest"), "{reason}");
    let bent = answer.to_text().replace("signature: ", "signature: 0");
    assert_eq!(
        refused(Answer::parse(path, &bent)),
        "it is no answer to a request"
    );
    assert_eq!(
        refused(request.answered_by(path, [7; 64])),
        "its signature does not hold"
    );
}
