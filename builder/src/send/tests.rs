//! A device twin at the other end of a socket: the device's own session code, over simulated flash.

#![cfg(unix)]

use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread::JoinHandle;

use sprag_link::{
    Answer, End, FrameReader, Header, Identity, Line, Memory, Operation, Port, Request, serve,
    write_frame,
};
use sprag_manifest::{DeviceProfile, Isa};
use sprag_verifier::{
    Area, Attempt, Boot, BootRecord, Device, Installed, Outcome, Phase, Resources, choose,
};
use tempfile::TempDir;

use super::peer::{PACKET_MAX, Peer};
use super::wire::Wire;
use super::{Address, SendOptions, SendOutcome, Sent, send};
use crate::build::Source;
use crate::codec::{CodecChoice, HostCodecs};
use crate::device::{Origin, SimStorage, UpdateInputs, drive};
use crate::error::Error;
use crate::profile::default_flash;
use crate::release::ReleaseSpec;
use crate::testing::{anchors, built, inputs, key, noise_of, release, trusted};

const RAM: u32 = 64 << 10;
const ENVELOPE: usize = 1024;

fn images() -> (Vec<u8>, Vec<u8>) {
    let old = noise_of(1, 20_000);
    let new = [&old[..15_000], &noise_of(2, 9_000), &old[15_000..]].concat();
    (old, new)
}

/// A device with a single slot.
fn one_slot() -> DeviceProfile {
    let flash = "slots = 1\nslot-size = 32768\nsector-size = 1024\nwrite-size = 4\n\
                 staging-size = 24576\nscratch-size = 32768\n";
    toml::from_str(&format!("ram = {RAM}\n[flash]\n{flash}")).unwrap()
}

/// A package of some ten blocks.
fn package() -> Vec<u8> {
    package_for(None)
}

fn package_for(profile: Option<&DeviceProfile>) -> Vec<u8> {
    let (old, new) = images();
    let sources = vec![Source {
        version: "1.0.0",
        bytes: &old,
    }];
    let mut inputs = inputs(sources, &new);
    inputs.codec = CodecChoice::Native;
    inputs.profile = profile;
    let mut release = release();
    release.block_size = Some(1024);
    inputs.release = ReleaseSpec::new(release).unwrap();
    built(&inputs).unwrap()
}

/// How the twin treats its line.
#[derive(Clone, Copy, Debug, Default)]
struct Manners {
    hardware: Option<&'static str>,
    /// It hangs up each time so many bytes have come.
    hang_up_after: Option<usize>,
    /// Besides, its power is gone then.
    lose_power: bool,
    /// A bit of every so manieth byte is flipped.
    flip_every: Option<usize>,
    /// The new image never finds itself well.
    broken: bool,
    /// It runs another image than its version says.
    altered: bool,
    /// It has but one slot.
    single: bool,
    /// Bytes of its packet buffer, if not the usual ones.
    packet: Option<usize>,
    /// Each start finds the flash as it left the factory.
    forgetful: bool,
    /// An update before was given up, and the first order to start anew is not heard.
    reverted_before: bool,
}

struct Socket {
    stream: UnixStream,
    bytes: std::collections::VecDeque<u8>,
    left: Option<usize>,
    flip: Option<usize>,
    count: usize,
}

impl Port for Socket {
    fn read(&mut self) -> Option<u8> {
        let byte = self.bytes.pop_front()?;
        self.count += 1;
        let flip = self
            .flip
            .is_some_and(|every| self.count.is_multiple_of(every));
        Some(if flip { byte ^ 4 } else { byte })
    }

    fn write(&mut self, bytes: &[u8]) {
        // A host that has gone is found out by the next read.
        let _ = self.stream.write_all(bytes);
    }

    fn wait(&mut self) -> bool {
        let mut buf = [0; 256];
        let most = self.left.unwrap_or(buf.len()).min(buf.len());
        match self.stream.read(&mut buf[..most]) {
            Ok(count @ 1..) => {
                self.bytes.extend(&buf[..count]);
                self.left = self.left.map(|left| left - count);
                true
            }
            _ => false,
        }
    }
}

