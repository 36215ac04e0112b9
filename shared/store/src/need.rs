//! The DynamoDB permissions of each handle, from which the roles of functions are derived.

use crate::key::Kind;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Workspaces, clients, rings, encrypted keys.
    Config,
    /// Accounts and consents.
    Users,
    /// Grants and sessions.
    Flow,
}

impl Table {
    /// Its name in stacks and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Users => "users",
            Self::Flow => "flow",
        }
    }
}

/// A call to DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Delete an item.
    DeleteItem,
    /// Read an item.
    GetItem,
    /// Write a whole item.
    PutItem,
    /// Read the items of a partition.
    Query,
    /// Change an item.
    UpdateItem,
}

impl Action {
    /// The name of the call, which is also that of the IAM action.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeleteItem => "DeleteItem",
            Self::GetItem => "GetItem",
            Self::PutItem => "PutItem",
            Self::Query => "Query",
            Self::UpdateItem => "UpdateItem",
        }
    }
}

/// One permission: this call, on this table, for items of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The table.
    pub table: Table,
    /// The call.
    pub action: Action,
    kind: Kind,
}

impl Need {
    pub(crate) const fn of(table: Table, action: Action, kind: Kind) -> Self {
        Self { table, action, kind }
    }

    /// The kind of items, which is the prefix of their keys.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind.name()
    }
}

/// A handle of the store.
pub trait Handle {
    /// The permissions that its methods need.
    const NEEDS: &'static [Need];
}
