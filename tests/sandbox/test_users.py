"""Users for sandboxes: one each, noted where nobody but the grader can take them."""

import os

import pytest

from kernelmark.errors import SandboxError
from kernelmark.sandbox import users


class TestReserve:
    def test_a_user_given_back_can_be_had_again(self, tmp_path, monkeypatch):
        """With one spare user, the second sandbox has to wait for the first to end, and says so."""
        monkeypatch.setattr(users, "SPARE_USERS", range(60600, 60601))
        held = users.reserve([tmp_path / "notes"])
        with pytest.raises(SandboxError, match="all 1 users for submissions are taken"):
            users.reserve([tmp_path / "notes"])
        held.close()
        assert users.reserve([tmp_path / "notes"]).user == 60600

    def test_a_place_that_others_can_write_is_not_used(self, tmp_path):
        """Whoever can write there could take all users; the message names the place and what it must be."""
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        with pytest.raises(SandboxError, match=r"open: it must be a folder that only the grader's user can write"):
            users.reserve([tmp_path / "open"])

    def test_a_link_in_its_place_is_not_followed(self, tmp_path):
        """A folder is made or found, never reached through a link."""
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SandboxError):
            users.reserve([tmp_path / "link"])
        assert os.listdir(tmp_path / "elsewhere") == []

    def test_no_submission_is_the_keeper(self):
        """What keeps a sandbox open has a user that is never given to a submission."""
        assert users.KEEPER not in users.SPARE_USERS
