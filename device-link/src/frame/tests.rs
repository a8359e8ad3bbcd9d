use std::vec::Vec;

use super::{FrameReader, LINE_LEN, crc16, write_frame};

/// What `smp` 4.2 (PyPI), an implementation that is not ours, sends for its request of an echo of "hello".
const ECHO_PACKET: &[u8] = b"\x0a\x00\x00\x09\x00\x00\x02\x00\xa1\x61\x64\x65hello";
const ECHO_FRAME: &[u8] = b"\x06\tABMKAAAJAAACAKFhZGVoZWxsbwLM\n";

fn frame(packet: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(packet, |line| {
        assert!(line.len() <= LINE_LEN && line.ends_with(b"\n"));
        bytes.extend_from_slice(line);
    });
    bytes
}

/// Every packet found in `bytes`.
fn packets(bytes: &[u8], capacity: usize) -> Vec<Vec<u8>> {
    let mut buf = std::vec![0; capacity];
    let mut reader = FrameReader::new(&mut buf);
    let mut found = Vec::new();
    for byte in bytes {
        if reader.push(*byte) {
            found.push(reader.packet().unwrap().to_vec());
        }
    }
    found
}

#[test]
fn frames_are_those_of_another_implementation() {
    assert_eq!(frame(ECHO_PACKET), ECHO_FRAME);
    assert_eq!(packets(ECHO_FRAME, 64), [ECHO_PACKET]);
    // The checksum's check value, from the catalogue of CRC algorithms.
    assert_eq!(crc16(b"123456789"), 0x31c3);
}

#[test]
fn packets_of_all_lengths_come_back() {
    for len in 1..400_u16 {
        let packet: Vec<u8> = (0..len).map(|at| at.to_le_bytes()[0] ^ 0x5a).collect();
        assert_eq!(packets(&frame(&packet), 404), [&packet[..]], "{len}");
    }
}

#[test]
fn a_console_may_talk_between_frames() {
    let mut bytes = b"boot: slot A\r\n\x06\x06 \x04\x14AAAA\n".to_vec();
    bytes.extend_from_slice(ECHO_FRAME);
    bytes.extend_from_slice(b"\x06\tgarbage that begins like a frame!\n");
    bytes.extend_from_slice(&frame(&[7; 300]));
    assert_eq!(packets(&bytes, 512), [ECHO_PACKET, &[7; 300]]);
}

#[test]
fn what_is_damaged_is_no_packet_and_the_next_one_is() {
    let good = frame(&[3; 200]);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            bad.extend_from_slice(b"\n");
            bad.extend_from_slice(ECHO_FRAME);
            let found = packets(&bad, 512);
            assert_eq!(found.last().unwrap(), ECHO_PACKET, "byte {at}, bit {bit}");
            // A bit in the unused bits of a last group changes nothing.
            let intact = found.len() == 2 && found[0] == [3; 200];
            assert!(found.len() == 1 || intact, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn what_is_too_long_is_passed_over() {
    let mut bytes = frame(&[1; 300]);
    bytes.extend_from_slice(ECHO_FRAME);
    assert_eq!(packets(&bytes, 64), [ECHO_PACKET]);
    assert_eq!(packets(&frame(&[1; 60]), 64), [[1; 60]]);
    assert!(packets(&frame(&[1; 61]), 64).is_empty());
}
