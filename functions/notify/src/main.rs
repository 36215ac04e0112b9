//! The `notify` function: wires and works off its queue.

use assembly::Parts;
use notify::{Deps, handle};
use web::{lambda, log, queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    log::init(log::Format::Json);
    let parts = Parts::from_env()?;
    let deps = Deps::assemble(&parts)?;
    deps.signers.warm().await;
    queue::serve(async |message| handle(&deps, &message).await).await
}
