//! The parse: the cheapest operations for a block of bytes, at the prices of the model as it stands.

use sprag_delta::ByteSink;
use sprag_delta::full::{Encoder, LENGTH_STEPS, Memory, Source};

use super::matcher::{LEN_MAX, Matcher, run};
use crate::work;

/// Bytes that are priced at once, and how many of them are coded before prices are taken anew.
const BLOCK: usize = 1536;
const COMMIT: usize = 1024;

/// A copy that long is taken as it is.
const LONG: usize = 128;

#[derive(Clone, Copy)]
struct Node {
    price: u32,
    /// How it was reached: bytes, and from where if by a copy.
    len: u32,
    source: Option<Source>,
    /// After those a literal and so many bytes from where the copy came, if not 0.
    tail: u32,
    memory: Memory,
}

pub(super) fn parse<S: ByteSink>(
    image: &[u8],
    encoder: &mut Encoder<'_, S>,
    depth: u32,
    progress: &mut dyn FnMut(usize),
) {
    let mut matcher = Matcher::new(image, depth);
    let mut matches: Vec<Vec<(usize, u32)>> = Vec::new();
    let mut first = 0; // The position of matches[0].
    let mut at = 0;
    let mut nodes: Vec<Option<Node>> = Vec::new();
    while at < image.len() {
        progress(at);
        let end = (at + BLOCK).min(image.len());
        matches.drain(..at - first);
        first = at;
        while first + matches.len() < end {
            let mut found = Vec::new();
            matcher.step(first + matches.len(), &mut found);
            matches.push(found);
        }
        nodes.clear();
        nodes.resize(end - at + LEN_MAX + 1, None);
        nodes[0] = Some(Node {
            price: 0,
            len: 0,
            source: None,
            tail: 0,
            memory: encoder.memory(),
        });
        let mut target = end - at;
        for i in 0..end - at {
            let Some(node) = nodes[i] else { continue };
            if let Some(jump) = expand(image, encoder, &mut nodes, i, at + i, &node, &matches[i]) {
                // A long copy: what it leads to is the way.
                target = i + jump;
                break;
            }
        }
        let commit = if at + target >= image.len() || target != end - at {
            target
        } else {
            COMMIT
        };
        // Backwards, then forwards.
        let mut operations = Vec::new();
        let mut place = target;
        while place > 0 {
            let Some(node) = nodes[place] else { break };
            if node.tail > 0 {
                operations.push((Some(Source::Repeat(0)), node.tail));
                operations.push((None, 1));
                place -= usize::try_from(node.tail + 1).unwrap_or(1);
            }
            if node.len > 0 {
                operations.push((node.source, node.len));
                place -= usize::try_from(node.len).unwrap_or(1);
            }
        }
        let mut done = 0;
        for (source, len) in operations.into_iter().rev() {
            if done >= commit {
                break;
            }
            match source {
                None => encoder.literal(),
                Some(source) => encoder.copy(source, len),
            }
            done += usize::try_from(len).unwrap_or(1);
        }
        at += done;
        while first + matches.len() < at {
            let mut found = Vec::new();
            matcher.step(first + matches.len(), &mut found);
            matches.push(found);
        }
    }
}

fn offer<S: ByteSink>(
    encoder: &Encoder<'_, S>,
    nodes: &mut [Option<Node>],
    place: usize,
    price: u32,
    len: u32,
    source: Option<Source>,
    from: &Node,
) {
    if nodes[place].is_none_or(|node| price < node.price) {
        let memory = match source {
            None => encoder.after_literal(from.memory),
            Some(source) => encoder.after_copy(from.memory, source, len),
        };
        nodes[place] = Some(Node {
            price,
            len,
            source,
            tail: 0,
            memory,
        });
    }
}

/// Offers all that may follow a node. The length of a copy that is so long that it is taken.
fn expand<S: ByteSink>(
    image: &[u8],
    encoder: &mut Encoder<'_, S>,
    nodes: &mut [Option<Node>],
    i: usize,
    at: usize,
    node: &Node,
    matches: &[(usize, u32)],
) -> Option<usize> {
    let memory = node.memory;
    let literal = encoder.kind_price(&memory, false) + encoder.literal_price(&memory);
    offer(encoder, nodes, i + 1, node.price + literal, 1, None, node);

    let start = at.checked_sub(usize::try_from(memory.repeats()[0]).unwrap_or(usize::MAX));
    if let Some(start) = start
        && image[start] != image[at]
    {
        tail(image, encoder, nodes, i, at, node, None, node.price, 0);
    }

    let copy = node.price + encoder.kind_price(&memory, true);
    let mut longest = None;
    for (number, distance) in (0..4).zip(memory.repeats()) {
        let source = Source::Repeat(number);
        let Some(start) = at.checked_sub(usize::try_from(distance).unwrap_or(usize::MAX)) else {
            continue;
        };
        let len = run(&image[start..], &image[at..], 0);
        if len < usize::try_from(source.shortest()).unwrap_or(1) {
            continue;
        }
        let price = copy + encoder.source_price(&memory, source);
        let end = lengths(encoder, nodes, i, node, source, price, 0, len);
        tail(
            image,
            encoder,
            nodes,
            i,
            at,
            node,
            Some((source, start)),
            end,
            len,
        );
        if len >= LONG {
            longest = longest.max(Some(len));
        }
    }
    let mut known = 1;
    for &(len, distance) in matches {
        let source = Source::Distance(distance);
        let price = copy + encoder.source_price(&memory, source);
        let end = lengths(encoder, nodes, i, node, source, price, known, len);
        let start = at - usize::try_from(distance).unwrap_or(0);
        tail(
            image,
            encoder,
            nodes,
            i,
            at,
            node,
            Some((source, start)),
            end,
            len,
        );
        known = len;
        if len >= LONG {
            longest = longest.max(Some(len));
        }
    }
    longest
}

