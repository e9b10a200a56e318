//! `cph server`: finding servers, buying them, and what they are asked to do.

use std::path::Path;

use cph::{
    ListServers, Order as Ordered, Server as Listed, ServerChange, ServerDetail, ServerModel,
    ServerModelChange, ServerModelOffering, ServerOrder, SingleServerOrder,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Context, counted,
    listing::{as_it_is, done, list, show},
    named,
    perform::{About, Verb, agreed, perform},
    tables::find_operation,
};
use crate::{
    Console, Exit,
    args::{Order, Server, ServerFilter, Servers},
    exit::Failure,
    input,
    output::Fields,
};

const RESTART: Verb = Verb::new("restart", "restarting", "restart servers");
const BUY: Verb = Verb::new("buy", "buying", "buy servers");
const CHANGE: Verb = Verb::new("change", "changing", "change the server");
const DELETE: Verb = Verb::new("delete", "deleting", "delete servers");
const KEYPAIR: Verb = Verb::new("set the key pair of", "setting the key pair of", "set key pairs");
const ATTACH: Verb = Verb::new("attach", "attaching", "attach the file system");
const DETACH: Verb = Verb::new("detach", "detaching", "detach the file system");

pub(super) async fn run(
    context: Context<'_>,
    command: Server,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let servers = context.session.client.servers();
    match command {
        Server::List(filter) => {
            let rows = narrowed(servers.list(), *filter).stream();
            list(context, "list servers", rows, as_it_is, LISTED, console).await
        }
        Server::Show { id } => {
            let server = servers.get(id).await.map_err(Failure::to("show the server"))?;
            show(context, &server, ServerDetail::FIELDS, console)
        }
        Server::Models { product_type } => {
            let mut query = servers.models();
            if let Some(product_type) = product_type {
                query = query.product_type(product_type);
            }
            list(context, "list flavors", query.stream(), as_it_is, MODELS, console).await
        }
        Server::Offerings => {
            let rows = servers.model_offerings().stream();
            list(context, "list offerings", rows, as_it_is, OFFERINGS, console).await
        }
        Server::Rename { id, name } => {
            servers.rename(&id, &name).await.map_err(Failure::to("rename the server"))?;
            Ok(done(context, &format!("renamed server {id} to {name}"), console))
        }
        Server::Buy(args) => buy(context, &args, console).await,
        Server::BuySingle(args) => buy_single(context, &args, console).await,
        Server::ChangeModel { id, server_model, phone_model, auto_pay, yes } => {
            let what = format!("server {id} to flavor {server_model} with phones of {phone_model}");
            let mut change = ServerModelChange::new(id, server_model, phone_model);
            if auto_pay {
                change = change.is_auto_pay(true);
            }
            change.check().map_err(Failure::to("check the change"))?;
            let ordered = servers.change_model(change);
            let operation = "ChangeCloudPhoneServerModel";
            spend(context, operation, &CHANGE, &what, yes, ordered, console).await
        }
        Server::Change { id, from, pace } => {
            let change = read(&from, ServerChange::check, console)?;
            let about = About::named(&CHANGE, format!("server {id} to {}", phones_in(&change)));
            perform(context, servers.change(id, change), &about, &pace, console).await
        }
        Server::Restart(args) => {
            let Servers { ids, pace } = *args;
            let about = About::named(&RESTART, named(&ids, "server"));
            perform(context, servers.restart(ids), &about, &pace, console).await
        }
        Server::Delete(args) => {
            let Servers { ids, pace } = *args;
            let about = About::named(&DELETE, named(&ids, "server"));
            perform(context, servers.delete(ids), &about, &pace, console).await
        }
        Server::Keypair { servers: Servers { ids, pace }, keypair } => {
            let what = format!("{} to {keypair}", named(&ids, "server"));
            let targets = ids.into_iter().map(|id| (id, keypair.as_str()));
            let update = servers.update_keypair(targets);
            perform(context, update, &About::named(&KEYPAIR, what), &pace, console).await
        }
        Server::Attach { servers: Servers { ids, pace }, filesystem, path } => {
            let what = format!("file system {filesystem} to {}", named(&ids, "server"));
            let mut attach = servers.attach_filesystem(ids, filesystem);
            if let Some(path) = path {
                attach = attach.path(path);
            }
            perform(context, attach, &About::named(&ATTACH, what), &pace, console).await
        }
        Server::Detach { servers: Servers { ids, pace }, filesystem } => {
            let what = format!("file system {filesystem} from {}", named(&ids, "server"));
            let detach = servers.detach_filesystem(ids, filesystem);
            perform(context, detach, &About::named(&DETACH, what), &pace, console).await
        }
    }
}

