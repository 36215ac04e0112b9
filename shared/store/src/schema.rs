//! Creates the tables on an embedded engine. The stacks in `infra` define the same tables.

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::connection::Connection;
use crate::fault::StoreFault;
use crate::key::{PARTITION, SORT, TTL};

/// Creates the tables that do not exist.
///
/// # Errors
///
/// [`StoreFault`].
pub async fn create(connection: &Connection) -> Result<(), StoreFault> {
    create_table(connection, &connection.tables.config, &[PARTITION, SORT]).await?;
    create_table(connection, &connection.tables.users, &[PARTITION, SORT]).await?;
    if create_table(connection, &connection.tables.flow, &[PARTITION]).await? {
        enable_ttl(connection, &connection.tables.flow).await?;
    }
    Ok(())
}

/// Creates one table; returns `false` if it exists.
async fn create_table(connection: &Connection, table: &str, keys: &[&str]) -> Result<bool, StoreFault> {
    let mut create = connection.client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let key = KeySchemaElement::builder().attribute_name(*name).key_type(kind).build();
        let attribute =
            AttributeDefinition::builder().attribute_name(*name).attribute_type(ScalarAttributeType::S).build();
        create = create
            .key_schema(key.map_err(|_| StoreFault::Unreadable("key schema"))?)
            .attribute_definitions(attribute.map_err(|_| StoreFault::Unreadable("attribute definition"))?);
    }
    match create.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(CreateTableError::ResourceInUseException(_)) => Ok(false),
            _ => Err(StoreFault::of(&error)),
        },
    }
}

async fn enable_ttl(connection: &Connection, table: &str) -> Result<(), StoreFault> {
    let specification = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build();
    connection
        .client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(specification.map_err(|_| StoreFault::Unreadable("ttl specification"))?)
        .send()
        .await
        .map(|_| ())
        .map_err(|error| StoreFault::of(&error))
}
