//! The `logout` function: wires and serves.

use assembly::Parts;
use logout::{Deps, handle};
use web::{lambda, log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    log::init(log::Format::Json);
    let parts = Parts::from_env()?;
    let deps = Deps::assemble(&parts)?;
    deps.warm().await;
    lambda::serve(parts.public_url, async |request| handle(&deps, &request).await).await
}
