//! Origins that may read responses in a browser (CORS).

/// The allowed origins of a workspace or client: exact values, never patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Collects `origins`, without `null` and duplicates.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = origins.into_iter().filter(|origin| origin != "null").collect();
        all.sort();
        all.dedup();
        Self(all)
    }

    /// `origin`, if it is allowed, compared byte for byte. `null` never is.
    #[must_use]
    pub fn allowed(&self, origin: &str) -> Option<&str> {
        self.0.iter().find(|allowed| *allowed == origin).map(String::as_str)
    }

    /// The origins, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_cors_01_origins_match_exactly_and_null_never() {
        let allowed = AllowedOrigins::new(["https://app.example".into(), "null".into()]);
        assert_eq!(allowed.allowed("https://app.example"), Some("https://app.example"));
        for other in [
            "null",
            "https://app.example.evil.com",
            "https://evilapp.example",
            "http://app.example",
            "https://app.example:444",
            "https://APP.example",
            "https://app.example,https://evil",
            "",
        ] {
            assert_eq!(allowed.allowed(other), None, "{other}");
        }
    }

    #[test]
    fn origins_are_listed_once_and_in_order() {
        let allowed =
            AllowedOrigins::new(["https://b.example", "https://a.example", "https://b.example"].map(Into::into));
        assert_eq!(allowed.iter().collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    }
}
