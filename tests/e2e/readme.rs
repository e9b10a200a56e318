//! The examples of README in Rust, compiled and run.

use cph::{Client, Report};
use cph_sim::Simulator;
use cph_tests::{in_process, paused_clock};

#[expect(
    dead_code,
    clippy::match_same_arms,
    clippy::print_stdout,
    reason = "it is written for its reader"
)]
mod example {
    include!("example.rs");

    pub(super) async fn run(
        client: &Client,
        phones: Vec<String>,
        image: &str,
    ) -> cph::Result<Report> {
        restart(client, phones, image).await
    }
}

#[tokio::test(start_paused = true)]
async fn the_example_restarts_phones_with_an_image() {
    let simulator = Simulator::builder().phones(3).clock(paused_clock()).build().unwrap();
    let client: Client = in_process(&simulator).build().unwrap();
    let phones = simulator.phones().iter().map(ToString::to_string).collect();
    let image = "1564567b8bab40f34711234cb80d8574";
    let report: Report = example::run(&client, phones, image).await.unwrap();
    assert_eq!(report.to_string(), "3 done");
    let phone = client.phones().get(&simulator.phones()[0]).await.unwrap();
    assert_eq!(phone.phone.image_id.as_deref(), Some(image));
}

mod example_test {
    include!("example_test.rs");

    pub(super) async fn run() {
        a_lost_answer_is_not_sent_again().await.unwrap();
    }
}

#[tokio::test]
async fn the_example_of_a_test_passes() {
    example_test::run().await;
}

#[test]
fn readme_prints_the_examples_as_they_are() {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples = [include_str!("example.rs"), include_str!("example_test.rs")];
    assert_eq!(blocks.collect::<Vec<_>>(), examples);
}