/// Offers the lengths of a copy that are longer than `known`.
#[expect(clippy::too_many_arguments, reason = "one place")]
fn lengths<S: ByteSink>(
    encoder: &mut Encoder<'_, S>,
    nodes: &mut [Option<Node>],
    i: usize,
    node: &Node,
    source: Source,
    price: u32,
    known: usize,
    len: usize,
) -> u32 {
    let mut memory = node.memory;
    memory.begin(source);
    let mut price = price;
    let mut done = 0_usize;
    let shortest = usize::try_from(source.shortest()).unwrap_or(1);
    let steps = usize::try_from(LENGTH_STEPS).unwrap_or(32);
    work::spend(len.min(steps));
    while done < len {
        if done >= shortest && done < steps {
            if done > known {
                let stop =
                    encoder.step_price(&memory, source, u32::try_from(done).unwrap_or(0), false);
                offer(
                    encoder,
                    nodes,
                    i + done,
                    price + stop,
                    u32::try_from(done).unwrap_or(0),
                    Some(source),
                    node,
                );
            }
            price += encoder.step_price(&memory, source, u32::try_from(done).unwrap_or(0), true);
        } else if done >= steps {
            done = len;
            break;
        }
        memory = encoder.copied(memory);
        done += 1;
    }
    if done > known {
        let stop = if done < steps {
            encoder.step_price(&memory, source, u32::try_from(done).unwrap_or(0), false)
        } else {
            let more = u32::try_from(done - steps + 1).unwrap_or(1);
            more.ilog2() * 512
        };
        offer(
            encoder,
            nodes,
            i + done,
            price + stop,
            u32::try_from(done).unwrap_or(0),
            Some(source),
            node,
        );
        price += stop;
    }
    price
}

/// Offers a literal and more bytes from where a copy came, behind that copy, or from where the last one came.
#[expect(clippy::too_many_arguments, reason = "one place")]
fn tail<S: ByteSink>(
    image: &[u8],
    encoder: &mut Encoder<'_, S>,
    nodes: &mut [Option<Node>],
    i: usize,
    at: usize,
    node: &Node,
    copy: Option<(Source, usize)>,
    price: u32,
    len: usize,
) {
    if len >= LONG {
        return;
    }
    let (source, start) = match copy {
        Some((source, start)) => (Some(source), start),
        None => (
            None,
            at - usize::try_from(node.memory.repeats()[0]).unwrap_or(0),
        ),
    };
    let behind = at + len + 1;
    if behind >= image.len() {
        return;
    }
    let more = run(&image[start + len + 1..], &image[behind..], 0).min(30);
    if more < 2 || i + len + 1 + more >= nodes.len() {
        return;
    }
    let wide = u32::try_from(len).unwrap_or(0);
    let mut memory = match source {
        Some(source) => encoder.after_copy(node.memory, source, wide),
        None => node.memory,
    };
    let mut price = price + encoder.kind_price(&memory, false) + encoder.literal_price(&memory);
    memory = encoder.after_literal(memory);
    let again = Source::Repeat(0);
    price += encoder.kind_price(&memory, true) + encoder.source_price(&memory, again);
    memory.begin(again);
    for done in 0..more {
        let done = u32::try_from(done).unwrap_or(0);
        if done > 0 {
            price += encoder.step_price(&memory, again, done, true);
        }
        memory = encoder.copied(memory);
    }
    let tail = u32::try_from(more).unwrap_or(0);
    price += encoder.step_price(&memory, again, tail, false);
    let place = i + len + 1 + more;
    if nodes[place].is_none_or(|node| price < node.price) {
        let mut memory = encoder.after_literal(match source {
            Some(source) => encoder.after_copy(node.memory, source, wide),
            None => node.memory,
        });
        memory = encoder.after_copy(memory, again, tail);
        nodes[place] = Some(Node {
            price,
            len: wide,
            source,
            tail,
            memory,
        });
    }
}
