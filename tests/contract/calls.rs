//! Every operation, called through `cph` with the arguments that it has on the wire. What comes back is JSON under the
//! vendor's names.

use std::time::SystemTime;

use cph::{
    Authorization, BatchKind, Client, EventState, ExpandTarget, ExportTarget, ImageStatus,
    ImportTarget, KeypairTarget, Membership, OutcomeRecord, PhoneStatus, PropertyText,
    PropertyUpdate, ResetTarget, RestartTarget, Result, ServerStatus, Tag,
};
use futures_util::{Stream, TryStreamExt as _};
use serde::Serialize;
use serde_json::{Value, json};

use crate::records::{connection, job, phone, phone_detail};

/// Calls an operation. A list is followed to its end and a batch is one call, whose outcomes are awaited.
pub(crate) async fn call(client: &Client, operation: &str, given: &Value) -> Result<Value> {
    let body = &given["body"];
    if let Some(got) = Box::pin(phones(client, operation, given)).await {
        return got;
    }
    if let Some(got) = Box::pin(commands(client, operation, body)).await {
        return got;
    }
    if let Some(got) = Box::pin(servers(client, operation, given)).await {
        return got;
    }
    if let Some(got) = Box::pin(orders(client, operation, given)).await {
        return got;
    }
    if let Some(got) = Box::pin(shared(client, operation, given)).await {
        return got;
    }
    if let Some(got) = Box::pin(images(client, operation, given)).await {
        return got;
    }
    if let Some(got) = Box::pin(tags_and_events(client, operation, given)).await {
        return got;
    }
    panic!("{operation}: say how cph calls it")
}

async fn phones(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (phones, body) = (client.phones(), &given["body"]);
    Some(match operation {
        "ListCloudPhones" => {
            let mut query = phones.list();
            query = with(query, &given["phone_name"], |query, name| query.name(text(name)));
            query = with(query, &given["server_id"], |query, id| query.server(text(id)));
            query = with(query, &given["status"], |query, status| {
                query.status(PhoneStatus::from_code(number(status)))
            });
            query = with(query, &given["type"], |query, kind| query.kind(number(kind)));
            rows(query.stream().map_ok(|row| phone(&row))).await
        }
        "ShowCloudPhoneDetail" => {
            phones.get(text(&given["phone_id"])).await.map(|got| phone_detail(&got))
        }
        "ListCloudPhoneModels" => {
            let query = with(phones.models(), &given["status"], |query, status| {
                query.status(number(status))
            });
            rows(query.stream()).await
        }
        "BatchShowPhoneConnectInfos" => {
            let client_type = text(&body["client_type"]).parse().unwrap();
            let connections = phones.connect(texts(&body["phone_ids"]), client_type);
            rows(connections.map_ok(|row| connection(&row))).await
        }
        "UpdatePhoneName" => {
            nothing(phones.rename(text(&given["phone_id"]), text(&body["phone_name"])).await)
        }
        "RestartCloudPhone" => {
            let target = |row: &Value| {
                let target = RestartTarget::new(text(&row["phone_id"]));
                with(target, &row["property"], |target, own| target.property_text(text(own)))
            };
            let restart = phones.restart(list(&body["phones"]).map(target));
            run(with(restart, &body["image_id"], |restart, image| restart.image(text(image)))).await
        }
        "ResetCloudPhone" => {
            let target = |row: &Value| {
                let mut target = ResetTarget::new(text(&row["phone_id"]));
                target =
                    with(target, &row["property"], |target, own| target.property_text(text(own)));
                with(target, &row["factory_reset_enabled"], |target, enabled| {
                    target.factory_reset_enabled(enabled.as_bool().unwrap())
                })
            };
            let reset = phones.reset(list(&body["phones"]).map(target));
            run(with(reset, &body["image_id"], |reset, image| reset.image(text(image)))).await
        }
        "StopCloudPhone" => run(phones.stop(texts(&body["phone_ids"]))).await,
        "UpdateCloudPhoneProperty" => {
            let target = |row: &Value| {
                let property = PropertyText::new(text(&row["property"]));
                let custom = row["custom_property"].as_object().into_iter().flatten();
                PropertyUpdate::new(text(&row["phone_id"]), property)
                    .custom_property(custom.map(|(key, value)| (key.as_str(), text(value))))
            };
            run(phones.update_property(list(&body["phones"]).map(target))).await
        }
        "BatchExportCloudPhoneData" => {
            let target = |row: &Value| {
                let (bucket, path) = (text(&row["bucket_name"]), text(&row["object_path"]));
                let files = texts(&row["include_files"]);
                let target = ExportTarget::new(text(&row["phone_id"]), bucket, path, files);
                with(target, &row["exclude_files"], |target, files| {
                    target.exclude_files(texts(files))
                })
            };
            run(phones.export_data(list(&body["storage_infos"]).map(target))).await
        }
        "BatchImportCloudPhoneData" => {
            let target = |row: &Value| {
                let (bucket, path) = (text(&row["bucket_name"]), text(&row["object_path"]));
                ImportTarget::new(text(&row["phone_id"]), bucket, path)
            };
            run(phones.import_data(list(&body["restore_infos"]).map(target))).await
        }
        "ImportTraffic" => {
            let traffic_type = text(&body["traffic_type"]).parse().unwrap();
            run(phones.set_traffic(texts(&body["phone_ids"]), traffic_type)).await
        }
        "ExpandPhoneDataVolumeSize" => {
            let target = |row: &Value| {
                let new_size = number(&row["new_size"]).try_into().unwrap();
                ExpandTarget::new(text(&row["phone_id"]), new_size)
            };
            run(phones.expand_volume(list(&body["phones"]).map(target))).await
        }
        "ListJobs" => {
            let jobs = client.jobs().list(text(&given["request_ids"]).split(',')).await;
            jobs.map(|jobs| jobs.iter().map(job).collect())
        }
        "ShowJob" => client.jobs().get(text(&given["job_id"])).await.map(|got| job(&got)),
        _ => return None,
    })
}

