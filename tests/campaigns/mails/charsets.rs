//! The same complaint in many charsets: what a person reads, and the bytes that mean it.

/// How a mail may carry these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Every byte is ASCII: as it is.
    SevenBit,
    Any,
    /// Bytes that end lines stand inside characters: never as it is.
    Encoded,
}

/// A text in one charset.
#[derive(Clone, Copy, Debug)]
pub struct Phrase {
    pub charset: &'static str,
    pub text: &'static str,
    pub bytes: &'static [u8],
    pub carried: Carried,
}

pub const ALL: &[Phrase] = &[
    Phrase {
        charset: "us-ascii",
        text: "The street lamp is broken",
        bytes: b"The street lamp is broken",
        carried: Carried::SevenBit,
    },
    Phrase {
        charset: "utf-8",
        text: "Straßenlampe kaputt – bitte prüfen ✓ 🙂",
        bytes: b"Stra\xc3\x9fenlampe kaputt \xe2\x80\x93 bitte pr\xc3\xbcfen \xe2\x9c\x93 \xf0\x9f\x99\x82",
        carried: Carried::Any,
    },
    Phrase {
        charset: "iso-2022-jp",
        text: "街灯が壊れています",
        bytes: b"\x1b$B39Et$,2u$l$F$$$^$9\x1b(B",
        carried: Carried::SevenBit,
    },
    Phrase {
        charset: "koi8-r",
        text: "Не горит уличный фонарь",
        bytes: b"\xee\xc5 \xc7\xcf\xd2\xc9\xd4 \xd5\xcc\xc9\xde\xce\xd9\xca \xc6\xcf\xce\xc1\xd2\xd8",
        carried: Carried::Any,
    },
    Phrase {
        charset: "windows-1252",
        text: "L’éclairage coûte 12 € – “cassé”",
        bytes: b"L\x92\xe9clairage co\xfbte 12 \x80 \x96 \x93cass\xe9\x94",
        carried: Carried::Any,
    },
    Phrase {
        charset: "utf-16",
        text: "Ο φανοστάτης δεν ανάβει",
        bytes: b"\xff\xfe\x9f\x03 \x00\xc6\x03\xb1\x03\xbd\x03\xbf\x03\xc3\x03\xc4\x03\xac\x03\xc4\x03\xb7\x03\
                \xc2\x03 \x00\xb4\x03\xb5\x03\xbd\x03 \x00\xb1\x03\xbd\x03\xac\x03\xb2\x03\xb5\x03\xb9\x03",
        carried: Carried::Encoded,
    },
    Phrase {
        charset: "gb18030",
        text: "路灯坏了，请修理",
        bytes: b"\xc2\xb7\xb5\xc6\xbb\xb5\xc1\xcb\xa3\xac\xc7\xeb\xd0\xde\xc0\xed",
        carried: Carried::Any,
    },
    Phrase {
        charset: "iso-8859-15",
        text: "La farola está rota, 5 €",
        bytes: b"La farola est\xe1 rota, 5 \xa4",
        carried: Carried::Any,
    },
    Phrase {
        charset: "shift_jis",
        text: "信号が消えています",
        bytes: b"\x90M\x8d\x86\x82\xaa\x8f\xc1\x82\xa6\x82\xc4\x82\xa2\x82\xdc\x82\xb7",
        carried: Carried::Any,
    },
    Phrase {
        charset: "euc-kr",
        text: "가로등이 고장났어요",
        bytes: b"\xb0\xa1\xb7\xce\xb5\xee\xc0\xcc \xb0\xed\xc0\xe5\xb3\xb5\xbe\xee\xbf\xe4",
        carried: Carried::Any,
    },
    Phrase { charset: "big5", text: "路燈壞了", bytes: b"\xb8\xf4\xbfO\xc3a\xa4F", carried: Carried::Any },
    Phrase {
        charset: "windows-1251",
        text: "Вода не йде вже два дні",
        bytes: b"\xc2\xee\xe4\xe0 \xed\xe5 \xe9\xe4\xe5 \xe2\xe6\xe5 \xe4\xe2\xe0 \xe4\xed\xb3",
        carried: Carried::Any,
    },
    Phrase {
        charset: "iso-8859-2",
        text: "Nie świeci latarnia przy ulicy Żółtej",
        bytes: b"Nie \xb6wieci latarnia przy ulicy \xaf\xf3\xb3tej",
        carried: Carried::Any,
    },
    Phrase {
        charset: "windows-1256",
        text: "مصباح الشارع معطل",
        bytes: b"\xe3\xd5\xc8\xc7\xcd \xc7\xe1\xd4\xc7\xd1\xda \xe3\xda\xd8\xe1",
        carried: Carried::Any,
    },
];
