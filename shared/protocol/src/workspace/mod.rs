//! The settings of a workspace, and the identity sources that it offers.

pub mod allowed_users_fault;
pub mod brand;
pub mod claim_fault;
pub mod claim_rule;
pub mod identity_source;
pub mod mail;
pub mod pool;
pub mod sandbox;
pub mod scope_fault;
pub mod settings;
pub mod settings_error;
pub mod upstream_preset;
pub mod upstream_provider;
pub mod user_api;
