//! Which signatures are taken, and what is said of the others.

use cph_sim::Simulator;

use crate::{
    signer::{Call, message, temporary, unauthenticated},
    support::{seconds, sim},
};

#[tokio::test]
async fn signatures_over_few_headers_and_a_body_that_ends_in_a_newline_are_taken() {
    let sim = sim(1);
    assert_eq!(Call::phones(&sim).send(&sim).await.0, 200);
    let restart = Call::restart(&sim);
    assert!(restart.body.ends_with('\n'));
    assert_eq!(restart.send(&sim).await.0, 200);
}

/// What is signed in the place of a call's canonical request.
type Signed<'a> = &'a dyn Fn(&mut Call) -> String;

#[tokio::test]
async fn a_refusal_says_which_mistake_explains_the_signature() {
    let sim = sim(1);
    let explained = async |change: Signed<'_>| {
        let mut call = Call::restart(&sim);
        call.uri.push_str("?a=1%202&b=3");
        let canonical = change(&mut call);
        let text = message(&call.send_signed(&sim, &canonical).await);
        assert!(text.starts_with(&unauthenticated(
            "verify aksk signature fail, canonical request: POST|/v1/"
        )));
        // A signature that fits begins the count anew, so that no key is locked here.
        assert_eq!(Call::phones(&sim).send(&sim).await.0, 200);
        text.rsplit_once("; ").unwrap().1.to_owned()
    };
    let mistakes: [(&str, Signed<'_>); 6] = [
        ("no slash at the end of the path", &|call| {
            call.canonical().replace("batch-restart/\n", "batch-restart\n")
        }),
        ("no query", &|call| call.canonical().replace("a=1%202&b=3", "")),
        ("a query with + for blanks", &|call| call.canonical().replace("%20", "+")),
        ("a body without its last newline", &|call| {
            let trimmed = Call { body: call.body.trim_end().to_owned(), ..Call::restart(&sim) };
            let trimmed = trimmed.canonical();
            let canonical = call.canonical();
            let (head, _) = canonical.rsplit_once('\n').unwrap();
            format!("{head}\n{}", trimmed.rsplit_once('\n').unwrap().1)
        }),
        ("a newline at the end of the canonical request", &|call| call.canonical() + "\n"),
        ("a secret key that ends in a newline", &|call| {
            call.secret_key.push('\n');
            call.canonical()
        }),
    ];
    for (name, change) in mistakes {
        assert_eq!(
            explained(change).await,
            format!("the signature is that of a request with {name}")
        );
    }
    let unknown = explained(&|call| {
        call.secret_key = "another".to_owned();
        call.canonical()
    });
    assert_eq!(
        unknown.await,
        "no known mistake explains it: the secret key, or something on the way that changes requests"
    );
}

#[tokio::test]
async fn more_than_five_failures_in_a_row_lock_a_key_for_five_minutes() {
    let sim = sim(1);
    let wrong = async || {
        let call = Call { secret_key: "another".to_owned(), ..Call::phones(&sim) };
        message(&call.send(&sim).await)
    };
    let fail = async |times| {
        for _ in 0..times {
            let text = wrong().await;
            assert!(text.starts_with(&unauthenticated("verify aksk signature fail")), "{text}");
        }
    };
    let locked = unauthenticated("AK access failed to reach the limit,forbidden");
    fail(5).await;
    assert_eq!(Call::phones(&sim).send(&sim).await.0, 200, "five are not too many");
    fail(5).await;
    let late = Call::phones(&sim);
    sim.clock().advance(seconds(901));
    assert!(
        message(&late.send(&sim).await).starts_with("401 APIGW.0303"),
        "no failure of the signature"
    );
    fail(1).await;
    assert_eq!(wrong().await, locked);
    assert_eq!(message(&Call::phones(&sim).send(&sim).await), locked);
    assert_eq!(temporary(&sim, Call::phones(&sim)).send(&sim).await.0, 200, "another key");
    sim.clock().advance(seconds(299));
    assert_eq!(message(&Call::phones(&sim).send(&sim).await), locked);
    sim.clock().advance(seconds(1));
    fail(5).await;
    assert_eq!(Call::phones(&sim).send(&sim).await.0, 200);
}

#[tokio::test]
async fn temporary_keys_need_their_token_and_expire() {
    let sim = sim(1);
    assert_eq!(temporary(&sim, Call::phones(&sim)).send(&sim).await.0, 200);
    let mut without = temporary(&sim, Call::phones(&sim));
    without.headers.remove(1);
    assert_eq!(message(&without.send(&sim).await), unauthenticated("Get secretKey failed"));
    let mut other = temporary(&sim, Call::phones(&sim));
    other.headers[1].1 = "other".to_owned();
    assert_eq!(message(&other.send(&sim).await), unauthenticated("decrypt token fail"));
    let mut permanent = Call::phones(&sim);
    permanent.headers.insert(1, ("x-security-token", sim.temporary_keys().security_token));
    assert_eq!(message(&permanent.send(&sim).await), unauthenticated("decrypt token fail"));

    let keys = sim.temporary_keys();
    let sign = |sim: &Simulator| {
        let mut call = Call::phones(sim);
        call.access_key.clone_from(&keys.access_key);
        call.secret_key.clone_from(&keys.secret_key);
        call.headers.insert(1, ("x-security-token", keys.security_token.clone()));
        call
    };
    let shown = format!("{keys:?}");
    assert!(!shown.contains(&keys.secret_key) && !shown.contains(&keys.security_token), "{shown}");
    sim.clock().advance(seconds(23 * 3600));
    assert_eq!(sim.temporary_keys(), keys);
    sim.clock().advance(seconds(1));
    assert_ne!(sim.temporary_keys(), keys);
    assert_eq!(sign(&sim).send(&sim).await.0, 200, "the old ones hold until they expire");
    sim.clock().advance(seconds(3599));
    let expired = message(&sign(&sim).send(&sim).await);
    assert_eq!(expired, "401 APIGW.0307 The token must be updated.");
}
