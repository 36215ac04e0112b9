//! Where mail goes.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use mailing::{Mailbox, Mailer, Ses, SesSettings};

use crate::Runtime;
use crate::queue::QueueBackend;

/// Where mail goes.
pub struct MailBackend {
    /// The queue on its way.
    pub queue: QueueBackend,
    /// Where it ends.
    pub transport: MailTransport,
}

/// Where mail ends.
pub enum MailTransport {
    /// On a laptop: in a mailbox in this process.
    Laptop(Arc<Mailbox>),
    /// Amazon SES. Only the function that sends creates a client for it.
    Aws {
        /// The HTTP client for AWS.
        http: SharedHttpClient,
        /// The region, and the credentials.
        settings: SesSettings,
    },
}

impl Runtime {
    /// Sends mail.
    pub fn mailer(&self) -> Mailer {
        self.note_mail(Mailer::NEEDS);
        match &self.mail.transport {
            MailTransport::Laptop(mailbox) => Mailer::mailbox(Arc::clone(mailbox)),
            MailTransport::Aws { http, settings } => Mailer::ses(Ses::through(http.clone(), settings)),
        }
    }
}
