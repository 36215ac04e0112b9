//! The family of pages: one layout, one stylesheet and the same parts everywhere; plain, fast, accessible, in light and dark,
//! and working without JavaScript.
//!
//! Templates are compiled and escape everything that they are given (catalogue row SEC-XSS-01). All texts are in `locales/`:
//! functions pass facts, and pages find the words.

mod brand;
mod consent;
mod device;
mod duration;
mod error;
mod form_post;
mod frame;
mod logout;
mod mail;
mod marks;
mod messages;
mod outcome;
mod own_account;
mod recovery;
mod response;
mod sign_in;
mod start;

pub use consent::{ApiRow, ClientCard, ConsentPage, PermissionRow, PermissionText, Permissions};
pub use device::{DeviceConsentPage, DevicePage, DeviceProblem};
pub use error::{error_page, stranded_page};
pub use form_post::form_post_page;
pub use frame::{Frame, LanguageChoice};
pub use logout::LogoutPage;
pub use mail::{MailPage, MailTopic};
pub use marks::mark;
pub use outcome::{Outcome, OutcomePage};
pub use own_account::{AccountNotice, ApplicationRow, OwnAccountPage, SHOWN_CLAIMS, SessionRow, SignInWay};
pub use recovery::{NewPasswordPage, NewPasswordProblem, ProofForm, RecoveryPage};
pub use response::page;
pub use sign_in::{AccountPage, Asks, IdentifierLabel, LoginPage, ProviderLink};
pub use start::StartPage;

#[cfg(test)]
mod pages_tests;
