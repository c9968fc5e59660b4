"""Django: `create_user` and `authenticate`; the account alone, without token and mail."""

from tests.benchmarks.contenders.django_setup import set_up, statements
from tests.benchmarks.contenders.frame import PASSWORD, Counting, Task, each, main


def opened(url: str, *, hashing: bool) -> tuple[dict[str, Task], Counting]:
    """Open the database and give the tasks."""
    set_up(url, hashing=hashing)
    from django.contrib.auth import authenticate, get_user_model

    users = get_user_model().objects

    def create(address: str) -> None:
        users.create_user(address, address, PASSWORD)

    return {
        "make": each(create),
        "register": each(create),
        "sign_in": each(lambda address: authenticate(username=address, password=PASSWORD)),
    }, statements


if __name__ == "__main__":
    main(opened)
