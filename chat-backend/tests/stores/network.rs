//! A network between a service and its store that can fall silent, or refuse everything.

use std::sync::Arc;

use plenum_service::Lifecycle;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// How the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// All goes through.
    Fair,
    /// Connections stay, and nothing goes through.
    Silent,
    /// Connections break, and new ones break at once.
    Gone,
}

pub struct Network {
    /// Where to connect instead, as `host:port`.
    pub address: String,
    weather: Arc<watch::Sender<Weather>>,
    life: Lifecycle,
}

impl Network {
    /// A network before this address.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (weather, life) = (Arc::new(watch::Sender::new(Weather::Fair)), Lifecycle::new());
        let (target, changes, tasks) = (target.to_owned(), weather.subscribe(), life.clone());
        life.spawn(async move {
            loop {
                let (client, _) = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap(),
                    () = tasks.stopping() => return,
                };
                tasks.spawn(carry(client, target.clone(), changes.clone()));
            }
        });
        Self { address, weather, life }
    }

    /// Changes how it is, for connections that are there as well.
    pub fn becomes(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.becomes(Weather::Gone);
        self.life.stop();
    }
}

async fn carry(client: TcpStream, target: String, mut weather: watch::Receiver<Weather>) {
    let mut gone = weather.clone();
    let broken = gone.wait_for(|now| *now == Weather::Gone);
    let both = async {
        weather.wait_for(|now| *now != Weather::Silent).await.ok();
        let Ok(server) = TcpStream::connect(target).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        // Whichever side ends, the connection ends.
        tokio::select! {
            () = pump(from_client, to_server, weather.clone()) => {}
            () = pump(from_server, to_client, weather.clone()) => {}
        }
    };
    tokio::select! {
        biased;
        _ = broken => {}
        () = both => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut weather: watch::Receiver<Weather>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let now = weather.wait_for(|now| *now != Weather::Silent).await.map_or(Weather::Gone, |now| *now);
        if now != Weather::Fair || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
