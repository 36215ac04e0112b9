//! Workspace files: a workspace and its clients in one file that can be reviewed.
//!
//! The format is TOML with the terms of the standards: a client is described as in RFC 7591. `{public_url}` in a
//! string is replaced with the public URL of the server, so that one file works in every environment.
//!
//! A file is first checked against the description of its settings (`file_check.rs`), and its usable part then
//! against the rules of registration, so that all problems are found at once.

use toml::de::DeTable;

use crate::file_check::check;
use crate::file_problems::{Problem, position};
use crate::file_reading::Reading;

pub use crate::file_problems::FileError;
pub use crate::file_reading::{Loader, WorkspaceFile};

impl Loader<'_> {
    /// Loads the text of the file `name`.
    ///
    /// # Errors
    ///
    /// [`FileError`] contains all problems of the file.
    pub fn text(&self, name: &str, text: &str) -> Result<WorkspaceFile, FileError> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let problems = errors.iter().map(|error| syntax_problem(text, error)).collect();
            return Err(FileError::new(name, problems));
        }
        let checked = check(text, root.get_ref(), self.public_url.as_str());
        let mut reading = Reading::new(self, name, text, checked);
        let file = reading.file();
        match file {
            Some(file) if reading.problems.is_empty() => Ok(file),
            _ => Err(FileError::new(name, reading.problems)),
        }
    }
}

/// Translates a parse error for text that is not TOML.
fn syntax_problem(text: &str, error: &toml::de::Error) -> Problem {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    Problem { line, column, message: error.message().replace('\n', ", ") }
}

#[cfg(test)]
mod tests {
    use protocol::types::language::Language;
    use protocol::types::localized::LocalizedText;
    use protocol::types::secret::Secret;
    use signing::{Purpose, Sealer, SystemEntropy};
    use web::config::PublicUrl;

    use super::*;

    const FIXTURE: &str = include_str!("fixture.toml");
    const PARTNER: &str = "[[upstream]]\nid = \"partner\"\ntitle = \"Second\"\nissuer = \"https://idp.example\"\n\
                           client_id = \"shop\"\n\n";
    const ALICE: &str = "{username = \"alice\", password = \"alice\"}";

    fn load(text: &str) -> Result<WorkspaceFile, String> {
        let sealer = |purpose| Sealer::derived(&Secret::new([1; 32]), purpose).unwrap();
        let (upstream_secrets, client_secrets) = (&sealer(Purpose::UpstreamSecret), &sealer(Purpose::ClientSecret));
        let public_url = PublicUrl::parse("http://localhost:9000").unwrap();
        let loader = Loader { public_url: &public_url, upstream_secrets, client_secrets, entropy: &SystemEntropy };
        loader.text("x.toml", text).map_err(|error| error.to_string())
    }

    /// Asserts that the fixture with `from` replaced by `to` has exactly these problems.
    fn has(from: &str, to: &str, expected: &[&str]) {
        assert!(FIXTURE.contains(from), "{from}");
        let error = load(&FIXTURE.replacen(from, to, 1)).err().unwrap_or_default();
        let lines: Vec<&str> = error.lines().map(|line| line.strip_prefix("x.toml:").unwrap()).collect();
        assert_eq!(lines, expected, "{to}");
    }

