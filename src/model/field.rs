//! How a record tells its fields: one declaration of a noun gives its struct, its columns, its
//! JSON, its OpenAPI schema, its import columns, its filters and its differences.
//! Deliberately no I/O and no JSON parser here; `bodies` and `adapters/exchange` read this table.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::noun::Noun;
use crate::base::{ClockTime, Date, Decimal, Time, Unit, Value, limits};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// An exact number with up to four places.
    Dec,
    /// One line of text of at most so many characters.
    Line(usize),
    /// A text with line breaks of at most so many characters.
    Note(usize),
    /// A moment.
    Time,
    /// A day.
    Date,
    /// A time of day.
    Clock,
    /// A reference to a record of this noun.
    Ref(Noun),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of one kind.
    List(&'static Kind),
    /// Named fields.
    Object(&'static [FieldSpec]),
}

/// Who may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The client, when creating and when changing.
    Given,
    /// The client, when creating only.
    Once,
    /// The plant alone: it follows from commands.
    Made,
}

/// How a field is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Only by reading.
    Plain,
    /// By an index: many records may share the value.
    By,
    /// By a unique index: a second record with the value is refused.
    Unique,
    /// It is the record's own id.
    Id,
    /// Only by reading, and kept apart from the record: what names a person can be erased.
    Personal,
}

/// One column.
#[derive(Debug, PartialEq)]
pub struct FieldSpec {
    /// The column's name, as in the seed.
    pub name: &'static str,
    /// What it means; empty where the name says it.
    pub doc: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// It may be truly absent.
    pub nullable: bool,
    /// An empty default means something (zero, false, the first word), so it need not be given.
    pub has_default: bool,
    /// Who may set it.
    pub access: Access,
    /// How it is found.
    pub mark: Mark,
}

impl FieldSpec {
    /// Why a figure that people maintain cannot be this: only what a sensor may read lies below
    /// zero, and percentages end at a hundred.
    pub fn range_fault(&self, value: &Value) -> Option<&'static str> {
        let signed = self.name.contains("_range_");
        match value {
            Value::Int(number) if *number < 0 && !signed => Some("must not be negative"),
            Value::Dec(number) if number.is_negative() && !signed => Some("must not be negative"),
            Value::Dec(number) if self.name.ends_with("_percentage") && Decimal::whole(100).is_some_and(|most| *number > most) => Some("must be at most 100"),
            _ => None,
        }
    }

    /// Must be given when the record is created.
    pub fn required(&self) -> bool {
        self.access != Access::Made && !self.nullable && !self.has_default
    }
}

/// A value that a field cannot take: the sentence says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault(pub String);

/// A Rust type that can be a column.
pub trait Field: Sized {
    /// What it holds.
    const KIND: Kind;
    /// May be absent.
    const NULLABLE: bool = false;
    /// Its default means something.
    const HAS_DEFAULT: bool = true;
    /// Out.
    fn to_value(&self) -> Value;
    /// In.
    fn from_value(value: Value) -> Result<Self, FieldFault>;
}

fn wrong<T>(wanted: &str) -> Result<T, FieldFault> {
    Err(FieldFault(format!("must be {wanted}")))
}

macro_rules! plain_field {
    ($ty:ty, $variant:ident, $kind:expr, $default:literal, $wanted:literal) => {
        impl Field for $ty {
            const KIND: Kind = $kind;
            const HAS_DEFAULT: bool = $default;
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
            fn from_value(value: Value) -> Result<Self, FieldFault> {
                if let Value::$variant(inner) = value { Ok(inner) } else { wrong($wanted) }
            }
        }
    };
}

plain_field!(bool, Bool, Kind::Bool, true, "true or false");
plain_field!(i64, Int, Kind::Int, true, "a whole number");
plain_field!(Decimal, Dec, Kind::Dec, true, "a number");
plain_field!(String, Text, Kind::Line(limits::TEXT_MAX), false, "a text");
plain_field!(Time, Time, Kind::Time, false, "a time");
plain_field!(Date, Date, Kind::Date, false, "a date");
plain_field!(ClockTime, Clock, Kind::Clock, false, "a time of day");

/// A longer text with line breaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Note(pub String);

impl Field for Note {
    const KIND: Kind = Kind::Note(limits::NOTE_MAX);
    const HAS_DEFAULT: bool = false;
    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }
    fn from_value(value: Value) -> Result<Self, FieldFault> {
        if let Value::Text(text) = value { Ok(Self(text)) } else { wrong("a text") }
    }
}

