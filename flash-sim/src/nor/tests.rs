use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

use super::ConstFlash;
use crate::error::FlashError;
use crate::geometry::Geometry;
use crate::power::CutStyle;
use crate::sim::FlashSim;

fn uneven() -> FlashSim {
    FlashSim::new(
        Geometry::uneven(&[(2, 64), (1, 128)])
            .with_write_size(4)
            .with_read_size(2),
    )
}

/// A user of the traits that knows no simulator.
fn drive<F: NorFlash>(mut flash: F) -> Result<[u8; 8], F::Error> {
    assert_eq!((F::READ_SIZE, F::WRITE_SIZE, F::ERASE_SIZE), (2, 4, 128));
    assert_eq!(flash.capacity(), 256);
    let mut out = [0; 8];
    flash.erase(64, 256)?; // On true sector boundaries, not on multiples of ERASE_SIZE.
    flash.write(64, &[7; 4])?;
    flash.read(62, &mut out)?;
    Ok(out)
}

#[test]
fn the_traits_reach_the_simulator() {
    let mut flash = ConstFlash::<2, 4, 128>::new(uneven());
    assert_eq!(drive(&mut flash), Ok([0xff, 0xff, 7, 7, 7, 7, 0xff, 0xff]));
    assert_eq!(flash.sim().erase_counts(), [0, 1, 1]);
    assert_eq!(flash.into_sim().bytes()[64..68], [7; 4]);
}

#[test]
fn faults_are_of_the_kind_other() {
    let mut flash = ConstFlash::<2, 4, 128>::new(uneven());
    flash.sim_mut().cut_after(1, CutStyle::Clean);
    let error = drive(&mut flash).unwrap_err();
    assert_eq!(
        (error, error.kind()),
        (FlashError::PowerLost, NorFlashErrorKind::Other)
    );
    assert_eq!(error.to_string(), "the power is off");
    let error = FlashError::WriteFailed { address: 0x40 };
    assert_eq!(error.to_string(), "write failed at 0x00000040");
}

#[test]
#[should_panic(expected = "write at 0x00000002: the address is not aligned to 4")]
fn misuse_through_the_traits_panics() {
    ConstFlash::<2, 4, 128>::new(uneven())
        .write(2, &[0; 4])
        .unwrap();
}

#[test]
#[should_panic(expected = "READ is 1, but the geometry has 2")]
fn another_read_size_is_refused() {
    drop(ConstFlash::<1, 4, 128>::new(uneven()));
}

#[test]
#[should_panic(expected = "WRITE is 8, but the geometry has 4")]
fn another_write_size_is_refused() {
    drop(ConstFlash::<2, 8, 128>::new(uneven()));
}

#[test]
#[should_panic(expected = "ERASE is 64, but the geometry has 128")]
fn another_erase_size_is_refused() {
    drop(ConstFlash::<2, 4, 64>::new(uneven()));
}
