//! Images, and whom they are shared with.

use cph_sim::Simulator;
use http::Method;
use serde_json::{Value, json};

use crate::support::{column, error_code, get, phones, read, request, restart, seconds, sim};

async fn send(sim: &Simulator, method: Method, path: &str, body: Value) -> (u16, Value) {
    read(&sim.call(request(sim, method, path, &body)).await.unwrap())
}

/// The ids of the images that a query for custom images finds.
async fn custom(sim: &Simulator, query: &str) -> Vec<Value> {
    let (status, answer) = get(sim, &format!("/images?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    column(&answer, "image_infos", "image_id")
}

async fn own_and_shared(sim: &Simulator) -> [String; 3] {
    let ids = custom(sim, "").await;
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn images_of_all_types_are_listed_page_by_page() {
    let sim = sim(2);
    let (_, all) = get(&sim, "/phone-images?image_type=all").await;
    assert_eq!(column(&all, "phone_images", "is_public"), [1, 1, 1, 1, 2, 2, 2]);
    let nothing = Value::Null;
    let answers = column(&all, "phone_images", "receive_status");
    assert_eq!(answers[3..], [nothing.clone(), nothing.clone(), nothing, json!(0)]);
    let (_, phone) = get(&sim, &format!("/phones/{}", sim.phones()[0])).await;
    assert_eq!(all["phone_images"][0]["image_id"], phone["image_id"]);
    assert_eq!(get(&sim, "/phone-images").await.1["phone_images"], all["phone_images"]);
    let mut found = Vec::new();
    for image_type in ["public", "private", "share"] {
        let (_, list) = get(&sim, &format!("/phone-images?image_type={image_type}")).await;
        found.extend(column(&list, "phone_images", "image_id"));
    }
    let ids = column(&all, "phone_images", "image_id");
    assert_eq!(found, ids);

    let (_, first) = get(&sim, "/phone-images?limit=4").await;
    assert_eq!(column(&first, "phone_images", "image_id"), ids[..4]);
    let marker = first["page_info"]["next_marker"].as_str().unwrap();
    let (_, second) = get(&sim, &format!("/phone-images?limit=4&marker={marker}")).await;
    assert_eq!(column(&second, "phone_images", "image_id"), ids[4..]);
    assert_eq!(second["page_info"], json!({}));
    for (query, code) in [
        ("image_type=mine", "CPS.0077"),
        ("marker=x", "CPS.0077"),
        ("limit=501", "CPS.0002"),
        ("limit=0", "CPS.0002"),
    ] {
        let answer = get(&sim, &format!("/phone-images?{query}")).await;
        assert_eq!(error_code(&answer), (400, code), "{query}");
    }
}

#[tokio::test]
async fn custom_images_are_filtered() {
    let sim = sim(0);
    let [first, second, shared] = own_and_shared(&sim).await;
    let (_, list) = get(&sim, "/images?limit=1&offset=1").await;
    assert_eq!(
        (column(&list, "image_infos", "image_id"), &list["total"]),
        (vec![json!(second)], &json!(3))
    );
    assert_eq!(list["image_infos"][0]["project_id"], sim.project());
    let (_, list) = get(&sim, "/images?image_type=share").await;
    let source = list["image_infos"][0]["src_project_id"].as_str().unwrap();
    assert_ne!(source, sim.project());
    // The first was made 60 days ago, the second 30.
    let between = 1_761_652_800_000_i64 - 45 * 86_400_000;
    for (query, expected) in [
        ("image_type=private", vec![&first, &second]),
        ("status=1&image_type=share", vec![&shared]),
        ("status=0", vec![]),
        (&format!("image_id={second}"), vec![&second]),
        ("image_name=private-image-1", vec![&first]),
        ("image_name=private-image", vec![]),
        (&format!("src_project_id={source}"), vec![&shared]),
        (&format!("create_until={between}"), vec![&first]),
        (&format!("create_since={between}&image_type=private"), vec![&second]),
    ] {
        assert_eq!(custom(&sim, query).await, json!(expected).as_array().unwrap()[..], "{query}");
    }
    for (query, code) in
        [("image_type=public", "CPS.0077"), ("status=7", "CPS.0010"), ("offset=-1", "CPS.0002")]
    {
        let answer = get(&sim, &format!("/images?{query}")).await;
        assert_eq!(error_code(&answer), (400, code), "{query}");
    }
}

#[tokio::test]
async fn own_images_can_be_deleted_and_are_gone() {
    let sim = sim(1);
    let [first, second, shared] = own_and_shared(&sim).await;
    let delete =
        async |id: &str| send(&sim, Method::DELETE, &format!("/images/{id}"), Value::Null).await;
    let mut with_image = phones(&sim.phones());
    with_image["image_id"] = json!(first);
    assert_eq!(delete(&first).await.0, 200);
    assert_eq!(custom(&sim, "").await, [json!(second), json!(shared)]);
    assert_eq!(error_code(&restart(&sim, &with_image).await), (400, "CPS.0166"));

    let (_, public) = get(&sim, "/phone-images?limit=1").await;
    let public = public["phone_images"][0]["image_id"].as_str().unwrap();
    for (id, code) in [
        (first.as_str(), "CPS.0166"),
        (public, "CPS.0166"),
        (shared.as_str(), "CPS.0166"),
        ("nougat", "CPS.0030"),
    ] {
        let answer = delete(id).await;
        assert_eq!(error_code(&answer), (400, code), "{id}");
    }
    assert_eq!(delete(&first).await.1["error_msg"], "Phone image not found.");
}

#[tokio::test]
async fn an_image_is_shared_with_ten_projects_at_most() {
    let sim = sim(0);
    let [image, other, shared] = own_and_shared(&sim).await;
    let members = format!("/images/{image}/members");
    let share = async |id: &str| send(&sim, Method::POST, &members, json!({ "member": id })).await;
    let project = |number: u32| format!("{number:032x}");
    assert_eq!(share(&project(0)).await.0, 200);
    sim.clock().advance(seconds(60));
    for number in (1..10).chain([3]) {
        assert_eq!(share(&project(number)).await.0, 200);
    }
    assert_eq!(error_code(&share(&project(10)).await), (400, "CPS.0196"));
    for wrong in [json!({ "member": "me" }), json!({ "member": sim.project() }), json!({})] {
        let answer = send(&sim, Method::POST, &members, wrong.clone()).await;
        assert_eq!(error_code(&answer), (400, "CPS.0046"), "{wrong}");
    }
    let foreign = format!("/images/{shared}/members");
    let answer = send(&sim, Method::POST, &foreign, json!({ "member": project(0) })).await;
    assert_eq!(error_code(&answer), (400, "CPS.0166"));

    // The answer has no request id.
    let list = async |query: &str| {
        let path = format!("{members}?{query}");
        let answer = sim.call(request(&sim, Method::GET, &path, &Value::Null)).await.unwrap();
        serde_json::from_slice::<Value>(answer.body()).unwrap()
    };
    let page = list("limit=4").await;
    let at = 1_761_652_800_000_u64;
    assert_eq!(
        page["members"][0],
        json!({ "image_id": image, "member_id": project(0), "create_time": at, "update_time": at })
    );
    assert_eq!(page["members"][1]["create_time"], at + 60_000);
    let keys: Vec<_> = page.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["members", "page_info"]);
    let marker = page["page_info"]["next_marker"].as_str().unwrap();
    let rest = list(&format!("marker={marker}")).await;
    let expected: Vec<_> = (4..10).map(|number| json!(project(number))).collect();
    assert_eq!(column(&rest, "members", "member_id"), expected);

    let unshare =
        async |id: &str| send(&sim, Method::DELETE, &format!("{members}/{id}"), Value::Null).await;
    for id in [project(4), project(4)] {
        assert_eq!(unshare(&id).await.0, 200);
    }
    assert_eq!(error_code(&unshare("me").await), (400, "CPS.0046"));
    assert_eq!(column(&list("").await, "members", "member_id").len(), 9);
    assert_eq!(share(&project(10)).await.0, 200);
    let none = get(&sim, &format!("/images/{shared}/members")).await;
    assert_eq!(error_code(&none), (400, "CPS.0166"));
    let other =
        sim.call(request(&sim, Method::GET, &format!("/images/{other}/members"), &Value::Null));
    assert_eq!(other.await.unwrap().body(), &br#"{"members":[],"page_info":{}}"#[..]);
}

#[tokio::test]
async fn a_shared_image_is_accepted_or_rejected() {
    let sim = sim(1);
    let [own, _, shared] = own_and_shared(&sim).await;
    let respond = async |id: &str, status: &str| {
        send(&sim, Method::PUT, &format!("/images/{id}/members"), json!({ "status": status })).await
    };
    let shown = async || {
        let (_, list) = get(&sim, "/phone-images?image_type=share").await;
        list["phone_images"][0]["receive_status"].clone()
    };
    let mut with_image = phones(&sim.phones());
    with_image["image_id"] = json!(shared);
    assert_eq!(error_code(&restart(&sim, &with_image).await), (400, "CPS.0166"));
    assert_eq!(respond(&shared, "rejected").await.0, 200);
    assert_eq!(shown().await, 2);
    assert_eq!(respond(&shared, "accepted").await.0, 200);
    assert_eq!(shown().await, 1);
    assert_eq!(restart(&sim, &with_image).await.0, 200);
    assert_eq!(error_code(&respond(&shared, "pending").await), (400, "CPS.0010"));
    assert_eq!(error_code(&respond(&own, "accepted").await), (400, "CPS.0166"));
}
