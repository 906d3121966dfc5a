//! The open plant: one redb file (or memory, for tests), one writer's transactions, short readers,
//! the genealogy mirror, and reopening after a storage error.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use redb::{Database, Durability, ReadableDatabase as _, StorageBackend};

use super::error::StoreError;
use super::guard::guarded;
use super::home::Home;
use super::mirror::{Direction, EdgeChange, Mirror, Reached};
use super::snapshot::Snapshot;
use super::tables::Tables;
use super::telemetry_file::{self, Opened, TelemetryFile};
use crate::model::genealogy::Node;

/// Cache of redb, named rather than left to a default of a gigabyte on a small box. What it does not hold
/// the system's own cache does, so twice as much only made an idle demo weigh 50 MB more.
const CACHE_BYTES: usize = 16 << 20;

/// Opens a backend anew; the fault tests hand one in.
pub type Reopen = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

enum MirrorState {
    /// Being built; edges that commit meanwhile wait here.
    Building(Vec<EdgeChange>),
    Ready(Box<Mirror>),
}

impl Default for MirrorState {
    fn default() -> Self {
        Self::Building(Vec::new())
    }
}

/// The mirror, shared by the store that changes it and the snapshots that walk it.
#[derive(Clone, Default)]
pub(super) struct SharedMirror(Arc<RwLock<MirrorState>>);

impl SharedMirror {
    fn look(&self) -> RwLockReadGuard<'_, MirrorState> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, MirrorState> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks in memory; `None` before the mirror is built.
    pub(super) fn walk(&self, root: Node, direction: Direction, max: usize) -> Option<(Vec<Reached>, bool)> {
        match &*self.look() {
            MirrorState::Ready(mirror) => Some(mirror.walk(root, direction, max)),
            MirrorState::Building(_) => None,
        }
    }
}

/// Whether a transaction has something to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Commit it, durably.
    Commit,
    /// Drop it: nothing was changed.
    Drop,
}

/// The open plant.
pub struct Store {
    database: RwLock<Option<Arc<Database>>>,
    reopen: Option<Reopen>,
    home: Option<Home>,
    mirror: SharedMirror,
    readers: AtomicUsize,
    quick_repair: bool,
    closing: Mutex<()>,
    building: Mutex<()>,
    /// The telemetry file, while somebody has it open.
    telemetry: Mutex<Weak<TelemetryFile>>,
}

/// Whether every commit carries the allocator's state (`performance`: up to a fifth slower, and an
/// unclean open in a millisecond rather than a walk of the whole file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuickRepair {
    /// As the product runs.
    On,
    /// Only for the bench that measures the difference.
    Off,
}

impl Store {
    /// Opens the plant of a data directory.
    pub fn open(home: Home) -> Result<Self, StoreError> {
        Self::open_with(home, QuickRepair::On)
    }

    /// Opens the plant of a data directory with or without quick repair.
    pub fn open_with(home: Home, quick_repair: QuickRepair) -> Result<Self, StoreError> {
        let path = home.plant();
        let store = guarded(|| Self::from_reopen(Box::new(move || guarded(|| open_file(&path))), Some(home), quick_repair))?;
        if let Some(home) = &store.home {
            home.hold_reserve()?;
        }
        Ok(store)
    }

