//! Servers and what their phones share: what the simulator answers, and what it changes by it.

use std::time::Duration;

use cph::{
    Client, DataVolume, EncodeServerId, EncodeServerStatus, ErrorCode, Fate, FilesInPath,
    OrderTerms, PhoneStatus, ServerBandWidth, ServerChange, ServerDetail, ServerModelChange,
    ServerNic, ServerOrder, ServerPublicIp, ServerStatus, SharedApp, SharedFileListing,
    SingleDataVolume, SingleOrderTerms, SinglePublicIp, SingleServerNic, SingleServerOrder,
};

use crate::simulated::{fleet, performed, rows};

const IMAGE: &str = "20060220200717f201120a2300000e91";
const VPC: &str = "fca063f6-b942-42a8-9004-e5545f58d6a2";
const SUBNET: &str = "f1cbfc37-eb42-4357-a0ec-9e4f11950908";

async fn pass(minutes: u64) {
    tokio::time::sleep(Duration::from_mins(minutes)).await;
}

async fn shown(client: &Client, server_id: impl AsRef<str>) -> ServerDetail {
    client.servers().get(server_id).await.unwrap()
}

/// How many phones a server has.
async fn phones_of(client: &Client, server_id: impl AsRef<str>) -> usize {
    rows(client.phones().list().server(server_id.as_ref()).stream()).await.len()
}

