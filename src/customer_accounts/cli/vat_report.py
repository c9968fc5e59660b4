"""Decisions as the tool prints them: for people in three languages, for programs as JSON."""

import json
from collections.abc import Iterator, Sequence

from customer_accounts.vat import NumberAdvice, OrderDecision, VatDecision, invoice_lines
from customer_accounts.vat.wording import wording


def disclaimer(lang: str) -> str:
    """Give the sentence that this is no tax advice."""
    return wording("tool", "no_advice", lang)


def decision_data(decision: VatDecision, lang: str, advice: NumberAdvice | None = None) -> dict[str, object]:
    """Give everything about a decision as plain data, with its texts in one language.

    Args:
        decision: the decision.
        lang: the language.
        advice: about a number that could not be read, or not trusted.
    """
    reclaim = decision.reclaim
    return {
        "rule": decision.rule,
        "treatment": decision.treatment.value,
        "provisional": decision.provisional,
        "manual_review": decision.manual_review,
        "number_problem": None if advice is None else advice.code.value,
        "rate": None if decision.rate is None else str(decision.rate),
        "charging_state": decision.charging_state,
        "legal_basis": decision.legal_basis,
        "en16931_category": decision.en16931_category,
        "vatex_code": decision.vatex_code,
        "invoice_lines": list(_invoice(decision, lang)),
        "warnings": dict(zip(decision.warnings, decision.warning_texts(lang), strict=True)),
        "reclaim": {
            "kind": reclaim.kind.value,
            "portal": reclaim.portal,
            "deadline": None if reclaim.deadline is None else reclaim.deadline.isoformat(),
            "text": reclaim.text(lang),
        },
        "reasons": list(decision.explain(lang)),
        "record": json.loads(decision.to_json()),
        "disclaimer": disclaimer(lang),
    }


def decision_lines(decision: VatDecision, lang: str, advice: NumberAdvice | None = None) -> Iterator[str]:
    """Give a decision as lines for people.

    Args:
        decision: the decision.
        lang: the language.
        advice: about a number that could not be read, or not trusted.
    """
    if advice is not None:
        yield _line("number", advice.text(lang), lang)
    yield _line("rule", f"{decision.rule} ({wording('rule', decision.rule, lang)})", lang)
    yield from decision.result_texts(lang)
    if decision.en16931_category:
        codes = filter(None, (decision.en16931_category, decision.vatex_code))
        yield _line("category", ", ".join(codes), lang)
    yield from (_line("invoice", line, lang) for line in _invoice(decision, lang))
    yield from remark_lines(decision, lang)


def order_lines(decisions: Sequence[VatDecision], lang: str) -> Iterator[list[str]]:
    """Give the reasons of each decision; those of several lines have a heading each."""
    for number, decision in enumerate(decisions, start=1):
        heading = [wording("tool", "order_line", lang, number=str(number))] if len(decisions) > 1 else []
        yield [*heading, *reason_lines(decision, lang)]


def reason_lines(decision: VatDecision, lang: str) -> Iterator[str]:
    """Give the reasons of a decision as numbered lines, with what it was made from."""
    for number, reason in enumerate(decision.explain(lang), start=1):
        yield f"{number}. {reason}"
    yield from remark_lines(decision, lang)
    yield _line("data", decision.outcome.data_version, lang)


def remark_lines(decision: VatDecision, lang: str) -> Iterator[str]:
    """Give the warnings and the way to have VAT back as lines."""
    yield from (_line("warning", text, lang) for text in decision.warning_texts(lang))
    if decision.manual_review:
        yield wording("tool", "review", lang)
    yield _line("reclaim", decision.reclaim.text(lang), lang)


def stored_decisions(text: str) -> tuple[VatDecision, ...]:
    """Read the record of a decision, or of an order with several, or what ``decide --json`` printed around one.

    Raises:
        DataError: it is none.
    """
    text = _record_in(text)
    if text.lstrip().startswith("["):
        return OrderDecision.from_json(text).lines
    return (VatDecision.from_json(text),)


def _record_in(text: str) -> str:
    try:
        printed = json.loads(text)
    except ValueError:
        return text
    return json.dumps(printed["record"]) if isinstance(printed, dict) and "record" in printed else text


def _invoice(decision: VatDecision, lang: str) -> tuple[str, ...]:
    missing = decision.needs_both_numbers and not decision.outcome.seller_number
    if not missing:
        return invoice_lines(decision, lang)
    told = wording("tool", "seller_number_missing", lang, state=decision.dispatch_state)
    return (*decision.invoice_notes(lang), f"({told})")


def _line(name: str, text: str, lang: str) -> str:
    return wording("tool", "line", lang, label=wording("tool", name, lang), text=text)
