"""Which branch of a split a participant takes: by chance, and yet the same for ever. Pure, without Odoo."""

from hashlib import blake2b

SPACE = 2**64


def choose_branch(weights, activity_id, participant_id, visit=1):
    """Return the branch that a participant takes at a split.

    It depends on the arguments alone, in each process and on each machine: a crash, a retry or a forecast gives the
    same answer. Of many participants, each branch gets its share.

    :param list weights: pairs of a branch and its weight, a whole number from 0 on; not all of them 0
    :param int visit: how often the participant has come to the split
    :raise ValueError: where no branch has a weight

    >>> choose_branch([["a", 50], ["b", 0]], 1, 1)
    'a'
    """
    total = sum(weight for _branch, weight in weights)
    if total <= 0:
        raise ValueError("a split needs a branch with a weight")
    digest = blake2b(f"{activity_id}:{participant_id}:{visit}".encode(), digest_size=8).digest()
    point = int.from_bytes(digest, "big") * total // SPACE
    for branch, weight in weights:
        if point < weight:
            return branch
        point -= weight
    raise AssertionError("unreachable: the point lies below the total")
