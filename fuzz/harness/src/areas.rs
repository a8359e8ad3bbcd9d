//! Any bytes in the record, the staging area and the other slot, as wear, other programs and people leave them: the device ends each call,
//! the running image is not touched, and a good package then leads to the new image or to a typed error.
//!
//! An input is where blocks are staged (1 B), lengths of what goes to the record (2 B) and to the staging area (2 B), and
//! these bytes; the rest goes to the other slot.

use sprag_verifier::{Area, BootRecord, choose, confirm, give_up};

use crate::choices::Choices;
use crate::made::Made;
use crate::update::{Board, Session};

/// Two sectors.
const RECORD_MAX: usize = 2048;

/// Runs one input.
///
/// # Panics
/// If a promise is broken.
pub fn run(input: &[u8]) {
    let made = Made::get();
    let mut choices = Choices::new(input);
    let mut board = Board::new(made, choices.u8());
    let (record, staged) = (choices.below(RECORD_MAX + 1), choices.below(RECORD_MAX + 1));
    board.put(Area::Record, choices.bytes(record));
    board.put(Area::Staging, choices.bytes(staged));
    board.put(Area::SlotB, choices.rest());
    board.power_on(None);

    // What is read of a record is the same each time, until somebody changes it.
    let before = BootRecord::load(&mut board.storage());
    assert_eq!(BootRecord::load(&mut board.storage()), before);
    for _ in 0..3 {
        let Ok(boot) = choose(&mut board.storage()) else {
            break;
        };
        // Whatever the outcome, these end.
        let _ = confirm(&mut board.storage(), boot.slot());
        let _ = give_up(&mut board.storage(), boot.slot());
    }
    assert!(board.holds(Area::SlotA, &made.old), "the running image");
    if board.session(made, &Session::GOOD).is_ok() && board.session(made, &Session::GOOD).is_ok() {
        let booted = choose(&mut board.storage()).expect("a device boots");
        let slot = booted.slot();
        assert!(
            board.holds(slot, &made.new) || board.holds(slot, &made.old),
            "{slot:?} holds neither image"
        );
    }
}
