use cph::{Client, Credentials, Fate};
use cph_sim::{Calls, Fault, Simulator};

async fn a_lost_answer_is_not_sent_again() -> Result<(), Box<dyn std::error::Error>> {
    let lost = Fault::drop_after().on("RestartCloudPhone"); // carried out, then the connection breaks
    let sim = Simulator::builder().phones(3).seed(7).speed(1000.0).fault(lost).build()?;
    let serving = sim.start().await?; // a free port, until it is dropped
    let client = Client::builder()
        .endpoint(serving.endpoint())
        .project(sim.project())
        .credentials(Credentials::access_key(sim.access_key(), sim.secret_key()))
        .build()?;

    let mut run = client.phones().restart(sim.phones()).start()?;
    let first = run.next().await;

    assert!(matches!(first.unwrap().fate, Fate::Unconfirmed(_)));
    sim.assert_called(&Calls::of("RestartCloudPhone").times(1)); // or it prints the nearest calls
    sim.assert_faults_used();
    assert!(sim.ledger().phones.values().all(|deeds| deeds.len() == 1)); // restarted once, whatever was told
    Ok(())
}
