# Arabic, Modern Standard. It has six plural categories; numbers from 11 on take the singular accusative.

## Every page

continue = متابعة
or = أو
back-to = العودة إلى { $client }
signed-in-as = تم تسجيل الدخول باسم { $user }.
language = اللغة: { $language }
footer-terms = الشروط
footer-privacy = الخصوصية
footer-help = المساعدة
not-you = لست أنت؟
trace = للدعم الفني

## Sign in

sign-in = تسجيل الدخول
sign-in-to = للمتابعة إلى { $client }
sign-in-to-device = لربط جهازك
sign-in-failed = الاسم وكلمة المرور غير متطابقين. تحقق منهما ثم أعد المحاولة.
sign-in-failed-email = البريد الإلكتروني وكلمة المرور غير متطابقين. تحقق منهما ثم أعد المحاولة.
sign-in-username = الاسم
sign-in-password = كلمة المرور
sign-in-email = البريد الإلكتروني
sign-in-email-or-username = البريد الإلكتروني أو الاسم
show-password = إظهار كلمة المرور
sign-in-too-many = { $unit ->
    [second] { $count ->
        [one] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد ثانية واحدة.
        [two] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد ثانيتين.
        [few] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } ثوانٍ.
       *[other] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } ثانية.
    }
    [minute] { $count ->
        [one] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد دقيقة واحدة.
        [two] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد دقيقتين.
        [few] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } دقائق.
       *[other] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } دقيقة.
    }
    [hour] { $count ->
        [one] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد ساعة واحدة.
        [two] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد ساعتين.
        [few] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } ساعات.
       *[other] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } ساعة.
    }
   *[day] { $count ->
        [one] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد يوم واحد.
        [two] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد يومين.
        [few] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } أيام.
       *[other] أُدخلت كلمات مرور خاطئة كثيرة. أعد المحاولة بعد { $count } يومًا.
    }
}
sandbox-hint = هذه بيئة تجريبية. سجّل الدخول باسم { $username } وكلمة المرور { $password }.
continue-with = المتابعة باستخدام { $provider }
sign-in-identifier = البريد الإلكتروني أو الاسم
sign-in-no-source = لا يمكن تسجيل الدخول هنا بهذا العنوان. تحقق منه أو عد إلى التطبيق.
sign-in-leading = يجري نقلك الآن. إذا لم يحدث شيء، فتابع بنفسك.
used-last = آخر استخدام

## Choice of an account

choose-account = اختيار حساب
continue-as = المتابعة باسم { $user }
another-account = استخدام حساب آخر

## Consent

consent-title = هل تسمح لتطبيق { $client }؟
consent-asks = يطلب التطبيق الإذن بما يلي:
consent-nothing = لا يطلب التطبيق سوى تأكيد تسجيل الدخول هذا.
consent-allow = السماح
consent-deny = الرفض
consent-application = التطبيق
consent-destination = سيتم نقلك إلى
consent-api = الوصول إلى
consent-lifetime = مدة الوصول
consent-known = مسموح به من قبل
consent-sensitive = فكّر جيدًا
consent-required = دائمًا
consent-publisher = الناشر
client-policy = سياسة الخصوصية لدى { $client }
client-terms = شروط { $client }
consent-unassured = يعمل هذا التطبيق على جهازك. تابِع فقط إذا كنت قد شغّلته بنفسك الآن.

## Claims that an application asks for one by one

