//! The ways gone so far, as pieces that share what they have in common.

use sprag_delta::Operation;

use super::{as_u32, index};
use crate::work;

/// The start of a piece of the way: literals or a copy.
#[derive(Debug, Clone, Copy)]
struct Node {
    position: u32,
    /// [`LITERALS`], or where the copy begins in the old image.
    source: u32,
    /// The piece before.
    previous: u32,
}

pub(super) const LITERALS: u32 = u32::MAX;
const NONE: u32 = u32::MAX;

/// All pieces that a live way came by, in a growing list.
pub(super) struct Nodes {
    list: Vec<Node>,
    crowded: usize,
}

impl Nodes {
    /// So many nodes are kept before the unreachable ones are looked for.
    const ROOM: usize = 1 << 21;

    pub(super) fn new() -> Self {
        let first = Node {
            position: 0,
            source: LITERALS,
            previous: NONE,
        };
        Self {
            list: vec![first],
            crowded: Self::ROOM,
        }
    }

    pub(super) fn add(&mut self, position: usize, source: u32, previous: u32) -> u32 {
        let index = as_u32(self.list.len());
        self.list.push(Node {
            position: as_u32(position),
            source,
            previous,
        });
        index
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.list.len() >= self.crowded
    }

    /// Keeps what `roots` reach, in order, and renames the roots.
    pub(super) fn collect<'r>(&mut self, roots: impl Iterator<Item = &'r mut u32>) {
        work::spend(self.list.len());
        let mut kept = vec![false; self.list.len()];
        let roots: Vec<&mut u32> = roots.collect();
        for root in &roots {
            let mut node = **root;
            while node != NONE && !kept[index(node)] {
                kept[index(node)] = true;
                node = self.list[index(node)].previous;
            }
        }
        let mut names = vec![NONE; self.list.len()];
        let mut next = 0;
        for (old, kept) in kept.into_iter().enumerate() {
            if kept {
                // A node's previous one is older, so it has its new name already.
                let mut node = self.list[old];
                if node.previous != NONE {
                    node.previous = names[index(node.previous)];
                }
                self.list[next] = node;
                names[old] = as_u32(next);
                next += 1;
            }
        }
        self.list.truncate(next);
        for root in roots {
            *root = names[index(*root)];
        }
        self.crowded = next * 2 + Self::ROOM;
    }

    /// The operations of the way that ends with `node`.
    pub(super) fn operations(&self, node: u32, end: u32) -> Vec<Operation> {
        let mut pieces = Vec::new();
        let (mut node, mut end) = (node, end);
        while node != NONE {
            let Node {
                position,
                source,
                previous,
            } = self.list[index(node)];
            if end > position {
                pieces.push((source, end - position));
            }
            (node, end) = (previous, position);
        }
        let mut operations: Vec<Operation> = Vec::new();
        let mut literal_len = 0;
        for (source, len) in pieces.into_iter().rev() {
            if source == LITERALS {
                literal_len += len;
                continue;
            }
            match operations.last_mut() {
                Some(last) if literal_len == 0 && last.source + last.copy_len == source => {
                    last.copy_len += len;
                }
                _ => operations.push(Operation {
                    literal_len,
                    copy_len: len,
                    source,
                    major: false,
                }),
            }
            literal_len = 0;
        }
        if literal_len > 0 {
            operations.push(Operation {
                literal_len,
                ..Operation::default()
            });
        }
        operations
    }
}
