//! What is done to phones: the simulator's answers, and what it changes by them.

use cph::{
    Client, ClientType, ErrorCode, ExportTarget, Fate, ImportTarget, PhoneDetail, PhoneStatus,
    Properties, PropertyUpdate, ResetTarget, TrafficType,
};
use futures_util::TryStreamExt as _;

use crate::simulated::{fleet, performed, rows};

async fn phone(client: &Client, id: &str) -> PhoneDetail {
    client.phones().get(id).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn phones_stop_start_and_reset() {
    let (simulator, client) = fleet(2);
    let ids: Vec<String> = simulator.phones().iter().map(ToString::to_string).collect();
    let report = client.phones().stop(&ids).start().unwrap().await;
    assert_eq!(report.to_string(), "2 done");
    assert_eq!(phone(&client, &ids[0]).await.phone.status, PhoneStatus::ShutDown);
    let again = client.phones().stop(&ids).start().unwrap().await;
    assert_eq!(again.count("refused"), 2, "{again}");
    assert!(client.phones().restart(&ids).start().unwrap().await.all_done());

    let named = ResetTarget::from(ids[0].as_str()).properties(Properties::new().wifi_name("home"));
    let report = client.phones().reset([named]).start().unwrap().await;
    assert!(report.all_done(), "{report}");
    let after = phone(&client, &ids[0]).await;
    assert_eq!(after.phone.status, PhoneStatus::Running);
    assert!(after.property.as_str().contains(r#""sys.prop.writewifissid":"home""#));
    performed(&simulator, ["StopCloudPhone", "ResetCloudPhone"]);
}

#[tokio::test(start_paused = true)]
async fn names_properties_routes_and_disks_change() {
    let (simulator, client) = fleet(2);
    let ids: Vec<String> = simulator.phones().iter().map(ToString::to_string).collect();
    let phones = client.phones();
    phones.rename(&ids[0], "game-7").await.unwrap();
    let update = PropertyUpdate::new(&*ids[0], Properties::new().hide_navigation_keys(true))
        .custom_property([("team", "games")]);
    assert!(phones.update_property([update]).start().unwrap().await.all_done());
    assert!(phones.set_traffic(&ids[..1], TrafficType::Routing).start().unwrap().await.all_done());
    let before = phone(&client, &ids[0]).await.volume_size.unwrap();
    let larger = u32::try_from(before).unwrap() + 10;
    let grow = phones.expand_volume([(ids[0].as_str(), larger)]).start().unwrap().await;
    assert!(grow.all_done(), "{grow}");
    let smaller = phones.expand_volume([(ids[0].as_str(), 1)]).start().unwrap().await;
    assert_eq!(smaller.count("refused"), 1, "{smaller}");

    let after = phone(&client, &ids[0]).await;
    assert_eq!(after.phone.phone_name.as_deref(), Some("game-7"));
    assert_eq!(after.phone.traffic_type.as_deref(), Some("routing"));
    assert_eq!(after.volume_size, Some(larger.into()));
    assert!(after.property.as_str().contains(r#""com.cph.mainkeys":"1""#));
    let (key, value) = &after.custom_property[0];
    assert_eq!((key.as_str(), value.reveal()), ("team", "games"));
    assert_ne!(phone(&client, &ids[1]).await.phone.phone_name.as_deref(), Some("game-7"));
    performed(
        &simulator,
        [
            "UpdatePhoneName",
            "UpdateCloudPhoneProperty",
            "ImportTraffic",
            "ExpandPhoneDataVolumeSize",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn commands_print_and_apps_come_and_go() {
    let (simulator, client) = fleet(2);
    let ids: Vec<String> = simulator.phones().iter().map(ToString::to_string).collect();
    let phones = client.phones();
    let push = phones.push_file(&ids, "obs://push-bucket/my/file.tar").start().unwrap().await;
    assert!(push.all_done(), "{push}");
    let install = phones.install_apk(&ids, "obs://push-bucket/my/game.apk").start().unwrap().await;
    assert!(install.all_done(), "{install}");
    let packages = async || {
        let report = phones.run_shell(&ids[..1], "pm list packages").start().unwrap().await;
        report.outcomes()[0].output.clone().unwrap_or_default()
    };
    let with = packages().await;
    let package = with.lines().find(|line| line.contains("game")).unwrap();
    let package = package.trim_start_matches("package:").to_owned();
    assert!(phones.uninstall_apk(&ids, &package).start().unwrap().await.all_done());
    assert!(!packages().await.contains(&package), "{package} in {}", packages().await);

    let report = phones.run_sync(&ids, "echo hello").start().unwrap().await;
    assert!(report.all_done(), "{report}");
    assert_eq!(report.outcomes()[1].output.as_deref().map(str::trim_end), Some("hello"));
    performed(
        &simulator,
        ["PushFile", "InstallApk", "UninstallApk", "RunShellCommand", "RunSyncCommand"],
    );
}

#[tokio::test(start_paused = true)]
async fn data_is_exported_and_imported_and_phones_are_connected_to() {
    let (simulator, client) = fleet(2);
    let ids: Vec<String> = simulator.phones().iter().map(ToString::to_string).collect();
    let phones = client.phones();
    let unknown = ImportTarget::new(&*ids[1], "mybucket", "backup/1.tar");
    let early = phones.import_data([unknown.clone()]).start().unwrap().await;
    assert_eq!(early.count("done"), 0, "nobody has exported it: {early}");
    let export = ExportTarget::new(&*ids[0], "mybucket", "backup/1.tar", ["/data/app"]);
    assert!(phones.export_data([export]).start().unwrap().await.all_done());
    assert!(phones.import_data([unknown]).start().unwrap().await.all_done());

    simulator.set_phone_status(&ids[1], PhoneStatus::ShutDown);
    let connections: Vec<_> =
        phones.connect(&ids, ClientType::Android).try_collect().await.unwrap();
    assert!(connections[0].access.as_ref().unwrap().ticket.is_some());
    assert!(connections[1].access.is_err());
    assert!(!rows(phones.models().stream()).await.is_empty());

    let stranger = phones.stop(["00000000000000000000000000000000"]).start().unwrap().await;
    let Fate::Refused(fault) = &stranger.outcomes()[0].fate else { panic!("{stranger}") };
    assert_eq!(fault.code, ErrorCode::PHONE_NOT_FOUND);
    performed(
        &simulator,
        [
            "BatchExportCloudPhoneData",
            "BatchImportCloudPhoneData",
            "BatchShowPhoneConnectInfos",
            "ListCloudPhoneModels",
        ],
    );
}
