//! What is good once: codes of an authenticator application, recovery codes, and codes and links in mail.

mod base32;
mod qr_code;
mod totp;

pub use qr_code::QrCode;
pub use totp::{Totp, TotpAlgorithm, TotpFault, TotpRefusal, TotpStep};