claim-name = الاطلاع على اسمك الكامل
claim-given_name = الاطلاع على اسمك الأول
claim-family_name = الاطلاع على اسم عائلتك
claim-middle_name = الاطلاع على اسمك الأوسط
claim-nickname = الاطلاع على لقبك
claim-preferred_username = الاطلاع على اسم المستخدم
claim-profile = الاطلاع على عنوان صفحة ملفك الشخصي
claim-picture = الاطلاع على صورتك
claim-website = الاطلاع على موقعك الإلكتروني
claim-gender = الاطلاع على جنسك
claim-birthdate = الاطلاع على تاريخ ميلادك
claim-zoneinfo = الاطلاع على منطقتك الزمنية
claim-locale = الاطلاع على لغتك
claim-updated_at = معرفة وقت آخر تعديل لبياناتك
claim-email = الاطلاع على عنوان بريدك الإلكتروني
claim-email_verified = معرفة ما إذا كان عنوان بريدك الإلكتروني مؤكدًا
claim-phone_number = الاطلاع على رقم هاتفك
claim-phone_number_verified = معرفة ما إذا كان رقم هاتفك مؤكدًا
claim-address = الاطلاع على عنوانك البريدي

## Devices

device-title = ربط جهاز
device-enter = أدخل الرمز الظاهر على جهازك.
device-code = الرمز
device-caution = تابِع فقط إذا كنت قد بدأت هذه العملية على جهاز تملكه. لا تُدخل أبدًا رمزًا أرسله إليك شخص آخر.
device-unknown-code = لا يوجد جهاز ينتظر هذا الرمز. تحقق منه أو اعرض رمزًا جديدًا على الجهاز: الرمز صالح لمرة واحدة ولبضع دقائق فقط.
device-not-signed-in = لم يتم تسجيل الدخول. أدخل الرمز مرة أخرى لإعادة المحاولة.
device-too-many = { $unit ->
    [second] { $count ->
        [one] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد ثانية واحدة.
        [two] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد ثانيتين.
        [few] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } ثوانٍ.
       *[other] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } ثانية.
    }
    [minute] { $count ->
        [one] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد دقيقة واحدة.
        [two] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد دقيقتين.
        [few] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } دقائق.
       *[other] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } دقيقة.
    }
    [hour] { $count ->
        [one] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد ساعة واحدة.
        [two] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد ساعتين.
        [few] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } ساعات.
       *[other] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } ساعة.
    }
   *[day] { $count ->
        [one] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد يوم واحد.
        [two] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد يومين.
        [few] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } أيام.
       *[other] أُدخلت رموز خاطئة كثيرة. أعد المحاولة بعد { $count } يومًا.
    }
}
device-consent-title = هل تريد ربط { $client }؟
device-acts-for-you = سيتصرف الجهاز نيابةً عنك.
device-check-code = هل يعرض جهازك هذا الرمز؟
device-warning = هل بدأت هذه العملية بنفسك؟ إذا أرسل إليك شخص آخر الرمز أو الرابط، فاختر «الرفض»، وإلا فسيتمكن من الدخول إلى حسابك.
device-asked = وقت الطلب
device-asked-ago = { $unit ->
    [second] { $count ->
        [one] قبل ثانية واحدة
        [two] قبل ثانيتين
        [few] قبل { $count } ثوانٍ
       *[other] قبل { $count } ثانية
    }
    [minute] { $count ->
        [one] قبل دقيقة واحدة
        [two] قبل دقيقتين
        [few] قبل { $count } دقائق
       *[other] قبل { $count } دقيقة
    }
    [hour] { $count ->
        [one] قبل ساعة واحدة
        [two] قبل ساعتين
        [few] قبل { $count } ساعات
       *[other] قبل { $count } ساعة
    }
   *[day] { $count ->
        [one] قبل يوم واحد
        [two] قبل يومين
        [few] قبل { $count } أيام
       *[other] قبل { $count } يومًا
    }
}
device-address = من
device-address-unknown = عنوان غير معروف
device-network-same = الشبكة التي تستخدمها الآن
device-network-other = شبكة أخرى غير التي تستخدمها الآن
device-name = الجهاز
device-name-unknown = غير مذكور
device-allowed = تم ربط جهازك
device-allowed-more = يمكنك إغلاق هذه الصفحة والمتابعة على جهازك.
device-denied = تم الرفض
device-denied-more = لن يحصل الجهاز على شيء. يمكنك إغلاق هذه الصفحة.
device-not-allowed = غير مسموح
device-not-allowed-more = لا يُسمح لحسابك باستخدام هذا التطبيق. لن يحصل الجهاز على شيء. يمكنك إغلاق هذه الصفحة.
device-invalidated = لم يتم الربط
device-invalidated-more = لم يعد هذا الرمز صالحًا. اعرض رمزًا جديدًا على الجهاز.

