//! Disks that fail: a layer below SQLite that hands everything on to the real one, until told to fail.
//!
//! A database uses it when its address says so: `sqlite:PATH?vfs=NAME`. `crates/db` includes this file into its own tests, so it
//! uses nothing of this crate.
#![expect(
    unsafe_code,
    reason = "SQLite's file layer is a table of C functions, and there is no safe way to stand in for it"
)]

use std::{
    ffi::{CString, c_char, c_int, c_void},
    ptr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::ffi::{
    SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK, sqlite3_file,
    sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A write puts down its first half and then finds the disk full.
    DiskFull,
    /// A write, or cutting a file short, fails.
    WriteError,
    /// An fsync fails.
    SyncError,
}

/// How long it goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duration {
    /// Once.
    Once,
    /// From then on, until [`FaultyVfs::heal`].
    Lasting,
}

#[derive(Clone, Copy)]
struct Plan {
    fault: Fault,
    /// How many operations of the kind still go well.
    before: u64,
    duration: Duration,
}

/// A layer of its own with a plan of its own, so that tests in one process do not meet.
pub struct FaultyVfs {
    plan: Mutex<Option<Plan>>,
    failed: Mutex<u64>,
    real: *mut sqlite3_vfs,
}

// SAFETY: `real` is SQLite's default layer, which lives as long as the process and is made to be used from any thread.
unsafe impl Send for FaultyVfs {}
// SAFETY: as above; all else is behind locks.
unsafe impl Sync for FaultyVfs {}

impl FaultyVfs {
    /// Registers a layer under `name`, which no other has. It stays as long as the process.
    ///
    /// # Panics
    /// When SQLite refuses it.
    #[must_use]
    pub fn register(name: &str) -> &'static Self {
        // SAFETY: with a null name this returns the default layer, which exists in every build with an operating system.
        let real = unsafe { sqlite3_vfs_find(ptr::null()) };
        assert!(!real.is_null(), "SQLite has a default file layer");
        let faulty: &'static Self = Box::leak(Box::new(Self { plan: Mutex::new(None), failed: Mutex::new(0), real }));
        let name = CString::new(name).expect("a name without NUL").into_raw();
        // SAFETY: `real` points to a valid table, which is copied. What the copy keeps (randomness, sleep, time, last error) does
        // not look at the layer it is called through; the rest is replaced by functions that call `real` with itself.
        let mut vfs = unsafe { *real };
        vfs.zName = name;
        vfs.pNext = ptr::null_mut();
        vfs.pAppData = ptr::from_ref(faulty).cast_mut().cast::<c_void>();
        vfs.szOsFile += HEADER;
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        vfs.xAccess = Some(access);
        vfs.xFullPathname = Some(full_pathname);
        // Extensions and replaced system calls are not for tests.
        vfs.iVersion = 2;
        (vfs.xDlOpen, vfs.xDlError, vfs.xDlSym, vfs.xDlClose) = (None, None, None, None);
        // SAFETY: the table and its name are leaked, so they live as long as SQLite may use them.
        let registered = unsafe { sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0) };
        assert_eq!(registered, SQLITE_OK, "the layer is registered");
        faulty
    }

    /// From now on the `nth` (from 1) operation of the kind that `fault` concerns fails.
    pub fn fail(&self, fault: Fault, nth: u64, duration: Duration) {
        *self.failed() = 0;
        *self.plan() = Some(Plan { fault, before: nth.saturating_sub(1), duration });
    }

    /// Nothing fails any more.
    pub fn heal(&self) {
        *self.plan() = None;
    }

    /// How many operations have failed since [`FaultyVfs::fail`].
    #[must_use]
    pub fn faults(&self) -> u64 {
        *self.failed()
    }

    /// Whether an operation that suffers from `faults` fails now, and how.
    fn strike(&self, faults: &[Fault]) -> Option<Fault> {
        let mut held = self.plan();
        let plan = held.as_mut().filter(|plan| faults.contains(&plan.fault))?;
        if plan.before > 0 {
            plan.before -= 1;
            return None;
        }
        let fault = plan.fault;
        if plan.duration == Duration::Once {
            *held = None;
        }
        *self.failed() += 1;
        Some(fault)
    }

    fn plan(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> MutexGuard<'_, u64> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What SQLite takes for an open file: this, and behind it the real layer's file.
#[repr(C)]
struct Shim {
    base: sqlite3_file,
    faulty: *const FaultyVfs,
}

const HEADER: c_int = size_of::<Shim>() as c_int;

/// # Safety
/// `file` was opened by [`open`], so a [`Shim`] stands there with the real file behind it.
unsafe fn parts<'a>(file: *mut sqlite3_file) -> (&'a FaultyVfs, *mut sqlite3_file, &'a sqlite3_io_methods) {
    let shim = file.cast::<Shim>();
    // SAFETY: by the caller's word; SQLite gave room for HEADER bytes and the real file, and the real layer has set its methods.
    unsafe {
        let real = shim.add(1).cast::<sqlite3_file>();
        (&*(*shim).faulty, real, &*(*real).pMethods)
    }
}

