//! What keeps a mistake from reaching everybody: steps, limits, looks at phones and images before anything is sent.

use cph_sim::{Assumptions, Simulator};
use serde_json::Value;

use crate::command::{Cph, FIRST, SECOND, file, filtered};

const IMAGE: &str = "1564567b8bab40f34711234cb80d8574";

#[tokio::test(start_paused = true)]
async fn an_image_for_many_phones_goes_in_steps() {
    let restart = ["--sim=150", "phone", "restart", "--all", "--image", IMAGE, "--dry-run"];
    let ran = Cph::new(&restart).args(&["--per-server", "8", "--max-down", "20%"]).run().await;
    assert_eq!((ran.exit, ran.out.lines().count()), (0, 7), "{}", ran.err);
    insta::assert_snapshot!(filtered(&ran.err), @r"
    step 1: 1 phone
    part 1: 1 phone
    step 2: 14 phones
    part 2: 14 phones
    step 3: 135 phones
    part 3: 30 phones
    part 4: 30 phones
    part 5: 30 phones
    part 6: 30 phones
    part 7: 15 phones
    would restart 150 phones on 3 servers with image 1564567b8bab40f34711234cb80d8574 in cn-north-4 at http://localhost, project xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx (simulator); --canary 1,10%,100% --max-errors 5% --max-down 20% --per-server 8, in 7 parts; nothing was sent
    ");

    for args in [&["--canary", "100%", "--max-errors", "100%"][..], &["--max-errors", "3"]] {
        let ran = Cph::new(&restart).args(args).run().await;
        assert!(ran.err.contains(args.join(" ").as_str()), "{}", ran.err);
    }
    let few = Cph::new(&["--sim=20", "phone", "restart", "--all", "--image", IMAGE, "--dry-run"]);
    let few = few.run().await;
    assert!(!few.err.contains("--canary"), "{}", few.err);
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_ends_badly_stops_the_run() {
    // Phones that nobody knows are refused one by one.
    let restart = ["--sim=3", "phone", "restart", "a", "b", "c", "--canary", "1,2"];
    let ran = Cph::new(&restart).args(&["--format", "jsonl"]).run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    let records: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<_> =
        records.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "not_sent", "not_sent"]);
    assert_eq!(records[1]["reason"], "too many targets ended badly before it: 1");
    let heading = ran.err.lines().next().unwrap();
    assert!(heading.ends_with("; --canary 1,2 --max-errors 5%"), "{heading}");
}

#[tokio::test(start_paused = true)]
async fn phones_that_take_no_call_are_not_sent() {
    let server = "0000000000000000000000000000000a";
    let fleet = file(&format!(
        "phone_id,status,server_id\n{FIRST},running,{server}\n{SECOND},frozen,{server}\n"
    ));
    let fleet = ["--sim", "--fleet", fleet.path().to_str().unwrap()];
    let restart = Cph::new(&fleet).args(&["phone", "restart", FIRST, SECOND, "--per-server", "1"]);
    let ran = restart.clone().run().await;
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert!(ran.out.contains("the phone was frozen"), "{}", ran.out);
    let dry = restart.args(&["--dry-run"]).run().await;
    insta::assert_snapshot!(filtered(&dry.err), @r"
    part 1: 1 phone
    would restart 2 phones on 1 server in cn-north-4 at http://localhost, project xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx (simulator); --per-server 1, in 1 part; 1 held back (1 frozen); nothing was sent
    ");
}

#[tokio::test]
async fn an_image_that_phones_cannot_have_is_refused_before_anything_is_sent() {
    let assumptions = Assumptions { well_formed_image_exists: false, ..Assumptions::default() };
    let sim = Simulator::builder().phones(2).assume(assumptions).build().unwrap();
    let serving = sim.start().await.unwrap();
    let cph = |args: &[&str]| Cph::new(args).simulator(&sim, &serving.endpoint());
    let image = async |kind: &str, label: &str| {
        let listed = cph(&["image", "list", "--type", kind, "--format", "jsonl"]).run().await;
        let images = listed.out.lines().map(|line| serde_json::from_str(line).unwrap());
        let fits = |image: &Value| image["image_label"] == label;
        images.filter(fits).map(|image| image["image_id"].as_str().unwrap().to_owned()).next()
    };
    let pending = image("share", "cloud_phone").await.unwrap();
    let game = image("public", "cloud_game").await.unwrap();
    for (image, says) in [
        (IMAGE, "there is no such image in this project and region"),
        (&pending, "another account shares it, and this project has not accepted it yet"),
        (
            &game,
            "it is a cloud_game image, and phones of flavor rx1.cp.c60.d10.e1v1 run cloud_phone",
        ),
    ] {
        for command in ["restart", "reset"] {
            let ran = cph(&["phone", command, "--all", "--image", image, "--yes"]).run().await;
            assert_eq!(ran.exit, 2, "{}", ran.err);
            assert!(ran.err.contains(&format!("cph: image {image}: {says}")), "{}", ran.err);
            assert!(ran.err.contains("cph image list shows"), "{}", ran.err);
        }
    }
    assert!(sim.ledger().phones.values().all(Vec::is_empty), "{:?}", sim.ledger());
}
