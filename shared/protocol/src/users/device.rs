//! The device of a session as its user recognizes it: which browser on which system.

use serde::{Deserialize, Serialize};

/// A browser, by its `User-Agent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Browser {
    /// Microsoft Edge.
    Edge,
    /// Opera.
    Opera,
    /// Samsung Internet.
    #[serde(rename = "Samsung Internet")]
    Samsung,
    /// Mozilla Firefox.
    Firefox,
    /// Google Chrome, or another Chromium.
    Chrome,
    /// Apple Safari.
    Safari,
    /// Any other, and those that later versions know.
    #[serde(other)]
    Other,
}

/// An operating system, by its `User-Agent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum System {
    /// An iPad.
    #[serde(rename = "iPadOS")]
    IpadOs,
    /// An iPhone.
    #[serde(rename = "iOS")]
    Ios,
    /// Android.
    Android,
    /// Windows.
    Windows,
    /// A Mac.
    #[serde(rename = "macOS")]
    MacOs,
    /// A Chromebook.
    ChromeOs,
    /// Linux.
    Linux,
    /// Any other, and those that later versions know.
    #[serde(other)]
    Other,
}

/// What a `User-Agent` says, and no more of it: names without versions identify nobody, and are what users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The browser.
    #[serde(rename = "b")]
    pub browser: Browser,
    /// The operating system.
    #[serde(rename = "o")]
    pub system: System,
}

/// Which part of a `User-Agent` means which browser. Most of them claim to be others as well, so the order matters.
const BROWSERS: [(&str, Browser); 11] = [
    ("Edg/", Browser::Edge),
    ("EdgA/", Browser::Edge),
    ("EdgiOS/", Browser::Edge),
    ("OPR/", Browser::Opera),
    ("OPT/", Browser::Opera),
    ("SamsungBrowser/", Browser::Samsung),
    ("Firefox/", Browser::Firefox),
    ("FxiOS/", Browser::Firefox),
    ("CriOS/", Browser::Chrome),
    ("Chrome/", Browser::Chrome),
    ("Safari/", Browser::Safari),
];

/// Which part of a `User-Agent` means which system. Phones name the system that theirs descends from as well.
const SYSTEMS: [(&str, System); 7] = [
    ("iPad", System::IpadOs),
    ("iPhone", System::Ios),
    ("Android", System::Android),
    ("Windows", System::Windows),
    ("Mac OS X", System::MacOs),
    ("CrOS", System::ChromeOs),
    ("Linux", System::Linux),
];

impl Device {
    /// The device of a browser with this `User-Agent`; `None` if neither browser nor system is recognized.
    #[must_use]
    pub fn of(user_agent: &str) -> Option<Self> {
        fn first<T: Copy>(known: &[(&str, T)], user_agent: &str) -> Option<T> {
            known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, meant)| *meant)
        }
        let (browser, system) = (first(&BROWSERS, user_agent), first(&SYSTEMS, user_agent));
        let known = browser.is_some() || system.is_some();
        known.then(|| Self { browser: browser.unwrap_or(Browser::Other), system: system.unwrap_or(System::Other) })
    }
}

impl Browser {
    /// Its name, which is the same in all languages; `None` for any other.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Edge => Some("Edge"),
            Self::Opera => Some("Opera"),
            Self::Samsung => Some("Samsung Internet"),
            Self::Firefox => Some("Firefox"),
            Self::Chrome => Some("Chrome"),
            Self::Safari => Some("Safari"),
            Self::Other => None,
        }
    }
}

impl System {
    /// Its name, which is the same in all languages; `None` for any other.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::IpadOs => Some("iPadOS"),
            Self::Ios => Some("iOS"),
            Self::Android => Some("Android"),
            Self::Windows => Some("Windows"),
            Self::MacOs => Some("macOS"),
            Self::ChromeOs => Some("ChromeOS"),
            Self::Linux => Some("Linux"),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_systems_are_recognized_although_they_name_each_other() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
        let table = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                &format!("{mac} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"),
                "Safari",
                "macOS",
            ),
            (&format!("{mac} Gecko/20100101 Firefox/132.0"), "Firefox", "macOS"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome",
                "iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/604.1",
                "Safari",
                "iPadOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0",
                "Opera",
                "Linux",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
                "ChromeOS",
            ),
        ];
        for (user_agent, browser, system) in table {
            let device = Device::of(user_agent).unwrap();
            assert_eq!((device.browser.name(), device.system.name()), (Some(browser), Some(system)), "{user_agent}");
            let stored = serde_json::to_string(&device).unwrap();
            assert_eq!(serde_json::from_str::<Device>(&stored).unwrap(), device, "{stored}");
        }
    }

    #[test]
    fn what_is_not_recognized_has_no_name_and_nothing_else_is_kept() {
        let partly = Device::of("curl/8.5 (Linux)").unwrap();
        assert_eq!((partly.browser.name(), partly.system.name()), (None, Some("Linux")));
        for nothing in ["", "curl/8.5", "alice@example.com"] {
            assert_eq!(Device::of(nothing), None, "{nothing:?}");
        }
        let later: Device = serde_json::from_str(r#"{"b":"Ladybird","o":"Haiku"}"#).unwrap();
        assert_eq!(later, Device { browser: Browser::Other, system: System::Other });
    }
}
