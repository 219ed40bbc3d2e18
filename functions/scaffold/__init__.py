"""`learnflow new` and `learnflow remove`: all that a function is made of, written or taken away as one change.

From what is asked for (`spec`) comes what is written (`own_files`, from `templates`, and `shared_files`). `staging`
puts it beside a copy of the code, where it is laid out and asked for its contracts; `applying` makes it true, or none.
"""
