//! The `enroll` function: wires and serves.

use bootstrap::Runtime;
use enroll::{Deps, handle};
use web::{lambda, log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    log::init(log::Format::Json);
    let runtime = Runtime::from_env()?;
    let deps = Deps::assemble(&runtime)?;
    deps.front.warm().await;
    lambda::serve(runtime.public_url, async |request| handle(&deps, &request).await).await
}
