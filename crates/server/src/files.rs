//! Files that appear whole or not at all: written beside their name, flushed to the disk, then renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file under way: it has its name only after [`NewFile::finish`]. Dropped before that, it is removed.
pub struct NewFile {
    file: Option<File>,
    unfinished: PathBuf,
    target: PathBuf,
}

impl NewFile {
    /// Begins a file that only its owner may read.
    ///
    /// # Errors
    /// When the folder is missing or may not be written.
    pub fn create(target: &Path) -> io::Result<Self> {
        let name =
            target.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a file needs a name"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.unfinished", std::process::id()));
        let unfinished = folder_of(target).join(hidden);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&unfinished)?;
        Ok(Self { file: Some(file), unfinished, target: target.to_owned() })
    }

    /// Where it is until then.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.unfinished
    }

    /// Puts the file, flushed to the disk, under its name; an older one of that name is replaced.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush_to_disk()?;
        fs::rename(&self.unfinished, &self.target)?;
        self.file = None;
        sync_folder(&self.target)
    }

    /// As [`NewFile::finish`], but one that has the name already stays, and this one is dropped. Says whether it was placed.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn finish_unless_there(mut self) -> io::Result<bool> {
        self.flush_to_disk()?;
        // A link, unlike a rename, does not replace.
        match fs::hard_link(&self.unfinished, &self.target) {
            Ok(()) => sync_folder(&self.target).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // A file system without links: the moment between the two looks is the price.
            Err(_) if !self.target.try_exists()? => {
                fs::rename(&self.unfinished, &self.target)?;
                self.file = None;
                sync_folder(&self.target).map(|()| true)
            }
            Err(_) => Ok(false),
        }
    }

    fn flush_to_disk(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().expect("open until it is finished").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name must outlive a power cut as well as the file does.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn of_two_who_make_a_file_the_first_wins() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("x");
        for (text, is_placed) in [("first", true), ("second", false)] {
            let mut file = NewFile::create(&target).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert_eq!(file.finish_unless_there().unwrap(), is_placed);
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
