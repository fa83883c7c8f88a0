"""The option xai_fake in pytest's configuration."""

from __future__ import annotations

import pytest

USES_SETTINGS = """
def test_it(xai_server):
    settings = xai_server.settings
    assert (settings.unmatched, settings.seed) == ("error", 7)
    assert settings.image_formats == ("JPEG", "WEBP")
    assert settings.fixed_ids
"""
FORMS = {
    "a table": 'xai_fake = {unmatched = "error", seed = 7, image_formats = ["JPEG", "WEBP"],'
    " fixed_ids = true}",
    "a section": '[tool.pytest.ini_options.xai_fake]\nunmatched = "error"\nseed = 7\n'
    'image_formats = ["JPEG", "WEBP"]\nfixed_ids = true',
    "dotted keys": 'xai_fake.unmatched = "error"\nxai_fake.seed = 7\n'
    'xai_fake.image_formats = ["JPEG", "WEBP"]\nxai_fake.fixed_ids = true',
    "lines": "xai_fake = ['unmatched = \"error\"', 'seed = 7',"
    " 'image_formats = [\"JPEG\", \"WEBP\"]', 'fixed_ids = True']",
    "lines with TOML words": "xai_fake = ['unmatched = \"error\"', 'seed = 7',"
    " 'image_formats = [\"JPEG\", \"WEBP\"]', 'fixed_ids = true']",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_in_pyproject(run, form):
    run(USES_SETTINGS, ini=FORMS[form]).assert_outcomes(passed=1)


def test_lines_in_an_ini_file(run, pytester):
    pytester.makefile(
        ".ini",
        pytest="[pytest]\nxai_fake =\n    unmatched = 'error'\n    seed = 7\n"
        "    image_formats = ['JPEG', 'WEBP']\n    fixed_ids = True\n",
    )
    run(USES_SETTINGS).assert_outcomes(passed=1)


def test_a_table_in_an_ini_file(run, pytester):
    """The form of a TOML file, where everybody tries it."""
    pytester.makefile(".ini", pytest='[pytest]\nxai_fake = {unmatched = "error"}\n')
    result = run("def test_it(xai_server): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ['*which only a TOML file can contain. Write one setting per line: unmatched = "error"']
    )


def test_a_table_in_the_strict_section_of_pytest_9(run, pytester):
    if pytest.version_tuple < (9, 0):
        pytest.skip("pytest 9 added this section")
    pytester.makefile(".toml", pytest='[pytest]\nxai_fake = {unmatched = "error"}\n')
    result = run("def test_it(xai_server): pass")
    result.assert_outcomes(errors=1)
    assert """xai_fake: write xai_fake = ['unmatched = "error"'], or a""" in result.stdout.str()


def test_lines_in_the_strict_section_of_pytest_9(run, pytester):
    if pytest.version_tuple < (9, 0):
        pytest.skip("pytest 9 added this section")
    pytester.makefile(".toml", pytest="[pytest]\n" + FORMS["lines"])
    run(USES_SETTINGS).assert_outcomes(passed=1)


def test_a_wrong_setting_in_a_table(run):
    result = run("def test_it(xai_server): pass\n", ini="xai_fake = {unmatchd = 1}\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*configuration: *'unmatchd'; did you mean 'unmatched'?*"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("unmatchd = 1", "does not accept 'unmatchd'; did you mean 'unmatched'?"),
        ("seed = '7'", "seed must be an integer, not '7'"),
    ],
)
def test_a_wrong_ini_line(run, line, message):
    result = run("def test_it(xai_server): pass\n", ini=f'xai_fake = ["{line}"]\n')
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*xai_fake in pytest's configuration: *{message}*"])


@pytest.mark.parametrize("line", ["unmatched", "seed = many details"])
def test_an_invalid_ini_line(run, line):
    result = run("def test_it(xai_server): pass\n", ini=f"xai_fake = ['{line}']\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*xai_fake: '{line}'*"])


@pytest.mark.parametrize("line", ["api_key = 'our-own-key'", "port = 50999", "http_port = 50998"])
def test_options_of_a_single_server_cannot_be_set_for_all_tests(run, line):
    name = line.partition(" ")[0]
    result = run("def test_it(xai_server): pass", ini=f'xai_fake = ["{line}"]')
    result.assert_outcomes(errors=1)
    output = result.stdout.str() + result.stderr.str()
    assert f"{name} cannot be set for all tests" in output
    assert f"@pytest.mark.xai_fake({name}=...)" in output
    assert f"make_xai_server({name}=...)" in output
