; What a Python file declares. See server/src/index/outline.rs for what each capture means.

(function_definition name: (identifier) @name body: (block) @body) @function
(class_definition name: (identifier) @name body: (block) @body) @class

; Constants by the convention of PEP 8.
((assignment left: (identifier) @name) @const
 (#match? @name "^_*[A-Z][A-Z0-9_]*$"))

; Docstrings (PEP 257).
(function_definition body: (block . (expression_statement . (string (string_content) @doc)))) @documented
(class_definition body: (block . (expression_statement . (string (string_content) @doc)))) @documented

; Decorators belong to what they decorate.
(decorated_definition definition: (_) @wrapped) @wrapper
