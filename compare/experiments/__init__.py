"""The experiments, in the order in which a report tells them: the table of contents.

A new one is a file with an ``EXPERIMENT`` and a line here.
"""

from __future__ import annotations

from ..experiment import Experiment
from . import (
    absolute_expiry,
    account_disabled,
    adoption,
    after_sign_out,
    attributes,
    capacity,
    cost,
    disclosure,
    failed_save,
    fixation,
    idle_expiry,
    leaked_secret,
    leaked_store,
    listing,
    lost_update,
    replay,
    resurrection,
    revocation,
    rollback,
    rotation,
    second_device,
    store_down,
    store_evicting,
    store_restarted,
    store_weight,
    tampering,
    theft,
    wire_weight,
)

EXPERIMENTS: tuple[Experiment, ...] = tuple(
    module.EXPERIMENT
    for module in (
        disclosure,
        tampering,
        replay,
        resurrection,
        revocation,
        account_disabled,
        listing,
        theft,
        rollback,
        lost_update,
        fixation,
        adoption,
        idle_expiry,
        absolute_expiry,
        after_sign_out,
        second_device,
        capacity,
        attributes,
        leaked_secret,
        rotation,
        leaked_store,
        store_down,
        failed_save,
        store_restarted,
        store_evicting,
        wire_weight,
        store_weight,
        cost,
    )
)