async fn commands(client: &Client, operation: &str, body: &Value) -> Option<Result<Value>> {
    let phones = client.phones();
    let (phone_ids, content) = (texts(&body["phone_ids"]), || text(&body["content"]));
    Some(match operation {
        "PushFile" => run(phones.push_file(phone_ids, content())).await,
        "InstallApk" if body["command"] == "install-multiple" => {
            run(phones.install_split_apk(phone_ids, content().split(' '))).await
        }
        "InstallApk" => run(phones.install_apk(phone_ids, content())).await,
        "UninstallApk" => run(phones.uninstall_apk(phone_ids, content())).await,
        "RunShellCommand" => run(phones.run_shell(phone_ids, content())).await,
        "RunSyncCommand" => run(phones.run_sync(phone_ids, content())).await,
        _ => return None,
    })
}

async fn servers(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (servers, body) = (client.servers(), &given["body"]);
    Some(match operation {
        "ListCloudPhoneServers" => {
            let mut query = servers.list();
            query = with(query, &given["server_name"], |query, name| query.name(text(name)));
            query = with(query, &given["server_id"], |query, id| query.server(text(id)));
            query = with(query, &given["network_version"], |query, version| {
                query.network_version(text(version))
            });
            query = with(query, &given["phone_model_name"], |query, model| {
                query.phone_model_name(text(model))
            });
            query =
                with(query, &given["create_since"], |query, time| query.create_since(number(time)));
            query =
                with(query, &given["create_until"], |query, time| query.create_until(number(time)));
            query = with(query, &given["status"], |query, status| {
                query.status(ServerStatus::from_code(number(status)))
            });
            rows(query.stream()).await
        }
        "ShowCloudPhoneServerDetail" => {
            servers.get(text(&given["server_id"])).await.map(|got| json!(got))
        }
        "ListCloudPhoneServerModels" => {
            let query = with(servers.models(), &given["product_type"], |query, kind| {
                query.product_type(number(kind))
            });
            rows(query.stream()).await
        }
        "ListCloudPhoneServerModelOfferings" => rows(servers.model_offerings().stream()).await,
        "UpdateServerName" => {
            nothing(servers.rename(text(&given["server_id"]), text(&body["server_name"])).await)
        }
        "RestartCloudPhoneServer" => run(servers.restart(texts(&body["server_ids"]))).await,
        "DeleteCloudPhoneServer" => run(servers.delete(texts(&body["server_ids"]))).await,
        "UpdateKeypair" => {
            let target = |row: &Value| {
                KeypairTarget::new(text(&row["server_id"]), text(&row["keypair_name"]))
            };
            run(servers.update_keypair(list(&body["servers"]).map(target))).await
        }
        "AttachShareFilesystem" => {
            let attachment =
                servers.attach_filesystem(texts(&body["server_ids"]), text(&body["id"]));
            run(with(attachment, &body["path"], |attachment, path| attachment.path(text(path))))
                .await
        }
        "DetachShareFilesystem" => {
            run(servers.detach_filesystem(texts(&body["server_ids"]), text(&body["id"]))).await
        }
        "ShowBandwidthDetail" => rows(client.bandwidths().list().stream()).await,
        "UpdateBandwidth" => {
            let size = number(&body["band_width_size"]).try_into().unwrap();
            nothing(client.bandwidths().resize(text(&given["band_width_id"]), size).await)
        }
        "ListEncodeServers" => {
            let mut query = client.encode_servers().list();
            query = with(query, &given["server_id"], |query, id| query.server(text(id)));
            query = with(query, &given["type"], |query, kind| query.kind(number(kind)));
            query = with(query, &given["status"], |query, status| {
                query.status(cph::EncodeServerFilter::from_code(number(status)))
            });
            rows(query.stream()).await
        }
        "RestartEncodeServer" => {
            run(client.encode_servers().restart(texts(&body["encode_server_ids"]))).await
        }
        _ => return None,
    })
}

