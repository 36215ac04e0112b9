# Japanese, in the polite form that products use. There is no plural.

## Every page

continue = 続ける
or = または
back-to = { $client } に戻る
signed-in-as = { $user } としてログイン中です。
language = 言語: { $language }
footer-terms = 利用規約
footer-privacy = プライバシー
footer-help = ヘルプ
not-you = 別のユーザーですか?
trace = お問い合わせ番号

## Sign in

sign-in = ログイン
sign-in-to = { $client } に進みます
sign-in-to-device = デバイスを接続します
sign-in-failed = 名前とパスワードが一致しません。両方を確認して、もう一度お試しください。
sign-in-failed-email = メールアドレスとパスワードが一致しません。両方を確認して、もう一度お試しください。
sign-in-username = 名前
sign-in-password = パスワード
sign-in-email = メールアドレス
sign-in-email-or-username = メールアドレスまたは名前
show-password = パスワードを表示
sign-in-too-many = { $unit ->
    [second] { $count ->
       *[other] 誤ったパスワードの入力回数が多すぎます。{ $count } 秒後にもう一度お試しください。
    }
    [minute] { $count ->
       *[other] 誤ったパスワードの入力回数が多すぎます。{ $count } 分後にもう一度お試しください。
    }
    [hour] { $count ->
       *[other] 誤ったパスワードの入力回数が多すぎます。{ $count } 時間後にもう一度お試しください。
    }
   *[day] { $count ->
       *[other] 誤ったパスワードの入力回数が多すぎます。{ $count } 日後にもう一度お試しください。
    }
}
sandbox-hint = これはテスト環境です。名前 { $username }、パスワード { $password } でログインしてください。
continue-with = { $provider } で続ける
sign-in-identifier = メールアドレスまたは名前
sign-in-no-source = このアドレスではここにログインできません。アドレスを確認するか、アプリケーションに戻ってください。
sign-in-leading = 移動しています。何も起こらない場合は、ボタンで進んでください。
used-last = 前回使用

## Choice of an account

choose-account = アカウントの選択
continue-as = { $user } として続ける
another-account = 別のアカウントを使う

## Consent

consent-title = { $client } を許可しますか?
consent-asks = このアプリが求めている許可:
consent-nothing = このアプリが求めているのは、ログインの確認だけです。
consent-allow = 許可する
consent-deny = 拒否する
consent-application = アプリ
consent-destination = 移動先
consent-api = アクセス先
consent-lifetime = アクセスの有効期間
consent-known = 許可済みの項目
consent-sensitive = 要注意
consent-required = 必須
consent-publisher = 提供元
client-policy = { $client } のプライバシーポリシー
client-terms = { $client } の利用規約
consent-unassured = このアプリはお使いのデバイスで動作します。ご自身で起動した直後の場合にのみ続けてください。

## Claims that an application asks for one by one

claim-name = 氏名の参照
claim-given_name = 名の参照
claim-family_name = 姓の参照
claim-middle_name = ミドルネームの参照
claim-nickname = ニックネームの参照
claim-preferred_username = ユーザー名の参照
claim-profile = プロフィールページのアドレスの参照
claim-picture = 写真の参照
claim-website = ウェブサイトの参照
claim-gender = 性別の参照
claim-birthdate = 生年月日の参照
claim-zoneinfo = タイムゾーンの参照
claim-locale = 言語の参照
claim-updated_at = 登録情報の最終更新日時の参照
claim-email = メールアドレスの参照
claim-email_verified = メールアドレスが確認済みかどうかの参照
claim-phone_number = 電話番号の参照
claim-phone_number_verified = 電話番号が確認済みかどうかの参照
claim-address = 住所の参照

## Devices

