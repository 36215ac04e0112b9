//! The pages on which users set a new password with a code or link from their mail.

use askama::Template;

use crate::frame::Frame;
use crate::messages::{Markup, Value};

/// The page that asks which account it is about.
#[derive(Template)]
#[template(path = "recovery.html")]
pub struct RecoveryPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// Where the form goes.
    pub action: &'a str,
    /// The sealed interaction.
    pub interaction: &'a str,
    /// What users log in with.
    pub identifiers: crate::IdentifierLabel,
    /// What was typed before.
    pub account: &'a str,
    /// How long to wait until the next message can be asked for, in seconds.
    pub wait: Option<u32>,
    /// The link back to the login page.
    pub back: &'a str,
}

/// The page on which the new password is set.
#[derive(Template)]
#[template(path = "new_password.html")]
pub struct NewPasswordPage<'a> {
    /// What it has in common with other pages.
    pub frame: &'a Frame<'a>,
    /// Where the form goes.
    pub action: &'a str,
    /// How the user proves that the mailbox is theirs.
    pub proof: ProofForm<'a>,
    /// The account, as it was typed.
    pub account: &'a str,
    /// How many characters the password must have.
    pub minimum: u32,
    /// What was wrong with the last attempt.
    pub problem: Option<NewPasswordProblem>,
}

/// How a user proves that a mailbox is theirs.
#[derive(Clone, Copy)]
pub enum ProofForm<'a> {
    /// With a code that they type.
    Code {
        /// The sealed interaction.
        interaction: &'a str,
        /// The code as typed before.
        code: &'a str,
        /// The link back to the login page.
        back: &'a str,
    },
    /// With the link that they have opened.
    Link(&'a str),
}

/// What is wrong with an attempt to set a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPasswordProblem {
    /// The code or link.
    Proof,
    /// The password has too few characters.
    TooShort,
    /// It has too many bytes, or a character that no password has.
    Unusable,
    /// It is common, or was published.
    Known,
    /// It is little more than what is known about the user or the service.
    Context,
    /// It is put together of what attackers try first.
    Predictable,
}

impl NewPasswordProblem {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Proof, Self::TooShort, Self::Unusable, Self::Known, Self::Context, Self::Predictable];

    const fn key(self) -> &'static str {
        match self {
            Self::Proof => "recovery-wrong",
            Self::TooShort => "password-too-short",
            Self::Unusable => "password-unusable",
            Self::Known => "password-known",
            Self::Context => "password-context",
            Self::Predictable => "password-predictable",
        }
    }

    /// Whether it is about the password.
    const fn is_of_password(self) -> bool {
        !matches!(self, Self::Proof)
    }
}

impl RecoveryPage<'_> {
    /// The sentence about the waiting time.
    fn waiting(&self) -> Option<Markup> {
        self.wait.map(|seconds| self.frame.with("recovery-too-many", "time", self.frame.duration(seconds).to_string()))
    }
}

impl NewPasswordPage<'_> {
    fn hint(&self) -> Markup {
        self.frame.markup("new-password-hint", &[("count", Value::Count(self.minimum))])
    }

    /// Whether the problem is about the password.
    fn is_bad_password(&self) -> bool {
        self.problem.is_some_and(NewPasswordProblem::is_of_password)
    }

    /// Whether the problem is about the code.
    fn is_bad_code(&self) -> bool {
        self.problem == Some(NewPasswordProblem::Proof)
    }
}
