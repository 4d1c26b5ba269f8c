//! Pieces of files at hand on this node's disk, so that a picture that is shown often is not fetched from the database each time.
//!
//! It holds nothing that the database lacks, and is asked only about a file that the database has just named: what is deleted is not
//! served from it. A piece is known by the hash of its file, so it is the same for whoever stores the same bytes, and lies beside a digest
//! of its own: what a broken-off write or a bad disk made of it is a piece that is not at hand. There is no index that could say something
//! else than the folder, and so two processes can share one. Nothing that goes wrong here is an error of a request.

use std::{
    fs::{self, File, FileTimes},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    clock::Clock,
    files::{Hash, PIECE},
};

/// How long a piece is at hand from when it was put down: what another node erased is gone here, too, by then.
pub const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// How often what is past that is thrown away.
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long nothing is put down after the disk would not take a piece.
const PAUSE: Duration = Duration::from_secs(10 * 60);
/// Pieces that are being put down at a time: where the disk is slower than that, others are not.
const AT_ONCE: usize = 8;
/// Bytes of a digest.
const DIGEST: usize = 32;
/// How the name of what is being written begins.
const UNFINISHED: &str = "unfinished-";

/// Pieces of files in a folder, as many bytes of them as it may have.
pub struct FileCache {
    folder: PathBuf,
    most: u64,
    clock: Arc<dyn Clock>,
    /// Bytes that were put down since the folder was looked through.
    fresh: AtomicU64,
    /// Until when nothing is put down, in milliseconds.
    paused: AtomicI64,
    /// Tells what is being written apart.
    writes: AtomicU64,
    writing: Arc<Semaphore>,
    sweeping: Mutex<()>,
}

impl std::fmt::Debug for FileCache {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FileCache").field("folder", &self.folder).field("most", &self.most).finish_non_exhaustive()
    }
}

/// A piece that lies in the folder.
struct Lying {
    path: PathBuf,
    size: u64,
    used_at: SystemTime,
}

