//! Numbers as the tables show them.

/// Pairs whose new image is larger than this (bytes) are left out of the second mean: a 27 MB
/// kernel and a 200 KB microcontroller image are different work.
pub(crate) const BIG_IMAGE_SIZE: u64 = 8 * 1024 * 1024;

/// `n` as a float; exact below 2^53.
pub(crate) fn float(n: u64) -> f64 {
    let low = u32::try_from(n & 0xffff_ffff).unwrap_or(u32::MAX);
    let high = u32::try_from(n >> 32).unwrap_or(u32::MAX);
    f64::from(high).mul_add(4_294_967_296.0, f64::from(low))
}

/// `a / b`, if `b` is not 0.
pub(crate) fn ratio(a: u64, b: u64) -> Option<f64> {
    (b != 0).then(|| float(a) / float(b))
}

/// Geometric mean of positive numbers; `None` for none of them, or if one is not positive.
pub(crate) fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|&v| !(v > 0.0 && v.is_finite())) {
        return None;
    }
    let count = u64::try_from(values.len()).ok()?;
    let sum: f64 = values.iter().map(|v| v.ln()).sum();
    Some((sum / float(count)).exp())
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes as MiB with one digit.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", float(bytes) / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::{float, geometric_mean, grouped, mebibytes, ratio};

    #[test]
    fn geometric_mean_of_known_values() {
        let cases: [(&str, &[f64], Option<f64>); 6] = [
            ("none", &[], None),
            ("one", &[0.37], Some(0.37)),
            ("reciprocals cancel", &[0.25, 4.0], Some(1.0)),
            ("three", &[1.0, 3.0, 9.0], Some(3.0)),
            ("a zero has no logarithm", &[1.0, 0.0], None),
            ("not a number", &[f64::NAN], None),
        ];
        for (name, values, expected) in cases {
            let found = geometric_mean(values);
            match (found, expected) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-12, "{name}: {a} {b}"),
                (a, b) => assert_eq!(a, b, "{name}"),
            }
        }
    }

    #[test]
    fn numbers_as_text() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "123,456"),
            (27_302_400, "27,302,400"),
        ] {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(mebibytes(1_572_864), "1.5");
    }

    #[test]
    fn floats_are_exact_and_ratios_need_a_divisor() {
        assert_eq!(float(5_000_000_001), 5_000_000_001.0);
        assert_eq!(ratio(1, 4), Some(0.25));
        assert_eq!(ratio(1, 0), None);
    }
}
