; What a Rust file declares. See server/src/index/outline.rs for what each capture means.

(function_item name: (identifier) @name body: (block) @body) @function
(function_signature_item name: (identifier) @name) @function

(struct_item name: (type_identifier) @name body: (_)? @body) @struct
(union_item name: (type_identifier) @name body: (_) @body) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(trait_item name: (type_identifier) @name body: (_) @body) @trait
(mod_item name: (identifier) @name body: (_)? @body) @module
(const_item name: (identifier) @name) @const
(static_item name: (identifier) @name) @const

; An impl goes by the name of its type, without path and generics.
(impl_item type: (type_identifier) @name body: (_) @body) @impl
(impl_item type: (generic_type type: (type_identifier) @name) body: (_) @body) @impl
(impl_item type: (scoped_type_identifier name: (type_identifier) @name) body: (_) @body) @impl
(impl_item type: (generic_type type: (scoped_type_identifier name: (type_identifier) @name)) body: (_) @body) @impl
(impl_item type: (reference_type type: (type_identifier) @name) body: (_) @body) @impl
(impl_item type: (_) @name body: (_) @body) @impl

; What stands before an item and belongs to it.
(attribute_item) @lead
(line_comment outer: (_) doc: (doc_comment) @doc) @lead
(block_comment outer: (_) doc: (doc_comment) @doc) @lead
(line_comment) @aside
(block_comment) @aside
