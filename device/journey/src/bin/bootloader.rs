//! Chooses what boots, and starts it. Never updated.
#![cfg_attr(bare_metal, no_std, no_main)]

#[cfg(bare_metal)]
mod bootloader {
    use journey::{Nor, Uart, hand_over, restart, start_application};
    use sprag_verifier::{Area, Boot, choose};

    #[unsafe(no_mangle)]
    extern "C" fn run() {
        let (mut uart, mut nor) = (Uart::start(), Nor::new());
        let slot = match choose(&mut nor) {
            Ok(boot) => {
                uart.say(match boot {
                    Boot::Trial(_) => "boot: on trial\n",
                    Boot::Reverted(_) => "boot: reverted\n",
                    Boot::Unrecorded { .. } => "boot: unrecorded\n",
                    _ => "boot: confirmed\n",
                });
                boot.slot()
            }
            Err(error) => {
                // The image that the factory put there is as good a guess as any.
                uart.say("boot: error ");
                uart.say_number(error.code());
                uart.say("\n");
                Area::SlotA
            }
        };
        hand_over(slot);
        start_application(nor.slot(slot));
    }

    #[unsafe(no_mangle)]
    extern "C" fn ended(_: u32) -> ! {
        restart()
    }
}

#[cfg(not(bare_metal))]
fn main() {}
