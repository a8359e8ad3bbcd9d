//! Parts of the payload between the transport, the staging log and the decoder.

use sprag_manifest::Item;

use super::{Pass, State, Updater};
use crate::codec::PatchDecoder;
use crate::error::Error;
use crate::flash::Flash;
use crate::staging::Vacancy;
use crate::storage::Storage;

/// Times a staged part is read again before it counts as lost.
const MAX_REREADS: u8 = 3;

/// Sectors under a staged part that are taken for erased ones, before it counts as torn: each stands for a cut in just
/// the erase that makes them firm.
const MAX_GARBLED: u8 = 3;

impl<D: PatchDecoder> Updater<'_, D> {
    /// Looks for the part at the cursor in the staging log.
    #[inline(never)]
    pub(super) fn locate<S: Storage>(
        &mut self,
        flash: &mut Flash<'_, S>,
        pass: Pass,
    ) -> Result<(), Error> {
        let Some(part) = self.cursor.part() else {
            let alone = self.plan.in_place.is_some_and(|in_place| in_place.applies);
            if let (Pass::Collect, false, Some(staging)) = (pass, alone, self.staging.as_mut())
                && staging.firm_up_end(flash)
            {
                return Ok(());
            }
            match (pass, self.plan.in_place, self.walk.take()) {
                (Pass::Collect, Some(in_place), _) => self.all_collected(&in_place),
                // All were in the decoder before a reset.
                (Pass::Apply, _, Some(_)) => {
                    self.decoder.finish();
                    self.state = State::Drain;
                }
                // All are staged: decode them from the first.
                _ => {
                    self.start_over();
                    self.state = match self.plan.in_place {
                        Some(_) => State::Locate(Pass::Apply),
                        None => self.behind_the_cut(0, None),
                    };
                }
            }
            return Ok(());
        };
        let staging = self.staging.as_mut().ok_or(Error::WrongState)?;
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        let buffer = buffer_of(part.item, self.page, self.block);
        let buffer = buffer.get_mut(..len).ok_or(Error::WrongState)?;
        match (staging.read(flash, buffer), pass) {
            (Err(Error::StagingExhausted { .. }), _)
                if pass == Pass::Apply
                    || self.plan.in_place.is_some_and(|in_place| in_place.applies) =>
            {
                return Err(Error::StagedBlock {
                    block: self.cursor.block(),
                    address: staging.address(flash),
                });
            }
            (read, _) => read?,
        }
        for _ in 0..=MAX_GARBLED {
            let good = self.cursor.check(self.page, self.block).is_ok();
            let buffer = buffer_of(part.item, self.page, self.block);
            let buffer = buffer.get_mut(..len).ok_or(Error::WrongState)?;
            if good {
                self.rereads = 0;
                staging.advance(flash, buffer);
                return self.found(part.item, pass);
            }
            if !staging.take_for_erased(flash, buffer) {
                break;
            }
        }
        match (staging.vacancy(flash, len)?, pass) {
            (Vacancy::Free, _) if staging.look_behind(flash, len) => return Ok(()),
            (Vacancy::Free, Pass::Collect)
                if self.plan.in_place.is_some_and(|in_place| in_place.applies) =>
            {
                // There is no link, and nothing has been overwritten yet.
                return Err(Error::StagedBlock {
                    block: self.cursor.block(),
                    address: staging.address(flash),
                });
            }
            (Vacancy::Free, Pass::Collect) => {
                // Nothing of this update lies behind a free place.
                self.searching = false;
                self.state = State::Receive(0);
            }
            // What looks torn may have been misread.
            _ if self.rereads < MAX_REREADS => {
                self.rereads = self.rereads.saturating_add(1);
                return Ok(());
            }
            _ => staging.skip_torn(flash, len),
        }
        self.rereads = 0;
        Ok(())
    }

    /// The next part: looked for if it may be staged, else received. Behind the last, all are decoded.
    pub(super) fn next_to_collect(&self) -> State {
        match self.cursor.part() {
            Some(_) if !self.searching => State::Receive(0),
            _ => State::Locate(Pass::Collect),
        }
    }

    fn found(&mut self, item: Item, pass: Pass) -> Result<(), Error> {
        match (pass, item) {
            (Pass::Apply, Item::Block(_)) => match self.walk {
                Some((ordinal, input)) if ordinal == self.cursor.ordinal() => {
                    self.walk = None;
                    self.state = input.state();
                }
                Some(_) => self.cursor.advance(self.page),
                None => self.state = State::Feed(0),
            },
            (Pass::Collect, Item::Block(_)) => {
                self.fetched = self.fetched.saturating_add(1);
                self.cursor.advance(self.page);
            }
            (_, Item::Page(_)) => self.cursor.advance(self.page),
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn stage<S: Storage>(&mut self, flash: &mut Flash<'_, S>) -> Result<(), Error> {
        let part = self.cursor.part().ok_or(Error::WrongState)?;
        let staging = self.staging.as_mut().ok_or(Error::WrongState)?;
        let buffer = match part.item {
            Item::Page(_) => &*self.page,
            Item::Block(_) => &*self.block,
        };
        let len = usize::try_from(part.len).unwrap_or(usize::MAX);
        if self.plan.resumed && !staging.find_room(flash, len)? {
            return Ok(());
        }
        if staging.write(flash, buffer.get(..len).ok_or(Error::WrongState)?)? {
            self.found(part.item, Pass::Collect)?;
            self.state = self.next_to_collect();
        }
        Ok(())
    }
}

/// The buffer that holds such a part.
const fn buffer_of<'b>(item: Item, page: &'b mut [u8], block: &'b mut [u8]) -> &'b mut [u8] {
    match item {
        Item::Page(_) => page,
        Item::Block(_) => block,
    }
}
