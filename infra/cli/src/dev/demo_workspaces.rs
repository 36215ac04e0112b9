//! The workspaces of the demo.

/// The paths of their files in the repository, and the contents: one workspace, and another that serves as its
/// upstream provider.
pub const DEMO: [(&str, &str); 2] = [
    ("infra/cli/demo/workspaces/demo.toml", include_str!("../../demo/workspaces/demo.toml")),
    ("infra/cli/demo/workspaces/partner.toml", include_str!("../../demo/workspaces/partner.toml")),
];

#[cfg(test)]
mod tests {
    use administration::workspace_file::Loader;
    use protocol::types::secret::Secret;
    use signing::{Purpose, Sealer, SystemEntropy};
    use web::config::PublicUrl;

    use super::*;

    #[test]
    fn the_demo_files_are_valid() {
        let sealer = Sealer::derived(&Secret::new([1; 32]), Purpose::ClientSecret).unwrap();
        let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
        let loader = Loader {
            public_url: &public_url,
            upstream_secrets: &sealer,
            client_secrets: &sealer,
            entropy: &SystemEntropy,
        };
        for (name, text) in DEMO {
            let file = loader.text(name, text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(file.workspace.id.tenant(), "default");
        }
    }
}
