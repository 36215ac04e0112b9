//! Mail through the binary: a sealed message is opened, put into words and sent, or comes again.

use protocol::syntax::encoding::base64url_array;
use protocol::types::id::WorkspaceId;
use protocol::types::language::Language;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::users::mail::{Mail, MailAddress, MailContent, MailProof, SealedMail};
use serde_json::{Value, json};
use signing::{Purpose, Sealer, SystemEntropy};
use tests::lambda::{Account, Event, Process};

use crate::flow::URL;

const MAIL: &str = "\n[mail]\nfrom = \"no-reply@acme.example\"\nreply_to = \"help@acme.example\"\n";

const CODE: &str = "12345678";

const RECIPIENT: &str = "alice@example.com";

async fn account(settings: &str) -> Account {
    Account::new(URL, |file| if file.contains("workspace = \"demo\"") { file + settings } else { file }).await
}

fn mail(to: Option<&str>, until: Timestamp) -> Mail {
    let proof = MailProof { code: Secret::new(CODE.into()), link: Secret::new("a-link".into()) };
    let to = to.map(|to| MailAddress::parse(to).unwrap());
    Mail { to, language: Language::German, until, content: MailContent::Recovery(proof) }
}

fn sealed(account: &Account, mail: &Mail) -> SealedMail {
    let root = Secret::new(base64url_array(&account.environment["SEALING_KEY"]).unwrap());
    let sealer = Sealer::derived(&root, Purpose::Mail).unwrap();
    let workspace = WorkspaceId::parse("default", "demo").unwrap();
    let text = sealer.seal(&workspace, mail.encoded().expose().clone(), &SystemEntropy).unwrap();
    SealedMail { workspace, sealed: text }
}

/// Whether the function has the message come again.
async fn again(process: &Process, body: &str) -> bool {
    let answer = process.outcome(Event::of_queue(body, 1)).await.unwrap();
    answer == json!({"batchItemFailures": [{"itemIdentifier": "message-1"}]})
}

/// Later than any clock that runs this.
const LATER: Timestamp = Timestamp::from_seconds(9_000_000_000);

#[tokio::test]
async fn a_message_is_sent_with_the_sender_and_in_the_words_of_its_workspace() {
    let account = account(MAIL).await;
    let process = account.start("mail").await;
    let message = sealed(&account, &mail(Some(RECIPIENT), LATER));
    let body = message.encoded();
    assert!(!body.contains(CODE) && !body.contains("alice"), "the queue learns nothing: {body}");
    assert!(!again(&process, &body).await);
    let [sent] = &account.ses.sent()[..] else { panic!("expected exactly one message") };
    assert_eq!(sent["Destination"], json!({"ToAddresses": [RECIPIENT]}));
    assert!(sent["FromEmailAddress"].as_str().unwrap().ends_with(" <no-reply@acme.example>"), "{sent}");
    assert_eq!(sent["ReplyToAddresses"], json!(["help@acme.example"]));
    let simple = &sent["Content"]["Simple"];
    assert_eq!(simple["Headers"], json!([{"Name": "Auto-Submitted", "Value": "auto-generated"}]));
    assert_eq!(simple["Subject"], json!({"Data": "Neues Passwort festlegen", "Charset": "UTF-8"}));
    let link = format!("{URL}/default/demo/login/recovery?link=a-link");
    for part in ["Text", "Html"] {
        let text = simple["Body"][part]["Data"].as_str().unwrap();
        assert!(text.contains("1234 5678") && text.contains(&link), "{part}: {text}");
    }
    let log = process.stop();
    assert!(log.contains("mail was sent"), "{log}");
    assert!(!log.contains("alice") && !log.contains(CODE) && !log.contains("a-link"), "{log}");
}

#[tokio::test]
async fn what_cannot_be_sent_now_comes_again_and_what_never_can_does_not() {
    let account = account(MAIL).await;
    let process = account.start("mail").await;
    let body = sealed(&account, &mail(Some(RECIPIENT), LATER)).encoded();
    for (refusal, expected) in [
        ((429, "TooManyRequestsException"), true),
        ((400, "SendingPausedException"), true),
        ((400, "MailFromDomainNotVerifiedException"), true),
        ((503, "ServiceUnavailable"), true),
        ((403, "AccessDeniedException"), true),
        ((400, "MessageRejected"), false),
        ((400, "BadRequestException"), false),
    ] {
        account.ses.refuses(Some(refusal));
        assert_eq!(again(&process, &body).await, expected, "{refusal:?}");
    }
    account.ses.refuses(None);
    let other_workspace = SealedMail {
        workspace: WorkspaceId::parse("default", "other").unwrap(),
        ..sealed(&account, &mail(Some(RECIPIENT), LATER))
    };
    let altered = SealedMail { sealed: "AQAA".into(), ..sealed(&account, &mail(None, LATER)) };
    for (case, body, expected) in [
        ("nobody", sealed(&account, &mail(None, LATER)).encoded(), false),
        ("too late", sealed(&account, &mail(Some(RECIPIENT), Timestamp::from_seconds(1))).encoded(), false),
        ("no such workspace", other_workspace.encoded(), false),
        ("altered", altered.encoded(), true),
        ("of a later version", "{\"of\": \"later\"}".into(), true),
    ] {
        assert_eq!(again(&process, &body).await, expected, "{case}");
    }
    assert_eq!(account.ses.sent(), Vec::<Value>::new());
    assert_eq!(account.queue.hidden().len(), 7, "whatever comes again is put off");
    let log = process.stop();
    assert!(!log.contains("alice") && !log.contains(CODE), "{log}");
}

#[tokio::test]
async fn a_workspace_without_a_sender_sends_nothing() {
    let account = account("").await;
    let process = account.start("mail").await;
    assert!(!again(&process, &sealed(&account, &mail(Some(RECIPIENT), LATER)).encoded()).await);
    assert_eq!(account.ses.sent(), Vec::<Value>::new());
}
