//! Randomness that follows from the seed alone.

use fastrand::Rng;

/// A generator for one purpose: the same seed, purpose and numbers give the same values.
pub(crate) fn rng(seed: u64, purpose: &str, numbers: &[u64]) -> Rng {
    let bytes = seed.to_le_bytes().into_iter().chain(purpose.bytes());
    let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
    // FNV-1a; the generator mixes further.
    let hash = bytes.chain(numbers).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Rng::with_seed(hash)
}

/// An id as the service prints them: 32 hexadecimal digits.
pub(crate) fn id(seed: u64, purpose: &str, number: u64) -> String {
    format!("{:032x}", rng(seed, purpose, &[number]).u128(..))
}

/// An id with hyphens, as networks, bandwidths and disks have them.
pub(crate) fn uuid(seed: u64, purpose: &str, number: u64) -> String {
    let id = id(seed, purpose, number);
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

/// Decimal digits.
pub(crate) fn digits(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.digit(10)).collect()
}

/// Capital letters and digits, as in an access key.
pub(crate) fn key(seed: u64, purpose: &str, count: usize) -> String {
    let mut rng = rng(seed, purpose, &[]);
    (0..count).map(|_| rng.alphanumeric().to_ascii_uppercase()).collect()
}