impl FileCache {
    /// One in a folder, which is made when it is needed, of at most so many bytes.
    #[must_use]
    pub fn new(folder: &Path, most_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: folder.to_owned(),
            most: most_bytes,
            clock,
            // What others put down before is counted with the first piece.
            fresh: AtomicU64::new(most_bytes),
            paused: AtomicI64::new(0),
            writes: AtomicU64::new(0),
            writing: Arc::new(Semaphore::new(AT_ONCE)),
            sweeping: Mutex::new(()),
        }
    }

    fn path(&self, hash: &Hash, number: u64) -> PathBuf {
        let name = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.folder.join(format!("{name}-{number}"))
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now().0).unwrap_or(0))
    }

    /// A piece of the file with this hash, if it is at hand and whole.
    pub(crate) async fn get(self: &Arc<Self>, hash: Hash, number: u64) -> Option<Vec<u8>> {
        let cache = Arc::clone(self);
        spawn_blocking(move || cache.read(&hash, number)).await.ok().flatten()
    }

    fn read(&self, hash: &Hash, number: u64) -> Option<Vec<u8>> {
        let path = self.path(hash, number);
        let file = File::open(&path).ok()?;
        let now = self.now();
        let written_at = file.metadata().and_then(|told| told.modified()).ok()?;
        let mut held = Vec::with_capacity(PIECE + DIGEST);
        (&file).take((PIECE + DIGEST + 1) as u64).read_to_end(&mut held).ok()?;
        let is_whole = held.len() > DIGEST && held[..DIGEST] == digest_of(hash, number, &held[DIGEST..]);
        if !is_whole || !is_fresh(written_at, now) {
            // Should this fail it is found wanting again.
            let _ = fs::remove_file(&path);
            return None;
        }
        let _ = file.set_times(FileTimes::new().set_accessed(now).set_modified(written_at));
        held.drain(..DIGEST);
        Some(held)
    }

    /// Puts a piece down, meanwhile: nobody waits for it, and nobody is told if it could not be.
    pub(crate) fn put(self: &Arc<Self>, hash: Hash, number: u64, bytes: Vec<u8>) {
        let is_paused = self.clock.now().0 < self.paused.load(Ordering::Relaxed);
        let size = (bytes.len() + DIGEST) as u64;
        if is_paused || bytes.is_empty() || bytes.len() > PIECE || size > self.most / 8 {
            return;
        }
        let Ok(permit) = Arc::clone(&self.writing).try_acquire_owned() else { return };
        let cache = Arc::clone(self);
        spawn_blocking(move || {
            let _permit = permit;
            if let Err(error) = cache.write(&hash, number, &bytes) {
                cache.give_way(&error);
            } else if cache.fresh.fetch_add(size, Ordering::Relaxed) + size >= cache.most / 8 {
                cache.sweep();
            }
        });
    }

    /// Writes a piece beside its place, and moves it there as a whole.
    fn write(&self, hash: &Hash, number: u64, bytes: &[u8]) -> io::Result<()> {
        let place = self.path(hash, number);
        let beside = self.folder.join(format!(
            "{UNFINISHED}{}-{}",
            std::process::id(),
            self.writes.fetch_add(1, Ordering::Relaxed)
        ));
        make(&self.folder)?;
        let now = self.now();
        let write = || {
            let mut file = new_file(&beside)?;
            file.write_all(&digest_of(hash, number, bytes))?;
            file.write_all(bytes)?;
            file.set_times(FileTimes::new().set_accessed(now).set_modified(now))?;
            fs::rename(&beside, &place)
        };
        match write() {
            // Somebody's, of the same number: theirs to finish.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => {
                let _ = fs::remove_file(&beside);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    /// The disk takes no more: what is here goes, for others need the room, and nothing is put down for a while.
    fn give_way(&self, error: &io::Error) {
        let until = self.clock.now().plus(PAUSE).0;
        if self.paused.fetch_max(until, Ordering::Relaxed) < until {
            tracing::warn!(%error, folder = %self.folder.display(), "pieces of files are not kept at hand for now");
        }
        self.shrink(0);
    }

    /// Throws away a file's pieces, which somebody erased.
    pub(crate) async fn forget(self: &Arc<Self>, hash: Hash, size: u64) {
        let cache = Arc::clone(self);
        let forgotten = spawn_blocking(move || {
            for number in 0..size.div_ceil(PIECE as u64) {
                // One that was never here cannot be removed.
                let _ = fs::remove_file(cache.path(&hash, number));
            }
        });
        let _ = forgotten.await;
    }

    /// Throws away what is past its time, and what was used longest ago of what is too much.
    pub fn sweep(&self) {
        self.shrink(self.most - self.most / 8);
    }

    fn shrink(&self, most: u64) {
        // Whoever looks through it already does.
        let Ok(_sweeping) = self.sweeping.try_lock() else { return };
        self.fresh.store(0, Ordering::Relaxed);
        let mut lying = self.lying();
        let mut size = lying.iter().map(|piece| piece.size).sum::<u64>();
        lying.sort_unstable_by_key(|piece| piece.used_at);
        for piece in lying {
            if size <= most {
                break;
            }
            let _ = fs::remove_file(&piece.path);
            size -= piece.size;
        }
    }

    /// What lies in the folder, without what is past its time, which goes.
    fn lying(&self) -> Vec<Lying> {
        let now = self.now();
        let mut lying = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(told) = entry.metadata() else { continue };
            let (Ok(written_at), Ok(used_at)) = (told.modified(), told.accessed()) else { continue };
            let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
            let lasts = if is_unfinished { SWEPT_EVERY } else { LASTS };
            // Being written: its time is not set yet, and is that of the machine.
            let is_ahead = !is_unfinished && written_at > now + LASTS;
            if is_ahead || written_at + lasts < now {
                let _ = fs::remove_file(entry.path());
            } else {
                lying.push(Lying { path: entry.path(), size: told.len(), used_at });
            }
        }
        lying
    }

    /// Looks through the folder at once and every hour, until `stopped`.
    pub async fn keep(self: Arc<Self>, stopped: impl Future<Output = ()>) {
        let mut stopped = std::pin::pin!(stopped);
        loop {
            let cache = Arc::clone(&self);
            let _ = spawn_blocking(move || cache.sweep()).await;
            tokio::select! {
                biased;
                () = &mut stopped => return,
                () = tokio::time::sleep(SWEPT_EVERY) => {}
            }
        }
    }
}

/// Whether what was written then can still be given now; a clock that was set back makes nothing last longer.
fn is_fresh(written_at: SystemTime, now: SystemTime) -> bool {
    written_at + LASTS >= now && written_at <= now + LASTS
}

