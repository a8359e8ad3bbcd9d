use std::vec::Vec;

use sprag_manifest::{Isa, Writer};
use sprag_verifier::{Error, Outcome};

use crate::answer::refused;
use crate::{Answer, Header, Hello, Operation, Request, Side, Stage, Upload};

fn decoded(packet: &[u8]) -> Request<'_> {
    let (header, body) = Header::split(packet).unwrap();
    Request::decode(&header, body).unwrap()
}

#[test]
fn requests_of_another_implementation_are_understood() {
    // As `smp` 4.2 (PyPI) encodes them.
    let mut upload = b"\x0a\0\0\x4c\0\x01\0\x01\xa6clen\x19\x13\x88coff\0cshaX\x20".to_vec();
    upload.extend([9; 32]);
    upload.extend(b"ddataCabceimage\0gupgrade\xf4");
    assert_eq!(
        decoded(&upload),
        Request::Upload(Upload {
            offset: 0,
            len: Some(5000),
            tag: Some(&[9; 32]),
            data: b"abc",
        })
    );
    let mut state = b"\x0a\0\0\x31\0\x01\x01\0\xa2dhashX\x20".to_vec();
    state.extend([0; 32]);
    state.extend(b"gconfirm\xf5");
    let digest = Some(&[0; 32][..]);
    assert_eq!(
        decoded(&state),
        Request::SetState {
            digest,
            confirm: true
        }
    );
    assert_eq!(
        decoded(b"\x08\0\0\x01\0\0\x03\x06\xa0"),
        Request::Parameters
    );
}

#[test]
fn requests_come_back() {
    let upload = Upload {
        offset: 70_000,
        len: None,
        tag: None,
        data: &[1, 2, 3],
    };
    let first = Upload {
        offset: 0,
        len: Some(1 << 40),
        tag: Some(b"tag"),
        ..upload
    };
    for request in [
        Request::Hello,
        Request::Report,
        Request::Upload(upload),
        Request::Upload(first),
        Request::Images,
        Request::SetState {
            digest: None,
            confirm: false,
        },
        Request::SetState {
            digest: Some(&[5; 32]),
            confirm: true,
        },
        Request::Echo("ho"),
        Request::Reset,
        Request::Parameters,
    ] {
        let mut packet = [0; 128];
        let len = request.encode(7, &mut packet).unwrap();
        assert_eq!(decoded(&packet[..len]), request);
        assert_eq!(Header::split(&packet[..len]).unwrap().0.sequence, 7);
        for short in 0..len {
            assert!(
                request.encode(7, &mut packet[..short]).is_err(),
                "{request:?}"
            );
        }
    }
}

#[test]
fn a_header_states_the_length() {
    let packet = b"\x0a\0\0\x09\0\0\x02\0\xa1adehello";
    assert_eq!(Header::split(packet).unwrap().0.operation, Operation::Write);
    assert!(Header::split(&packet[..16]).is_none());
    assert!(Header::split(b"\x0a\0\0").is_none());
    assert!(
        Header::split(b"\x0c\0\0\0\0\0\0\0").is_none(),
        "operation 4"
    );
}

/// An answer with this body.
fn packet(body: &[u8]) -> Vec<u8> {
    let header = Header {
        operation: Operation::ReadAnswer,
        version: 1,
        len: u16::try_from(body.len()).unwrap(),
        group: 64,
        sequence: 0,
        command: 0,
    };
    [&header.encode(), body].concat()
}

#[test]
fn a_device_introduces_itself() {
    for digest in [None, Some(&[8; 32][..])] {
        let hello = Hello {
            vendor: "acme",
            product: "node",
            hardware: "r2",
            isa: Isa::Thumb,
            version: "1.0.0",
            digest,
            security_counter: 3,
            sequence: 4,
            stage: Stage::Trial,
            outcome: Outcome::Reverted,
            ram: 1,
            envelope: 2,
            slot: 1 << 30,
            packet: 900,
        };
        let mut body = [0; 512];
        let mut writer = Writer::new(&mut body);
        hello.encode(&mut writer).unwrap();
        let bytes = packet(writer.written());
        assert_eq!(Answer::decode(&bytes).unwrap().hello(), Some(hello));
        assert!(Answer::decode(&bytes).unwrap().fault().is_none());
    }
}

#[test]
fn a_refusal_names_its_code_and_both_sides() {
    let error = Error::Hardware {
        package: "r1".into(),
        device: "r2".into(),
    };
    for (error, package, device) in [
        (error, Some(Side::Text("r1")), Some(Side::Text("r2"))),
        (
            Error::Ram { need: 9, have: 8 },
            Some(Side::Number(9)),
            Some(Side::Number(8)),
        ),
        (Error::WrongState, None, None),
    ] {
        let mut body = [0; 128];
        let mut writer = Writer::new(&mut body);
        refused(&error, true, &mut writer).unwrap();
        let bytes = packet(writer.written());
        let fault = Answer::decode(&bytes).unwrap().fault().unwrap();
        assert_eq!(fault.code, Some(error.code()));
        assert_eq!((fault.package, fault.device), (package, device));
        let mut writer = Writer::new(&mut body);
        refused(&error, false, &mut writer).unwrap();
        assert_eq!(
            writer.written()[0],
            0xa2,
            "what any client of SMP knows, and no more"
        );
    }
}

#[test]
fn errors_of_both_versions_of_the_protocol_are_read() {
    for body in [
        &b"\xa1brc\x08"[..],
        b"\xbfcerr\xbfegroup\x01brc\x08\xff\xff",
    ] {
        let bytes = packet(body);
        let fault = Answer::decode(&bytes).unwrap().fault().unwrap();
        assert_eq!((fault.rc, fault.code), (8, None));
    }
    let bytes = packet(b"\xa2brc\0coff\x05");
    let answer = Answer::decode(&bytes).unwrap();
    assert_eq!((answer.fault(), answer.offset()), (None, Some(5)));
}
