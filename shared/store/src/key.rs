//! Keys of items: `kind # tenant/workspace # id`, always with the workspace.
//!
//! The kind comes first, so that an IAM role can be limited to kinds. Neither the kind nor the workspace can contain `#`,
//! so no id can produce a key of another workspace (catalogue row SEC-ADM-06).

use protocol::types::id::WorkspaceId;

/// The partition key attribute of every table.
pub(crate) const PARTITION: &str = "pk";
/// The sort key attribute of the tables that have one.
pub(crate) const SORT: &str = "sk";
/// The attribute that DynamoDB's TTL reads.
pub(crate) const TTL: &str = "ttl";

/// Kinds of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Account,
    Assertion,
    Client,
    Consent,
    Counter,
    DeviceRequest,
    Domain,
    Grant,
    KeyRing,
    LoginAttempts,
    MailProof,
    PushedRequest,
    SealingKey,
    Session,
    SignIn,
    SigningKey,
    UpstreamLogin,
    User,
    UserSessions,
    Workspace,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Assertion => "assertion",
            Self::Client => "client",
            Self::Consent => "consent",
            Self::Counter => "counter",
            Self::DeviceRequest => "device-request",
            Self::Domain => "domain",
            Self::Grant => "grant",
            Self::KeyRing => "key-ring",
            Self::LoginAttempts => "login-attempts",
            Self::MailProof => "mail-proof",
            Self::PushedRequest => "pushed-request",
            Self::SealingKey => "sealing-key",
            Self::Session => "session",
            Self::SignIn => "sign-in",
            Self::SigningKey => "signing-key",
            Self::UpstreamLogin => "upstream-login",
            Self::User => "user",
            Self::UserSessions => "user-sessions",
            Self::Workspace => "workspace",
        }
    }
}

/// The key of one item.
pub(crate) struct Key<'k> {
    /// The partition key.
    pub(crate) partition: String,
    /// The sort key, where the table has one.
    pub(crate) sort: Option<&'k str>,
}

/// The partition key of the item `id` of this kind in `workspace`.
pub(crate) fn partition(kind: Kind, workspace: &WorkspaceId, id: &str) -> String {
    format!("{}#{workspace}#{id}", kind.name())
}

/// The partition key of the item `id` of this kind that belongs to the region instead of a workspace. It cannot clash: the
/// name of a workspace always contains a slash.
pub(crate) fn regional(kind: Kind, id: &str) -> String {
    format!("{}#-#{id}", kind.name())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sec_adm_06_no_id_reaches_another_workspace_or_kind(left in ".{0,20}", right in ".{0,20}") {
            let workspace = |name| WorkspaceId::parse("t1", name).unwrap();
            prop_assert_ne!(partition(Kind::Client, &workspace("a"), &left), partition(Kind::Client, &workspace("b"), &right));
            prop_assert_ne!(partition(Kind::Client, &workspace("a"), &left), partition(Kind::Grant, &workspace("a"), &right));
        }
    }
}
