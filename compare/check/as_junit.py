"""What was checked, as JUnit's XML: what continuous integration shows as tests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from xml.etree import ElementTree

from ..harmless import harmless
from .as_json import Fingerprint, fingerprint
from .trial import BROKEN, KEPT, Checked


def as_junit(
    name: str, checked: Sequence[Checked], known: Collection[Fingerprint] = (), ended: str = ""
) -> str:
    """Return it: a test for each experiment; what a baseline has is skipped, with its sentence."""
    suite = ElementTree.Element("testsuite", name=f"session-check {harmless(name)}")
    for each in checked:
        _add(suite, each, is_known=fingerprint(each) in known)
    if ended:
        case = ElementTree.SubElement(suite, "testcase", name="the whole run", classname="session")
        ElementTree.SubElement(case, "error", message=harmless(ended, keep=""))
    for count, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("tests", str(len(suite)))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: ElementTree.Element, each: Checked, *, is_known: bool) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", name=each.experiment.title, classname=f"session.{each.experiment.name}"
    )
    message = f"{each.word}. {each.sentence}"
    if each.verdict == KEPT:
        return
    if each.verdict == BROKEN and not is_known:
        demand = each.demand or each.experiment.demand
        found = ElementTree.SubElement(case, "failure", message=message, type=each.experiment.name)
        found.text = f"{demand}: {demand.asks} (CWE-{demand.cwe}, {demand.wstg})" if demand else ""
    elif each.strange:
        ElementTree.SubElement(case, "error", message=message)
    else:
        known = "Known: " if is_known else ""
        ElementTree.SubElement(case, "skipped", message=f"{known}{message}")
