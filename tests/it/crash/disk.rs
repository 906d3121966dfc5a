//! A disk whose power can be cut and whose calls can fail. Writes go to the live image, as into a
//! page cache; a sync makes them durable. Everything that happens is noted in order, so that the
//! durable image of any moment can be made again without running the plant again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// What a call did.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Write(usize, Vec<u8>),
    Length(usize),
    Sync,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Write,
    Length,
    Sync,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// Which call of this kind fails, counted from zero.
    pub(super) at: usize,
    /// How many calls fail from there on.
    pub(super) times: usize,
    /// 5 is EIO, 28 is ENOSPC.
    pub(super) error: i32,
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    calls: Vec<Call>,
    fault: Option<Fault>,
    counts: [usize; 3],
    fired: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn of(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { live: image, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Everything that happened so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    pub(super) fn position(&self) -> usize {
        self.state().calls.len()
    }

    /// From now on, counted anew, this fails.
    pub(super) fn fail(&self, fault: Fault) {
        let mut state = self.state();
        (state.fault, state.counts, state.fired) = (Some(fault), [0; 3], 0);
    }

    /// How many calls have failed.
    pub(super) fn fired(&self) -> usize {
        self.state().fired
    }
}

impl State {
    fn meet(&mut self, kind: Kind) -> io::Result<()> {
        let seen = self.counts[kind as usize];
        self.counts[kind as usize] += 1;
        match self.fault {
            Some(fault) if fault.kind == kind && seen >= fault.at && seen - fault.at < fault.times => {
                self.fired += 1;
                Err(io::Error::from_raw_os_error(fault.error))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn apply(image: &mut Vec<u8>, call: &Call) {
    match call {
        Call::Write(offset, bytes) => {
            if image.len() < offset + bytes.len() {
                image.resize(offset + bytes.len(), 0);
            }
            image[*offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        Call::Length(length) => image.resize(*length, 0),
        Call::Sync => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let offset = usize::try_from(offset).unwrap();
        let part = state.live.get(offset..offset + out.len()).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(part);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        state.meet(Kind::Length)?;
        let call = Call::Length(usize::try_from(length).unwrap());
        apply(&mut state.live, &call);
        state.calls.push(call);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.meet(Kind::Sync)?;
        state.calls.push(Call::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.meet(Kind::Write)?;
        let call = Call::Write(usize::try_from(offset).unwrap(), data.to_vec());
        apply(&mut state.live, &call);
        state.calls.push(call);
        Ok(())
    }
}
