use cph::{Client, Credentials, Fate, Report};

fn client() -> cph::Result<Client> {
    Client::builder()
        .region("cn-north-4")
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::from_env()?)
        .build() // everything that can be wrong is said here, at once
}

async fn restart(client: &Client, phones: Vec<String>, image: &str) -> cph::Result<Report> {
    let mut run = client.phones().restart(phones).image(image).start()?; // Err: nothing was sent
    while let Some(outcome) = run.next().await {
        match outcome.fate {
            Fate::Done => {}
            Fate::Refused(fault) | Fate::Failed(fault) => println!("{}: {}", outcome.phone, fault.code),
            Fate::NotSent(_) => {}     // safe to send again
            Fate::Unconfirmed(_) => {} // may have happened: look before repeating
            Fate::StillRunning => {}   // patience ran out, the job did not
        }
    }
    Ok(run.await) // all outcomes, and a ticket for what still runs
}