/// # Safety
/// `vfs` is a table that [`FaultyVfs::register`] made.
unsafe fn layer<'a>(vfs: *mut sqlite3_vfs) -> (&'a FaultyVfs, &'a sqlite3_vfs) {
    // SAFETY: by the caller's word; both are leaked.
    unsafe {
        let faulty = &*(*vfs).pAppData.cast::<FaultyVfs>();
        (faulty, &*faulty.real)
    }
}

const REAL: &str = "the real layer has this function";

// SAFETY of all that follow: SQLite calls them with a table, or a file, that this module made, and with what the real function
// wants; they hand it on unchanged.

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        let (faulty, real) = layer(vfs);
        let shim = file.cast::<Shim>();
        (*shim).faulty = faulty;
        // No methods: SQLite does not close what was not opened.
        (*shim).base.pMethods = ptr::null();
        let inner = shim.add(1).cast::<sqlite3_file>();
        let opened = real.xOpen.expect(REAL)(faulty.real, name, inner, flags, out_flags);
        if !(*inner).pMethods.is_null() {
            (*shim).base.pMethods = &raw const METHODS;
        }
        opened
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    unsafe {
        let (faulty, real) = layer(vfs);
        real.xDelete.expect(REAL)(faulty.real, name, sync)
    }
}

unsafe extern "C" fn access(vfs: *mut sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    unsafe {
        let (faulty, real) = layer(vfs);
        real.xAccess.expect(REAL)(faulty.real, name, flags, out)
    }
}

unsafe extern "C" fn full_pathname(vfs: *mut sqlite3_vfs, name: *const c_char, size: c_int, out: *mut c_char) -> c_int {
    unsafe {
        let (faulty, real) = layer(vfs);
        real.xFullPathname.expect(REAL)(faulty.real, name, size, out)
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // No xFetch: memory maps are off anyway.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, size: c_int, offset: sqlite3_int64) -> c_int {
    unsafe {
        let (faulty, real, methods) = parts(file);
        let write = methods.xWrite.expect(REAL);
        match faulty.strike(&[Fault::DiskFull, Fault::WriteError]) {
            None => write(real, data, size, offset),
            Some(Fault::DiskFull) => match write(real, data, size / 2, offset) {
                SQLITE_OK => SQLITE_FULL,
                other => other,
            },
            Some(_) => SQLITE_IOERR_WRITE,
        }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    unsafe {
        let (faulty, real, methods) = parts(file);
        match faulty.strike(&[Fault::WriteError]) {
            None => methods.xTruncate.expect(REAL)(real, size),
            Some(_) => SQLITE_IOERR_TRUNCATE,
        }
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    unsafe {
        let (faulty, real, methods) = parts(file);
        match faulty.strike(&[Fault::SyncError]) {
            None => methods.xSync.expect(REAL)(real, flags),
            Some(_) => SQLITE_IOERR_FSYNC,
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xClose.expect(REAL)(real)
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, out: *mut c_void, size: c_int, offset: sqlite3_int64) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xRead.expect(REAL)(real, out, size, offset)
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xFileSize.expect(REAL)(real, out)
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xLock.expect(REAL)(real, level)
    }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xUnlock.expect(REAL)(real, level)
    }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xCheckReservedLock.expect(REAL)(real, out)
    }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, what: c_int, argument: *mut c_void) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xFileControl.expect(REAL)(real, what, argument)
    }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xSectorSize.expect(REAL)(real)
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xDeviceCharacteristics.expect(REAL)(real)
    }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xShmMap.expect(REAL)(real, page, size, extend, out)
    }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xShmLock.expect(REAL)(real, offset, count, flags)
    }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xShmBarrier.expect(REAL)(real);
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    unsafe {
        let (_, real, methods) = parts(file);
        methods.xShmUnmap.expect(REAL)(real, delete)
    }
}
