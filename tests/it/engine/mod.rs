//! What the engine promises around the rules.
