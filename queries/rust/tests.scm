; What makes a Rust function a test: an attribute by one of these names, under any path (`tokio::test`, `test_log::test`).
((attribute_item (attribute [(identifier) @by (scoped_identifier name: (identifier) @by)])) @test
 (#any-of? @by "test" "rstest" "test_case" "case" "quickcheck" "wasm_bindgen_test" "sqlx_test" "proptest"))

; `#[cfg(test)]`, `#[cfg(all(test, …))]`: what follows is compiled for tests alone.
((attribute_item (attribute (identifier) @by arguments: (token_tree) @condition)) @test.scope
 (#eq? @by "cfg")
 (#match? @condition "\\btest\\b")
 (#not-match? @condition "\\bnot\\s*\\(\\s*test\\b"))
