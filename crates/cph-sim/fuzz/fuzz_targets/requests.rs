//! Plays whatever story the bytes tell, as the property test in `tests/it/laws.rs` does:
//! `cargo fuzz run --fuzz-dir crates/cph-sim/fuzz requests`. It takes a nightly compiler, or `RUSTC_BOOTSTRAP=1`.

#![no_main]

#[path = "../../tests/it/story/mod.rs"]
mod story;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    story::play(bytes);
});
