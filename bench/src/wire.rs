//! The cheapest HTTP/1.1 client that still checks what it gets: it shares the machine with the server it measures.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
}

/// A whole answer.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    text: &'a [u8],
}

impl Answer<'_> {
    /// All of it, for a message.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

struct Head {
    status: u16,
    length: usize,
    body: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self { stream, inbox: vec![0; 64 * 1024] })
    }

    /// Sends a request and reads its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, String> {
        self.stream.write_all(request).await.map_err(|error| format!("sending: {error}"))?;
        let mut filled = 0;
        let mut head = None;
        loop {
            if filled == self.inbox.len() {
                self.inbox.resize(filled * 2, 0);
            }
            let read =
                self.stream.read(&mut self.inbox[filled..]).await.map_err(|error| format!("receiving: {error}"))?;
            if read == 0 {
                return Err(String::from("the server closed the connection"));
            }
            filled += read;
            if head.is_none() {
                head = parse(&self.inbox[..filled])?;
            }
            if let Some(Head { status, length, body }) = head
                && filled >= body + length
            {
                let text = &self.inbox[..filled];
                // One request at a time: whatever follows its answer is an error of the server.
                if filled > body + length {
                    return Err(format!("more than was announced: {}", String::from_utf8_lossy(text)));
                }
                return Ok(Answer { status, body: &text[body..], text });
            }
        }
    }
}

/// The head of an answer (RFC 9112), once it is whole.
fn parse(text: &[u8]) -> Result<Option<Head>, String> {
    const LENGTH: &[u8] = b"content-length:";
    let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let wrong = || format!("not an answer with a length: {}", String::from_utf8_lossy(&text[..end]));
    let mut lines = text[..end].split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| line.get(9..12)).and_then(number).ok_or_else(wrong)?;
    let status = u16::try_from(status).map_err(|_| wrong())?;
    let length = lines.find(|line| line.len() > LENGTH.len() && line[..LENGTH.len()].eq_ignore_ascii_case(LENGTH));
    let length = match length {
        Some(line) => number(line[LENGTH.len()..].trim_ascii()).ok_or_else(wrong)?,
        None if matches!(status, 204 | 304) => 0,
        None => return Err(wrong()),
    };
    Ok(Some(Head { status, length, body: end + 4 }))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let text =
            b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nContent-Length: 17\r\n\r\n{\"success\":true}x";
        assert!(parse(&text[..60]).unwrap().is_none());
        let head = parse(text).unwrap().unwrap();
        assert_eq!((head.status, head.length, head.body), (201, 17, text.len() - 17));
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
