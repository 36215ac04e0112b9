//! Sector documents: the list at a `sector_identifier_uri` must contain the redirect URIs of every client that
//! refers to it (OpenID Connect Core §8.1).

use http_client::{FetchFault, Fetcher};
use protocol::clients::sector::unlisted;
use protocol::types::id::ClientId;
use thiserror::Error;

use crate::workspace_file::WorkspaceFile;

/// Why a client does not belong to its sector.
#[derive(Debug, Error)]
pub enum SectorError {
    /// The document cannot be fetched.
    #[error("client {0}: the list at its sector_identifier_uri, {1}, cannot be read: {2}")]
    Unreachable(ClientId, String, FetchFault),
    /// The document lacks a redirect URI of the client.
    #[error("client {0}: the list at its sector_identifier_uri, {1}, lacks the redirect URI {2}")]
    Unlisted(ClientId, String, String),
}

/// Checks that the document of each client's sector contains the redirect URIs of the client.
///
/// # Errors
///
/// [`SectorError`], for the first client that fails.
pub async fn check(files: &[WorkspaceFile], fetcher: &Fetcher) -> Result<(), SectorError> {
    for client in files.iter().flat_map(|file| &file.clients) {
        let Some(uri) = &client.sector_identifier_uri else { continue };
        let listed = fetcher
            .list(uri)
            .await
            .map_err(|fault| SectorError::Unreachable(client.client_id.clone(), uri.clone(), fault))?;
        if let Some(missing) = unlisted(&listed, &client.redirect_uris) {
            return Err(SectorError::Unlisted(client.client_id.clone(), uri.clone(), missing.into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use protocol::clients::external_url::Reach;
    use protocol::types::secret::Secret;
    use signing::{Purpose, Sealer, SystemEntropy};
    use web::config::PublicUrl;

    use super::*;
    use crate::workspace_file::Loader;

    /// Serves `answer` to one request and returns the URL.
    fn serve(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 2048]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        format!("http://127.0.0.1:{port}/uris.json")
    }

    async fn check_with(answer: &'static str) -> Result<(), String> {
        let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
        let sealer = Sealer::derived(&Secret::new([1; 32]), Purpose::UpstreamSecret).unwrap();
        let loader = Loader {
            public_url: &public_url,
            upstream_secrets: &sealer,
            client_secrets: &sealer,
            entropy: &SystemEntropy,
        };
        let text = include_str!("fixture.toml").replace(
            "client_id = \"web\"",
            &format!("client_id = \"web\"\nsubject_type = \"pairwise\"\nsector_identifier_uri = \"{}\"", serve(answer)),
        );
        let file = loader.text("shop.toml", &text).unwrap();
        check(&[file], &Fetcher::new(Reach::of(public_url.as_str()))).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_client_belongs_to_a_sector_whose_document_lists_its_redirect_uris() {
        let list = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 56\r\n\r\n[\"https://client.example/cb\",\"https://other.example/cb\"]";
        assert_eq!(check_with(list).await, Ok(()));
        let table = [
            (
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]",
                "lacks the redirect URI https://client.example/cb",
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
                "not the expected JSON",
            ),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "status 404"),
            ("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", "status 302"),
        ];
        for (answer, expected) in table {
            let error = check_with(answer).await.unwrap_err();
            assert!(error.starts_with("client web:") && error.contains(expected), "{expected}: {error}");
        }
    }
}