/// The bodies of these are read from the vendor's JSON, as everybody may: their setters are the same fields.
async fn orders(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (servers, body) = (client.servers(), given["body"].clone());
    Some(match operation {
        "CreateNet2CloudPhoneServer" => {
            let order = serde_json::from_value(body).unwrap();
            servers.buy(order).await.map(|order| json!(order))
        }
        "CreateCloudPhoneSingleServer" => {
            let order = serde_json::from_value(body).unwrap();
            servers.buy_single(order).await.map(|order| json!(order))
        }
        "ChangeCloudPhoneServerModel" => {
            let change = serde_json::from_value(body).unwrap();
            servers.change_model(change).await.map(|order| json!(order))
        }
        "ChangeCloudPhoneServer" => {
            let change = serde_json::from_value(body).unwrap();
            run(servers.change(text(&given["server_id"]), change)).await
        }
        _ => return None,
    })
}

async fn shared(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (files, apps, body) = (client.shared_files(), client.shared_apps(), &given["body"]);
    let server_ids = texts(&body["server_ids"]);
    Some(match operation {
        "ListShareFiles" => {
            let server_ids = text(&given["server_ids"]).split(',');
            let mut listing = files.list(server_ids, text(&given["path"]));
            let files = |count: &Value| number(count).try_into().unwrap();
            listing = with(listing, &given["limit"], |listing, count| listing.limit(files(count)));
            listing =
                with(listing, &given["offset"], |listing, count| listing.offset(files(count)));
            run(listing).await
        }
        "PushShareFiles" => {
            let (bucket, path) = (text(&body["bucket_name"]), text(&body["object_path"]));
            run(files.push(server_ids, bucket, path)).await
        }
        "DeleteShareFiles" => run(files.delete(server_ids, texts(&body["file_paths"]))).await,
        "ListShareAppsSnapshot" => {
            let query = apps.snapshot(text(&given["server_id"]));
            let query =
                with(query, &given["package_name"], |query, name| query.package_name(text(name)));
            rows(query.stream()).await
        }
        "PushShareApps" => {
            let (bucket, path) = (text(&body["bucket_name"]), text(&body["object_path"]));
            let push = apps.push(server_ids, text(&body["package_name"]), bucket, path);
            let push = with(push, &body["pre_install_app"], |push, pre_install| {
                push.pre_install(pre_install == 1)
            });
            run(push).await
        }
        "DeleteShareApps" => run(apps.delete(server_ids, text(&body["package_name"]))).await,
        _ => return None,
    })
}

