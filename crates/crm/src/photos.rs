//! An agent's picture: whatever is uploaded is decoded within bounds and drawn anew, so nothing of the file itself is kept (no place, no
//! camera, no hidden payload).

use aws_lc_rs::digest;
use db::params;
use tokio::task::spawn_blocking;

use crate::{
    AgentId, Crm, Error,
    images::{Picture, TURN},
};

/// The most bytes of an upload.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Pixels on each side of what is kept.
pub const SIDE: u32 = 512;

/// What a picture is found by: the digest of its bytes.
pub type PhotoHash = [u8; 32];

/// Keeps a picture of an agent, in place of the one before.
///
/// # Errors
/// [`Error::Invalid`] for what is no picture of the three kinds, or too large.
pub async fn replace(crm: &Crm, agent: AgentId, upload: Vec<u8>) -> Result<(), Error> {
    let wrong = |message: &str| Error::invalid("photo", message);
    if upload.len() > MOST_BYTES {
        return Err(wrong("must have at most 5 MiB"));
    }
    let turn = TURN.acquire().await.map_err(|_| Error::Unavailable)?;
    let drawn = spawn_blocking(move || draw(upload)).await.map_err(|_| Error::Internal)?.map_err(wrong)?;
    drop(turn);
    let hash = hash(&drawn);
    crm.change("photos.replace", agent, move |tx, turn| {
        tx.execute(
            "INSERT INTO photos (agent_id, hash, bytes) VALUES ($1, $2, $3)
             ON CONFLICT (agent_id) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes",
            params![&turn.agent, &hash, &drawn],
        )?;
        Ok(())
    })
    .await
}

/// Takes an agent's picture away.
///
/// # Errors
/// Storage's errors.
pub async fn remove(crm: &Crm, agent: AgentId) -> Result<(), Error> {
    crm.change("photos.remove", agent, |tx, turn| {
        tx.execute("DELETE FROM photos WHERE agent_id = $1", params![&turn.agent])?;
        Ok(())
    })
    .await
}

/// What an agent's picture is found by; `None` without one.
///
/// # Errors
/// Storage's errors.
pub async fn find(crm: &Crm, agent: AgentId) -> Result<Option<PhotoHash>, Error> {
    crm.db
        .read("photos.find", move |tx| {
            Ok(tx.query_opt("SELECT hash FROM photos WHERE agent_id = $1", params![&agent], |row| row.get(0))?)
        })
        .await
}

/// The bytes of an agent's picture, a JPEG.
///
/// # Errors
/// [`Error::NotFound`] without one, or where it is another by now.
pub async fn get(crm: &Crm, agent: AgentId, hash: PhotoHash) -> Result<Vec<u8>, Error> {
    crm.db
        .read("photos.get", move |tx| {
            let sql = "SELECT bytes FROM photos WHERE agent_id = $1 AND hash = $2";
            tx.query_opt(sql, params![&agent, &hash], |row| row.get(0))?.ok_or(Error::NotFound)
        })
        .await
}

fn hash(bytes: &[u8]) -> PhotoHash {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// Draws an upload anew: upright, its middle as a square, what is transparent on white.
fn draw(upload: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    Ok(Picture::decode(upload)?.square(SIDE)?.bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture =
            RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) });
        DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn the_three_kinds_come_out_as_a_square_jpeg() {
        for (width, height, format) in
            [(900, 600, ImageFormat::Jpeg), (20, 30, ImageFormat::Png), (513, 511, ImageFormat::WebP)]
        {
            let drawn = draw(encoded(width, height, format)).unwrap();
            assert_eq!(image::guess_format(&drawn).unwrap(), ImageFormat::Jpeg);
            let picture = image::load_from_memory(&drawn).unwrap().to_rgb8();
            assert_eq!(picture.dimensions(), (SIDE, SIDE));
            assert!(picture.get_pixel(5, 200).0[0] > 150 && picture.get_pixel(500, 200).0[2] > 150);
        }
    }

    #[test]
    fn what_a_file_says_beside_the_picture_is_gone_but_which_way_is_up_is_kept() {
        // An EXIF segment (JEITA CP-3451) that says "turn right", and a secret after it.
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"GPS 25.76 N");
        let plain = encoded(600, 600, ImageFormat::Jpeg);
        let mut told = plain[..2].to_vec();
        told.extend([0xff, 0xe1]);
        told.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        told.extend(&exif);
        told.extend(&plain[2..]);
        let drawn = draw(told).unwrap();
        assert!(!drawn.windows(3).any(|part| part == b"GPS") && !drawn.windows(4).any(|part| part == b"Exif"));
        let picture = image::load_from_memory(&drawn).unwrap().to_rgb8();
        assert!(picture.get_pixel(200, 5).0[0] > 150 && picture.get_pixel(200, 500).0[2] > 150, "red is above");
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused() {
        for bytes in [
            &b""[..],
            b"GIF89a\x01\0\x01\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"\x89PNG\r\n\x1a\nrest",
            b"\xff\xd8\xff",
        ] {
            assert!(draw(bytes.to_vec()).is_err(), "{bytes:?}");
        }
        // A PNG that says it is 60,000 pixels wide.
        let mut png = encoded(4, 4, ImageFormat::Png);
        png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        assert!(draw(png).is_err());
        let wide = encoded(12_001, 1, ImageFormat::Png);
        assert_eq!(draw(wide), Err("must have at most 50 million pixels, and 12,000 on a side"));
    }
}
