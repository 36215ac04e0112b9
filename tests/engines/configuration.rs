//! Workspaces and clients: applied, read, changed, removed.

use protocol::clients::client::Presence;
use protocol::types::domain::Domain;
use protocol::types::id::ClientId;
use serde_json::{Value, json};
use store::configuration_writing::ApplyError;
use store::{ConfigurationReading, ConfigurationWriting, DomainReading};

use crate::engine::Fresh;
use crate::given::{NOW, PUBLIC_URL, later, metadata, workspace};

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

#[tokio::test]
async fn applied_configuration_is_read_back() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", json!({"cors_origins": ["https://other.example"]}));
    assert!(reading.workspace(&demo.id, NOW).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("app"), NOW).await.unwrap().is_none());
    reading.workspaces().ping().await.unwrap();
    writing.apply(&demo, &[metadata("app", "https://app.example/callback")]).await.unwrap();

    // A missing workspace is cached for five seconds.
    assert!(reading.workspace(&demo.id, later(4)).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("app"), later(4)).await.unwrap().is_none());
    let loaded = reading.workspace(&demo.id, later(5)).await.unwrap().unwrap();
    assert_eq!((&loaded.workspace.id, &loaded.workspace.issuer), (&demo.id, &demo.issuer));
    let settings =
        |workspace: &protocol::workspace::settings::Workspace| serde_json::to_value(&workspace.settings).unwrap();
    assert_eq!(settings(&loaded.workspace), settings(&demo));
    let origins: Vec<&str> = loaded.origins.iter().collect();
    assert_eq!(origins.len(), 2, "{origins:?}");
    assert!(origins.contains(&"https://app.example") && origins.contains(&"https://other.example"), "{origins:?}");
    let loaded = reading.usable_client(&demo, &client("app"), later(5)).await.unwrap().unwrap();
    assert_eq!(loaded.client.id, client("app"));
    assert!(loaded.client.redirect_uris.registered("https://app.example/callback").is_some());
}

#[tokio::test]
async fn sec_adm_07_a_domain_belongs_to_one_workspace_at_a_time() {
    let at = Fresh::tables().await;
    let (reading, writing) = (DomainReading::new(&at.connection), ConfigurationWriting::new(&at.connection));
    let domain = |name: &str| Domain::parse(name).unwrap();
    let owner = async |name: &str, now| {
        reading.workspace(&domain(name), now).await.unwrap().map(|workspace| workspace.to_string())
    };
    let at_domain = |name: &str, domain: &str| workspace(name, json!({ "domain": domain }));
    assert_eq!(owner("a.example", NOW).await, None);
    writing.apply(&at_domain("one", "a.example"), &[]).await.unwrap();
    writing.apply(&at_domain("one", "a.example"), &[]).await.unwrap();
    assert_eq!(owner("a.example", later(4)).await, None, "absence is cached for five seconds");
    assert_eq!(owner("a.example", later(5)).await.as_deref(), Some("default/one"));

    let refused = writing.apply(&at_domain("two", "a.example"), &[]).await.unwrap_err();
    assert!(matches!(&refused, ApplyError::DomainTaken(taken) if taken.as_str() == "a.example"), "{refused}");
    let two = workspace("two", Value::Null);
    let configuration = ConfigurationReading::new(&at.connection, PUBLIC_URL);
    assert!(configuration.workspace(&two.id, NOW).await.unwrap().is_none(), "nothing of it was written");

    writing.apply(&at_domain("one", "b.example"), &[]).await.unwrap();
    writing.apply(&at_domain("two", "a.example"), &[]).await.unwrap();
    assert_eq!(owner("b.example", later(40)).await.as_deref(), Some("default/one"));
    assert_eq!(owner("a.example", later(40)).await.as_deref(), Some("default/two"));
    writing.apply(&workspace("one", Value::Null), &[]).await.unwrap();
    writing.apply(&two, &[]).await.unwrap();
    assert_eq!((owner("a.example", later(80)).await, owner("b.example", later(80)).await), (None, None));
    let loaded = ConfigurationReading::new(&at.connection, PUBLIC_URL).workspace(&two.id, NOW).await.unwrap().unwrap();
    assert_eq!(loaded.workspace.issuer, two.issuer);
}

#[tokio::test]
async fn a_pkce_exemption_is_read_back() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", Value::Null);
    let confidential = |id: &str, require_pkce: Option<bool>| {
        let mut client = serde_json::to_value(metadata(id, "https://app.example/callback")).unwrap();
        client["token_endpoint_auth_method"] = "client_secret_basic".into();
        client["client_secret_sha256"] = json!([protocol::syntax::encoding::base64url(&[7; 32])]);
        client["require_pkce"] = json!(require_pkce);
        serde_json::from_value(client).unwrap()
    };
    writing.apply(&demo, &[confidential("exempt", Some(false)), confidential("other", None)]).await.unwrap();
    for (id, expected) in [("exempt", Presence::NonceInstead), ("other", Presence::Required)] {
        let loaded = reading.usable_client(&demo, &client(id), NOW).await.unwrap().unwrap();
        assert_eq!(loaded.client.challenge.presence, expected, "{id}");
    }
}

