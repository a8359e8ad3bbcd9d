//! A device with two slots, from the offer to the confirmed image.

use std::collections::BTreeSet;

use sprag_manifest::Item;
use sprag_verifier::{Area, Boot, Outcome, Phase, StagingPlace, Wanted};

use super::sweep::{Boots, Life, Lived, What};
use super::{Board, Link, Offer, Package, Ran, Release, Stop};

/// An update of a device with two slots.
pub(crate) struct TwoSlots<const R: usize, const W: usize, const S: usize> {
    pub(crate) fresh: Board<R, W, S>,
    pub(crate) old: Vec<u8>,
    pub(crate) new: Vec<u8>,
    pub(crate) package: Package,
    pub(crate) offer: Offer,
    place: StagingPlace,
    keeps_checkpoints: bool,
}

impl<const R: usize, const W: usize, const S: usize> TwoSlots<R, W, S> {
    pub(crate) fn new(
        fresh: Board<R, W, S>,
        release: &Release,
        old: &[u8],
        place: StagingPlace,
    ) -> Self {
        let package = release.package();
        let mut offer = Offer::new(&package, old);
        offer.resources.trial_boots = 9;
        Self {
            fresh,
            old: old.to_vec(),
            new: release.new.clone(),
            offer,
            package,
            place,
            keeps_checkpoints: release.payloads[0].checkpoint_interval != 0,
        }
    }

    /// On a board that differs by `seed`: as it left the factory, with flash that reports torn units, or in service.
    pub(crate) fn of_seed(
        board: Board<R, W, S>,
        release: &Release,
        old: &[u8],
        place: StagingPlace,
        seed: u64,
    ) -> Self {
        let mut board = match seed {
            0 => board.newly_made(old),
            _ => board.in_service(old),
        };
        if seed == 1 {
            // As flash with ECC does.
            board.sim_mut().report_torn_units();
        }
        Self::new(board, release, old, place)
    }

    /// Blocks of the first payload that were fetched more than once, each time counted.
    fn blocks_again(&self, link: &Link<'_>) -> usize {
        let parts = self.package.parts(0);
        let blocks = parts
            .iter()
            .filter(|(item, _)| matches!(item, Item::Block(_)));
        let times = blocks.map(|(_, range)| {
            let fetched = |wanted: &&Wanted| range.start == usize::try_from(wanted.offset).unwrap();
            link.fetched.iter().filter(fetched).count()
        });
        times.map(|times| times.saturating_sub(1)).sum()
    }
}

impl<const R: usize, const W: usize, const S: usize> Life<R, W, S> for TwoSlots<R, W, S> {
    fn fresh(&self) -> &Board<R, W, S> {
        &self.fresh
    }

    fn package(&self) -> &Package {
        &self.package
    }

    fn run(&self, board: &mut Board<R, W, S>, link: &mut Link<'_>) -> Result<Lived, Stop> {
        Ok(match board.run(&self.offer, &self.new, link)? {
            Ran::UpToDate => Lived::Rests,
            _ => Lived::On,
        })
    }

    fn boots(&self, board: &Board<R, W, S>, what: &What) -> Boots {
        let boot = board.would_boot();
        let (image, boots) = match boot {
            Boot::Confirmed(Area::SlotA) => (&self.old, Boots::Old),
            _ => (&self.new, Boots::New),
        };
        let chosen = matches!(boot, Boot::Trial(_) | Boot::Confirmed(_));
        assert!(
            chosen && board.holds(boot.slot(), image),
            "{what}: {boot:?}"
        );
        boots
    }

    /// The new image is confirmed, and hardly anything was fetched again.
    fn check_end(&self, board: &mut Board<R, W, S>, link: &Link<'_>, cuts: usize, what: &What) {
        assert!(board.holds(Area::SlotA, &self.old), "{what}");
        assert!(board.holds(Area::SlotB, &self.new), "{what}");
        let record = board.record();
        assert_eq!(
            (record.phase, record.outcome),
            (Phase::Idle, Outcome::Confirmed),
            "{what}"
        );
        assert_eq!((record.security_counter, record.sequence), (3, 7), "{what}");
        let slot = board.range(Area::SlotB, board.region(Area::SlotB).len);
        let allowed = [Area::SlotB, Area::Staging, Area::Scratch, Area::Record]
            .map(|area| board.range(area, board.region(area).len));
        assert_eq!(board.strayed(&allowed), [], "{what}");
        let image = slot.start..slot.start + u32::try_from(self.new.len()).unwrap();
        assert_eq!(
            board.sim().weak_bits(image),
            0,
            "{what}: bits that may still change"
        );
        if self.keeps_checkpoints {
            let again = self.blocks_again(link);
            assert!(again <= cuts, "{what}: {again} blocks were fetched again");
        } else if self.place != StagingPlace::Direct {
            let starts: BTreeSet<_> = link.fetched.iter().map(|wanted| wanted.offset).collect();
            let again = link.fetched.len() - starts.len();
            assert!(again <= cuts, "{what}: {again} parts were fetched again");
        }
    }
}
