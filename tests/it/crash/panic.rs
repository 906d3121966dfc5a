//! A writer that ends with a panic (redb takes some damage of its file for a fault of its own) must
//! be seen from outside, so that the supervisor starts the process anew.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use millwright::base::Code;
use millwright::engine::clock::Clock;
use millwright::engine::{Engine, Health};
use millwright::model::Role;
use millwright::store::Store;
use redb::StorageBackend;

use super::disk::Disk;
use crate::plant::*;

#[derive(Debug)]
struct Bomb {
    disk: Disk,
    armed: Arc<AtomicBool>,
}

impl StorageBackend for Bomb {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        assert!(!self.armed.load(Ordering::SeqCst), "a page that cannot be");
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(offset, data)
    }
}

#[test]
fn a_writer_that_panics_says_so_and_answers_whoever_asks() {
    let armed = Arc::new(AtomicBool::new(false));
    let (disk, fuse) = (Disk::default(), Arc::clone(&armed));
    let store = Store::on_backend(move || Bomb { disk: disk.clone(), armed: Arc::clone(&fuse) }).unwrap();
    let engine = Engine::start(store, options(&Clock::manual(time(MONDAY)))).unwrap();
    engine.submit_wait(by(Role::Admin, found(false))).unwrap();
    armed.store(true, Ordering::SeqCst);
    let code = engine.submit_wait(by(Role::Admin, master_data().remove(0))).unwrap_err().code;
    assert_eq!(code, Code::OutcomeUnknown);
    let end = Instant::now() + Duration::from_secs(10);
    while !matches!(&*engine.health().borrow(), Health::Failed(_)) {
        assert!(Instant::now() < end, "the engine says that it is well");
        std::thread::yield_now();
    }
    assert_eq!(engine.submit_wait(by(Role::Admin, master_data().remove(0))).unwrap_err().code, Code::Unavailable);
}