impl Field for Unit {
    const KIND: Kind = Kind::Word(Unit::WORDS);
    fn to_value(&self) -> Value {
        Value::Text(self.word().to_owned())
    }
    fn from_value(value: Value) -> Result<Self, FieldFault> {
        match value {
            Value::Text(text) => Self::from_word(&text).ok_or_else(|| FieldFault(format!("must be one of {}", Self::WORDS.join(", ")))),
            _ => wrong("a unit"),
        }
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
    fn from_value(value: Value) -> Result<Self, FieldFault> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: Field> Field for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
    fn from_value(value: Value) -> Result<Self, FieldFault> {
        if let Value::List(items) = value { items.into_iter().map(T::from_value).collect() } else { wrong("a list") }
    }
}

/// Anything with named fields: a record, a command's payload, a line of one.
pub trait Fields {
    /// The columns, in order.
    fn specs(&self) -> &'static [FieldSpec];
    /// One field's content.
    fn value(&self, at: usize) -> Value;
    /// Sets one field.
    fn set(&mut self, at: usize, value: Value) -> Result<(), FieldFault>;

    /// The content of a field by its name.
    fn by_name(&self, name: &str) -> Option<Value> {
        self.specs().iter().position(|spec| spec.name == name).map(|at| self.value(at))
    }

    /// All fields, in order.
    fn to_object(&self) -> Value {
        Value::Object(self.specs().iter().enumerate().map(|(at, spec)| (spec.name, self.value(at))).collect())
    }
}

/// A stored noun.
pub trait Record: Fields + Clone + Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which noun it is.
    const NOUN: Noun;
    /// Its columns.
    const FIELDS: &'static [FieldSpec];
    /// Its number; zero before the writer gave one.
    fn number(&self) -> u64;
    /// Gives it its number.
    fn set_number(&mut self, number: u64);
}

/// A record whose noun is known at run time only.
pub trait AnyRecord: Fields + Send + Sync + std::any::Any {
    /// Which noun it is.
    fn noun(&self) -> Noun;
    /// Its number.
    fn number(&self) -> u64;
    /// Gives it its number.
    fn set_number(&mut self, number: u64);
    /// For the rooms that know the type.
    fn as_any(&self) -> &dyn std::any::Any;
    /// For the rooms that know the type.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
    /// A record of its own with the same content.
    fn copied(&self) -> Box<dyn AnyRecord>;
    /// Whether the other is of the same noun with the same content.
    fn equals(&self, other: &dyn AnyRecord) -> bool;
}

impl<R: Record> AnyRecord for R {
    fn noun(&self) -> Noun {
        R::NOUN
    }
    fn number(&self) -> u64 {
        Record::number(self)
    }
    fn set_number(&mut self, number: u64) {
        Record::set_number(self, number);
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
    fn copied(&self) -> Box<dyn AnyRecord> {
        Box::new(self.clone())
    }
    fn equals(&self, other: &dyn AnyRecord) -> bool {
        other.as_any().downcast_ref::<R>() == Some(self)
    }
}

/// Declares named fields: `access mark name: type`.
#[macro_export]
macro_rules! fields {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $fdoc:literal])* $access:ident $mark:ident $field:ident: $ty:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[allow(missing_docs)]
        pub struct $name { $($(#[doc = $fdoc])* pub $field: $ty,)* }

        impl $name {
            /// The columns, in order.
            pub const FIELDS: &'static [$crate::model::field::FieldSpec] = &[$($crate::model::field::FieldSpec {
                name: stringify!($field),
                doc: concat!("", $($fdoc,)*),
                kind: <$ty as $crate::model::field::Field>::KIND,
                nullable: <$ty as $crate::model::field::Field>::NULLABLE,
                has_default: <$ty as $crate::model::field::Field>::HAS_DEFAULT,
                access: $crate::access_word!($access),
                mark: $crate::mark_word!($mark),
            },)*];
        }

        impl $crate::model::field::Fields for $name {
            fn specs(&self) -> &'static [$crate::model::field::FieldSpec] { Self::FIELDS }

            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn value(&self, at: usize) -> $crate::base::Value {
                let mut next = 0;
                $(if at == next { return $crate::model::field::Field::to_value(&self.$field); } next += 1;)*
                $crate::base::Value::Null
            }

            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn set(&mut self, at: usize, value: $crate::base::Value) -> Result<(), $crate::model::field::FieldFault> {
                let mut next = 0;
                $(if at == next { self.$field = $crate::model::field::Field::from_value(value)?; return Ok(()); } next += 1;)*
                Ok(())
            }
        }
    };
}