#[tokio::test]
async fn removed_clients_disappear_and_changes_are_visible_within_thirty_seconds() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", Value::Null);
    let (stays, goes) = (metadata("stays", "https://a.example/"), metadata("goes", "https://b.example/"));
    writing.apply(&demo, &[stays.clone(), goes]).await.unwrap();
    for id in ["stays", "goes"] {
        assert!(reading.usable_client(&demo, &client(id), NOW).await.unwrap().is_some(), "{id}");
    }
    let mut stays = stays;
    stays.client_status = protocol::clients::client::Status::Inactive;
    writing.apply(&workspace("demo", json!({"name": "Another name"})), &[stays]).await.unwrap();

    let loaded = reading.workspace(&demo.id, later(30)).await.unwrap().unwrap();
    assert_eq!(loaded.workspace.settings.name, "Another name");
    assert!(reading.client(&demo, &client("goes"), later(30)).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("stays"), later(30)).await.unwrap().is_some());
    assert!(reading.usable_client(&demo, &client("stays"), later(30)).await.unwrap().is_none());
    assert_eq!(at.items(&at.names.config).await.len(), 2, "the workspace and one client");
}

#[tokio::test]
async fn a_workspace_with_an_invalid_client_is_not_written_at_all() {
    let at = Fresh::tables().await;
    let clients = [metadata("good", "https://a.example/"), metadata("bad", "http://a.example/")];
    let writing = ConfigurationWriting::new(&at.connection);
    let refused = writing.apply(&workspace("demo", Value::Null), &clients).await;
    assert!(matches!(refused, Err(ApplyError::Client { client: bad, .. }) if bad == client("bad")));
    assert!(at.items(&at.names.config).await.is_empty());
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_overwritten() {
    let at = Fresh::tables().await;
    let writing = ConfigurationWriting::new(&at.connection);
    let (demo, other) = (workspace("demo", Value::Null), workspace("demo", json!({"name": "Other"})));
    let (app, changed) = (metadata("app", "https://app.example/a"), metadata("app", "https://app.example/b"));
    let (old, new) = (metadata("old", "https://old.example/"), metadata("new", "https://new.example/"));
    let nothing = writing.stored(&demo.id, [].iter()).await.unwrap();
    writing.apply(&demo, &[app.clone(), old.clone()]).await.unwrap();
    let seen = writing.stored(&demo.id, [].iter()).await.unwrap();
    let replace =
        async |before, workspace, clients: &[_]| match writing.replace(before, workspace, clients, &mut |_| {}).await {
            Ok(()) => "done".to_owned(),
            Err(ApplyError::Changed(what)) => what,
            Err(error) => panic!("{error}"),
        };
    // Somebody else changes the client.
    writing.apply(&demo, &[changed.clone(), old.clone()]).await.unwrap();
    let theirs = writing.stored(&demo.id, [].iter()).await.unwrap();
    assert_eq!(replace(&seen, &demo, &[metadata("app", "https://app.example/c"), old.clone()]).await, "client app");
    assert_eq!(writing.stored(&demo.id, [].iter()).await.unwrap(), theirs);
    assert_eq!(
        replace(&nothing, &demo, std::slice::from_ref(&new)).await,
        "workspace default/demo",
        "it was taken for new"
    );
    assert_eq!(replace(&seen, &demo, std::slice::from_ref(&old)).await, "client app", "it would be removed");
    // Somebody else changes the settings.
    let seen = writing.stored(&demo.id, [].iter()).await.unwrap();
    writing.apply(&other, &[changed.clone(), old.clone()]).await.unwrap();
    let settings = workspace("demo", json!({"name": "Mine"}));
    assert_eq!(replace(&seen, &settings, &[changed.clone(), old.clone()]).await, "workspace default/demo");
    let seen = writing.stored(&demo.id, std::iter::once(&new.client_id)).await.unwrap();
    assert!(seen.settings.as_ref().unwrap().contains("Other"));
    assert_eq!(replace(&seen, &settings, &[changed, new]).await, "done");
    let last = writing.stored(&demo.id, [].iter()).await.unwrap();
    let clients: Vec<&str> = last.clients.keys().map(ClientId::as_str).collect();
    assert!(clients == ["app", "new"] && last.settings.as_ref().unwrap().contains("Mine"), "{last:?}");
    assert_eq!(writing.stored_client(&demo.id, &client("old")).await.unwrap(), None);
}
