"""One statement that carries several, for a binding that knows no transactions."""

from functions.runtime.ports import Migration, Sql
from functions.runtime.sql import as_one_statement, migration_block


def test_one_statement_stays_as_it_is() -> None:
    only = Sql("DELETE FROM a WHERE id = $1", ["x"])
    assert as_one_statement([only]) is only


def test_several_statements_become_one_whose_parameters_keep_their_values() -> None:
    first = Sql("INSERT INTO a VALUES ($1, $2)", ["a1", "a2"])
    second = Sql("UPDATE b SET x = $2 WHERE id = $1 AND y < $10", ["b1", *range(2, 11)])
    made = as_one_statement([first, second])
    assert made.text == (
        "WITH w0 AS (INSERT INTO a VALUES ($1, $2)), w1 AS (UPDATE b SET x = $4 WHERE id = $3 AND y < $12) SELECT 1"
    )
    assert list(made.params) == ["a1", "a2", "b1", *range(2, 11)]


def test_each_migration_runs_only_above_the_version_that_was_reached() -> None:
    block = migration_block([Migration("CREATE TABLE a (x int);"), Migration(" CREATE TABLE b (x int) ", "SELECT 2;")])
    first, second = (
        block.index("IF done < 1 THEN CREATE TABLE a (x int);"),
        block.index("IF done < 2 THEN CREATE TABLE b"),
    )
    assert block.index("pg_advisory_xact_lock") < first < second
    assert "CREATE TABLE b (x int); SELECT 2; INSERT" in block
    assert "VALUES (1); END IF;" in block and "VALUES (2); END IF;" in block
