//! Receivers that are none: one that never answers, one that answers one byte a second, and one that refuses.

use std::{net::SocketAddr, thread, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// Where they are. They are there until this process ends.
pub struct Dead {
    pub addresses: [SocketAddr; 3],
}

impl Dead {
    pub fn start() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|error| error.to_string());
        let (hanging, dripping, refusing) = (bind()?, bind()?, bind()?);
        let address = |listener: &TcpListener| listener.local_addr().map_err(|error| error.to_string());
        let addresses = [address(&hanging)?, address(&dripping)?, address(&refusing)?];
        // Nobody listens there any more.
        drop(refusing);
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::join!(accept(hanging, Duration::MAX), accept(dripping, Duration::from_secs(1)));
            });
        });
        Ok(Self { addresses })
    }
}

/// Takes whoever comes and answers a byte after each pause.
async fn accept(listener: TcpListener, pause: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(drip(stream, pause));
    }
}

async fn drip(mut stream: TcpStream, pause: Duration) {
    let (mut reading, mut writing) = stream.split();
    let mut inbox = [0; 4096];
    let closed = async { while !matches!(reading.read(&mut inbox).await, Ok(0) | Err(_)) {} };
    let dripping = async {
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" {
            sleep(pause).await;
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = closed => {}
        () = dripping => {}
    }
}
