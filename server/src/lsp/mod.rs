//! The door: the only room that knows editor types, URIs, UTF-16 and progress tokens.
