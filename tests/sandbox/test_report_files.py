"""A report that could not be written is told before the work, and not after it."""

import os

import pytest

from bakong_sandbox.cli.report_files import ReportFiles
from bakong_sandbox.stack.errors import SetupError


def test_a_report_that_cannot_be_written_is_told_at_once(tmp_path):
    for place in (tmp_path / "no" / "report.html", tmp_path):
        with pytest.raises(SetupError, match="cannot be written"):
            ReportFiles(html=place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")
def test_the_images_user_is_told_at_once_of_a_folder_that_is_not_its_own(tmp_path):
    for mode in (0o755, 0o700):
        tmp_path.chmod(mode)
        os.seteuid(10001)
        try:
            with pytest.raises(SetupError, match="cannot be written: Permission denied"):
                ReportFiles(html=tmp_path / "report.html")
        finally:
            os.seteuid(0)


def test_the_try_leaves_nothing_and_keeps_what_is_there(tmp_path):
    old = tmp_path / "old.xml"
    old.write_text("last")
    ReportFiles(junit=old, html=tmp_path / "new.html")
    assert [path.name for path in tmp_path.iterdir()] == ["old.xml"]
    assert old.read_text() == "last"
