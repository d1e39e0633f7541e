; Test functions and methods by name (pytest's `python_functions`, unittest's loader): a test where it stands at the top
; of the file or in a test class.
((function_definition name: (identifier) @by) @test.named
 (#match? @by "^test"))

; Test classes: by name (pytest's `python_classes`), or by a base class called Test… or …TestCase.
((class_definition name: (identifier) @by) @test.scope
 (#match? @by "^Test"))
((class_definition superclasses: (argument_list [(identifier) @by (attribute attribute: (identifier) @by)])) @test.scope
 (#match? @by "^_?(Base)?Test|Test(Case|s|Base)?$"))
