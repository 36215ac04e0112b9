//! The `mail` function: wires and processes its queue.

use bootstrap::Runtime;
use mail::{Deps, handle};
use web::{lambda, log, queue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    log::init(log::Format::Json);
    let runtime = Runtime::from_env()?;
    let deps = Deps::assemble(&runtime)?;
    queue::serve(async |message| handle(&deps, &message).await).await
}