struct Twin {
    socket: PathBuf,
    thread: JoinHandle<SimStorage>,
    _folder: TempDir,
}

impl Twin {
    fn start(manners: Manners) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("line");
        let listener = UnixListener::bind(&socket).unwrap();
        let path = socket.clone();
        let thread = std::thread::spawn(move || live(&listener, &path, manners));
        Self {
            socket,
            thread,
            _folder: folder,
        }
    }

    fn send(&self, package: &[u8]) -> Result<Sent, Error> {
        self.send_with(package, Duration::from_secs(20))
    }

    fn send_with(&self, package: &[u8], patience: Duration) -> Result<Sent, Error> {
        let options = SendOptions {
            answer: Duration::from_millis(300),
            patience,
            start: true,
        };
        let address = Address::Unix(self.socket.clone());
        send(&address, package, &options, &mut |_| ())
    }

    /// The flash, after the twin was told to end.
    fn end(self) -> SimStorage {
        fs::remove_file(&self.socket).unwrap();
        self.thread.join().unwrap()
    }
}

/// A device's life: boots, serves, starts anew, until its socket's name is gone.
fn live(listener: &UnixListener, path: &std::path::Path, manners: Manners) -> SimStorage {
    let (old, new) = images();
    let profile = match manners.single {
        true => one_slot().flash.unwrap(),
        false => default_flash(64 << 10),
    };
    let mut storage = SimStorage::new(&profile, old.len()).unwrap();
    storage.load(Area::SlotA, &old);
    if manners.altered {
        storage.load(Area::SlotA, &noise_of(3, old.len()));
    }
    let keys = trusted(&key());
    let trust = anchors(&keys);
    let inputs = UpdateInputs {
        trust: &trust,
        device: &device(manners, "1.0.0"),
        ram: RAM,
    };
    if manners.reverted_before {
        let package = package();
        drive(
            &mut storage,
            0,
            Origin::Link(&package),
            &inputs,
            &mut |_, _| (),
        )
        .unwrap();
        while !matches!(choose(&mut storage).unwrap(), Boot::Reverted(_)) {}
        BootRecord::forgive(&mut storage).unwrap();
    }
    let mut deaf = manners.reverted_before;
    let factory = storage.clone();
    listener.set_nonblocking(true).unwrap();
    let mut hang_ups = 6;
    let mut stream = None;
    'boot: loop {
        if manners.forgetful {
            storage = factory.clone();
        }
        let mut boot = choose(&mut storage).unwrap();
        if matches!(boot, Boot::Apply(_)) {
            drive(&mut storage, 0, Origin::Staged, &inputs, &mut |_, _| ()).unwrap();
            boot = choose(&mut storage).unwrap();
        }
        let running = boot.slot();
        let runs_new = storage.bytes(running).starts_with(&new);
        if runs_new && manners.broken {
            // It crashes at once, and its tries are counted.
            continue;
        }
        loop {
            while stream.is_none() {
                match listener.accept() {
                    Ok((accepted, _)) => {
                        accepted.set_nonblocking(false).unwrap();
                        stream = Some(accepted);
                    }
                    Err(_) if !path.exists() => return storage,
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
            let socket = Socket {
                stream: stream.as_ref().unwrap().try_clone().unwrap(),
                bytes: Default::default(),
                left: manners.hang_up_after.filter(|_| hang_ups > 0),
                flip: manners.flip_every,
                count: 0,
            };
            let mut buf = vec![0; manners.packet.unwrap_or(700)];
            let mut line = Line::new(socket, &mut buf);
            let mut bytes = vec![0; usize::try_from(RAM).unwrap()];
            let mut memory = Memory {
                bytes: &mut bytes,
                envelope: ENVELOPE,
            };
            let identity = Identity {
                device: device(manners, if runs_new { "2.0.0" } else { "1.0.0" }),
                resources: Resources {
                    ram: RAM,
                    trailer_reserve: 0,
                    trial_boots: 3,
                },
                trust: &trust,
                running,
                healthy: true,
            };
            match serve(&mut line, &mut storage, &mut memory, &identity, &HostCodecs) {
                End::Reset if core::mem::take(&mut deaf) => {}
                End::Reset => continue 'boot,
                End::Closed => {
                    stream = None;
                    hang_ups -= 1;
                    if manners.lose_power {
                        continue 'boot;
                    }
                }
            }
        }
    }
}

/// What the twin is.
fn device(manners: Manners, version: &'static str) -> Device<'static> {
    Device {
        vendor: "acme",
        product: "gateway",
        hardware: manners.hardware.unwrap_or("r1"),
        isa: Isa::None,
        bootloader: None,
        os: None,
        layout: None,
        load_address: None,
        keyset_version: 0,
        now: None,
        battery_percent: None,
        free_storage: None,
        temperature: None,
        free_ram: None,
        minute_of_day: None,
        attempt: Attempt::First,
        installed: Installed {
            version: Some(version),
            ..Installed::default()
        },
    }
}

fn check_updated(mut storage: SimStorage) {
    let (_, new) = images();
    assert!(storage.bytes(Area::SlotB).starts_with(&new));
    let record = BootRecord::load(&mut storage).unwrap();
    assert_eq!((record.phase, record.confirmed), (Phase::Idle, Area::SlotB));
    assert_eq!(record.outcome, Outcome::Confirmed);
}

fn check_untouched(mut storage: SimStorage) {
    let (old, _) = images();
    assert!(storage.bytes(Area::SlotA).starts_with(&old));
    assert!(storage.bytes(Area::SlotB).iter().all(|byte| *byte == 0xff));
    assert_eq!(
        BootRecord::load(&mut storage).unwrap(),
        BootRecord::default()
    );
}

#[test]
fn a_package_is_sent_started_and_confirmed() {
    let (twin, package) = (Twin::start(Manners::default()), package());
    let sent = twin.send(&package).unwrap();
    assert_eq!(sent.outcome, SendOutcome::Confirmed);
    assert_eq!((sent.reconnects, sent.resumed_at), (0, None));
    assert_eq!(sent.device.version, "1.0.0");
    let all = u64::try_from(package.len()).unwrap();
    assert!((all..all + 700).contains(&sent.sent_bytes), "{sent:?}");
    let again = twin.send(&package).unwrap();
    assert_eq!((again.outcome, again.sent_bytes), (SendOutcome::Already, 0));
    check_updated(twin.end());
}

#[test]
fn a_line_that_breaks_off_costs_little() {
    for lose_power in [false, true] {
        let package = package();
        let twin = Twin::start(Manners {
            hang_up_after: Some(4_000),
            lose_power,
            ..Manners::default()
        });
        let sent = twin.send(&package).unwrap();
        assert_eq!(sent.outcome, SendOutcome::Confirmed);
        assert!(sent.reconnects >= 3, "{sent:?}");
        // It went on: an update from the start never fits between two breaks.
        assert!(sent.resumed_at.is_some(), "{sent:?}");
        assert!(package.len() > 8_000);
        check_updated(twin.end());
    }
}

#[test]
fn bytes_that_go_wrong_are_sent_again() {
    let twin = Twin::start(Manners {
        flip_every: Some(4_001),
        ..Manners::default()
    });
    let sent = twin.send(&package()).unwrap();
    assert!(sent.repeated > 0, "{sent:?}");
    assert_eq!(sent.outcome, SendOutcome::Confirmed);
    check_updated(twin.end());
}

#[test]
fn a_package_for_another_board_is_not_sent() {
    let twin = Twin::start(Manners {
        hardware: Some("r9"),
        ..Manners::default()
    });
    let refused = twin.send(&package()).unwrap_err();
    assert!(
        matches!(&refused, Error::Device(e) if e.code() == 303),
        "{refused:?}"
    );
    check_untouched(twin.end());
}

#[test]
fn what_the_device_refuses_is_explained() {
    let twin = Twin::start(Manners::default());
    let mut forged = package();
    // The last byte of the envelope belongs to the signature.
    let end = crate::inspect::inspect(&forged).unwrap();
    let end = usize::try_from(end.header_bytes + end.envelope_bytes).unwrap();
    forged[end - 1] ^= 1;
    let refused = twin.send(&forged).unwrap_err();
    assert_eq!(
        (refused.code(), refused.exit_code()),
        (202, crate::exit::SIGNATURE)
    );
    let said = refused.to_string();
    assert!(
        said.starts_with("the device refused the package: "),
        "{said}"
    );
    check_untouched(twin.end());
}

#[test]
fn both_sides_of_a_refusal_come_over_the_line() {
    let twin = Twin::start(Manners {
        altered: true,
        ..Manners::default()
    });
    let refused = twin.send(&package()).unwrap_err();
    assert_eq!(
        (refused.code(), refused.exit_code()),
        (501, crate::exit::WRONG_OLD_IMAGE)
    );
    let (old, _) = images();
    let said = refused.to_string();
    let side = format!("(package: {}, device: ", crate::digest::sha256(&old));
    assert!(said.contains(&side), "{said}");
    twin.end();
}

#[test]
fn a_block_that_stays_wrong_ends_the_update() {
    let twin = Twin::start(Manners::default());
    let mut package = package();
    let last = package.len() - 1;
    package[last] ^= 1;
    let refused = twin.send(&package).unwrap_err();
    assert_eq!(refused.code(), 608);
    let (old, _) = images();
    let mut storage = twin.end();
    assert!(storage.bytes(Area::SlotA).starts_with(&old));
    assert_eq!(
        BootRecord::load(&mut storage).unwrap().confirmed,
        Area::SlotA
    );
}

#[test]
fn an_image_that_is_given_up_is_told() {
    let twin = Twin::start(Manners {
        broken: true,
        ..Manners::default()
    });
    let package = package();
    assert_eq!(twin.send(&package).unwrap_err().code(), 1145);
    // The same package is not tried again.
    assert_eq!(twin.send(&package).unwrap_err().code(), 905);
    let mut storage = twin.end();
    let record = BootRecord::load(&mut storage).unwrap();
    assert_eq!(
        (record.confirmed, record.outcome),
        (Area::SlotA, Outcome::Reverted)
    );
}

#[test]
fn a_device_with_a_single_slot_is_updated() {
    let twin = Twin::start(Manners {
        single: true,
        ..Manners::default()
    });
    let sent = twin.send(&package_for(Some(&one_slot()))).unwrap();
    assert_eq!(sent.outcome, SendOutcome::Confirmed);
    assert_eq!(sent.device.slot, 32_768);
    let (_, new) = images();
    let mut storage = twin.end();
    assert!(storage.bytes(Area::SlotA).starts_with(&new));
    let record = BootRecord::load(&mut storage).unwrap();
    assert_eq!((record.phase, record.confirmed), (Phase::Idle, Area::SlotA));
}

#[test]
fn a_device_may_take_longer_packets_than_are_made() {
    let package = package();
    assert!(package.len() > PACKET_MAX);
    let twin = Twin::start(Manners {
        packet: Some(3 * PACKET_MAX),
        ..Manners::default()
    });
    let sent = twin.send(&package).unwrap();
    assert_eq!(sent.outcome, SendOutcome::Confirmed);
    check_updated(twin.end());
}

#[test]
fn a_device_that_forgets_is_not_sent_to_for_ever() {
    let twin = Twin::start(Manners {
        forgetful: true,
        ..Manners::default()
    });
    let refused = twin.send_with(&package(), Duration::from_secs(2));
    let refused = refused.unwrap_err();
    assert!(matches!(refused.code(), 1142 | 1144), "{refused}");
    check_untouched(twin.end());
}

#[test]
fn an_earlier_update_that_was_given_up_is_not_taken_for_this_one() {
    let twin = Twin::start(Manners {
        reverted_before: true,
        ..Manners::default()
    });
    let sent = twin.send(&package()).unwrap();
    assert_eq!(sent.device.outcome, Outcome::Reverted);
    assert_eq!(sent.outcome, SendOutcome::Confirmed);
    check_updated(twin.end());
}

fn frame(packet: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(packet, |line| frame.extend_from_slice(line));
    frame
}

/// The frame of an empty answer.
fn answer(group: u16, command: u8, sequence: u8) -> Vec<u8> {
    let header = Header {
        operation: Operation::ReadAnswer,
        version: 1,
        len: 1,
        group,
        sequence,
        command,
    };
    frame(&[&header.encode()[..], b"\xa0"].concat())
}

#[test]
fn a_device_does_not_answer_answers() {
    let twin = Twin::start(Manners::default());
    let mut stream = UnixStream::connect(&twin.socket).unwrap();
    let mut packet = [0; 64];
    let len = Request::Hello.encode(2, &mut packet).unwrap();
    stream.write_all(&answer(64, 0, 1)).unwrap();
    stream.write_all(&frame(&packet[..len])).unwrap();
    let (mut buf, mut byte) = ([0; 1024], [0]);
    let mut reader = FrameReader::new(&mut buf);
    loop {
        stream.read_exact(&mut byte).unwrap();
        if reader.push(byte[0]) {
            break;
        }
    }
    let first = Answer::decode(reader.packet().unwrap()).unwrap();
    assert_eq!(first.header.sequence, 2);
    drop(stream);
    twin.end();
}

/// A line to nobody, and the end that nobody holds.
fn line(limit: Duration) -> (Wire, UnixStream) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("line");
    let listener = UnixListener::bind(&socket).unwrap();
    let wire = Wire::open(&Address::Unix(socket), limit).unwrap();
    (wire, listener.accept().unwrap().0)
}

#[test]
fn an_answer_to_something_else_is_passed_over() {
    let (wire, mut other) = line(Duration::from_secs(5));
    let mut peer = Peer::new(wire, Duration::from_secs(5), 7);
    // From before the line broke off; to another group; to another command; the one that was asked for.
    for (group, command, sequence) in [(64, 0, 1), (0, 0, 8), (64, 1, 8), (64, 0, 8)] {
        let bytes = answer(group, command, sequence);
        other.write_all(&bytes).unwrap();
    }
    let Ok(Some(packet)) = peer.ask(&Request::Hello) else {
        panic!("no answer");
    };
    let header = packet.get().unwrap().header;
    assert_eq!(
        (header.group, header.command, header.sequence),
        (64, 0, peer.sequence())
    );
    assert_eq!(peer.sequence(), 8);
}

#[test]
fn a_socket_that_takes_nothing_is_given_up() {
    let (mut wire, _other) = line(Duration::from_millis(50));
    let piece = vec![0; 1 << 16];
    assert!((0..1_000).any(|_| wire.write(&piece).is_err()));
}

#[test]
fn what_a_device_says_does_not_reach_the_terminal_as_it_is() {
    let version = "1\u{1b}[2J".to_owned();
    let said = super::LinkError::Reverted { version }.to_string();
    assert!(!said.contains('\u{1b}'), "{said}");
}

/// `smpclient` (PyPI) brings a package to the same device. `SPRAG_PYTHON` names a Python that has it; without one the test says
/// so and passes, unless `SPRAG_REQUIRE_TOOLS` is set.
#[test]
fn a_client_that_is_not_ours_brings_a_package() {
    let Ok(python) = std::env::var("SPRAG_PYTHON") else {
        assert!(
            std::env::var_os("SPRAG_REQUIRE_TOOLS").is_none(),
            "SPRAG_REQUIRE_TOOLS is set, and SPRAG_PYTHON is not"
        );
        println!(
            "skipped: SPRAG_PYTHON names no Python with smpclient (cargo xtask test makes one)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fw.sprag");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/smp_client.py");
    let upload = |twin: &Twin, package: &[u8]| {
        fs::write(&path, package).unwrap();
        let mut client = Command::new(&python);
        let output = client.arg(script).arg(&twin.socket).arg(&path).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let package = package();
    let twin = Twin::start(Manners::default());
    assert_eq!(
        upload(&twin, &package),
        "echo over\nruns 1.0.0 True True\nuploaded True\nwaits 1 True\nruns 2.0.0 True True\n"
    );
    check_updated(twin.end());

    let other = Twin::start(Manners {
        hardware: Some("r9"),
        ..Manners::default()
    });
    assert_eq!(
        upload(&other, &package),
        "echo over\nruns 1.0.0 True True\nrefused 11 E303\n"
    );
    check_untouched(other.end());
}