duration = { $unit ->
    [second] { $count ->
        [one] ثانية واحدة
        [two] ثانيتان
        [few] { $count } ثوانٍ
       *[other] { $count } ثانية
    }
    [minute] { $count ->
        [one] دقيقة واحدة
        [two] دقيقتان
        [few] { $count } دقائق
       *[other] { $count } دقيقة
    }
    [hour] { $count ->
        [one] ساعة واحدة
        [two] ساعتان
        [few] { $count } ساعات
       *[other] { $count } ساعة
    }
   *[day] { $count ->
        [one] يوم واحد
        [two] يومان
        [few] { $count } أيام
       *[other] { $count } يومًا
    }
}

## The account page

account-title = حسابك
account-link = حسابك
account-profile = معلومات عنك
account-name = الاسم
account-username = اسم المستخدم
account-email = البريد الإلكتروني
account-phone = رقم الهاتف
account-ways = طرق تسجيل الدخول
account-set = تم التعيين
account-sessions = أين سجّلت الدخول
account-this-browser = هذا المتصفح
account-device = { $browser } على { $system }
account-device-unknown = جهاز غير معروف
account-signed-in = تسجيل الدخول
account-last-used = آخر استخدام
account-end = تسجيل الخروج هناك
account-end-others = تسجيل الخروج من كل مكان آخر
account-applications = تطبيقات لها صلاحية الوصول
account-applications-none = لا توجد تطبيقات لها صلاحية الوصول.
account-allowed = مسموح
account-withdraw = سحب الإذن
account-done-ended = تم تسجيل خروجك هناك.
account-done-others = تم تسجيل خروجك من كل مكان آخر.
account-done-withdrawn = لم يعد للتطبيق صلاحية الوصول. إذا استخدمته مرة أخرى فعليه أن يطلب إذنك من جديد.
account-done-again = لقد سجّلت الدخول من جديد. يمكنك الآن إجراء التغيير.
account-not-signed-in = لم تسجّل الدخول
account-not-signed-in-more = سجّل الدخول لرؤية حسابك.

## Sign out

sign-out = تسجيل الخروج
sign-out-title = هل تريد تسجيل الخروج؟
sign-out-asked = يطلب { $client } تسجيل خروجك. سيتم تسجيل خروجك هنا، وستُبلَّغ التطبيقات التي استخدمتها.
sign-out-consequence = سيتم تسجيل خروجك هنا، وستُبلَّغ التطبيقات التي استخدمتها.
sign-out-invalid = طلب أحد التطبيقات تسجيل خروجك، لكن طلبه غير صالح. يمكنك تسجيل الخروج هنا على أي حال، ولن تتم إعادتك إليه.
sign-out-stay = البقاء مسجّل الدخول
sign-out-failed = لم يكتمل تسجيل الخروج
sign-out-failed-more = لم يعد هذا المتصفح يتعرّف عليك، لكن الخدمة غير متاحة حاليًا، لذلك تعذّر إنهاء جلستك.
try-again = إعادة المحاولة
signed-out = تم تسجيل خروجك
signed-out-more = يمكنك إغلاق هذه الصفحة.
still-signed-in = ما زلت مسجّل الدخول
still-signed-in-more = لم يتم إنهاء أي شيء هنا. ربما أنهى التطبيق جلسته الخاصة.

## Back to the application

form-post-title = العودة إلى التطبيق
form-post-more = سينقلك متصفحك الآن إلى { $destination }. إذا لم يحدث شيء، فتابِع بنفسك.

