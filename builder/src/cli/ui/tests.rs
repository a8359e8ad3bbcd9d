use super::{Align, Paint, Table, percent, print_failure, size, thousands};
use crate::printable::printable;

#[test]
fn tables_line_up() {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    table.row(["payload", "12,731 B", "delta"]);
    table.row(["index", "128 B"]);
    table.row(["größe", "1 B", "", "more"]);
    let expected = "\
payload  12,731 B  delta
index       128 B
größe         1 B         more
";
    assert_eq!(table.to_string(), expected);
    assert_eq!(Table::default().to_string(), "");
}

#[test]
fn sizes_are_exact_and_at_a_glance() {
    let cases = [
        (0, "0 B"),
        (1, "1 B"),
        (1_023, "1,023 B"),
        (1_024, "1,024 B (1.0 KiB)"),
        (12_731, "12,731 B (12.4 KiB)"),
        (1_048_524, "1,048,524 B (1023.9 KiB)"),
        // 1023.95 KiB would be rounded to 1024.0, which is 1.0 of the next unit.
        (1_048_525, "1,048,525 B (1.0 MiB)"),
        (1_048_576, "1,048,576 B (1.0 MiB)"),
        (4_294_967_295, "4,294,967,295 B (4.0 GiB)"),
        (u64::MAX, "18,446,744,073,709,551,615 B (16.0 EiB)"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(size(bytes), expected, "{bytes}");
    }
}

#[test]
fn thousands_stand_apart() {
    let cases = [
        (0, "0"),
        (12, "12"),
        (123, "123"),
        (1_234, "1,234"),
        (123_456, "123,456"),
        (1_000_000, "1,000,000"),
    ];
    for (number, expected) in cases {
        assert_eq!(thousands(number), expected);
    }
}

#[test]
fn shares_are_rounded_to_a_tenth() {
    let cases = [
        (63, 1_000, "6.3 %"),
        (0, 5, "0.0 %"),
        (5, 5, "100.0 %"),
        (1, 3, "33.3 %"),
        (2, 3, "66.7 %"),
        (3, 2, "150.0 %"),
        (1, 0, "-"),
        (u64::MAX, u64::MAX, "100.0 %"),
    ];
    for (part, whole, expected) in cases {
        assert_eq!(percent(part, whole), expected, "{part}/{whole}");
    }
}

#[test]
fn texts_of_strangers_cannot_deceive() {
    let cases = [
        ("app.bin v1.2 größe 板", "app.bin v1.2 größe 板"),
        ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
        ("a\r\nb", r"a\u{d}\u{a}b"),
        ("gpj\u{202e}nib.", r"gpj\u{202e}nib."),
        ("a\u{200b}b", r"a\u{200b}b"),
        ("\u{9b}31m", r"\u{9b}31m"),
    ];
    for (text, expected) in cases {
        assert_eq!(printable(text), expected);
    }
}

#[test]
fn failures_say_what_and_what_to_do() {
    let print = |paint, code, help| {
        let mut out = Vec::new();
        print_failure(&mut out, paint, &"old.bin: no such file", code, help).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        print(Paint::Plain, Some(1010), Some("check the path")),
        "error: old.bin: no such file [1010]\nhelp: check the path\n"
    );
    assert_eq!(
        print(Paint::Plain, None, None),
        "error: old.bin: no such file\n"
    );
    assert_eq!(
        print(Paint::Colour, None, Some("x")),
        "\x1b[1;31merror:\x1b[0m old.bin: no such file\n\x1b[1;36mhelp:\x1b[0m x\n"
    );
}

#[test]
fn colour_needs_a_terminal_that_wants_it() {
    assert_eq!(Paint::choose(true, false, false), Paint::Colour);
    for (terminal, no_color, dumb) in [
        (false, false, false),
        (true, true, false),
        (true, false, true),
    ] {
        assert_eq!(Paint::choose(terminal, no_color, dumb), Paint::Plain);
    }
}
