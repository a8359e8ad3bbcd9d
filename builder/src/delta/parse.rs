//! Which operations: the cheapest way through the new image by a cost model of the coder.
//!
//! At each byte a few ways compete: writing literals, or following one of the *live diagonals* (a
//! diagonal is source minus destination). Each way knows its cost so far; a way that a later one
//! undercuts by more than a new diagonal costs is dropped.

mod cost;
mod nodes;
mod prices;

use sprag_delta::Operation;

use super::Effort;
use super::fields::{Fields, MovedTo};
use super::in_place::InPlace;
use super::matcher::{Match, Matcher};
use crate::work;
use nodes::{LITERALS, Nodes};
use prices::{LEAVE, switch};

pub(super) use prices::Prices;

/// How much dearer than the best a way may be, in 1/64 bit.
const SLACK: u64 = 38 * 64;

/// A match of this length ahead makes a search needless.
const CLEAN: usize = 32;

/// How wide the search is. Larger images need longer matches: short ones are chance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    match_min: usize,
    masked_min: usize,
    matches_each_side: usize,
    diagonals: usize,
}

impl Limits {
    pub(super) fn of(image_len: usize, effort: Effort) -> Self {
        let large = image_len > 5 << 20;
        let (match_min, masked_min, diagonals) = if large { (8, 12, 12) } else { (4, 6, 24) };
        match effort {
            Effort::Fast => {
                let match_min = match_min.max(6);
                Self {
                    match_min,
                    masked_min: 12,
                    matches_each_side: 2,
                    diagonals: 8,
                }
            }
            Effort::Default | Effort::Best => {
                let matches_each_side = if large { 4 } else { 6 };
                Self {
                    match_min,
                    masked_min,
                    matches_each_side,
                    diagonals,
                }
            }
        }
    }
}

/// A live diagonal.
#[derive(Debug, Clone, Copy)]
struct Way {
    diagonal: i64,
    cost: u64,
    node: u32,
    /// Recent misses, newest lowest.
    misses: u8,
    /// Up to here the images are known to agree.
    clean_end: usize,
    /// Up to here the masked images are known to agree.
    masked_end: usize,
    /// Bytes left of a field that is paid for.
    field_left: usize,
}

/// The images and what is known of them.
#[derive(Clone, Copy)]
pub(super) struct Images<'a> {
    pub(super) old: &'a [u8],
    pub(super) new: &'a [u8],
    pub(super) matcher: &'a Matcher<'a>,
    /// Absent where no fields are recognised.
    pub(super) masked: Option<Masked<'a>>,
    /// For a device with a single slot.
    pub(super) in_place: Option<InPlace>,
}

/// The images with their fields made alike.
#[derive(Clone, Copy)]
pub(super) struct Masked<'a> {
    pub(super) old_fields: &'a Fields<'a>,
    pub(super) new_fields: &'a Fields<'a>,
    pub(super) old: &'a [u8],
    pub(super) new: &'a [u8],
    pub(super) matcher: &'a Matcher<'a>,
    /// Searches begin at multiples of this.
    pub(super) step: usize,
}

/// Chooses operations that make the new image out of the old one. `moved` is what an earlier parse
/// found out about where addresses went.
pub(super) fn parse(
    images: Images<'_>,
    moved: Option<&MovedTo>,
    prices: &Prices,
    limits: Limits,
    progress: &mut dyn FnMut(u32),
) -> Vec<Operation> {
    let mut parser = Parser {
        images,
        moved,
        prices,
        limits,
        nodes: Nodes::new(),
        ways: Vec::new(),
        literal_cost: 0,
        literal_node: 0,
        literal_diagonal: 0,
    };
    let new = images.new;
    let mut found: Vec<Match> = Vec::new();
    let mut position = 0;
    let mut reported = 0;
    while position < new.len() {
        let best = parser.look_ahead(position);
        if !parser.is_clean(position, best.cost) {
            parser.leave(position, best);
            found.clear();
            let count = limits.matches_each_side;
            let first = images.first_source(position);
            let least = (limits.match_min, first);
            images
                .matcher
                .search(&new[position..], least, count, &mut found);
            if let Some(masked) = images.masked
                && position.is_multiple_of(masked.step)
            {
                let query = &masked.new[position..];
                let least = (limits.masked_min, first);
                masked.matcher.search(query, least, count, &mut found);
            }
            for candidate in &found {
                parser.enter(position, best, candidate.source);
            }
        }
        position += parser.advance(position);
        parser.prune();
        if position - reported >= 1 << 16 {
            reported = position;
            progress(as_u32(position));
        }
    }
    parser.finish()
}

struct Parser<'a> {
    images: Images<'a>,
    moved: Option<&'a MovedTo>,
    prices: &'a Prices,
    limits: Limits,
    nodes: Nodes,
    ways: Vec<Way>,
    literal_cost: u64,
    literal_node: u32,
    /// The diagonal that the literals left.
    literal_diagonal: i64,
}

/// The cheapest way at a position.
#[derive(Debug, Clone, Copy)]
struct Best {
    cost: u64,
    node: u32,
    diagonal: i64,
}