## Errors: what happened

error-title = تعذّر إتمام العملية
error-title-not-found = غير موجود
error-title-unavailable = غير متاح
error-encoding = أحد المعاملات ليس نصًا صالحًا بترميز UTF-8.
error-repeated = أُرسل المعامل { $parameter } أكثر من مرة.
error-repeated-unknown = أُرسل أحد المعاملات أكثر من مرة.
error-missing-client-id = لا يتضمن الطلب client_id.
error-unknown-client = لا يوجد تطبيق مسجَّل بهذا client_id.
error-missing-redirect-uri = لا يتضمن الطلب redirect_uri، وللتطبيق عدة عناوين أو أنه يطلب openid.
error-unregistered-redirect-uri = عنوان redirect_uri { $uri } غير مسجَّل لهذا التطبيق.
error-unknown-request-uri = عنوان request_uri غير معروف أو منتهي الصلاحية أو مستخدَم من قبل أو يخص تطبيقًا آخر.
error-unregistered-post-logout-uri = عنوان post_logout_redirect_uri { $uri } غير مسجَّل لهذا التطبيق.
error-foreign-hint = قيمة id_token_hint ليست رمز هوية صادرًا من هنا لهذا التطبيق.
error-stale-logout = انتهت صلاحية صفحة تسجيل الخروج هذه أو أنها لم تُنشأ هنا.
error-too-large = الطلب كبير جدًا.
error-stale = انتهت صلاحية عملية تسجيل الدخول هذه أو أنها لم تبدأ هنا.
error-other-browser = بدأت عملية تسجيل الدخول هذه في متصفح آخر.
error-finished = اكتملت عملية تسجيل الدخول هذه من قبل.
error-cross-site = لم يُرسَل هذا النموذج من إحدى صفحات هذا الخادم.
error-not-a-form = يجب أن يتضمن طلب POST جميع معاملاته في محتواه على شكل نموذج.
error-incomplete-form = النموذج غير مكتمل.
error-unknown-source = طريقة تسجيل الدخول هذه غير متوفرة هنا.
error-foreign-answer = لا تخص هذه الاستجابة أي عملية تسجيل دخول بدأت في هذا المتصفح.
error-provider-denied = لم يتم تسجيل الدخول لدى المزوّد الآخر.
error-provider-refused = لم يؤكد المزوّد الآخر هويتك.
error-provider-unreachable = تعذّر الوصول إلى المزوّد الآخر.
error-not-found = هذه الصفحة غير موجودة.
error-method = لا يمكن فتح هذه الصفحة بهذه الطريقة.
error-unavailable = الخدمة غير متاحة حاليًا.

## Errors: what to do

advice-sign-in-again = عُد إلى التطبيق وسجّل الدخول منه مرة أخرى.
advice-operator = لم ترتكب أي خطأ. على القائمين على التطبيق تصحيح إعداداته.
advice-sign-out-again = عُد إلى التطبيق وسجّل الخروج منه مرة أخرى.
advice-smaller = لم ترتكب أي خطأ. على التطبيق إرسال طلب أصغر.
advice-reload = ارجع إلى الخلف وأعد تحميل الصفحة ثم أرسل النموذج منها.
advice-another-way = عُد إلى التطبيق واختر طريقة أخرى لتسجيل الدخول.
advice-wait-or-another-way = أعد المحاولة بعد قليل أو اختر طريقة أخرى لتسجيل الدخول.
advice-address = تحقق من العنوان.
advice-from-application = افتح الصفحة من التطبيق.
advice-retry = لم تفقد أي شيء. أعد المحاولة بعد قليل.
advice-start = تحقق من العنوان أو انتقل إلى صفحة البداية.
advice-start-over = ابدأ تسجيل الدخول من جديد أو عُد إلى التطبيق.
advice-ways = يمكنك تسجيل الدخول بطريقة أخرى أو الرجوع.
way-start = إلى صفحة البداية
way-start-over = البدء من جديد
way-other-sign-in = اختيار طريقة أخرى لتسجيل الدخول