device-title = デバイスの接続
device-enter = デバイスに表示されているコードを入力してください。
device-code = コード
device-caution = ご自身のデバイスで始めた操作の場合にのみ続けてください。他の人から送られたコードは絶対に入力しないでください。
device-unknown-code = このコードを待っているデバイスはありません。コードを確認するか、デバイスで新しいコードを表示してください。コードは 1 回限り、数分間だけ有効です。
device-not-signed-in = ログインできませんでした。もう一度コードを入力してください。
device-too-many = { $unit ->
    [second] { $count ->
       *[other] 誤ったコードの入力回数が多すぎます。{ $count } 秒後にもう一度お試しください。
    }
    [minute] { $count ->
       *[other] 誤ったコードの入力回数が多すぎます。{ $count } 分後にもう一度お試しください。
    }
    [hour] { $count ->
       *[other] 誤ったコードの入力回数が多すぎます。{ $count } 時間後にもう一度お試しください。
    }
   *[day] { $count ->
       *[other] 誤ったコードの入力回数が多すぎます。{ $count } 日後にもう一度お試しください。
    }
}
device-consent-title = { $client } を接続しますか?
device-acts-for-you = このデバイスは、あなたに代わって操作を行います。
device-check-code = デバイスにこのコードが表示されていますか?
device-warning = ご自身で始めた操作ですか?コードやリンクが他の人から送られてきた場合は「拒否する」を選んでください。許可すると、その人があなたのアカウントに入れるようになります。
device-asked = リクエスト日時
device-asked-ago = { $unit ->
    [second] { $count ->
       *[other] { $count } 秒前
    }
    [minute] { $count ->
       *[other] { $count } 分前
    }
    [hour] { $count ->
       *[other] { $count } 時間前
    }
   *[day] { $count ->
       *[other] { $count } 日前
    }
}
device-address = 送信元
device-address-unknown = 不明なアドレス
device-network-same = 現在お使いのネットワークです
device-network-other = 現在お使いのものとは別のネットワークです
device-name = デバイス
device-name-unknown = 情報なし
device-allowed = デバイスを接続しました
device-allowed-more = このページを閉じて、デバイスで操作を続けてください。
device-denied = 拒否しました
device-denied-more = デバイスには何も渡されません。このページは閉じてかまいません。
device-not-allowed = 許可されていません
device-not-allowed-more = お使いのアカウントではこのアプリケーションを利用できません。デバイスには何も渡されません。このページは閉じてかまいません。
device-invalidated = 接続されていません
device-invalidated-more = このコードはもう使えません。デバイスで新しいコードを表示してください。

duration = { $unit ->
    [second] { $count ->
       *[other] { $count } 秒間
    }
    [minute] { $count ->
       *[other] { $count } 分間
    }
    [hour] { $count ->
       *[other] { $count } 時間
    }
   *[day] { $count ->
       *[other] { $count } 日間
    }
}

## The account page

account-title = アカウント
account-link = アカウント
account-profile = あなたの情報
account-name = 名前
account-username = ユーザー名
account-email = メールアドレス
account-phone = 電話番号
account-ways = サインインの方法
account-set = 設定:
account-sessions = サインイン中の場所
account-this-browser = このブラウザー
account-device = { $system } の { $browser }
account-device-unknown = 不明なデバイス
account-signed-in = サインイン:
account-last-used = 最後の使用:
account-end = サインアウト
account-end-others = ほかのすべての場所でサインアウト
account-applications = アクセスできるアプリケーション
account-applications-none = アクセスできるアプリケーションはありません。
account-allowed = 許可:
account-withdraw = 取り消す
account-done-ended = その場所でサインアウトしました。
account-done-others = ほかのすべての場所でサインアウトしました。
account-done-withdrawn = アプリケーションはアクセスできなくなりました。もう一度使うときは、あらためて許可を求められます。
account-done-again = もう一度サインインしました。これで変更できます。
account-not-signed-in = サインインしていません
account-not-signed-in-more = アカウントを見るにはサインインしてください。

## Sign out

sign-out = ログアウト
sign-out-title = ログアウトしますか?
sign-out-asked = { $client } がログアウトを求めています。ここからログアウトし、ご利用になったアプリに通知します。
sign-out-consequence = ここからログアウトし、ご利用になったアプリに通知します。
sign-out-invalid = アプリからログアウトを求められましたが、リクエストが正しくありません。ここでログアウトすることはできますが、そのアプリには戻りません。
sign-out-stay = ログインしたままにする
sign-out-failed = まだログアウトしていません
sign-out-failed-more = このブラウザーのログイン情報は消去しましたが、サービスが一時的に利用できないため、セッションを終了できませんでした。
try-again = もう一度試す
signed-out = ログアウトしました
signed-out-more = このページは閉じてかまいません。
still-signed-in = ログインしたままです
still-signed-in-more = ここでは何も終了していません。アプリ側のセッションは終了している可能性があります。

## Back to the application

form-post-title = アプリに戻ります
form-post-more = まもなく { $destination } に移動します。移動しない場合は「続ける」を押してください。

## Errors: what happened

error-title = 処理できませんでした
error-title-not-found = 見つかりません
error-title-unavailable = 利用できません
error-encoding = 正しくエンコードされた UTF-8 ではないパラメーターがあります。
error-repeated = パラメーター { $parameter } が複数回送信されました。
error-repeated-unknown = 複数回送信されたパラメーターがあります。
error-missing-client-id = リクエストに client_id がありません。
error-unknown-client = この client_id で登録されているアプリはありません。
error-missing-redirect-uri = リクエストに redirect_uri がありません。アプリに複数登録されているか、openid が求められています。
error-unregistered-redirect-uri = redirect_uri { $uri } はこのアプリに登録されていません。
error-unknown-request-uri = request_uri が不明、期限切れ、使用済み、または別のアプリのものです。
error-unregistered-post-logout-uri = post_logout_redirect_uri { $uri } はこのアプリに登録されていません。
error-foreign-hint = id_token_hint は、ここでこのアプリに発行された ID トークンではありません。
error-stale-logout = このログアウトページは期限切れか、ここで作成されたものではありません。
error-too-large = リクエストが大きすぎます。
error-stale = このログインは期限切れか、ここで始められたものではありません。
error-other-browser = このログインは別のブラウザーで始められました。
error-finished = このログインはすでに完了しています。
error-cross-site = このフォームは、このサーバーのページから送信されたものではありません。
error-not-a-form = POST リクエストでは、すべてのパラメーターを本文にフォームとして含める必要があります。
error-incomplete-form = フォームに不足があります。
error-unknown-source = そのログイン方法はここにはありません。
error-foreign-answer = この応答は、このブラウザーで始められたログインのものではありません。
error-provider-denied = 別のプロバイダーでのログインは行われませんでした。
error-provider-refused = 外部プロバイダーで本人確認ができませんでした。
error-provider-unreachable = 外部プロバイダーに接続できません。
error-not-found = このページはありません。
error-method = このページはその方法では開けません。
error-unavailable = 現在サービスを利用できません。

