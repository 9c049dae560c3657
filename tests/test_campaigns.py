"""What campaigns do before they begin."""

from __future__ import annotations

import campaign_real_applications
import pytest


def test_an_application_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing tried is nothing found: it would look like a campaign that is done."""
    with pytest.raises(SystemExit) as ended:
        campaign_real_applications.main(["wordpress", "no_such_thing"])
    assert ended.value.code == 2
    assert "no_such_thing" in capsys.readouterr().err
