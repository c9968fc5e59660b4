"""The reasons of a decision in words that a support agent can read to a customer.

Rules: one sentence for each row that was looked at, in order, with every fact that counted; then the result
with its rate and law; the words come from ``data/texts.toml``, the facts from the explanation.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from customer_accounts.vat.explain import Step
from customer_accounts.vat.rates import RateSource
from customer_accounts.vat.wording import day_text, percent_text, wording


def rule_sentences(steps: Sequence[Step], names: Mapping[str, str], locale: str) -> Iterator[str]:
    """Give one sentence for each row that was looked at.

    Args:
        steps: conditions looked at.
        names: what the placeholders of the facts stand for (``origin``, ``destination``, ``issuer``,
            ``number``).
        locale: a language tag.
    """
    for _, group in groupby(steps, key=lambda step: step.key):
        looked_at = tuple(group)
        separator = wording("verdict", "separator", locale)
        facts = separator.join(
            wording(f"answer.{step.question}", step.answer, locale, **names) for step in looked_at
        )
        verdict = "applies" if looked_at[-1].holds else "does_not_apply"
        rule = looked_at[0].rule
        yield wording("verdict", verdict, locale, rule=rule, title=wording("rule", rule, locale), facts=facts)


def result_sentence(treatment: str, rate: str, law: str, locale: str) -> str:
    """Give the sentence with the result."""
    named = wording("treatment", treatment, locale)
    return wording("verdict", "result", locale, treatment=named, rate=rate, law=law)


def rate_phrase(rate: RateSource | None, state: str, locale: str) -> str:
    """Give a rate in words.

    Args:
        rate: the rate, or None.
        state: name of the state or region whose rate it is.
        locale: a language tag.
    """
    if rate is None:
        return wording("rate", "none", locale)
    percent = percent_text(rate.percent, locale)
    if rate.since is None:
        return wording("rate", "undated" if rate.percent else "zero", locale, percent=percent, state=state)
    return wording(
        "rate", "charged", locale, percent=percent, state=state, since=day_text(rate.since, locale)
    )