impl Parser<'_> {
    /// Renews what is known of each diagonal and returns the cheapest way.
    fn look_ahead(&mut self, position: usize) -> Best {
        let mut best = Best {
            cost: self.literal_cost,
            node: self.literal_node,
            diagonal: self.literal_diagonal,
        };
        for way in &mut self.ways {
            self.images.look_along(way, position);
            if way.field_left == 0 && way.cost < best.cost {
                best = Best {
                    cost: way.cost,
                    node: way.node,
                    diagonal: way.diagonal,
                };
            }
        }
        best
    }

    /// Whether some way that is nearly the cheapest goes on without a miss for a while.
    fn is_clean(&self, position: usize, best: u64) -> bool {
        let near = best + 8 * 64;
        let clean = position + CLEAN;
        let mut ways = self.ways.iter();
        ways.any(|way| way.cost < near && way.clean_end.max(way.masked_end) >= clean)
    }

    /// From the best copy to literals. While it goes on without a miss that is never worthwhile.
    fn leave(&mut self, position: usize, best: Best) {
        if best.cost + LEAVE >= self.literal_cost {
            return;
        }
        let mut ways = self.ways.iter();
        let goes_on = |way: &Way| {
            way.diagonal == best.diagonal && way.clean_end.max(way.masked_end) > position
        };
        if !ways.any(goes_on) {
            self.literal_cost = best.cost + LEAVE;
            self.literal_diagonal = best.diagonal;
            self.literal_node = self.nodes.add(position, LITERALS, best.node);
        }
    }

    /// From the best way to the diagonal of a match.
    fn enter(&mut self, position: usize, best: Best, source: usize) {
        let diagonal = as_i64(source) - as_i64(position);
        let cost = best.cost + switch(diagonal.abs_diff(best.diagonal));
        let known = self.ways.iter_mut().find(|way| way.diagonal == diagonal);
        if known
            .as_ref()
            .is_some_and(|way| way.cost <= cost || way.field_left > 0)
        {
            return;
        }
        let node = self.nodes.add(position, as_u32(source), best.node);
        match known {
            Some(way) => (way.cost, way.node, way.misses) = (cost, node, 0),
            None => {
                let mut way = Way {
                    diagonal,
                    cost,
                    node,
                    misses: 0,
                    clean_end: 0,
                    masked_end: 0,
                    field_left: 0,
                };
                self.images.look_along(&mut way, position);
                self.ways.push(way);
            }
        }
    }

    /// Takes all ways forward, by one byte or over the rest of a match that only one follows.
    /// Returns the bytes gone.
    fn advance(&mut self, position: usize) -> usize {
        work::spend(1 + self.ways.len());
        let prices = self.prices;
        if let [way] = self.ways.as_mut_slice()
            && way.clean_end > position + CLEAN
            && way.misses == 0
            && way.field_left == 0
        {
            let len = way.clean_end - position - CLEAN;
            way.cost += prices.hit[0] * as_u64(len);
            self.literal_cost += prices.literal * as_u64(len);
            return len;
        }
        for way in &mut self.ways {
            if let Some(left) = way.field_left.checked_sub(1) {
                way.field_left = left;
            } else if !self.images.allows(position, way.diagonal) {
                way.cost = u64::MAX / 2;
            } else if let Some((cost, len)) =
                self.images.field_cost(way, position, self.moved, prices)
            {
                way.cost += cost;
                way.field_left = len - 1;
                if cost > 3 * 64 {
                    way.misses = way.misses << 1 | 1;
                }
            } else if way.clean_end > position {
                way.cost += prices.hit[usize::from(way.misses & 15)];
                way.misses <<= 1;
            } else {
                way.cost += prices.miss[usize::from(way.misses & 7)];
                way.misses = way.misses << 1 | 1;
                // Outside the old image there is no diagonal.
                let next = as_i64(position) + way.diagonal;
                if next < 0 || next >= as_i64(self.images.old.len()) {
                    way.cost = u64::MAX / 2;
                }
            }
        }
        self.literal_cost += prices.literal;
        1
    }

    /// Drops ways that cannot win any more, and what only they needed.
    fn prune(&mut self) {
        let best = self.ways.iter().map(|way| way.cost).min();
        let best = best.map_or(self.literal_cost, |cost| cost.min(self.literal_cost));
        self.ways.retain(|way| way.cost < best + SLACK);
        if self.ways.len() > self.limits.diagonals {
            // The diagonal breaks ties: the order is total.
            self.ways
                .sort_unstable_by_key(|way| (way.cost, way.diagonal));
            self.ways.truncate(self.limits.diagonals);
        }
        if self.nodes.is_crowded() {
            let ways = self.ways.iter_mut().map(|way| &mut way.node);
            self.nodes.collect(ways.chain([&mut self.literal_node]));
        }
    }

    fn finish(self) -> Vec<Operation> {
        let mut best = (self.literal_cost, self.literal_node);
        for way in &self.ways {
            if way.field_left == 0 && way.cost < best.0 {
                best = (way.cost, way.node);
            }
        }
        self.nodes.operations(best.1, as_u32(self.images.new.len()))
    }
}

// Images are shorter than 2^32 bytes, and so are nodes fewer: `encode` sees to the first, the
// collection of nodes to the second.
pub(super) fn as_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn as_u64(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

pub(super) fn as_i64(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