async fn buy(
    context: Context<'_>,
    args: &Order,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let order = read(&args.from, ServerOrder::check, console)?;
    let what = format!("{} for {}", servers_in(&order), phones_in(&order));
    let servers = context.session.client.servers();
    let operation = "CreateNet2CloudPhoneServer";
    spend(context, operation, &BUY, &what, args.yes, servers.buy(order), console).await
}

async fn buy_single(
    context: Context<'_>,
    args: &Order,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let order = read(&args.from, SingleServerOrder::check, console)?;
    let what = format!("{} without phones", servers_in(&order));
    let servers = context.session.client.servers();
    let operation = "CreateCloudPhoneSingleServer";
    spend(context, operation, &BUY, &what, args.yes, servers.buy_single(order), console).await
}

fn narrowed(mut query: ListServers, filter: ServerFilter) -> ListServers {
    let ServerFilter {
        name,
        server,
        status,
        network_version,
        phone_model,
        create_since,
        create_until,
    } = filter;
    if let Some(name) = name {
        query = query.name(name);
    }
    if let Some(server) = server {
        query = query.server(server);
    }
    if let Some(status) = status {
        query = query.status(status);
    }
    if let Some(version) = network_version {
        query = query.network_version(version);
    }
    if let Some(model) = phone_model {
        query = query.phone_model_name(model);
    }
    if let Some(since) = create_since {
        query = query.create_since(since);
    }
    if let Some(until) = create_until {
        query = query.create_until(until);
    }
    query
}

/// The body of the vendor's own request, from a file.
fn read<T: DeserializeOwned>(
    path: &Path,
    check: impl Fn(&T) -> cph::Result<()>,
    console: &mut Console<'_>,
) -> Result<T, Failure> {
    let (name, text) = input::text(path, console)?;
    let body = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{name}: {}; nothing was sent", unreadable(&error)))
    })?;
    check(&body).map_err(|error| {
        let problems = error.problems().iter();
        Failure::Usage(problems.map(|problem| format!("{name}: {problem}")).collect())
    })?;
    Ok(body)
}

/// What is wrong and where. Of serde's own words only those that quote no value of the file.
fn unreadable(error: &serde_json::Error) -> String {
    let words = error.to_string();
    if words.starts_with("unknown field `") || words.starts_with("duplicate field `") {
        return words;
    }
    match words.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("expected is {expected}"),
        _ => format!("it is no JSON at line {} column {}", error.line(), error.column()),
    }
}

/// Such as `2 servers of physical.kg1.4xlarge.cp`.
fn servers_in(order: &impl Serialize) -> String {
    let order = json!(order);
    let count = order["count"].as_u64().and_then(|count| count.try_into().ok());
    let model = order["server_model_name"].as_str();
    format!("{} of {}", counted(count.unwrap_or_default(), "server"), model.unwrap_or_default())
}

/// Such as `phones of kg1.cp.c20.d64SSD.e1v1 with image 2006…`.
fn phones_in(body: &impl Serialize) -> String {
    let body = json!(body);
    let word = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    format!("phones of {} with image {}", word("phone_model_name"), word("image_id"))
}

/// Asks, orders, and prints the order.
async fn spend(
    context: Context<'_>,
    operation: &str,
    verb: &Verb,
    what: &str,
    yes: bool,
    order: impl Future<Output = cph::Result<Ordered>>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let heading = format!("{what} {}", context.session.place());
    let question = format!("{} {what}", verb.plain);
    if !agreed(context, find_operation(operation)?, &question, yes, console)? {
        return Ok(Exit::Usage);
    }
    if !context.settings.quiet {
        console.note(format_args!("{} {heading}", verb.going_on));
    }
    let order = order.await.map_err(Failure::to(verb.doing))?;
    show(context, &order, ORDERED, console)?;
    // A code beside an order is for a person to look at.
    Ok(if order.error_code.is_some() { Exit::NotAll } else { Exit::Done })
}

const LISTED: Fields =
    Fields::new(Listed::FIELDS, &["server_id", "server_name", "status", "server_model_name"]);

const MODELS: Fields = Fields::new(
    ServerModel::FIELDS,
    &[
        "server_model_name",
        "server_type",
        "cpu",
        "memory",
        "disk_max_num",
        "product_type",
        "free_size",
    ],
);

const OFFERINGS: Fields = Fields::new(ServerModelOffering::FIELDS, ServerModelOffering::FIELDS);

const ORDERED: &[&str] =
    &["order_id", "product_id", "server_ids", "request_id", "error_code", "error_msg"];