## Errors: what to do

advice-sign-in-again = アプリに戻り、もう一度ログインしてください。
advice-operator = お客様の操作に問題はありません。アプリの運営者が設定を直す必要があります。
advice-sign-out-again = アプリに戻り、もう一度ログアウトしてください。
advice-smaller = お客様の操作に問題はありません。アプリが送信するリクエストを小さくする必要があります。
advice-reload = 前の画面に戻ってページを再読み込みし、フォームを送信し直してください。
advice-another-way = アプリに戻り、別のログイン方法を選んでください。
advice-wait-or-another-way = しばらくしてからもう一度試すか、別のログイン方法を選んでください。
advice-address = アドレスを確認してください。
advice-from-application = アプリからページを開いてください。
advice-retry = データは失われていません。しばらくしてからもう一度お試しください。
advice-start = アドレスを確認するか、最初のページに移動してください。
advice-start-over = ログインを最初からやり直すか、アプリに戻ってください。
advice-ways = 別の方法でログインするか、前の画面に戻ってください。
way-start = 最初のページへ
way-start-over = 最初からやり直す
way-other-sign-in = 別のログイン方法を選ぶ

## Recovery of a password

recovery-forgot = パスワードをお忘れですか？
recovery-title = 新しいパスワードの設定
recovery-ask = ログインに使うものを入力してください。該当するアカウントがあれば、そのメールアドレスにコードを送ります。
recovery-send = コードを送る
recovery-sent = { $account } のアカウントがあれば、そのメールアドレスにコードを送りました。10 分以内に 1 回だけ使えます。
recovery-for = { $account }
recovery-code = メールに書かれたコード
recovery-wrong = このコードまたはリンクは無効です。確認するか、新しいものを送ってください。
recovery-again = 届きませんか？迷惑メールフォルダーを確認するか、新しいコードを送ってください。最新のコードだけが使えます。
recovery-send-again = 新しいコードを送る
recovery-too-many = コードの依頼が多すぎます。{ $time }後にもう一度お試しください。
new-password = 新しいパスワード
new-password-hint = { $count } 文字以上。いくつかの単語をつなげると、長くて覚えやすくなります。
new-password-save = パスワードを保存する
password-too-short = パスワードが短すぎます。
password-unusable = パスワードが長すぎるか、使えない文字が含まれています。
password-known = よく使われるパスワードか、流出したパスワードです。別のものを選んでください。
password-context = 名前、アドレス、またはこのサービスの名前とほとんど同じです。別のものを選んでください。
password-predictable = 推測されやすいパスワードです。関連のない単語を足してください。
back-to-sign-in = ログインに戻る
password-changed = パスワードを変更しました
password-changed-more = すべての場所でログアウトしました。アプリケーションに戻り、新しいパスワードでログインしてください。

## Mail

mail-recovery-subject = 新しいパスワードの設定
mail-recovery = { $service } のアカウントに新しいパスワードを設定する依頼がありました。ご本人の場合は、依頼したページに次のコードを入力してください。
mail-recovery-way = または、次のリンクを使ってください。コードとリンクは 10 分以内に 1 回だけ使えます。
mail-recovery-button = 新しいパスワードを設定する
mail-recovery-closing = お心当たりがない場合は、何もする必要はありません。パスワードは変更されていません。コードとリンクは決して他人に教えないでください。
mail-password-changed = パスワードが変更されました
mail-password-changed-opening = { $service } のアカウントのパスワードが変更されました。このアカウントのほかのログインはすべて終了しました。
mail-password-changed-closing = お心当たりがない場合は、ログインページの「パスワードをお忘れですか？」からすぐに新しいパスワードを設定し、運営者に知らせてください。
mail-footer = このメールは { $service } から { $address } に自動送信されました。

## The front page of a laptop

start-title = Postern は動作中です
start-more = アプリに次のいずれかの発行者を設定してください。
start-discovery = ディスカバリードキュメント
start-demo = デモは含まれていません。表示するには、{ $option } を付けずに { $command } を起動してください。