/// The digest of a piece together with what it is a piece of.
fn digest_of(hash: &Hash, number: u64, bytes: &[u8]) -> Hash {
    let mut digest = digest::Context::new(&digest::SHA256);
    for part in [&hash[..], &number.to_be_bytes(), bytes] {
        digest.update(part);
    }
    digest.finish().as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// Makes the folder, for its owner alone.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::UnixMillis, files::hash_of};

    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> UnixMillis {
            UnixMillis(self.0.load(Ordering::Relaxed))
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed) as u64)
        }
    }

    /// A cache of so many bytes in a folder of its own, and its clock.
    fn cache(most: u64) -> (tempfile::TempDir, Arc<Hands>, FileCache) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(1_800_000_000_000)));
        let cache = FileCache::new(&folder.path().join("cache"), most, Arc::<Hands>::clone(&clock));
        (folder, clock, cache)
    }

    fn held(cache: &FileCache) -> u64 {
        cache.lying().iter().map(|piece| piece.size).sum()
    }

    #[test]
    fn a_piece_is_given_as_it_was_put_down_and_by_a_new_process_too() {
        let (folder, clock, first) = cache(1 << 20);
        let hash = hash_of(b"file");
        assert_eq!(first.read(&hash, 0), None);
        first.write(&hash, 0, b"zero").unwrap();
        first.write(&hash, 1, b"one").unwrap();
        let second = FileCache::new(&folder.path().join("cache"), 1 << 20, clock);
        for cache in [&first, &second] {
            assert_eq!(cache.read(&hash, 0).as_deref(), Some(&b"zero"[..]));
            assert_eq!(cache.read(&hash, 1).as_deref(), Some(&b"one"[..]));
            assert_eq!(cache.read(&hash_of(b"other"), 0), None);
        }
    }

    #[test]
    fn what_is_torn_changed_or_of_another_place_is_not_at_hand_and_goes() {
        let (_folder, _, cache) = cache(1 << 20);
        let hash = hash_of(b"file");
        for spoil in [
            |path: &Path| fs::write(path, b"").unwrap(),
            |path: &Path| File::options().write(true).open(path).unwrap().set_len(40).unwrap(),
            |path: &Path| {
                let mut bytes = fs::read(path).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(path, bytes).unwrap();
            },
            |path: &Path| {
                let other = path.with_file_name(path.file_name().unwrap().to_str().unwrap().replace("-0", "-1"));
                fs::copy(other, path).unwrap();
            },
        ] {
            cache.write(&hash, 0, &[7; 1_000]).unwrap();
            cache.write(&hash, 1, &[8; 1_000]).unwrap();
            spoil(&cache.path(&hash, 0));
            assert_eq!(cache.read(&hash, 0), None);
            assert!(!cache.path(&hash, 0).exists());
            assert!(cache.read(&hash, 1).is_some());
        }
    }

    #[test]
    fn the_folder_stays_within_its_bound_and_what_was_used_last_stays() {
        let (_folder, clock, cache) = cache(80_000);
        let hashes = (0..20u8).map(|nth| hash_of(&[nth])).collect::<Vec<_>>();
        for (nth, hash) in hashes.iter().enumerate() {
            clock.0.fetch_add(1_000, Ordering::Relaxed);
            cache.write(hash, 0, &[nth as u8; 5_000]).unwrap();
            // The first is asked for again and again.
            assert!(cache.read(&hashes[0], 0).is_some(), "{nth}");
            cache.sweep();
            assert!(held(&cache) <= 70_000);
        }
        assert!(cache.read(&hashes[1], 0).is_none() && cache.read(&hashes[19], 0).is_some());
    }

    #[test]
    fn a_piece_lasts_a_day_however_often_it_is_asked_for() {
        let (_folder, clock, cache) = cache(1 << 20);
        let hash = hash_of(b"file");
        cache.write(&hash, 0, b"bytes").unwrap();
        cache.write(&hash, 1, b"bytes").unwrap();
        clock.0.fetch_add(LASTS.as_millis() as i64 - 1, Ordering::Relaxed);
        assert!(cache.read(&hash, 0).is_some());
        clock.0.fetch_add(2, Ordering::Relaxed);
        assert!(cache.read(&hash, 0).is_none());
        cache.sweep();
        assert_eq!(held(&cache), 0);
    }

    #[test]
    fn what_a_killed_process_was_writing_goes() {
        let (_folder, clock, cache) = cache(1 << 20);
        make(&cache.folder).unwrap();
        fs::write(cache.folder.join("unfinished-1-0"), b"half").unwrap();
        let real = fs::metadata(cache.folder.join("unfinished-1-0")).unwrap().modified().unwrap();
        let real = real.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64;
        clock.0.store(real, Ordering::Relaxed);
        cache.sweep();
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
        clock.0.store(real + 2 * SWEPT_EVERY.as_millis() as i64, Ordering::Relaxed);
        cache.sweep();
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 0);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_nobodys_error() {
        let (_folder, clock, cache) = cache(1 << 20);
        // Where the folder should be, there is a file.
        fs::write(&cache.folder, b"").unwrap();
        let (cache, hash) = (Arc::new(cache), hash_of(b"file"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert_eq!(cache.get(hash, 0).await, None);
            cache.put(hash, 0, b"bytes".to_vec());
            while Arc::strong_count(&cache) > 1 {
                tokio::task::yield_now().await;
            }
            assert!(cache.paused.load(Ordering::Relaxed) > clock.now().0);
            cache.forget(hash, 5).await;
        });
    }
}
