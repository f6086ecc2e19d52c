//! A fake server's port: taken down and brought up again at the same address.

use std::{future::Future, net::SocketAddr, sync::Mutex};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinHandle, JoinSet},
};

pub struct Line {
    pub address: SocketAddr,
    server: Mutex<Option<JoinHandle<()>>>,
    held: Mutex<Option<TcpSocket>>,
}

impl Line {
    pub async fn listen<F, R>(talk: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { address, server: Mutex::new(Some(serve(listener, talk))), held: Mutex::default() }
    }

    /// Ends every connection, and refuses new ones.
    pub async fn go_down(&self) {
        let server = self.server.lock().unwrap().take();
        if let Some(server) = server {
            server.abort();
            drop(server.await);
        }
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        *self.held.lock().unwrap() = Some(socket);
    }

    pub fn come_up<F, R>(&self, talk: F)
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = self.held.lock().unwrap().take().unwrap().listen(64).unwrap();
        *self.server.lock().unwrap() = Some(serve(listener, talk));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(server) = self.server.lock().unwrap().take() {
            server.abort();
        }
    }
}

fn serve<F, R>(listener: TcpListener, talk: F) -> JoinHandle<()>
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        let mut talks = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            talks.spawn(talk(stream));
        }
    })
}
