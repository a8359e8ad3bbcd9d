//! Any bytes on a device's serial line: each call ends, answers are frames, and the running image is not touched. As packets: what is read
//! as a request is written and read again as the same.
//!
//! An input is how the bytes come (1 B), then the bytes: as they are, or each piece as a packet in good frames (1 B of length before each).

use sprag_link::{
    Answer, FrameReader, HEADER_LEN, Header, Hello, Identity, Line, Memory, Port, Request, serve,
    write_frame,
};
use sprag_verifier::{Area, BootRecord, NativeCodecs, Resources};

use crate::choices::Choices;
use crate::made::{Made, device};
use crate::update::Board;

const PACKET_MAX: usize = 512;
const MEMORY: usize = 1 << 16;
const ENVELOPE_MAX: usize = 1024;

/// Runs one input.
///
/// # Panics
/// If a promise is broken.
pub fn run(input: &[u8]) {
    let mut choices = Choices::new(input);
    let framed = choices.u8() & 1 == 1;
    let mut bytes = Vec::new();
    if framed {
        while !choices.is_empty() {
            let len = usize::from(choices.u8());
            let packet = choices.bytes(len);
            message(packet);
            write_frame(packet, |line| bytes.extend_from_slice(line));
        }
    } else {
        bytes.extend_from_slice(choices.rest());
    }
    answer_all(&bytes);

    // Silence would pass for frames: a question is answered.
    let mut packet = [0; PACKET_MAX];
    let len = Request::Hello.encode(7, &mut packet).expect("short");
    let mut question = b"\n".to_vec();
    write_frame(&packet[..len], |line| question.extend_from_slice(line));
    assert!(answer_all(&question) > 0, "an answer");
}

/// One packet, read as everything that it may be.
fn message(packet: &[u8]) {
    let Some((header, body)) = Header::split(packet) else {
        return;
    };
    assert_eq!(packet.len(), HEADER_LEN + body.len());
    if let Some(answer) = Answer::decode(packet) {
        let (_, _, _) = (answer.fault(), answer.offset(), answer.hello());
    }
    let _ = Hello::decode(body);
    if let Some(request) = Request::decode(&header, body) {
        let mut written = [0; PACKET_MAX];
        if let Ok(len) = request.encode(header.sequence, &mut written) {
            let (header, body) = Header::split(&written[..len]).expect("what was written");
            assert_eq!(Request::decode(&header, body), Some(request));
        }
    }
}

/// A device that is sent these bytes, and nothing more; bytes of its answers.
fn answer_all(bytes: &[u8]) -> usize {
    let made = Made::get();
    let mut board = Board::new(made, 1);
    let mut said = Vec::new();
    let mut packet = [0; PACKET_MAX];
    let mut memory = [0; MEMORY];
    let record = BootRecord::load(&mut board.storage()).expect("a new device");
    let trust = made.trust();
    let identity = Identity {
        device: device(record.installed(Some("1.0.0"))),
        resources: Resources {
            ram: u32::MAX,
            trailer_reserve: 0,
            trial_boots: 3,
        },
        trust: &trust,
        running: Area::SlotA,
        healthy: true,
    };
    let wire = Wire {
        bytes: bytes.iter(),
        said: &mut said,
    };
    let mut line = Line::new(wire, &mut packet);
    let mut memory = Memory {
        bytes: &mut memory,
        envelope: ENVELOPE_MAX,
    };
    serve(
        &mut line,
        &mut board.storage(),
        &mut memory,
        &identity,
        &NativeCodecs,
    );
    assert!(board.holds(Area::SlotA, &made.old), "the running image");

    // All that was said is frames with answers, and nothing in between.
    let mut buffer = [0; 2 * PACKET_MAX];
    let mut reader = FrameReader::new(&mut buffer);
    let mut frames = Vec::new();
    for byte in &said {
        if reader.push(*byte) {
            let packet = reader.packet().expect("a whole packet");
            assert!(Answer::decode(packet).is_some(), "an answer: {packet:?}");
            write_frame(packet, |line| frames.extend_from_slice(line));
        }
    }
    assert_eq!(frames, said);
    frames.len()
}

struct Wire<'b> {
    bytes: core::slice::Iter<'b, u8>,
    said: &'b mut Vec<u8>,
}

impl Port for Wire<'_> {
    fn read(&mut self) -> Option<u8> {
        self.bytes.next().copied()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }

    fn wait(&mut self) -> bool {
        false
    }
}
