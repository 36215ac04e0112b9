//! What is good once: codes of an authenticator application, recovery codes, and codes and links in mail.

mod base32;
mod mail;
mod qr_code;
mod recovery;
mod totp;

pub use mail::{CODE_LIFETIME, MailAccepted, MailBinding, MailHash, MailPurpose, MailRefusal, MailSecret, PendingMail};
pub use qr_code::QrCode;
pub use recovery::{CHARACTERS, CODES, RecoveryCode, RecoverySet};
pub use totp::{Totp, TotpAlgorithm, TotpFault, TotpRefusal, TotpStep};