async fn images(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (images, body) = (client.images(), &given["body"]);
    let image = || text(&given["image_id"]);
    Some(match operation {
        "ListCloudPhoneImages" => {
            let query = with(images.available(), &given["image_type"], |query, kind| {
                query.image_type(text(kind))
            });
            rows(query.stream()).await
        }
        "ListImages" => {
            let mut query = images.list();
            query = with(query, &given["image_type"], |query, kind| query.image_type(text(kind)));
            query = with(query, &given["status"], |query, status| {
                query.status(ImageStatus::from_code(number(status)))
            });
            query = with(query, &given["image_id"], |query, id| query.image(text(id)));
            query = with(query, &given["image_name"], |query, name| query.name(text(name)));
            query =
                with(query, &given["create_since"], |query, time| query.create_since(number(time)));
            query =
                with(query, &given["create_until"], |query, time| query.create_until(number(time)));
            query = with(query, &given["src_project_id"], |query, id| query.src_project(text(id)));
            rows(query.stream()).await
        }
        "DeleteImage" => nothing(images.delete(image()).await),
        "ListImageMembers" => rows(images.members(image()).stream()).await,
        "AddImageMember" => nothing(images.share(image(), text(&body["member"])).await),
        "DeleteImageMember" => nothing(images.unshare(image(), text(&given["member_id"])).await),
        "UpdateImageMember" => {
            let membership = match text(&body["status"]) {
                "accepted" => Membership::Accepted,
                _ => Membership::Rejected,
            };
            nothing(images.respond(image(), membership).await)
        }
        _ => return None,
    })
}

async fn tags_and_events(client: &Client, operation: &str, given: &Value) -> Option<Result<Value>> {
    let (tags, events, body) = (client.tags(), client.events(), &given["body"]);
    let changed =
        || list(&body["tags"]).map(|tag| Tag::new(text(&tag["key"]), text(&tag["value"])));
    let begins = || {
        let time = body["not_before"].as_str()?.parse::<jiff::Timestamp>().unwrap();
        Some(SystemTime::try_from(time).unwrap())
    };
    Some(match operation {
        "ListProjectTags" => rows(tags.all().stream()).await,
        "ListResourceTags" => tags.of(text(&given["resource_id"])).await.map(|tags| json!(tags)),
        "BatchCreateTags" => nothing(tags.add(text(&given["resource_id"]), changed()).await),
        "BatchDeleteTags" => nothing(tags.remove(text(&given["resource_id"]), changed()).await),
        "ListResourceInstances" => {
            let mut query = tags.find();
            for tag in list(&body["tags"]) {
                query = query.tag(text(&tag["key"]), texts(&tag["values"]));
            }
            for wanted in list(&body["matches"]) {
                query = query.name(text(&wanted["value"]));
            }
            query = with(query, &body["without_any_tag"], |query, without| {
                query.without_any_tag(without.as_bool().unwrap())
            });
            match text(&body["action"]) {
                "count" => query.count().await.map(|count| json!({"total_count": count})),
                _ => rows(query.stream()).await,
            }
        }
        "ListScheduledEvents" => {
            let mut query = events.list();
            query = with(query, &given["event_id"], |query, id| query.event(text(id)));
            query = with(query, &given["server_id"], |query, id| query.server(text(id)));
            query =
                with(query, &given["publish_since"], |query, time| query.publish_since(text(time)));
            query =
                with(query, &given["publish_until"], |query, time| query.publish_until(text(time)));
            query = with(query, &given["state"], |query, states| {
                query.states(
                    list(states).map(|state| text(state).into()).collect::<Vec<EventState>>(),
                )
            });
            query = with(query, &given["type"], |query, kinds| {
                query.kinds(list(kinds).map(|kind| text(kind).to_owned()).collect::<Vec<_>>())
            });
            rows(query.stream()).await
        }
        "AuthorizeScheduledEvent" => {
            let authorization = match text(&body["authorization_type"]) {
                "redeploy" => Authorization::Redeploy,
                _ => Authorization::Maintenance { not_before: begins() },
            };
            nothing(events.authorize(text(&given["event_id"]), authorization).await)
        }
        "UpdateScheduledEvent" => {
            nothing(events.reschedule(text(&given["event_id"]), begins()).await)
        }
        _ => return None,
    })
}

/// What is given is set, what is not is left alone.
fn with<T>(asked: T, given: &Value, set: impl FnOnce(T, &Value) -> T) -> T {
    if given.is_null() { asked } else { set(asked, given) }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> Vec<String> {
    list(value).map(|item| text(item).to_owned()).collect()
}

async fn rows<T: Serialize>(rows: impl Stream<Item = Result<T>>) -> Result<Value> {
    Ok(json!(rows.try_collect::<Vec<T>>().await?))
}

fn nothing(got: Result<()>) -> Result<Value> {
    got.map(|()| Value::Null)
}

/// All targets in one call.
async fn run<K: BatchKind>(batch: cph::Batch<K>) -> Result<Value> {
    let targets = batch.len();
    let report = batch.batch(targets).start()?.await;
    Ok(report.outcomes().iter().map(|outcome| json!(OutcomeRecord::from(outcome))).collect())
}