#[tokio::test(start_paused = true)]
async fn servers_are_bought() {
    let (simulator, client) = fleet(2);
    let servers = client.servers();
    let sold = rows(servers.model_offerings().stream()).await;
    let offered = |name: &str| sold.iter().any(|sold| sold.model_name.as_deref() == Some(name));
    let models = rows(servers.models().product_type(1).stream()).await;
    assert_eq!(models.len(), 2);
    assert!(models.iter().all(|model| offered(model.server_model_name.as_deref().unwrap())));

    let order = ServerOrder::new()
        .server_name("cph-kertus-1110")
        .server_model_name("physical.kg1.4xlarge.cp")
        .phone_model_name("kg1.cp.c20.d64SSD.e1v1")
        .image_id(IMAGE)
        .count(2)
        .keypair_name("keypair")
        .extend_param(OrderTerms::months(1).is_auto_pay(false))
        .tenant_vpc_id(VPC)
        .nics([ServerNic::new(SUBNET)])
        .public_ip(ServerPublicIp::new().eip("5_bgp"))
        .band_width(ServerBandWidth::dedicated(300))
        .server_share_data_volume(DataVolume::new("GPSSD", 100));
    let bought = servers.buy(order).await.unwrap();
    let single = SingleServerOrder::new()
        .server_name("cph-test-wy")
        .server_model_name("physical.rx2.32xlarge.4")
        .count(1)
        .order_param(SingleOrderTerms::months(1).is_auto_pay(true))
        .nics([SingleServerNic::new(SUBNET)])
        .public_ip(SinglePublicIp::new(ServerBandWidth::dedicated(300)).kind("5_bgp").count(1))
        .data_volume(SingleDataVolume::new("GPSSD", 100).count(2))
        .keypair_name("KeyPair-1d1d-wy");
    let single = servers.buy_single(single).await.unwrap();
    assert_eq!((bought.server_ids.len(), single.server_ids.len()), (2, 1));
    assert_eq!(rows(servers.list().status(ServerStatus::Creating).stream()).await.len(), 3);

    pass(10).await;
    assert_eq!(rows(servers.list().status(ServerStatus::Normal).stream()).await.len(), 5);
    let named = rows(servers.list().name("cph-kertus").stream()).await;
    assert_eq!(named.len(), 2);
    for server in &bought.server_ids {
        let detail = shown(&client, server).await;
        assert_eq!(detail.server.vpc_id.as_deref(), Some(VPC));
        assert_eq!(detail.server.metadata.unwrap().order_id, bought.order_id);
        assert_eq!(detail.share_volume_info.unwrap().size, Some(100));
        assert_eq!(phones_of(&client, server).await, 20);
    }
    let detail = shown(&client, &single.server_ids[0]).await;
    assert_eq!(detail.server.metadata.unwrap().order_id, single.order_id);
    assert_eq!((detail.volumes.len(), detail.volumes[1].volume_size), (2, Some(100)));
    assert_eq!(phones_of(&client, &single.server_ids[0]).await, 0);
    performed(
        &simulator,
        [
            "ListCloudPhoneServers",
            "ShowCloudPhoneServerDetail",
            "ListCloudPhoneServerModels",
            "ListCloudPhoneServerModelOfferings",
            "CreateNet2CloudPhoneServer",
            "CreateCloudPhoneSingleServer",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn servers_restart_change_and_go() {
    let (simulator, client) = fleet(2);
    let servers = client.servers();
    let ids = simulator.servers();
    let [first, second] = [0, 1].map(|place: usize| ids[place].as_str());
    let run = servers.restart([first]).start().unwrap();
    while run.ticket().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(shown(&client, first).await.server.status, Some(ServerStatus::Starting));
    let old = rows(client.phones().list().server(first).stream()).await;
    assert_eq!(old[0].status, PhoneStatus::Restarting);
    assert_eq!(run.await.to_string(), "1 done");
    assert_eq!(shown(&client, first).await.server.status, Some(ServerStatus::Normal));

    let change = ServerChange::new()
        .phone_model_name("rx1.cg.c15.d30.e1v1")
        .image_id(IMAGE)
        .tenant_vpc_id(VPC)
        .nics([ServerNic::new(SUBNET)])
        .public_ip(ServerPublicIp::new().eip("5_bgp"))
        .band_width(ServerBandWidth::dedicated(300));
    assert_eq!(servers.change(first, change).start().unwrap().await.to_string(), "1 done");
    let changed = shown(&client, first).await.server;
    assert_eq!(changed.phone_model_name.as_deref(), Some("rx1.cg.c15.d30.e1v1"));
    let new = rows(client.phones().list().server(first).stream()).await;
    assert_eq!(new.len(), 15);
    assert!(new.iter().all(|phone| phone.phone_id != old[0].phone_id));

    let (model, phone_model) = ("physical.rx1.xlarge.special", "rx1.cp.sp.c60.d8.e5v5");
    let change = ServerModelChange::new(second, model, phone_model).is_auto_pay(true);
    assert!(servers.change_model(change).await.unwrap().order_id.is_some());
    let flavor = async || shown(&client, second).await.server.server_model_name;
    assert_eq!(flavor().await.as_deref(), Some("physical.rx1.xlarge"));
    pass(3).await;
    assert_eq!(flavor().await.as_deref(), Some(model));

    assert_eq!(servers.delete([first]).start().unwrap().await.to_string(), "1 done");
    let left = rows(servers.list().stream()).await;
    assert_eq!(left.iter().map(|server| server.server_id.as_str()).collect::<Vec<_>>(), [second]);
    assert_eq!(rows(client.phones().list().stream()).await.len(), 1);
    performed(
        &simulator,
        [
            "RestartCloudPhoneServer",
            "ChangeCloudPhoneServer",
            "ChangeCloudPhoneServerModel",
            "DeleteCloudPhoneServer",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn servers_get_names_key_pairs_and_file_systems() {
    let (simulator, client) = fleet(2);
    let (servers, ids) = (client.servers(), simulator.servers());
    servers.rename(&ids[0], "newName").await.unwrap();
    let named = rows(servers.list().name("newName").stream()).await;
    assert_eq!(named.iter().map(|server| &server.server_id).collect::<Vec<_>>(), [&ids[0]]);

    let run =
        servers.update_keypair(ids.iter().map(|server| (server.as_str(), "mykeypair"))).batch(2);
    assert_eq!(run.start().unwrap().await.to_string(), "2 done");
    let listed = rows(servers.list().stream()).await;
    assert!(listed.iter().all(|server| server.keypair_name.as_deref() == Some("mykeypair")));

    // No answer shows a file system: what is mounted cannot be mounted again.
    let attach = async || {
        let run =
            servers.attach_filesystem([ids[0].as_str()], "file-system").path("/games").start();
        run.unwrap().await.outcomes()[0].fate.clone()
    };
    let detach = async || {
        let run = servers.detach_filesystem([ids[0].as_str()], "file-system").start();
        run.unwrap().await.outcomes()[0].fate.clone()
    };
    assert!(matches!(detach().await, Fate::Failed(_)));
    assert_eq!(attach().await, Fate::Done);
    assert!(matches!(attach().await, Fate::Failed(_)));
    assert_eq!(detach().await, Fate::Done);
    assert_eq!(attach().await, Fate::Done);
    performed(
        &simulator,
        ["UpdateServerName", "UpdateKeypair", "AttachShareFilesystem", "DetachShareFilesystem"],
    );
}

#[tokio::test(start_paused = true)]
async fn shared_files_and_apps_come_and_go() {
    let (simulator, client) = fleet(1);
    let servers = simulator.servers();
    let server = servers[0].as_str();
    let (files, apps) = (client.shared_files(), client.shared_apps());
    let listed = async || -> FilesInPath {
        let report = files.list([server], "/data").limit(10).start().unwrap().await;
        let output = report.outcomes()[0].output.as_deref().unwrap();
        output.parse::<SharedFileListing>().unwrap().files_in_path
    };
    for object in ["my_apps/test.tar", "my_apps/other.tar"] {
        let run = files.push([server], "bucket", object).start().unwrap();
        assert_eq!(run.await.to_string(), "1 done");
    }
    assert_eq!(listed().await.total, Some(2));
    let run = files.delete([server], ["/data/test"]).start().unwrap();
    assert_eq!(run.await.to_string(), "1 done");
    let left = listed().await;
    assert_eq!((left.total, left.count), (Some(1), Some(1)));
    assert!(left.files[0].ends_with(" other"), "{left:?}");

    let collected = async || -> Vec<SharedApp> { rows(apps.snapshot(server).stream()).await };
    for object in ["my_apps/1.0.tar", "my_apps/1.1.tar"] {
        let run = apps.push([server], "com.miniteck.miniworld", "bucket", object).start().unwrap();
        assert_eq!(run.await.to_string(), "1 done");
    }
    assert_eq!(collected().await, [], "not collected yet");
    pass(120).await;
    let found = collected().await;
    assert_eq!(found[0].package_name.as_deref(), Some("com.miniteck.miniworld"));
    assert_eq!((found.len(), &found[0].versions[..]), (1, &["1.0", "1.1"].map(String::from)[..]));
    let run = apps.delete([server], "com.miniteck.miniworld").start().unwrap();
    assert_eq!(run.await.to_string(), "1 done");
    pass(120).await;
    assert_eq!(collected().await, []);
    performed(
        &simulator,
        [
            "PushShareFiles",
            "DeleteShareFiles",
            "ListShareFiles",
            "PushShareApps",
            "DeleteShareApps",
            "ListShareAppsSnapshot",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn encoding_services_restart_and_bandwidths_grow() {
    let (simulator, client) = fleet(2);
    let services = client.encode_servers();
    let of_server = services.list().server(simulator.servers()[0].as_str());
    let ids = rows(of_server.stream()).await.into_iter().map(|service| service.encode_server_id);
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.len(), 2);
    let restarting = async || {
        let mut all = rows(services.list().stream()).await;
        all.retain(|service| service.status == Some(EncodeServerStatus::Restarting));
        all.into_iter().map(|service| service.encode_server_id).collect::<Vec<_>>()
    };
    let run =
        services.restart(ids.iter().map(EncodeServerId::as_str)).batch(ids.len()).start().unwrap();
    while run.ticket().len() < ids.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(restarting().await, ids);
    assert_eq!(run.await.to_string(), format!("{} done", ids.len()));
    assert_eq!(restarting().await, []);

    let bandwidths = client.bandwidths();
    let listed = rows(bandwidths.list().stream()).await;
    let share = |shared| listed.iter().find(|one| one.band_width_share_type == Some(shared));
    let [dedicated, shared] = [0, 1].map(|kind| &share(kind).unwrap().band_width_id);
    let size = async || {
        let listed = rows(bandwidths.list().stream()).await;
        listed.iter().find(|one| one.band_width_id == *shared).unwrap().band_width_size
    };
    assert_eq!(size().await, Some(300));
    bandwidths.resize(shared, 350).await.unwrap();
    assert_eq!(size().await, Some(350));
    let refused = bandwidths.resize(dedicated, 350).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::parse("CPS.0160")));
    performed(
        &simulator,
        ["ListEncodeServers", "RestartEncodeServer", "ShowBandwidthDetail", "UpdateBandwidth"],
    );
}
