//! Sections V and W, as far as they are about files, tenants, the store and keys: rows ADM-04, -07, -08 and -10, STORE-04, KEY-01,
//! -03 and -04.

use std::path::{Path, PathBuf};

use administration::export::export;
use protocol::types::id::WorkspaceId;
use serde_json::Value;
use tests::browser::{body, exchange, json as parsed, request};
use tests::expect::refused;
use tests::{Browser, KmsTrouble, Laptop, Pkce};
use web::config::PublicUrl;

use crate::given::{NATIVE, access_token, and_clients, is_demo, redeemed, trusted_code};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The code of each file of the store, without its tests.
fn store() -> Vec<(String, String)> {
    let files = std::fs::read_dir(root().join("shared/store/src")).unwrap();
    let read = |path: PathBuf| {
        let code = std::fs::read_to_string(&path).unwrap();
        (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            code.split("#[cfg(test)]").next().unwrap().to_owned(),
        )
    };
    files.map(|entry| read(entry.unwrap().path())).collect()
}

#[tokio::test]
async fn sec_adm_04_an_exported_workspace_has_no_secret() {
    let upstream = "client_id = \"demo\"\nclient_secret = \"secret-at-the-provider\"\n";
    let with_secret = |text: String| {
        if is_demo(&text) { text.replacen("client_id = \"demo\"\n", upstream, 1) } else { text }
    };
    let laptop = Laptop::with(with_secret).await;
    let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
    let demo = WorkspaceId::parse("default", "demo").unwrap();
    let exported = laptop.with_keys(async |keys| export(keys, &demo, &public_url).await.unwrap()).await;
    assert!(exported.contains("sealed_client_secret") && exported.contains("client_secret_sha256"), "{exported}");
    for secret in
        ["secret-at-the-provider", "demo-web-secret", "demo-service-secret", "demo-secret-jwt-secret", "PRIVATE KEY"]
    {
        assert!(!exported.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn sec_adm_07_a_token_of_one_workspace_is_none_in_another() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("tenants");
    let token = access_token(&redeemed(&laptop, &trusted_code(&laptop, &pkce).await, &pkce).await);
    let partner = laptop.demo_url("").replace("/demo", "/partner");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let userinfo = laptop.send("GET", &format!("{partner}/userinfo"), &headers, "").await;
    refused(&userinfo, 401, "invalid_token", "userinfo of another workspace");
    assert_eq!(laptop.userinfo(&token).await.status(), 200);
    let keys = async |workspace: &str| {
        let url = format!("{workspace}/.well-known/jwks.json");
        parsed(&laptop.send("GET", &url, &[], "").await)["keys"].as_array().unwrap().clone()
    };
    let (demo, partner) = (keys(&laptop.demo_url("")).await, keys(&partner).await);
    assert!(
        demo.iter().all(|key| partner.iter().all(|other| key["kid"] != other["kid"])),
        "each workspace has its own keys"
    );
}

#[tokio::test]
async fn sec_adm_08_requests_to_two_workspaces_in_turn_never_mix_them_up() {
    let laptop = Laptop::demo().await;
    for (path, member) in [("/.well-known/openid-configuration", "issuer"), ("/.well-known/jwks.json", "keys")] {
        let of = async |workspace: &str| {
            let url = laptop.demo_url(path).replace("/demo/", &format!("/{workspace}/"));
            parsed(&laptop.send("GET", &url, &[], "").await)[member].clone()
        };
        let (demo, partner) = (of("demo").await, of("partner").await);
        assert_ne!(demo, partner);
        for _ in 0..5 {
            assert_eq!((of("partner").await, of("demo").await), (partner.clone(), demo.clone()), "{path}");
        }
    }
}

/// A `client_id` is part of a key, and may look like an expression.
#[tokio::test]
async fn sec_adm_10_what_looks_like_an_expression_is_data() {
    const NAMES: [&str; 5] = ["#pk", ":v", "attribute_exists(pk)OR:v=:v", "default/demo#app", "v=:v"];
    let clients: Vec<String> = NAMES
        .iter()
        .map(|name| {
            format!(
                "[[clients]]\nclient_id = \"{name}\"\nclient_name = \"Odd\"\ntoken_endpoint_auth_method = \"none\"\n\
                 application_type = \"native\"\ntrusted = true\nredirect_uris = [\"http://127.0.0.1/callback\"]\nscope = \"openid\"\n"
            )
        })
        .collect();
    let clients = clients.join("\n");
    let laptop = Laptop::with(and_clients(&clients)).await;
    for name in NAMES {
        let pkce = Pkce::new("expressions");
        let asked = tests::browser::changed(&request(name, NATIVE, &pkce), "scope", Some("openid"));
        let response = Browser::new(&laptop).log_in(&asked).await;
        let code = tests::browser::answered(&response, "code").unwrap_or_else(|| panic!("{name}: {}", body(&response)));
        let tokens = laptop.form("/oauth2/token", &exchange(name, NATIVE, &code, &pkce.verifier), &[]).await;
        assert_eq!(crate::given::claims(&access_token(&tokens))["client_id"], name);
    }
    let made = regex::Regex::new(r"(condition|update|filter)_expression\(\s*&?format!").unwrap();
    for (name, code) in store() {
        // The one that is put together has constants only.
        assert!(!made.is_match(&code) || name == "pool_users.rs", "{name} puts an expression together");
    }
}

#[test]
fn sec_store_04_every_read_is_consistent_and_none_uses_an_index() {
    let (mut reads, mut queries, mut consistent) = (0, 0, 0);
    for (name, code) in store() {
        reads += code.matches(".get_item()").count();
        queries += code.matches(".query()").count();
        consistent += code.matches(".consistent_read(true)").count();
        for weak in [".batch_get_item()", ".index_name(", ".consistent_read(false)", ".transact_get_items()"] {
            assert!(!code.contains(weak), "{name} has {weak}");
        }
        // Scans are for operators: no function has a handle that lists.
        assert!(
            !code.contains(".scan()") || ["inventory.rs", "pool_users.rs"].contains(&name.as_str()),
            "{name} scans"
        );
    }
    // The query lists the consents of a user, for the account page.
    assert_eq!((reads, queries, consistent), (1, 1, 2));
    let contract: Value = serde_json::from_str(&text("infra/contract.json")).unwrap();
    for (name, function) in contract["functions"].as_object().unwrap() {
        for need in function["dynamodb"].as_array().into_iter().flatten() {
            let action = need["action"].as_str().unwrap();
            assert!(!["Scan", "BatchGetItem"].contains(&action), "{name}: {need}");
            assert!(action != "Query" || name == "account", "{name}: {need}");
        }
    }
}

/// The properties of each key in the template, by its name.
fn keys_of(template: &str) -> Vec<(String, String)> {
    let blocks = regex::Regex::new(r"(?m)^  (\w+):\n    Type: AWS::KMS::Key\n((?:    .*\n|\n)*)").unwrap();
    blocks.captures_iter(template).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

#[test]
fn sec_key_01_and_03_a_key_signs_or_seals_and_only_functions_that_issue_may_sign() {
    let keys = keys_of(&text("infra/sam/template.yaml"));
    let names: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["FirstSigningKey", "SecondSigningKey", "SealingKey"]);
    for (name, properties) in &keys {
        assert!(properties.contains("PendingWindowInDays: 30"), "{name}");
        let signs = name != "SealingKey";
        assert_eq!(properties.contains("KeyUsage: SIGN_VERIFY"), signs, "{name}");
        assert_eq!(properties.contains("Sid: OnlyFunctionsThatSignDo"), signs, "{name}");
        assert_eq!(properties.contains("Sid: OnlyFunctionsAndTheAdministratorDecrypt"), !signs, "{name}");
    }
    let contract: Value = serde_json::from_str(&text("infra/contract.json")).unwrap();
    for (name, function) in contract["functions"].as_object().unwrap() {
        let of_kms = function["kms"].as_array().cloned().unwrap_or_default();
        let signs = of_kms.iter().any(|need| need["action"] == "Sign");
        assert_eq!(signs, ["token", "userinfo", "introspect", "notify"].contains(&name.as_str()), "{name}");
        for need in of_kms {
            match need["action"].as_str().unwrap() {
                "Decrypt" => assert_eq!(need["key"], "sealing", "{name}"),
                "Sign" => assert_eq!(need["key"], "signing", "{name}"),
                other => assert_eq!(other, "DescribeKey", "{name}"),
            }
        }
    }
}

#[tokio::test]
async fn sec_key_04_keys_and_metadata_are_served_while_kms_is_down() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let of = async |path: &str| {
        let response = laptop.send("GET", &laptop.demo_url(path), &[], "").await;
        assert_eq!(response.status(), 200, "{path}");
        body(&response)
    };
    let paths = ["/.well-known/jwks.json", "/.well-known/openid-configuration"];
    let before = [of(paths[0]).await, of(paths[1]).await];
    kms.plan(|_, _| KmsTrouble::Refused("KMSInternalException"));
    laptop.clock.advance(31);
    assert_eq!([of(paths[0]).await, of(paths[1]).await], before);
}

#[test]
fn sec_store_03_tables_can_be_restored_and_are_not_deleted_by_mistake() {
    let template = text("infra/sam/template.yaml");
    let tables = regex::Regex::new(r"(?m)^  (\w+):\n    Type: AWS::DynamoDB::Table\n((?:    .*\n|\n)*)").unwrap();
    let mut names = Vec::new();
    for found in tables.captures_iter(&template) {
        names.push(found[1].to_owned());
        for property in [
            "DeletionPolicy: Retain",
            "DeletionProtectionEnabled: !If [ProtectsTables, true, false]",
            "PointInTimeRecoveryEnabled: true",
            "SSESpecification: !If",
        ] {
            assert!(found[2].contains(property), "{}: {property}", &found[1]);
        }
    }
    assert_eq!(names.len(), 3, "{names:?}");
}