/// Declares a line inside a record: fields that are a field.
#[macro_export]
macro_rules! line {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $fdoc:literal])* $field:ident: $ty:ty,)* }) => {
        $crate::fields! { $(#[doc = $doc])* $name { $($(#[doc = $fdoc])* given plain $field: $ty,)* } }

        impl $crate::model::field::Field for $name {
            const KIND: $crate::model::field::Kind = $crate::model::field::Kind::Object($name::FIELDS);
            const HAS_DEFAULT: bool = false;
            fn to_value(&self) -> $crate::base::Value { $crate::model::field::Fields::to_object(self) }
            fn from_value(value: $crate::base::Value) -> Result<Self, $crate::model::field::FieldFault> {
                let $crate::base::Value::Object(fields) = value else { return Err($crate::model::field::FieldFault("must be an object".to_owned())) };
                let mut made = Self::default();
                for (name, value) in fields {
                    let at = Self::FIELDS.iter().position(|spec| spec.name == name);
                    let at = at.ok_or_else(|| $crate::model::field::FieldFault(format!("has no field {name}")))?;
                    $crate::model::field::Fields::set(&mut made, at, value)?;
                }
                Ok(made)
            }
        }
    };
}

/// Declares a stored noun; the first field is its id.
#[macro_export]
macro_rules! record {
    ($(#[doc = $doc:literal])* $name:ident { $id:ident, $($(#[doc = $fdoc:literal])* $access:ident $mark:ident $field:ident: $ty:ty,)* }) => {
        $crate::fields! { $(#[doc = $doc])* $name { made id $id: $crate::model::ids::Id<$name>, $($(#[doc = $fdoc])* $access $mark $field: $ty,)* } }

        impl $crate::model::field::Record for $name {
            const NOUN: $crate::model::noun::Noun = $crate::model::noun::Noun::$name;
            const FIELDS: &'static [$crate::model::field::FieldSpec] = $name::FIELDS;
            fn number(&self) -> u64 { self.$id.number() }
            fn set_number(&mut self, number: u64) { self.$id = $crate::model::ids::Id::new(number); }
        }
    };
}

/// Declares an enumeration with the words of the seed. Stored by position: append only.
#[macro_export]
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $first:ident = $first_word:literal, $($variant:ident = $word:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[allow(missing_docs)]
        pub enum $name { #[default] $first, $($variant,)* }

        impl $name {
            /// All, in stored order.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$variant,)*];
            /// Their words.
            pub const WORDS: &'static [&'static str] = &[$first_word, $($word,)*];
            /// The word.
            pub const fn word(self) -> &'static str { match self { Self::$first => $first_word, $(Self::$variant => $word,)* } }
            /// Reads a word.
            pub fn from_word(word: &str) -> Option<Self> { Self::ALL.iter().copied().find(|known| known.word() == word) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }

        impl $crate::model::field::Field for $name {
            const KIND: $crate::model::field::Kind = $crate::model::field::Kind::Word(Self::WORDS);
            fn to_value(&self) -> $crate::base::Value { $crate::base::Value::Text(self.word().to_owned()) }
            fn from_value(value: $crate::base::Value) -> Result<Self, $crate::model::field::FieldFault> {
                match &value {
                    $crate::base::Value::Text(text) => Self::from_word(text),
                    _ => None,
                }
                .ok_or_else(|| $crate::model::field::FieldFault(format!("must be one of {}", Self::WORDS.join(", "))))
            }
        }
    };
}

/// Translates the access word of a declaration.
#[macro_export]
macro_rules! access_word {
    (given) => {
        $crate::model::field::Access::Given
    };
    (once) => {
        $crate::model::field::Access::Once
    };
    (made) => {
        $crate::model::field::Access::Made
    };
}

/// Translates the mark word of a declaration.
#[macro_export]
macro_rules! mark_word {
    (plain) => {
        $crate::model::field::Mark::Plain
    };
    (by) => {
        $crate::model::field::Mark::By
    };
    (unique) => {
        $crate::model::field::Mark::Unique
    };
    (id) => {
        $crate::model::field::Mark::Id
    };
    (personal) => {
        $crate::model::field::Mark::Personal
    };
}
