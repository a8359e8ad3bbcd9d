use super::{FIFO_LEN, Fifo};

#[test]
fn bytes_come_out_in_order() {
    let mut lent = [0; FIFO_LEN];
    let mut fifo = Fifo::new(&mut lent);
    let mut pushed = 0_u8;
    let mut popped = 0_u8;
    for round in 0..1000_usize {
        let input: std::vec::Vec<u8> = (0..round % 60).map(|_| 0).collect();
        let numbered: std::vec::Vec<u8> = input
            .iter()
            .scan(pushed, |next, _| {
                Some(core::mem::replace(next, next.wrapping_add(1)))
            })
            .collect();
        let taken = fifo.push(&numbered);
        pushed = pushed.wrapping_add(u8::try_from(taken).unwrap());
        for _ in 0..fifo.len().min(round % 37) {
            assert_eq!(fifo.next(), popped);
            popped = popped.wrapping_add(1);
        }
    }
    assert_eq!(fifo.missing(), 0);
}

#[test]
fn a_full_queue_takes_no_more() {
    let mut lent = [0; FIFO_LEN];
    let mut fifo = Fifo::new(&mut lent);
    assert_eq!(fifo.push(&[1; 200]), FIFO_LEN);
    assert_eq!(fifo.push(&[2; 5]), 0);
    fifo.next();
    assert_eq!(fifo.push(&[2; 5]), 1);
}

#[test]
fn after_the_end_come_counted_zeros() {
    let mut lent = [0; FIFO_LEN];
    let mut fifo = Fifo::new(&mut lent);
    fifo.push(&[7]);
    assert!(!fifo.has(2));
    fifo.finish();
    assert!(fifo.has(2));
    assert_eq!(fifo.push(&[8]), 0);
    assert_eq!([fifo.next(), fifo.next(), fifo.next()], [7, 0, 0]);
    assert_eq!(fifo.missing(), 2);
}