    #[test]
    fn a_problem_is_reported_with_line_column_setting_and_a_suggestion() {
        has("pkce = ", "pcke = ", &["7:1: pcke is not a setting: did you mean pkce?"]);
        has("pkce = \"all\"", "pkce = \"every\"", &["7:8: pkce is \"every\": it must be one of \"all\", \"public\""]);
        has("name = \"Shop\"", "name = 7", &["5:8: name must be a string, not a whole number"]);
        has(
            "name = \"Shop\"",
            "access_token = 60",
            &["1:1: name is missing", "5:1: access_token is not a setting: it belongs in lifetimes"],
        );
        has("session = 43200", "session = 0", &["13:11: lifetimes.session is 0: it must be 1 to 31536000 seconds"]);
        has("session = 43200", "session = \"12h\"", &["13:11: lifetimes.session must be a whole number, not a string"]);
        has(
            "name = \"email\"",
            "name = \"e mail\"",
            &[
                "20:8: scope e mail: name is \"e mail\": a scope is one word of printable ASCII without quotation marks and backslashes",
            ],
        );
        has("client_id = \"native\"", "client_id = \"spa\"", &["39:13: client spa occurs twice"]);
        has(
            "application_type = \"native\"",
            "application_type = \"nativ\"",
            &[
                "41:20: client native: application_type is \"nativ\": it must be one of \"web\", \"native\"; did you mean \"native\"?",
            ],
        );
        has(
            "redirect_uris = [\"http://127.0.0.1/callback\"]",
            "redirect_uri = \"http://127.0.0.1/callback\"",
            &["43:1: client native: redirect_uri is not a setting: did you mean redirect_uris?"],
        );
        has(
            "\"https://client.example/cb\"",
            "\"https://client.example/cb\", \"http://client.example/cb\"",
            &["51:47: client web: redirect_uris[1]: http://client.example/cb: http is for the loopback addresses \
             127.0.0.1 and [::1]; use https"],
        );
        has(
            "scope = \"openid email\"\n\n[[clients]]\nclient_id = \"native\"",
            "scope = \"openid mail\"\n\n[[clients]]\nclient_id = \"native\"",
            &["36:1: client spa: scope[1]: scope mail is not one of the workspace: define it there, or remove it here"],
        );
    }

    #[test]
    fn sec_adm_14_and_sec_tok_07_a_claim_is_refused_with_its_line() {
        let claim = |settings: &str| format!("{FIXTURE}\n[[claims]]\nname = \"x\"\n{settings}\n");
        let line = FIXTURE.lines().count() + 3;
        assert!(load(&claim("from = \"user.roles\"\nin = [\"access_token\"]\nscopes = [\"email\"]")).is_ok());
        assert!(load(&claim("value = [\"a\"]\nin = [\"access_token\"]")).is_ok());
        let table = [
            (
                "value = 1\nin = [\"access_token\"]\nscopes = [\"mail\"]",
                4,
                "claim scope mail is not one of the workspace",
            ),
            (
                "from = \"user.department\"\nin = [\"access_token\"]",
                2,
                "claim user.department is neither a claim of OpenID",
            ),
            ("from = \"department\"\nin = [\"access_token\"]", 2, "claim x: from is \"department\": use user.…"),
            ("value = 1\nin = [\"acces_token\"]", 3, "claim x: in[0] is \"acces_token\": it must be one of"),
            ("value = { a = 1 }\nin = []", 2, "claim x: value must be a string, a whole number, true, false or a list"),
            ("value = 1\nin = []", 3, "claim x is put nowhere"),
            ("in = [\"access_token\"]", 1, "claim x needs from, or value"),
        ];
        for (settings, at, expected) in table {
            let said = load(&claim(settings)).err().unwrap_or_default();
            let expected = (line + at - 1, expected);
            assert!(
                said.starts_with(&format!("x.toml:{}:", expected.0)) && said.contains(expected.1),
                "{settings}: {said}"
            );
        }
        let reserved = load(&claim("value = 1\nin = [\"access_token\"]").replace("name = \"x\"", "name = \"aud\""));
        assert!(reserved.err().unwrap_or_default().contains("claim aud is a claim of the protocol"));
        let tiered = |value: &str| {
            let web = "client_id = \"web\"";
            let text = FIXTURE.replace(web, &format!("{web}\nmetadata = {{ tier = {value} }}"));
            let list = "\n[[claims]]\nname = \"roles\"\nfrom = \"client.metadata.tier\"\nin = [\"access_token\"]\n";
            load(&format!("{text}{list}")).err().unwrap_or_default()
        };
        assert_eq!(tiered("[\"a\"]"), "");
        assert!(
            tiered("\"a\"").contains("client web: metadata.tier is for the claim roles of the workspace"),
            "{}",
            tiered("\"a\"")
        );
        assert!(tiered("1.5").contains("client web: metadata.tier must be a text"), "{}", tiered("1.5"));
    }

