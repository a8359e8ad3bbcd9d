use super::{put, to_back, to_front};

#[test]
fn overlapping_bytes_come_whole() {
    for start in 0..=9 {
        let bytes: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
        let (mut front, mut back) = (bytes, bytes);
        to_front(&mut front, start);
        to_back(&mut back, start);
        let (mut expected_front, mut expected_back) = (bytes, bytes);
        if start <= bytes.len() {
            expected_front.copy_within(start.., 0);
            expected_back.copy_within(..bytes.len() - start, start);
        }
        assert_eq!(front, expected_front, "{start}");
        assert_eq!(back, expected_back, "{start}");
    }
}

#[test]
fn the_shorter_of_two_decides() {
    let mut to = [0; 3];
    put(&mut to, &[1, 2]);
    assert_eq!(to, [1, 2, 0]);
    put(&mut to, &[3, 4, 5, 6]);
    assert_eq!(to, [3, 4, 5]);
}
