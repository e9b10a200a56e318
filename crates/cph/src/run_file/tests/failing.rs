//! Disks that are full.

use std::sync::{Arc, Mutex};

use super::*;
use crate::run_file::writer::Durable;

/// Takes so many bytes and syncs, and no more.
#[derive(Clone)]
struct Full {
    written: Arc<Mutex<Vec<u8>>>,
    room: usize,
    syncs: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written.lock().unwrap();
        let taken = bytes.len().min(self.room - written.len());
        written.extend_from_slice(&bytes[..taken]);
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Durable for Full {
    fn sync(&mut self) -> io::Result<()> {
        self.syncs = self.syncs.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

/// What is written where there is so much room, the parts that could be noted, and what is said of it in the end.
fn written(room: usize, syncs: usize) -> (Vec<u8>, Vec<Part>, Option<String>) {
    let bytes = Arc::default();
    let full = Full { written: Arc::clone(&bytes), room, syncs };
    let mut writer = Writer::new(full, "run file x".to_owned(), Arc::new(StoppedClock), 9);
    let failure = writer.failure();
    let noted = run(&mut writer);
    let bytes = bytes.lock().unwrap().clone();
    (bytes, noted, failure.get().map(str::to_owned))
}

#[test]
fn after_a_failure_nothing_is_sent_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (client, _) = client();
    let file = RunFile::create_in(directory.path(), &restart(&client), false).unwrap();
    let plan = std::fs::read(file.path()).unwrap();

    let (whole, noted, failure) = written(usize::MAX, usize::MAX);
    assert_eq!((noted.len(), failure), (6, None));
    let rooms = (0..whole.len()).map(|room| (room, usize::MAX));
    for (room, syncs) in rooms.chain((0..11).map(|syncs| (usize::MAX, syncs))) {
        let (bytes, noted, failure) = written(room, syncs);
        assert!(whole.starts_with(&bytes), "{room}");
        assert!(room == usize::MAX || bytes.len() == room);
        assert_eq!(failure.unwrap(), "run file x could not be written: no storage space");
        let run = RecordedRun::of(Path::new("x"), &[&plan[..], &bytes].concat()[..]).unwrap();
        let standings = run.standings();
        let sent = |part: &Part| {
            let place = part.targets[0][1..].parse::<usize>().unwrap() - 1;
            standings[place] != Standing::Unsent || matches!(part.number, 4 | 5)
        };
        assert!(noted.iter().all(sent), "{room}");
        // Once a part could not be noted, none was.
        assert!(noted.iter().map(|part| part.number).eq(1..=noted.len()), "{room}");
    }
}

#[test]
fn the_reason_is_told_before_the_next_part() {
    let full = Full { written: Arc::default(), room: 300, syncs: usize::MAX };
    let mut writer = Writer::new(full, "run file x".to_owned(), Arc::new(StoppedClock), 9);
    let failure = writer.failure();
    let first = part(1, &["p1", "p2", "p3"]);
    writer.before(&first).unwrap();
    accept(&mut writer, &first, "r1", &[entry("p1", "j1", ""), entry("p2", "j2", "")]);
    assert!(failure.get().is_some());
    let error = writer.before(&part(2, &["p4"])).unwrap_err();
    assert_eq!(error.to_string(), failure.get().unwrap());
}
