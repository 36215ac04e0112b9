//! An operator of the users of a pool.

use administration::PoolAdministration;
use protocol::types::id::WorkspaceId;
use signing::SystemEntropy;
use store::{ConfigurationReading, Connection};
use web::Clock as _;

use crate::laptop::Laptop;

/// Runs `work` on the users of the workspace `demo`.
pub async fn operator<T>(laptop: &Laptop, work: impl AsyncFnOnce(&PoolAdministration<'_>) -> T) -> T {
    operator_over(&laptop.connection, laptop, work).await
}

/// Runs `work` on the users of the workspace `demo` over `connection`, which may break.
pub async fn operator_over<T>(
    connection: &Connection,
    laptop: &Laptop,
    work: impl AsyncFnOnce(&PoolAdministration<'_>) -> T,
) -> T {
    let now = laptop.clock.now();
    let reading = ConfigurationReading::new(connection, "http://localhost:9000");
    let demo = WorkspaceId::parse("default", "demo").unwrap();
    let loaded = reading.workspace(&demo, now).await.unwrap().unwrap();
    let users = PoolAdministration::new(connection, &loaded.workspace, &SystemEntropy, now).unwrap();
    work(&users).await
}
