//! Mail on its way out: through Amazon SES in AWS, into a mailbox in this process on a laptop.
//!
//! Whether a message is sent once, again or never is decided by the function `mail`; what it says is decided by `pages`.

mod letter;
mod mailbox;
mod mailer;
mod outcome;
mod ses;

pub use letter::Letter;
pub use mailbox::{KEPT, Mailbox, Received};
pub use mailer::{MailNeed, Mailer};
pub use outcome::{MailFault, Sent};
pub use ses::{Ses, SesSettings};
