//! Whoever takes a run over sends what was to be sent, whatever kind of batch it was.

use cph::{
    Batch, BatchKind, Client, ExportTarget, ImportTarget, KeypairTarget, Observer, Part,
    PartAnswer, Properties, PropertyUpdate, ResetTarget, RestartTarget, RunFile, ServerBandWidth,
    ServerChange, ServerNic, ServerPublicIp, TrafficType,
};
use cph_tests::canned::Canned;
use serde_json::Value;

use crate::kinds::{SERVERS as IDS, client};

/// Lets no part go.
struct Refuses;

impl Observer for Refuses {
    fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err("not now".into())
    }

    fn after(&mut self, _: &Part, _: PartAnswer<'_>) {}
}

/// The first process stops before it sends anything; the second sends what the first would have sent, byte for byte.
async fn check<K: BatchKind>(batch: impl Fn(&Client) -> Batch<K>) {
    let sent = async |resumed: bool| -> Vec<(String, Value)> {
        let service = Canned::default();
        let client = client(&service);
        if resumed {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("run.jsonl");
            let batch = batch(&client);
            let file = RunFile::create(&path, &batch, false).unwrap();
            let report = batch.observer((Refuses, file)).start().unwrap().await;
            assert_eq!(service.requests().len(), 0, "{report}");
            let run = RunFile::open(&path).unwrap();
            run.resume::<K::Outcome>(&client, None, ()).unwrap().await;
        } else {
            batch(&client).start().unwrap().await;
        }
        let requests = service.requests();
        let changes = requests.iter().filter(|request| !request.body().is_empty());
        changes
            .map(|request| {
                let path = request.uri().path().to_owned();
                (path, serde_json::from_slice(request.body()).unwrap())
            })
            .collect()
    };
    let (undisturbed, resumed) = (sent(false).await, sent(true).await);
    assert!(!undisturbed.is_empty(), "{}", K::OPERATION);
    assert_eq!(undisturbed, resumed, "{}", K::OPERATION);
}

#[tokio::test(start_paused = true)]
async fn batches_of_phones() {
    let [one, two, image] = IDS;
    let odd = r#"{"no.such.key": "1",  "sys.prop.writewifissid":"a_b"}"#;
    let property = || Properties::new().wifi_name("test_wifi").to_text();
    check(|it| {
        let targets =
            [RestartTarget::new(one).property_text(odd), RestartTarget::new(two).image(image)];
        it.phones().restart(targets).batch(1)
    })
    .await;
    check(|it| it.phones().reset([ResetTarget::new(one).factory_reset_enabled(true)]).image(image))
        .await;
    check(|it| it.phones().stop([one, two])).await;
    check(|it| {
        let update = PropertyUpdate::new(one, property())
            .custom_property([("k".to_owned(), "v".to_owned())]);
        it.phones().update_property([update, PropertyUpdate::new(two, property())])
    })
    .await;
    check(|it| it.phones().set_traffic([one, two], TrafficType::Routing)).await;
    check(|it| it.phones().expand_volume([(one, 20_u32), (two, 30)])).await;
    check(|it| it.phones().push_file([one, two], "obs://bucket/a.tar")).await;
    check(|it| it.phones().install_apk([one, two], "obs://bucket/a.apk")).await;
    check(|it| {
        it.phones()
            .install_split_apk([one], &["obs://b/a.apk".to_owned(), "obs://b/b.apk".to_owned()])
    })
    .await;
    check(|it| it.phones().uninstall_apk([one], "com.app")).await;
    check(|it| it.phones().run_shell([one, two], "ls")).await;
    check(|it| it.phones().run_sync([one, two], "ls")).await;
    check(|it| it.phones().export_data([ExportTarget::new(one, "bucket", "a.tar", ["/data"])]))
        .await;
    check(|it| it.phones().import_data([ImportTarget::new(one, "bucket", "a.tar")])).await;
}

#[tokio::test(start_paused = true)]
async fn batches_of_servers() {
    let [one, two, other] = IDS;
    check(|it| it.servers().restart([one, two])).await;
    check(|it| it.servers().delete([one, two])).await;
    check(|it| it.servers().update_keypair([KeypairTarget::from((one, "key"))])).await;
    check(|it| it.servers().attach_filesystem([one, two], other)).await;
    check(|it| it.servers().detach_filesystem([one, two], other)).await;
    let change = ServerChange::new()
        .phone_model_name("rx1.cg.c15.d30.e1v1")
        .image_id(other)
        .tenant_vpc_id("fca063f6-b942-42a8-9004-e5545f58d6a2")
        .nics([ServerNic::new("f1cbfc37-eb42-4357-a0ec-9e4f11950908")])
        .public_ip(ServerPublicIp::new().eip("5_bgp"))
        .band_width(ServerBandWidth::dedicated(300));
    check(|it| it.servers().change(one, change.clone())).await;
    check(|it| it.shared_apps().push([one, two], "com.app", "bucket", "a.tar")).await;
    check(|it| it.shared_apps().delete([one], "com.app")).await;
    check(|it| it.shared_files().push([one], "bucket", "a.tar")).await;
    check(|it| it.shared_files().delete([one], ["/data/local/tmp/a"])).await;
    check(|it| it.encode_servers().restart([one, two])).await;
}
