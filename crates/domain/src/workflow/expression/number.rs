//! Conversions between integers and doubles.

/// Returns a double without its fraction. `None` for what is not finite, and from 2^100 on.
pub(super) fn whole_part(double: f64) -> Option<i128> {
    const MANTISSA: u32 = 52;
    let bits = double.to_bits();
    let exponent = u32::try_from((bits >> MANTISSA) & 0x7ff).ok()?;
    let mantissa = i128::from(bits & ((1 << MANTISSA) - 1)) | (1 << MANTISSA);
    let size = match exponent.checked_sub(1_023) {
        None => 0,
        Some(power) if power <= MANTISSA => mantissa >> (MANTISSA - power),
        Some(power) if power < 100 => mantissa << (power - MANTISSA),
        Some(_) => return None,
    };
    Some(if double.is_sign_negative() { -size } else { size })
}

/// Returns the double nearest to an integer of 64 bits, with or without sign.
pub(super) fn nearest_double(integer: i128) -> f64 {
    let high = i32::try_from(integer >> 33).unwrap_or(i32::MAX);
    let middle = u32::try_from((integer >> 1) & 0xffff_ffff).unwrap_or(u32::MAX);
    let low = u8::try_from(integer & 1).unwrap_or(1);
    // The bits below the middle only matter for rounding: two exact parts, and one sum that rounds.
    f64::from(high) * 8_589_934_592.0 + (f64::from(middle) * 2.0 + f64::from(low))
}
