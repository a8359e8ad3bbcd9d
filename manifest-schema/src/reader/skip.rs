//! Skipping a field that this reader does not know, without recursion.

use super::{Reader, Step, widen};
use crate::error::{DecodeErrorKind, ItemType};
use crate::fields::check_order;
use crate::limits::MAX_NESTING;

impl Reader<'_> {
    /// Skips one item of any shape that the format allows, checking it all the same: types, shortest
    /// forms, UTF-8, key order, and nesting of at most [`MAX_NESTING`] levels.
    ///
    /// # Errors
    /// Any refusal of an item, and `NestingTooDeep`.
    pub fn skip(&mut self) -> Step<()> {
        let mut frames = [Frame::default(); MAX_NESTING];
        let mut depth = 0_usize;
        loop {
            let parent = depth.checked_sub(1).and_then(|top| frames.get_mut(top));
            let opened = match parent {
                Some(parent) => parent.advance(self)?,
                None => self.skip_one()?,
            };
            if let Some(frame) = opened {
                let Some(place) = frames.get_mut(depth) else {
                    let max = widen(MAX_NESTING);
                    return self.refuse(DecodeErrorKind::NestingTooDeep { max });
                };
                *place = frame;
                depth = depth.saturating_add(1);
            }
            while let Some(top) = depth.checked_sub(1)
                && frames.get(top).is_some_and(Frame::is_done)
            {
                depth = top;
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Skips a string or an integer whole, or the head of an array or a map, whose frame it returns.
    fn skip_one(&mut self) -> Step<Option<Frame>> {
        let found = self.head()?;
        let keyed = match found {
            ItemType::Uint | ItemType::Negative => return Ok(None),
            ItemType::Bytes => return self.content().map(|_| None),
            ItemType::Text => return self.text_content().map(|_| None),
            ItemType::Array => false,
            ItemType::Map => true,
            ItemType::Tag => return self.forbidden(),
        };
        let left = if keyed {
            self.value.saturating_mul(2)
        } else {
            self.value
        };
        self.check_count(left)?;
        Ok(Some(Frame {
            left,
            keyed,
            previous: None,
        }))
    }
}

/// An open array or map inside a skipped field.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// Items left; keys and values count one each.
    left: u64,
    /// Whether it is a map. Keys then stand where an even number of items is left.
    keyed: bool,
    /// The key before, in a map.
    previous: Option<i64>,
}

impl Frame {
    fn advance(&mut self, reader: &mut Reader<'_>) -> Step<Option<Self>> {
        let at_key = self.keyed && self.left & 1 == 0;
        self.left = self.left.saturating_sub(1);
        if !at_key {
            return reader.skip_one();
        }
        let key = reader.int()?;
        check_order(reader, self.previous, key)?;
        self.previous = Some(key);
        Ok(None)
    }

    const fn is_done(&self) -> bool {
        self.left == 0
    }
}
