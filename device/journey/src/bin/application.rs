//! The application: serves its line, applies what comes, and confirms itself once it was reached.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod application {
    use journey::{BOARD, Nor, Uart, handed_over, restart};
    use sprag_link::{Identity, Line, Memory, serve};
    use sprag_manifest::{Isa, KeyId};
    use sprag_verifier::{
        Attempt, DeltaCodecs, Device, EXAMPLE_KEYS, ExampleKeys, Installed, KeyRole, Resources,
        TrustAnchors, TrustedKey,
    };

    const VERSION: &str = match (cfg!(feature = "release-1-2"), cfg!(feature = "release-1-1")) {
        (true, _) => "1.2.0",
        (_, true) => "1.1.0",
        _ => "1.0.0",
    };
    const ARENA_LEN: usize = 24 * 1024;
    const PACKET_LEN: usize = 1024;
    const ENVELOPE_LEN: usize = 1024;
    /// Boots of a new image before it is given up: a bench that kills it again and again is no crash of its own.
    const TRIAL_BOOTS: u8 = 10;

    static TRUST: TrustAnchors<'_> = TrustAnchors {
        keys: &[TrustedKey {
            id: KeyId([0x22, 0xad, 0xe0, 0xf6, 0x43, 0x38, 0x86, 0x82]),
            role: KeyRole::Release,
            key: EXAMPLE_KEYS[0],
        }],
        example_keys: ExampleKeys::Accept,
    };

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        static mut ARENA: [u8; ARENA_LEN] = [0; ARENA_LEN];
        static mut PACKET: [u8; PACKET_LEN] = [0; PACKET_LEN];
        let (mut uart, mut nor) = (Uart::start(), Nor::new());
        uart.say("application ");
        uart.say(VERSION);
        uart.say(" on ");
        uart.say(BOARD);
        uart.say("\n");
        #[cfg(feature = "release-1-1")]
        news(&mut uart);
        if cfg!(feature = "release-1-2") {
            // What this release is for: it never comes to confirm itself.
            restart();
        }
        let Some(running) = handed_over() else {
            uart.say("no bootloader has told the slot\n");
            restart();
        };
        // SAFETY: the program calls this function once.
        let packet: &'static mut [u8] = unsafe { &mut *(&raw mut PACKET) };
        // SAFETY: as above.
        let arena: &'static mut [u8] = unsafe { &mut *(&raw mut ARENA) };
        let mut line = Line::new(uart, packet);
        let mut memory = Memory {
            bytes: arena,
            envelope: ENVELOPE_LEN,
        };
        let identity = Identity {
            device: device(),
            resources: Resources {
                ram: ARENA_LEN as u32,
                trailer_reserve: 0,
                trial_boots: TRIAL_BOOTS,
            },
            trust: &TRUST,
            running,
            healthy: true,
        };
        serve(&mut line, &mut nor, &mut memory, &identity, &DeltaCodecs);
    }

    fn device() -> Device<'static> {
        Device {
            vendor: "example",
            product: "journey",
            hardware: BOARD,
            isa: if cfg!(target_arch = "arm") {
                Isa::Thumb
            } else {
                Isa::Rv32
            },
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
                version: Some(VERSION),
                digest: None,
                security_counter: 0,
                sequence: 0,
            },
        }
    }

    /// What is new in release 1.1: some code and some texts, so that there is something to update.
    #[cfg(feature = "release-1-1")]
    fn news(uart: &mut Uart) {
        static LINES: [&str; 6] = [
            "new in this release: ",
            "the greeting tells what is new; ",
            "the sum of all greetings is kept: ",
            "more than one line of it; ",
            "and a number that only this release knows: ",
            "\n",
        ];
        let mut sum = 0_u16;
        for line in LINES {
            uart.say(line);
            sum = line
                .bytes()
                .fold(sum, |sum, byte| sum.rotate_left(3) ^ u16::from(byte));
            uart.say_number(sum);
        }
    }

    #[unsafe(no_mangle)]
    extern "C" fn ended(_: u32) -> ! {
        restart()
    }
}

#[cfg(not(bare_metal))]
fn main() {}
