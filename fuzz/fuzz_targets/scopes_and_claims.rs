#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postern_fuzz::uris::scopes_and_claims(data));