    #[test]
    fn sec_adm_14_and_sec_authz_19_a_rule_about_users_is_refused_with_its_line() {
        let scope =
            |rule: &str| format!("{FIXTURE}\n[[scopes]]\nname = \"hr\"\ntitle = \"HR\"\nallowed_users = {rule}\n");
        let line = FIXTURE.lines().count() + 5;
        assert!(load(&scope("{ groups = [\"hr\"], sources = [\"partner\"] }")).is_ok());
        for (rule, expected) in [
            ("{}", "scopes[2]: allowed_users names nobody"),
            ("{ sources = [\"corp\"] }", "scopes[2]: allowed_users.sources: \"corp\" is no identity source"),
            ("{ attributes = { level = [1] } }", "scopes[2]: allowed_users.attributes: \"level\" is not an attribute"),
            ("{ group = [\"hr\"] }", "scope hr: allowed_users.group is not a setting: did you mean groups?"),
        ] {
            let said = load(&scope(rule)).err().unwrap_or_default();
            assert!(said.starts_with(&format!("x.toml:{line}:")) && said.contains(expected), "{rule}: {said}");
        }
        let client = "client_id = \"web\"";
        let said = load(&FIXTURE.replace(client, &format!("{client}\nallowed_users = {{}}"))).err().unwrap_or_default();
        assert!(said.contains("client web: allowed_users names nobody"), "{said}");
        let login = "name = \"openid\"";
        let said = load(&FIXTURE.replace(login, &format!("{login}\nallowed_users = {{ groups = [\"a\"] }}")));
        assert!(said.err().unwrap_or_default().contains("openid is what every login consists of"));
    }

    #[test]
    fn texts_can_be_translated_and_are_there_in_the_language_of_the_workspace() {
        let scope = |title: &str| format!("{FIXTURE}\n[[scopes]]\nname = \"notes\"\ntitle = {title}\n");
        let both = "{ en = \"Read notes\", de = \"Notizen lesen\" }";
        assert!(load(&scope(both)).is_ok());
        let german = format!("language = \"de\"\n{}", scope(both));
        let file = load(&german).unwrap();
        assert_eq!(file.workspace.settings.language, Language::German);
        let web = "client_id = \"web\"";
        let named = FIXTURE.replace(web, &format!("{web}\n\"client_name#de\" = \"Webserver\""));
        assert!(
            load(&named).unwrap().clients.iter().any(|client| client.client_name_de.as_deref() == Some("Webserver"))
        );
        let table = [
            ("{ de = \"Notizen\" }", "title: en is missing: it is the language of the workspace"),
            ("{ en = \"Notes\", xx = \"?\" }", "title.xx is not a setting: there are en, de, fr, es, ja, ar"),
            ("{ en = \"\" }", "title.en is \"\": it must not be empty"),
            ("7", "title must be a string or a table, not a whole number"),
        ];
        for (title, expected) in table {
            let error = load(&scope(title)).err().unwrap_or_default();
            assert!(error.contains(expected), "{title}: {error}");
        }
    }

