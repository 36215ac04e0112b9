//! Codes of an authenticator application (RFC 6238).

use aws_lc_rs::hmac;
use protocol::syntax::encoding::encode_uri_component;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use zeroize::Zeroizing;

use super::base32;

/// The secret that a user's authenticator application shares with the server, and how codes are made of it.
pub struct Totp {
    secret: Zeroizing<Vec<u8>>,
    algorithm: TotpAlgorithm,
    digits: u32,
    period: u64,
}

/// The hash function of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpAlgorithm {
    /// What every application knows, and some take in any case.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The step of time of an accepted code. It is stored, and the next code must be of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotpStep(u64);

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TotpRefusal {
    /// It is not the code of now, of the step before or of the step after.
    #[error("the code is wrong")]
    Wrong,
    /// It, or one of a later step, was accepted before (RFC 6238 §5.2).
    #[error("the code was used already")]
    Replayed,
}

/// Why a secret from elsewhere cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the {0} of the authenticator cannot be used")]
pub struct TotpFault(&'static str);

/// Steps before and after now whose codes are accepted too: for clocks that differ, and for typing.
const WINDOW: u64 = 1;

impl Totp {
    /// A new secret of 20 random bytes (RFC 4226 §4 R6). Codes have six digits and change every 30 seconds.
    #[must_use]
    pub fn new(random: [u8; 20]) -> Self {
        Self { secret: Zeroizing::new(random.into()), algorithm: TotpAlgorithm::Sha1, digits: 6, period: 30 }
    }

    /// A secret from elsewhere, in base32.
    ///
    /// # Errors
    ///
    /// [`TotpFault`] names what cannot be used: a secret of other than 10 to 64 bytes, codes of other than 6 to 8 digits, or a
    /// period of other than 15 to 120 seconds.
    pub fn imported(secret: &str, algorithm: TotpAlgorithm, digits: u32, period: u64) -> Result<Self, TotpFault> {
        let secret = base32::decode(secret).filter(|secret| (10..=64).contains(&secret.len())).map(Zeroizing::new);
        let secret = secret.ok_or(TotpFault("secret"))?;
        if !(6..=8).contains(&digits) {
            return Err(TotpFault("number of digits"));
        }
        if !(15..=120).contains(&period) {
            return Err(TotpFault("period"));
        }
        Ok(Self { secret, algorithm, digits, period })
    }

    /// Reads what [`Totp::stored`] writes.
    ///
    /// # Errors
    ///
    /// [`TotpFault`].
    pub fn parse(stored: &Secret<String>) -> Result<Self, TotpFault> {
        let fields: Vec<&str> = stored.expose().split('$').collect();
        let [algorithm, digits, period, secret] = fields.try_into().map_err(|_| TotpFault("form"))?;
        let algorithm = TotpAlgorithm::named(algorithm).ok_or(TotpFault("algorithm"))?;
        let digits = digits.parse().map_err(|_| TotpFault("number of digits"))?;
        let period = period.parse().map_err(|_| TotpFault("period"))?;
        Self::imported(secret, algorithm, digits, period)
    }

    /// The text to store: encrypted, because the server needs the secret itself.
    #[must_use]
    pub fn stored(&self) -> Secret<String> {
        let Self { secret, algorithm, digits, period } = self;
        Secret::new(format!("{}${digits}${period}${}", algorithm.name(), base32::encode(secret)))
    }

    /// The secret in base32, for people who type it into their application.
    #[must_use]
    pub fn shown(&self) -> Secret<String> {
        Secret::new(base32::encode(&self.secret))
    }

    /// The address that a QR code has, with the names under which applications list the secret.
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        // A colon separates the two, whether it is encoded or not.
        let (issuer, account) = (encode_uri_component(&issuer.replace(':', " ")), encode_uri_component(account));
        let Self { secret, algorithm, digits, period } = self;
        let (secret, algorithm) = (base32::encode(secret), algorithm.name());
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={period}"
        ))
    }

    /// Accepts `code` if it is that of `now` or of the step before or after, and of a later step than the `last` that was accepted.
    ///
    /// The step that it returns has to be stored by a conditional write before the login goes on: a code is good once.
    ///
    /// # Errors
    ///
    /// [`TotpRefusal`].
    pub fn verify(&self, code: &str, now: Timestamp, last: Option<TotpStep>) -> Result<TotpStep, TotpRefusal> {
        let code: String = code.chars().filter(|typed| !typed.is_whitespace()).collect();
        let now = now.seconds() / self.period;
        // All steps are compared, so that the time does not tell which one was right.
        let mut accepted = 0;
        let mut found = Choice::from(0);
        for step in now.saturating_sub(WINDOW)..=now.saturating_add(WINDOW) {
            let same = self.code(step).as_bytes().ct_eq(code.as_bytes());
            accepted.conditional_assign(&step, same);
            found |= same;
        }
        let step = bool::from(found).then_some(TotpStep(accepted)).ok_or(TotpRefusal::Wrong)?;
        if last.is_none_or(|last| last < step) { Ok(step) } else { Err(TotpRefusal::Replayed) }
    }

    /// The code of `step` (RFC 4226 §5.3).
    fn code(&self, step: u64) -> Zeroizing<String> {
        let key = hmac::Key::new(self.algorithm.hmac(), &self.secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref().last().copied().unwrap_or_default() & 0xf);
        let bytes = tag.as_ref().iter().skip(offset).take(4);
        let number = bytes.fold(0u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        let width = self.digits as usize;
        Zeroizing::new(format!("{:0width$}", number % 10u32.pow(self.digits)))
    }
}