## Recovery of a password

recovery-forgot = هل نسيت كلمة المرور؟
recovery-title = تعيين كلمة مرور جديدة
recovery-ask = أدخل ما تسجّل الدخول به. إذا كان هذا الحساب موجودًا، فسيُرسل رمز إلى بريده الإلكتروني.
recovery-send = إرسال الرمز
recovery-sent = إذا كان هناك حساب لـ { $account }، فالرمز في طريقه إلى بريده الإلكتروني. يعمل مرة واحدة خلال 10 دقائق.
recovery-for = لـ { $account }
recovery-code = الرمز الوارد في الرسالة
recovery-wrong = هذا الرمز أو الرابط غير صالح، أو لم يعد صالحًا. تحقق منه أو اطلب إرسال واحد جديد.
recovery-again = ألم يصل شيء؟ ابحث في مجلد الرسائل غير المرغوب فيها، أو اطلب إرسال رمز جديد. الأحدث فقط هو الذي يعمل.
recovery-send-again = إرسال رمز جديد
recovery-too-many = طُلبت رموز كثيرة جدًا. حاول مرة أخرى بعد { $time }.
new-password = كلمة المرور الجديدة
new-password-hint = { $count } حرفًا على الأقل. عدة كلمات تكون طويلة وسهلة التذكر.
new-password-save = حفظ كلمة المرور
password-too-short = كلمة المرور قصيرة جدًا.
password-unusable = كلمة المرور طويلة جدًا، أو فيها حرف لا يمكن أن يكون في كلمة مرور.
password-known = كلمة المرور هذه شائعة، أو نُشرت في تسريب. اختر غيرها.
password-context = كلمة المرور لا تكاد تزيد على اسمك أو عنوانك أو اسم هذه الخدمة. اختر غيرها.
password-predictable = يسهل تخمين كلمة المرور. أضف كلمات لا علاقة بينها.
back-to-sign-in = العودة إلى تسجيل الدخول
password-changed = تم تغيير كلمة مرورك
password-changed-more = سُجّل خروجك من كل مكان. عد إلى التطبيق وسجّل الدخول بكلمة المرور الجديدة.

## Mail

mail-recovery-subject = تعيين كلمة مرور جديدة
mail-recovery = يريد شخص ما تعيين كلمة مرور جديدة لحسابك في { $service }. إذا كنت أنت، فأدخل هذا الرمز في الصفحة التي طلبته منها:
mail-recovery-way = أو استخدم هذا الرابط بدلًا من ذلك. يعمل الرمز والرابط مرة واحدة خلال 10 دقائق.
mail-recovery-button = تعيين كلمة مرور جديدة
mail-recovery-closing = إذا لم تكن أنت، فلا داعي لفعل أي شيء: كلمة مرورك لم تتغير. لا تعطِ الرمز أو الرابط لأي أحد.
mail-password-changed = تم تغيير كلمة مرورك
mail-password-changed-opening = تم للتو تغيير كلمة مرور حسابك في { $service }. وأُنهيت كل عمليات تسجيل الدخول الأخرى إلى هذا الحساب.
mail-password-changed-closing = إذا لم تكن أنت، فعيّن كلمة مرور جديدة فورًا: اختر «هل نسيت كلمة المرور؟» عند تسجيل الدخول، وأبلغ المشغّل.
mail-footer = أرسل { $service } هذه الرسالة تلقائيًا إلى { $address }.

## The front page of a laptop

start-title = ‏Postern يعمل
start-more = وجِّه أحد التطبيقات إلى أحد هذه المُصدِرين:
start-discovery = وثيقة الاكتشاف
start-demo = النسخة التجريبية ليست ضمنها. لعرضها، شغّل { $command } بدون { $option }.
