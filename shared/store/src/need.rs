//! What a handle asks of DynamoDB, so that roles can be derived from the handles that a function holds.

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
    /// The name by which stacks and documents know it.
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
    /// Write an item whole.
    PutItem,
    /// Change an item.
    UpdateItem,
}

impl Action {
    /// The name of the call, which is also that of the right to make it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeleteItem => "DeleteItem",
            Self::GetItem => "GetItem",
            Self::PutItem => "PutItem",
            Self::UpdateItem => "UpdateItem",
        }
    }
}

/// One right: this call, in this table, for items of this kind.
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

    /// The kind of items, with which their keys begin.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind.name()
    }
}

/// A handle of the store.
pub trait Handle {
    /// Everything that its methods ask of DynamoDB.
    const NEEDS: &'static [Need];
}