impl TotpAlgorithm {
    fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    const fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

impl TotpStep {
    /// The step with the `number` that was stored.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number, for the store.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(secret: &str, algorithm: TotpAlgorithm, digits: u32) -> Totp {
        Totp::imported(&base32::encode(secret.as_bytes()), algorithm, digits, 30).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_vectors_of_rfc_6238() {
        let digits = "1234567890".repeat(7);
        let table = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (seconds, sha1, sha256, sha512) in table {
            let cases = [
                (TotpAlgorithm::Sha1, 20, sha1),
                (TotpAlgorithm::Sha256, 32, sha256),
                (TotpAlgorithm::Sha512, 64, sha512),
            ];
            for (algorithm, length, code) in cases {
                let totp = imported(&digits[..length], algorithm, 8);
                assert_eq!(
                    totp.verify(code, at(seconds), None),
                    Ok(TotpStep(seconds / 30)),
                    "{algorithm:?} at {seconds}"
                );
            }
        }
    }

    #[test]
    fn sec_pwd_11_a_code_is_good_one_step_before_and_after_and_no_longer() {
        let totp = Totp::new(*b"12345678901234567890");
        // RFC 4226, appendix D: the codes of the counters from 0 on.
        let codes =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, code) in (0..).zip(codes) {
            for now in 0..12u64 {
                let expected = if now.abs_diff(counter) <= 1 { Ok(TotpStep(counter)) } else { Err(TotpRefusal::Wrong) };
                assert_eq!(totp.verify(code, at(30 * now), None), expected, "counter {counter} at {now}");
                assert_eq!(totp.verify(code, at(30 * now + 29), None), expected, "counter {counter} at {now}");
            }
        }
    }

    #[test]
    fn sec_pwd_11_a_code_is_accepted_once() {
        let totp = Totp::new(*b"12345678901234567890");
        let now = at(30 * 4);
        let step = totp.verify("338314", now, None).unwrap();
        assert_eq!(totp.verify("338314", now, Some(step)), Err(TotpRefusal::Replayed));
        assert_eq!(totp.verify("969429", now, Some(step)), Err(TotpRefusal::Replayed), "of the step before");
        assert_eq!(totp.verify("254676", now, Some(step)), Ok(TotpStep(5)), "of the step after");
        assert_eq!(TotpStep::new(step.number()), step);
    }

    #[test]
    fn a_code_may_be_typed_with_spaces_and_nothing_else() {
        let totp = Totp::new(*b"12345678901234567890");
        for code in ["338314", "338 314", " 338314 "] {
            assert_eq!(totp.verify(code, at(120), None), Ok(TotpStep(4)), "{code}");
        }
        for code in ["", "33831", "3383140", "-338314", "338314x", "३३८३१४", "0338314"] {
            assert_eq!(totp.verify(code, at(120), None), Err(TotpRefusal::Wrong), "{code}");
        }
    }

    #[test]
    fn a_secret_round_trips_and_a_malformed_one_is_named() {
        for totp in [Totp::new([7; 20]), imported("12345678901", TotpAlgorithm::Sha512, 8)] {
            let stored = totp.stored();
            assert_eq!(Totp::parse(&stored).unwrap().stored().expose(), stored.expose());
        }
        assert_eq!(Totp::new([7; 20]).stored().expose(), "SHA1$6$30$A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH");
        assert_eq!(Totp::new([7; 20]).shown().expose(), "A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH");
        let table = [
            ("", "form"),
            ("MD5$6$30$A4DQOBYHA4DQOBYH", "algorithm"),
            ("SHA1$5$30$A4DQOBYHA4DQOBYH", "number of digits"),
            ("SHA1$6$0$A4DQOBYHA4DQOBYH", "period"),
            ("SHA1$6$30$A4DQOBY", "secret"),
            ("SHA1$6$30$1", "secret"),
        ];
        for (stored, what) in table {
            assert_eq!(Totp::parse(&Secret::new(stored.into())).err(), Some(TotpFault(what)), "{stored}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account_and_escapes_them() {
        assert_eq!(
            Totp::new([7; 20]).uri("Acme: Zürich", "anna+x@example.com").expose(),
            "otpauth://totp/Acme%20%20Z%C3%BCrich:anna%2Bx%40example.com?secret=A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH\
             &issuer=Acme%20%20Z%C3%BCrich&algorithm=SHA1&digits=6&period=30"
        );
    }
}
