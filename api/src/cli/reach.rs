//! Takes a command to where it can be done: the server that holds the data, or this process.

use tokio::runtime::Runtime;

use super::{Answer, Context, Order, Stop, doctor, execute, words};
use crate::{admin_socket, fail::Fail, installation::Installation};

pub fn run(context: Context, order: Order) -> Result<Answer, Stop> {
    let order = order.prepare().map_err(Stop::Usage)?;
    if let Some(socket) = context.settings.admin_socket() {
        let asked = admin_socket::ask(&socket, &order);
        let asked = asked.map_err(|e| Stop::Failed(format!("the running server, at {}: {e}", socket.display())))?;
        if let Some(reply) = asked {
            return reply.map_err(Stop::Failed);
        }
    }
    let runtime = Runtime::new().map_err(|e| Stop::Failed(e.to_string()))?;
    runtime.block_on(async {
        let settings = context.settings.clone();
        match open(context).await {
            Ok(installation) => execute(&installation, order).await.map_err(|e| Stop::Failed(words(&e))),
            Err(e) if matches!(order, Order::Doctor) => Ok(doctor::unopened(&settings, &words(&e))),
            Err(e) => Err(Stop::Failed(words(&e))),
        }
    })
}

async fn open(context: Context) -> Result<Installation, Fail> {
    let address = format!("http://{}", context.settings.server.listen);
    Installation::open(context.settings, context.clock, context.connectors, address).await
}
