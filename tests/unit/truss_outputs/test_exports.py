import subprocess
import sys

import truss_outputs

STORE_IN_A_FOLDER = """
import sys, truss_outputs
store = truss_outputs.from_url("file://" + sys.argv[1])
truss_outputs.OutputWriter(store).write({"a": b"x"}, "request")
heavy = {"boto3", "botocore", "moto", "numpy", "fastapi", "starlette", "PIL", "truss"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_public_api_is_sorted_and_complete() -> None:
    classes = [name for name in truss_outputs.__all__ if name[0].isupper()]
    functions = [name for name in truss_outputs.__all__ if name[0].islower()]
    assert truss_outputs.__all__ == sorted(classes) + sorted(functions)


def test_no_other_name_is_there() -> None:
    assert not hasattr(truss_outputs, "nothing")


def test_all_that_is_public_is_described() -> None:
    for name in truss_outputs.__all__:
        assert getattr(truss_outputs, name).__doc__, name


def test_no_sdk_is_imported_that_is_not_used(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORE_IN_A_FOLDER, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