    /// A plant in memory, for tests.
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = builder().create_with_backend(redb::backends::InMemoryBackend::new())?;
        Self::start(database, None, None, QuickRepair::On)
    }

    /// A plant on a backend that is opened anew after a fault.
    pub fn on_backend<B: StorageBackend>(make: impl Fn() -> B + Send + Sync + 'static) -> Result<Self, StoreError> {
        Self::from_reopen(Box::new(move || Ok(builder().create_with_backend(make())?)), None, QuickRepair::On)
    }

    fn from_reopen(reopen: Reopen, home: Option<Home>, quick_repair: QuickRepair) -> Result<Self, StoreError> {
        let database = reopen()?;
        Self::start(database, Some(reopen), home, quick_repair)
    }

    fn start(database: Database, reopen: Option<Reopen>, home: Option<Home>, quick_repair: QuickRepair) -> Result<Self, StoreError> {
        let store = Self {
            database: RwLock::new(Some(Arc::new(database))),
            reopen,
            home,
            mirror: SharedMirror::default(),
            readers: AtomicUsize::new(0),
            quick_repair: quick_repair == QuickRepair::On,
            closing: Mutex::new(()),
            building: Mutex::new(()),
            telemetry: Mutex::default(),
        };
        // The tables exist before the first reader comes.
        store.write(|_| Ok(()))?;
        Ok(store)
    }

    /// The data directory, unless the plant is in memory.
    pub fn root(&self) -> Option<&Path> {
        self.home.as_ref().map(Home::root)
    }

    /// Opens the telemetry file beside the plant file, or one in memory where the plant is.
    pub fn open_telemetry(&self) -> Result<(Arc<TelemetryFile>, Opened), StoreError> {
        let (file, opened) = match self.root() {
            Some(root) => TelemetryFile::open(&root.join(telemetry_file::FILE))?,
            None => TelemetryFile::in_memory()?,
        };
        let file = Arc::new(file);
        *self.telemetry.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&file);
        Ok((file, opened))
    }

    /// The telemetry file as it is open, or opened for the moment; `None` where there is none.
    pub(super) fn telemetry(&self) -> Result<Option<Arc<TelemetryFile>>, StoreError> {
        let open = self.telemetry.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        match (open, self.root().map(|root| root.join(telemetry_file::FILE))) {
            (Some(open), _) => Ok(Some(open)),
            (None, Some(path)) if path.exists() => Ok(Some(Arc::new(TelemetryFile::open(&path)?.0))),
            _ => Ok(None),
        }
    }

    /// The data directory's keeper.
    pub fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    fn database(&self) -> Result<Arc<Database>, StoreError> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    /// One moment to read. Drop it soon.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let txn = self.database()?.begin_read()?;
        Ok(Snapshot::open(txn, self.mirror.clone()))
    }

    /// Reads one moment; counted, so that a metric shows readers that stay.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> Result<T, StoreError> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        let answer = self.snapshot().map(|snapshot| look(&snapshot));
        self.readers.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    /// Readers at this moment.
    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    /// One durable transaction. An error of the commit leaves its outcome unknown.
    pub fn write<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.write_or_drop(|tables| work(tables).map(|answer| (Keep::Commit, answer)))
    }

    /// One durable transaction, unless the work finds that there is nothing to keep.
    pub fn write_or_drop<T>(&self, work: impl FnOnce(&mut Tables<'_>) -> Result<(Keep, T), StoreError>) -> Result<T, StoreError> {
        let database = self.database()?;
        let mut txn = database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        txn.set_quick_repair(self.quick_repair);
        let mut tables = Tables::open(&txn)?;
        let (keep, answer) = work(&mut tables)?;
        let edges = std::mem::take(&mut tables.edges);
        drop(tables);
        if keep == Keep::Drop {
            txn.abort()?;
            return Ok(answer);
        }
        txn.commit()?;
        if !edges.is_empty() {
            self.mirror_changes(edges);
        }
        Ok(answer)
    }

    fn mirror_changes(&self, edges: Vec<EdgeChange>) {
        match &mut *self.mirror.change() {
            MirrorState::Building(waiting) => waiting.extend(edges),
            MirrorState::Ready(mirror) => mirror.change(&edges),
        }
    }

    /// Builds the genealogy mirror; until then walks read pages.
    pub fn build_mirror(&self) -> Result<usize, StoreError> {
        // One at a time, and not over one that stands: what was read before it would lack its newest edges.
        let _one = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        if let MirrorState::Ready(mirror) = &*self.mirror.look() {
            return Ok(mirror.edges());
        }
        let mut built = Mirror::build(self.snapshot()?.edge_pairs()?);
        let mut state = self.mirror.change();
        if let MirrorState::Building(waiting) = &*state {
            // An edge that was already in the snapshot is met twice; a change to what is there does nothing.
            built.change(waiting);
        }
        let edges = built.edges();
        *state = MirrorState::Ready(Box::new(built));
        Ok(edges)
    }

    /// Whether walks go through memory.
    pub fn mirror_ready(&self) -> bool {
        matches!(&*self.mirror.look(), MirrorState::Ready(_))
    }

    /// Closes the file and opens it again after a storage error: a failed sync is never retried on
    /// the same handle.
    pub fn reopen(&self) -> Result<(), StoreError> {
        let _one = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reopen) = &self.reopen else { return Err(StoreError::Unusable("a plant in memory cannot be reopened".to_owned())) };
        let closed = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(closed);
        let database = reopen()?;
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(database));
        // What the failed commit left is unknown, so the mirror starts anew from what is there.
        {
            let _one = self.building.lock().unwrap_or_else(PoisonError::into_inner);
            *self.mirror.change() = MirrorState::default();
        }
        self.build_mirror()?;
        Ok(())
    }
}

fn builder() -> redb::Builder {
    sized(CACHE_BYTES)
}

fn sized(cache_bytes: usize) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    builder
}

pub(super) fn open_file(path: &Path) -> Result<Database, StoreError> {
    open_sized(path, CACHE_BYTES)
}

/// Opens a file with a cache of so many bytes, or makes it.
pub(super) fn open_sized(path: &Path, cache_bytes: usize) -> Result<Database, StoreError> {
    if !path.exists() {
        make_file(path)?;
    } else if std::fs::metadata(path)?.len() == 0 {
        // redb would take it for a new one, and an emptied plant must not pass for a young one.
        return Err(StoreError::Unusable(format!("{} is empty; restore a backup into a new directory with `millwright restore`", path.display())));
    }
    sized(cache_bytes).create(path).map_err(|error| match error {
        redb::DatabaseError::Storage(storage) => {
            StoreError::Unusable(format!("{} cannot be opened: {storage}; restore a backup into a new directory with `millwright restore`", path.display()))
        }
        other => other.into(),
    })
}

/// redb writes its magic number last, so a file whose making was cut short would be no database for
/// ever: it is made beside its place and renamed when it is whole.
fn make_file(path: &Path) -> Result<(), StoreError> {
    let beside = path.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    drop(builder().create(&beside)?);
    std::fs::rename(&beside, path)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
