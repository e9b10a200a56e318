//! `cph encoder`: encoding services.

use cph::EncodeServer;

use super::{
    Context,
    listing::{as_it_is, list},
    named,
    perform::{About, Verb, perform},
};
use crate::{Console, Exit, args::Encoder, exit::Failure, output::Fields};

const RESTART: Verb = Verb::new("restart", "restarting", "restart encoding services");

pub(super) async fn run(
    context: Context<'_>,
    command: Encoder,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let services = context.session.client.encode_servers();
    match command {
        Encoder::List { server, status, kind } => {
            let mut query = services.list();
            if let Some(server) = server {
                query = query.server(server);
            }
            if let Some(status) = status {
                query = query.status(status);
            }
            if let Some(kind) = kind {
                query = query.kind(kind);
            }
            let rows = query.stream();
            list(context, "list encoding services", rows, as_it_is, LISTED, console).await
        }
        Encoder::Restart { ids, pace } => {
            let about = About::named(&RESTART, named(&ids, "encoding service"));
            perform(context, services.restart(ids), &about, &pace, console).await
        }
    }
}

const LISTED: Fields = Fields::new(
    EncodeServer::FIELDS,
    &["encode_server_id", "encode_server_name", "status", "server_id"],
);
