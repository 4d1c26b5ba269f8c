//! PDF files from outside: known by their first bytes, called as a file may be called, and never opened.

use crate::{
    AgentId, Crm, Error,
    files::{Finished, Upload},
};

/// The most bytes of one.
pub const MOST_BYTES: u64 = 25 * 1024 * 1024;

/// What a PDF begins with (ISO 32000-2, 7.5.2).
const BEGINS: &[u8] = b"%PDF-";

/// A PDF that is arriving.
#[derive(Debug)]
pub(crate) struct Pdf {
    upload: Upload,
    name: String,
    /// Its first bytes.
    begins: Vec<u8>,
}

/// A file's name without a path, control characters and what no file system takes.
pub(crate) fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|letter| !letter.is_control() && !"<>:\"|?*".contains(*letter));
    let kept = kept.take(120).collect::<String>();
    let stem = kept.trim().trim_start_matches('.');
    let stem = match stem.len().checked_sub(4).and_then(|at| stem.split_at_checked(at)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".pdf") => stem,
        _ => stem,
    };
    if stem.is_empty() { String::from("Document.pdf") } else { format!("{stem}.pdf") }
}

impl Pdf {
    /// Begins one, called as its file is.
    ///
    /// # Errors
    /// Storage's errors.
    pub async fn begin(crm: &Crm, agent: AgentId, file_name: &str) -> Result<Self, Error> {
        let upload = Upload::begin(crm, agent, "application/pdf", MOST_BYTES).await?;
        Ok(Self { upload, name: clean(file_name), begins: Vec::new() })
    }

    /// Takes more of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] beyond [`MOST_BYTES`], and for what is no PDF; storage's errors.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let missing = BEGINS.len() - self.begins.len();
        self.begins.extend(bytes.iter().take(missing));
        self.check(&BEGINS[..self.begins.len()])?;
        self.upload.push(bytes).await
    }

    fn check(&self, begins: &[u8]) -> Result<(), Error> {
        match self.begins == begins {
            true => Ok(()),
            false => Err(Error::invalid("document", "must be a PDF")),
        }
    }

    /// The end of it: the file, which still has to be kept, and its name, which ends in `.pdf`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no PDF; storage's errors.
    pub async fn finish(self) -> Result<(Finished, String), Error> {
        self.check(BEGINS)?;
        Ok((self.upload.finish().await?, self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_name_is_one_of_a_file_and_nothing_else() {
        for (name, cleaned) in [
            ("Disclosure.PDF", "Disclosure.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\x\\Plan é.pdf", "Plan é.pdf"),
            ("a\r\nSet-Cookie: x\0.pdf", "aSet-Cookie x.pdf"),
            ("..pdf", "pdf.pdf"),
            ("", "Document.pdf"),
            ("évil", "évil.pdf"),
        ] {
            assert_eq!(clean(name), cleaned, "{name:?}");
        }
    }
}