    #[test]
    fn a_brand_is_readable_and_its_images_are_stored_as_data_urls() {
        let logo = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><path d='M0 0h8v8z'/></svg>";
        let web = "client_id = \"web\"";
        let branded = |brand: &str| {
            let text =
                FIXTURE.replace(web, &format!("{web}\nlogo_uri = \"{logo}\"\npolicy_uri = \"https://web.example/p\""));
            load(&format!("{text}\n[brand]\n{brand}\n"))
        };
        let file =
            branded(&format!("accent = \"#0B5394\"\nlogo = \"{logo}\"\nhelp_uri = \"mailto:help@a.example\"")).unwrap();
        let stored = serde_json::to_value(&file.workspace.settings.brand).unwrap();
        assert_eq!(stored["accent"], "#0b5394");
        assert!(stored["logo"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"), "{stored}");
        assert!(file.clients.iter().any(|client| client.logo_uri.is_some() && client.policy_uri.is_some()));
        let table = [
            (
                "accent = \"#ffcc00\"",
                "brand.accent: #ffcc00 has a contrast of 1.51:1 with #ffffff, and 4.50:1 is the least",
            ),
            ("accent_dark = \"#222222\"", "brand.accent_dark: #222222 has a contrast of 1.0"),
            ("background = \"#888888\"", "brand.background: #888888 has a contrast of"),
            ("accent = \"green\"", "brand.accent is \"green\": a colour is # and six hexadecimal digits"),
            ("logo = \"https://a.example/logo.svg\"", "write the SVG image itself, or a data URL"),
            ("favicon = \"<svg/>\"", "the root of the image is not an svg element"),
            ("terms_uri = \"javascript:alert(1)\"", "brand.terms_uri is \"javascript:alert(1)\": use https or mailto"),
            ("css = \"body{}\"", "brand.css is not a setting"),
        ];
        for (brand, expected) in table {
            let error = branded(brand).err().unwrap_or_default();
            assert!(error.contains(expected), "{brand}: {error}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = FIXTURE
            .replace("tenant = \"default\"", "tenant = \"De fault\"")
            .replace("authorization_code = 60", "authorization_code = 61")
            .replace("client_name = \"Web server\"", "client_nam = \"Web server\"")
            .replace("{public_url}/callback", "{public_url}/callback#x")
            .replace("secret-for-macs-of-32-characters-and-more", "short");
        let error = load(&text).err().unwrap();
        let places: Vec<&str> = error.lines().map(|line| line.splitn(4, ':').nth(3).unwrap().trim()).collect();
        assert_eq!(error.lines().count(), 6, "{error}");
        for (place, expected) in places.iter().zip([
            "tenant is \"De fault\"",
            "lifetimes.authorization_code is 61",
            "client spa: redirect_uris[0]",
            "client web: client_name is missing",
            "client web: client_nam is not a setting: did you mean client_name?",
            "client mac: client_secret has 5 characters",
        ]) {
            assert!(place.starts_with(expected), "{place}");
        }
    }

    #[test]
    fn nothing_is_dropped_silently() {
        let with = |claims: &str| {
            load(&format!(
                "{FIXTURE}\n[sandbox]\n[[sandbox.users]]\nusername = \"alice\"\npassword = \"a\"\nclaims = {claims}"
            ))
            .err()
            .unwrap_or_default()
        };
        assert_eq!(with("{ name = \"Alice\", email_verified = true, address = { country = \"PT\" } }"), "");
        for (claims, expected) in [
            (
                "{ department = \"Sales\" }",
                "user alice: claims.department is not a setting: there are name, given_name",
            ),
            ("{ emial = \"a@b.example\" }", "did you mean email?"),
            ("{ sub = \"root\" }", "claims.sub is not a setting"),
            ("{ email_verified = \"yes\" }", "claims.email_verified must be true or false, not a string"),
            ("{ email = [\"x\"] }", "claims.email must be a string, not a list"),
            ("{ birthdate = 19800131 }", "claims.birthdate must be a string, not a whole number"),
            ("{ groups = \"admin\" }", "claims.groups must be a list of strings, not a string"),
            ("{ groups = [\"a\\nb\"] }", "user alice: claims.groups has another type or form"),
            (
                "{ birthdate = \"31.01.1980\" }",
                "user alice: claims.birthdate has another type or form than OpenID Connect Core 5.1 says",
            ),
        ] {
            assert!(with(claims).contains(expected), "{claims}: {}", with(claims));
        }
    }

    #[test]
    fn a_toml_syntax_error_is_reported_with_its_lines() {
        for (text, expected) in [
            ("name = \"x\"\n\ntenant = ", "x.toml:3:"),
            ("name = \"x\"\nname = \"y\"", "x.toml:2:1: duplicate key"),
            ("a = \nb = \n", "x.toml:2:"),
        ] {
            let error = load(text).err().unwrap_or_default();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        assert_eq!(load("").err().unwrap().lines().count(), 4, "tenant, workspace, name, default_audience");
    }

    #[test]
    fn an_algorithm_that_the_workspace_cannot_sign_for_a_client_is_refused_with_the_remedy() {
        let with = |signing: &str, client: &str| {
            let head = "signing_algorithm = \"RS256\"";
            assert!(FIXTURE.contains(head));
            let text = FIXTURE.replacen(head, signing, 1);
            let web = "client_id = \"web\"";
            load(&text.replacen(web, &format!("{web}\n{client}"), 1)).err().unwrap_or_default()
        };
        let (es, none) = ("signing_algorithm = \"ES256\"", "rs256_key = \"none\"");
        let es_only = format!("{es}\n{none}");
        for field in ["id_token_signed_response_alg", "userinfo_signed_response_alg"] {
            let of = |alg: &str| format!("{field} = \"{alg}\"");
            for (signing, taken) in [("", "RS256"), (es, "ES256"), (es, "RS256"), (&es_only, "ES256")] {
                assert_eq!(with(signing, &of(taken)), "", "{signing} {taken}");
            }
            let table = [
                ("", "ES256", "is ES256, but the workspace signs with RS256: choose that"),
                (
                    es,
                    "PS256",
                    "is PS256, but the workspace signs with ES256, or RS256 where a client asks for it: choose one of them",
                ),
                (
                    &es_only,
                    "RS256",
                    "is RS256, but the workspace signs with ES256 only: choose that, or set rs256_key = \"beside\" for the \
                     workspace",
                ),
            ];
            for (signing, refused, expected) in table {
                let error = with(signing, &of(refused));
                assert!(error.contains(&format!("client web: {field} {expected}")), "{error}");
                assert_eq!(error.lines().count(), 1, "{error}");
            }
        }
        let error = with(none, "");
        assert!(error.contains("rs256_key: the workspace itself signs with RS256: remove this"), "{error}");
        assert!(with("rs256_key = \"both\"", "").contains("rs256_key is \"both\""));
    }

    #[test]
    fn a_pool_is_checked_with_line_and_setting() {
        let pool = |text: &str| format!("{FIXTURE}\n[pool]\n{text}\n");
        let whole =
            "identifiers = [\"email\", \"username\"]\n[[pool.attributes]]\nname = \"given_name\"\nrequired = true";
        assert!(load(&pool(whole)).unwrap().workspace.settings.pool.is_some());
        let table = [
            ("", "pool.identifiers is missing"),
            ("identifiers = []", "pool.identifiers: it is empty: nobody could log in"),
            (
                "identifiers = [\"phone\"]",
                "pool.identifiers[0] is \"phone\": it must be one of \"email\", \"username\"",
            ),
            ("identifiers = [\"email\"]\nsign_up = \"open\"", "pool.sign_up is \"open\": it must be \"closed\""),
            ("identifiers = [\"email\"]\nsign_in = [\"sms\"]", "pool.sign_in[0] is \"sms\": it must be \"password\""),
            (
                "identifiers = [\"email\"]\nidentifier_quarantine = -1",
                "pool.identifier_quarantine is -1: it must be 0 to 315360000 seconds",
            ),
            (
                "identifiers = [\"email\"]\n[[pool.attributes]]\nname = \"email\"",
                "pool.attributes[0].name: the pool itself sets \"email\"",
            ),
            (
                "identifiers = [\"email\"]\n[[pool.attributes]]\nname = \"Dept\"",
                "attribute Dept: name is \"Dept\": 1 to 40 of a-z, 0-9 and _",
            ),
            (
                "identifiers = [\"email\"]\n[[pool.attributes]]\nname = \"dept\"\nread = \"clients\"",
                "pool.attributes[0].read: \"dept\" is no claim of OpenID Connect",
            ),
        ];
        for (text, expected) in table {
            let error = load(&pool(text)).err().unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn registration_errors_are_reported_at_their_position() {
        has(
            "client_id = \"web\"",
            "client_id = \"web\"\nuserinfo_signed_response_alg = \"ES256\"",
            &[
                "48:1: client web: userinfo_signed_response_alg is ES256, but the workspace signs with RS256: choose that",
            ],
        );
        has(
            "client_id = \"web\"",
            "client_id = \"web\"\nuserinfo_signed_response_alg = \"none\"",
            &[
                "48:32: client web: userinfo_signed_response_alg is \"none\": it must be one of \"RS256\", \"PS256\", \"ES256\"",
            ],
        );
        has(
            "client_secret_jwt = true",
            "",
            &[
                "66:1: client mac: client_secret_jwt requires the server to store the secret itself: use private_key_jwt, or set \
             client_secret_jwt = true for the workspace",
            ],
        );
    }

    #[test]
    fn values_that_can_never_match_are_reported_at_their_position() {
        has(
            "pkce = \"all\"",
            "cors_origins = [\"https://app.example\", \"https://app.example/\"]",
            &[
                "7:40: cors_origins[1]: https://app.example/: an origin ends with its host or port: leave out the slash \
               and what follows",
            ],
        );
        has(
            "pkce = \"all\"",
            "resources = [\"https://b.example\", \"/notes\", { uri = \"https://c.example/#x\", title = \"C\" }]",
            &[
                "7:35: resources[1]: /notes: a resource is an absolute URI without fragment",
                "7:45: resources[2]: https://c.example/#x: a resource is an absolute URI without fragment",
            ],
        );
        has(
            "https://client.example/cb",
            "https://client.example/cb?x=%zz",
            &[
                "51:18: client web: redirect_uris[0]: https://client.example/cb?x=%zz: write each percent sign as %25, or \
               follow it by two hexadecimal digits (RFC 3986 section 2.1)",
            ],
        );
    }

    #[test]
    fn sec_adm_13_a_workspace_wide_scope_for_users_is_refused_with_its_line() {
        let power = "\n[[scopes]]\nname = \"introspect_tokens\"\ntitle = \"Look at tokens\"\n[[clients]]\n\
                     client_id = \"greedy\"\nclient_name = \"Greedy\"\ntoken_endpoint_auth_method = \"none\"\n\
                     redirect_uris = [\"https://greedy.example/cb\"]\nscope = \"openid introspect_tokens\"\n";
        let text = format!("{FIXTURE}{power}");
        let line = text.lines().position(|line| line == "scope = \"openid introspect_tokens\"").unwrap() + 1;
        let expected = format!("x.toml:{line}:1: client greedy: scope[1]: introspect_tokens reaches every token");
        let error = load(&text).err().unwrap_or_default();
        assert!(error.starts_with(&expected), "{error}");
        assert!(load(&text.replace("openid introspect_tokens", "openid")).is_ok());
    }

    #[test]
    fn sec_adm_14_unusable_settings_are_refused_with_file_line_and_value() {
        let sandbox = |second: &str| format!("{FIXTURE}\n[sandbox]\nusers = [\n  {ALICE},\n{second},\n]\n");
        let web = "client_id = \"web\"";
        let table = [
            (
                FIXTURE.replace("id = \"partner\"", "id = \"sandbox\""),
                "id = \"sandbox\"",
                "upstream sandbox: id: \"sandbox\" is the name of the sandbox: choose another",
            ),
            (
                FIXTURE
                    .replace("[[clients]]\nclient_id = \"spa\"", &format!("{PARTNER}[[clients]]\nclient_id = \"spa\"")),
                "\"partner\"\ntitle = \"Second\"",
                "upstream partner occurs twice",
            ),
            (sandbox("  {username = \"alice\", password = \"second\"}"), "\"second\"", "user alice occurs twice"),
            (
                sandbox("  {username = \"bob\", password = \"\"}"),
                "\"bob\"",
                "user bob: password is \"\": it must not be empty",
            ),
            (
                sandbox("  {username = \"\", password = \"bob\"}"),
                "\"bob\"",
                "user : username is \"\": it must not be empty",
            ),
            (
                FIXTURE.replace(web, &format!("{web}\nbackchannel_logout_uri = \"https://169.254.169.254/\"")),
                "169.254",
                "client web: backchannel_logout_uri: https://169.254.169.254/: use a host name",
            ),
        ];
        for (text, part, expected) in table {
            let error = load(&text).err().unwrap_or_default();
            let line = text.split(part).next().unwrap().matches('\n').count() + 1;
            let place = format!("x.toml:{line}:");
            assert!(error.starts_with(&place) && error.contains(expected), "{place} {expected}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn sec_up_14_a_provider_within_a_network_is_refused() {
        let issuer = "issuer = \"{public_url}/default/partner\"";
        for inner in [
            "https://169.254.169.254",
            "https://10.0.0.1",
            "https://[::ffff:127.0.0.1]",
            "https://idp.internal",
            "https://idp",
            "http://idp.example",
            "https://idp.example:22",
        ] {
            let error = load(&FIXTURE.replace(issuer, &format!("issuer = \"{inner}\""))).err().unwrap_or_default();
            let expected = format!("x.toml:26:1: upstream partner: issuer: {inner}: use ");
            assert!(error.starts_with(&expected), "{inner}: {error}");
        }
        assert!(load(&FIXTURE.replace(issuer, "issuer = \"https://idp.example\"")).is_ok());
    }

    /// The fixture with a second provider.
    fn with_upstream(settings: &str) -> String {
        let before = "[[clients]]\nclient_id = \"spa\"";
        assert!(FIXTURE.contains(before));
        FIXTURE.replacen(before, &format!("[[upstream]]\nid = \"corp\"\nclient_id = \"us\"\n{settings}\n\n{before}"), 1)
    }

    #[test]
    fn a_preset_is_spelled_out_in_plain_settings() {
        let google = "preset = \"google\"\nclient_secret = \"s3cret\"\nscope = \"openid\"";
        let file = load(&with_upstream(google)).unwrap();
        let provider = file.workspace.settings.upstream("corp").unwrap();
        assert_eq!(
            (provider.issuer.as_str(), provider.title.clone()),
            ("https://accounts.google.com", LocalizedText::Same("Google".into()))
        );
        assert_eq!((provider.scope.joined(), provider.sealed_client_secret.is_some()), ("openid".to_owned(), true));
        let stored = serde_json::to_string(&file.workspace.settings).unwrap();
        assert!(!stored.contains("preset"), "{stored}");
    }

    #[test]
    fn a_mapping_that_cannot_work_is_reported_at_its_line() {
        let base = "title = \"Corp\"\nissuer = \"https://corp.example\"";
        let table = [
            ("map = { name = \"displayName\", roles = [\"realm\", \"roles\"], locale = { value = \"de\" } }", ""),
            ("map = { groups = { path = \"https://corp.example/groups\", prefix = \"\" } }", ""),
            ("map = { sub = \"uid\" }", "36:9: upstream corp: map.sub is not a setting: there are name,"),
            ("map = { emial = \"mail\" }", "36:9: upstream corp: map.emial is not a setting: did you mean email?"),
            ("map = { name = 7 }", "36:16: upstream corp: map.name must be a string, a list of strings or a table"),
            ("map = { name = { from = \"x\" } }", "36:16: upstream corp: map.name: use the name of their claim"),
            ("map = { name = \"\" }", "36:9: upstream corp: map.name: a path has 1 to 8 names"),
            ("map = { locale = { value = 7 } }", "36:9: upstream corp: map.locale: value has another type"),
        ];
        for (mapping, expected) in table {
            let error = load(&with_upstream(&format!("{base}\n{mapping}"))).err().unwrap_or_default();
            assert!(error.strip_prefix("x.toml:").unwrap_or_default().starts_with(expected), "{mapping}: {error}");
            assert_eq!(error.lines().count(), usize::from(!expected.is_empty()), "{mapping}: {error}");
        }
    }

    #[test]
    fn what_a_preset_needs_is_reported_at_its_line_with_the_remedy() {
        let table = [
            ("", vec!["31:1: upstream corp: issuer is missing", "31:1: upstream corp: title is missing"]),
            ("preset = \"gogle\"", vec!["34:10: upstream corp: preset is \"gogle\": it must be one of"]),
            ("preset = \"google\"", vec!["31:1: upstream corp: client_secret is missing, and the preset needs it"]),
            ("preset = \"okta\"", vec!["31:1: upstream corp: domain is missing: set it, such as"]),
            ("preset = \"okta\"\ndomain = \"https://x/\"", vec!["35:10: upstream corp: domain is"]),
            (
                "preset = \"okta\"\ndomain = \"okta.internal\"",
                vec!["31:1: upstream corp: issuer: https://okta.internal: use a host name that is known"],
            ),
            (
                "preset = \"google\"\nclient_secret = \"s\"\nrealm = \"x\"",
                vec!["36:1: upstream corp: realm is not of this preset: remove it"],
            ),
        ];
        for (settings, expected) in table {
            let error = load(&with_upstream(settings)).err().unwrap_or_default();
            assert_eq!(error.lines().count(), expected.len(), "{settings}: {error}");
            for (line, expected) in error.lines().zip(expected) {
                assert!(line.starts_with(&format!("x.toml:{expected}")), "{settings}: {line}");
            }
        }
    }

    #[test]
    fn a_certificate_of_a_provider_is_of_the_key_beside_it() {
        let key = include_str!("../../../tests/spec/provider-key.pem");
        let certificate = include_str!("../../../tests/spec/provider-certificate.pem");
        let with = |settings: &str| {
            let secret = "client_secret = \"secret-at-the-partner\"";
            assert!(FIXTURE.contains(secret));
            load(&FIXTURE.replacen(secret, settings, 1)).err().unwrap_or_default()
        };
        let setting = |name: &str, value: &str| format!("{name} = \"\"\"{value}\"\"\"\n");
        let both = setting("private_key", key) + &setting("private_key_certificate", certificate);
        assert_eq!(with(&both), "");
        let (modulus, other) = (certificate.lines().nth(6).unwrap(), "A".repeat(64));
        let table = [
            (both.replace(modulus, &other), "private_key_certificate is of another key than private_key"),
            (both.replace("BEGIN CERTIFICATE", "BEGIN TRUSTED"), "it is one certificate in PEM"),
            (setting("private_key_certificate", certificate), "upstream partner: it needs private_key"),
            (
                setting("private_key", "x") + &setting("private_key_certificate", certificate),
                "private_key is not PKCS#8",
            ),
        ];
        for (settings, expected) in table {
            let error = with(&settings);
            assert!(error.contains(expected) && error.lines().count() == 1, "{expected}: {error}");
        }
    }

    #[test]
    fn an_assertion_for_a_template_is_refused_with_the_remedy() {
        let key = include_str!("../../../tests/spec/provider-key.pem");
        let issuer = "issuer = \"{public_url}/default/partner\"";
        let template = "issuer = \"https://login.example/{tenantid}/v2.0\"\ntenants = [\"t\"]";
        let text = FIXTURE.replacen(issuer, template, 1);
        let text =
            text.replacen("client_secret = \"secret-at-the-partner\"", &format!("private_key = \"\"\"{key}\"\"\""), 1);
        let error = load(&text).err().unwrap_or_default();
        assert!(
            error.contains("set client_assertion_audience = \"endpoint\"") && error.lines().count() == 1,
            "{error}"
        );
        assert!(load(&text.replacen("tenants = ", "client_assertion_audience = \"endpoint\"\ntenants = ", 1)).is_ok());
    }

    #[test]
    fn sec_jwt_05_a_key_whose_point_is_not_on_the_curve_does_not_register() {
        let valid = FIXTURE;
        let y = valid.split(" y = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let x = valid.split(" x = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let error = load(&valid.replace(y, x)).err().unwrap_or_default();
        assert!(error.contains("client key: jwks holds a key whose point"), "{error}");
    }

    #[test]
    fn no_secret_is_stored_in_plaintext() {
        let file = load(FIXTURE).unwrap();
        let stored = format!(
            "{}{}",
            serde_json::to_string(&file.clients).unwrap(),
            serde_json::to_string(&file.workspace.settings).unwrap()
        );
        for secret in ["secret-at-the-partner", "secret-for-basic", "secret-for-macs"] {
            assert!(!stored.contains(secret), "{secret}");
        }
        assert!(stored.contains("client_secret_sha256") && stored.contains("sealed_client_secret"));
    }
}
