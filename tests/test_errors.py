"""No message shows a credential."""

import pytest

from pipeline.errors import UserError, redacted, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at https://bob:pw@host:5000/x now", "at https://***@host:5000/x now"),
        ("https://token@host/a.git", "https://***@host/a.git"),
        ("a+b://u:p/s@s@h/db?sslmode=on&sslpassword=p&x=1", "a+b://***@h/db?sslmode=on&sslpassword=***&x=1"),
        ("https://h/b?X-Sig=abc&se=1", "https://h/b?X-Sig=abc&se=1"),
        ("https://h/b?sig=abc&se=1", "https://h/b?sig=***&se=1"),
        ("sqlite:////home/a@b/mlflow.db", "sqlite:////home/a@b/mlflow.db"),
        ("FATAL: host=h password=pw user=u", "FATAL: host=h password=*** user=u"),
        ("{'Authorization': 'Bearer abc'}", "{'Authorization': 'Bearer ***"),
        ("learning_rate = 0.1 of token_dropout", "learning_rate = 0.1 of token_dropout"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, expected: str) -> None:
    assert redacted(text) == expected
    assert str(UserError(text)) == expected


def test_what_the_environment_holds_is_hidden_also_where_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://bob:pa%40ss%20word@host")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "/ab+cd")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    assert redacted("login with pa@ss word or pa%40ss%20word failed; key /ab+cd; false") == (
        "login with *** or *** failed; key ***; false"
    )


def test_a_long_value_is_cut_after_its_credential_is_hidden() -> None:
    assert "pppp" not in shown(f"http://user:{100 * 'p'}@host")
